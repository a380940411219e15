"""What re-fitting gaze is worth after the headset was taken off and put on again: simulated wearers.

    unvisor evaluate --study donning

Each wearer does the routine: they look ahead, and at nine targets. Then they don again, which shifts
everything, and are re-fitted. Judged by each eye's mean error over directions of ordinary use that no
fit has seen. The *oracle* knows exactly what the donning changed, offset, gain and cross-gain, and so
restores what the profile was worth; *all known* is of who knows what there is to know of the tracker,
so that only each look's own error is left.

Source:
    SCIENCE 5.2 for what wearers, donnings and looks add. The eyes' difference as the sensor simulator
    has it (half its variance lasts a donning). Where people look is assumed: fixations of 0.3 s,
    9° by 6° around a scene's own centre, each like the one before by .4, at distances around 1.8 m.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ...headset.clock import NS_PER_S
from ...headset.names import UNIFIED
from ..profile_types import Donning, Profile, of_nobody
from ..routine.captures import EYES_APART_M, eyes_target_rad
from ..routine.poses import POSES
from .gaze import both as fit_gaze
from .gaze import inverse
from .glances import LOOK_APART_SD_RAD
from .looked import looked_apart
from .refit import refit, refit_gaze
from .use import Use

Floats = NDArray[np.float64]

WEARERS: Final = 60
FIXATION_S: Final = 0.3
RATE_HZ: Final = 30.0
JUDGED: Final = 200
"""Fixations."""

TARGETS: Final = np.array([pose.target_rad for pose in POSES if pose.target_rad is not None])


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracker:
    """An eye tracker on one head: seen = matrix true + offset, per eye, and each look's own error."""

    matrix: Floats
    offset: Floats

    def seen(self, true: Floats, rng: Generator) -> Floats:
        """Return what it reports of looks (N, 2, 2), radians."""
        own = np.radians(rng.normal(0.0, (0.65, 0.59), (len(true), 2)))
        apart = np.radians(np.sqrt(0.5) * rng.normal(0.0, (1.7, 1.4), (len(true), 2)))
        errors = np.stack([own + apart / 2.0, own - apart / 2.0], axis=1)
        return true @ self.matrix.T + self.offset + errors

    def undone(self, seen: Floats) -> Floats:
        """Return what was looked at, but for each look's own error."""
        return (seen - self.offset) @ inverse(self.matrix).T


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """Mean error of an eye over wearers, degrees; and how many the re-fit made worse.

    Attributes:
        how: What the re-fit had.
        none: With the profile alone.
        refit: With the donning's re-fit as well.
        oracle: With the donning's change known.
        known: With all of the tracker known.
        worse: Share of wearers.
    """

    how: str
    none: float
    refit: float
    oracle: float
    known: float
    worse: float


def donning_study(seed: int, *, wearers: int = WEARERS) -> list[Worth]:
    """Return what re-fits are worth: from seconds of ordinary use, and from targets.

    Args:
        seed: Of everything that is drawn.
        wearers: How many.
    """
    ways = {"5 s of use": 5.0, "20 s of use": 20.0, "60 s of use": 60.0}
    scores: dict[str, list[tuple[float, ...]]] = {}
    for rng in np.random.default_rng(seed).spawn(wearers):
        wearer = rng.normal(((0.06, -0.17), (0.978, 0.999)), ((0.17, 0.36), (0.040, 0.043)))
        first, again = _donned(wearer, rng), _donned(wearer, rng)
        profile = _calibrated(first, rng)
        true = _looks(JUDGED, rng)
        seen = again.seen(true, rng)
        straight = again.undone(seen)
        as_first = straight @ first.matrix.T + first.offset
        none = _off(_sent(profile, Donning(), seen), true)
        oracle = _off(_sent(profile, Donning(), as_first), true)
        known = _off(straight, true)
        found = {how: refit(profile, _use(again, s, rng)).donning for how, s in ways.items()}
        targets = np.array([eyes_target_rad(one) for one in TARGETS])
        for count in (3, 9):
            few = targets[:count]
            seen_few = again.seen(few, rng)
            name = f"{count} targets"
            found[name] = refit_gaze(profile, found["20 s of use"], seen_few, few)[0]
        for how, donning in found.items():
            row = (none, _off(_sent(profile, donning, seen), true), oracle, known)
            scores.setdefault(how, []).append(row)
    return [_worth(how, np.array(rows)) for how, rows in scores.items()]


