"""Initial weights that already choose and copy a line: a small program compiled into the first blocks' heads.

Learned from random weights, choosing a line came after tens of millions of tokens (README.md). What it takes is known and
short, so it is written down (as Weiss et al. 2021, "Thinking like transformers", and Lindner et al. 2023, "Tracr", do) and
training starts there. Names of parts of the residual stream ("registers") and what each block adds to them:

    block 0  `previous`, `before`  what stood one and two places earlier (Elhage et al. 2021), and of which kind it was
             marks                 a label's line break, a source's `[`, its number, a question's colon, a turn's beginning
    block 1  `line`, `passage`     label and number of the source that a token stands under: the nearest mark's
             a mark                the line break before an answer
    block 2  `votes`, `toward`     a question's token takes over `line` and `passage` from the same stem in the sources;
                                   a word that stands in many lines spreads its vote, as an inverse document frequency would
    block 3  the label             the answer's first place averages the votes of its question's tokens, rare ones first
    block 4  the label, the words  labels of the passage most voted for gain; and an answer goes on with what follows
                                   its last two tokens in the line that it names (Olsson et al. 2022, induction heads)

Every other weight is random and small, and all of them are trained. Matching needs dimensions that RoPE does not turn and
heads wide enough: a base of 1e12 leaves two thirds of 96 standing still over 2,048 tokens.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F

from lib.rows import LABELS
from lib.tokenizer import BOS, END, NEWLINE, SPACE, START

REGISTERS = {
    "stem": 80, "piece": 72, "meaning": 32, "kind": 13, "was": 5, "mark": 6, "previous": 40, "before": 16, "line": 40, "passage": 10,
    "under": 3, "votes": 40, "toward": 10, "matched": 1, "agreed": 10, "share": 1,
}  # fmt: skip
KINDS = ["always", "even", "rare", "other", "newline", "letter", "digit", "open", "asked", "colon", "start", "end", "bos"]
WERE = ["other", "newline", "letter", "open", "asked"]
MARKS = {
    "label": ("newline", "letter"), "source": ("open", "newline"), "number": ("digit", "open"),
    "question": ("colon", "asked"), "turn": ("start", "newline"), "answer": None,
}  # fmt: skip
UNDER = ["source", "question", "turn"]
WIDTH, HEAD, ROPE_BASE = 384, 96, 1e12
# Pairs of a head's dimensions from this one on turn less than a third of a radian in 2,048 tokens.
TURNING_PAIRS = 15
# Stems too common to tell meanings apart, and how many of the next ones do.
SKIPPED_STEMS, COMPANY = 60, 3000
# How long the folded part of a word is, and how large what is always there and what is there or not: the first is large, so
# that the norm before each block changes little with the others.
FOLDED, STEADY, FLAG = 0.66, 3.0, 0.5
SUFFIXES = ("ingly", "edly", "ings", "ing", "ers", "ies", "ed", "es", "er", "ly", "s", "e", "y")


def registers():
    places, at = {}, 0
    for name, size in REGISTERS.items():
        places[name] = slice(at, at + size)
        at += size
    assert at <= WIDTH
    return places


PLACES = registers()
WORD = slice(PLACES["stem"].start, PLACES["piece"].stop)
WORD_WIDTH = WORD.stop - WORD.start


def place(register, name):
    return PLACES[register].start + {"kind": KINDS, "was": WERE, "mark": list(MARKS), "under": UNDER}[register].index(name)


ALWAYS, RARE = place("kind", "always"), place("kind", "rare")
FLAGS = range(PLACES["kind"].start, PLACES["mark"].stop)


def reading(*indices):
    """A row that reads the sum of single numbers of the stream, each one where it is set."""
    row = np.zeros((1, WIDTH))
    for index in indices:
        flag = index in FLAGS and index != RARE
        row[0, index] = 1 / STEADY if index == ALWAYS else 1 / FLAG if flag else 1
    return row


def stem_of(piece):
    word = piece.strip(SPACE).lower()
    for suffix in SUFFIXES:
        if word.isalpha() and word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word[: -len(suffix)]
    return word


def unit(array, axis=-1):
    return array / np.linalg.norm(array, axis=axis, keepdims=True)


def orthonormal(random, rows, columns):
    """`rows` orthonormal vectors of `columns` numbers, or a tight frame where there are more of them than numbers."""
    if rows > columns:
        return unit(np.linalg.qr(random.normal(size=(rows, rows)))[0][:, :columns])
    return np.linalg.qr(random.normal(size=(columns, columns)))[0][:rows]


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


class Words:
    """What the table of tokens holds, and how a word is folded into fewer numbers and a label unfolded again.

    All rows are equally long, and so is the folded part of all words: RMSNorm would turn other lengths into other scores.
    """

    def __init__(self, random, tokenizer, sentences, lengths):
        self.random, self.tokenizer = random, tokenizer
        size = len(tokenizer)
        stems = {}
        stem_ids = [stems.setdefault(stem_of(piece), len(stems)) for piece in tokenizer.pieces]
        stem = unit(random.normal(size=(len(stems), REGISTERS["stem"])))[stem_ids]
        piece = 0.8 * unit(random.normal(size=(size, REGISTERS["piece"])))
        words = np.concatenate([stem, piece], 1)
        basis = orthonormal(random, WORD_WIDTH, WORD_WIDTH)
        self.fold, self.number_fold, _ = np.split(basis, np.cumsum([REGISTERS["previous"], REGISTERS["passage"]]))
        digits = [self.single(digit) for digit in "0123456789"]
        words[digits] += (np.eye(10) - words[digits] @ self.number_fold.T) @ self.number_fold
        label_ids = [self.single(letter) for letter in LABELS]
        codes = words @ self.fold.T
        codes[[*label_ids, NEWLINE]] = orthonormal(random, len(label_ids) + 1, REGISTERS["previous"])
        # Both the first numbers of a code and the others are equally long.
        first = REGISTERS["before"]
        codes = FOLDED * np.concatenate(
            [unit(codes[:, :first]) * math.sqrt(first), unit(codes[:, first:]) * math.sqrt(codes.shape[1] - first)], 1
        ) / math.sqrt(codes.shape[1])  # fmt: skip
        # What every token can look at when there is nothing to look at says nothing.
        codes[BOS] = words[BOS] = 0
        words += (codes - words @ self.fold.T) @ self.fold
        self.words = words
        self.unfold = (np.linalg.pinv(codes[label_ids]) @ words[label_ids]).T
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
        table[:, ALWAYS] = STEADY
        counts = np.bincount(sentences, minlength=size)
        total = counts.sum()
        rare = np.clip(np.log(total / np.maximum(counts, 1)) / math.log(total), 0, 1)
        # Marks of the prompt stand in no text and are not rare for it.
        rare[: NEWLINE + 1] = 0
        table[:, RARE] = rare
        lengths = (table**2).sum(1)
        table[:, place("kind", "even")] = np.sqrt(lengths.max() - lengths)
        self.table, self.asked, self.colon = table, asked, kinds["colon"]

    def single(self, text):
        (token,) = self.tokenizer.encode(text)
        return token


class Head:
    """One head's matrices over the raw residual stream; `write` scales them for the norm before and puts them in."""

    def __init__(self):
        self.q, self.k, self.v = (np.zeros((HEAD, WIDTH)) for _ in range(3))
        self.o = np.zeros((WIDTH, HEAD))
        self.at, self.out = 2 * TURNING_PAIRS, 0

    def still(self, query, key, strength):
        """Adds `strength * (query x) . (key y)` to the score of a token x looking at y."""
        rows = len(query)
        assert self.at + rows <= HEAD
        share = math.sqrt(strength * math.sqrt(HEAD))
        self.q[self.at : self.at + rows] = share * query
        self.k[self.at : self.at + rows] = share * key
        self.at += rows

    def flag(self, query, key, strength):
        """The same for single numbers of the stream: {index: weight}."""
        rows = [np.zeros((1, WIDTH)) for _ in range(2)]
        for row, weights in zip(rows, (query, key)):
            for index, weight in weights.items():
                row += weight * reading(index)
        self.still(*rows, strength)

    def distance(self, wanted, strengths):
        """Adds sum of strength * cos(turn * (distance - wanted)) over pairs; `wanted` in tokens, or None for a quarter turn:
        a score that falls with distance."""
        for pair, strength in strengths.items():
            turn = ROPE_BASE ** (-2 * pair / HEAD)
            angle = -turn * wanted if wanted is not None else math.pi / 2
            share = math.sqrt(strength * math.sqrt(HEAD)) / STEADY
            self.q[2 * pair, ALWAYS], self.q[2 * pair + 1, ALWAYS] = share * math.cos(angle), share * math.sin(angle)
            self.k[2 * pair, ALWAYS] = share

    def move(self, value, register, scale=1.0):
        """What is looked at, `value x`, is written to a register (a slice or an index)."""
        rows = len(value)
        assert self.out + rows <= HEAD
        self.v[self.out : self.out + rows] = value
        target = PLACES[register] if isinstance(register, str) else register
        width = target.stop - target.start
        scale = scale if isinstance(scale, np.ndarray) else scale * np.eye(width)
        self.o[target, self.out : self.out + rows] += scale
        self.out += rows

    def write(self, block, number, rms):
        rows = slice(number * HEAD, (number + 1) * HEAD)
        for part, made in ((block.attn_q, self.q), (block.attn_k, self.k), (block.attn_v, self.v)):
            part.weight[rows] = torch.from_numpy(made * rms).float()
        block.attn_output.weight[:, rows] = torch.from_numpy(self.o).float()


