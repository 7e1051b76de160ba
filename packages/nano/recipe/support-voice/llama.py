"""Llama forward pass with LoRA in PyTorch, as llama.cpp computes it: RMSNorm, interleaved RoPE pairs, SwiGLU."""

import math

import torch
import torch.nn.functional as F

ADAPTED = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"]


class Llama:
    def __init__(self, metadata, tensors, rank, alpha):
        if metadata["general.architecture"] != "llama":
            raise SystemExit("this recipe trains on a base of the architecture llama")
        self.blocks = metadata["llama.block_count"]
        self.heads = metadata["llama.attention.head_count"]
        if metadata["llama.attention.head_count_kv"] != self.heads:
            raise SystemExit("this recipe has no grouped-query attention")
        self.epsilon = metadata["llama.attention.layer_norm_rms_epsilon"]
        width = metadata["llama.embedding_length"] // self.heads
        frequencies = metadata["llama.rope.freq_base"] ** (-torch.arange(0, width, 2).float() / width)
        angles = torch.arange(metadata["llama.context_length"]).float()[:, None] * frequencies
        self.cos, self.sin = angles.cos(), angles.sin()
        self.weights = {name: torch.from_numpy(array) for name, array in tensors.items()}
        self.head = self.weights.get("output.weight", self.weights["token_embd.weight"])
        self.scale = alpha / rank
        self.lora = {}
        generator = torch.Generator().manual_seed(0)
        for block in range(self.blocks):
            for name in ADAPTED:
                tensor = f"blk.{block}.{name}.weight"
                out, into = self.weights[tensor].shape
                a = torch.randn(rank, into, generator=generator) / math.sqrt(into)
                # B starts at zero, so the first step starts from the base itself (Hu et al. 2021, section 4.1).
                self.lora[tensor] = (a.requires_grad_(), torch.zeros(out, rank, requires_grad=True))

    def parameters(self):
        return [matrix for pair in self.lora.values() for matrix in pair]

    def forward(self, ids, positions, adapted=True):
        """ids [batch, length], right-padded -> logits [n, vocabulary] at the flat `positions`."""
        batch, length = ids.shape
        mask = torch.full((length, length), float("-inf")).triu(1)
        x = F.embedding(ids, self.weights["token_embd.weight"])
        for block in range(self.blocks):
            prefix = f"blk.{block}."

            def linear(value, name):
                tensor = f"{prefix}{name}.weight"
                result = F.linear(value, self.weights[tensor])
                if adapted:
                    a, b = self.lora[tensor]
                    result = result + F.linear(F.linear(value, a), b * self.scale)
                return result

            h = self.norm(x, prefix + "attn_norm.weight")
            q, k, v = (self.split(linear(h, name)) for name in ADAPTED[:3])
            q, k = self.rotate(q), self.rotate(k)
            scores = torch.matmul(q, k.transpose(-1, -2)) / math.sqrt(q.shape[-1]) + mask
            h = torch.matmul(scores.softmax(-1), v).transpose(1, 2).reshape(batch, length, -1)
            x = x + linear(h, "attn_output")
            h = self.norm(x, prefix + "ffn_norm.weight")
            x = x + linear(F.silu(linear(h, "ffn_gate")) * linear(h, "ffn_up"), "ffn_down")
        x = x.reshape(batch * length, -1)[positions]
        return F.linear(self.norm(x, "output_norm.weight"), self.head)

    def norm(self, x, name):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.epsilon) * self.weights[name]

    def split(self, x):
        batch, length, width = x.shape
        return x.view(batch, length, self.heads, width // self.heads).transpose(1, 2)

    def rotate(self, x):
        cos, sin = self.cos[: x.shape[2]], self.sin[: x.shape[2]]
        even, odd = x[..., 0::2], x[..., 1::2]
        return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)
