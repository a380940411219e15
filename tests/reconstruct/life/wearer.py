"""A wearer of the tests' own, of whom as little is sensed as is asked for, and what life makes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unvisor.headset.clock import NS_PER_S
from unvisor.headset.expressions import angles_from_gaze, arkit_from_unified
from unvisor.headset.frame import NO_WEIGHTS, VISEMES, HeadSample, SensorFrame, SpeechSample
from unvisor.headset.names import UNIFIED
from unvisor.reconstruct.features import Features
from unvisor.reconstruct.life.life import Life
from unvisor.reconstruct.life.person import Activity

Floats = NDArray[np.float64]
Times = NDArray[np.int64]
NO_VISEMES = np.full(len(VISEMES), np.nan)
ORIGIN_M = np.zeros(3)
UPRIGHT = HeadSample(
    time_ns=0,
    received_ns=0,
    orientation_xyzw=np.array([0.0, 0.0, 0.0, 1.0]),
    position_m=ORIGIN_M,
)


def times(seconds: float, rate_hz: float) -> Times:
    return np.rint(np.arange(round(seconds * rate_hz)) * NS_PER_S / rate_hz).astype(np.int64)


def head(time_ns: int, yaw_deg: float = 0.0) -> HeadSample:
    """A head turned to its right."""
    half = np.radians(-yaw_deg) / 2.0
    turned = np.array([0.0, np.sin(half), 0.0, np.cos(half)])
    return HeadSample(
        time_ns=time_ns, received_ns=time_ns, orientation_xyzw=turned, position_m=ORIGIN_M
    )


def voice(time_ns: int, level: float) -> SpeechSample:
    return SpeechSample(
        time_ns=time_ns,
        received_ns=time_ns,
        source="a test's own",
        level=level,
        visemes=NO_VISEMES,
        muted=None,
    )


def still(time_ns: int) -> SensorFrame:
    return SensorFrame(time_ns=time_ns, head=UPRIGHT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """What life did: gaze (T, 2, 3), closure (T, 2), brows (T, 4)."""

    time_ns: Times
    gaze: Floats
    closure: Floats
    brows: Floats

    @property
    def time_s(self) -> Floats:
        return self.time_ns / NS_PER_S

    @property
    def yaw_deg(self) -> Floats:
        """Shape (T, 2), to the right."""
        return np.degrees(angles_from_gaze(self.gaze)[0])

    @property
    def pitch_deg(self) -> Floats:
        return np.degrees(angles_from_gaze(self.gaze)[1])

    @property
    def arkit(self) -> Floats:
        """What is sent, from when life has taken over."""
        weights = np.broadcast_to(NO_WEIGHTS, (len(self.time_ns), len(UNIFIED)))
        return arkit_from_unified(weights, self.gaze, 1.0 - self.closure)


def live(
    life: Life,
    time_ns: Sequence[int] | Times,
    frame: Callable[[int], SensorFrame] = still,
    activity: Activity | None = None,
) -> Lived:
    """Advance through the times."""
    features = Features(None)
    gaze: list[Floats] = []
    closure: list[Floats] = []
    brows: list[Floats] = []
    for at_ns in map(int, time_ns):
        given = frame(at_ns)
        now = life.advance(given, features.observe(given), activity=activity)
        gaze.append(now.gaze.copy())
        closure.append(now.closure.copy())
        brows.append(now.brows.copy())
    return Lived(
        time_ns=np.array(time_ns, np.int64)[1:],  # in the first frame it has no share yet
        gaze=np.array(gaze)[1:],
        closure=np.array(closure)[1:],
        brows=np.array(brows)[1:],
    )
