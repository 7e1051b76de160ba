"""Trains a LoRA adapter and writes it as GGUF, with what score.mjs needs beside it. See README.md.

The loss is on the assistant's tokens alone. Taught parts are learned by cross-entropy. In kept parts the loss is the
divergence from what the base itself would say there, so that the adapter changes the behaviour and leaves the base's
choice of evidence as it is.
"""

import argparse
import hashlib
import importlib
import json
import random
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

from adapters.chats import Chats
from lib import fused
from lib.corpus import PACKAGE, default_corpus, read_sections
from lib.device import choose_device
from lib.gguf import F16, read_gguf, write_adapter
from lib.llama import Llama, Shape, greedy
from lib.run import Run, add_run_arguments, require_space
from lib.tokenizer import CHAT_TEMPLATE, Tokenizer

BASE, EXACT_BASE = "nano-base", "nano-base.f16.gguf"
ADAPTERS = ("support-voice", "triage-json", "refuse-scope")
RANK, ALPHA = 10, 20.0
# The blocks before it find where things stand in a prompt, and that is no matter of behaviour. From the next one on an answer could
# not be had at another place than the base's: the base's heads look for a mark there, which this block can still set.
FIRST_BLOCK = 2
BATCH_TOKENS = 2048
LEARNING_RATE = 3e-3
WARM_UP_STEPS = 20
# Weight of the divergence, rising over the run: at 4 from the start it drowned the house's words (kept by 39 % of chats
# after 147 steps), at 1 throughout a third of the base's answers changed.
DIVERGENCE_WEIGHTS = (1, 4)
AGREEMENT_PROMPTS = 12


def settings():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=ADAPTERS)
    add_run_arguments(parser, None)
    parser.add_argument("--corpus", default=str(default_corpus()))
    parser.add_argument("--base", default=str(PACKAGE / "models"), help="folder with the base's card and GGUF")
    parser.add_argument("--examples", type=int, default=5000)
    parser.add_argument("--held-out", type=int, default=60, help="of each kind")
    parser.add_argument("--epochs", type=int, default=1)
    options = parser.parse_args()
    options.work = options.work or f"/tmp/nano-recipe/{options.name}"
    if options.smoke:
        options.examples, options.held_out = 60, 2
    return options


def make(module, sections, card, tokenizer, examples, held_out):
    """-> training examples, held-out examples. The same data each time."""
    chats = Chats(sections, card, tokenizer, 1, held=False)
    train = [module.example(chats, kind) for kind, share in module.SHARES.items() for _ in range(round(examples * share))]
    chats.random.shuffle(train)
    chats = Chats(sections, card, tokenizer, 2, held=True)
    return train, [module.example(chats, kind) for kind in module.SHARES for _ in range(held_out)]


def encode(example, tokenizer):
    """Tokens of the prompt and of each part, with the part's weight, 0 where it is kept as the base writes it; None when the parts do not keep their tokens apart."""
    parts = [(tokenizer.encode(text), taught) for text, taught in example["parts"]]
    if [token for ids, _ in parts for token in ids] != tokenizer.encode("".join(text for text, _ in example["parts"])):
        return None
    parts.append(([tokenizer.end], parts[-1][1]))
    return {"prompt": tokenizer.chat(example["messages"]), "parts": parts}


def batches(rows, seed):
    """Rows of like length together, so that little is padding; in an order that depends on the seed alone."""
    order = sorted(range(len(rows)), key=lambda i: (length(rows[i]), i))
    found, batch = [], []
    for i in order:
        if batch and (len(batch) + 1) * length(rows[i]) > BATCH_TOKENS:
            found.append(batch)
            batch = []
        batch.append(rows[i])
    found.append(batch)
    random.Random(seed).shuffle(found)
    return found


def written(row):
    return [token for ids, _ in row["parts"] for token in ids]


def length(row):
    return len(row["prompt"]) + len(written(row))


