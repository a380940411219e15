"""Weights and gaze to a posed face: the tables the GPU works from, and the same thing on the CPU.

`Morph` is what the compute shaders are held to, and what draws where there are none. Positions are
the neutral face plus weighted displacements, then each eyeball is turned about its centre, then a
body's head on its neck. Normals are recomputed from the posed triangles, not blended: blended normals
are wrong by 40 degrees and more at the 99th percentile (measured on a 27k-vertex head under random
weights), and a face is read by its shading. Those that an author bent (a toon's, a hard edge's) are
turned as the recomputed ones turn.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .avatar import Avatar, Region
from .movement import Movements
from .shading import authored_normals

Floats = NDArray[np.floating]
Floats32 = NDArray[np.float32]
Indices = NDArray[np.uint32]

MORPH_ENTRY: Final = np.dtype([("delta", np.float32, 3), ("target", np.uint32)])
"""One vertex moved by one target, as the compute shader reads it (std430, 16 bytes)."""

WELD_M: Final = 1e-6
"""Vertices of one material this close at rest are one point to the normals: a texture seam."""


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


def eyes_drawn(avatar: Avatar, gaze: Floats, head: Floats | None) -> tuple[Floats, Floats]:
    """Return how both eyeballs lie, (left, right).

    Args:
        avatar: Whose.
        gaze: Shape (2, 3), head space; NaN is straight ahead.
        head: Shape (3, 3), the head's turn in avatar space; None is none.

    Returns:
        The images (2, 3, 3) of the avatar's x, y and z axes, and the centres (2, 3).
    """
    if avatar.look is not None:
        gaze = avatar.look.turned(gaze)
    axes = np.array([eye_axes(gaze[0]), eye_axes(gaze[1])])
    centre = avatar.eye_centre.astype(np.float64)
    if head is not None and avatar.head is not None:
        pivot = avatar.head.pivot_m
        axes, centre = axes @ head.T, (centre - pivot) @ head.T + pivot
    return axes, centre


def morph_table(avatar: Avatar) -> tuple[Indices, NDArray[np.void]]:
    """Gather displacements by vertex.

    Returns:
        Starts (V + 1,), and entries (E,) of `MORPH_ENTRY`: those of vertex v are
        `entries[starts[v] : starts[v + 1]]`; `target` counts the rows of `Movements`.
    """
    moves = Movements(avatar)
    entries = np.zeros(moves.index.size, MORPH_ENTRY)
    entries["delta"] = moves.delta
    entries["target"] = moves.entries_by_row()
    order = np.argsort(moves.index, kind="stable")
    return _starts(moves.index, len(avatar.positions)), entries[order]


def welded(avatar: Avatar) -> NDArray[np.intp]:
    """Return for each vertex (V,) the number of the point it shares with its like.

    Vertices of one place, one region and one mesh are one point. The region counts too: lashes rooted
    in skin must not bend the skin's normals; nor may a collar, which in a file is another mesh.
    """
    cells = np.rint(avatar.positions.astype(np.float64) / WELD_M).astype(np.int64)
    kind = avatar.region.astype(np.int64)
    meshes = {name: number for number, name in enumerate({part.name: 0 for part in avatar.parts})}
    for part in avatar.parts:
        corners = avatar.triangles[part.first : part.first + part.count]
        kind[corners] = avatar.region[corners] + len(Region) * meshes[part.name]
    # Sorted column by column: np.unique of rows takes five times as long.
    order = np.lexsort((kind, *cells.T))
    keys = np.column_stack([cells, kind])[order]
    new = np.append(False, (keys[1:] != keys[:-1]).any(axis=1)) if len(keys) else np.zeros(0, bool)
    point = np.empty(len(keys), np.intp)
    point[order] = np.cumsum(new)
    return point


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
    """Poses one avatar on the CPU.

    Attributes:
        rest_normals: Shape (V, 3), the faces' own at rest.
        authored: Shape (V, 3), what they are shaded by at rest, where that is something else.
    """

    def __init__(self, avatar: Avatar) -> None:
        """Prepare what does not change with the pose."""
        self._avatar = avatar
        self._moves = Movements(avatar)
        self._point = welded(avatar)
        self._corner_point = self._point[avatar.triangles.reshape(-1)]
        self._eyes = [np.flatnonzero(avatar.eye == side) for side in range(2)]
        self.rest_normals = self._geometric(avatar.positions)
        self.authored = authored_normals(avatar, self.rest_normals)

    def pose(
        self, face: Floats, gaze: Floats, head: Floats | None = None
    ) -> tuple[Floats32, Floats32]:
        """Return positions (V, 3) in metres and unit normals (V, 3), avatar space.

        Args:
            face: Shape (52,), ARKit order, or (140,), that of `names.CHANNELS`; NaN is rest.
            gaze: Shape (2, 3), head space, (left, right).
            head: Shape (3, 3), how far the head of a body has turned on it, avatar space; None is none.
        """
        avatar, moves = self._avatar, self._moves
        positions = avatar.positions.copy()
        drawn = moves.played(face)
        for row in np.flatnonzero(drawn).tolist():
            here = slice(moves.starts[row], moves.starts[row + 1])
            positions[moves.index[here]] += drawn[row] * moves.delta[here]
        axes, centre = eyes_drawn(avatar, gaze, head)
        balls = [
            (positions[vertices] - avatar.eye_centre[side]) @ axes[side] + centre[side]
            for side, vertices in enumerate(self._eyes)
        ]
        if head is not None and avatar.head is not None:
            away = positions - avatar.head.pivot_m
            positions += avatar.head.share[:, None] * (away @ head.T.astype(np.float32) - away)
        for vertices, turned in zip(self._eyes, balls, strict=True):
            positions[vertices] = turned
        return positions, self.normals(positions)

    def normals(self, positions: Floats32) -> Floats32:
        """Return unit normals (V, 3) to shade by: the faces' own, or those authored, carried along."""
        now = self._geometric(positions)
        return now if self.authored is None else _carried(self.authored, self.rest_normals, now)

    def _geometric(self, positions: Floats32) -> Floats32:
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


def _carried(authored: Floats32, rest: Floats32, now: Floats32) -> Floats32:
    """Return authored normals (V, 3) turned as those of rest (V, 3) are turned to those of now."""
    cosine = (rest * now).sum(axis=1, keepdims=True)
    axis = np.cross(rest, now)
    along = (axis * authored).sum(axis=1, keepdims=True) / np.maximum(1.0 + cosine, 1e-3)
    turned = cosine * authored + np.cross(axis, authored) + along * axis
    lengths = np.linalg.norm(turned, axis=1, keepdims=True)
    return (turned / np.maximum(lengths, 1e-6)).astype(np.float32)
