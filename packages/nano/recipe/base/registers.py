"""Parts of the residual stream that the wiring names, and single numbers in them: see wiring.py."""

import numpy as np

REGISTERS = {
    "stem": 80, "piece": 72, "meaning": 48, "kind": 14, "was": 5, "mark": 6, "previous": 40, "line": 40, "passage": 10,
    "repeated": 1, "under": 3, "votes": 40, "toward": 10, "matched": 1, "agreed": 10, "share": 1,
}  # fmt: skip
KINDS = ["always", "even", "rare", "other", "newline", "letter", "digit", "open", "asked", "colon", "start", "end", "bos", "joined"]
WERE = ["else", "newline", "letter", "open", "asked"]
MARKS = {
    "label": ("newline", "letter"), "source": ("open", "newline"), "number": ("digit", "open"),
    "question": ("colon", "asked"), "turn": ("start", "newline"), "answer": None,
}  # fmt: skip
UNDER = ["source", "question", "turn"]
WIDTH = 384
# How large what is always there is, and what is there or not: the first is large, so that the norm before each block changes
# little with the others.
STEADY, FLAG = 3.0, 0.5


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
