"""Questions with the passage that answers them and passages that only look so, for the embedder and the reranker."""

import random as randomness

import numpy as np

from lib.store import FACTS, PEOPLE, TEXT

SHARES = {"written": 0.3, "text": 0.5, "facts": 0.2}
# How an example of running text becomes a pair: its question, its halves, its heading, a sentence taken out.
KINDS = {"question": 6, "halves": 1, "heading": 1, "sentence": 1}


class Pairs:
    def __init__(self, store, held=False, query_length=48, passage_length=192):
        self.store, self.query_length, self.passage_length = store, query_length, passage_length
        usable = (store.held == held) & (np.diff(store.questions_at) > 0)
        pools = {"text": TEXT, "written": PEOPLE, "facts": FACTS}
        self.pools = {name: np.flatnonzero(usable & (store.source == code)) for name, code in pools.items()}
        self.pools = {name: pool for name, pool in self.pools.items() if len(pool)}
        if not self.pools:
            raise SystemExit("no section has a question: the corpus is too small to learn searching from")
        self.readable = np.flatnonzero(store.held == held)

    def passage(self, random, place, must=None):
        """Title and sentences, from the section's beginning or around the sentence that must be in it."""
        store = self.store
        first, last = int(store.section_at[place]), int(store.section_at[place + 1])
        start = first
        if must is not None:
            start = random.randint(max(first, must - 5), must)
        ids = store.item("heading", place) if random.random() < 0.8 else []
        for i in range(start, last):
            line = store.item("sentence", i)
            if len(ids) + len(line) > self.passage_length and (must is None or i > must):
                break
            ids = ids + line
        return ids[-self.passage_length :] if must is not None and len(ids) > self.passage_length else ids[: self.passage_length]

    def example(self, random):
        """-> query, gold passage, its section, wrong passages' sections in order of likeness."""
        store = self.store
        names = list(self.pools)
        pool = self.pools[random.choices(names, [SHARES[name] for name in names])[0]]
        place = int(pool[random.randrange(len(pool))])
        asked = random.randrange(store.questions_at[place], store.questions_at[place + 1])
        near = [int(other) for other in store.near[asked] if other >= 0]
        first, last = int(store.section_at[place]), int(store.section_at[place + 1])
        kind = random.choices(list(KINDS), KINDS.values())[0]
        if kind == "halves" and last - first >= 4:
            middle = (first + last) // 2
            query = [token for i in range(first, middle) for token in store.item("sentence", i)]
            gold = [token for i in range(middle, last) for token in store.item("sentence", i)]
        elif kind == "heading":
            query = store.item("heading", place)
            gold = [token for i in range(first, last) for token in store.item("sentence", i)]
        elif kind == "sentence" and last - first >= 3:
            out = random.randrange(first, last)
            query = store.item("sentence", out)
            gold = [token for i in range(first, last) if i != out for token in store.item("sentence", i)]
        else:
            query = store.item("question", asked)
            gold = self.passage(random, place, int(store.question_sentence[asked]))
        return query[: self.query_length] or [1], gold[: self.passage_length] or [1], place, near

    def other(self, random, place, near, rank=None):
        """A wrong passage's section: one of the likeliest, or any."""
        if near:
            return near[min(rank, len(near) - 1) if rank is not None else random.randrange(min(6, len(near)))]
        while True:
            other = int(self.readable[random.randrange(len(self.readable))])
            if other != place:
                return other

    def contrast(self, seed, step, batch):
        """-> queries [batch, q], passages [2 batch, p], sections [2 batch]: gold ones first, then a hard wrong one each."""
        random = randomness.Random(f"{seed}:{step}")
        queries, golds, wrongs, sections, others = [], [], [], [], []
        for _ in range(batch):
            query, gold, place, near = self.example(random)
            other = self.other(random, place, near)
            queries.append(query)
            golds.append(gold)
            wrongs.append(self.passage(random, other) or [1])
            sections.append(place)
            others.append(other)
        return (
            padded(queries, self.query_length), padded(golds + wrongs, self.passage_length),
            np.array(sections + others, np.int64),
        )  # fmt: skip

    def lists(self, seed, step, batch, size, cls, sep):
        """-> [batch, size, tokens] of question and passage together, the gold one first."""
        random = randomness.Random(f"{seed}:{step}")
        rows = []
        while len(rows) < batch * size:
            query, gold, place, near = self.example(random)
            passages = [gold]
            chosen = random.sample(near, min(size - 1, len(near)))
            while len(chosen) < size - 1:
                chosen.append(self.other(random, place, []))
            passages += [self.passage(random, other) or [1] for other in chosen]
            rows += [[cls, *query, sep, *passage, sep] for passage in passages]
        return padded(rows, self.query_length + self.passage_length + 3).reshape(batch, size, -1)


def padded(rows, length):
    found = np.zeros((len(rows), length), np.uint16)
    for i, row in enumerate(rows):
        found[i, : len(row)] = row
    return found


def cut(array, compiled=False, even=16):
    """Without the columns that are padding throughout; whole where each new shape would be compiled anew."""
    if compiled:
        return array
    used = int((array != 0).any(tuple(range(array.ndim - 1))).nonzero()[0].max()) + 1
    return np.ascontiguousarray(array[..., : min(array.shape[-1], -(-used // even) * even)])
