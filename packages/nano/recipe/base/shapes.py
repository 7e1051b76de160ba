"""Writes GGUFs of candidate shapes with random weights, to measure their speed before anything is trained.

Usage: python3 -m base.shapes FOLDER && node base/speed.mjs FOLDER/*.gguf
"""

import sys
from collections import Counter
from pathlib import Path

from base.plan import stored_as
from base.registers import WIDTH
from base.wiring import HEAD, ROPE_BASE
from lib.gguf import KINDS
from lib.llama import Llama, Shape
from lib.tokenizer import CHAT_TEMPLATE, Tokenizer, learn

PIECES = 16384
# (blocks, feed forward): all else is the wiring's.
CANDIDATES = [(6, 512), (6, 1024), (8, 1024), (12, 1024), (12, 1536)]


def fill(size):
    """A tokenizer of `size` made-up pieces: only their number matters to speed."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    parts = Counter({a + b + c + d: 2 for a in letters for b in letters for c in letters for d in letters[:3]})
    metadata = learn(parts, 400)
    made = len(metadata["tokenizer.ggml.tokens"])
    metadata["tokenizer.ggml.tokens"] += [f"\u2581x{i}y" for i in range(size - made)]
    metadata["tokenizer.ggml.scores"] += [-10000.0 - i for i in range(size - made)]
    metadata["tokenizer.ggml.token_type"] += [1] * (size - made)
    return Tokenizer(metadata)


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for blocks, inner in CANDIDATES:
        shape = Shape(PIECES, WIDTH, blocks, WIDTH // HEAD, inner, rope_base=ROPE_BASE)
        path = folder / f"b{blocks}-f{inner}.gguf"
        Llama(shape).initialise(0).save(path, "random", fill(PIECES), CHAT_TEMPLATE, KINDS[stored_as(shape)])
        print(f"{path.name}: {shape.parameters() / 1e6:.1f} M parameters, {path.stat().st_size / 1e6:.1f} MB", flush=True)


main()
