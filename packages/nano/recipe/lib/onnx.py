"""Writes an ONNX file without the `onnx` package: the few messages of onnx.proto (IR version 8, opset 17) used here.

https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3
"""

import struct

import numpy as np

from lib.run import replace_whole

FLOAT, INT8, INT64 = 1, 3, 7
KINDS = {np.dtype("float32"): FLOAT, np.dtype("int8"): INT8, np.dtype("int64"): INT64}


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while True:
        byte, value = value & 0x7F, value >> 7
        out.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value)


def message(field, raw):
    raw = raw.encode() if isinstance(raw, str) else raw
    return varint(field << 3 | 2) + varint(len(raw)) + raw


def attribute(name, value):
    raw = message(1, name)
    if isinstance(value, float):
        return raw + varint(2 << 3 | 5) + struct.pack("<f", value) + number(20, 1)
    if isinstance(value, int):
        return raw + number(3, value) + number(20, 2)
    return raw + b"".join(number(8, item) for item in value) + number(20, 7)


def described(name, kind, extents):
    dims = b"".join(message(1, message(2, each) if isinstance(each, str) else number(1, each)) for each in extents)
    return message(1, name) + message(2, message(1, number(1, kind) + message(2, dims)))


class Graph:
    """Nodes in the order of their making; `add` names each result after its place."""

    def __init__(self, name):
        self.name, self.nodes, self.weights = name, [], []
        self.inputs, self.outputs = [], []

    def input(self, name, kind, extents):
        self.inputs.append(described(name, kind, extents))
        return name

    def output(self, name, kind, extents):
        self.outputs.append(described(name, kind, extents))

    def constant(self, name, array):
        array = np.ascontiguousarray(array)
        raw = b"".join(number(1, extent) for extent in array.shape)
        raw += number(2, KINDS[array.dtype]) + message(8, name) + message(9, array.tobytes())
        self.weights.append(raw)
        return name

    def add(self, kind, *inputs, out=None, **attributes):
        out = out or f"{kind.lower()}_{len(self.nodes)}"
        raw = b"".join(message(1, each) for each in inputs) + message(2, out) + message(3, out) + message(4, kind)
        raw += b"".join(message(5, attribute(name, value)) for name, value in attributes.items())
        self.nodes.append(raw)
        return out

    def matrix(self, name, array):
        """A matrix [in, out] in 8 bits, a scale a column; onnxruntime folds the two back into floats when it loads."""
        scale = (np.abs(array).max(0, keepdims=True) / 127).astype(np.float32)
        scale[scale == 0] = 1
        packed = np.clip(np.rint(array / scale), -127, 127).astype(np.int8)
        wide = self.add("Cast", self.constant(name, packed), to=FLOAT)
        return self.add("Mul", wide, self.constant(f"{name}.scale", scale))

    def save(self, path):
        body = b"".join(message(1, node) for node in self.nodes) + message(2, self.name)
        body += b"".join(message(5, weight) for weight in self.weights)
        body += b"".join(message(11, each) for each in self.inputs) + b"".join(message(12, each) for each in self.outputs)
        model = number(1, 8) + message(2, "advisor-nano") + message(7, body) + message(8, message(1, "") + number(2, 17))
        replace_whole(path, lambda file: file.write(model))
