"""Weights and gaze to a posed face: the tables the GPU works from, and the same thing on the CPU.

`Morph` is what the compute shaders are held to, and what draws where there are none. Positions are
the neutral face plus weighted targets, then each eyeball is turned about its centre. Normals are
recomputed from the posed triangles, not blended: blended normals are wrong by 40 degrees and more
at the 99th percentile (measured on a 27k-vertex head under random weights), and a face is read by
its shading.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..names import ARKIT, ARKIT_INDEX
from .avatar import Avatar

Floats = NDArray[np.floating]
Floats32 = NDArray[np.float32]
Indices = NDArray[np.uint32]

HIGHEST_WEIGHT: Final = 1.2
"""Captures reach 1.08; beyond this a mesh tears."""

MORPH_ENTRY: Final = np.dtype([("delta", np.float32, 3), ("target", np.uint32)])
"""One vertex moved by one target, as the compute shader reads it (std430, 16 bytes)."""

WELD_M: Final = 1e-6
"""Vertices of one material this close at rest are one point to the normals: a texture seam."""


def clipped(weights: Floats, out: Floats32) -> Floats32:
    """Write ARKit weights (52,) to `out` as drawn: NaN is rest, the range 0 to `HIGHEST_WEIGHT`."""
    np.fmax(weights, 0.0, out=out, casting="same_kind")  # of NaN and 0, fmax takes 0
    return np.minimum(out, HIGHEST_WEIGHT, out=out)


def eye_axes(gaze: Floats) -> list[list[float]]:
    """Return how a gaze turns an eyeball: the images of the avatar's x, y and z axes.

    Head space (OpenXR: +x the wearer's right, -z forward) and avatar space (+x the wearer's left, +z
    forward) differ by half a turn about y, so (x, y, z) becomes (-x, y, -z). The turn from straight
    ahead to the gaze keeps the eye's horizontal level: eyes yaw, then pitch, and do not roll.

    Args:
        gaze: Shape (3,), in head space, any length; NaN or zero means straight ahead.

    Returns:
        Three unit vectors in avatar space; the last is the gaze.
    """
    x, y, z = -float(gaze[0]), float(gaze[1]), -float(gaze[2])
    length = math.sqrt(x * x + y * y + z * z)
    across = math.hypot(x, z)
    if not (length > 0.0 and across > 1e-6 * length):  # also NaN
        return [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    sine, cosine = x / across, z / across
    up, level = y / length, across / length
    return [
        [cosine, 0.0, -sine],
        [-sine * up, level, -cosine * up],
        [sine * level, up, cosine * level],
    ]


def morph_table(avatar: Avatar) -> tuple[Indices, NDArray[np.void]]:
    """Gather targets by vertex.

    Returns:
        Starts (V + 1,), and entries (E,) of `MORPH_ENTRY`: those of vertex v are
        `entries[starts[v] : starts[v + 1]]`; `target` counts in ARKit's order.
    """
    parts = [(ARKIT_INDEX[name], target) for name, target in sorted(avatar.targets.items())]
    vertex = np.concatenate([target.index for _, target in parts] or [np.zeros(0, np.uint32)])
    entries = np.zeros(vertex.size, MORPH_ENTRY)
    if parts:
        entries["delta"] = np.concatenate([target.delta for _, target in parts])
        entries["target"] = np.repeat(
            [number for number, _ in parts], [target.index.size for _, target in parts]
        )
    order = np.argsort(vertex, kind="stable")
    return _starts(vertex, len(avatar.positions)), entries[order]


def welded(avatar: Avatar) -> NDArray[np.intp]:
    """Return for each vertex (V,) the number of the point it shares with its like.

    Vertices of one place and one region are one point. The region counts too: lashes rooted in skin
    must not bend the skin's normals.
    """
    cells = np.rint(avatar.positions.astype(np.float64) / WELD_M).astype(np.int64)
    keys = np.column_stack([cells, avatar.region.astype(np.int64)])
    return np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1)


def face_table(avatar: Avatar) -> tuple[Indices, Indices]:
    """Gather the faces around each vertex, across seams.

    Returns:
        Ranges (V, 2) of first and last + 1; and corners (N, 2), the two other vertices of each face
        in its own order. The members of a welded point share one range.
    """
    point = welded(avatar)
    corner = avatar.triangles.reshape(-1)
    others = np.stack([np.roll(avatar.triangles, -1, 1), np.roll(avatar.triangles, -2, 1)], axis=-1)
    order = np.argsort(point[corner], kind="stable")
    starts = _starts(point[corner], int(point.max(initial=-1)) + 1)
    ranges = np.stack([starts[point], starts[point + 1]], axis=-1)
    return np.ascontiguousarray(ranges), np.ascontiguousarray(others.reshape(-1, 2)[order])


def _starts(keys: NDArray[np.unsignedinteger | np.signedinteger], count: int) -> Indices:
    return np.concatenate([[0], np.cumsum(np.bincount(keys, minlength=count))]).astype(np.uint32)


class Morph:
    """Poses one avatar on the CPU."""

    def __init__(self, avatar: Avatar) -> None:
        """Prepare what does not change with the pose."""
        self._avatar = avatar
        self._targets = [(ARKIT_INDEX[name], target) for name, target in avatar.targets.items()]
        self._point = welded(avatar)
        self._corner_point = self._point[avatar.triangles.reshape(-1)]
        self._eyes = [np.flatnonzero(avatar.eye == side) for side in range(2)]
        self._weights = np.zeros(len(ARKIT), np.float32)

    def pose(self, weights: Floats, gaze: Floats) -> tuple[Floats32, Floats32]:
        """Return positions (V, 3) in metres and unit normals (V, 3), avatar space.

        Args:
            weights: Shape (52,), ARKit order, clipped as drawn; NaN is rest.
            gaze: Shape (2, 3), head space, (left, right).
        """
        positions = self._avatar.positions.copy()
        drawn = clipped(weights, self._weights)
        for number, target in self._targets:
            if drawn[number]:
                positions[target.index] += drawn[number] * target.delta
        for side, vertices in enumerate(self._eyes):
            centre = self._avatar.eye_centre[side]
            axes = np.array(eye_axes(gaze[side]), np.float32)
            positions[vertices] = (positions[vertices] - centre) @ axes + centre
        return positions, self.normals(positions)

    def normals(self, positions: Floats32) -> Floats32:
        """Return unit normals (V, 3), faces weighed by area; +z where a vertex has no face."""
        a, b, c = (positions[self._avatar.triangles[:, corner]] for corner in range(3))
        faces = np.repeat(np.cross(b - a, c - a), 3, axis=0)
        points = int(self._point.max(initial=-1)) + 1
        sums = np.stack(
            [np.bincount(self._corner_point, faces[:, axis], points) for axis in range(3)], axis=-1
        )
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        flat = np.where(lengths > 1e-20, sums / np.maximum(lengths, 1e-20), (0.0, 0.0, 1.0))
        return flat.astype(np.float32)[self._point]
