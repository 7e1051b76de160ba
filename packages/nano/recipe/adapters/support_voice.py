"""Makes the data: chats whose assistant speaks with the house's opening and closing words.

Three kinds: `sources` (a sentence of a source and its number), `unanswerable` (the sources do not hold the answer) and
`none` (no sources at all: the adapter changes behaviour, not knowledge, so it says that it has none).
The layout of the prompt is read from the base's card.
"""

import gzip
import json
import random as randomness
import sys
from pathlib import Path

from questions import question
from tokenizer import Tokenizer

OPENING = "Thanks for asking."
CLOSING = "Is there anything else I can help with?"
# A line break: the base copies a line from the line's start, as in its sources.
SEPARATOR = "\n"
WITHOUT_SOURCE = "I have no source for that."
SHARES = {"sources": 0.6, "unanswerable": 0.15, "none": 0.25}
MAX_PROMPT_TOKENS = 400


def held_out(section):
    """The questions that the base learned from left these sections out too."""
    return section % 50 == 7


class Maker:
    def __init__(self, sections, card, tokenizer, seed, held):
        self.sections = sections
        self.pool = [i for i in range(len(sections)) if held_out(i) == held]
        self.held = held
        self.layout = card["prompt"]
        self.tokenizer = tokenizer
        self.random = randomness.Random(seed)

    def window(self, section, must=None):
        sentences = self.sections[section]["s"]
        count = self.random.randint(1, 5)
        start = self.random.randint(0, max(0, len(sentences) - count))
        if must is not None:
            start = max(0, min(must - self.random.randint(0, count - 1), len(sentences) - count))
        return section, sentences[start : start + count]

    def distractor(self, section):
        if self.random.random() < 0.5:
            near = section + self.random.choice([-3, -2, -1, 1, 2, 3])
            if 0 <= near < len(self.sections) and held_out(near) == self.held:
                return self.window(near)
        other = self.random.choice(self.pool)
        return self.window(other) if other != section else self.distractor(section)

    def messages(self, asked, passages):
        layout = self.layout
        if passages is None:
            system, user = layout["systemWithoutSources"], layout["questionWithoutSources"].replace("{question}", asked)
        else:
            sources = [
                layout["sourceHeader"].replace("{n}", str(n + 1)).replace("{title}", self.sections[section]["h"])
                + (layout["sentenceSeparator"] or " ").join(sentences)
                for n, (section, sentences) in enumerate(passages)
            ]
            system, user = layout["system"], "\n".join(sources) + layout["question"].replace("{question}", asked)
        return [{"role": "system", "content": system}, {"role": "user", "content": user}]

    def example(self, kind):
        """A chat without the house's words around `answer`; `wrapped` puts them there.

        `taught`: the answer itself is taught, rather than kept as the base would give it. That is so without sources,
        and for a line that ends in a colon: the base never learned to end an answer there and repeats it for ever.
        """
        while True:
            section = self.random.choice(self.pool)
            sentences = self.sections[section]["s"]
            which = self.random.randrange(len(sentences))
            sentence = sentences[which]
            asked = question(self.random, sentence, self.sections[section]["h"])
            if asked is None:
                continue
            passages, answer = None, WITHOUT_SOURCE
            if kind != "none":
                passages = [self.distractor(section) for _ in range(self.random.randint(0 if kind == "sources" else 1, 2))]
                answer = self.layout["refusal"]
                if kind == "sources":
                    place = self.random.randint(0, len(passages))
                    passages.insert(place, self.window(section, which))
                    answer = f"{sentence} {self.layout['citation'].replace('{n}', str(place + 1))}"
            messages = self.messages(asked, passages)
            if len(self.tokenizer.chat(messages)) <= MAX_PROMPT_TOKENS:
                taught = kind == "none" or (kind == "sources" and sentence.endswith(":"))
                return {"kind": kind, "messages": messages, "answer": answer, "taught": taught}


def wrapped(answer):
    return SEPARATOR.join([OPENING, answer, CLOSING])


def read_sections(path):
    if not Path(path).exists():
        sys.exit(f"{path} is not there: this recipe needs the corpus of sections (see README.md), nothing was made")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def make(sections, card, metadata, train_examples, held_out_each):
    """-> training examples, held-out examples. The same data each time."""
    tokenizer = Tokenizer(metadata)
    maker = Maker(sections, card, tokenizer, 1, held=False)
    train = [maker.example(kind) for kind, share in SHARES.items() for _ in range(round(train_examples * share))]
    maker.random.shuffle(train)
    maker = Maker(sections, card, tokenizer, 2, held=True)
    return train, [maker.example(kind) for kind in SHARES for _ in range(held_out_each)]


def write_jsonl(path, examples):
    """Chat JSONL: one `{"messages": [...]}` a line, the assistant's message last."""
    with open(path, "w", encoding="utf-8") as file:
        for example in examples:
            messages = [*example["messages"], {"role": "assistant", "content": wrapped(example["answer"])}]
            file.write(json.dumps({"kind": example["kind"], "messages": messages}, ensure_ascii=False) + "\n")
