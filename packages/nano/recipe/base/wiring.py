"""Initial weights that already choose a line: a small program compiled into the first blocks' heads.

Learned from random weights, choosing a line came after tens of millions of tokens (README.md). What it takes is known and
short, so it is written down (as Weiss et al. 2021, "Thinking like transformers", and Lindner et al. 2023, "Tracr", do) and
training starts there. Names of parts of the residual stream ("registers") and what each block adds to them:

    block 0  `previous`, `was`   the token before and of which kind it was (Elhage et al. 2021, previous-token heads)
             marks               a label's line break, a source's `[`, its number, a question's colon, a turn's beginning
    block 1  `line`, `passage`   label and number of the source that a token stands under: the nearest mark's
             `repeated`          whether its line has the same stem before, for a word counts once a line
             a mark              the line break before an answer
    block 2  `votes`, `toward`   a question's token takes over `line` and `passage` from the same stem in the sources, rather
                                 where the token before is the same as well; a word that stands in many lines spreads its
                                 vote, as an inverse document frequency would
             `gist`              an answer's tokens gather what words of the question mean and are: training and adapters
                                 tell by it what kind of question it is
    block 3  the label           the answer's place averages the votes of its question's tokens, rare ones first; and an
                                 answer ends after it, or is a saying (the refusal where few votes are)
    block 4  the label           labels of the passage most voted for gain

Every other weight is random and small. What is trained of all this say `kept_rates` and, for short runs, `keep_as_wired`
and `kept_choice`. Matching
needs dimensions that RoPE does not turn and heads wide enough: a base of 1e12 leaves two thirds of 96 standing still over
2,048 tokens.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F

from base.registers import (
    ALWAYS, FLAG, KINDS, MARKS, PLACES, RARE, REGISTERS, STEADY, WERE, WIDTH, WORD, WORD_WIDTH, place, reading,
)  # fmt: skip
from base.words import FOLDED, FOUND, Words, orthonormal
from lib.tokenizer import END, NEWLINE, START

HEAD, ROPE_BASE = 96, 1e12
# How many numbers of the token before are compared where words are found; what a head has room for beside FOUND.
FOUND_BEFORE = 19
# Pairs of a head's dimensions from this one on turn less than a third of a radian in 2,048 tokens.
TURNING_PAIRS = 15
# How many heads and neurons of each block the program takes.
WIRED_HEADS, WIRED_NEURONS = {0: 1, 1: 3, 2: 2, 3: 1, 4: 1}, {0: 5, 1: 1}
# How much of a step is taken by what is wired and may change.
SLOW = 0.1
# The block whose neurons end an answer and spell what else is said, and the neuron that begins the refusal where few votes are.
SPEAKING = 3
REFUSING = SPEAKING, 1


def turn_of(pair):
    """By how much a pair of a head's numbers turns in a token (Su et al. 2021, RoPE)."""
    return ROPE_BASE ** (-2 * pair / HEAD)


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

    def turn(self, pair, strength, angle, of):
        """Adds strength * cos(turn * distance + angle) to the score where the single number `of` is set, `turn` being what the pair
        turns in a token."""
        share = math.sqrt(strength * math.sqrt(HEAD))
        self.q[2 * pair] = share * math.cos(angle) * reading(of)[0]
        self.q[2 * pair + 1] = share * math.sin(angle) * reading(of)[0]
        self.k[2 * pair] = share * reading(ALWAYS)[0]

    def distance(self, wanted, strengths):
        """Adds a peak at `wanted` tokens, or where that is None a score that falls with distance (a quarter turn)."""
        for pair, strength in strengths.items():
            self.turn(pair, strength, -turn_of(pair) * wanted if wanted is not None else math.pi / 2, ALWAYS)

    def curve(self, wanted, of):
        """Adds `wanted`, a function of the distance in tokens, as nearly as small waves come to it."""
        distances = np.arange(FARTHEST)
        waves = np.outer(distances, [turn_of(pair) for pair in WAVES])
        parts = np.concatenate([np.cos(waves), np.sin(waves), np.ones((FARTHEST, 1))], 1)
        weights = np.where(distances < 30, 6.0, np.where(distances < 200, 1.0, 0.4))
        # Large ones that cancel each other would be rounded away.
        small = np.diag([*np.full(2 * len(WAVES), 1e-3 * FARTHEST), 0])
        found = np.linalg.solve(parts.T @ (weights[:, None] * parts) + small, parts.T @ (weights * wanted(distances)))
        for pair, cos, sin in zip(WAVES, *found[:-1].reshape(2, -1)):
            self.turn(pair, math.hypot(cos, sin), -math.atan2(sin, cos), of)

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


