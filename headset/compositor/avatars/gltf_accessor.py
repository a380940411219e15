"""glTF's accessors: typed arrays, dense and sparse, whole numbers made real, every bound checked.

Source: Khronos glTF 2.0, 3.6 (data layout, sparse accessors) and 3.11 (whole numbers normalised);
KHR_mesh_quantization.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..avatar import Floats32, Target
from .gltf_container import Container, damaged, excessive
from .gltf_meshopt import unpacked
from .gltf_schema import Accessor

Indices = NDArray[np.uint32]

_COMPONENTS: Final = {
    5120: np.dtype("<i1"), 5121: np.dtype("<u1"), 5122: np.dtype("<i2"),
    5123: np.dtype("<u2"), 5125: np.dtype("<u4"), 5126: np.dtype("<f4"),
}  # fmt: skip
_WIDTHS: Final = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}

_MOST: Final = 1e12
"""Of any number: the products of three stay within single precision."""

MOST_MOVES: Final = 8_000_000
"""Displacements read and placed: twice those of 60,000 vertices and 52 targets that each move all."""


class Accessors:
    """Reads the arrays of one file."""

    def __init__(self, container: Container) -> None:
        """Nothing is read yet."""
        self._container = container
        self._views: dict[int, tuple[memoryview, int | None]] = {}
        self._moves: dict[int, Target] = {}
        self._moved = 0

    def count(self, number: int) -> int:
        """Return how many elements an accessor has."""
        return self._at(number).count

    def expect(self, number: int, count: int) -> None:
        """Raise HeadsetError where an accessor has not so many elements."""
        if self._at(number).count != count:
            raise damaged(f"accessors[{number}], of another length than its positions")

    def floats(self, number: int, kind: str) -> Floats32:
        """Return an accessor (N, width), finite; whole numbers as they are, or normalised if said.

        Raises:
            HeadsetError: Not of this kind, beyond its view, or not finite.
        """
        return _real(self._dense(number, (kind,)), self._at(number), number)

    def colours(self, number: int) -> Floats32:
        """Return an accessor (N, 4) of colours, with or without alpha."""
        found = _real(self._dense(number, ("VEC3", "VEC4")), self._at(number), number)
        ones = np.ones((len(found), 4 - found.shape[1]), np.float32)
        return np.concatenate([found, ones], axis=1)

    def wholes(self, number: int, kind: str) -> Indices:
        """Return an accessor (N, width) of indices.

        Raises:
            HeadsetError: Not of this kind, beyond its view, or not of unsigned whole numbers.
        """
        found = self._dense(number, (kind,))
        if found.dtype.kind != "u":
            raise damaged(f"accessors[{number}] of type {found.dtype} for indices")
        return found.astype(np.uint32)

    def moves(self, number: int) -> Target:
        """Return a morph target's displacements, of those vertices that it moves.

        Raises:
            HeadsetError: As `floats`; or more displacements than any avatar has.
        """
        if number in self._moves:
            return self._moves[number]
        declared = self._at(number)
        if declared.buffer_view is None and declared.type == "VEC3":
            index, values = self._sparse(declared, number)
            delta = _real(values, declared, number)
        else:
            delta = self.floats(number, "VEC3")
            index = np.arange(len(delta), dtype=np.uint32)
        moved = np.flatnonzero(delta.any(axis=1))
        self.spend(moved.size)
        self._moves[number] = Target(index=index[moved], delta=delta[moved])
        return self._moves[number]

    def spend(self, moves: int) -> None:
        """Count displacements somebody is about to keep.

        Raises:
            HeadsetError: They are more than any avatar has.
        """
        self._moved += moves
        if self._moved > MOST_MOVES:
            raise excessive(f"{MOST_MOVES // 2} displacements in all targets")

    def _at(self, number: int) -> Accessor:
        accessors = self._container.tree.accessors
        if number >= len(accessors):
            raise damaged(f"accessors[{number}], which does not exist")
        return accessors[number]

    def _dense(self, number: int, kinds: tuple[str, ...]) -> NDArray[np.generic]:
        declared = self._at(number)
        if declared.type not in kinds:
            raise damaged(f"accessors[{number}] of {declared.type[:8]}, not {' or '.join(kinds)}")
        if declared.buffer_view is None:
            shape = (declared.count, _WIDTHS[declared.type])
            found = np.zeros(shape, self._component(declared.component_type, number))
        else:
            found = self._strided(
                declared.buffer_view, declared.byte_offset, declared.component_type,
                declared.type, declared.count, number,
            )  # fmt: skip
        if declared.sparse is not None:
            index, values = self._sparse(declared, number)
            found[index] = values
        return found

    def _sparse(self, declared: Accessor, number: int) -> tuple[Indices, NDArray[np.generic]]:
        """Return which elements differ (K,), strictly rising, and what they are (K, width)."""
        sparse = declared.sparse
        if sparse is None:
            kind = self._component(declared.component_type, number)
            return np.zeros(0, np.uint32), np.zeros((0, _WIDTHS[declared.type]), kind)
        where = sparse.indices
        index = self._strided(
            where.buffer_view,
            where.byte_offset,
            where.component_type,
            "SCALAR",
            sparse.count,
            number,
        )[:, 0]
        if index.dtype.kind != "u":
            raise damaged(f"accessors[{number}] of type {index.dtype} for indices")
        index = index.astype(np.uint32)
        if index[-1] >= declared.count or (np.diff(index.astype(np.int64)) <= 0).any():
            raise damaged(f"accessors[{number}], whose sparse indices do not rise to its end")
        values = self._strided(
            sparse.values.buffer_view, sparse.values.byte_offset, declared.component_type,
            declared.type, sparse.count, number,
        )  # fmt: skip
        return index, values

    def _strided(
        self, view: int, offset: int, component: int, kind: str, count: int, number: int
    ) -> NDArray[np.generic]:
        """Return (count, width) of a view, copied."""
        octets, stride = self._view(view)
        dtype = self._component(component, number)
        width = _WIDTHS[kind]
        size = dtype.itemsize * width
        step = stride or size
        if step < size or offset + (count - 1) * step + size > len(octets):
            raise damaged(f"accessors[{number}], which reaches beyond its view")
        return np.ndarray((count, width), dtype, octets, offset, (step, dtype.itemsize)).copy()

    def _component(self, component: int, number: int) -> np.dtype[np.generic]:
        if component not in _COMPONENTS:
            raise damaged(f"accessors[{number}] of component type {component}")
        return _COMPONENTS[component]

    def _view(self, number: int) -> tuple[memoryview, int | None]:
        if number not in self._views:
            views = self._container.tree.buffer_views
            if number >= len(views):
                raise damaged(f"bufferViews[{number}], which does not exist")
            view = views[number]
            how = view.extensions.meshopt
            if how is None:
                self._views[number] = self.octets(number), view.byte_stride
            else:
                packed = self._slice(how.buffer, how.byte_offset, how.byte_length, number)
                attributes = how.mode == "ATTRIBUTES"
                whole = memoryview(unpacked(packed, how).tobytes())
                self._views[number] = whole, how.byte_stride if attributes else None
        return self._views[number]

    def octets(self, number: int) -> memoryview:
        """Return the bytes of a view that is not compressed: an image's."""
        views = self._container.tree.buffer_views
        if number >= len(views):
            raise damaged(f"bufferViews[{number}], which does not exist")
        view = views[number]
        return self._slice(view.buffer, view.byte_offset, view.byte_length, number)

    def _slice(self, buffer: int, offset: int, length: int, number: int) -> memoryview:
        whole = self._container.buffer(buffer)
        if offset + length > len(whole):
            raise damaged(f"bufferViews[{number}], which reaches beyond its buffer")
        return whole[offset : offset + length]


def _real(found: NDArray[np.generic], declared: Accessor, number: int) -> Floats32:
    values = found.astype(np.float32)
    if found.dtype.kind == "f":
        if not (np.abs(values) < _MOST).all():  # nor NaN
            raise damaged(f"accessors[{number}], which holds what is no measure")
    elif declared.normalized:
        values = np.maximum(values / np.iinfo(found.dtype.name).max, -1.0)
    return values
