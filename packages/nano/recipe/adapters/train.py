"""Trains the adapter and writes it as GGUF, with what score.mjs needs beside it. See README.md.

The loss is on the assistant's tokens alone. Around the answer it is cross-entropy on the house's words. Within an answer
from sources it is the divergence from what the base itself would say there, so that the adapter changes the voice and
leaves the base's choice of evidence as it is.
"""

import argparse
import hashlib
import json
import os
import random
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from examples import CLOSING, OPENING, SEPARATOR, make, read_sections, wrapped, write_jsonl
from gguf import read_gguf, write_adapter
from llama import Llama
from tokenizer import Tokenizer

PACKAGE = Path(__file__).resolve().parents[2]
BASE = "nano-base"
NAME = "support-voice"
RANK, ALPHA = 4, 8.0
BATCH_TOKENS = 2048
LEARNING_RATE = 2e-3
WARM_UP_STEPS = 20
# Weight of the divergence, rising over the run: at 4 from the start it drowned the house's words (kept by 39 % of chats
# after 147 steps), at 1 throughout a third of the base's answers changed.
DIVERGENCE_WEIGHTS = (1, 4)
SAVE_EVERY = 50
AGREEMENT_PROMPTS = 12
SECONDS_BETWEEN_LINES = 10


def settings():
    parser = argparse.ArgumentParser(description=__doc__)
    shared = os.environ.get("ADVISOR_SHARED", str(PACKAGE.parents[2] / "shared"))
    parser.add_argument("--corpus", default=f"{shared}/corpus/natural.jsonl.gz")
    parser.add_argument("--work", default="/tmp/support-voice", help="checkpoint and data; run again to resume")
    parser.add_argument("--examples", type=int, default=5000)
    parser.add_argument("--held-out", type=int, default=60, help="of each kind")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def encode(example, tokenizer):
    """Token ids of the chat as the adapter should write it, and of the base's own answer to it."""
    prompt = tokenizer.chat(example["messages"])
    answer = tokenizer.encode(example["answer"])
    before = tokenizer.encode(OPENING + SEPARATOR)
    after = [*tokenizer.encode(SEPARATOR + CLOSING), tokenizer.end]
    if before + answer + after[:-1] != tokenizer.encode(wrapped(example["answer"])):
        raise SystemExit("opening, answer and closing do not keep their tokens apart: choose another separator")
    return {"prompt": prompt, "before": before, "answer": answer, "after": after, "taught": example["taught"]}


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


def length(row):
    return sum(len(row[part]) for part in ("prompt", "before", "answer", "after"))


def pad(sequences):
    longest = max(map(len, sequences))
    return torch.tensor([ids + [0] * (longest - len(ids)) for ids in sequences]), longest


def losses(model, batch):
    """-> cross-entropy on the house's words, divergence from the base within answers from sources, words right."""
    wrapped_rows, width = pad([row["prompt"] + row["before"] + row["answer"] + row["after"] for row in batch])
    taught, labels, kept = [], [], []
    for i, row in enumerate(batch):
        start = i * width + len(row["prompt"]) - 1  # the position that predicts the first assistant token
        answer = start + len(row["before"])
        after = answer + len(row["answer"])
        taught += range(start, answer)
        labels += row["before"]
        if row["taught"]:
            taught += range(answer, after)
            labels += row["answer"]
        else:
            kept += range(answer, after)
        taught += range(after, after + len(row["after"]))
        labels += row["after"]
    logits = model.forward(wrapped_rows, torch.tensor(taught + kept))
    words, inside = logits[: len(taught)], logits[len(taught) :]
    labels = torch.tensor(labels)
    cross_entropy = F.cross_entropy(words, labels)
    right = (words.argmax(-1) == labels).float().mean().item()
    if not kept:
        return cross_entropy, torch.zeros(()), right
    with torch.no_grad():
        sourced = [row for row in batch if not row["taught"]]
        plain, width = pad([row["prompt"] + row["answer"] for row in sourced])
        positions = []
        for i, row in enumerate(sourced):
            start = i * width + len(row["prompt"]) - 1
            positions += range(start, start + len(row["answer"]))
        base = model.forward(plain, torch.tensor(positions), adapted=False).log_softmax(-1)
    divergence = F.kl_div(inside.log_softmax(-1), base, log_target=True, reduction="batchmean")
    return cross_entropy, divergence, right


