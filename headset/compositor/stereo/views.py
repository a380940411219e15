"""Two eyes and an avatar: the matrices of a frame, and how much of the picture the avatar can cover.

Depth is reversed and has no far end: near / distance, 1 at the near plane and 0 infinitely far off.
Floats are densest about 0, so a float depth keeps far things apart as well as near ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from ..avatar import Avatar
from ..movement import Movements

if TYPE_CHECKING:
    from ..avatars.material import Material

Floats = NDArray[np.floating]
Floats32 = NDArray[np.float32]

EYES: Final = 2
NEAR_M: Final = 0.05
"""A face closer than this cannot be looked at; OpenXR's depth layer takes it for `far_z` (reversed)."""

_FAR_M: Final = 3.0
"""A mirror's image farther off is too small for its outline to be missed at an edge."""

_AHEAD_M: Final = 1e-3
_EDGE_PX: Final = 1
"""What rounding and samples off a pixel's middle may add to an area."""


class EyeViews:
    """What both eyes see of an avatar in one frame; rewritten in place.

    Attributes:
        matrices: Shape (2, 4, 4), avatar space to clip space, depth from 0 to w.
        cameras: Shape (2, 3), where the eyes are in avatar space, metres.
        lens: Shape (2, 4), across and up: scale and shift from tangents to the picture's -1 to 1.
        mirrored: Whether the avatar is seen in a mirror: its triangles turn the other way round.
        near_m: Nothing nearer is drawn.
    """

    def __init__(self, *, near_m: float = NEAR_M) -> None:
        self.near_m = near_m
        self.matrices = np.zeros((EYES, 4, 4), np.float32)
        self.cameras = np.zeros((EYES, 3), np.float32)
        self.lens = np.zeros((EYES, 4), np.float32)
        self.mirrored = False
        self._flat = self.matrices.reshape(-1)

    def place(self, views: Floats32, model: Floats) -> None:
        """Set all of it.

        In numbers of Python's, not in arrays: so few cost half as much that way.

        Args:
            views: Shape (2, 11), each eye's orientation xyzw and position in some space, and the
                angles of its field of view in radians: left, right, up, down; left, down negative.
            model: Shape (4, 4), avatar space to that space: rigid, mirrored or scaled.
        """
        columns: list[list[float]] = model[:3].T.tolist()
        inverse, volume = _inverse(columns)
        matrices: list[float] = []
        cameras: list[_Point] = []
        lens: list[_Row] = []
        for x, y, z, w, *position, left, right, up, down in views.tolist():
            # Columns of the turn are the eye's axes in the space; its rows lead back into the eye.
            to_right = 1 - 2 * (y * y + z * z), 2 * (x * y + z * w), 2 * (x * z - y * w)
            to_up = 2 * (x * y - z * w), 1 - 2 * (x * x + z * z), 2 * (y * z + x * w)
            backward = 2 * (x * z + y * w), 2 * (y * z - x * w), 1 - 2 * (x * x + y * y)
            across = _lens(math.tan(left), math.tan(right))
            upright = _lens(math.tan(down), math.tan(up))
            lens.append((across[0], upright[0], across[1], upright[1]))
            a, b, c, d = _row(backward, position, columns)
            matrices += _seen(_row(to_right, position, columns), (a, b, c, d), *across)
            matrices += _seen(_row(to_up, position, columns), (a, b, c, d), *upright)
            matrices += (0.0, 0.0, 0.0, self.near_m, -a, -b, -c, -d)
            cameras.append(_times(inverse, position, columns[3]))
        self._flat[:], self.cameras[:], self.lens[:] = matrices, cameras, lens
        self.mirrored = volume < 0.0


_Point = tuple[float, float, float]
_Row = tuple[float, float, float, float]


def _lens(low: float, high: float) -> tuple[float, float]:
    """Return scale and shift that take tangents from low to high to -1 to 1."""
    return 2.0 / (high - low), -(high + low) / (high - low)


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return one[0] * other[0] + one[1] * other[1] + one[2] * other[2]


def _times(rows: Sequence[_Point], point: Sequence[float], origin: Sequence[float]) -> _Point:
    """Return rows (3, 3) times a point as it is from an origin."""
    away = point[0] - origin[0], point[1] - origin[1], point[2] - origin[2]
    return _dot(rows[0], away), _dot(rows[1], away), _dot(rows[2], away)


def _row(axis: _Point, position: list[float], columns: list[list[float]]) -> _Row:
    """Return the row that gives how far along an axis a point of the model is, seen from a position."""
    right, up, back, origin = columns
    far = _dot(axis, origin) - _dot(axis, position)
    return _dot(axis, right), _dot(axis, up), _dot(axis, back), far


def _seen(row: _Row, behind: _Row, scale: float, shift: float) -> _Row:
    """Return scale * row + shift * distance ahead: a place in the picture, times that distance."""
    a, b, c, d = row
    p, q, r, s = behind
    return (
        scale * a - shift * p,
        scale * b - shift * q,
        scale * c - shift * r,
        scale * d - shift * s,
    )


