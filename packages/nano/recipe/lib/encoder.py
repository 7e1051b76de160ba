"""A small bidirectional transformer over word pieces, for the embedder and the reranker, and the same as an ONNX graph.

Pre-norm, rotary positions (halves, not pairs), two-matrix feed forward. With no blocks it is a table of word vectors.
Its matrices are rounded to 8 bits when written; `rounded` gives the model that ships.
"""

import copy
import math
from dataclasses import asdict, dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from lib import onnx

MASKED = -1e4


@dataclass
class EncoderShape:
    vocabulary: int
    width: int = 256
    blocks: int = 4
    heads: int = 4
    feed_forward: int = 768
    # One number a text instead of a vector a token.
    scores: bool = False
    positions: int = 512
    rope_base: float = 1e4
    epsilon: float = 1e-5


class Block(nn.Module):
    def __init__(self, shape):
        super().__init__()
        width = shape.width
        self.heads = shape.heads
        self.before, self.between = nn.LayerNorm(width, shape.epsilon), nn.LayerNorm(width, shape.epsilon)
        self.q, self.k, self.v, self.o = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.up = nn.Linear(width, shape.feed_forward, bias=False)
        self.down = nn.Linear(shape.feed_forward, width, bias=False)

    def forward(self, x, cos, sin, mask):
        batch, length, width = x.shape
        h = self.before(x)
        q, k, v = (
            part(h).view(batch, length, self.heads, width // self.heads).transpose(1, 2) for part in (self.q, self.k, self.v)
        )
        q, k = turned(q, cos, sin), turned(k, cos, sin)
        if hasattr(F, "scaled_dot_product_attention"):
            h = F.scaled_dot_product_attention(q, k, v, attn_mask=mask.to(q.dtype))
        else:
            scores = torch.matmul(q, k.transpose(-1, -2)).float() / math.sqrt(q.shape[-1]) + mask
            h = torch.matmul(scores.softmax(-1).to(v.dtype), v)
        x = x + self.o(h.transpose(1, 2).reshape(batch, length, width))
        h = self.up(self.between(x))
        return x + self.down(h * torch.sigmoid(1.702 * h))


def turned(x, cos, sin):
    half = x.shape[-1] // 2
    other = torch.cat((-x[..., half:], x[..., :half]), -1)
    return (x * cos + other * sin).to(x.dtype)


class Encoder(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.table = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.blocks))
        self.last = nn.LayerNorm(shape.width, shape.epsilon) if shape.blocks else None
        self.head = nn.Linear(shape.width, 1, bias=True) if shape.scores else None
        size = shape.width // shape.heads
        angles = torch.arange(shape.positions)[:, None] * shape.rope_base ** (-torch.arange(0, size, 2).float() / size)
        angles = torch.cat((angles, angles), -1)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def initialise(self, seed):
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, weight in self.named_parameters():
                if weight.dim() == 2:
                    small = math.sqrt(2 * max(1, self.shape.blocks)) if name.endswith(("o.weight", "down.weight")) else 1
                    spread = 0.1 if name.startswith("table") else 0.03
                    weight.copy_(torch.randn(weight.shape, generator=generator) * spread / small)
        return self

    def forward(self, ids):
        """ids [batch, length], 0 is padding -> a vector a token; or a score a text, when it scores."""
        x = self.table(ids)
        mask = ((ids == 0).float() * MASKED)[:, None, None, :]
        cos, sin = self.cos[: ids.shape[1]], self.sin[: ids.shape[1]]
        for block in self.blocks:
            x = block(x, cos, sin, mask)
        if self.last is not None:
            x = self.last(x)
        return self.head(pooled(x, ids))[:, 0] if self.head is not None else x

    def embed(self, ids):
        return F.normalize(pooled(self(ids), ids).float(), dim=-1)

    def describe(self):
        return asdict(self.shape)

    def rounded(self):
        """As it will be after its matrices went through 8 bits."""
        model = copy.deepcopy(self).cpu()
        with torch.no_grad():
            for name, weight in model.named_parameters():
                if weight.dim() == 2 and not name.startswith("head"):
                    scale = weight.abs().amax(1, keepdim=True) / 127
                    scale[scale == 0] = 1
                    weight.copy_((weight / scale).round().clamp(-127, 127) * scale)
        return model


def pooled(x, ids):
    present = (ids != 0).to(x.dtype)[..., None]
    return (x * present).sum(1) / present.sum(1).clamp(min=1)


def bert_config(model, options, architecture):
    """`config.json` by which transformers.js knows the model."""
    return {
        "model_type": "bert", "architectures": [architecture], "hidden_size": options.width,
        "vocab_size": options.vocabulary, "num_hidden_layers": options.blocks, "num_attention_heads": model.shape.heads,
        "intermediate_size": options.feed_forward, "max_position_embeddings": 512, "pad_token_id": 0,
    }  # fmt: skip


