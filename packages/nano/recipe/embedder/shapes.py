"""Writes embedders of candidate shapes with random weights, to measure their speed before anything is trained.

Usage: python3 -m embedder.shapes SMOKE_RUN FOLDER; the tokenizer is the smoke run's, only the shape matters to speed.
"""

import json
import shutil
import sys
from pathlib import Path

from lib.encoder import Encoder, EncoderShape, save_onnx

# (width, blocks, feed forward), each with 20,000 pieces
CANDIDATES = [(256, 4, 768), (256, 6, 768), (256, 4, 1024), (320, 4, 960), (384, 3, 1024)]


def main():
    run, folder = Path(sys.argv[1]), Path(sys.argv[2])
    for width, blocks, inner in CANDIDATES:
        made = folder / f"w{width}-b{blocks}-f{inner}"
        model = made / "nano-embed"
        shutil.copytree(run / "nano-embed", model, dirs_exist_ok=True)
        save_onnx(Encoder(EncoderShape(20_000, width, blocks, width // 64, inner)).initialise(0), model / "onnx/model.onnx")
        config = json.loads((model / "config.json").read_text())
        config.update(hidden_size=width, num_hidden_layers=blocks)
        (model / "config.json").write_text(json.dumps(config))
        print(made, f"{(model / 'onnx/model.onnx').stat().st_size / 1e6:.1f} MB", flush=True)


main()
