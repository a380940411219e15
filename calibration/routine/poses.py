"""The faces a wearer may be asked to make, and how one knows a face when it is seen.

Source: SCIENCE 2.2 (which anchors; that an answer of less than 0.2 over rest is none), 5.2 (targets).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ...headset.names import UNIFIED_INDEX
from ...headset.prompts.prompt import Group

READY_S: Final = 1.2
"""From the words to the hold: half a second to hear them, the rest to make the face."""

HOLD_S: Final = 1.5
SEEN_S: Final = 0.4

_GLANCE_S: Final = 0.8  # a saccade takes a quarter of a second, finding the spot the rest
_GAZE_S: Final = 1.0
_GAZE_SEEN_S: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """One face to make.

    Attributes:
        name: In captures and profiles.
        words: What the wearer is told, in a few words that can be spoken.
        hint: A few more.
        group: What of the face it is of; None for the face at rest.
        rises: Unified shapes that rise when it is made: at least one must be measured. None for what
            lids or gaze tell.
        target_rad: Where to look, (yaw to the right, pitch up); None anywhere.
        ready_s: From being told to the hold.
        hold_s: How long it is held.
        seen_s: From the hold to the next.
    """

    name: str
    words: str
    hint: str = ""
    group: Group | None
    rises: tuple[str, ...] = ()
    target_rad: tuple[float, float] | None = None
    ready_s: float = READY_S
    hold_s: float = HOLD_S
    seen_s: float = SEEN_S

    @property
    def seconds(self) -> float:
        """How long it takes where it is seen at once."""
        return self.ready_s + self.hold_s + self.seen_s

    @property
    def shapes(self) -> Sequence[int]:
        """Where `rises` are among the 88."""
        return [UNIFIED_INDEX[name] for name in self.rises]


def _sides(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}{side}" for name in names for side in ("Left", "Right"))


def _target(name: str, yaw_deg: float, pitch_deg: float) -> Pose:
    return Pose(
        name=f"gaze_{name}",
        words="Look at the spot",
        hint="with your eyes alone",
        group="gaze",
        target_rad=(math.radians(yaw_deg), math.radians(pitch_deg)),
        ready_s=_GLANCE_S,
        hold_s=_GAZE_S,
        seen_s=_GAZE_SEEN_S,
    )


NEUTRAL: Final = "neutral"
CENTRE: Final = "gaze_centre"

_ACROSS_DEG: Final = 15.0
_UP_DEG: Final = 12.0
"""Farther out people turn their heads, and headsets' pictures blur."""

POSES: Final[tuple[Pose, ...]] = (
    Pose(name=NEUTRAL, words="Relax your face", hint="mouth shut, look ahead", group=None),
    Pose(name="jaw_open", words="Open your mouth wide", group="mouth", rises=("JawOpen",)),
    Pose(
        name="smile", words="Smile", hint="as wide as you can", group="mouth",
        rises=_sides("MouthCornerPull"),
    ),
    Pose(
        name="pucker", words="Blow a kiss", hint="lips pushed out", group="mouth",
        rises=_sides("LipPuckerUpper", "LipPuckerLower"),
    ),
    Pose(name="puff", words="Puff your cheeks", group="mouth", rises=_sides("CheekPuff")),
    Pose(name="tongue", words="Stick out your tongue", group="mouth", rises=("TongueOut",)),
    Pose(
        name="lids_closed", words="Close your eyes", hint="until the next tone", group="lids"
    ),
    Pose(
        name="lids_wide", words="Open your eyes wide", group="lids", rises=_sides("EyeWide")
    ),
    Pose(name="wink_left", words="Close your left eye only", group="lids"),
    Pose(name="wink_right", words="Close your right eye only", group="lids"),
    Pose(name="squint", words="Squint", group="brows", rises=_sides("EyeSquint")),
    Pose(
        name="brows_up", words="Raise your brows", group="brows",
        rises=_sides("BrowInnerUp", "BrowOuterUp"),
    ),
    Pose(name="frown", words="Frown", group="brows", rises=_sides("BrowLowerer", "BrowPinch")),
    _target("centre", 0.0, 0.0),
    _target("left", -_ACROSS_DEG, 0.0),
    _target("right", _ACROSS_DEG, 0.0),
    _target("up", 0.0, _UP_DEG),
    _target("down", 0.0, -_UP_DEG),
    _target("up_left", -_ACROSS_DEG, _UP_DEG),
    _target("down_right", _ACROSS_DEG, -_UP_DEG),
    _target("up_right", _ACROSS_DEG, _UP_DEG),
    _target("down_left", -_ACROSS_DEG, -_UP_DEG),
)  # fmt: skip
"""In the order they are asked for: rest first, since all others are judged by it; then what is sensed
most often; eyes last, since they tire."""
