"""Chats over sections, laid out by the base's card: what the adapters' examples are made of."""

import random as randomness
from dataclasses import dataclass, field

from lib.questions import question
from lib.rows import LABELS

MAX_PROMPT_TOKENS = 400
# Of a taught part that depends on what was asked, among others that are always the same: how much each of its tokens counts.
DECIDING_WEIGHT = 5.0


@dataclass
class Evidence:
    """The sentence that answers and its source's number and label: none when the sources don't, or there are none."""

    sentence: str = None
    n: int = None
    label: str = None
    # Each label's sentence and the number of its source.
    labels: dict = field(default_factory=dict)


class Chats:
    """`held`: from the sections that no model learns from."""

    def __init__(self, sections, card, tokenizer, seed, held):
        self.sections = sections
        self.pool = [i for i, section in enumerate(sections) if section.held == held]
        self.held = held
        self.layout = card["prompt"]
        self.tokenizer = tokenizer
        self.random = randomness.Random(seed)

    def window(self, section, must=None):
        sentences = self.sections[section].sentences
        count = self.random.randint(1, 5)
        start = self.random.randint(0, max(0, len(sentences) - count))
        if must is not None:
            start = max(0, min(must - self.random.randint(0, count - 1), len(sentences) - count))
        return section, sentences[start : start + count]

    def distractor(self, section):
        if self.random.random() < 0.5:
            near = section + self.random.choice([-3, -2, -1, 1, 2, 3])
            if 0 <= near < len(self.sections) and self.sections[near].held == self.held:
                return self.window(near)
        other = self.random.choice(self.pool)
        return self.window(other) if other != section else self.distractor(section)

    def messages(self, asked, passages):
        layout = self.layout
        if passages is None:
            system, user = layout["systemWithoutSources"], layout["questionWithoutSources"].replace("{question}", asked)
        else:
            sources, labels = [], iter(LABELS)
            for n, (section, sentences) in enumerate(passages):
                header = layout["sourceHeader"].replace("{n}", str(n + 1)).replace("{title}", self.sections[section].heading)
                lines = [f"{next(labels)}\n{line}" for line in sentences] if layout.get("sentenceLabels") else sentences
                sources.append(header + (layout["sentenceSeparator"] or " ").join(lines))
            system, user = layout["system"], "\n".join(sources) + layout["question"].replace("{question}", asked)
        return [{"role": "system", "content": system}, {"role": "user", "content": user}]

    def make(self, kind, ask=lambda text: text, fits=lambda sentence: True):
        """-> messages, and the `Evidence` that answers.

        `ask` rewords the question; `fits` says whether a sentence can be the answer.
        """
        while True:
            section = self.random.choice(self.pool)
            sentences = self.sections[section].sentences
            which = self.random.randrange(len(sentences))
            sentence = sentences[which]
            asked = question(self.random, sentence, self.sections[section].heading)
            if asked is None or not fits(sentence):
                continue
            passages, place = None, None
            if kind != "none":
                passages = [self.distractor(section) for _ in range(self.random.randint(0 if kind == "sources" else 1, 2))]
                if kind == "sources":
                    place = self.random.randint(0, len(passages))
                    passages.insert(place, self.window(section, which))
            messages = self.messages(ask(asked), passages)
            if len(self.tokenizer.chat(messages)) > MAX_PROMPT_TOKENS:
                continue
            if kind != "sources":
                return messages, Evidence(labels=self.labelled(passages))
            before = sum(len(lines) for _, lines in passages[:place])
            label = LABELS[before + passages[place][1].index(sentence)]
            return messages, Evidence(sentence, place + 1, label, self.labelled(passages))

    def labelled(self, passages):
        """Each label's sentence and the number of its source, where the layout has labels."""
        if not self.layout.get("sentenceLabels") or passages is None:
            return {}
        sentences = [{"text": line, "n": n + 1} for n, (_, lines) in enumerate(passages) for line in lines]
        return dict(zip(LABELS, sentences))

    def named(self, evidence):
        """The base's own answer as it writes it: the label of a sentence, where the layout has labels."""
        if evidence.sentence is not None and self.layout.get("sentenceLabels"):
            return evidence.label
        return self.cited(evidence)

    def cited(self, evidence):
        """The base's own answer as a reader sees it."""
        if evidence.sentence is None:
            return self.layout["refusal"]
        return f"{evidence.sentence} {self.layout['citation'].replace('{n}', str(evidence.n))}"
