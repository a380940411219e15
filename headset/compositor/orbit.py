"""Where someone at the desktop looks from: about the image in the mirror, as the mouse has turned it.

What two eyes see from there is given as a headset gives it, so that whatever is drawn for a headset is
drawn for a window. Both look straight ahead, and each eye's field of view is moved over so that what
is looked at is in the middle of both pictures.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..clock import NS_PER_S

Floats32 = NDArray[np.float32]

IPD_M: Final = 0.063
"""Between the eyes. Source: Dodgson, Variation and extrema of human interpupillary distance (2004)."""

HEIGHT_RAD: Final = math.radians(34.0)
"""Of the field of view: from as far as people talk at, a head and its shoulders."""

AWAY_M: Final = 0.7
BEHIND_M: Final = 0.07
"""From between the eyes to the middle of a head, about which one goes."""

NEAREST_M: Final = 0.25
FARTHEST_M: Final = 2.5
MOST_YAW_RAD: Final = math.radians(60.0)
MOST_PITCH_RAD: Final = math.radians(30.0)

_RAD_PER_PX: Final = math.radians(0.25)
_PER_NOTCH: Final = 0.9
"""A notch of the wheel, away from the hand, comes so much nearer."""

_TWICE_WITHIN_NS: Final = round(0.4 * NS_PER_S)


class Orbit:
    """Two eyes that go round a point, moved by a mouse.

    Attributes:
        yaw_rad: To the right round the point, in `MOST_YAW_RAD` either way.
        pitch_rad: Above it, in `MOST_PITCH_RAD` either way.
        away_m: From the point, `NEAREST_M` to `FARTHEST_M`.
    """

    def __init__(self, size: tuple[int, int], *, away_m: float = AWAY_M) -> None:
        """Stand in the origin, before a head.

        Args:
            size: Width and height of an eye's picture.
            away_m: How far ahead its eyes are; it is gone round about its middle.
        """
        self._wide = size[0] / size[1] * math.tan(HEIGHT_RAD / 2)
        self._first_m = away_m + BEHIND_M
        self._views = np.zeros((2, 11), np.float32)
        self._mouse_px: tuple[float, float] | None = None
        self._held = False
        self._pressed_ns: int | None = None
        self.reset()

    def reset(self) -> None:
        """Look as at first."""
        self.yaw_rad = self.pitch_rad = 0.0
        self.away_m = self._first_m
        self._place()

    def press(self, at_ns: int) -> None:
        """Take hold with the mouse, where it was moved to last; twice in a moment resets."""
        if self._pressed_ns is not None and at_ns - self._pressed_ns <= _TWICE_WITHIN_NS:
            self.reset()
            at_ns -= _TWICE_WITHIN_NS + 1  # a third time is a first
        self._pressed_ns, self._held = at_ns, True

    def release(self) -> None:
        """Let go."""
        self._held = False

    def move(self, at_px: tuple[float, float]) -> None:
        """Move the mouse, from the upper left; what is held goes with it."""
        before_px, self._mouse_px = self._mouse_px, at_px
        if not self._held or before_px is None:
            return
        right, down = at_px[0] - before_px[0], at_px[1] - before_px[1]
        self.yaw_rad = _within(self.yaw_rad - _RAD_PER_PX * right, MOST_YAW_RAD)
        self.pitch_rad = _within(self.pitch_rad + _RAD_PER_PX * down, MOST_PITCH_RAD)
        self._place()

    def scroll(self, notches: float) -> None:
        """Come nearer, or with a negative number go away."""
        nearer = self.away_m * _PER_NOTCH**notches
        self.away_m = min(max(nearer, NEAREST_M), FARTHEST_M)
        self._place()

    @property
    def views(self) -> Floats32:
        """Shape (2, 11), of each eye what `Scene.draw` is given; rewritten in place."""
        return self._views

    def _place(self) -> None:
        sin_y, cos_y = math.sin(self.yaw_rad), math.cos(self.yaw_rad)
        sin_p, cos_p = math.sin(self.pitch_rad), math.cos(self.pitch_rad)
        away = self.away_m
        middle = away * cos_p * sin_y, away * sin_p, away * cos_p * cos_y - self._first_m
        # Turned about y, then tipped about its own x: looks back at the point.
        y, w = math.sin(self.yaw_rad / 2), math.cos(self.yaw_rad / 2)
        tip, level = math.sin(-self.pitch_rad / 2), math.cos(-self.pitch_rad / 2)
        turn = w * tip, y * level, -y * tip, w * level
        for view, side in zip(self._views, (-IPD_M / 2, IPD_M / 2), strict=True):
            over = -side / away  # where the point is seen, as a tangent
            view[:] = (
                *turn,
                middle[0] + side * cos_y, middle[1], middle[2] - side * sin_y,
                math.atan(over - self._wide), math.atan(over + self._wide),
                HEIGHT_RAD / 2, -HEIGHT_RAD / 2,
            )  # fmt: skip


def _within(value: float, most: float) -> float:
    return min(max(value, -most), most)
