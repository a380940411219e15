"""Does a reconstruction see what it should not? Four tests that any reconstruction must pass.

A leak is the easiest way to a good score, and rarely meant: a feature computed from the true face, a
filter that looks ahead, a history fed with truth. So these run whole reconstructions of recordings
that hold sensors *and* truth, change what must not matter, and look for a difference.

Source: FIDELITY "Leak tests"; SCIENCE 0.1 (a published system that fails them) and 9.6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy import special

from ...datasets.recording import Recording
from ...datasets.streams import FaceTrack, Stream, Truth
from ...headset.clock import NS_PER_S, seconds
from ...headset.errors import RecordingError
from ...headset.names import ARKIT_INDEX
from ...headset.rig import RIGS, Rig
from ..fit.sheets import CALIBRATION_S
from . import metrics
from .card import card
from .ground_truth import Take, ground
from .tampering import changed, difference, poisoned, until

Run = Callable[[Recording], FaceTrack]
"""Calibrates and reconstructs a recording; what is tested."""

LEAST_RATIO: Final = 0.98
"""Of the resting face's error: what a run owes somebody else's truth (FIDELITY)."""

ROTATIONS: Final = 3
"""How often people are rotated against one another at most: each costs a run a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """The outcome of one test; `detail` says what was seen, passed or not."""

    name: str
    passed: bool
    detail: str


def leaks(
    run: Run, recordings: Sequence[Recording], *, calibrated_s: float = CALIBRATION_S, seed: int = 0
) -> list[Leak]:
    """Return the outcome of every test; poison and causality once a recording.

    Shuffling needs two people: with one it is left out.

    Args:
        run: The reconstruction.
        recordings: With sensors, truth, person and rig, each well longer than the calibration.
        calibrated_s: How much of each a run may calibrate from.
        seed: Of all noise.

    Raises:
        RecordingError: A recording lacks truth, a person or a known rig, or is too short.
    """
    outcomes = [poison(run, recording, seed=seed) for recording in recordings]
    outcomes += [
        causality(run, recording, calibrated_s=calibrated_s, seed=seed) for recording in recordings
    ]
    if len({recording.about.person for recording in recordings}) > 1:
        outcomes.append(shuffle(run, recordings, calibrated_s=calibrated_s))
    outcomes.append(too_good(run, recordings, calibrated_s=calibrated_s, seed=seed))
    return outcomes


def poison(run: Run, recording: Recording, *, seed: int = 0) -> Leak:
    """Change, then remove the truth of what is hidden: the output is to be the same to the bit.

    Raises:
        RecordingError: The recording has no truth or no known rig.
    """
    rig, truth = _rig(recording), _truth(recording)
    rng = np.random.default_rng(seed)
    told = run(recording)
    poisons = {
        "NaN": _with(recording, truth=poisoned(truth, rig, lambda x: np.full(x.shape, np.nan))),
        "noise": _with(recording, truth=poisoned(truth, rig, lambda x: rng.random(x.shape))),
        "nothing": recording.without_truth(),
    }
    for name, changed_truth in poisons.items():
        if seen := difference(told, run(changed_truth)):
            again = " (so does a second run on the same: it is not deterministic)"
            return Leak(
                name="poison",
                passed=False,
                detail=f"{_name(recording)}: {seen} when hidden truth is replaced by {name}"
                f"{again if difference(told, run(recording)) else ''}",
            )
    return Leak(
        name="poison",
        passed=True,
        detail=f"{_name(recording)}: {len(told.time_ns)} faces the same to the bit "
        f"with hidden truth replaced by {', '.join(poisons)}",
    )


def causality(
    run: Run, recording: Recording, *, calibrated_s: float = CALIBRATION_S, seed: int = 0
) -> Leak:
    """Change all that was received after an instant: nothing up to it may change.

    Done for two instants, both after calibration: what a run learns there may touch all its faces.

    Raises:
        RecordingError: The recording is not a second longer than the calibration.
    """
    start_ns, end_ns = recording.span_ns
    start_ns += round(calibrated_s * NS_PER_S)
    if end_ns - start_ns < NS_PER_S:
        raise RecordingError(
            f"{_name(recording)}: ends {seconds(end_ns - start_ns):.1f} s after calibration, too "
            "short to tell cause from effect: use a longer one"
        )
    told = run(recording)
    for share in (0.25, 0.75):
        at_ns = start_ns + round(share * (end_ns - start_ns))
        rng = np.random.default_rng(seed)
        streams = {name: changed(s, at_ns, rng) for name, s in recording.streams.items()}
        other = run(_with(recording, streams=streams))
        if seen := difference(until(told, at_ns), until(other, at_ns)):
            return Leak(
                name="causality",
                passed=False,
                detail=f"{_name(recording)}: {seen} before "
                f"{seconds(at_ns - recording.span_ns[0]):.1f} s "
                "when only what was received later is changed",
            )
    return Leak(
        name="causality",
        passed=True,
        detail=f"{_name(recording)}: no face changes with what is received after it",
    )


