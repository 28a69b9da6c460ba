"""Writes an ONNX model, the little of the format that `minilm` needs: nodes, constants, one input, one output.

The format is protocol buffers (onnx.proto, IR version 8). Each field is its number and its wire type in one byte, then
a whole number, four bytes of a float, or a length and so many bytes. onnxruntime reads it; nothing else is needed.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

ORT = "com.microsoft"
"""The domain of onnxruntime's own operators."""

_IR_VERSION = 8
_OPSETS = (("", 18), (ORT, 1))
_FLOAT, _INT = 1, 2  # AttributeProto.AttributeType
_TYPES = {np.dtype(np.float32): 1, np.dtype(np.int8): 3, np.dtype(np.int64): 7}  # TensorProto.DataType
_NUMBER, _BYTES, _FIXED32 = 0, 2, 5  # wire types


class Graph:
    """Grows node by node; each is named by what it returns."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._count = 0

    def constant(self, values: NDArray[Any]) -> str:
        """The name under which nodes take `values` (float32, int8 or int64)."""
        name = self._name()
        dims = [_field(1, size) for size in values.shape]
        kind, raw = _field(2, _TYPES[values.dtype]), np.ascontiguousarray(values).tobytes()
        self._parts.append(_field(5, b"".join([*dims, kind, _field(8, name), _field(9, raw)])))
        return name

    def add(self, operator: str, *inputs: str, domain: str = "", **attributes: float) -> str:
        """The name of the one output of `operator` on `inputs`."""
        name = self._name()
        given = [_field(1, each) for each in inputs]
        settings = [_field(5, _attribute(key, value)) for key, value in attributes.items()]
        node = [*given, _field(2, name), _field(4, operator), *settings, _field(7, domain)]
        self._parts.append(_field(1, b"".join(node)))
        return name

    def model(self, given: str, shape: Sequence[int | str], result: str, width: int) -> bytes:
        """The file: input `given` of `shape` (a name where a size varies), output `result` of shape `(width,)`."""
        ends = _field(11, _value(given, shape)) + _field(12, _value(result, (width,)))
        graph = b"".join([_field(2, "graph"), *self._parts, ends])
        opsets = [_field(8, _field(1, domain) + _field(2, version)) for domain, version in _OPSETS]
        return b"".join([_field(1, _IR_VERSION), _field(7, graph), *opsets])

    def _name(self) -> str:
        self._count += 1
        return f"v{self._count}"


def _attribute(key: str, value: float) -> bytes:
    if isinstance(value, int):
        return _field(1, key) + _field(3, value) + _field(20, _INT)
    return _field(1, key) + _field(2, value) + _field(20, _FLOAT)


def _value(name: str, shape: Sequence[int | str]) -> bytes:
    """A float32 tensor of `shape`, as an input or output is declared."""
    sizes = [_field(1, _field(1 if isinstance(size, int) else 2, size)) for size in shape]
    tensor = _field(1, _TYPES[np.dtype(np.float32)]) + _field(2, b"".join(sizes))
    return _field(1, name) + _field(2, _field(1, tensor))


def _field(number: int, value: float | str | bytes) -> bytes:
    """One field of a message: `_field(1, 8)` is the bytes 08 08, `_field(2, "ab")` is 12 02 61 62."""
    if isinstance(value, float):
        return _varint(number << 3 | _FIXED32) + struct.pack("<f", value)
    if isinstance(value, int):
        return _varint(number << 3 | _NUMBER) + _varint(value)
    body = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | _BYTES) + _varint(len(body)) + body


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the high bit says that more follow."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