def train(model, rows, options, work):
    checkpoint = work / "checkpoint.pt"
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.0)
    plan = [batch for epoch in range(options.epochs) for batch in batches(rows, epoch)]
    step, seconds, tokens = 0, 0.0, 0
    if checkpoint.exists():
        saved = torch.load(checkpoint)
        if saved["steps"] != len(plan):
            raise SystemExit(f"{checkpoint} belongs to a run with other settings: remove it or restore them")
        step, seconds, tokens = saved["step"], saved["seconds"], saved["tokens"]
        optimizer.load_state_dict(saved["optimizer"])
        with torch.no_grad():
            for matrix, value in zip(model.parameters(), saved["matrices"]):
                matrix.copy_(value)
        print(f"resumed at step {step} of {len(plan)}", flush=True)

    def save():
        torch.save(
            {
                "matrices": model.parameters(),
                "optimizer": optimizer.state_dict(),
                "step": step,
                "steps": len(plan),
                "seconds": seconds,
                "tokens": tokens,
            },
            str(checkpoint) + ".new",
        )
        os.replace(str(checkpoint) + ".new", checkpoint)

    told = 0.0
    while step < len(plan):
        began = time.monotonic()
        rate = LEARNING_RATE * min(1, (step + 1) / WARM_UP_STEPS) * max(0.02, 1 - step / len(plan))
        for group in optimizer.param_groups:
            group["lr"] = rate
        cross_entropy, divergence, right = losses(model, plan[step])
        first, last = DIVERGENCE_WEIGHTS
        weight = first + (last - first) * step / len(plan)
        optimizer.zero_grad(set_to_none=True)
        (cross_entropy + weight * divergence).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        tokens += sum(length(row) for row in plan[step])
        step += 1
        seconds += time.monotonic() - began
        if time.monotonic() - told > SECONDS_BETWEEN_LINES or step == len(plan):
            told = time.monotonic()
            print(
                f"step {step} of {len(plan)}, {seconds:.0f} s, {tokens / seconds:.0f} tokens/s, "
                f"words {cross_entropy.item():.3f} ({right:.3f} right), from base {divergence.item():.4f}",
                flush=True,
            )
        if step % SAVE_EVERY == 0 or step == len(plan):
            save()
    return {"seconds": round(seconds), "tokens": tokens, "steps": len(plan)}


@torch.no_grad()
def greedy(model, ids, end, adapted, limit=96):
    """-> tokens, and for each how far its logit stood above the next best."""
    written, margins = [], []
    while len(written) < limit and end not in written:
        sequence = torch.tensor([ids + written])
        logits = model.forward(sequence, torch.tensor([sequence.shape[1] - 1]), adapted)[0]
        (best, second), (token, _) = (part.tolist() for part in logits.topk(2))
        written.append(token)
        margins.append(round(best - second, 3))
    return {"tokens": written, "margins": margins}


def main():
    options = settings()
    work = Path(options.work)
    work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    card = json.loads((PACKAGE / f"models/{BASE}.card.json").read_text())
    sections = read_sections(options.corpus)
    metadata, tensors = read_gguf(PACKAGE / "models" / card["file"])
    tokenizer = Tokenizer(metadata)
    examples, held_out = make(sections, card, metadata, options.examples, options.held_out)
    write_jsonl(work / "train.jsonl", examples)
    write_jsonl(work / "held-out.jsonl", held_out)
    model = Llama(metadata, tensors, RANK, ALPHA)
    run = train(model, [encode(example, tokenizer) for example in examples], options, work)
    out = work / f"{NAME}.gguf"
    updates = {name: (a.detach().numpy(), b.detach().numpy()) for name, (a, b) in model.lora.items()}
    write_adapter(out, NAME, metadata["general.architecture"], ALPHA, updates)
    agreement = []
    for example in held_out[:: max(1, len(held_out) // AGREEMENT_PROMPTS)]:
        prompt = tokenizer.chat(example["messages"])
        row = {"prompt": prompt}
        for key, adapted in (("base", False), ("adapted", True)):
            row[key] = greedy(model, prompt, tokenizer.end, adapted)
        agreement.append(row)
    (work / "agreement.json").write_text(json.dumps(agreement))
    made = {
        "name": NAME,
        "base": BASE,
        "rank": RANK,
        "alpha": ALPHA,
        "form": {"type": "wrapped", "opening": [OPENING], "closing": [CLOSING], "separator": SEPARATOR},
        "dataset": {
            "sha256": hashlib.sha256((work / "train.jsonl").read_bytes()).hexdigest(),
            "examples": len(examples),
        },
        "run": run,
    }
    (work / "made.json").write_text(json.dumps(made, indent=2))
    print(f"wrote {out} ({out.stat().st_size} bytes)", flush=True)


main()
