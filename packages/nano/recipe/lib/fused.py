"""The C kernels of kernels.c as PyTorch operations, for training on a CPU; None where no C compiler is.

Training the first base's shape with them took 0.43 of the processor time of PyTorch 1.13's own operations (README.md), and
tests/test_models.py compares results and gradients.
"""

import ctypes
import os
import shutil
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

import torch

SOURCE = Path(__file__).with_name("kernels.c")
# -ffast-math lets sums and exponentials use vector registers; infinities are needed for masks.
FLAGS = ["-O3", "-march=native", "-ffast-math", "-fno-finite-math-only", "-fopenmp", "-shared", "-fPIC"]
# What attention_forward takes: rows of a multiple of this many tokens, heads of a multiple of this many numbers.
LENGTH_STEP, WIDTH_STEP = 32, 32
NORM_PARTS = 8


@lru_cache
def kernels():
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        return None
    # A folder of this process alone: a library is code.
    folder = Path(tempfile.mkdtemp(prefix="nano-kernels-"))
    library = folder / "kernels.so"
    try:
        made = subprocess.run([compiler, *FLAGS, str(SOURCE), "-o", str(library), "-lm"], capture_output=True, text=True)
        if made.returncode != 0:
            print(f"kernels.c does not compile here, so PyTorch's own operations are used: {made.stderr[:300]}", flush=True)
            return None
        return ctypes.CDLL(str(library))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def call(name, *values):
    getattr(kernels(), name)(*(to_c(value) for value in values))


def to_c(value):
    if isinstance(value, torch.Tensor):
        assert value.dtype == torch.float32 and value.is_contiguous()
        return ctypes.c_void_p(value.data_ptr())
    return ctypes.c_float(value) if isinstance(value, float) else ctypes.c_long(value)


class Attention(torch.autograd.Function):
    """Causal attention over q, k, v [batch, length, heads * width], pairs of q and k turned by their place."""

    @staticmethod
    def forward(ctx, q, k, v, cosines, sines, heads):
        batch, length, all_widths = q.shape
        out, logs = torch.empty_like(q), q.new_empty(batch, heads, length)
        ctx.sizes = (batch, length, heads, all_widths // heads)
        call("attention_forward", *ctx.sizes, q, k, v, cosines, sines, out, logs)
        ctx.save_for_backward(q, k, v, cosines, sines, out, logs)
        return out

    @staticmethod
    def backward(ctx, dout):
        q, k, v, cosines, sines, out, logs = ctx.saved_tensors
        dq, dk, dv = torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
        call("attention_backward", *ctx.sizes, q, k, v, cosines, sines, out, logs, dout.contiguous(), dq, dk, dv)
        return dq, dk, dv, None, None, None


class Norm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, epsilon):
        y, inverse = torch.empty_like(x), x.new_empty(x.shape[:-1])
        call("norm_forward", inverse.numel(), x.shape[-1], x, weight, epsilon, y, inverse)
        ctx.save_for_backward(x, weight, inverse)
        return y

    @staticmethod
    def backward(ctx, dy):
        x, weight, inverse = ctx.saved_tensors
        dx, dweight = torch.empty_like(x), x.new_empty(NORM_PARTS, x.shape[-1])
        call("norm_backward", inverse.numel(), x.shape[-1], x, weight, inverse, dy.contiguous(), dx, dweight, NORM_PARTS)
        return dx, dweight.sum(0), None


class SwiGlu(torch.autograd.Function):
    @staticmethod
    def forward(ctx, gate, up):
        y = torch.empty_like(gate)
        call("swiglu_forward", gate.numel(), gate, up, y)
        ctx.save_for_backward(gate, up)
        return y

    @staticmethod
    def backward(ctx, dy):
        gate, up = ctx.saved_tensors
        dgate, dup = torch.empty_like(gate), torch.empty_like(up)
        call("swiglu_backward", gate.numel(), gate, up, dy.contiguous(), dgate, dup)
        return dgate, dup
