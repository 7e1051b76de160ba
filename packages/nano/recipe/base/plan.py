"""What the base model learns when: the curriculum, the shapes, and what each token counts for."""

from lib.llama import Shape
from lib.rows import ANSWER, DECIDING, NOTHING, PLAIN, PROMPT, Stage

# Measured with random weights: README.md, "The shape".
SHAPES = {
    "full": {"width": 512, "blocks": 8, "heads": 8, "feed_forward": 1408, "context": 2048},
    "small": {"width": 256, "blocks": 6, "heads": 4, "feed_forward": 768, "context": 2048},
    "wired": {"width": 384, "blocks": 6, "heads": 4, "feed_forward": 512, "context": 2048, "rope_base": 1e12},
    "smoke": {"width": 64, "blocks": 2, "heads": 1, "feed_forward": 128, "context": 2048},
}
VOCABULARY = {"full": 16384, "wired": 16384, "small": 8192, "smoke": 1024}

WIRED_SOURCES = {"text": 0.45, "written": 0.4, "facts": 0.15}

CURRICULUM = [
    # Copying first: it comes from repeats, and choosing does not begin without it.
    Stage(0.08, {"repeat": 3, "lookup": 3, "text": 2, "dense": 2}, passages=(1, 2), window=(1, 4), hard=0.2, whole=0.5),
    # Then choosing, with many signals a row, among ever more and likelier passages.
    Stage(0.35, {"repeat": 1, "lookup": 2, "text": 2, "dense": 5, "chat": 2}, passages=(1, 3), hard=0.4),
    Stage(0.75, {"lookup": 1, "text": 2, "dense": 5, "chat": 4}, passages=(2, 5), window=(2, 10), hard=0.7, whole=0.4),
    # Last as it will be used: whole answers, four to six hard passages.
    Stage(1.0, {"text": 1, "dense": 2, "chat": 6}, passages=(2, 6), window=(2, 10), hard=0.85, whole=0.8),
]

# Where copying is known already, and text is dear: from a model that was trained before, on a CPU.
CONTINUED = [
    Stage(0.4, {"lookup": 6, "dense": 3, "chat": 1}, passages=(1, 3), window=(1, 5), hard=0.4, whole=0.15, unanswerable=0.1),
    Stage(0.7, {"lookup": 1, "dense": 6, "chat": 2}, passages=(1, 4), window=(2, 6), hard=0.6, whole=0.2, unanswerable=0.15),
    Stage(1.0, {"dense": 5, "chat": 5}, passages=(2, 4), window=(2, 8), hard=0.8, whole=0.3),
]

# Where choosing and copying are in the first weights already (wiring.py).
WIRED = [
    Stage(0.6, {"dense": 6, "chat": 4}, passages=(1, 4), hard=0.7, whole=0.3, turns=(1, 2, 4, 8), alone=True, sources=WIRED_SOURCES),
    Stage(1.0, {"dense": 4, "chat": 6}, passages=(2, 4), window=(3, 10), hard=0.85, whole=0.5, turns=(1, 2, 4, 8), alone=True, sources=WIRED_SOURCES),
]  # fmt: skip

# The first token and the one that tells a sentence from those that begin alike decide; most others are copied.
WEIGHTS = {NOTHING: 0.0, PROMPT: 0.1, PLAIN: 0.3, ANSWER: 1.0, DECIDING: 5.0}
# The wiring knows no language and a short run teaches none: at the prompt's own words it would only unlearn, at a third of the
# time.
WIRED_WEIGHTS = {**WEIGHTS, PROMPT: 0.0}


def shape_named(name, vocabulary):
    return Shape(vocabulary=vocabulary, **SHAPES[name])
