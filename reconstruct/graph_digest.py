"""The SHA-256 of a model file's graph, weights and all, read off the file's own bytes.

It is kept in the file's metadata, which lie beside the graph: a file whose weights were damaged on
the way still parses, and would show somebody a wrong face.
"""

from __future__ import annotations

import hashlib
from typing import Final

_GRAPH: Final = 7
"""Number of the field `graph` in an ONNX `ModelProto`. Source: onnx.proto3, ONNX IR version 9."""

_LENGTH_DELIMITED: Final = 2
_FIXED: Final = {1: 8, 5: 4}  # bytes by wire type
_LONGEST_VARINT: Final = 10


def graph_digest(content: bytes) -> str | None:
    """Return the SHA-256 of a serialised model's graph, in hex; None where it has none.

    Source: protobuf.dev/programming-guides/encoding.
    """
    digest, at = None, 0
    try:
        while at < len(content):
            tag, at = _varint(content, at)
            field, wire = tag >> 3, tag & 7
            if wire == 0:
                _, at = _varint(content, at)
                continue
            size = _FIXED.get(wire)
            if wire == _LENGTH_DELIMITED:
                size, at = _varint(content, at)
            if size is None or at + size > len(content):
                return None
            if field == _GRAPH:
                digest = hashlib.sha256(memoryview(content)[at : at + size]).hexdigest()
            at += size
    except IndexError:  # it ends within a number
        return None
    return digest


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """Return the number that begins here, and where it ends."""
    value = 0
    for place in range(_LONGEST_VARINT):
        byte = content[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    raise IndexError
