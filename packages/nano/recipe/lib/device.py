"""Where to compute and in what precision: CUDA in bf16 with compiled kernels; a CPU in fp32, or bf16 where it multiplies it."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

import torch


@dataclass
class Device:
    kind: str
    precision: str
    compiled: bool
    label: str

    def precise(self):
        """Matrix products run in bf16 inside, weights stay fp32 outside."""
        if self.precision == "fp32":
            return contextlib.nullcontext()
        return torch.autocast(self.kind, dtype=torch.bfloat16)

    def compile(self, function):
        return torch.compile(function) if self.compiled else function

    def place(self, model):
        """Where it learns, with the fastest operations there."""
        model.to(self.kind)
        if self.kind == "cpu" and self.precision == "fp32":
            model.fuse()

    def tensor(self, array):
        tensor = torch.from_numpy(array)
        if self.kind == "cuda":
            return tensor.pin_memory().to("cuda", non_blocking=True)
        return tensor


def has_bf16(cpu_info=Path("/proc/cpuinfo")):
    """Without these instructions bf16 is emulated and slower than fp32."""
    if not cpu_info.exists():
        return False
    flags = next((line for line in cpu_info.read_text().split("\n") if line.startswith("flags")), "").split()
    return "amx_bf16" in flags or "avx512_bf16" in flags


def choose_device(threads=None, precision="auto", wanted="auto"):
    if wanted == "cuda" and not torch.cuda.is_available():
        raise SystemExit("--device cuda was asked for, but PyTorch sees no CUDA GPU: leave it out to train on the CPU")
    cuda = torch.cuda.is_available() if wanted == "auto" else wanted == "cuda"
    if threads:
        torch.set_num_threads(threads)
    if cuda:
        torch.backends.cuda.matmul.allow_tf32 = True
        precision = "bf16" if precision == "auto" else precision
        return Device("cuda", precision, hasattr(torch, "compile"), torch.cuda.get_device_name(0))
    # Debian's PyTorch 1.13 on small matrices loses more to conversions than bf16 gains: see README.md.
    precision = "fp32" if precision == "auto" else precision
    return Device("cpu", precision, False, f"CPU, {torch.get_num_threads()} threads")
