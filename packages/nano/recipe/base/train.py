"""Trains the base model from text alone and writes it as GGUF, with what score.mjs needs beside it. See README.md."""

import argparse
import json
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from base.plan import CURRICULA, CURRICULUM, KEPT_AS_WIRED, SHAPES, VOCABULARY, WEIGHTS, shape_named, stored_as
from base.refusal import settle_refusals
from base.wiring import SLOW, keep_as_wired, kept_choice, kept_rates, require_room, wire
from lib.device import choose_device
from lib.fused import LENGTH_STEP
from lib.feed import Feed, make_batch, workers_wanted
from lib.gguf import KINDS, read_gguf
from lib.llama import Llama, Shape, greedy
from lib.optimizer import Optimizer
from lib.rows import ANSWER, DECIDING, LABELS, Rows
from lib.run import Run, add_run_arguments, replace_whole, require_space, scheduled, write_made
from lib.store import prepare
from lib.text import add_text_arguments, find_wordnet, learning_texts, read_text
from lib.tokenizer import CHAT_TEMPLATE, Tokenizer, count_parts, learn

NAME = "nano-base"
# How the model is asked; its card says the same once it is installed.
LAYOUT = Path(__file__).with_name("layout.json")
AGREEMENT_PROMPTS = 12
HELD_OUT_ROWS = 16
JUDGED_ROWS = 64
# What the scale of the first weights is measured on.
SAMPLE_ROWS, SAMPLE_LENGTH = 32, 512


def settings():
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, "/tmp/nano-recipe/base", minutes=17.0)
    add_text_arguments(parser)
    parser.add_argument("--shape", choices=sorted(SHAPES), default="full")
    parser.add_argument("--vocabulary", type=int, help="pieces; default the shape's")
    parser.add_argument("--batch", type=int, default=128, help="rows a step")
    parser.add_argument("--micro", type=int, default=32, help="rows a forward pass")
    parser.add_argument("--length", type=int, default=2048, help="tokens a row")
    parser.add_argument("--rate", type=float, default=4e-4)
    parser.add_argument("--warm-up", type=int, default=40, help="steps over which the rate rises")
    parser.add_argument("--optimizer", choices=["adamw", "muon"], default="adamw")
    parser.add_argument("--init", help="a GGUF to start from, with its shape and tokenizer: the shipped one, or one from a GPU")
    options = parser.parse_args()
    if options.smoke:
        smoke = {"shape": "smoke", "facts": 300, "questions_each": 1, "batch": 4, "micro": 4, "length": 384, "workers": 1}
        vars(options).update(smoke, steps=options.steps or 30, minutes=None)
    return options


def read_tokenizer(options, work, sections):
    if options.init:
        return Tokenizer(read_gguf(options.init)[0])
    path, size = work / "tokenizer.json", options.vocabulary or VOCABULARY[options.shape]
    if path.exists():
        kept = json.loads(path.read_text(encoding="utf-8"))
        if len(kept["tokenizer.ggml.tokens"]) == size:
            return Tokenizer(kept)
    learned = learn(count_parts(learning_texts(sections)), size)
    replace_whole(path, lambda file: file.write(json.dumps(learned).encode()))
    return Tokenizer(learned)


