"""What another donning changed, from seconds of ordinary use: rest, lids, gaze, each under a gate.

No pose and no target. What can be told is how far things are from where they usually were, and how
surely (`glances`). Each change is drawn towards none by how little it usually is against how surely
it is seen: the most likely one, which in the mean cannot be worse than leaving all as it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..correction import LEAST_REST
from ..profile_types import Donning, Profile
from .gaze import DONNING, affines, inverse
from .gaze import both as fit_gaze
from .glances import eyes_of, together_and_apart, usual
from .outcome import Outcome, reasons
from .robust import median, scatter, shrunk
from .use import Use, covered_s

Floats = NDArray[np.float64]

LEAST_S: Final = 3.0
"""Under this long nothing is told."""

REST_K_S: Final = 3.0
"""Seconds that the rest of before counts for."""

MOST_REST: Final = 0.15
"""A rest that changed by more is a face that was not at rest."""

MOVES: Final = 0.1
"""A shape whose scatter is larger was in use, and its median is no rest."""

WORTH: Final = 0.3
"""Share of a seen change that must be believed for it to be taken: less is hardly a change, and would
rest on the guess of how large changes are."""

_TOGETHER_DEG: Final = (0.28, 0.38)  # of both eyes' mean. Source: SCIENCE 5.2
_APART_DEG: Final = (1.2, 1.0)  # left less right: 1.7 and 1.4, half the variance (noise_eyes)
CHANGES_SD_RAD: Final = np.radians([_TOGETHER_DEG, _APART_DEG])
"""How much donnings differ: (together, apart) by (yaw, pitch)."""

SCENE_SD_RAD: Final = np.radians([(3.0, 3.0), (0.7, 0.1)])
"""How much what is looked at differs from one minute to another: (together, apart) by (yaw, pitch).
People and panels stand at other heights and distances (between 1 and 3 m eyes turn in by 3.6 to 1.2°);
but both eyes look at one height (assumed)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refitted:
    """A donning and how it came about."""

    donning: Donning
    outcomes: tuple[Outcome, ...]


def refit(profile: Profile, use: Use, *, utc: str = "") -> Refitted:
    """Return how this donning differs from the one the profile was fitted under.

    Args:
        profile: Whose person part stands; its donnings are not looked at.
        use: The first seconds of ordinary use.
        utc: The time.
    """
    if use.seconds < LEAST_S:
        why = f"{use.seconds:.1f} s of use: {LEAST_S:.0f} are needed"
        outcome = Outcome(step="donning", accepted=False, reason=why)
        return Refitted(donning=Donning(utc=utc, notes=(outcome.reason,)), outcomes=(outcome,))
    rest_offset, rest = _rest(profile, use)
    openness_ratio, lids = _lids(profile, use)
    gaze_offset_rad, gaze = _gaze(profile, use)
    outcomes = (rest, lids, gaze)
    donning = Donning(
        utc=utc,
        rest_offset=rest_offset,
        openness_ratio=openness_ratio,
        gaze_offset_rad=gaze_offset_rad,
        seconds=use.seconds,
        notes=reasons(outcomes),
    )
    return Refitted(donning=donning, outcomes=outcomes)


def refit_gaze(
    profile: Profile, donning: Donning, seen_rad: Floats, true_rad: Floats
) -> tuple[Donning, Outcome]:
    """Return a donning with gaze put right from targets, where the wearer asks for it.

    Args:
        profile: Whose person part stands.
        donning: To be changed.
        seen_rad: Shape (N, 2, 2), as `gaze.both`.
        true_rad: Shape (N, 2, 2).
    """
    meant = np.stack([_before(profile, side, true_rad[:, side]) for side in (0, 1)], axis=1)
    former = affines(donning.gaze_matrix, donning.gaze_offset_rad)
    eyes, outcome = fit_gaze(seen_rad, meant, DONNING, former=former)
    if not outcome.accepted:
        return donning, outcome
    changed = replace(
        donning,
        gaze_offset_rad=np.stack([eye.offset_rad for eye in eyes]),
        gaze_matrix=np.stack([eye.matrix for eye in eyes]),
    )
    return changed, outcome


