"""How the head turns, and what of it the eyes make good: the vestibulo-ocular reflex."""

from __future__ import annotations

from math import atan2, degrees, exp, hypot, sqrt
from typing import Final

from ...headset.clock import NS_PER_S
from ...headset.frame import HeadSample

LATENCY_S: Final = 0.010
"""Of the reflex, whose gain is 1 (SCIENCE 4)."""

SHIFT_DEG: Final = 33.0
"""A turn that passes this is a gaze shift that carries a blink (SCIENCE 4)."""

_GAP_NS: Final = NS_PER_S // 2  # a longer hole says nothing of how the head got there
_JUMP_DEG: Final = 40.0  # in one sample: the origin was moved, not the head
_TURNS_DEG_S: Final = 25.0  # slower is sway
_SPEED_S: Final = 0.03  # what speed is smoothed over


class HeadTurn:
    """Follows head samples.

    Attributes:
        turned_deg: What the eyes have to make good since the last call, (yaw, pitch), degrees.
        speed_deg_s: How fast the head turns, likewise.
        shifted: Whether a turn has just passed `SHIFT_DEG`.
    """

    def __init__(self) -> None:
        self.turned_deg = self.speed_deg_s = (0.0, 0.0)
        self.shifted = False
        self._seen_ns = 0
        self._pose: tuple[float, float, float, float] | None = None
        self._owed = (0.0, 0.0)
        self._turn_deg = 0.0

    def advance(self, passed_s: float, head: HeadSample | None) -> None:
        """Take the newest sample, the same as last time or not."""
        self.shifted = False
        if head is None:
            self._pose, self.speed_deg_s = None, (0.0, 0.0)
        elif head.time_ns != self._seen_ns or self._pose is None:
            self._follow(head)
        keep = exp(-passed_s / LATENCY_S)
        yaw, pitch = self._owed
        self._owed = (keep * yaw, keep * pitch)
        self.turned_deg = (yaw - keep * yaw, pitch - keep * pitch)

    def _follow(self, head: HeadSample) -> None:
        x, y, z, w = head.orientation_xyzw.tolist()
        pose, before = (x, y, z, w), self._pose
        step_ns, self._seen_ns, self._pose = head.time_ns - self._seen_ns, head.time_ns, pose
        if x + y + z + w != x + y + z + w:  # NaN
            self._pose = None
        if before is None or self._pose is None or not 0 < step_ns < _GAP_NS:
            self.speed_deg_s, self._turn_deg = (0.0, 0.0), 0.0
            return
        yaw, pitch = _turn_deg(before, pose)
        if hypot(yaw, pitch) > _JUMP_DEG:
            return
        self._owed = (self._owed[0] + yaw, self._owed[1] + pitch)
        step_s = step_ns / NS_PER_S
        share = 1.0 - exp(-step_s / _SPEED_S)
        across, along = self.speed_deg_s
        self.speed_deg_s = (
            across + share * (yaw / step_s - across),
            along + share * (pitch / step_s - along),
        )
        if hypot(*self.speed_deg_s) < _TURNS_DEG_S:
            self._turn_deg = 0.0
            return
        size = hypot(yaw, pitch)
        self.shifted = self._turn_deg <= SHIFT_DEG < self._turn_deg + size
        self._turn_deg += size


def _turn_deg(
    before: tuple[float, float, float, float], now: tuple[float, float, float, float]
) -> tuple[float, float]:
    """Return how far a head turned, (yaw to the right, pitch up), in its own axes before.

    About +y a positive angle turns -z to the left, about +x up.
    """
    ax, ay, az, aw = before
    bx, by, bz, bw = now
    x = aw * bx - ax * bw - ay * bz + az * by
    y = aw * by + ax * bz - ay * bw - az * bx
    z = aw * bz - ax * by + ay * bx - az * bw
    w = aw * bw + ax * bx + ay * by + az * bz
    size = sqrt(x * x + y * y + z * z)
    if size < 1e-9:
        return 0.0, 0.0
    angle = degrees(2.0 * atan2(size, abs(w))) * (1.0 if w >= 0.0 else -1.0) / size
    return -angle * y, angle * x
