"""What the base model learns when: the curriculum, the shapes, and what each token counts for."""

from base.registers import WIDTH
from base.wiring import HEAD, ROPE_BASE
from lib.llama import Shape
from lib.rows import ANSWER, DECIDING, NOTHING, PLAIN, PROMPT, Stage

# All of one width, since the wiring stands in it (wiring.py); measured with random weights: README.md, "The shape".
SHAPES = {
    "full": {"blocks": 12, "feed_forward": 1536},
    "small": {"blocks": 6, "feed_forward": 512},
    "smoke": {"blocks": 5, "feed_forward": 64},
}
VOCABULARY = {"full": 16384, "small": 16384, "smoke": 1024}

SOURCES = {"text": 0.45, "written": 0.4, "facts": 0.15}
# From passages at random to likely ones, ever more of them: as they will be, four and BM25's best.
CURRICULUM = [
    Stage(0.6, {"dense": 6, "chat": 4}, passages=(1, 4), hard=0.7, sources=SOURCES),
    Stage(1.0, {"dense": 4, "chat": 6}, passages=(2, 4), window=(3, 10), hard=0.85, sources=SOURCES),
]
# Running text first, where there is a GPU and so time for language: what the short run knows of words is the wiring's.
LANGUAGE = [Stage(0.5, {"text": 6, "dense": 4}, passages=(1, 4), hard=0.7, sources=SOURCES), *CURRICULUM]
CURRICULA = {"full": LANGUAGE, "small": CURRICULUM, "smoke": CURRICULUM}

# What chooses a sentence counts most. The prompt's own words count nothing: a short run learns no language from them, and
# they take a third of the time.
WEIGHTS = {NOTHING: 0.0, PROMPT: 0.0, PLAIN: 0.3, ANSWER: 2.0, DECIDING: 5.0}

# Shapes whose choice of a line, and all that it is made from, stays as wired: a short run that may change it chooses worse
# (README.md, "Its first weights are a program"), and without it a step takes less time.
KEPT_AS_WIRED = {"small", "smoke"}


def stored_as(shape, most=40e6):
    """How matrices are stored in a file of at most `most` bytes. In eight bits the wiring chooses wrongly one time in twelve more
    (README.md), so in sixteen where there is room."""
    return "f16" if 2 * shape.parameters() < most else "q8_0"


def shape_named(name, vocabulary):
    return Shape(vocabulary=vocabulary, width=WIDTH, heads=WIDTH // HEAD, context=2048, rope_base=ROPE_BASE, **SHAPES[name])
