"""Whether a pose was seen in what was captured while it was held; and if not, why, in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...headset.expressions import angles_from_gaze
from ..fitting.robust import median
from .captures import Capture, eyes_target_rad
from .poses import CENTRE, NEUTRAL, Pose

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

RISE: Final = 0.2
"""A shape that rises by less over rest is no answer. Source: SCIENCE 2.2."""

STEADY: Final = 0.12
"""At rest no shape leaves its median by more; trackers' own noise is a third of that."""

SHUT: Final = 0.4
"""How far a lid has to go from its rest towards shut: between trackers' lids that stop half-way and
those that follow each glance down."""

APART: Final = 0.25
"""By how much more the winking lid has to be shut than the other."""

NEAR_RAD: Final = np.radians(6.0)
"""From a target, once the centre's own error is taken off: a tracker with the worst gain is 3° off at
15°, who looks elsewhere much more."""

ANYWHERE_RAD: Final = np.radians(15.0)
"""From the centre, before anything is known of the tracker."""

_MOST: Final = 0.5  # of the rows that must show it
_FEWEST: Final = 5  # rows: a tracker of 5 Hz or more

_TRIES: Final = {
    "wink_left": "the left lid alone was not seen to close",
    "wink_right": "the right lid alone was not seen to close",
    "lids_closed": "the lids were not seen to close",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What poses are judged by; NaN where it is not known.

    Attributes:
        weights: Shape (88,).
        openness: Shape (2,).
        centre_rad: Shape (2, 2), each eye's (yaw, pitch) error where it looks at the centre.
    """

    weights: Floats
    openness: Floats
    centre_rad: Floats

    @classmethod
    def unknown(cls) -> Rest:
        """Return that of a wearer not seen yet: the tracker's own zero stands for it."""
        return cls(weights=np.zeros(88), openness=np.ones(2), centre_rad=np.full((2, 2), np.nan))

    def learnt(self, capture: Capture) -> Rest:
        """Return it with what a pose that was seen tells of it."""
        if capture.pose == NEUTRAL:
            weights, openness = median(capture.weights), median(capture.openness)
            return replace(
                self,
                weights=np.nan_to_num(weights),
                openness=np.where(openness > 0.0, openness, 1.0),
            )
        if capture.pose == CENTRE and capture.target_rad is not None:
            return replace(self, centre_rad=_off_rad(capture))
        return self


def judged(pose: Pose, capture: Capture, rest: Rest) -> tuple[Capture, str]:
    """Return the capture with its quality, and why the pose was not seen; empty where it was."""
    shown, why = _shown(pose, capture, rest)
    if len(shown) < _FEWEST:
        return capture, "hardly anything came from the tracker"
    quality = float(shown.mean())
    if quality < _MOST:
        return capture, why
    return replace(capture, quality=round(quality, 3)), ""


def _shown(pose: Pose, capture: Capture, rest: Rest) -> tuple[Flags, str]:
    """Return which rows show the pose, and what is wrong with those that do not."""
    if pose.name == NEUTRAL:
        return _still(capture), "your face moved"
    if pose.rises:
        rise = _mean(capture.weights[:, pose.shapes] - rest.weights[pose.shapes])
        return rise >= RISE, f"it was not seen: {_more(rise)}"
    if pose.target_rad is not None:
        return _looked(capture, rest)
    shut = 1.0 - capture.openness / rest.openness
    if pose.name == "lids_closed":
        return _all(shut >= SHUT), _TRIES[pose.name]
    left = pose.name == "wink_left"
    winking, other = (shut[:, 0], shut[:, 1]) if left else (shut[:, 1], shut[:, 0])
    why = _TRIES[pose.name]
    if _most(other >= SHUT):
        why = "both eyes closed" if _most(winking >= SHUT) else "the other eye closed"
    return (winking >= SHUT) & (winking - other >= APART), why


def _still(capture: Capture) -> Flags:
    """Return which rows have all shapes near their medians; a blink is no movement."""
    off = np.abs(capture.weights - median(capture.weights))
    seen = _any(np.isfinite(capture.weights)) | _any(np.isfinite(capture.openness))
    return seen & ~_any(off > STEADY)  # NaN is not above


def _looked(capture: Capture, rest: Rest) -> tuple[Flags, str]:
    """Return in which rows an eye looks at the target, and why not in others."""
    off = _angles_rad(capture) - eyes_target_rad(_target_rad(capture))
    first = np.isnan(rest.centre_rad).all()
    near = ANYWHERE_RAD if first else NEAR_RAD
    if not first:  # an eye whose own error is not known has none
        off = off - np.nan_to_num(rest.centre_rad)
    away = np.hypot(off[..., 0], off[..., 1])
    seen = _any(np.isfinite(away))
    why = "you looked elsewhere" if _most(seen) else "your eyes were not seen: keep them open"
    return _any(away <= near), why


def _off_rad(capture: Capture) -> Floats:
    """Return each eye's median error on a target, (2, 2)."""
    return median(_angles_rad(capture) - eyes_target_rad(_target_rad(capture)))


def _angles_rad(capture: Capture) -> Floats:
    return np.stack(angles_from_gaze(capture.gaze), axis=-1)


def _target_rad(capture: Capture) -> Floats:
    return np.zeros(2) if capture.target_rad is None else capture.target_rad


def _more(rise: Floats) -> str:
    finite = rise[np.isfinite(rise)]
    if not finite.size:
        return "the tracker said nothing of it"
    return "a little more" if np.median(finite) > RISE / 3 else "make it larger"


def _most(flags: Flags) -> bool:
    return bool(flags.size and flags.mean() >= _MOST)


def _any(flags: Flags) -> Flags:
    return np.asarray(flags.any(axis=1))


def _all(flags: Flags) -> Flags:
    return np.asarray(flags.all(axis=1))


def _mean(rows: Floats) -> Floats:
    """Return each row's mean over what is finite; NaN where nothing is."""
    known = np.isfinite(rows)
    means = np.where(known, rows, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.where(known.any(axis=1), means, np.nan)
