"""Fits a profile from the first seconds of ordinary use: rest and range.

The resting face is the median of what was seen: people rest more than they do anything else, and a
median does not care what they did with the rest of the time. With little to go on it leans towards
the tracker's own zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from ..headset.frame import SensorFrame
from ..headset.names import UNIFIED
from .fitting.glances import usual
from .fitting.robust import median, quantile
from .fitting.use import Floats, covered_s, gathered
from .profile_types import Profile, of_nobody

ENOUGH_S: Final = 10.0
"""After this long a median of rest hardly moves: full quality. Under it quality is the share."""

TRUSTED_S: Final = 3.0
"""A sensor seen for less has its rest mixed with its own zero, by the share of this that was seen."""


def fit(frames: Iterable[SensorFrame]) -> Profile:
    """Return the profile of the wearer seen in some frames.

    Args:
        frames: In order of time; each sample is used once however many frames show it.

    Returns:
        A profile; of quality 0, with a note, where nothing was seen.
    """
    use = gathered(frames)
    if not len(use.weights) and not len(use.openness):
        return of_nobody(
            ("nothing was seen: check the sensors (`unvisor doctor`) and calibrate again",)
        )
    seen_s = use.seconds
    face, eyes = (min(1.0, covered_s(at_ns) / TRUSTED_S) for at_ns in (use.face_ns, use.eyes_ns))
    weights = _some(use.weights, (len(UNIFIED),))
    return Profile(
        rest=face * median(weights),
        reach=quantile(weights, 0.99),
        openness_rest=1.0 + eyes * (median(_some(use.openness, (2,))) - 1.0),
        gaze_rest_rad=eyes * median(_some(use.gaze_rad, (2, 2))),
        gaze_rest_sd_rad=usual(use)[1],
        seconds=seen_s,
        quality=min(1.0, seen_s / ENOUGH_S),
        notes=_notes(seen_s, bool(len(use.weights)), bool(len(use.openness))),
    )


def _some(rows: Floats, shape: tuple[int, ...]) -> Floats:
    """Return rows, or one of NaN where there are none."""
    return rows if len(rows) else np.full((1, *shape), np.nan)


def _notes(seen_s: float, face: bool, eyes: bool) -> tuple[str, ...]:
    notes: list[str] = []
    if seen_s < ENOUGH_S:
        notes.append(f"only {seen_s:.1f} s were seen: give {ENOUGH_S:.0f} s or more")
    if not face:
        notes.append("no face tracker was seen: the mouth is uncalibrated")
    if not eyes:
        notes.append("no eye tracker was seen: lids and gaze are uncalibrated")
    return tuple(notes)