def _before(profile: Profile, side: int, true_rad: Floats) -> Floats:
    """Return what the tracker of the profile's own donning would report of an eye's direction."""
    straight = true_rad - profile.gaze_offset_rad[side]
    return straight @ inverse(profile.gaze_matrix[side]).T


def _rest(profile: Profile, use: Use) -> tuple[Floats, Outcome]:
    none = np.zeros_like(profile.rest)
    if len(use.weights) < 2:
        return none, Outcome(step="rest", accepted=False, reason="no face tracker was seen")
    still = scatter(use.weights) <= MOVES
    off = median(use.weights) - profile.rest
    told = still & np.isfinite(off)
    off = np.where(told & (np.abs(off) <= MOST_REST), off, 0.0)
    if not off.any():
        return none, Outcome(step="rest", accepted=False, reason="no shape was still enough")
    # What the first half says has to hold in the second, and the other way round.
    first, second = np.array_split(use.weights, 2)
    halves = np.stack([median(first), median(second)]) - profile.rest
    off = np.where(np.isfinite(halves).all(axis=0), off, 0.0)
    if not off.any():
        return none, Outcome(step="rest", accepted=False, reason="no shape was seen throughout")
    halves = halves[:, off != 0.0]
    before, after = np.abs(halves).mean(), np.abs(halves - halves[::-1]).mean()
    accepted = bool(after < before)
    seen_s = covered_s(use.face_ns)
    return shrunk(off, seen_s, 0.0, REST_K_S) if accepted else none, Outcome(
        step="rest",
        accepted=accepted,
        reason="" if accepted else "it was not the same throughout",
        before=float(before),
        after=float(after if accepted else before),
    )


def _lids(profile: Profile, use: Use) -> tuple[Floats, Outcome]:
    now, known = np.full(2, np.nan), profile.openness_rest
    if len(use.openness) >= 2:
        now = median(use.openness)
    if not (np.isfinite(now).all() and np.isfinite(known).all()):
        return np.ones(2), Outcome(step="lids", accepted=False, reason="the lids were not seen")
    if (now < LEAST_REST).any() or (known < LEAST_REST).any():
        return np.ones(2), Outcome(step="lids", accepted=False, reason="the eyes were shut")
    if (scatter(use.openness) > MOVES).any():
        return np.ones(2), Outcome(step="lids", accepted=False, reason="they were not still enough")
    ratio = np.clip(now / known, 0.7, 1.4)
    seen_s = covered_s(use.eyes_ns)
    return shrunk(ratio, seen_s, 1.0, REST_K_S), Outcome(step="lids", accepted=True, reason="")


def _gaze(profile: Profile, use: Use) -> tuple[Floats, Outcome]:
    now, now_sd = usual(use)
    was = together_and_apart(profile.gaze_rest_rad)
    off = was - now
    doubt = now_sd**2 + profile.gaze_rest_sd_rad**2 + SCENE_SD_RAD**2
    believed = CHANGES_SD_RAD**2 / (CHANGES_SD_RAD**2 + doubt)
    taken = np.isfinite(off) & (believed >= WORTH)
    if not taken.any():
        why = "where the eyes usually look is not known well enough"
        return np.zeros((2, 2)), Outcome(step="gaze", accepted=False, reason=why)
    if (np.abs(off) > 4.0 * np.sqrt(CHANGES_SD_RAD**2 + doubt))[taken].any():
        why = "the eyes are farther apart than donnings make them: calibrate again"
        return np.zeros((2, 2)), Outcome(step="gaze", accepted=False, reason=why)
    change = np.where(taken, believed * off, 0.0)
    return eyes_of(change), Outcome(step="gaze", accepted=True, reason="")
