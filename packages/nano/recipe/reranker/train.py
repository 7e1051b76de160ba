"""Trains a small cross-encoder that reads question and passage together, and writes it as ONNX.

Listwise: among one right passage and BM25's best wrong ones, cross-entropy over their scores.
"""

import argparse
import json
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from lib.device import choose_device
from lib.encoder import Encoder, EncoderShape, bert_config, save_onnx
from lib.feed import Feed, workers_wanted
from lib.optimizer import Optimizer
from lib.pairs import Pairs, cut
from lib.run import Run, add_run_arguments, replace_whole, require_space, scheduled, write_made
from lib.text import add_text_arguments, prepare_wordpiece
from lib.wordpiece import CLS, SEP

NAME = "nano-rerank"
LIST = 8
AGREEMENT_LISTS = 2


def settings():
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, "/tmp/nano-recipe/reranker", minutes=5.0)
    add_text_arguments(parser)
    parser.add_argument("--vocabulary", type=int, default=20_000)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--blocks", type=int, default=4)
    parser.add_argument("--feed-forward", type=int, default=768)
    parser.add_argument("--batch", type=int, default=192, help="questions a step, each with eight passages")
    parser.add_argument("--rate", type=float, default=1e-3)
    options = parser.parse_args()
    if options.smoke:
        smoke = {"vocabulary": 1500, "width": 64, "blocks": 2, "feed_forward": 96, "batch": 4, "facts": 300}
        vars(options).update(smoke, questions_each=1, workers=1, steps=options.steps or 15, minutes=None)
    return options


def make_lists(pairs, seed, batch, step, progress):
    return pairs.lists(seed, step, batch, LIST, CLS, SEP)


def train(options, store):
    heads = max(1, options.width // 64)
    shape = EncoderShape(options.vocabulary, options.width, options.blocks, heads, options.feed_forward, scores=True)
    model = Encoder(shape).initialise(options.seed)
    device = choose_device(options.threads, options.precision, options.device)
    model.to(device.kind)
    optimizer = Optimizer(model, "adamw", weight_decay=0.01, fused=device.kind == "cuda")
    identity = [model.describe(), options.batch, options.rate, options.seed, options.steps, options.minutes, store.count_tokens()]
    run = Run(options, identity, {"model": model, "optimizer": optimizer})
    feed = Feed(partial(make_lists, Pairs(store), options.seed, options.batch), run.step, workers_wanted(options.workers), options.steps)
    score = device.compile(model.forward)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.1f} M parameters on {device.label} in {device.precision}", flush=True)
    try:
        for step in run:
            lists = cut(feed.next(run.progress), device.compiled)
            ids = device.tensor(lists.astype(np.int64))
            with device.precise():
                scores = score(ids.flatten(0, 1)).float().view(ids.shape[:2])
            loss = F.cross_entropy(scores, torch.zeros(len(scores), dtype=torch.long, device=scores.device))
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step(scheduled(run.progress, step, options.rate, decay=0.9))
            run.did(int((lists != 0).sum()), loss=loss.detach(), right=(scores.argmax(1) == 0).float().mean())
    finally:
        feed.close()
    return model.to("cpu"), run, device


def export(model, tokenizer, sections, work, run, device, options):
    folder = work / NAME
    (folder / "onnx").mkdir(parents=True, exist_ok=True)
    save_onnx(model, folder / "onnx/model.onnx")
    tokenizer.save(folder, pairs=True)
    config = bert_config(model, options, "BertForSequenceClassification")
    config |= {"id2label": {"0": "relevant"}, "label2id": {"relevant": 0}}
    (folder / "config.json").write_text(json.dumps(config, indent=1))
    rounded, agreement = model.rounded().eval(), []
    held = [section for section in sections if section.held and len(section.sentences) > 1]
    for section in held[: AGREEMENT_LISTS * LIST]:
        query, passage = section.heading, " ".join(section.sentences[:6])
        ids = [CLS, *tokenizer.encode(query), SEP, *tokenizer.encode(passage), SEP]
        if len(ids) <= 512:
            with torch.no_grad():
                score = float(rounded(torch.tensor([ids]))[0])
            agreement.append({"query": query, "passage": passage, "ids": ids, "score": score})
    replace_whole(work / "agreement.json", lambda file: file.write(json.dumps(agreement).encode()))
    write_made(work, NAME, model, run, device, sections)
    print(f"wrote {folder} ({(folder / 'onnx/model.onnx').stat().st_size / 1e6:.1f} MB)", flush=True)


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
