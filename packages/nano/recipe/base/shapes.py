"""Writes GGUFs of candidate shapes with random weights, to measure their speed before anything is trained.

Usage: python3 -m base.shapes FOLDER && node base/speed.mjs FOLDER/*.gguf
"""

import sys
from pathlib import Path

from lib.llama import Llama, Shape
from lib.tokenizer import CHAT_TEMPLATE, Tokenizer, learn
from collections import Counter

# (vocabulary, width, blocks, heads, feed forward)
CANDIDATES = [
    (8192, 512, 8, 8, 1408),
    (16384, 512, 8, 8, 1408),
    (16384, 384, 12, 6, 1024),
    (16384, 512, 6, 8, 1408),
    (24576, 448, 8, 7, 1216),
    (16384, 384, 8, 6, 1024),
    (16384, 256, 12, 4, 768),
]


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
    for vocabulary, width, blocks, heads, inner in CANDIDATES:
        shape = Shape(vocabulary, width, blocks, heads, inner)
        path = folder / f"v{vocabulary}-w{width}-b{blocks}-f{inner}.gguf"
        Llama(shape).initialise(0).save(path, "random", fill(vocabulary), CHAT_TEMPLATE)
        print(f"{path.name}: {shape.parameters() / 1e6:.1f} M parameters, {path.stat().st_size / 1e6:.1f} MB", flush=True)


main()