def taken(register):
    """The matrix that takes a register (a name or a slice) out of the stream."""
    target = PLACES[register] if isinstance(register, str) else register
    return np.eye(WIDTH)[target]


def one(register, name):
    index = place(register, name)
    return slice(index, index + 1)


def add_neurons(block, x, rows, sharpness=12.0):
    """Neurons that add `output` where all of the stream's numbers `conditions` are one. `x`: the stream on sample rows, by
    which each is set to add just that."""
    rms = mean_rms(x)
    for neuron, (conditions, output) in enumerate(rows):
        gate = sharpness * (reading(*conditions) - (len(conditions) - 0.5) * reading(ALWAYS))
        up = reading(ALWAYS)
        block.ffn_gate.weight[neuron] = torch.from_numpy(gate[0] * rms).float()
        block.ffn_up.weight[neuron] = torch.from_numpy(up[0] * rms).float()
    h = block.ffn_norm(x)
    heights = F.silu(block.ffn_gate(h)) * block.ffn_up(h)
    for neuron, (conditions, output) in enumerate(rows):
        there = heights[..., neuron] > sharpness / 4
        if not there.any():
            raise SystemExit("the sample rows have no place for a part of the wiring: give more of them")
        height = float(heights[..., neuron][there].mean())
        block.ffn_down.weight[:, neuron] = torch.from_numpy(output / height).float()


