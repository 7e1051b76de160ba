"""BM25 (Robertson and Zaragoza 2009) over sections, to find what a wrong passage would look like."""

import re
from collections import Counter, defaultdict

import numpy as np

K1, B = 1.2, 0.75
WORD = re.compile(r"[a-z0-9]+")
# A word in more sections than this says nothing about one of them and costs the most to look up.
MAX_POSTINGS = 4000


def terms(text):
    found = []
    for word in WORD.findall(text.lower()):
        if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
            word = word[:-1]
        found.append(word)
    return found


class Bm25:
    def __init__(self, texts):
        postings = defaultdict(list)
        lengths = np.zeros(len(texts), np.float32)
        for i, text in enumerate(texts):
            counted = Counter(terms(text))
            lengths[i] = sum(counted.values())
            for term, count in counted.items():
                postings[term].append((i, count))
        norms = K1 * (1 - B + B * lengths / max(1.0, lengths.mean()))
        self.size, self.table = len(texts), {}
        for term, rows in postings.items():
            if len(rows) > MAX_POSTINGS:
                continue
            places = np.array([place for place, _ in rows], np.int32)
            counts = np.array([count for _, count in rows], np.float32)
            idf = np.log(1 + (len(texts) - len(rows) + 0.5) / (len(rows) + 0.5))
            self.table[term] = (places, (idf * counts * (K1 + 1) / (counts + norms[places])).astype(np.float32))

    def best(self, query, count):
        """Places of the best `count` texts, best first; fewer when fewer share a word with the query."""
        rows = [self.table[term] for term in sorted(set(terms(query))) if term in self.table]
        if not rows:
            return np.zeros(0, np.int32)
        places = np.concatenate([places for places, _ in rows])
        unique, inverse = np.unique(places, return_inverse=True)
        scores = np.bincount(inverse, np.concatenate([scores for _, scores in rows]))
        if len(unique) > count:
            top = np.argpartition(-scores, count)[:count]
            unique, scores = unique[top], scores[top]
        return unique[np.argsort(-scores, kind="stable")].astype(np.int32)
