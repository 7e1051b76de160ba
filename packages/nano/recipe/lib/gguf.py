"""Reads a model's GGUF (metadata and dequantised tensors), writes a model's or an adapter's.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (version 3, little endian).
"""

import mmap
import os
import struct

import numpy as np

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
F32, F16, Q8_0 = 0, 1, 8
KINDS = {"f32": F32, "f16": F16, "q8_0": Q8_0}
Q8_0_BLOCK = 32
ALIGNMENT = 32


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
    alignment = metadata.get("general.alignment", ALIGNMENT)
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


def encode_tensor(array, kind):
    array = np.ascontiguousarray(array, dtype=np.float32)
    if kind == F32:
        return array.astype("<f4").tobytes()
    if kind == F16:
        return array.astype("<f2").tobytes()
    blocks = array.reshape(-1, Q8_0_BLOCK)
    scales = (np.abs(blocks).max(1) / 127).astype("<f2")
    divisors = scales.astype(np.float32)
    divisors[divisors == 0] = 1
    packed = np.empty(len(blocks), np.dtype([("scale", "<f2"), ("values", "i1", Q8_0_BLOCK)]))
    packed["scale"] = scales
    packed["values"] = np.clip(np.rint(blocks / divisors[:, None]), -127, 127)
    return packed.tobytes()


def text(value):
    raw = value.encode("utf-8")
    return struct.pack("<Q", len(raw)) + raw


def encode_value(value):
    """-> GGUF type and bytes. Whole numbers become uint32 (int32 in lists), as llama.cpp expects of the keys used here."""
    if isinstance(value, bool):
        return BOOL, struct.pack("<?", value)
    if isinstance(value, str):
        return STRING, text(value)
    if isinstance(value, int):
        return UINT32, struct.pack("<I", value)
    if isinstance(value, float):
        return FLOAT32, struct.pack("<f", value)
    if isinstance(value, list) and value:
        head = struct.pack("<Q", len(value))
        if isinstance(value[0], str):
            return ARRAY, struct.pack("<I", STRING) + head + b"".join(map(text, value))
        if isinstance(value[0], float):
            return ARRAY, struct.pack("<I", FLOAT32) + head + np.asarray(value, "<f4").tobytes()
        if isinstance(value[0], int):
            return ARRAY, struct.pack("<I", INT32) + head + np.asarray(value, "<i4").tobytes()
    raise TypeError(f"{value!r} has no GGUF type here")


def write_gguf(path, metadata, tensors):
    """`tensors`: (name, array [out, in] or [n], kind) in file order. Written whole or not at all."""
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(metadata))
    for key, value in metadata.items():
        kind, raw = encode_value(value)
        head += text(key) + struct.pack("<I", kind) + raw
    body = bytearray()
    for name, array, kind in tensors:
        extents = array.shape[::-1]
        head += text(name) + struct.pack(f"<I{len(extents)}QIQ", len(extents), *extents, kind, len(body))
        raw = encode_tensor(array, kind)
        body += raw + bytes(-len(raw) % ALIGNMENT)
    head += bytes(-len(head) % ALIGNMENT)
    with open(f"{path}.new", "wb") as file:
        file.write(head)
        file.write(body)
    os.replace(f"{path}.new", path)


def write_adapter(path, name, architecture, alpha, updates):
    """`updates`: tensor name -> (A [rank, in], B [out, rank]). llama.cpp adds alpha / rank * B @ A."""
    metadata = {
        "general.type": "adapter",
        "general.architecture": architecture,
        "general.name": name,
        "adapter.type": "lora",
        "adapter.lora.alpha": float(alpha),
        "general.alignment": ALIGNMENT,
    }
    tensors = []
    for tensor, (a, b) in updates.items():
        tensors += [(f"{tensor}.lora_a", a, F32), (f"{tensor}.lora_b", b, F32)]
    write_gguf(path, metadata, tensors)
