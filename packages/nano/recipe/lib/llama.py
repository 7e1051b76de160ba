"""The llama architecture in PyTorch, as llama.cpp computes it: RMSNorm, interleaved RoPE pairs, SwiGLU, tied embeddings.

One model serves the base's training and the adapters': weights carry their GGUF names, `adapt` adds LoRA beside them.
"""

import math
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import nn

from lib import fused, gguf

ADAPTED = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"]
FLASH = hasattr(F, "scaled_dot_product_attention")


@dataclass
class Shape:
    vocabulary: int
    width: int = 512
    blocks: int = 8
    heads: int = 8
    feed_forward: int = 1408
    context: int = 2048
    # A large base: with 10,000 and narrow heads too few dimensions turn slowly enough to match words 500 tokens away.
    rope_base: float = 1e6
    epsilon: float = 1e-5

    def parameters(self):
        block = 4 * self.width**2 + 3 * self.width * self.feed_forward + 2 * self.width
        return self.vocabulary * self.width + self.blocks * block + self.width

    def metadata(self):
        return {
            "general.architecture": "llama",
            "llama.context_length": self.context,
            "llama.embedding_length": self.width,
            "llama.block_count": self.blocks,
            "llama.feed_forward_length": self.feed_forward,
            "llama.attention.head_count": self.heads,
            "llama.attention.head_count_kv": self.heads,
            "llama.attention.layer_norm_rms_epsilon": float(self.epsilon),
            "llama.rope.dimension_count": self.width // self.heads,
            "llama.rope.freq_base": float(self.rope_base),
            "llama.vocab_size": self.vocabulary,
        }

    @staticmethod
    def read(metadata):
        if metadata["general.architecture"] != "llama":
            raise SystemExit("this recipe trains on a base of the architecture llama")
        if metadata["llama.attention.head_count_kv"] != metadata["llama.attention.head_count"]:
            raise SystemExit("this recipe has no grouped-query attention")
        return Shape(
            vocabulary=len(metadata["tokenizer.ggml.tokens"]),
            width=metadata["llama.embedding_length"],
            blocks=metadata["llama.block_count"],
            heads=metadata["llama.attention.head_count"],
            feed_forward=metadata["llama.feed_forward_length"],
            context=metadata["llama.context_length"],
            rope_base=metadata["llama.rope.freq_base"],
            epsilon=metadata["llama.attention.layer_norm_rms_epsilon"],
        )


class Norm(nn.Module):
    def __init__(self, width, epsilon):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon
        self.fused = False

    def forward(self, x):
        if self.fused:
            return fused.Norm.apply(x.contiguous(), self.weight, self.epsilon)
        wide = x.float()
        return (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self.epsilon) * self.weight).to(x.dtype)


class Linear(nn.Linear):
    """A matrix without bias, and LoRA beside it once `adapt` was called."""

    def __init__(self, into, out):
        super().__init__(into, out, bias=False)
        self.lora = None

    def adapt(self, rank, alpha, generator):
        a = torch.randn(rank, self.in_features, generator=generator) / math.sqrt(self.in_features)
        # B starts at zero, so the first step starts from the base itself (Hu et al. 2021, section 4.1).
        self.lora = (nn.Parameter(a), nn.Parameter(torch.zeros(self.out_features, rank)))
        self.scale = alpha / rank
        self.active = True

    def forward(self, x):
        result = F.linear(x, self.weight)
        if self.lora is not None and self.active:
            a, b = self.lora
            result = result + F.linear(F.linear(x, a), b * self.scale)
        return result


def rotate(x, cos, sin):
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2).to(x.dtype)


def attend(q, k, v):
    if FLASH:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    length = q.shape[-2]
    mask = torch.full((length, length), float("-inf"), device=q.device).triu(1)
    scores = torch.matmul(q, k.transpose(-1, -2)).float() / math.sqrt(q.shape[-1]) + mask
    return torch.matmul(scores.softmax(-1).to(v.dtype), v)


