"""The table of tokens that the wiring starts from: stems, pieces, meanings and kinds."""

import math

import numpy as np

from base.registers import ALWAYS, FLAG, PLACES, RARE, REGISTERS, STEADY, WIDTH, WORD, WORD_WIDTH, place
from lib.rows import LABELS
from lib.tokenizer import BOS, END, NEWLINE, SPACE, START

SUFFIXES = ("ingly", "edly", "ings", "ing", "ers", "ies", "ed", "es", "er", "ly", "s", "e", "y")
# Stems too common to tell meanings apart, and how many of the next ones do.
SKIPPED_STEMS, COMPANY = 60, 3000
# What a line ends with, the space after a title and the name of who speaks among it.
ENDINGS = ("", ".", "!", "?", ":", ";", ")", '"', ".)", '."', "system", "user", "assistant")
# How many of a stem's numbers words are found by: as many as a head has room for.
FOUND = 46
# How long the folded part of a word is.
FOLDED = 0.66


def stem_of(piece):
    word = piece.strip(SPACE).lower()
    for suffix in SUFFIXES:
        if word.isalpha() and word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word[: -len(suffix)]
    return word


def unit(array, axis=-1):
    return array / np.linalg.norm(array, axis=axis, keepdims=True)


def orthonormal(random, rows, columns):
    """`rows` orthonormal vectors of `columns` numbers. Where there are more of them than numbers, the others are random."""
    others = unit(random.normal(size=(max(rows - columns, 0), columns)))
    return np.concatenate([np.linalg.qr(random.normal(size=(columns, columns)))[0][:rows], others])


def meanings(sentences, lengths, stem_ids):
    """Stems that stand among the same words, alike: positive pointwise mutual information with common stems over windows of
    eight places, its largest singular vectors (Levy & Goldberg 2014). -> [stems, REGISTERS["meaning"]], rows of length one or 0.

    `sentences`: tokens one after another, `lengths` of each sentence.
    """
    count = stem_ids.max() + 1
    stems, sentence = stem_ids[sentences], np.repeat(np.arange(len(lengths)), lengths)
    common = np.argsort(-np.bincount(stems, minlength=count))[SKIPPED_STEMS : SKIPPED_STEMS + COMPANY]
    column = np.full(count, -1)
    column[common] = np.arange(len(common))
    together = np.zeros(count * len(common), np.float32)
    for distance in range(1, 9):
        inside = sentence[:-distance] == sentence[distance:]
        left, right = stems[:-distance][inside], stems[distance:][inside]
        for word, other in ((left, right), (right, left)):
            known = column[other] >= 0
            together += np.bincount(word[known] * len(common) + column[other[known]], minlength=len(together))
    together = together.reshape(count, len(common))
    of_word, of_company = together.sum(1, keepdims=True), together.sum(0, keepdims=True) ** 0.75
    expected = np.maximum(of_word * of_company / max(of_company.sum(), 1), 1e-9)
    surprise = np.log(np.maximum(together / expected, 1))
    values, vectors = np.linalg.eigh(surprise.T @ surprise)
    size = REGISTERS["meaning"]
    found = surprise @ (vectors[:, -size:] * np.maximum(values[-size:], 1e-9) ** -0.25)
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)


def rarity(stem_ids, *texts):
    """-> of each token how rare its stem is, each of the texts (tokens) counting alike: from 0 to 1 for what stands in none."""
    texts = [text for text in texts if len(text) > 0]
    shares = [np.bincount(stem_ids[text], minlength=stem_ids.max() + 1) / len(text) for text in texts]
    tokens = max(map(len, texts))
    counts = np.maximum(np.mean(shares, axis=0) * tokens, 1)
    return (np.log(tokens / counts) / math.log(tokens))[stem_ids]


def is_joined(piece):
    """Whether a piece goes on with the word or number before it, and so says little by itself. A line's first word has no space
    before it either, but most often a capital."""
    capital = piece in ("A", "I") or (len(piece) > 1 and piece[0].isupper() and piece[1:].islower())
    return not piece.startswith(SPACE) and piece.isalnum() and not capital