def vector(index, length=1.0):
    made = np.zeros(WIDTH)
    made[index] = length
    return made


# Pairs that make a peak at one distance, and those that fall evenly up to a thousand tokens.
PEAK = {pair: 14.0 for pair in range(9)}
NEAREST = {8: 40.0, 11: 110.0, 12: 120.0, 13: 60.0}
BEGINNING = {place("kind", "bos"): 1.0}


def look_back(words):
    one_back, two_back = Head(), Head()
    one_back.distance(1, PEAK)
    one_back.move(words.fold @ taken(WORD), "previous")
    one_back.move(np.concatenate([taken(one("kind", name)) for name in WERE]), "was")
    two_back.distance(2, PEAK)
    two_back.move(words.fold[: REGISTERS["before"]] @ taken(WORD), "before")
    return [one_back, two_back]


def stand_under(words):
    line, passage = Head(), Head()
    marks = {name: place("mark", name) for name in MARKS}
    for head, seen in ((line, ("label", "source", "question", "turn")), (passage, ("number", "question", "turn"))):
        head.distance(None, NEAREST)
        head.flag({ALWAYS: 1.0}, {**{marks[name]: 1.0 for name in seen}, **BEGINNING}, 250.0)
    # Of all these only a label names a line and a number a passage: what the others would name is taken away again.
    named, numbered = taken("previous"), words.number_fold @ taken(WORD)
    for index, before, at in (
        (marks["source"], NEWLINE, None), (marks["turn"], NEWLINE, START), (marks["question"], words.asked, words.colon),
    ):  # fmt: skip
        named = named - words.codes[before][:, None] * reading(index)
        if at is not None:
            numbered = numbered - (words.number_fold @ words.words[at])[:, None] * reading(index)
    line.move(named, "line")
    line.move(reading(marks["label"], marks["source"]), one("under", "source"))
    line.move(reading(marks["question"]), one("under", "question"))
    line.move(reading(marks["turn"]), one("under", "turn"))
    passage.move(numbered, "passage")
    return [line, passage]