def save_onnx(model, path, inputs=("input_ids", "attention_mask", "token_type_ids")):
    """The graph that transformers.js runs: a vector a token as last_hidden_state, or logits [batch, 1]."""
    shape, weights = model.shape, {name: part.detach().float().cpu().numpy() for name, part in model.state_dict().items()}
    graph = onnx.Graph("nano-encoder")
    ids, mask = (graph.input(name, onnx.INT64, ["batch", "sequence"]) for name in inputs[:2])
    for name in inputs[2:]:
        graph.input(name, onnx.INT64, ["batch", "sequence"])
    table = weights["table.weight"]
    scale = (np.abs(table).max(1, keepdims=True) / 127).astype(np.float32)
    scale[scale == 0] = 1
    packed = np.clip(np.rint(table / scale), -127, 127).astype(np.int8)
    rows = graph.add("Cast", graph.add("Gather", graph.constant("table", packed), ids), to=onnx.FLOAT)
    last = "last_hidden_state" if shape.blocks == 0 else None
    x = graph.add("Mul", rows, graph.add("Gather", graph.constant("table.scale", scale), ids), out=last)
    present = graph.add("Cast", mask, to=onnx.FLOAT)

    def constant(name, values, kind=np.float32):
        return graph.constant(name, np.array(values, kind))

    if shape.blocks:
        x = blocks_of(graph, shape, weights, ids, x, present, constant)
    if shape.scores:
        wide = graph.add("Unsqueeze", present, constant("axis", [2], np.int64))
        total = graph.add("ReduceSum", graph.add("Mul", x, wide), constant("second", [1], np.int64), keepdims=0)
        count = graph.add("ReduceSum", wide, constant("second.too", [1], np.int64), keepdims=0)
        mean = graph.add("Div", total, graph.add("Max", count, constant("one", [1.0])))
        score = graph.add("MatMul", mean, graph.constant("head", weights["head.weight"].T.copy()))
        graph.add("Add", score, graph.constant("head.bias", weights["head.bias"]), out="logits")
        graph.output("logits", onnx.FLOAT, ["batch", 1])
    else:
        graph.output("last_hidden_state", onnx.FLOAT, ["batch", "sequence", shape.width])
    graph.save(path)


def blocks_of(graph, shape, weights, ids, x, present, constant):
    heads, size = shape.heads, shape.width // shape.heads
    length = graph.add("Gather", graph.add("Shape", ids), constant("length.at", [1], np.int64), axis=0)
    start = constant("start", [0], np.int64)
    angles = np.arange(shape.positions)[:, None] * shape.rope_base ** (-np.arange(0, size, 2) / size)
    angles = np.concatenate((angles, angles), -1)
    cos = graph.add("Slice", constant("cos", np.cos(angles)), start, length, start)
    sin = graph.add("Slice", constant("sin", np.sin(angles)), start, length, start)
    hidden = graph.add("Mul", graph.add("Sub", constant("all", [1.0]), present), constant("masked", [MASKED]))
    hidden = graph.add("Unsqueeze", hidden, constant("head.axes", [1, 2], np.int64))
    apart, together = constant("apart", [0, 0, heads, size], np.int64), constant("together", [0, 0, shape.width], np.int64)
    half, whole = constant("half", [size // 2], np.int64), constant("whole", [size], np.int64)
    depth = constant("depth", [3], np.int64)
    root, bend = constant("root", [1 / math.sqrt(size)]), constant("bend", [1.702])

    def normal(value, name, out=None):
        scale, bias = (graph.constant(f"{name}.{part}", weights[f"{name}.{part}"]) for part in ("weight", "bias"))
        return graph.add("LayerNormalization", value, scale, bias, out=out, axis=-1, epsilon=shape.epsilon)

    def linear(value, name):
        return graph.add("MatMul", value, graph.matrix(name, weights[f"{name}.weight"].T))

    def turn(value):
        low = graph.add("Slice", value, start, half, depth)
        high = graph.add("Slice", value, half, whole, depth)
        other = graph.add("Concat", graph.add("Neg", high), low, axis=3)
        return graph.add("Add", graph.add("Mul", value, cos), graph.add("Mul", other, sin))

    for i in range(shape.blocks):
        name = f"blocks.{i}"
        h = normal(x, f"{name}.before")
        q, k, v = (
            graph.add("Transpose", graph.add("Reshape", linear(h, f"{name}.{part}"), apart), perm=[0, 2, 1, 3])
            for part in "qkv"
        )
        keys = graph.add("Transpose", turn(k), perm=[0, 1, 3, 2])
        scores = graph.add("Mul", graph.add("MatMul", turn(q), keys), root)
        shares = graph.add("Softmax", graph.add("Add", scores, hidden), axis=-1)
        h = graph.add("Reshape", graph.add("Transpose", graph.add("MatMul", shares, v), perm=[0, 2, 1, 3]), together)
        x = graph.add("Add", x, linear(h, f"{name}.o"))
        h = linear(normal(x, f"{name}.between"), f"{name}.up")
        h = graph.add("Mul", h, graph.add("Sigmoid", graph.add("Mul", h, bend)))
        x = graph.add("Add", x, linear(h, f"{name}.down"))
    return normal(x, "last", None if shape.scores else "last_hidden_state")
