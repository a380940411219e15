"""EXT_meshopt_compression, decoded: three bitstreams. The filters stand in `gltf_meshopt_filter.py`.

The vertex stream is a chain: where a group of 16 bytes starts is known only when the one before it has
been measured. So the chain is walked once, looking sizes up in tables made for every place of the
stream at a stroke, and all groups are then decoded together. The index streams have no such order
and are walked triangle by triangle (about a microsecond each).

Source: EXT_meshopt_compression, appendix A (version 0 of the vertex codec).
"""

from __future__ import annotations

from array import array
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .gltf_container import damaged, excessive
from .gltf_meshopt_filter import filtered
from .gltf_schema import MOST_ELEMENTS, Meshopt

Octets = NDArray[np.uint8]

_GROUP: Final = 16  # elements
_TAIL: Final = 32  # bytes; shorter elements are padded to it
_MASK: Final = 0xFFFFFFFF

MOST_UNPACKED: Final = 64 << 20
"""Bytes of one view: 60,000 vertices of 52 targets, eight bytes each, twice over."""

_ZIGZAG: Final = np.array([n >> 1 if n % 2 == 0 else 255 - (n >> 1) for n in range(256)], np.uint8)


def unpacked(packed: memoryview, how: Meshopt) -> Octets:
    """Return a view's bytes (count x byte_stride,).

    Raises:
        HeadsetError: The stream is damaged or not one the extension allows.
    """
    if how.count * how.byte_stride > MOST_UNPACKED:
        raise excessive(f"a compressed view of {how.count * how.byte_stride >> 20} MB")
    stream = np.frombuffer(packed, np.uint8)
    if how.mode == "ATTRIBUTES":
        if how.byte_stride % 4:
            raise damaged(f"compressed attributes of {how.byte_stride} bytes")
        return filtered(_vertices(stream, how.count, how.byte_stride), how).reshape(-1)
    if how.byte_stride not in {2, 4} or how.filter != "NONE" or how.count > MOST_ELEMENTS:
        raise damaged("compressed indices")
    walked = _triangles if how.mode == "TRIANGLES" else _indices
    try:
        found = walked(bytes(packed), how.count)
    except IndexError as cause:
        raise damaged("compressed indices that end too early") from cause
    indices = np.array(found, np.uint32)
    return indices.astype(np.uint16 if how.byte_stride == 2 else np.uint32).view(np.uint8)


def _vertices(stream: Octets, count: int, stride: int) -> Octets:
    """Return elements (count, stride)."""
    tail = max(stride, _TAIL)
    if stream.size < 1 + tail or stream[0] != 0xA0:
        raise damaged("compressed attributes of an unknown version")
    columns = _columns(_ZIGZAG[_walked(stream, stream.size - tail, count, stride)], count, stride)
    columns[0] += stream[stream.size - stride :]
    return np.cumsum(columns, axis=0, dtype=np.uint8)