def all_of(*indices):
    """A row that is one half where all of these single numbers are one, and at most minus one half where one is missing."""
    return reading(*indices) - (len(indices) - 0.5) * reading(ALWAYS)


def add_neurons(block, x, rows, sharpness=12.0):
    """Neurons from the first on: each adds `output` where its row of `all_of` is one half. `x`: the stream on sample
    rows, by which each is set to add just that."""
    rms = mean_rms(x)
    for neuron, (row, _) in enumerate(rows):
        block.ffn_gate.weight[neuron] = torch.from_numpy(sharpness * row[0] * rms).float()
        block.ffn_up.weight[neuron] = torch.from_numpy(reading(ALWAYS)[0] * rms).float()
    h = block.ffn_norm(x)
    heights = F.silu(block.ffn_gate(h)) * block.ffn_up(h)
    for neuron, (_, output) in enumerate(rows):
        there = heights[..., neuron] > sharpness / 4
        if not there.any():
            raise SystemExit("the sample rows have no place for a part of the wiring: give more of them")
        height = float(heights[..., neuron][there].mean())
        block.ffn_down.weight[:, neuron] = torch.from_numpy(output / height).float()


def vector(index, length=1.0):
    made = np.zeros(WIDTH)
    made[index] = length
    return made


# Pairs that make a peak at one distance, those that fall evenly up to a thousand tokens, and those that make other curves.
PEAK = {pair: 14.0 for pair in range(9)}
NEAREST = {8: 40.0, 11: 110.0, 12: 120.0, 13: 60.0}
WAVES, FARTHEST = range(4, TURNING_PAIRS), 1600
BEGINNING = {place("kind", "bos"): 1.0}


def look_back(words):
    head = Head()
    head.distance(1, PEAK)
    head.move(words.fold @ taken(WORD), "previous")
    # One of them always is, so that all that has been read is equally long.
    named = {name: taken(one("kind", name)) for name in KINDS[KINDS.index("other") : KINDS.index("bos")]}
    rest = sum(row for name, row in named.items() if name not in WERE)
    head.move(np.concatenate([named.get(name, rest) for name in WERE]), "was")
    return [head]


def stand_under(words):
    line, passage, again = Head(), Head(), Head()
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
    # Whether the same stem stands between a token and its line's beginning: the nearest of the line break there and of all
    # tokens after that stem is looked at.
    again.distance(None, NEAREST)
    again.still(words.fold @ taken(WORD), taken("previous"), 150.0 / FOLDED**2)
    again.flag({ALWAYS: 1.0}, {place("kind", "newline"): 1.0, marks["label"]: -1.0, **BEGINNING}, 150.0)
    again.move(reading(ALWAYS) - reading(place("kind", "newline"), *BEGINNING), "repeated")
    return [line, passage, again]


def find_words(words, in_row=1.0, repeated=2.0, joined=0.7, nothing=28.0):
    """In a source the same stem scores 34, unrelated ones at most 22, and where none is the beginning. `in_row` more if the token
    before is the same too, `repeated` less for a second time in its line, `joined` less for a piece that goes on with a word."""
    head, random = Head(), words.random
    stem, before = taken("stem")[:FOUND], orthonormal(random, FOUND_BEFORE, REGISTERS["previous"]) @ taken("previous")
    head.still(stem, stem, 24.0 * REGISTERS["stem"] / FOUND)
    head.still(before, before, in_row * REGISTERS["previous"] / FOUND_BEFORE / FOLDED**2)
    lessened = {PLACES["repeated"].start: -repeated, place("kind", "joined"): -joined}
    head.flag({ALWAYS: 1.0}, {place("under", "source"): 10.0, place("kind", "bos"): nothing, **lessened}, 1.0)
    head.move(taken("line"), "votes")
    head.move(taken("passage"), "toward")
    head.move(taken(one("under", "source")), "matched")
    return [head]


# Where an answer's tokens hold nothing else.
GIST = ("line", "votes", "toward")


