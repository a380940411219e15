"""What a routine gives: for each pose, what sensors said while it was held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...headset.clock import seconds
from ...headset.compositor.panels.content import TARGET_AWAY_M
from ...headset.frame import Origin, SensorFrame
from ...headset.merge import merge
from ...headset.names import UNIFIED

Floats = NDArray[np.float64]

EYES_APART_M: Final = 0.063
"""Of most adults, give or take 4 mm. Source: Dodgson 2004, "Variation and extrema of human
interpupillary distance" (mean 63 mm, SD 3.8)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One pose, held: a row for each time that sensors said something new.

    Attributes:
        pose: Its name in `poses.POSES`.
        weights: Shape (T, 88), Unified Expressions as the trackers report them, merged; NaN where not
            measured.
        openness: Shape (T, 2), as the tracker reports it, NaN where not sensed.
        gaze: Shape (T, 2, 3), unit vectors in head space as the tracker reports them, NaN likewise.
        target_rad: Shape (2,), where the wearer was to look, (yaw to the right, pitch up) in head space
            seen from midway between the eyes; None where they looked as they liked.
        seconds: How long it was held.
        quality: Share of the rows that show the pose, 0.5 to 1.
    """

    pose: str
    weights: Floats
    openness: Floats
    gaze: Floats
    target_rad: Floats | None
    seconds: float
    quality: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Captures:
    """A whole routine, or as much of it as was done.

    Attributes:
        taken: Each pose at most once, in the order they were asked for.
        missed: Pose -> why there is none of it.
    """

    taken: tuple[Capture, ...] = ()
    missed: Mapping[str, str] = field(default_factory=dict[str, str])

    def of(self, pose: str) -> Capture | None:
        """Return one pose's, None where it was not taken."""
        return next((one for one in self.taken if one.pose == pose), None)

    @property
    def seconds(self) -> float:
        """How long poses were held, together."""
        return sum(one.seconds for one in self.taken)


def eyes_target_rad(target_rad: Floats) -> Floats:
    """Return where each eye turns to look at a target, (2, 2): (left, right) by (yaw, pitch).

    It stands `TARGET_AWAY_M` off, on a plane that faces the head, so each eye turns in a little.

    Args:
        target_rad: `Capture.target_rad`.
    """
    yaw_rad, pitch_rad = target_rad
    across = TARGET_AWAY_M * np.tan(yaw_rad)
    up = TARGET_AWAY_M * np.tan(pitch_rad) / np.cos(yaw_rad)
    x = across - np.array([-EYES_APART_M, EYES_APART_M]) / 2.0
    return np.stack([np.arctan2(x, TARGET_AWAY_M), np.arctan2(up, np.hypot(x, TARGET_AWAY_M))], -1)


class Rows:
    """Gathers a capture's rows from frames."""

    def __init__(self) -> None:
        self._weights: list[Floats] = []
        self._openness: list[Floats] = []
        self._gaze: list[Floats] = []
        self._newest: tuple[int, ...] = ()
        self._first_ns, self._last_ns = 0, 0

    def add(self, frame: SensorFrame) -> None:
        """Take a frame, if any tracker says something in it that it has not said before."""
        eyes = frame.eyes
        newest = (*(face.time_ns for face in frame.faces), -1 if eyes is None else eyes.time_ns)
        if newest == self._newest or (not frame.faces and eyes is None):
            return
        self._newest = newest
        if not self._weights:
            self._first_ns = frame.time_ns
        self._last_ns = frame.time_ns
        self._weights.append(measured(frame))
        self._openness.append(np.full(2, np.nan) if eyes is None else eyes.openness.copy())
        self._gaze.append(np.full((2, 3), np.nan) if eyes is None else eyes.gaze.copy())

    def capture(self, pose: str, target_rad: tuple[float, float] | None) -> Capture:
        """Return what was gathered, its quality still to be judged."""
        return Capture(
            pose=pose,
            weights=np.array(self._weights).reshape(-1, len(UNIFIED)),
            openness=np.array(self._openness).reshape(-1, 2),
            gaze=np.array(self._gaze).reshape(-1, 2, 3),
            target_rad=None if target_rad is None else np.array(target_rad),
            seconds=seconds(self._last_ns - self._first_ns),
        )


def measured(frame: SensorFrame) -> Floats:
    """Return what trackers measure of the 88 shapes in a frame, merged: NaN where they do not.

    What a runtime itself has guessed is nothing to calibrate by.
    """
    weights = np.full(len(UNIFIED), np.nan)
    if frame.faces:
        origin = np.empty(len(UNIFIED), dtype=np.uint8)
        merge(frame.faces, weights, origin)
        weights[origin != Origin.MEASURED] = np.nan
    return weights