def find_words(words):
    """`agreement` 24: the same stem scores 24 and the sink 15, unrelated stems at most 12."""
    head, random = Head(), words.random
    folded = orthonormal(random, 64, REGISTERS["stem"]) @ taken("stem") * math.sqrt(REGISTERS["stem"] / 64)
    head.still(folded, folded, 24.0)
    head.flag({ALWAYS: 1.0}, {place("under", "source"): 10.0, place("kind", "bos"): 25.0}, 1.0)
    head.move(taken("line"), "votes")
    head.move(taken("passage"), "toward")
    head.move(taken(one("under", "source")), "matched")
    return [head]


def count_votes(words, loudness=40.0, rare=4.0, slope=0.02):
    head = Head()
    answer = {place("mark", "answer"): 1.0}
    marks = {place("kind", name): -10.0 for name in ("end", "newline", "colon")}
    head.flag(answer, {place("under", "question"): 30.0, RARE: rare, **marks}, 1.0)
    head.flag({ALWAYS: 1.0}, BEGINNING, 15.0)
    head.distance(None, {pair: slope * strength for pair, strength in {8: 66.0, 9: 60.0}.items()})
    head.move(taken("votes"), WORD, loudness * words.unfold)
    head.move(taken("toward"), "agreed")
    head.move(taken("matched"), "share")
    return [head]


def prefer_passage(words, loudness=20.0):
    head = Head()
    answer = {place("mark", "answer"): 1.0}
    head.still(taken("agreed"), taken("passage"), 12.0)
    head.flag(answer, {place("mark", "label"): 30.0}, 1.0)
    head.flag({ALWAYS: 1.0}, BEGINNING, 15.0)
    head.move(taken("previous"), WORD, loudness * words.unfold)
    return [head]


def go_on(words, loudness=4.0):
    """Two heads that look at the same place, since one head's values are too few for a whole word."""
    made, first = [], REGISTERS["before"]
    ended = np.zeros((WIDTH, WIDTH))
    ended[WORD] = (words.words[END] - words.words[NEWLINE])[:, None] * reading(place("kind", "newline"))
    for part in ("stem", "piece"):
        head = Head()
        head.still((words.fold @ taken(WORD))[first:], taken("previous")[first:], 61.0)
        head.still(taken("previous")[:first], taken("before"), 46.0)
        head.still(taken("line")[first:], taken("line")[first:], 54.0)
        head.flag({ALWAYS: 1.0}, BEGINNING, 28.0)
        head.move((np.eye(WIDTH) + ended)[PLACES[part]], part, loudness)
        made.append(head)
    return made


