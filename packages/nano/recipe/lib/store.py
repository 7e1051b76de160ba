"""All text and questions as tokens in flat arrays on disk: made once by all cores, then mapped by every feeding process.

`ragged(name)` arrays hold lists of lists: `name.npy` the tokens of all items one after another, `name.at.npy` where each
begins. Items: `sentence`, `heading` (" Title: " with its line break), `question`, `missing` (unanswerable).
"""

import hashlib
import json
import multiprocessing
import os
from pathlib import Path

import numpy as np

from lib.bm25 import Bm25
from lib.corpus import Section
from lib.questions import question

NEIGHBOURS = 8
WRITTEN, RULES = 0, 1
TEXT, PEOPLE, FACTS = 0, 1, 2
RAGGED = ("sentence", "heading", "question", "missing")
PLAIN = ("section_at", "question_sentence", "question_origin", "missing_section", "near", "held", "source")
# Children of a fork read these; nothing is pickled into them.
SHARED = {}


class Store:
    def __init__(self, folder):
        folder = Path(folder)
        self.folder = folder
        for name in RAGGED:
            setattr(self, name, np.load(folder / f"{name}.npy", mmap_mode="r"))
            setattr(self, f"{name}_at", np.load(folder / f"{name}.at.npy"))
        for name in PLAIN:
            setattr(self, name, np.load(folder / f"{name}.npy"))
        self.sections = len(self.section_at) - 1
        self.sentence_section = np.repeat(np.arange(self.sections), np.diff(self.section_at))
        # Questions are stored in their sections' order, so those of a section are one stretch.
        sections = self.sentence_section[self.question_sentence]
        self.questions_at = np.searchsorted(sections, np.arange(self.sections + 1))
        self.missings_at = np.searchsorted(self.missing_section, np.arange(self.sections + 1))

    def item(self, name, i):
        at = getattr(self, f"{name}_at")
        return getattr(self, name)[at[i] : at[i + 1]].tolist()

    def learning_questions(self):
        """Tokens of all questions that people wrote over sections to learn from, one after another."""
        section = np.repeat(np.arange(self.sections), np.diff(self.questions_at))
        wanted = (self.source[section] == PEOPLE) & ~self.held[section]
        return np.array(self.question)[np.repeat(wanted, np.diff(self.question_at))].astype(np.int64)

    def count_tokens(self):
        return {name: int(getattr(self, f"{name}_at")[-1]) for name in RAGGED}


def work_on(place):
    """One section -> its tokens, questions and neighbours."""
    import random as randomness

    section, tokenizer = SHARED["sections"][place], SHARED["tokenizer"]
    random = randomness.Random(f"{SHARED['seed']}:{place}")
    asked = [(text, which, WRITTEN) for text, which in section.questions]
    if not asked:
        for which, sentence in enumerate(section.sentences):
            if sentence.endswith(":") or len(sentence) < 20:
                continue
            for _ in range(SHARED["questions_each"]):
                text = question(random, sentence, section.heading, SHARED["wordnet"])
                if text:
                    asked.append((text, which, RULES))
    asked.sort(key=lambda row: row[1])
    near = np.full((len(asked), NEIGHBOURS), -1, np.int32)
    for i, (text, which, _) in enumerate(asked):
        # The sentence's words find the passages that look most like holding the answer.
        query = text if i % 2 else f"{text} {section.sentences[which]}"
        found = [other for other in SHARED["bm25"].best(query, 3 * NEIGHBOURS) if other != place]
        found = [other for other in found if SHARED["sections"][other].held == section.held][:NEIGHBOURS]
        near[i, : len(found)] = found
    encode = tokenizer.encode
    return {
        "sentence": [encode(text) for text in section.sentences],
        "heading": [encode(f" {section.heading}: \n")],
        "question": [encode(f" {text}") for text, _, _ in asked],
        "missing": [encode(f" {text}") for text in section.unanswerable],
        "which": [which for _, which, _ in asked],
        "origin": [origin for _, _, origin in asked],
        "near": near,
    }


def identity(sections, tokenizer, questions_each, seed):
    digest = hashlib.sha256()
    for section in sections:
        digest.update(json.dumps([section.heading, section.sentences, section.questions]).encode())
    digest.update(json.dumps([tokenizer.pieces, questions_each, seed]).encode())
    return digest.hexdigest()


def prepare(folder, sections, tokenizer, wordnet=None, questions_each=2, seed=0, workers=None):
    """Makes the store, or finds the one made before from the same text."""
    folder = Path(folder)
    key = identity(sections, tokenizer, questions_each, seed)
    if (folder / "made.txt").exists() and (folder / "made.txt").read_text() == key:
        return Store(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "made.txt").unlink(missing_ok=True)
    SHARED.update(sections=sections, tokenizer=tokenizer, wordnet=wordnet, questions_each=questions_each, seed=seed)
    SHARED["bm25"] = Bm25([f"{section.heading} {' '.join(section.sentences)}" for section in sections])
    lists = {name: [] for name in RAGGED}
    section_at, question_sentence, origin, near, missing_section = [0], [], [], [], []
    workers = workers or os.cpu_count()
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        for place, made in enumerate(pool.imap(work_on, range(len(sections)), chunksize=64)):
            for name in RAGGED:
                lists[name] += made[name]
            question_sentence += [section_at[-1] + which for which in made["which"]]
            origin += made["origin"]
            near.append(made["near"])
            missing_section += [place] * len(made["missing"])
            section_at.append(section_at[-1] + len(made["sentence"]))
    for name, items in lists.items():
        at = np.zeros(len(items) + 1, np.int64)
        np.cumsum([len(item) for item in items], out=at[1:])
        flat = np.fromiter((token for item in items for token in item), np.uint16, at[-1])
        np.save(folder / f"{name}.npy", flat)
        np.save(folder / f"{name}.at.npy", at)
    np.save(folder / "section_at.npy", np.array(section_at))
    np.save(folder / "question_sentence.npy", np.array(question_sentence, np.int64))
    np.save(folder / "question_origin.npy", np.array(origin, np.uint8))
    np.save(folder / "missing_section.npy", np.array(missing_section, np.int64))
    np.save(folder / "near.npy", np.concatenate(near) if near else np.zeros((0, NEIGHBOURS), np.int32))
    np.save(folder / "held.npy", np.array([section.held for section in sections]))
    sources = [{"written": PEOPLE, "facts": FACTS}.get(section.source, TEXT) for section in sections]
    np.save(folder / "source.npy", np.array(sources, np.uint8))
    (folder / "made.txt").write_text(key)
    return Store(folder)


def fact_sections(rows):
    """Made-up facts as sections; none is held out, since none is like another."""
    return [
        Section(row["h"], row["s"], False, "facts", [tuple(asked) for asked in row["q"]], row["u"]) for row in rows
    ]