def shuffle(
    run: Run, recordings: Sequence[Recording], *, calibrated_s: float = CALIBRATION_S
) -> Leak:
    """Give each person's sensors somebody else's truth: nothing may be known of it.

    Passed where the 95 % interval of r over people includes 0 and the error is at least
    `LEAST_RATIO` of the resting face's. The interval is Student's: with a handful of people, drawing
    them again would be far too narrow.

    Args:
        run: The reconstruction.
        recordings: Of at least two people under one rig; the first of each person is used.
        calibrated_s: How much of each a run may calibrate from.

    Raises:
        RecordingError: There are fewer than two people, or one lacks truth.
    """
    first = {recording.about.person: recording for recording in reversed(recordings)}
    people = list(first.values())
    if len(people) < 2:
        raise RecordingError("shuffle: one person's recordings alone: name those of another too")
    r: list[list[float]] = [[] for _ in people]
    ratio: list[list[float]] = [[] for _ in people]
    for turn in range(1, min(len(people), ROTATIONS + 1)):
        for index, target in enumerate(people):
            source = people[(index + turn) % len(people)]
            later_ns = source.span_ns[0] - target.span_ns[0]
            truth = _truth(target)
            mixed = _with(source, truth=replace(truth, time_ns=truth.time_ns + later_ns))
            on = ground([_take(mixed, {"run": run(mixed)}, calibrated_s)])
            hidden = [ARKIT_INDEX[name] for name in _rig(mixed).hidden]
            answer = on.answer("run")
            guess, true = answer.median[:, hidden], on.truth[:, hidden]
            error, rest = metrics.mae(true, guess), metrics.mae(true, np.zeros_like(true))
            r[index].append(float(metrics.mean_over(metrics.pearson(true, guess))))
            ratio[index].append(float(metrics.mean_over(error)) / float(metrics.mean_over(rest)))
    low, high = _interval([_mean(each) for each in r])
    least = _mean([_mean(each) for each in ratio])
    return Leak(
        name="shuffle",
        passed=low <= 0.0 <= high and least >= LEAST_RATIO,
        detail=f"against other people's truth r is {low:.2f} to {high:.2f} (95 %, {len(people)} "
        f"people) and the error {least:.3f} of the resting face's",
    )


def too_good(
    run: Run,
    recordings: Sequence[Recording],
    *,
    calibrated_s: float = CALIBRATION_S,
    seed: int = 0,
) -> Leak:
    """Look for scores no honest reconstruction reaches: the report card's alarms.

    Raises:
        RecordingError: A recording lacks truth, a person or a known rig, or cannot be judged.
    """
    takes: list[Take] = []
    for recording in recordings:
        track = run(recording)
        zero = np.zeros_like(track.arkit)
        rest = replace(track, arkit=zero, arkit_median=zero, arkit_low=zero, arkit_high=zero)
        takes.append(_take(recording, {"run": track, "neutral": rest}, calibrated_s))
    alarms = [text for text in card(takes, seed=seed).alarms if text.startswith("run ")]
    return Leak(
        name="too good",
        passed=not alarms,
        detail="; ".join(alarms) or "no recall of exactly 1, no error under truth held",
    )


def _take(recording: Recording, tracks: Mapping[str, FaceTrack], calibrated_s: float) -> Take:
    return Take(
        person=recording.about.person,
        name=_name(recording),
        rig=_rig(recording),
        truth=_truth(recording),
        tracks=tracks,
        calibrated_until_ns=recording.span_ns[0] + round(calibrated_s * NS_PER_S),
        trained_on={name: frozenset() for name in tracks},
        tracker=recording.about.tracker,
    )


def _with(
    recording: Recording,
    *,
    streams: Mapping[str, Stream] | None = None,
    truth: Truth | None = None,
) -> Recording:
    """Return a recording with other streams or another truth, and the same span."""
    return Recording(
        about=recording.about,
        streams=recording.streams if streams is None else streams,
        truth=recording.truth if truth is None else truth,
        events=recording.events,
        span_ns=recording.span_ns,
    )


def _interval(values: Sequence[float]) -> tuple[float, float]:
    """Return Student's 95 % interval of the mean of a few values, NaN left out."""
    known = np.array([value for value in values if np.isfinite(value)])
    if len(known) < 2:
        return float("nan"), float("nan")
    reach = float(special.stdtrit(len(known) - 1, 0.975)) * known.std(ddof=1) / len(known) ** 0.5
    return float(known.mean() - reach), float(known.mean() + reach)


def _mean(values: Iterable[float]) -> float:
    return float(metrics.mean_over(np.array(list(values))))


def _name(recording: Recording) -> str:
    return recording.about.source or recording.about.person or "recording"


def _rig(recording: Recording) -> Rig:
    rig = RIGS.get(recording.about.rig)
    if rig is None:
        raise RecordingError(
            f"{_name(recording)}: rig {recording.about.rig!r} is not known: simulate it as one of "
            f"{', '.join(RIGS)}"
        )
    return rig


def _truth(recording: Recording) -> Truth:
    if recording.truth is None:
        raise RecordingError(
            f"{_name(recording)}: has no truth, so no leak of it can show: name an imported capture"
        )
    return recording.truth
