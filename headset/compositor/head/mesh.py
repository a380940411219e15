"""A half head as one table of vertices, and how it becomes a whole one.

Every part of the default head is modelled on the wearer's left. A vertex carries, beside where it
rests, how it follows the face: which point of the skin it moves with, and how far it goes along
with the jaw and the lids. The 52 targets are then fields evaluated on that table. Centimetres.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..avatar import Region
from .field import Floats

Table = NDArray[np.void]
Indices = NDArray[np.intp]

VERTEX: Final = np.dtype(
    [
        ("rest", np.float64, 3),  # with lids and lips closed
        ("anchor", np.float64, 3),  # the point of the skin whose movement it follows
        ("side", np.float64),  # on a slit: +1 its upper edge, -1 its lower, else 0
        ("follow", np.float64),  # share of the anchor's movement, 0 to 1
        ("jaw", np.float64),  # share of the jaw's movement, 0 to 1
        ("sealed", np.float64),  # the same, were the lips to stay together
        ("across", np.float64),  # along the eye's slit: -1 inner corner, 1 outer
        ("lid", np.float64, 2),  # share of the (upper, lower) lid's turn, 0 to 1
        ("out", np.float64),  # share of tongueOut, 0 to 1
        ("colour", np.float64, 4),  # linear albedo and roughness
        ("region", np.uint8),
        ("eye", np.int8),
    ]
)

FLIP: Final[Floats] = np.array([-1.0, 1.0, 1.0])
"""The mirror."""


def vertices(
    rest: Floats, colour: ArrayLike, region: Region, **columns: ArrayLike | NDArray[Any]
) -> Table:
    """Return a table for positions (..., 3), flattened; other columns default to not following.

    Args:
        rest: Shape (..., 3).
        colour: Broadcast to (..., 4).
        region: What they are made of.
        columns: Further columns of `VERTEX`, broadcast.
    """
    shape = rest.shape[:-1]
    table = np.zeros(shape, VERTEX)
    table["rest"] = rest
    table["anchor"] = rest
    table["colour"] = colour
    table["region"] = region
    table["eye"] = -1
    for name, column in columns.items():
        table[name] = column
    return table.reshape(-1)


def quads(lower: Indices, upper: Indices) -> Indices:
    """Return triangles (T, 3) between rows of vertices, both (R, C).

    Counter-clockwise where `upper` lies above `lower` and columns run to the right. Triangles that
    name a vertex twice are left out.
    """
    a, b, c, d = lower[:, :-1], lower[:, 1:], upper[:, 1:], upper[:, :-1]
    faces = np.stack([np.stack([a, b, c], axis=-1), np.stack([a, c, d], axis=-1)])
    faces = faces.reshape(-1, 3)
    repeats = (
        (faces[:, 0] == faces[:, 1]) | (faces[:, 1] == faces[:, 2]) | (faces[:, 2] == faces[:, 0])
    )
    return faces[~repeats]


def grid(ids: Indices) -> Indices:
    """Return the triangles of a grid of vertices (R, C): rows going up, columns to the right."""
    return quads(ids[:-1], ids[1:])


class HalfHead:
    """Collects parts of the left half."""

    def __init__(self) -> None:
        self._tables: list[Table] = []
        self._triangles: list[Indices] = []
        self._count = 0

    def add(self, table: Table) -> Indices:
        """Add vertices and return their indices (N,)."""
        first = self._count
        self._tables.append(table)
        self._count += len(table)
        return np.arange(first, self._count)

    def connect(self, triangles: Indices) -> None:
        """Add triangles (T, 3) over indices that `add` returned."""
        self._triangles.append(triangles)

    def whole(self) -> WholeHead:
        """Return both halves as one mesh, joined along the midline (x = 0 exactly)."""
        half = np.concatenate(self._tables)
        triangles = np.concatenate(self._triangles)
        # Parts share the skin's vertices, so some of a part's own may have become unused.
        used = np.unique(triangles)
        renumber = np.full(len(half), -1)
        renumber[used] = np.arange(len(used))
        half, triangles = half[used], renumber[triangles]

        twin = np.arange(len(half))
        lateral = np.flatnonzero((half["rest"][:, 0] != 0.0) | (half["eye"] == 0))
        twin[lateral] = len(half) + np.arange(len(lateral))
        right = half[lateral].copy()
        right["rest"] *= FLIP
        right["anchor"] *= FLIP
        right["eye"] = np.where(right["eye"] == 0, 1, -1)
        back = np.concatenate([twin, lateral])
        return WholeHead(
            table=np.concatenate([half, right]),
            left=np.arange(len(half) + len(lateral)) < len(half),
            triangles=np.concatenate([triangles, twin[triangles][:, ::-1]]),
            twin=back,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeHead:
    """Both halves.

    Attributes:
        table: Shape (V,) of `VERTEX`.
        left: Shape (V,), whether a vertex was modelled (midline included) or is a mirror image.
        triangles: Shape (T, 3), counter-clockwise seen from outside.
        twin: Shape (V,), each vertex's mirror image; the midline's are their own.
    """

    table: Table
    left: NDArray[np.bool_]
    triangles: Indices
    twin: Indices

    def mirrored(self, field: Floats) -> Floats:
        """Return the mirror image of displacements (V, 3)."""
        return field[self.twin] * FLIP