def gather_gist(loudness=2.0):
    """The mean of the last question's words: what they mean, and what they are by as many numbers as there is room for."""
    head = Head()
    # By a thirtieth a token: a question's first words still count, and those of the question before less.
    for pair, strength in NEAREST.items():
        head.turn(pair, strength / 23, math.pi / 2, of=place("under", "turn"))
    head.flag({place("under", "turn"): 1.0}, {place("under", "question"): 30.0}, 1.0)
    head.flag({ALWAYS: 1.0}, {**BEGINNING, **{place("kind", name): -1.0 for name in ("end", "newline", "colon")}}, 15.0)
    means, words = taken("meaning"), taken("stem")
    room = sum(REGISTERS[register] for register in GIST)
    value = np.concatenate([means, words[: room - len(means)]])
    for register in GIST:
        head.move(value[: REGISTERS[register]], register, loudness)
        value = value[REGISTERS[register] :]
    return [head]


def last_question(distance):
    """All of it counts alike: less only from where most questions begin."""
    return -np.interp(distance, [28, 48, FARTHEST], [0.0, 8.0, 12.0])


def count_votes(words, loudness=30.0, rare=3.0):
    head = Head()
    answer = {place("mark", "answer"): 1.0}
    marks = {place("kind", name): -10.0 for name in ("end", "newline", "colon")}
    # Other tokens are turned down, not these up: a large score would follow each token's length, and so what it found.
    others = {place("under", "source"): -24.0, place("under", "turn"): -24.0, place("kind", "bos"): -24.0}
    head.flag(answer, {place("under", "question"): 3.0, RARE: rare, **others, **marks}, 1.0)
    head.flag({ALWAYS: 1.0}, BEGINNING, 15.0)
    # The last question counts, not those before it.
    head.curve(last_question, of=place("mark", "answer"))
    head.move(taken("votes"), WORD, loudness * words.unfold)
    head.move(taken("toward"), "agreed")
    head.move(taken("matched"), "share")
    return [head]


def prefer_passage(words, loudness=5.0):
    head = Head()
    answer = {place("mark", "answer"): 1.0}
    head.still(taken("agreed"), taken("passage"), 12.0)
    head.flag(answer, {place("mark", "label"): 30.0}, 1.0)
    head.flag({ALWAYS: 1.0}, BEGINNING, 15.0)
    head.move(taken("previous"), WORD, loudness * words.unfold)
    return [head]


def written(table, token, loudness):
    """What is added to the stream for `token` to be the next one."""
    return loudness * table[token] * (np.arange(WIDTH) < WORD_WIDTH)


def end_after_label(table):
    row = all_of(place("kind", "letter"), place("was", "newline"), place("under", "turn"))
    return [(row, written(table, END, 8.0))]


def refuse_for_want_of_votes(table, token, loudness=3.0):
    return [(all_of(place("mark", "answer")), written(table, token, loudness))]


def spell(table, sayings, loudness=8.0):
    """After each token of a saying the next, in an answer that names no line."""
    rows = []
    for token, following in successors(sayings).items():
        row = all_of(place("under", "turn"), ALWAYS)
        row[0, ALWAYS] -= 1 / STEADY
        row[0, WORD] = table[token, WORD] / (table[token, WORD] @ table[token, WORD])
        # Where votes are counted other words stand in the stream too.
        row -= 4 * reading(place("kind", "newline"))
        rows.append((row, written(table, following, loudness)))
    return rows


def successors(sayings):
    """-> of each token of a saying the one that always follows it. What follows in two ways, as letters do in a vocabulary of
    few pieces, is left to training: a neuron spells only one."""
    following = {}
    for saying in sayings:
        for token, after in zip(saying, [*saying[1:], END]):
            following.setdefault(token, set()).add(after)
    return {token: min(after) for token, after in following.items() if len(after) == 1}


def speak(table, sayings):
    """What is written besides labels: the end after one, and sayings, of which the first is the refusal."""
    return end_after_label(table) + refuse_for_want_of_votes(table, sayings[0][0]) + spell(table, sayings)


def find_marks():
    return [
        (all_of(place("kind", pair[0]), place("was", pair[1])), vector(place("mark", name), FLAG))
        for name, pair in MARKS.items()
        if pair
    ]


def find_answers():
    """An answer begins after its turn's first line break, and after each line of other words than a source's."""
    return [(all_of(place("kind", "newline"), place("under", "turn")), vector(place("mark", "answer"), FLAG))]


