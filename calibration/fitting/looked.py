"""What targets that a wearer looked at tell of their eyes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...headset.expressions import angles_from_gaze
from ..profile_types import Profile
from ..routine.captures import EYES_APART_M, Capture, eyes_target_rad
from .gaze import FEWEST as FEWEST_TARGETS
from .glances import LOOK_APART_SD_RAD, USUAL_AWAY_M, eyes_of, together_and_apart
from .robust import median, scatter

Floats = NDArray[np.float64]

FEWEST: Final = 5
"""Rows: of a tracker at 5 Hz, a second."""

STEADY_GAZE_RAD: Final = np.radians(3.0)
"""Scatter of gaze on one target; more is a search for it."""


def targets(profile: Profile, captures: Iterable[Capture]) -> tuple[Floats, Floats]:
    """Return what the eyes were seen to do at targets, and where those were: (N, 2, 2) radians each.

    An eye that was shut, or searched for its target, is NaN.
    """
    seen: list[Floats] = []
    true: list[Floats] = []
    shut = 0.5 * np.nan_to_num(profile.openness_rest, nan=1.0)
    for capture in captures:
        if capture.target_rad is None or not np.isfinite(capture.target_rad).all():
            continue
        angles_rad = np.stack(angles_from_gaze(capture.gaze), axis=-1)
        angles_rad[capture.openness < shut] = np.nan
        enough = np.isfinite(angles_rad).all(axis=-1).sum(axis=0) >= FEWEST
        steady = (scatter(angles_rad) <= STEADY_GAZE_RAD).all(axis=-1)
        seen.append(np.where((enough & steady)[:, None], median(angles_rad), np.nan))
        true.append(eyes_target_rad(capture.target_rad))
    return np.array(seen).reshape(-1, 2, 2), np.array(true).reshape(-1, 2, 2)


def looked_apart(profile: Profile, seen: Floats, true: Floats) -> Profile:
    """Return a profile that knows how far apart its tracker usually has the eyes.

    By this a later donning is known from ordinary use (`refit`), where people look at what is some
    `USUAL_AWAY_M` off.

    Args:
        profile: The wearer's.
        seen: Shape (N, 2, 2), as `targets` gives it.
        true: Shape (N, 2, 2), likewise.
    """
    off = together_and_apart(seen - true)[:, 1]
    off = off[np.isfinite(off).all(axis=1)]
    if len(off) < FEWEST_TARGETS or not np.isfinite(profile.gaze_rest_rad).all():
        return profile
    both = together_and_apart(profile.gaze_rest_rad)[0]
    apart = median(off) + np.array([EYES_APART_M / USUAL_AWAY_M, 0.0])
    doubt = profile.gaze_rest_sd_rad.copy()
    doubt[1] = 1.25 * LOOK_APART_SD_RAD / len(off) ** 0.5  # of a median
    rest = eyes_of(np.stack([both, apart]))
    return replace(profile, gaze_rest_rad=rest, gaze_rest_sd_rad=doubt)