def _inverse(columns: list[list[float]]) -> tuple[tuple[_Point, _Point, _Point], float]:
    """Return the rows of the inverse of a matrix (3, 3), given by columns, and its determinant."""
    (a, d, g), (b, e, h), (c, f, i), _ = columns
    across = e * i - f * h, c * h - b * i, b * f - c * e
    upright = f * g - d * i, a * i - c * g, c * d - a * f
    ahead = d * h - e * g, b * g - a * h, a * e - b * d
    volume = a * across[0] + b * upright[0] + c * ahead[0]
    p, q, r = ((x / volume, y / volume, z / volume) for x, y, z in (across, upright, ahead))
    return (p, q, r), volume


def reach(avatar: Avatar) -> Floats32:
    """Return corners (8, 3) of a box that an avatar never leaves, whatever its face does, metres."""
    low = avatar.positions.astype(np.float64)
    high = low.copy()
    moves = Movements(avatar)
    for row in np.flatnonzero(moves.limit).tolist():  # a vertex is in a row once
        here = slice(moves.starts[row], moves.starts[row + 1])
        moved = moves.limit[row] * moves.delta[here]
        low[moves.index[here]] += np.minimum(moved, 0.0)
        high[moves.index[here]] += np.maximum(moved, 0.0)
    for side, centre in enumerate(avatar.eye_centre.astype(np.float64)):
        _turned(low, high, avatar.eye == side, centre)
    if avatar.head is not None:
        _turned(low, high, avatar.head.share > 0.0, avatar.head.pivot_m.astype(np.float64))
    around = max((_outline_m(material) for material in avatar.materials), default=0.0)
    ends = np.stack([low.min(axis=0) - around, high.max(axis=0) + around])
    corners = np.indices((2, 2, 2)).reshape(3, 8).T
    return ends[corners, np.arange(3)].astype(np.float32)


def _turned(low: Floats, high: Floats, among: NDArray[np.bool_], centre: Floats) -> None:
    """Widen boxes (V, 3) to what they may cover when turned about a centre in any way."""
    # However it turns, no corner of the box so far comes farther from the centre than this.
    farthest = np.maximum(np.abs(low[among] - centre), np.abs(high[among] - centre))
    radius = np.linalg.norm(farthest, axis=1)[:, None]
    low[among] = np.minimum(low[among], centre - radius)
    high[among] = np.maximum(high[among], centre + radius)


def _outline_m(material: Material) -> float:
    """Return how far a toon's outline stands off, metres; a share of the picture as if `_FAR_M` away."""
    toon = material.toon
    if toon is None or toon.outline.value == "none":
        return 0.0
    return toon.outline_width * (_FAR_M if toon.outline.value == "screen" else 1.0)


Area = tuple[int, int, int, int]
"""Left, bottom, width, height, in pixels from the lower left; empty where width or height is 0."""

NOWHERE: Final[Area] = (0, 0, 0, 0)


class Coverage:
    """Which part of each eye's picture a box can cover."""

    def __init__(self, corners: Floats32, size: tuple[int, int]) -> None:
        """Take corners (N, 3) in avatar space, and the pictures' width and height in pixels."""
        self._corners: list[list[float]] = corners.tolist()
        self.size = size
        self.whole: Area = (0, 0, *size)

    def areas(self, views: EyeViews) -> tuple[Area, Area, Area]:
        """Return the area in the left picture, in the right, and the least that holds both."""
        left, right = (self._area(rows) for rows in views.matrices.tolist())
        return left, right, _union(left, right)

    def _area(self, rows: list[list[float]]) -> Area:
        (a, b, c, d), (e, f, g, h), _, (p, q, r, s) = rows
        places_x: list[float] = []
        places_y: list[float] = []
        for x, y, z in self._corners:
            away = p * x + q * y + r * z + s
            if away > _AHEAD_M:
                places_x.append((a * x + b * y + c * z + d) / away)
                places_y.append((e * x + f * y + g * z + h) / away)
        if len(places_x) < len(self._corners):  # it reaches past the eye, or is behind it
            return self.whole if places_x else NOWHERE
        width, height = self.size
        left, right = _pixels(min(places_x), max(places_x), width)
        bottom, top = _pixels(min(places_y), max(places_y), height)
        if right <= left or top <= bottom:
            return NOWHERE
        return left, bottom, right - left, top - bottom


def _pixels(low: float, high: float, size: int) -> tuple[int, int]:
    """Return the first pixel of a stretch of -1 to 1, and the one after the last."""
    first = math.floor((low + 1.0) / 2.0 * size) - _EDGE_PX
    last = math.ceil((high + 1.0) / 2.0 * size) + _EDGE_PX
    return max(first, 0), min(last, size)


def _union(one: Area, other: Area) -> Area:
    if not (one[2] and other[2]):
        return one if one[2] else other
    x, y = min(one[0], other[0]), min(one[1], other[1])
    right, top = (max(one[k] + one[k + 2], other[k] + other[k + 2]) for k in (0, 1))
    return x, y, right - x, top - y
