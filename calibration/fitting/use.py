"""Some seconds of ordinary use, gathered from frames: what every fit without a pose starts from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...headset.clock import NS_PER_S
from ...headset.expressions import angles_from_gaze
from ...headset.frame import FaceSample, SensorFrame
from ...headset.merge import merge
from ...headset.names import UNIFIED

Floats = NDArray[np.float64]
Times = NDArray[np.int64]

_SOON_NS: Final = NS_PER_S // 4
"""A sample says nothing of what came more than this after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What trackers said, each sample once.

    Attributes:
        face_ns: Shape (N,), the times of `weights`.
        weights: Shape (N, 88), merged, NaN where not observed.
        eyes_ns: Shape (M,), the times of `openness` and `gaze_rad`.
        openness: Shape (M, 2).
        gaze_rad: Shape (M, 2, 2), per eye (yaw, pitch).
    """

    face_ns: Times
    weights: Floats
    eyes_ns: Times
    openness: Floats
    gaze_rad: Floats

    @property
    def seconds(self) -> float:
        """How long anything was seen."""
        return max(covered_s(self.face_ns), covered_s(self.eyes_ns))


def gathered(frames: Iterable[SensorFrame]) -> Use:
    """Return what some frames show, in order of time; a sample counts once however many show it."""
    weights: list[Floats] = []
    openness: list[Floats] = []
    gaze: list[Floats] = []
    face_ns: list[int] = []
    eyes_ns: list[int] = []
    for frame in frames:
        if frame.faces and frame.faces[0].time_ns not in face_ns[-1:]:
            face_ns.append(frame.faces[0].time_ns)
            weights.append(_merged(frame.faces))
        eyes = frame.eyes
        if eyes is not None and eyes.time_ns not in eyes_ns[-1:]:
            eyes_ns.append(eyes.time_ns)
            openness.append(eyes.openness)
            gaze.append(eyes.gaze)
    return Use(
        face_ns=np.array(face_ns, dtype=np.int64),
        weights=np.array(weights).reshape(-1, len(UNIFIED)),
        eyes_ns=np.array(eyes_ns, dtype=np.int64),
        openness=np.array(openness).reshape(-1, 2),
        gaze_rad=np.stack(angles_from_gaze(np.array(gaze).reshape(-1, 2, 3)), axis=-1),
    )


def covered_s(times_ns: Times) -> float:
    """Return for how long a sensor was seen: a sample stands for the time to the next, if soon."""
    return float(np.clip(np.diff(times_ns), 0, _SOON_NS).sum()) / NS_PER_S


def _merged(faces: tuple[FaceSample, ...]) -> Floats:
    weights = np.empty(len(UNIFIED))
    merge(faces, weights, np.empty(len(UNIFIED), dtype=np.uint8))
    return weights
