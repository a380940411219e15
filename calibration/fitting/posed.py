"""A profile from posed captures: rest, range, lids, sides, gaze, each step under its gate.

    fitted = fit_captures(routine.captures.taken, base=former)
    print(fitted.summary)      # gaze 1.4° → 0.9°, brows accepted, cheeks unchanged
    save(path, fitted.profile)

What was not done or was refused stays as the base has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...headset.expressions import angles_from_gaze
from ...headset.names import UNIFIED, UNIFIED_INDEX
from ..correction import LEAST_OPENING, LEAST_REST
from ..profile_types import Profile, of_nobody
from ..routine.captures import Capture
from ..routine.poses import NEUTRAL, POSES, Pose
from .gaze import affines
from .gaze import both as fit_gaze
from .glances import LOOK_APART_SD_RAD
from .looked import FEWEST, looked_apart, targets
from .outcome import Outcome, reasons, summary
from .robust import median, quantile, scatter, shrunk
from .sides import unmix

Floats = NDArray[np.float64]

RISE: Final = 0.2
"""A shape that rises by less over rest when it is posed was not seen. Source: SCIENCE 2.2."""

TOP: Final = 0.9
"""Quantile of a pose's rows: above it is noise."""

REST_K_S: Final = 0.25
"""Seconds that the tracker's own zero counts for against the wearer's rest: a pose of 1.5 s is believed
by 86 %, as it should be where rests differ by .05 between times and by .12 between people (assumed)."""

MOST_AT_REST: Final = 0.6
"""No face at rest opens its mouth, puffs or smiles by more."""

STEADY: Final = 0.1
"""Scatter of a shape in a pose of rest; trackers' noise is less than half of it."""