def _walked(stream: Octets, ends: int, count: int, stride: int) -> Octets:
    """Return the codes (G, 16) of all groups: block by block, byte by byte."""
    low, high = _sentinels(stream)
    nothing, whole = bytes(stream.size), bytes([_GROUP]) * stream.size
    sizes = [nothing, (4 + low).tobytes(), (8 + high).tobytes(), whole]
    octets = stream.tobytes()
    numbers, places, modes = array("q"), array("q"), bytearray()  # of groups that are not all zero
    at, number = 1, 0
    for elements in _blocks(count, stride):
        groups = -(-elements // _GROUP)
        header = -(-groups // 4)
        for _ in range(stride):
            first = at
            at += header
            if any(octets[first:at]):
                for group in range(groups):
                    mode = octets[first + (group >> 2)] >> 2 * (group & 3) & 3
                    if mode:
                        if at >= ends:
                            raise damaged("compressed attributes that end too early")
                        numbers.append(number + group)
                        places.append(at)
                        modes.append(mode)
                        at += sizes[mode][at]
            number += groups
    if at > ends:
        raise damaged("compressed attributes that end too early")
    codes = np.zeros((number, _GROUP), np.uint8)
    if modes:
        place = np.frombuffer(places, np.int64)
        codes[np.frombuffer(numbers, np.int64)] = _groups(stream, place, modes)
    return codes


def _sentinels(stream: Octets) -> tuple[Octets, Octets]:
    """Return how many values lie outside what fits, for a group at each place: of 2 bits, of 4."""
    pairs = sum(((stream >> shift) & 3) == 3 for shift in (0, 2, 4, 6))
    nibbles = ((stream & 15) == 15).astype(np.uint8) + (stream >> 4 == 15)
    low, high = (
        np.concatenate([[0], np.cumsum(np.append(found, np.zeros(8, np.uint8)), dtype=np.int64)])
        for found in (pairs, nibbles)
    )
    size = stream.size
    return (
        (low[4 : size + 4] - low[:size]).astype(np.uint8),
        (high[8 : size + 8] - high[:size]).astype(np.uint8),
    )


def _groups(stream: Octets, place: NDArray[np.int64], modes: bytearray) -> Octets:
    """Return the codes (G, 16) of groups that start at `place` (G,)."""
    mode = np.frombuffer(modes, np.uint8)
    codes = np.zeros((len(mode), _GROUP), np.uint8)
    padded = np.append(stream, np.zeros(_GROUP + 8, np.uint8))
    for coded, width in ((1, 2), (2, 4)):
        here = np.flatnonzero(mode == coded)
        octets = padded[place[here, None] + np.arange(2 * width)]
        shifts = np.arange(8 - width, -1, -width, dtype=np.uint8)
        values = ((octets[:, :, None] >> shifts) & (2**width - 1)).reshape(len(here), _GROUP)
        outside = values == 2**width - 1
        row, column = np.nonzero(outside)
        # The whole bytes follow the group, in order: the n-th sentinel's is the n-th of them.
        nth = (np.cumsum(outside, axis=1) - 1)[row, column]
        values[row, column] = padded[place[here][row] + 2 * width + nth]
        codes[here] = values
    here = np.flatnonzero(mode == 3)
    codes[here] = padded[place[here, None] + np.arange(_GROUP)]
    return codes


def _columns(deltas: Octets, count: int, stride: int) -> Octets:
    """Return deltas (G, 16) in the elements' own order (count, stride)."""
    whole = _per_block(stride)
    blocks, rest = divmod(count, whole)
    full = blocks * stride * whole // _GROUP
    out = np.empty((count, stride), np.uint8)
    out[: blocks * whole] = (
        deltas[:full].reshape(blocks, stride, whole).transpose(0, 2, 1).reshape(-1, stride)
    )
    out[blocks * whole :] = deltas[full:].reshape(stride, -1)[:, :rest].T if rest else 0
    return out


def _per_block(stride: int) -> int:
    return min((8192 // stride) & ~(_GROUP - 1), 256)


def _blocks(count: int, stride: int) -> list[int]:
    blocks, rest = divmod(count, _per_block(stride))
    return [_per_block(stride)] * blocks + [rest] * bool(rest)


def _triangles(stream: bytes, count: int) -> list[int]:
    """Return the corners (count,) of a triangle stream."""
    triangles, rest = divmod(count, 3)
    if rest or len(stream) < 1 + triangles + 16 or stream[0] != 0xE1:
        raise damaged("compressed triangles")
    table, ends = stream[-16:], len(stream) - 16
    at, following, last = 1 + triangles, 0, 0
    edges, corners = [(0, 0)] * 16, [0] * 16  # rings; the newest lies before its head
    edge_head = corner_head = 0
    out: list[int] = []

    def explicit() -> int:
        nonlocal at, last
        value, at = _varint(stream, at, ends)
        last = (last + ((value >> 1) ^ -(value & 1))) & _MASK
        return last

    def keep(corner: int) -> None:
        nonlocal corner_head
        corners[corner_head] = corner
        corner_head = (corner_head + 1) & 15

    for code in stream[1 : 1 + triangles]:
        high, low = code >> 4, code & 15
        if high < 15:
            a, b = edges[(edge_head - 1 - high) & 15]
            if 0 < low < 13:
                c = corners[(corner_head - 1 - low) & 15]
            else:
                if low == 0:
                    c, following = following, following + 1
                elif low == 15:
                    c = explicit()
                else:
                    c = last = (last + 2 * low - 27) & _MASK  # 13: one less, 14: one more
                keep(c)
        else:
            if low < 14:
                second = table[low]
                a, following = following, following + 1
            else:
                second, at = stream[at], at + 1
                if second == 0:
                    following = 0
                if low == 14:
                    a, following = following, following + 1
                else:
                    a = -1  # in its turn: what is explicit is read in the order a, b, c
            if a < 0:
                a = explicit()
            named: list[int] = [a]
            fresh = [True]
            for where in (second >> 4, second & 15):
                if where == 0:
                    named.append(following)
                    following += 1
                elif where == 15:
                    named.append(explicit())
                else:
                    named.append(corners[(corner_head - where) & 15])
                fresh.append(where in {0, 15})
            a, b, c = named
            for corner, new in zip(named, fresh, strict=True):
                if new:
                    keep(corner)
            edges[edge_head] = (b, a)
            edge_head = (edge_head + 1) & 15
        edges[edge_head] = (c, b)
        edges[(edge_head + 1) & 15] = (a, c)
        edge_head = (edge_head + 2) & 15
        out += (a, b, c)
    if at != ends:
        raise damaged("compressed triangles with bytes left over")
    return out


def _indices(stream: bytes, count: int) -> list[int]:
    """Return the indices (count,) of an index sequence."""
    if len(stream) < 1 + count + 4 or stream[0] != 0xD1:
        raise damaged("compressed indices of an unknown version")
    at, ends = 1, len(stream) - 4
    last = [0, 0]
    out: list[int] = []
    for _ in range(count):
        value, at = _varint(stream, at, ends)
        which = value & 1
        delta = (value >> 2) ^ -(value >> 1 & 1)
        last[which] = (last[which] + delta) & _MASK
        out.append(last[which])
    return out


def _varint(stream: bytes, at: int, ends: int) -> tuple[int, int]:
    """Return an LEB128 number of at most 32 bits, and where it ends."""
    value = 0
    for shift in range(0, 35, 7):
        if at >= ends:
            raise IndexError(at)
        octet = stream[at]
        at += 1
        value |= (octet & 127) << shift
        if octet < 128:
            break
    return value & _MASK, at
