"""A training run that may be stopped at any time: checkpoint, resume, budget, log."""

import hashlib
import json
import os
import random
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import torch

SECONDS_BETWEEN_LINES = 10
SECONDS_BETWEEN_CHECKPOINTS = 60


class Stopped(SystemExit):
    """The run is not over: what it has is saved, and the same command goes on."""


def require(path, what, how):
    if not Path(path).exists():
        raise SystemExit(f"{path} is not there: {what}. {how}")


def require_space(folder, bytes_needed):
    free = shutil.disk_usage(folder).free
    if free < bytes_needed:
        raise SystemExit(
            f"{folder} has {free / 1e6:.0f} MB free and this run needs {bytes_needed / 1e6:.0f} MB "
            "for its data and checkpoints: free some, or name another folder with --work"
        )


def replace_whole(path, write):
    """`write(file)` into a neighbour, then one rename: a reader sees the old file or the new one, never half."""
    new = f"{path}.new"
    with open(new, "wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)


def add_run_arguments(parser, work, steps=None, minutes=None):
    parser.add_argument("--work", default=work, help="data, checkpoint and results; run again to resume")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, default=steps, help="length of the whole run")
    length.add_argument("--minutes", type=float, default=minutes, help="length of the whole run in training time")
    parser.add_argument("--stop-after", type=float, help="minutes after which this call saves and ends; run again to go on")
    parser.add_argument("--threads", type=int, help="CPU threads; default PyTorch's own")
    parser.add_argument("--device", choices=["auto", "cuda", "cpu"], default="auto")
    parser.add_argument("--precision", choices=["auto", "fp32", "bf16"], default="auto")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--smoke", action="store_true", help="a tiny run of everything, under a minute on a CPU")


class Run:
    """Counts steps and training time over all of its calls, saves on a clock and on SIGTERM or SIGINT.

    With `steps` the run is the same each time, stopped or not. With `minutes` the schedule follows training time.
    `identity` is whatever must not change between calls; a checkpoint made with another identity is refused.
    """

    def __init__(self, options, identity, state):
        self.work = Path(options.work)
        self.work.mkdir(parents=True, exist_ok=True)
        self.steps, self.minutes = options.steps, options.minutes
        if self.steps is None and self.minutes is None:
            raise SystemExit("say how long the run is: --steps N or --minutes M")
        self.stop_after = options.stop_after
        self.identity = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
        self.state = state
        self.path = self.work / "checkpoint.pt"
        self.step, self.seconds, self.tokens = 0, 0.0, 0
        self.called = self.saved = time.monotonic()
        self.told, self.told_tokens, self.told_seconds = 0.0, 0, 0.0
        self.wanted_stop = None
        random.seed(options.seed)
        np.random.seed(options.seed % 2**32)
        torch.manual_seed(options.seed)
        self.resume()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda number, _: setattr(self, "wanted_stop", signal.Signals(number).name))

    def resume(self):
        if not self.path.exists():
            return
        saved = torch.load(self.path, map_location="cpu")
        if saved["identity"] != self.identity:
            raise SystemExit(
                f"{self.path} belongs to a run with other settings: restore them, remove it, or name another --work"
            )
        self.step, self.seconds, self.tokens = saved["step"], saved["seconds"], saved["tokens"]
        for name, part in self.state.items():
            part.load_state_dict(saved["state"][name])
        self.told_tokens, self.told_seconds = self.tokens, self.seconds
        print(f"resumed at step {self.step}, {self.seconds:.0f} s, {self.tokens / 1e6:.2f} M tokens", flush=True)

    def save(self):
        whole = {
            "identity": self.identity,
            "step": self.step,
            "seconds": self.seconds,
            "tokens": self.tokens,
            "state": {name: part.state_dict() for name, part in self.state.items()},
        }
        replace_whole(self.path, lambda file: torch.save(whole, file))
        self.saved = time.monotonic()

    @property
    def progress(self):
        """0 to 1 over the whole run."""
        if self.steps is not None:
            return min(1.0, self.step / self.steps)
        return min(1.0, self.seconds / (60 * self.minutes))

    def __iter__(self):
        """One item a step. Whoever iterates calls `did` before the next."""
        while self.progress < 1:
            if self.wanted_stop or (self.stop_after and time.monotonic() - self.called > 60 * self.stop_after):
                self.save()
                raise Stopped(f"stopped by {self.wanted_stop or '--stop-after'} at {self.progress:.1%}: run it again to go on")
            self.began = time.monotonic()
            yield self.step
        self.save()

    def did(self, tokens, **measures):
        self.step += 1
        self.tokens += tokens
        self.seconds += time.monotonic() - self.began
        now = time.monotonic()
        if now - self.told > SECONDS_BETWEEN_LINES or self.progress >= 1:
            self.tell(now, measures)
        if now - self.saved > SECONDS_BETWEEN_CHECKPOINTS:
            self.save()

    def tell(self, now, measures):
        """Measures may be tensors: they are read here alone, since each reading waits for the GPU."""
        line = {
            "step": self.step,
            "progress": round(self.progress, 4),
            "seconds": round(self.seconds, 1),
            "tokens": self.tokens,
            "tokensPerSecond": round((self.tokens - self.told_tokens) / max(1e-9, self.seconds - self.told_seconds)),
            **{name: round(float(value), 4) for name, value in measures.items()},
        }
        self.told, self.told_tokens, self.told_seconds = now, self.tokens, self.seconds
        with open(self.work / "log.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        print("  ".join(f"{name} {value}" for name, value in line.items()), flush=True)

    def summary(self):
        return {"steps": self.step, "seconds": round(self.seconds), "tokens": self.tokens}


def write_made(work, name, model, run, device, sections, **more):
    """What the card says of a model that was just exported."""
    made = {
        "name": name, "shape": model.describe(), "run": run.summary(), "device": device.label, "sections": len(sections),
        "sentences": sum(len(section.sentences) for section in sections),
        "sources": sorted({section.source for section in sections}), **more,
    }  # fmt: skip
    (work / "made.json").write_text(json.dumps(made, indent=2))


def scheduled(progress, step, peak, warm_up=100, decay=0.4, floor=0.02):
    """Learning rate: linear warm-up by steps, flat, then linear decay over the last `decay` of the run."""
    return peak * min(1, (step + 1) / warm_up) * max(floor, min(1, (1 - progress) / decay))