_GROUPS: Final = {
    pose.name: "cheeks" if "CheekPuffLeft" in pose.rises else pose.group or "rest" for pose in POSES
}
_CHEEKS: Final = [UNIFIED_INDEX["CheekPuffLeft"], UNIFIED_INDEX["CheekPuffRight"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A profile and how it came about.

    Attributes:
        profile: With what was accepted.
        outcomes: Of every step that something was captured for.
    """

    profile: Profile
    outcomes: tuple[Outcome, ...]

    @property
    def summary(self) -> str:
        """It in one line."""
        return summary(self.outcomes)


def fit_captures(
    captures: Iterable[Capture],
    *,
    base: Profile | None = None,
    missed: Mapping[str, str] | None = None,
) -> Fitted:
    """Fit what the captures tell.

    Args:
        captures: Poses by name (`routine.poses`, and `puff_left`, `puff_right`), each at most once;
            those of fewer than `FEWEST` rows count as not taken.
        base: What is known already; stays where nothing better is found.
        missed: Pose -> why there is none of it, for the notes.

    Returns:
        A profile; one of low quality where little was captured. Never a failure.
    """
    taken = {one.pose: one for one in captures if len(one.weights) >= FEWEST}
    profile = base or of_nobody()
    outcomes: list[Outcome] = []
    for step in (_rest, _range, _cheeks, _lids, _winks, _gaze):
        profile, found = step(profile, taken)
        outcomes += found
    notes = reasons(outcomes) + tuple(f"{pose}: {why}" for pose, why in (missed or {}).items())
    profile = replace(
        profile,
        seconds=sum(one.seconds for one in taken.values()),
        quality=_quality(outcomes, len(missed or {})),
        notes=notes[:100],
        donnings=(),  # they told how later ones differed from one that is no more
    )
    return Fitted(profile=profile, outcomes=tuple(outcomes))


Taken = Mapping[str, Capture]
Step = tuple[Profile, list[Outcome]]


def _rest(profile: Profile, taken: Taken) -> Step:
    neutral = taken.get(NEUTRAL)
    if neutral is None:
        return profile, [
            Outcome(step="rest", accepted=False, reason="no face at rest was captured")
        ]
    rest = median(neutral.weights)
    moved = scatter(neutral.weights) > STEADY
    high = rest > MOST_AT_REST
    if moved.any() or high.any():
        first = UNIFIED[int(np.flatnonzero(moved | high)[0])]
        what = "moved" if moved.any() else "was high"
        return profile, [
            Outcome(step="rest", accepted=False, reason=f"not a face at rest: {first} {what}")
        ]
    openness, gaze_rad = median(neutral.openness), median(_angles_rad(neutral))
    if (openness < LEAST_REST).any():
        return profile, [Outcome(step="rest", accepted=False, reason="the eyes were shut")]
    rest = shrunk(rest, neutral.seconds, 0.0, REST_K_S)
    openness = shrunk(openness, neutral.seconds, 1.0, REST_K_S)
    if not (np.isfinite(rest).any() or np.isfinite(openness).any() or np.isfinite(gaze_rad).any()):
        return profile, [Outcome(step="rest", accepted=False, reason="nothing was seen")]
    fitted = replace(
        profile,
        rest=_or(rest, profile.rest),
        openness_rest=_or(openness, profile.openness_rest),
        gaze_rest_rad=_or(gaze_rad, profile.gaze_rest_rad),
    )
    if np.isfinite(gaze_rad).any():
        # They looked ahead, as told: nothing of where they usually look, and one look's worth of how
        # far the eyes are apart, by which later donnings are known.
        doubt = np.stack([np.full(2, np.nan), LOOK_APART_SD_RAD])
        fitted = replace(fitted, gaze_rest_sd_rad=doubt)
    return fitted, [Outcome(step="rest", accepted=True, reason="")]


def _range(profile: Profile, taken: Taken) -> Step:
    """Take the largest weights from the poses that were seen."""
    reach = profile.reach.copy()
    seen: dict[str, list[str]] = {}
    unseen: dict[str, list[str]] = {}
    for pose in POSES:
        if not pose.rises or pose.name not in taken:
            continue
        top = quantile(taken[pose.name].weights, TOP)
        if _rises(pose, top, profile):
            reach[pose.shapes] = _or(top, reach)[pose.shapes]  # a former tracker's may be larger
            seen.setdefault(_GROUPS[pose.name], []).append(pose.name)
        else:
            unseen.setdefault(_GROUPS[pose.name], []).append(pose.name)
    outcomes = [
        Outcome(
            step=group,
            accepted=group in seen,
            reason=f"not seen: {', '.join(unseen[group])}" if group in unseen else "",
        )
        for group in dict.fromkeys([*seen, *unseen])
    ]
    return replace(profile, reach=reach), outcomes


def _rises(pose: Pose, top: Floats, profile: Profile) -> bool:
    """Whether it is this pose: what it is of rises, and more than what any other pose is of."""
    rise = top - np.nan_to_num(profile.rest)
    own = _mean(rise[pose.shapes])
    others = [_mean(rise[other.shapes]) for other in POSES if other.rises and other is not pose]
    known = [one for one in others if np.isfinite(one)]
    return own >= RISE and own >= 0.5 * max(known, default=own)


def _cheeks(profile: Profile, taken: Taken) -> Step:
    left, right = taken.get("puff_left"), taken.get("puff_right")
    if left is None or right is None:
        return profile, []
    rest = np.nan_to_num(profile.rest[_CHEEKS])

    def puff(capture: Capture) -> Floats:
        return quantile(capture.weights[:, _CHEEKS], TOP) - rest

    puffed = taken.get("puff")
    matrix, outcome = unmix(
        "cheeks", puff(left), puff(right), None if puffed is None else puff(puffed)
    )
    return replace(profile, cheeks_unmix=matrix if outcome.accepted else profile.cheeks_unmix), [
        outcome
    ]


def _lids(profile: Profile, taken: Taken) -> Step:
    closed = taken.get("lids_closed")
    if closed is None:
        return profile, []
    shut = median(closed.openness)
    rest = np.where(np.isfinite(profile.openness_rest), profile.openness_rest, 1.0)
    if not np.isfinite(shut).all():
        return profile, [Outcome(step="lids", accepted=False, reason="the lids were not seen")]
    if (rest - shut < LEAST_OPENING).any():
        return profile, [Outcome(step="lids", accepted=False, reason="they were not seen to close")]
    if (scatter(closed.openness) > STEADY).any():
        return profile, [Outcome(step="lids", accepted=False, reason="they did not stay shut")]
    shut = shrunk(shut, closed.seconds, 0.0, REST_K_S)
    return replace(profile, openness_shut=shut), [Outcome(step="lids", accepted=True, reason="")]


def _winks(profile: Profile, taken: Taken) -> Step:
    left, right = taken.get("wink_left"), taken.get("wink_right")
    if left is None or right is None:
        return profile, []
    rest = np.where(np.isfinite(profile.openness_rest), profile.openness_rest, 1.0)
    opening = np.maximum(rest - profile.openness_shut, LEAST_OPENING)

    def closure(capture: Capture) -> Floats:
        return (rest - median(capture.openness)) / opening

    matrix, outcome = unmix("winks", closure(left), closure(right), np.ones(2), adds_up=True)
    return replace(profile, lids_unmix=matrix if outcome.accepted else profile.lids_unmix), [
        outcome
    ]


def _gaze(profile: Profile, taken: Taken) -> Step:
    seen, true = targets(profile, taken.values())
    if not len(seen):
        return profile, []
    former = affines(profile.gaze_matrix, profile.gaze_offset_rad)
    (left, right), outcome = fit_gaze(seen, true, former=former)
    if not outcome.accepted:
        return profile, [outcome]
    fitted = replace(
        profile,
        gaze_offset_rad=np.stack([left.offset_rad, right.offset_rad]),
        gaze_matrix=np.stack([left.matrix, right.matrix]),
    )
    return looked_apart(fitted, seen, true), [outcome]


def _quality(outcomes: list[Outcome], missed: int) -> float:
    """Half for a known rest, half for the share of the other steps that went well."""
    rest = any(one.step == "rest" and one.accepted for one in outcomes)
    # To find no leak, or a lid that moved along, is no fault.
    others = [one.accepted for one in outcomes if one.step not in ("rest", "winks")]
    share = sum(others) / (len(others) + missed) if others or missed else 1.0
    return 0.5 * rest + 0.5 * share * rest


def _angles_rad(capture: Capture) -> Floats:
    return np.stack(angles_from_gaze(capture.gaze), axis=-1)


def _or(first: Floats, second: Floats) -> Floats:
    return np.where(np.isfinite(first), first, second)


def _mean(values: Floats) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else float("nan")