class Words:
    """What the table of tokens holds, and how a word is folded into fewer numbers and a label unfolded again.

    All rows are equally long, and so is the folded part of all words: RMSNorm would turn other lengths into other scores.
    """

    def __init__(self, random, tokenizer, sentences, lengths, questions):
        self.random, self.tokenizer = random, tokenizer
        size = len(tokenizer)
        stems = {}
        stem_ids = [stems.setdefault((is_joined(piece), stem_of(piece)), len(stems)) for piece in tokenizer.pieces]
        # By its first numbers it is found, so they are equally long too.
        parts = [(size, math.sqrt(size / REGISTERS["stem"])) for size in (FOUND, REGISTERS["stem"] - FOUND)]
        stem = np.concatenate([unit(random.normal(size=(len(stems), size))) * length for size, length in parts], 1)[stem_ids]
        piece = 0.8 * unit(random.normal(size=(size, REGISTERS["piece"])))
        words = np.concatenate([stem, piece], 1)
        # What words are found by stays as it is.
        basis = np.pad(orthonormal(random, WORD_WIDTH - FOUND, WORD_WIDTH - FOUND), [(0, 0), (FOUND, 0)])
        self.fold, self.number_fold, _ = np.split(basis, np.cumsum([REGISTERS["previous"], REGISTERS["passage"]]))
        digits = [self.single(digit) for digit in "0123456789"]
        words[digits] += (np.eye(10) - words[digits] @ self.number_fold.T) @ self.number_fold
        label_ids = [self.single(letter) for letter in LABELS]
        codes = random.normal(size=(len(stems), REGISTERS["previous"]))[stem_ids]
        # The first ones, which most prompts have no more than, cannot be taken for each other at all.
        codes[[NEWLINE, *label_ids], :-1] = orthonormal(random, len(label_ids) + 1, REGISTERS["previous"] - 1)
        # What ends a line has a code of its own, so that no word is found there.
        ending = [number for number, piece in enumerate(tokenizer.pieces) if piece.strip(SPACE) in ENDINGS]
        codes[:, -1] = 0
        codes[ending] = np.eye(REGISTERS["previous"])[-1]
        codes = FOLDED * unit(codes)
        # What every token can look at when there is nothing to look at says nothing.
        codes[BOS] = words[BOS] = 0
        words += (codes - words @ self.fold.T) @ self.fold
        self.words = words
        # A label's row of the table then finds its own share of a sum of codes.
        self.unfold = np.linalg.pinv(words[label_ids]) @ codes[label_ids] / FOLDED**2
        self.codes = codes
        table = np.zeros((size, WIDTH))
        table[:, WORD] = words
        table[:, PLACES["meaning"]] = 0.7 * meanings(sentences, lengths, np.array(stem_ids))[stem_ids]
        asked = tokenizer.encode("Question")[-1]
        kinds = {
            "newline": NEWLINE, "letter": label_ids, "digit": digits, "open": self.single("["), "asked": asked,
            "colon": self.single(":"), "start": START, "end": END, "bos": BOS,
        }  # fmt: skip
        for name, ids in kinds.items():
            table[ids, place("kind", name)] = FLAG
        table[table[:, PLACES["kind"]].max(1) == 0, place("kind", "other")] = FLAG
        table[[is_joined(piece) for piece in tokenizer.pieces], place("kind", "joined")] = FLAG
        table[:, ALWAYS] = STEADY
        rare = rarity(np.array(stem_ids), sentences, questions)
        # Marks of the prompt stand in no text and are not rare for it.
        rare[: NEWLINE + 1] = 0
        table[:, RARE] = rare
        lengths = (table**2).sum(1)
        table[:, place("kind", "even")] = np.sqrt(lengths.max() - lengths)
        self.table, self.asked, self.colon = table, asked, kinds["colon"]

    def single(self, text):
        (token,) = self.tokenizer.encode(text)
        return token
