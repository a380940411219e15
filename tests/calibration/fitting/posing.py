"""Captures of a wearer who holds poses, under a tracker of known errors."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from unvisor.calibration.routine.captures import Capture, eyes_target_rad
from unvisor.calibration.routine.poses import POSES
from unvisor.headset.expressions import gaze_from_angles
from unvisor.headset.names import UNIFIED, UNIFIED_INDEX

Floats = NDArray[np.float64]

ROWS = 45
SECONDS = 1.5
POSED = {pose.name: pose for pose in POSES}
TARGETS = [pose.name for pose in POSES if pose.target_rad is not None]
_SEEN = ("Jaw", "Mouth", "Lip", "Cheek", "Brow", "Eye", "TongueOut")
SEEN = [index for index, name in enumerate(UNIFIED) if name.startswith(_SEEN)]
LEAK = np.array([[1.0, 0.3], [0.2, 1.0]])


@dataclass
class Poser:
    """A wearer and their tracker.

    `gaze_gain` and `gaze_off_rad` are the tracker's errors, per eye (yaw, pitch); `leak` is how cheeks
    are mixed, `lids_leak` closures.
    """

    rest: float = 0.1
    amount: float = 0.7
    noise: float = 0.01
    openness_rest: float = 0.8
    openness_shut: float = 0.15
    lids_leak: float = 0.0
    gaze_gain: float = 1.06
    gaze_off_rad: Floats = field(default_factory=lambda: np.radians([[1.5, -1.0], [-0.5, 0.8]]))
    look_noise_rad: float = float(np.radians(0.3))
    seed: int = 0

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)

    def hold(self, name: str, *, really: str | None = None) -> Capture:
        """Return the capture called `name`, of a wearer who does `really` instead."""
        does = name if really is None else really
        pose = POSED.get(name)
        return Capture(
            pose=name,
            weights=self._weights(does),
            openness=self._openness(does),
            gaze=self._gaze(does),
            target_rad=None
            if pose is None or pose.target_rad is None
            else np.array(pose.target_rad),
            seconds=SECONDS,
        )

    def all(self, *names: str) -> list[Capture]:
        return [self.hold(name) for name in names]

    def _weights(self, does: str) -> Floats:
        face = np.full(len(UNIFIED), np.nan)
        face[SEEN] = self.rest
        pose = POSED.get(does)
        if pose is not None:
            face[pose.shapes] += self.amount
        cheeks = [UNIFIED_INDEX["CheekPuffLeft"], UNIFIED_INDEX["CheekPuffRight"]]
        done = {"puff_left": (1.0, 0.0), "puff_right": (0.0, 1.0), "puff": (0.7, 0.7)}.get(does)
        if done is not None:
            face[cheeks] = self.rest + self.amount * (LEAK @ np.array(done))
        return face + self.rng.normal(0.0, self.noise, (ROWS, len(UNIFIED)))

    def _openness(self, does: str) -> Floats:
        closed = np.array(
            {"lids_closed": (1.0, 1.0), "wink_left": (1.0, 0.0), "wink_right": (0.0, 1.0)}.get(
                does, (0.0, 0.0)
            )
        )
        leak = self.lids_leak
        closed = np.array([[1.0 - leak, leak], [leak, 1.0 - leak]]) @ closed
        openness = self.openness_rest - closed * (self.openness_rest - self.openness_shut)
        return openness + self.rng.normal(0.0, self.noise, (ROWS, 2))

    def _gaze(self, does: str) -> Floats:
        pose = POSED.get(does)
        looks = np.zeros((2, 2))
        if pose is not None and pose.target_rad is not None:
            looks = eyes_target_rad(np.array(pose.target_rad))
        # What a look is off by stays for the whole of it.
        off = self.rng.normal(0.0, self.look_noise_rad, (2, 2))
        if does == "lids_closed":
            return np.full((ROWS, 2, 3), np.nan)
        return np.repeat(
            gaze_from_angles(*np.moveaxis(self.seen(looks + off), -1, 0))[None], ROWS, axis=0
        )

    def seen(self, looks_rad: Floats) -> Floats:
        """Return what the tracker makes of where eyes look, (..., 2, 2)."""
        return self.gaze_gain * looks_rad + self.gaze_off_rad
