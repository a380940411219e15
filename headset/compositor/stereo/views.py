"""Two eyes and an avatar: the matrices of a frame, and how much of the picture the avatar can cover.

Depth is reversed and has no far end: near / distance, 1 at the near plane and 0 infinitely far off.
Floats are densest about 0, so a float depth keeps far things apart as well as near ones.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..avatar import Avatar
from ..morph import HIGHEST_WEIGHT

Floats = NDArray[np.floating]
Floats32 = NDArray[np.float32]

EYES: Final = 2
NEAR_M: Final = 0.05
"""A face closer than this cannot be looked at; OpenXR's depth layer takes it for `far_z` (reversed)."""

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
        self._rows = np.zeros((EYES, 4, 4))
        self._eyes = np.zeros((EYES, 3))

    def place(self, views: Floats32, model: Floats) -> None:
        """Set all of it.

        Args:
            views: Shape (2, 11), each eye's orientation xyzw and position in some space, and the
                angles of its field of view in radians: left, right, up, down; left, down negative.
            model: Shape (4, 4), avatar space to that space: rigid, mirrored or scaled.
        """
        for eye, (x, y, z, w, *position, left, right, up, down) in enumerate(views.tolist()):
            # Columns of the turn are the eye's axes in the space; its rows lead back into the eye.
            to_right = 1 - 2 * (y * y + z * z), 2 * (x * y + z * w), 2 * (x * z - y * w)
            to_up = 2 * (x * y - z * w), 1 - 2 * (x * x + z * z), 2 * (y * z + x * w)
            backward = 2 * (x * z + y * w), 2 * (y * z - x * w), 1 - 2 * (x * x + y * y)
            across = self._lens(eye, 0, math.tan(left), math.tan(right))
            upright = self._lens(eye, 1, math.tan(down), math.tan(up))
            behind = _row(backward, position)
            self._rows[eye] = (
                _seen(_row(to_right, position), behind, *across),
                _seen(_row(to_up, position), behind, *upright),
                (0.0, 0.0, 0.0, self.near_m),
                (-behind[0], -behind[1], -behind[2], -behind[3]),
            )
            self._eyes[eye] = position
        np.matmul(self._rows, model, out=self.matrices, casting="same_kind")
        inverse, volume = _inverse(model)
        self.cameras[:] = (self._eyes - model[:3, 3]) @ inverse.T
        self.mirrored = volume < 0.0

    def _lens(self, eye: int, axis: int, low: float, high: float) -> tuple[float, float]:
        scale, shift = 2.0 / (high - low), -(high + low) / (high - low)
        self.lens[eye, axis], self.lens[eye, axis + 2] = scale, shift
        return scale, shift


_Row = tuple[float, float, float, float]


def _row(axis: tuple[float, float, float], position: list[float]) -> _Row:
    """Return the row that gives how far along an axis a point is, seen from a position."""
    x, y, z = axis
    return x, y, z, -(x * position[0] + y * position[1] + z * position[2])


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


def _inverse(model: Floats) -> tuple[Floats, float]:
    """Return the inverse of a matrix's upper (3, 3), and its determinant."""
    (a, b, c), (d, e, f), (g, h, i) = model[:3, :3].tolist()
    across = e * i - f * h, c * h - b * i, b * f - c * e
    upright = f * g - d * i, a * i - c * g, c * d - a * f
    ahead = d * h - e * g, b * g - a * h, a * e - b * d
    volume = a * across[0] + b * upright[0] + c * ahead[0]
    return np.array((across, upright, ahead)) / volume, volume


def reach(avatar: Avatar) -> Floats32:
    """Return corners (8, 3) of a box that an avatar never leaves, whatever its face does, metres."""
    low = avatar.positions.astype(np.float64)
    high = low.copy()
    for target in avatar.targets.values():  # a vertex is in a target once
        moved = HIGHEST_WEIGHT * target.delta
        low[target.index] += np.minimum(moved, 0.0)
        high[target.index] += np.maximum(moved, 0.0)
    for side, centre in enumerate(avatar.eye_centre.astype(np.float64)):
        ball = avatar.eye == side
        # However it turns, no corner of the box so far comes farther from the centre than this.
        farthest = np.maximum(np.abs(low[ball] - centre), np.abs(high[ball] - centre))
        radius = np.linalg.norm(farthest, axis=1)[:, None]
        low[ball], high[ball] = centre - radius, centre + radius
    ends = np.stack([low.min(axis=0), high.max(axis=0)])
    corners = np.indices((2, 2, 2)).reshape(3, 8).T
    return ends[corners, np.arange(3)].astype(np.float32)


Area = tuple[int, int, int, int]
"""Left, bottom, width, height, in pixels from the lower left; empty where width or height is 0."""

NOWHERE: Final[Area] = (0, 0, 0, 0)


class Coverage:
    """Which part of each eye's picture a box can cover."""

    def __init__(self, corners: Floats32, size: tuple[int, int]) -> None:
        """Take corners (N, 3) in avatar space, and the pictures' width and height in pixels."""
        self._corners = np.column_stack([corners, np.ones(len(corners), np.float32)]).T.copy()
        self.size = size
        self.whole: Area = (0, 0, *size)
        self._clip = np.zeros((EYES, 4, len(corners)), np.float32)
        self._places = np.zeros((EYES, 2, len(corners)), np.float32)

    def areas(self, views: EyeViews) -> tuple[Area, Area, Area]:
        """Return the area in the left picture, in the right, and the least that holds both."""
        clip = np.matmul(views.matrices, self._corners, out=self._clip)
        ahead = clip[:, 3]
        # Where a corner is not ahead, its place says nothing, and `_area` does not ask.
        places = np.divide(clip[:, :2], np.maximum(ahead, _AHEAD_M)[:, None], out=self._places)
        left, right = (
            self._area(*eye)
            for eye in zip(
                np.minimum.reduce(ahead, axis=1).tolist(),
                np.maximum.reduce(ahead, axis=1).tolist(),
                np.minimum.reduce(places, axis=2).tolist(),
                np.maximum.reduce(places, axis=2).tolist(),
                strict=True,
            )
        )
        return left, right, _union(left, right)

    def _area(self, nearest: float, farthest: float, low: list[float], high: list[float]) -> Area:
        if farthest <= _AHEAD_M:
            return NOWHERE
        if nearest <= _AHEAD_M:  # it reaches past the eye
            return self.whole
        width, height = self.size
        x, right = _pixels(low[0], high[0], width)
        y, top = _pixels(low[1], high[1], height)
        return (x, y, right - x, top - y) if right > x and top > y else NOWHERE


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
