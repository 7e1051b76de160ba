"""Reads a base model's GGUF (metadata and dequantised tensors) and writes a LoRA adapter as GGUF.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (version 3, little endian).
"""

import mmap
import struct

import numpy as np

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
UINT32, FLOAT32, STRING, ARRAY = 4, 6, 8, 9
F32, F16, Q8_0 = 0, 1, 8
Q8_0_BLOCK = 32


class Reader:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.at = 0

    def take(self, form):
        size = struct.calcsize("<" + form)
        (value,) = struct.unpack_from("<" + form, self.data, self.at)
        self.at += size
        return value

    def string(self):
        length = self.take("Q")
        text = self.data[self.at : self.at + length].decode("utf-8")
        self.at += length
        return text

    def value(self, kind):
        if kind == STRING:
            return self.string()
        if kind == ARRAY:
            inner, count = self.take("I"), self.take("Q")
            return [self.value(inner) for _ in range(count)]
        return self.take(SCALARS[kind])


def read_gguf(path):
    """-> metadata by key, tensors by name as float32 arrays of shape [out, in]."""
    reader = Reader(path)
    if reader.data[:4] != b"GGUF":
        raise SystemExit(f"{path} is not a GGUF file")
    reader.at = 4
    version, tensor_count, key_count = reader.take("I"), reader.take("Q"), reader.take("Q")
    if version != 3:
        raise SystemExit(f"{path} is GGUF version {version}; this recipe reads version 3")
    metadata = {}
    for _ in range(key_count):
        key = reader.string()
        metadata[key] = reader.value(reader.take("I"))
    infos = []
    for _ in range(tensor_count):
        name = reader.string()
        extents = [reader.take("Q") for _ in range(reader.take("I"))]
        infos.append((name, extents[::-1], reader.take("I"), reader.take("Q")))
    alignment = metadata.get("general.alignment", 32)
    start = -(-reader.at // alignment) * alignment
    tensors = {name: dequantise(reader.data, start + offset, shape, kind) for name, shape, kind, offset in infos}
    return metadata, tensors


def dequantise(data, at, shape, kind):
    count = int(np.prod(shape))
    if kind == F32:
        return np.frombuffer(data, "<f4", count, at).reshape(shape).copy()
    if kind == F16:
        return np.frombuffer(data, "<f2", count, at).reshape(shape).astype(np.float32)
    if kind == Q8_0:
        block = np.dtype([("scale", "<f2"), ("values", "i1", Q8_0_BLOCK)])
        blocks = np.frombuffer(data, block, count // Q8_0_BLOCK, at)
        return (blocks["scale"].astype(np.float32)[:, None] * blocks["values"]).reshape(shape)
    raise SystemExit(f"tensor type {kind} is not read by this recipe; use an F32, F16 or Q8_0 base")


def write_adapter(path, name, architecture, alpha, updates):
    """`updates`: tensor name -> (A [rank, in], B [out, rank]). llama.cpp adds alpha / rank * B @ A."""

    def text(value):
        raw = value.encode("utf-8")
        return struct.pack("<Q", len(raw)) + raw

    keys = [
        ("general.type", STRING, text("adapter")),
        ("general.architecture", STRING, text(architecture)),
        ("general.name", STRING, text(name)),
        ("adapter.type", STRING, text("lora")),
        ("adapter.lora.alpha", FLOAT32, struct.pack("<f", alpha)),
        ("general.alignment", UINT32, struct.pack("<I", 32)),
    ]
    tensors = []
    for tensor, (a, b) in updates.items():
        tensors += [(tensor + ".lora_a", a), (tensor + ".lora_b", b)]
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(keys))
    for key, kind, raw in keys:
        head += text(key) + struct.pack("<I", kind) + raw
    body = b""
    for tensor, matrix in tensors:
        raw = np.ascontiguousarray(matrix, dtype="<f4").tobytes()
        rows, columns = matrix.shape
        head += text(tensor) + struct.pack("<IQQIQ", 2, columns, rows, F32, len(body))
        body += raw + bytes(-len(raw) % 32)
    head += bytes(-len(head) % 32)
    with open(path, "wb") as file:
        file.write(head + body)
