"""Rows of tokens to learn from, and what each token counts for.

An answer names a line of the sources by its label, or is the refusal. `dense` rows have some twenty questions over one set
of sources, since one question a row taught nothing for 25 M tokens; `chat` rows are chats as users have them; `text` is the
language itself.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lib.store import FACTS, PEOPLE, TEXT
from lib.tokenizer import BOS, END, NEWLINE, START

DATA = Path(__file__).resolve().parents[1] / "data"
# What a token counts for when it is the one to predict.
NOTHING, PROMPT, PLAIN, ANSWER, DECIDING = range(5)
# A line of sources is named by one letter, so that a single token chooses it. `I` begins answers in other words.
LABELS = "abcdefghijklmnopqrstuvwxyzABCDEFGHJKLMNOPQRSTUVWXYZ"
NO_SOURCE = "I have no source for that."


@dataclass
class Stage:
    """One part of the curriculum, up to the share `until` of the run."""

    until: float
    mix: dict
    passages: tuple = (1, 4)
    window: tuple = (2, 8)
    hard: float = 0.7
    unanswerable: float = 0.12
    injected: float = 0.06
    opened: float = 0.1
    sourceless: float = 0.2
    turns: tuple = (1, 2, 4, 8)
    sources: dict = field(default_factory=lambda: {"text": 0.45, "written": 0.3, "facts": 0.25})


def stage_at(stages, progress):
    return next((stage for stage in stages if progress < stage.until), stages[-1])


def read_jsonl(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


class Rows:
    def __init__(self, store, tokenizer, layout, held=False):
        self.store, self.tokenizer, self.layout = store, tokenizer, layout
        encode = tokenizer.encode
        expected = {"sourceHeader": "[{n}] {title}: \n", "sentenceSeparator": "\n", "sentenceLabels": True, "question": "\n\nQuestion: {question}"}
        for key, value in expected.items():
            if layout.get(key) != value:
                raise SystemExit(f"the layout has {layout.get(key)!r} as {key}; these rows are made as {value!r}")
        self.refusal, self.no_source = encode(layout["refusal"]), encode(NO_SOURCE)
        systems = read_jsonl(DATA / "systems.jsonl")
        self.systems = [encode("system\n" + row["text"]) for row in systems]
        self.system_weights = [row["weight"] for row in systems]
        self.plain_system = encode("system\n" + layout["system"])
        self.sourceless_system = encode("system\n" + layout["systemWithoutSources"])
        self.injections = [encode(line) for line in (DATA / "injections.txt").read_text().split("\n") if line]
        self.openings = [encode(line) for line in (DATA / "openings.txt").read_text().split("\n") if line]
        self.small_talk = [
            (encode(" " + asked), encode(row["a"])) for row in read_jsonl(DATA / "chat.jsonl") for asked in row["q"]
        ]
        # All that is ever written besides labels.
        self.sayings = [self.refusal, self.no_source]
        for _, answer in self.small_talk:
            if answer not in self.sayings:
                self.sayings.append(answer)
        self.user, self.assistant = encode("user\n"), encode("assistant\n")
        self.asking, self.between = encode("Question:"), encode("\n\nQuestion:")
        self.digits = {n: encode(f"[{n}]") for n in range(1, 16)}
        self.labels = [encode(letter) for letter in LABELS]
        if any(len(label) != 1 for label in self.labels):
            raise SystemExit("the tokenizer has no piece of its own for each letter, so no single token can name a line")
        usable = (store.held == held) & (np.diff(store.questions_at) > 0)
        self.pools = {
            name: np.flatnonzero(usable & (store.source == code))
            for name, code in (("text", TEXT), ("written", PEOPLE), ("facts", FACTS))
        }
        self.readable = np.flatnonzero(store.held == held)

    # --- rows

    def build(self, random, stage, length):
        """-> tokens [length + 1], codes [length + 1]: the code says what predicting that token counts for. One chat a row,
        as in use: labels of another would mislead."""
        kinds, weights = zip(*stage.mix.items())
        kind = random.choices(kinds, weights)[0]
        tokens, codes = getattr(self, kind)(random, stage, length + 1)
        missing = max(0, length + 1 - len(tokens))
        tokens, codes = tokens + [END] * missing, codes + [NOTHING] * missing
        return np.array(tokens[: length + 1], np.uint16), np.array(codes[: length + 1], np.uint8)

    def text(self, random, stage, room):
        """Sections one after another, as they stand in their source."""
        place = int(self.readable[random.randrange(len(self.readable))])
        ids = [BOS]
        while len(ids) < room and place < self.store.sections:
            if self.store.held[place] == self.store.held[self.readable[0]]:
                ids += self.store.item("heading", place)
                for i in range(self.store.section_at[place], self.store.section_at[place + 1]):
                    ids += self.store.item("sentence", i) + [NEWLINE]
            place += 1
        ids = ids[:room]
        return ids, [NOTHING] + [PLAIN] * (len(ids) - 1)

    def dense(self, random, stage, room):
        """Many questions over one set of sources; of a refusal no more than the word that decides."""
        return self.sourced(random, stage, room, turns=24, plain=True)

    def chat(self, random, stage, room):
        """A chat as users have it: whole answers, some system prompt, at times no sources at all.

        Now and then the answer stands after a line in other words, as an adapter may have it begin."""
        if random.random() < stage.sourceless:
            return self.sourceless(random)
        return self.sourced(random, stage, room, turns=random.choice(stage.turns), plain=False)

    # --- chats

    def opening(self, system):
        return [BOS, START, *system, END, NEWLINE, START, *self.user]

    def turn(self, question):
        return [*question, END, NEWLINE, START, *self.assistant]

    def sourceless(self, random):
        if random.random() < 0.5:
            asked, answer = random.choice(self.small_talk)
        else:
            asked, answer = self.store.item("question", random.randrange(len(self.store.question_at) - 1)), self.no_source
        return self.reply(asked, answer)

    def reply(self, asked, answer):
        """A chat without sources; `asked` may be empty."""
        prompt = [*self.opening(self.sourceless_system), *self.asking, *self.turn(asked)]
        ids = [*prompt, *answer, END, NEWLINE]
        return ids, [NOTHING] * len(prompt) + [DECIDING] + [ANSWER] * len(answer) + [NOTHING]

    def said(self, length):
        """-> tokens [sayings, length]: each saying once, where it would be written."""
        rows = [self.reply([], answer)[0] for answer in self.sayings]
        return np.array([(ids + [END] * length)[:length] for ids in rows], np.uint16)

    def sourced(self, random, stage, room, turns, plain):
        for _ in range(8):
            made = self.try_sourced(random, stage, room, turns, plain)
            if made:
                return made
        return self.text(random, stage, min(room, 512))

    def try_sourced(self, random, stage, room, turns, plain):
        store = self.store
        asked = self.pick_question(random, stage)
        gold = int(store.sentence_section[store.question_sentence[asked]])
        swapped = random.random() < stage.unanswerable
        passages = self.pick_passages(random, stage, asked, gold, swapped)
        windows = [self.window(random, stage, place, asked if place == gold else None) for place in passages]
        ids, lines = self.source_lines(random, stage, passages, windows)
        if len(lines) > len(LABELS):
            return None
        system = self.plain_system if plain else random.choices(self.systems, self.system_weights)[0]
        head = self.opening(system)
        if len(head) + len(ids) > 0.85 * room:
            return None
        ids, codes = head + ids, [NOTHING] * len(head) + [PROMPT] * len(ids)
        written = 0
        chosen = self.pick_turns(random, stage, passages, windows, asked, swapped, turns)
        if plain:
            chosen += self.keys(random, lines, turns // 2 - len(chosen))
        for question, sentence in chosen:
            answer = self.answer(lines, sentence, whole=not plain)
            if answer is None:
                continue
            if written:
                prompt = [START, *self.user, *self.asking, *self.turn(question)]
            else:
                prompt = [*self.between, *self.turn(question)]
            if not plain and random.random() < stage.opened:
                prompt += [*random.choice(self.openings), NEWLINE]
            if len(ids) + len(prompt) + len(answer[0]) + 1 > room:
                break
            ids += [*prompt, *answer[0], NEWLINE]
            codes += [NOTHING] * len(prompt) + answer[1] + [NOTHING]
            written += 1
        return (ids, codes) if written else None

    def pick_question(self, random, stage):
        names = [name for name in stage.sources if len(self.pools[name])]
        if not names:
            raise SystemExit("no section has a question: the corpus is too small to learn answering from")
        pool = self.pools[random.choices(names, [stage.sources[name] for name in names])[0]]
        place = int(pool[random.randrange(len(pool))])
        return random.randrange(self.store.questions_at[place], self.store.questions_at[place + 1])

    def pick_passages(self, random, stage, asked, gold, swapped):
        """The gold passage among wrong ones; without it when the question is to have no answer."""
        count = random.randint(*stage.passages)
        chosen = [] if swapped else [gold]
        near = [int(place) for place in self.store.near[asked] if place >= 0]
        while len(chosen) < count:
            if near and random.random() < stage.hard:
                place = near.pop(0)
            else:
                place = int(self.readable[random.randrange(len(self.readable))])
            if place not in chosen and place != gold:
                chosen.append(place)
        random.shuffle(chosen)
        return chosen

    def window(self, random, stage, place, asked):
        first, last = int(self.store.section_at[place]), int(self.store.section_at[place + 1])
        size = min(last - first, random.randint(*stage.window))
        start = random.randint(first, last - size)
        if asked is not None:
            must = int(self.store.question_sentence[asked])
            start = max(first, min(must - random.randint(0, size - 1), last - size))
        return range(start, start + size)

    def source_lines(self, random, stage, passages, windows):
        """-> tokens of the sources, and of each sentence its label and its own tokens."""
        ids, lines = [], {}
        # From `a` as in use, or from anywhere, so that every label is learned.
        first = 0 if random.random() < 0.6 else random.randrange(len(LABELS))
        for n, (place, window) in enumerate(zip(passages, windows)):
            listed = [(i, self.store.item("sentence", i)) for i in window]
            if random.random() < stage.injected:
                listed.insert(random.randint(0, len(listed)), (None, random.choice(self.injections)))
            ids += [*([NEWLINE] if n else []), *self.digits[n + 1], *self.store.item("heading", place)]
            for at, (i, line) in enumerate(listed):
                label = self.labels[(first + len(lines)) % len(LABELS)]
                ids += [*([NEWLINE] if at else []), *label, NEWLINE, *line]
                lines[i if i is not None else (n, at)] = (label, line)
        return ids, lines

    def pick_turns(self, random, stage, passages, windows, asked, swapped, turns):
        """(question, its sentence or None): the one that passages were picked for comes first."""
        store = self.store
        found = []
        for place, window in zip(passages, windows):
            for question in range(store.questions_at[place], store.questions_at[place + 1]):
                if question != asked and int(store.question_sentence[question]) in window:
                    found.append((question, int(store.question_sentence[question])))
        random.shuffle(found)
        first = (asked, None if swapped else int(store.question_sentence[asked]))
        chosen = [(store.item("question", i), sentence) for i, sentence in [first, *found[: turns - 1]]]
        # Questions of passages that look alike and are not among these: nothing here answers them.
        absent = [int(place) for place in store.near[asked] if place >= 0 and place not in passages]
        for at in range(1, len(chosen)):
            if absent and random.random() < stage.unanswerable:
                place = random.choice(absent)
                if store.questions_at[place] < store.questions_at[place + 1]:
                    question = random.randrange(store.questions_at[place], store.questions_at[place + 1])
                    chosen[at] = (store.item("question", question), None)
        for place, window in zip(passages, windows):
            whole = len(window) == store.section_at[place + 1] - store.section_at[place]
            for i in range(store.missings_at[place], store.missings_at[place + 1]):
                if whole and len(chosen) > 1 and random.random() < 0.25:
                    chosen[random.randrange(1, len(chosen))] = (store.item("missing", i), None)
        return chosen

    def keys(self, random, lines, count):
        """Questions that are no more than a few words of one line: a signal where a section has few questions."""
        held = {i: set(line) for i, (_, line) in lines.items()}
        made = []
        for _ in range(count):
            i, (_, line) = random.choice(list(lines.items()))
            if isinstance(i, tuple) or len(line) < 4:
                continue
            size = random.randint(2, min(5, len(line) - 1))
            start = random.randint(1, len(line) - size)
            key = line[start : start + size] if random.random() < 0.5 else random.sample(line, size)
            if all(i == other or not set(key) <= words for other, words in held.items()):
                made.append((key, i))
        return made

    def answer(self, lines, sentence, whole):
        """-> tokens with the end of turn, and their codes; None when two lines say the very same."""
        if sentence is None:
            ids = [*self.refusal, END] if whole else [self.refusal[0], END]
            return ids, [DECIDING] + [ANSWER] * (len(ids) - 2) + [ANSWER if whole else NOTHING]
        label, line = lines[sentence]
        if any(other == line for i, (_, other) in lines.items() if i != sentence):
            return None
        return [*label, END], [DECIDING, ANSWER if whole else NOTHING]