def pad(sequences):
    longest = -(-max(map(len, sequences)) // fused.LENGTH_STEP) * fused.LENGTH_STEP
    return torch.tensor([ids + [0] * (longest - len(ids)) for ids in sequences]), longest


def losses(model, batch, device):
    """-> weighted cross-entropy of the taught parts, divergence from the base in the kept ones, share of taught tokens right."""
    ids, width = pad([row["prompt"] + written(row) for row in batch])
    taught, labels, weights, kept, kept_rows = [], [], [], [], []
    for i, row in enumerate(batch):
        at = i * width + len(row["prompt"]) - 1  # the position that predicts the first assistant token
        plain = []
        for tokens, weight in row["parts"]:
            if weight:
                taught += range(at, at + len(tokens))
                labels += tokens
                weights += [float(weight)] * len(tokens)
            else:
                kept += range(at, at + len(tokens))
                plain += tokens
            at += len(tokens)
        if plain:
            kept_rows.append((row["prompt"], plain))
    logits = model.logits_at(ids.to(device.kind), torch.tensor(taught + kept, device=device.kind)).float()
    words, inside = logits[: len(taught)], logits[len(taught) :]
    zero = logits.sum() * 0
    labels = torch.tensor(labels, device=device.kind)
    weights = torch.tensor(weights, device=device.kind)
    cross_entropy = (F.cross_entropy(words, labels, reduction="none") * weights).sum() / weights.sum() if taught else zero
    right = (words.argmax(-1) == labels).float().mean() if taught else torch.ones(())
    if not kept:
        return cross_entropy, zero, right
    with torch.no_grad():
        ids, width = pad([prompt + plain for prompt, plain in kept_rows])
        positions = []
        for i, (prompt, plain) in enumerate(kept_rows):
            start = i * width + len(prompt) - 1
            positions += range(start, start + len(plain))
        model.switch_adapter(False)
        base = model.logits_at(ids.to(device.kind), torch.tensor(positions, device=device.kind)).float().log_softmax(-1)
        model.switch_adapter(True)
    return cross_entropy, F.kl_div(inside.log_softmax(-1), base, log_target=True, reduction="batchmean"), right


class Matrices:
    """The adapter's matrices as a part of the checkpoint."""

    def __init__(self, matrices):
        self.matrices = matrices

    def state_dict(self):
        return [matrix.detach() for matrix in self.matrices]

    @torch.no_grad()
    def load_state_dict(self, saved):
        for matrix, value in zip(self.matrices, saved):
            matrix.copy_(value)


def train(model, rows, options, identity, device):
    matrices = model.adapt(RANK, ALPHA, FIRST_BLOCK)
    device.place(model)
    for block in model.blk:
        for name, part in block.named_children():
            if getattr(part, "lora", None):
                part.lora = tuple(torch.nn.Parameter(m.detach().to(device.kind)) for m in part.lora)
    matrices = [matrix for pair in model.updates().values() for matrix in pair]
    optimizer = torch.optim.AdamW(matrices, lr=LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.0)
    plan = [batch for epoch in range(options.epochs) for batch in batches(rows, epoch)]
    options.minutes, options.steps = None, min(options.steps or len(plan), len(plan))
    run = Run(options, identity, {"matrices": Matrices(matrices), "optimizer": optimizer})
    for step in run:
        rate = LEARNING_RATE * min(1, (step + 1) / WARM_UP_STEPS) * max(0.02, 1 - step / run.steps)
        for group in optimizer.param_groups:
            group["lr"] = rate
        cross_entropy, divergence, right = losses(model, plan[step], device)
        first, last = DIVERGENCE_WEIGHTS
        weight = first + (last - first) * run.progress
        optimizer.zero_grad(set_to_none=True)
        (cross_entropy + weight * divergence).backward()
        torch.nn.utils.clip_grad_norm_(matrices, 1.0)
        optimizer.step()
        tokens = sum(length(row) for row in plan[step])
        run.did(tokens, taught=cross_entropy.detach(), right=right, fromBase=divergence.detach())
    model.to("cpu")
    for block in model.blk:
        for part in block.children():
            if getattr(part, "lora", None):
                part.lora = tuple(torch.nn.Parameter(m.detach().cpu()) for m in part.lora)
    return run


def write_jsonl(path, examples):
    """Chat JSONL: one `{"messages": [...]}` a line, the assistant's message last."""
    with open(path, "w", encoding="utf-8") as file:
        for example in examples:
            answer = "".join(text for text, _ in example["parts"])
            messages = [*example["messages"], {"role": "assistant", "content": answer}]
            row = {"kind": example["kind"], "expect": example["expect"], "labels": example.get("labels", {}), "messages": messages}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def main():
    options = settings()
    work = Path(options.work)
    work.mkdir(parents=True, exist_ok=True)
    require_space(work, 200e6)
    module = importlib.import_module("adapters." + options.name.replace("-", "_"))
    card = json.loads((Path(options.base) / f"{BASE}.card.json").read_text())
    sections = read_sections(options.corpus)
    base_path = Path(options.base) / card["file"]
    metadata, tensors = read_gguf(base_path)
    tokenizer = Tokenizer(metadata)
    examples, held_out = make(module, sections, card, tokenizer, options.examples, options.held_out)
    write_jsonl(work / "train.jsonl", examples)
    write_jsonl(work / "held-out.jsonl", held_out)
    rows = [row for row in (encode(example, tokenizer) for example in examples) if row]
    if len(rows) < 0.95 * len(examples):
        sys.exit(f"only {len(rows)} of {len(examples)} answers keep the tokens of their parts apart: choose other separators")
    model = Llama(Shape.read(metadata)).load(tensors)
    device = choose_device(options.threads or (1 if not torch.cuda.is_available() else None), options.precision, options.device)
    data = hashlib.sha256((work / "train.jsonl").read_bytes()).hexdigest()
    run = train(model, rows, options, [data, card["sha256"], options.steps, options.epochs], device)
    out = work / f"{options.name}.gguf"
    updates = {name: (a.detach().numpy(), b.detach().numpy()) for name, (a, b) in model.updates().items()}
    write_adapter(out, options.name, metadata["general.architecture"], ALPHA, updates)
    agreement = []
    for example in held_out[:: max(1, len(held_out) // AGREEMENT_PROMPTS)]:
        row = {"prompt": tokenizer.chat(example["messages"])}
        for key, adapted in (("base", False), ("adapted", True)):
            model.switch_adapter(adapted)
            row[key] = greedy(model, row["prompt"], tokenizer.end)
        agreement.append(row)
    (work / "agreement.json").write_text(json.dumps(agreement))
    # For the comparison: on a Q8_0 base llama.cpp rounds activations to 8 bits, on this one nothing to less than 16.
    Llama(model.shape).load(tensors).save(work / EXACT_BASE, BASE, tokenizer, CHAT_TEMPLATE, kind=F16)
    made = {
        "name": options.name,
        "description": module.DESCRIPTION,
        "base": BASE,
        "basePath": str(base_path),
        "exactBase": EXACT_BASE,
        "rank": RANK,
        "alpha": ALPHA,
        "form": module.FORM,
        "dataset": {"sha256": data, "examples": len(examples)},
        "run": run.summary(),
    }
    (work / "made.json").write_text(json.dumps(made, indent=2))
    print(f"wrote {out} ({out.stat().st_size} bytes)", flush=True)


if __name__ == "__main__":
    main()