class Block(nn.Module):
    def __init__(self, shape):
        super().__init__()
        width, inner = shape.width, shape.feed_forward
        self.heads, self.fused = shape.heads, False
        self.attn_norm, self.ffn_norm = Norm(width, shape.epsilon), Norm(width, shape.epsilon)
        self.attn_q, self.attn_k, self.attn_v = (Linear(width, width) for _ in range(3))
        self.attn_output = Linear(width, width)
        self.ffn_gate, self.ffn_up, self.ffn_down = Linear(width, inner), Linear(width, inner), Linear(inner, width)

    def after_attention(self, x, cos, sin):
        batch, length, width = x.shape
        h = self.attn_norm(x)
        q, k, v = (part(h) for part in (self.attn_q, self.attn_k, self.attn_v))
        if self.fused and length % fused.LENGTH_STEP == 0:
            h = fused.Attention.apply(q, k, v, cos, sin, self.heads)
        else:
            q, k, v = (part.view(batch, length, self.heads, width // self.heads).transpose(1, 2) for part in (q, k, v))
            h = attend(rotate(q, cos, sin), rotate(k, cos, sin), v).transpose(1, 2).reshape(batch, length, width)
        return x + self.attn_output(h)

    def after_feed_forward(self, x):
        h = self.ffn_norm(x)
        gate, up = self.ffn_gate(h), self.ffn_up(h)
        return x + self.ffn_down(fused.SwiGlu.apply(gate, up) if self.fused else F.silu(gate) * up)

    def forward(self, x, cos, sin):
        return self.after_feed_forward(self.after_attention(x, cos, sin))


class Llama(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.width)
        self.blk = nn.ModuleList(Block(shape) for _ in range(shape.blocks))
        self.output_norm = Norm(shape.width, shape.epsilon)
        width = shape.width // shape.heads
        frequencies = shape.rope_base ** (-torch.arange(0, width, 2).float() / width)
        angles = torch.arange(shape.context).float()[:, None] * frequencies
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def initialise(self, seed):
        """Normal, 0.02; what writes into the residual stream smaller by the number of writers (GPT-2)."""
        generator = torch.Generator().manual_seed(seed)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                last = name.endswith(("attn_output.weight", "ffn_down.weight"))
                deviation = 0.02 / (math.sqrt(2 * self.shape.blocks) if last else 1)
                with torch.no_grad():
                    weight.copy_(torch.randn(weight.shape, generator=generator) * deviation)
        return self

    def fuse(self):
        """Computes with the C kernels, where they compile, in float32 on a CPU. Weights and results stay the same."""
        if fused.kernels() is not None and self.shape.width // self.shape.heads % fused.WIDTH_STEP == 0:
            for part in self.modules():
                if isinstance(part, (Norm, Block)):
                    part.fused = True
        return self

    def hidden(self, ids):
        """ids [batch, length], right-padded -> [batch, length, width] before the head."""
        x = self.token_embd(ids)
        cos, sin = self.cos[: ids.shape[1]], self.sin[: ids.shape[1]]
        for block in self.blk:
            x = block(x, cos, sin)
        return self.output_norm(x)

    def forward(self, ids):
        return F.linear(self.hidden(ids), self.token_embd.weight)

    def logits_at(self, ids, positions):
        """Logits [n, vocabulary] at the flat `positions`: the head is paid for where it is wanted."""
        return F.linear(self.hidden(ids).flatten(0, 1)[positions], self.token_embd.weight)

    def adapt(self, rank, alpha, first_block=0, seed=0):
        """Freezes the base and puts LoRA beside the matrices of its blocks from `first_block` -> parameters to train."""
        generator = torch.Generator().manual_seed(seed)
        for weight in self.parameters():
            weight.requires_grad_(False)
        for block in self.blk[first_block:]:
            for name in ADAPTED:
                getattr(block, name).adapt(rank, alpha, generator)
        return [matrix for pair in self.updates().values() for matrix in pair]

    def updates(self):
        return {
            f"blk.{i}.{name}.weight": getattr(block, name).lora
            for i, block in enumerate(self.blk)
            for name in ADAPTED
            if getattr(block, name).lora
        }

    def switch_adapter(self, on):
        for block in self.blk:
            for name in ADAPTED:
                getattr(block, name).active = on

    def load(self, tensors):
        """Weights from a GGUF's tensors, dequantised."""
        if "output.weight" in tensors:
            raise SystemExit("this recipe ties the output head to the embeddings; the base has a head of its own")
        self.load_state_dict({name: torch.from_numpy(array) for name, array in tensors.items()})
        return self

    def save(self, path, name, tokenizer, chat_template, kind):
        """Norms stay F32; matrices are written as `kind`."""
        metadata = {
            **self.shape.metadata(),
            "general.name": name,
            "general.file_type": {gguf.F32: 0, gguf.F16: 1, gguf.Q8_0: 7}[kind],
            "general.quantization_version": 2,
            **tokenizer.metadata(),
            "tokenizer.chat_template": chat_template,
        }
        tensors = []
        for key, weight in self.state_dict().items():
            array = weight.detach().float().cpu().numpy()
            tensors.append((key, array, kind if array.ndim == 2 else gguf.F32))
        gguf.write_gguf(path, metadata, tensors)

    def describe(self):
        return asdict(self.shape)


@torch.no_grad()
def greedy(model, ids, end, limit=96):
    """-> tokens, and for each how far its logit stood above the next best."""
    written, margins = [], []
    while len(written) < limit and end not in written:
        sequence = torch.tensor([list(ids) + written])
        logits = model.logits_at(sequence, torch.tensor([sequence.shape[1] - 1]))[0]
        (best, second), (token, _) = (part.tolist() for part in logits.topk(2))
        written.append(token)
        margins.append(round(best - second, 3))
    return {"tokens": written, "margins": margins}