def table(rows: Sequence[Worth]) -> str:
    """Return the study as text."""
    lines = ["re-fit from     none   re-fit  oracle  over oracle  all known  worse"]
    lines += [
        f"{row.how:13}  {row.none:5.3f}°  {row.refit:5.3f}°  {row.oracle:5.3f}°  "
        f"{row.refit / row.oracle - 1.0:10.0%}     {row.known:5.3f}°   {row.worse:4.0%}"
        for row in rows
    ]
    return "\n".join(lines)


def _worth(how: str, rows: Floats) -> Worth:
    none, fitted, oracle, known = rows.mean(axis=0).tolist()
    worse = float((rows[:, 1] > rows[:, 0] + 1e-9).mean())
    return Worth(how=how, none=none, refit=fitted, oracle=oracle, known=known, worse=worse)


def _donned(wearer: Floats, rng: Generator) -> Tracker:
    offset = np.radians(wearer[0] + rng.normal(0.0, (0.28, 0.38)))
    matrix = np.diag(wearer[1] + rng.normal(0.0, (0.034, 0.027)))
    matrix[[0, 1], [1, 0]] += rng.normal(0.0, 0.017, 2)
    apart = np.radians(np.sqrt(0.5) * rng.normal(0.0, (1.7, 1.4)) + (1.0, 0.0))
    return Tracker(matrix=matrix, offset=np.stack([offset + apart / 2.0, offset - apart / 2.0]))


def _calibrated(tracker: Tracker, rng: Generator) -> Profile:
    true = np.array([eyes_target_rad(one) for one in TARGETS])
    seen = tracker.seen(true, rng)
    (left, right), _ = fit_gaze(seen, true)
    known = replace(
        of_nobody(),
        gaze_rest_rad=tracker.seen(_looks(1, rng), rng)[0],
        gaze_rest_sd_rad=np.stack([np.full(2, np.nan), LOOK_APART_SD_RAD]),
        gaze_offset_rad=np.stack([left.offset_rad, right.offset_rad]),
        gaze_matrix=np.stack([left.matrix, right.matrix]),
    )
    return looked_apart(known, seen, true)


def _use(tracker: Tracker, seconds: float, rng: Generator) -> Use:
    count = round(seconds / FIXATION_S)
    seen = np.repeat(tracker.seen(_looks(count, rng), rng), round(FIXATION_S * RATE_HZ), axis=0)
    return Use(
        face_ns=np.zeros(0, dtype=np.int64),
        weights=np.zeros((0, len(UNIFIED))),
        eyes_ns=(np.arange(len(seen)) * NS_PER_S / RATE_HZ).astype(np.int64),
        openness=np.ones((len(seen), 2)),
        gaze_rad=seen,
    )


def _looks(count: int, rng: Generator) -> Floats:
    """Return where each eye really looks in one scene, (N, 2, 2) radians."""
    centre = np.radians(rng.normal((0.0, -4.0), (3.0, 3.0)))
    steps = rng.normal(0.0, 1.0, (count, 2))
    for one in range(1, count):
        steps[one] = 0.4 * steps[one - 1] + np.sqrt(1.0 - 0.4**2) * steps[one]
    looks = centre + steps * np.radians((9.0, 6.0))
    nearer = np.full(count, rng.normal(0.0, 0.25)) + rng.normal(0.0, 0.25, count)
    away_m: Floats = 1.8 * np.exp(nearer)
    turned = np.column_stack([EYES_APART_M / 2.0 / away_m, np.zeros(count)])
    return np.stack([looks + turned, looks - turned], axis=1)


def _sent(profile: Profile, donning: Donning, seen: Floats) -> Floats:
    """Return what is sent of what is seen: what `correction.Correction` does, for many looks."""
    known = _turned(donning.gaze_matrix, seen) + donning.gaze_offset_rad
    return _turned(profile.gaze_matrix, known) + profile.gaze_offset_rad


def _turned(matrix: Floats, looks: Floats) -> Floats:
    return np.stack([looks[:, eye] @ matrix[eye].T for eye in (0, 1)], axis=1)


def _off(sent: Floats, true: Floats) -> float:
    away = sent - true
    return float(np.degrees(np.hypot(away[..., 0], away[..., 1])).mean())