def require_room(shape):
    heads = (shape.width, shape.width // shape.heads) == (WIDTH, HEAD)
    if not heads or not math.isclose(shape.rope_base, ROPE_BASE, rel_tol=1e-6) or shape.blocks < 5:
        raise SystemExit(
            f"a model of width {shape.width}, {shape.heads} heads, {shape.blocks} blocks and RoPE base {shape.rope_base:g} has no "
            f"room for the wiring: it takes width {WIDTH}, heads of {HEAD}, 5 blocks and base {ROPE_BASE:g}"
        )


def mean_rms(x):
    return float(x.pow(2).mean(-1).sqrt().mean())


def kept_rates(model, sayings, slow=SLOW):
    """-> of each parameter that the wiring holds, how much of a step each of its numbers takes.

    Where marks are and what stands under them is exact and stays; a step as large as other weights take would undo it, since
    scores over hundreds of tokens hang on it. What is matched and said with it may change, `slow`ly.
    """
    rates = {}
    parameters = dict(model.named_parameters())

    def keep(name, place, rate):
        rates.setdefault(name, torch.ones_like(parameters[name]))[place] = rate

    known = slice(PLACES["kind"].start, PLACES["share"].stop)
    keep("token_embd.weight", (slice(None), known), 0.0)
    for number in range(model.shape.blocks):
        rate = 0.0 if number < 2 else slow
        for part in ("attn_output", "ffn_down"):
            keep(f"blk.{number}.{part}.weight", known, 0.0)
        rows = slice(0, HEAD * WIRED_HEADS.get(number, 0))
        for part in ("attn_q", "attn_k", "attn_v"):
            keep(f"blk.{number}.{part}.weight", rows, rate)
        keep(f"blk.{number}.attn_output.weight", (slice(None), rows), rate)
        rows = slice(0, 2 + len(successors(sayings)) if number == SPEAKING else WIRED_NEURONS.get(number, 0))
        for part in ("ffn_gate", "ffn_up"):
            keep(f"blk.{number}.{part}.weight", rows, rate)
        keep(f"blk.{number}.ffn_down.weight", (slice(None), rows), rate)
        if rate == 0:
            for part in ("attn_norm", "ffn_norm"):
                keep(f"blk.{number}.{part}.weight", slice(None), rate)
    return rates


def keep_as_wired(model):
    """The table and all blocks up to the one that counts votes learn nothing more, and the last norm weighs all as it does."""
    model.token_embd.requires_grad_(False)
    model.output_norm.requires_grad_(False)
    for block in model.blk[: SPEAKING + 1]:
        block.requires_grad_(False)


@torch.no_grad()
def kept_choice(model, labels):
    """-> of each matrix that then still learns to write into the stream, from which column on it may do so without changing the
    choice among `labels`, and the orthonormal directions in which it then may not: those in which labels differ."""
    rows = model.token_embd.weight[labels] * model.output_norm.weight
    differences = torch.linalg.qr((rows[1:] - rows[0]).T)[0]
    return {
        f"blk.{number}.{part}.weight": (HEAD * WIRED_HEADS.get(number, 0) if part == "attn_output" else 0, differences)
        for number in range(SPEAKING + 1, model.shape.blocks)
        for part in ("attn_output", "ffn_down")
    }


@torch.no_grad()
def wire(model, tokenizer, store, ids, sayings, seed=0):
    """`store`: the text's tokens; `sayings`: the tokens of each thing said besides labels, the refusal first;
    `ids` [rows, length]: rows as the model will see them, each saying among them, from which the scale of the stream before
    each norm is measured."""
    require_room(model.shape)
    sentences, lengths = np.array(store.sentence, np.int64), np.diff(store.sentence_at)
    words = Words(np.random.default_rng(seed), tokenizer, sentences, lengths, store.learning_questions())
    model.token_embd.weight.copy_(torch.from_numpy(words.table).float())
    heads = {
        0: look_back(words), 1: stand_under(words), 2: find_words(words) + gather_gist(), 3: count_votes(words),
        4: prefer_passage(words),
    }  # fmt: skip
    neurons = {0: find_marks(), 1: find_answers(), SPEAKING: speak(words.table, sayings)}
    assert {at: len(made) for at, made in heads.items()} == WIRED_HEADS
    assert {at: len(made) for at, made in neurons.items() if at != SPEAKING} == WIRED_NEURONS
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