class Objective:
    """Weighted cross-entropy; all positions on a GPU, where shapes should not change, else only those that count."""

    def __init__(self, model, device, labels=()):
        """`labels`: tokens that name a line, where the choice among them is not to be learned, only that one is named."""
        self.device = device
        self.labels = torch.tensor(labels, dtype=torch.long, device=device.kind)
        self.hidden = device.compile(model.hidden)
        self.head = model.token_embd.weight
        self.counted = np.array([WEIGHTS[code] for code in range(len(WEIGHTS))], np.float32)
        self.weights = torch.from_numpy(self.counted).to(device.kind)

    def __call__(self, ids, codes, total):
        """-> loss to add up over a step's parts, share of deciding and of answer tokens right."""
        if self.device.kind == "cpu":
            # What stands after the last token that counts costs time and changes nothing.
            kept = min(ids.shape[1], LENGTH_STEP * -(-int(self.lengths(codes).max()) // LENGTH_STEP) + 1)
            ids, codes = ids[:, :kept], codes[:, :kept]
        ids, codes = self.device.tensor(ids.astype(np.int64)), self.device.tensor(codes.astype(np.int64))
        targets, codes = ids[:, 1:].reshape(-1), codes[:, 1:].reshape(-1)
        weights = self.weights[codes]
        with self.device.precise():
            hidden = self.hidden(ids[:, :-1].contiguous()).flatten(0, 1)
            if self.device.kind == "cpu":
                counted = weights.nonzero().squeeze(1)
                hidden, targets, codes, weights = hidden[counted], targets[counted], codes[counted], weights[counted]
            logits = F.linear(hidden, self.head)
        losses = self.losses(logits.float(), targets)
        with torch.no_grad():
            right = logits.argmax(-1) == targets
            # Sums instead of picking: picking would make the host wait for the GPU.
            shares = [(right & (codes == code)).sum() / (codes == code).sum() for code in (DECIDING, ANSWER)]
        return (losses * weights).sum() / total, *shares

    def losses(self, logits, targets):
        """Where labels count as one, that is the likeliest of them: it is what the others have to beat, or must not."""
        if len(self.labels) == 0:
            return F.cross_entropy(logits, targets, reduction="none")
        likeliest = logits[:, self.labels].amax(-1)
        others = logits.index_fill(1, self.labels, float("-inf")).logsumexp(-1)
        wanted = torch.where(torch.isin(targets, self.labels), likeliest, logits.gather(1, targets[:, None]).squeeze(1))
        return torch.logaddexp(others, likeliest) - wanted

    def lengths(self, codes):
        """Of each row, how many tokens are read before the last one that counts is predicted."""
        counts = self.counted[codes] > 0
        return np.where(counts.any(1), counts.shape[1] - 1 - counts[:, ::-1].argmax(1), 1)

    def total(self, codes):
        return float(self.counted[codes[:, 1:]].sum()) or 1.0


@torch.no_grad()
def score_held_out(objective, batch, micro):
    """On rows as the model will be used, from sections no model learns from."""
    ids, codes = batch
    total, sums = objective.total(codes), np.zeros(3)
    parts = range(0, len(ids), micro)
    for at in parts:
        sums += [float(value) for value in objective(ids[at : at + micro], codes[at : at + micro], total)]
    return {"heldOutLoss": sums[0], "heldOutDeciding": sums[1] / len(parts), "heldOutAnswer": sums[2] / len(parts)}


def train(options, work, rows, held_rows, tokenizer):
    stages = CURRICULA[options.shape]
    if options.init:
        metadata, tensors = read_gguf(options.init)
        model = Llama(Shape.read(metadata)).load(tensors)
        require_room(model.shape)
    else:
        model = Llama(shape_named(options.shape, len(tokenizer))).initialise(options.seed)
        sample = make_batch(rows, CURRICULUM, options.seed, 0, 1.0, batch=SAMPLE_ROWS, length=SAMPLE_LENGTH)[0]
        sample = np.concatenate([sample[:, :SAMPLE_LENGTH], rows.said(SAMPLE_LENGTH)])
        sample = torch.from_numpy(sample.astype(np.int64))
        wire(model, tokenizer, rows.store, sample, rows.sayings, options.seed)
    kept = options.shape in KEPT_AS_WIRED
    labels = [label[0] for label in rows.labels]
    if kept:
        keep_as_wired(model)
    device = choose_device(options.threads, options.precision, options.device)
    device.place(model)
    optimizer = Optimizer(
        model,
        options.optimizer,
        fused=device.kind == "cuda",
        rates=kept_rates(model, rows.sayings, slow=0.0 if kept else SLOW),
        without=kept_choice(model, labels) if kept else None,
    )
    identity = {
        "shape": model.describe(), "tokenizer": tokenizer.pieces, "batch": options.batch, "length": options.length,
        "rate": options.rate, "optimizer": options.optimizer, "seed": options.seed, "steps": options.steps,
        "minutes": options.minutes, "corpus": rows.store.count_tokens(),
    }  # fmt: skip
    run = Run(options, identity, {"model": model, "optimizer": optimizer})
    make = partial(make_batch, rows, stages, options.seed, batch=options.batch, length=options.length)
    feed = Feed(make, run.step, workers_wanted(options.workers), options.steps)
    held = make_batch(held_rows, stages, 1, 0, 1.0, batch=HELD_OUT_ROWS if not options.smoke else 4, length=options.length)
    objective = Objective(model, device, labels if kept else ())
    judge = Objective(model, replace(device, compiled=False))
    if device.compiled:
        # Compiling takes a minute that is no training time.
        objective(held[0][:1].repeat(options.micro, 0), held[1][:1].repeat(options.micro, 0), 1.0)[0].backward()
        model.zero_grad(set_to_none=True)
    print(f"{model.shape.parameters() / 1e6:.1f} M parameters on {device.label} in {device.precision}", flush=True)
    judged = time.monotonic()
    try:
        for step in run:
            ids, codes = feed.next(run.progress)
            lengths = objective.lengths(codes)
            order = lengths.argsort()
            ids, codes = ids[order], codes[order]
            rate = scheduled(run.progress, step, options.rate, options.warm_up)
            total, loss, shares = objective.total(codes), 0.0, []
            for at in range(0, len(ids), options.micro):
                part, *right = objective(ids[at : at + options.micro], codes[at : at + options.micro], total)
                part.backward()
                loss += part.detach()
                shares.append(torch.stack(right))
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step(rate)
            deciding, answer = torch.stack(shares).nanmean(0)
            measures = {"loss": loss, "deciding": deciding, "answer": answer, "rate": rate}
            run.did(int(lengths.sum()), **measures)
            if time.monotonic() - judged > 60:
                judged = time.monotonic()
                print("  ".join(f"{k} {v:.4f}" for k, v in score_held_out(judge, held, options.micro).items()), flush=True)
    finally:
        feed.close()
    model.to("cpu")
    judged = make_batch(held_rows, stages, 2, 0, 1.0, batch=JUDGED_ROWS if not options.smoke else 4, length=options.length)
    false, right = settle_refusals(model, judged, rows.refusal[0])
    print(f"refuses {false:.1%} of held-out questions with an answer, {right:.1%} of those without", flush=True)
    return model, run, device


def export(model, tokenizer, layout, work, run, device, options, sections):
    stored = stored_as(model.shape)
    path = work / f"{NAME}.{stored}.gguf"
    model.save(path, NAME, tokenizer, CHAT_TEMPLATE, KINDS[stored])
    # What ships is the rounded model, so the comparison with llama.cpp is made with it.
    metadata, tensors = read_gguf(path)
    shipped = Llama(Shape.read(metadata)).load(tensors)
    prompts = []
    for section in [section for section in sections if section.held and len(section.sentences) > 2][:AGREEMENT_PROMPTS]:
        lines = [f"{label}\n{sentence}" for label, sentence in zip(LABELS, section.sentences[:6])]
        source = layout["sourceHeader"].format(n=1, title=section.heading) + "\n".join(lines)
        user = source + layout["question"].format(question=f"What about {section.sentences[1]}")
        messages = [{"role": "system", "content": layout["system"]}, {"role": "user", "content": user}]
        prompt = tokenizer.chat(messages)
        if len(prompt) < 1000:
            prompts.append({"messages": messages, "prompt": prompt, "base": greedy(shipped, prompt, tokenizer.end, 48)})
    (work / "agreement.json").write_text(json.dumps(prompts))
    write_made(work, NAME, model, run, device, sections, file=path.name)
    print(f"wrote {path} ({path.stat().st_size / 1e6:.1f} MB)", flush=True)


def main():
    options = settings()
    work = Path(options.work)
    work.mkdir(parents=True, exist_ok=True)
    require_space(work, 200e6 if options.smoke else 4e9)
    layout = json.loads(LAYOUT.read_text(encoding="utf-8"))
    sections = read_text(options)
    tokenizer = read_tokenizer(options, work, sections)
    store = prepare(work / "store", sections, tokenizer, find_wordnet(options), options.questions_each, options.seed)
    print(f"tokens {store.count_tokens()}", flush=True)
    if options.prepare_only:
        return
    rows, held_rows = Rows(store, tokenizer, layout), Rows(store, tokenizer, layout, held=True)
    model, run, device = train(options, work, rows, held_rows, tokenizer)
    export(model, tokenizer, layout, work, run, device, options, sections)


if __name__ == "__main__":
    main()
