"""Trains the sentence embedder, a small transformer or (--table) a table of word vectors, and writes it as ONNX.

Contrastive (van den Oord et al. 2018, InfoNCE): a question against its own passage, a hard wrong one each, and everybody
else's, in both directions, at the full width and its first half (Kusupati et al. 2022), so that vectors can be cut.
"""

import argparse
import json
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from lib.device import choose_device
from lib.encoder import Encoder, EncoderShape, bert_config, pooled, save_onnx
from lib.feed import Feed, workers_wanted
from lib.optimizer import Optimizer
from lib.pairs import Pairs, cut
from lib.run import Run, add_run_arguments, replace_whole, require_space, scheduled, write_made
from lib.text import add_text_arguments, prepare_wordpiece

NAME = "nano-embed"
TEMPERATURE = 0.05
AGREEMENT_TEXTS = 8


def settings():
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, "/tmp/nano-recipe/embedder", minutes=6.0)
    add_text_arguments(parser)
    parser.add_argument("--table", action="store_true", help="no transformer: one vector a piece, averaged")
    parser.add_argument("--vocabulary", type=int, default=20_000)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--blocks", type=int, default=4)
    parser.add_argument("--feed-forward", type=int, default=768)
    parser.add_argument("--batch", type=int, default=1024, help="questions a step")
    parser.add_argument("--rate", type=float, default=1e-3)
    options = parser.parse_args()
    if options.table:
        options.blocks, options.rate = 0, max(options.rate, 3e-3)
    if options.smoke:
        smoke = {"vocabulary": 1500, "width": 64, "blocks": min(2, options.blocks), "feed_forward": 96, "batch": 32}
        vars(options).update(smoke, facts=300, questions_each=1, workers=1, steps=options.steps or 25, minutes=None)
    return options


def losses(hidden, queries, passages, sections, device):
    """-> loss, share of questions whose own passage came out first."""
    asked = device.tensor(cut(queries, device.compiled).astype(np.int64))
    found = device.tensor(cut(passages, device.compiled).astype(np.int64))
    sections = device.tensor(sections)
    with device.precise():
        q, p = (pooled(hidden(ids), ids).float() for ids in (asked, found))
    count = len(q)
    target = torch.arange(count, device=q.device)
    # Another passage of the same section is no wrong answer.
    same = sections[:count, None] == sections[None, :]
    same[target, target] = False
    total, right = 0.0, None
    for width in (q.shape[1], q.shape[1] // 2):
        a, b = F.normalize(q[:, :width], dim=-1), F.normalize(p[:, :width], dim=-1)
        scores = (a @ b.t() / TEMPERATURE).masked_fill(same, float("-inf"))
        total = total + F.cross_entropy(scores, target) + 0.5 * F.cross_entropy(scores[:, :count].t(), target)
        right = (scores.argmax(1) == target).float().mean() if right is None else right
    return total / 3, right


def train(options, store):
    shape = EncoderShape(options.vocabulary, options.width, options.blocks, max(1, options.width // 64), options.feed_forward)
    model = Encoder(shape).initialise(options.seed)
    device = choose_device(options.threads, options.precision, options.device)
    model.to(device.kind)
    optimizer = Optimizer(model, "adamw", weight_decay=0.01, fused=device.kind == "cuda")
    identity = [model.describe(), options.batch, options.rate, options.seed, options.steps, options.minutes, store.count_tokens()]
    run = Run(options, identity, {"model": model, "optimizer": optimizer})
    pairs = Pairs(store)
    make = partial(contrast, pairs, options.seed, options.batch)
    feed = Feed(make, run.step, workers_wanted(options.workers), options.steps)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.1f} M parameters on {device.label} in {device.precision}", flush=True)
    hidden = device.compile(model.forward)
    try:
        for step in run:
            batch = feed.next(run.progress)
            loss, right = losses(hidden, *batch, device)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step(scheduled(run.progress, step, options.rate, decay=0.9))
            run.did(int((batch[0] != 0).sum() + (batch[1] != 0).sum()), loss=loss.detach(), right=right)
    finally:
        feed.close()
    return model.to("cpu"), run, device


def contrast(pairs, seed, batch, step, progress):
    return pairs.contrast(seed, step, batch)


def export(model, tokenizer, sections, work, run, device, options):
    folder = work / NAME
    (folder / "onnx").mkdir(parents=True, exist_ok=True)
    save_onnx(model, folder / "onnx/model.onnx")
    tokenizer.save(folder)
    (folder / "config.json").write_text(json.dumps(bert_config(model, options, "BertModel"), indent=1))
    rounded = model.rounded().eval()
    texts = [" ".join(section.sentences) for section in sections if section.held][:AGREEMENT_TEXTS]
    agreement = []
    for text in texts:
        ids = tokenizer.encode(text)[:512]
        with torch.no_grad():
            vector = rounded.embed(torch.tensor([ids]))[0].tolist()
        agreement.append({"text": text, "ids": ids, "vector": vector})
    replace_whole(work / "agreement.json", lambda file: file.write(json.dumps(agreement).encode()))
    write_made(work, NAME, model, run, device, sections)
    size = (folder / "onnx/model.onnx").stat().st_size
    print(f"wrote {folder} ({size / 1e6:.1f} MB)", flush=True)


def main():
    options = settings()
    work = Path(options.work)
    work.mkdir(parents=True, exist_ok=True)
    require_space(work, 200e6 if options.smoke else 2e9)
    sections, tokenizer, store = prepare_wordpiece(options, work)
    if options.prepare_only:
        return
    model, run, device = train(options, store)
    export(model, tokenizer, sections, work, run, device, options)


if __name__ == "__main__":
    main()
