"""What is true of one wearer, under one headset: the profile.

A profile is fitted from a few seconds of ordinary use (`fit.py`) and read by the reconstructor. It is
one JSON file a wearer can read, versioned, without pickle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

VERSION = 1
"""Of the file's layout; a newer one is refused by name, an older one is migrated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One wearer's resting face and range.

    Attributes:
        rest: Shape (88,), Unified weights of the resting face as the tracker reports them, NaN where
            the tracker does not see.
        reach: Shape (88,), robust largest weight seen (99th percentile), NaN where not seen.
        openness_rest: Shape (2,), the tracker's openness when the lids are at rest, NaN if unsensed.
        gaze_rest_rad: Shape (2, 2), (yaw, pitch) of each eye's usual gaze, NaN if unsensed.
        seconds: How much of the wearer it was fitted from, not negative.
        quality: 0 (nothing known) to 1 (enough, and consistent).
        notes: Why a step was refused or what to do better; for the wearer to read.
    """

    rest: Floats
    reach: Floats
    openness_rest: Floats
    gaze_rest_rad: Floats
    seconds: float
    quality: float
    notes: tuple[str, ...] = ()