def break_after_label(words):
    conditions = [place("kind", "letter"), place("was", "newline"), place("under", "turn")]
    return [(conditions, 8 * words.table[NEWLINE] * (np.arange(WIDTH) < WORD_WIDTH))]


def find_marks():
    return [
        ([place("kind", pair[0]), place("was", pair[1])], vector(place("mark", name), FLAG))
        for name, pair in MARKS.items()
        if pair
    ]


def find_answers():
    """An answer begins after its turn's first line break, and after each line of other words than a source's."""
    return [([place("kind", "newline"), place("under", "turn")], vector(place("mark", "answer"), FLAG))]


def mean_rms(x):
    return float(x.pow(2).mean(-1).sqrt().mean())


def find_kept(model, heads, neurons):
    """-> of each parameter that the wiring holds, how much of a step each of its numbers takes.

    Where marks are and what stands under them is exact and stays; a step as large as other weights take would undo it, since
    scores over hundreds of tokens hang on it. What is matched and said with it may change, slowly.
    """
    rates = {}
    parameters = dict(model.named_parameters())

    def keep(name, place, rate):
        rates.setdefault(name, torch.ones_like(parameters[name]))[place] = rate

    known = slice(PLACES["kind"].start, PLACES["share"].stop)
    keep("token_embd.weight", (slice(None), known), 0.0)
    for number in range(model.shape.blocks):
        rate = 0.0 if number < 2 else 0.1
        for part in ("attn_output", "ffn_down"):
            keep(f"blk.{number}.{part}.weight", slice(PLACES["kind"].start, PLACES["under"].stop), 0.0)
        rows = slice(0, HEAD * len(heads.get(number, [])))
        for part in ("attn_q", "attn_k", "attn_v"):
            keep(f"blk.{number}.{part}.weight", rows, rate)
        keep(f"blk.{number}.attn_output.weight", (slice(None), rows), rate)
        rows = slice(0, len(neurons.get(number, [])))
        for part in ("ffn_gate", "ffn_up"):
            keep(f"blk.{number}.{part}.weight", rows, rate)
        keep(f"blk.{number}.ffn_down.weight", (slice(None), rows), rate)
        if rate == 0:
            for part in ("attn_norm", "ffn_norm"):
                keep(f"blk.{number}.{part}.weight", slice(None), rate)
    return rates


@torch.no_grad()
def wire(model, tokenizer, store, ids, seed=0):
    """`store`: the text's tokens; `ids` [rows, length]: rows as the model will see them, from which the scale of the stream
    before each norm is measured. -> the rates of `find_kept`."""
    shape = model.shape
    if (shape.width, shape.width // shape.heads, shape.rope_base) != (WIDTH, HEAD, ROPE_BASE) or shape.blocks < 5:
        raise SystemExit("this shape has no room for the wiring")
    words = Words(np.random.default_rng(seed), tokenizer, np.array(store.sentence, np.int64), np.diff(store.sentence_at))
    model.token_embd.weight.copy_(torch.from_numpy(words.table).float())
    heads = {
        0: look_back(words), 1: stand_under(words), 2: find_words(words), 3: count_votes(words),
        4: prefer_passage(words) + go_on(words),
    }  # fmt: skip
    neurons = {0: find_marks(), 1: find_answers(), 3: break_after_label(words)}
    x = model.token_embd(ids)
    cos, sin = model.cos[: ids.shape[1]], model.sin[: ids.shape[1]]
    for number, block in enumerate(model.blk):
        # What is not wired adds nothing at first.
        block.attn_output.weight.zero_()
        block.ffn_down.weight.zero_()
        rms = mean_rms(x)
        for at, head in enumerate(heads.get(number, [])):
            head.write(block, at, rms)
        x = block.after_attention(x, cos, sin)
        add_neurons(block, x, neurons.get(number, []))
        x = block.after_feed_forward(x)
    # What a token is, not where it stands, is written out.
    model.output_norm.weight[PLACES["kind"]] = 0
    return find_kept(model, heads, neurons)
