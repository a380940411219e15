"""Which poses a wearer is asked for: those that some live sensor can see, said first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...headset.errors import CalibrationError
from ...headset.frame import Origin, SensorFrame
from ...headset.names import UNIFIED
from .poses import NEUTRAL, POSES, Pose

Floats = NDArray[np.float64]

AT_MOST_S: Final = 60.0
"""A routine takes no longer, where each pose is seen at once."""

NOWHERE_TO_SHOW: Final = (
    "nothing here can show what to look at: `--overlay` shows it over a game, `--room` without one"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What live sensors tell of.

    Attributes:
        shapes: By face source, the Unified shapes that it measures.
        lids: Whether openness is sensed.
        gaze: Whether gaze is.
    """

    shapes: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    lids: bool = False
    gaze: bool = False

    @classmethod
    def of(cls, frames: Iterable[SensorFrame]) -> Seen:
        """Return what some frames tell of."""
        shapes: dict[str, set[str]] = {}
        lids = gaze = False
        for frame in frames:
            for face in frame.faces:
                told = np.isfinite(face.weights) & (face.origin == Origin.MEASURED)
                if told.any():
                    names = {UNIFIED[index] for index in np.flatnonzero(told)}
                    shapes.setdefault(face.source, set()).update(names)
            if frame.eyes is not None:
                lids |= bool(np.isfinite(frame.eyes.openness).any())
                gaze |= bool(np.isfinite(frame.eyes.gaze).all(axis=1).any())
        return cls(
            shapes={source: frozenset(names) for source, names in shapes.items()},
            lids=lids,
            gaze=gaze,
        )

    def sees(self, pose: Pose) -> bool:
        """Say whether some sensor can see a pose."""
        if pose.name == NEUTRAL:
            return bool(self.shapes) or self.lids or self.gaze
        if pose.rises:
            return bool(self.whose(pose))
        return self.gaze if pose.target_rad is not None else self.lids

    def whose(self, pose: Pose) -> tuple[str, ...]:
        """Return the face sources that see a pose."""
        return tuple(
            source for source, names in self.shapes.items() if not names.isdisjoint(pose.rises)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A routine to come.

    Attributes:
        poses: In the order they are asked for, rest first.
        left_out: Of poses that could be sensed, what is left out and why; for the wearer to read.
        sentence: All of it in one, to be said first.
        seen: What it was made from.
    """

    poses: tuple[Pose, ...]
    left_out: tuple[str, ...]
    sentence: str
    seen: Seen

    @property
    def seconds(self) -> float:
        """How long it takes where each pose is seen at once."""
        return sum(pose.seconds for pose in self.poses)


def plan(seen: Seen, *, targets: bool, gaze_alone: bool = False) -> Plan:
    """Return what the wearer is to be asked for.

    Args:
        seen: What live sensors tell of.
        targets: Whether something can show what to look at, at an angle to the head.
        gaze_alone: Ask for nothing but to look at targets: after a donning, that is what is missing.

    Raises:
        CalibrationError: No sensor tells of anything that can be asked for, or of gaze alone nothing
            can be shown.
    """
    if gaze_alone and not (targets and seen.gaze):
        why = NOWHERE_TO_SHOW if seen.gaze else "no sensor tells of gaze"
        raise CalibrationError(f"gaze: {why}")
    possible = [
        pose
        for pose in POSES
        if seen.sees(pose) and (pose.target_rad is not None or not gaze_alone)
    ]
    poses = tuple(pose for pose in possible if targets or pose.target_rad is None)
    if not possible:
        raise CalibrationError(
            "sensors: none tells of a face or of eyes: start a tracker (`unvisor doctor` says which "
            "there are), then calibrate"
        )
    left_out: list[str] = []
    if len(poses) < len(possible):
        left_out.append(f"{len(possible) - len(poses)} gaze targets: {NOWHERE_TO_SHOW}")
    spent_s = sum(pose.seconds for pose in poses)
    return Plan(
        poses=poses,
        left_out=tuple(left_out),
        sentence=f"{_trackers(seen)}: {_counted(poses)}, {spent_s:.0f} s",
        seen=seen,
    )


def _trackers(seen: Seen) -> str:
    groups = {pose.group for pose in POSES if seen.sees(pose)}
    parts = ["mouth"] * ("mouth" in groups) + ["eye"] * bool({"lids", "gaze"} & groups)
    parts += ["brow"] * ("brows" in groups)
    if len(parts) < 2:
        return f"{parts[0] if parts else 'face'} tracker only"
    return f"{', '.join(parts[:-1])} and {parts[-1]} trackers"


def _counted(poses: tuple[Pose, ...]) -> str:
    targets = sum(pose.target_rad is not None for pose in poses)
    faces = len(poses) - targets
    parts = [f"{faces} poses" if faces != 1 else "1 pose"]
    if targets:
        parts.append(f"{targets} gaze targets")
    return ", ".join(parts)
