"""What is true of one wearer under one headset, and of one time they put it on.

Everything that a tracker says is kept as it says it; `correction.Correction` makes what is sent of it.
What lasts stands in the `Profile`; what changes each time the headset goes on in its `Donning`s, the
last of which is the one that counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..headset.names import ARKIT, UNIFIED

Floats = NDArray[np.float64]

KEPT_DONNINGS: Final = 8
"""An evening has ten, of which nobody asks after the first."""


def unmixed() -> Floats:
    """Return the matrix that leaves (left, right) as they are."""
    return np.eye(2)


def straight() -> Floats:
    """Return the matrices that leave each eye's (yaw, pitch) as it is."""
    return np.stack([np.eye(2)] * 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Donning:
    """How one donning differs from the one that the profile was fitted under.

    Attributes:
        utc: When, as `2026-11-25T20:05:54Z`; empty where it is not known.
        rest_offset: Shape (88,), to be added to `Profile.rest`; 0 where nothing is known.
        openness_ratio: Shape (2,), by which the resting lids read larger.
        gaze_offset_rad: Shape (2, 2), per eye (yaw, pitch), to be added to gaze.
        gaze_matrix: Shape (2, 2, 2), per eye, by which its (yaw, pitch) is multiplied before that.
        seconds: Of ordinary use behind it.
        notes: What was refused and why; for the wearer to read.
    """

    utc: str = ""
    rest_offset: Floats = field(default_factory=lambda: np.zeros(len(UNIFIED)))
    openness_ratio: Floats = field(default_factory=lambda: np.ones(2))
    gaze_offset_rad: Floats = field(default_factory=lambda: np.zeros((2, 2)))
    gaze_matrix: Floats = field(default_factory=straight)
    seconds: float = 0.0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One wearer's resting face, range and corrections.

    An axis of 2 is (left, right). Fields without a default are what a few seconds of ordinary use give
    (`fit.fit`); the others leave everything as it is until something is fitted.

    Attributes:
        rest: Shape (88,), Unified weights of the resting face as the tracker reports them, NaN where
            the tracker does not see.
        reach: Shape (88,), robust largest weight seen, NaN where not seen.
        openness_rest: Shape (2,), the tracker's openness when the lids are at rest, NaN if unsensed.
        gaze_rest_rad: Shape (2, 2), (yaw, pitch) of each eye's usual gaze, NaN if unsensed.
        seconds: How much of the wearer it was fitted from, not negative.
        quality: 0 (nothing known) to 1 (enough, and consistent).
        notes: Why the quality is what it is: steps that were refused, what to do better.
        gaze_rest_sd_rad: Shape (2, 2), standard error of the usual gaze, (yaw, pitch) of both eyes
            together and then of left less right; NaN where not known.
        openness_shut: Shape (2,), the tracker's openness when the lids are shut.
        lids_unmix: Shape (2, 2), makes each lid's closure out of both that are reported.
        cheeks_unmix: Shape (2, 2), makes each cheek's puff out of both.
        gaze_offset_rad: Shape (2, 2), per eye (yaw, pitch), added to gaze.
        gaze_matrix: Shape (2, 2, 2), per eye, by which its (yaw, pitch) is multiplied before that.
        habit_offset: Shape (52,), ARKit; added to what a model guesses of hidden channels.
        habit_gain: Shape (52,), by which such a guess is multiplied before that.
        donnings: Oldest first, the last one being worn; at most `KEPT_DONNINGS`.
        wearer: Who, as they call themselves.
        headset: Which, as it calls itself.
        consent: Id of the record under which it was made; empty where none was needed.
        made_utc: When, as `Donning.utc`.
    """

    rest: Floats
    reach: Floats
    openness_rest: Floats
    gaze_rest_rad: Floats
    seconds: float
    quality: float
    notes: tuple[str, ...] = ()
    gaze_rest_sd_rad: Floats = field(default_factory=lambda: np.full((2, 2), np.nan))
    openness_shut: Floats = field(default_factory=lambda: np.zeros(2))
    lids_unmix: Floats = field(default_factory=unmixed)
    cheeks_unmix: Floats = field(default_factory=unmixed)
    gaze_offset_rad: Floats = field(default_factory=lambda: np.zeros((2, 2)))
    gaze_matrix: Floats = field(default_factory=straight)
    habit_offset: Floats = field(default_factory=lambda: np.zeros(len(ARKIT)))
    habit_gain: Floats = field(default_factory=lambda: np.ones(len(ARKIT)))
    donnings: tuple[Donning, ...] = ()
    wearer: str = ""
    headset: str = ""
    consent: str = ""
    made_utc: str = ""

    @property
    def donning(self) -> Donning:
        """The donning that counts: the last, or one that changes nothing."""
        return self.donnings[-1] if self.donnings else Donning()


def of_nobody(notes: tuple[str, ...] = ()) -> Profile:
    """Return the profile of a wearer of whom nothing is known; `notes` say why."""
    return Profile(
        rest=np.full(len(UNIFIED), np.nan),
        reach=np.full(len(UNIFIED), np.nan),
        openness_rest=np.full(2, np.nan),
        gaze_rest_rad=np.full((2, 2), np.nan),
        seconds=0.0,
        quality=0.0,
        notes=notes,
    )
