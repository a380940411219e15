"""A wearer's own face teaches their profile: what a model guesses of it against what it really did.

Captured without a headset, the whole face is known. What a headset would have sensed of it is simulated,
without a tracker's noise; the model is asked as it is live, and each take brings its own rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..calibration.fit import fit
from ..calibration.fitting.outcome import Outcome
from ..calibration.own_face import Segment, learnt, segments
from ..calibration.profile import Profile
from ..datasets.recording import Recording, nearest
from ..datasets.simulate import simulate
from ..datasets.streams import EyesStream, FaceStream, Truth
from ..headset.clock import NS_PER_S
from ..headset.errors import RecordingError
from ..headset.expressions import arkit_from_unified
from ..headset.frame import Origin
from ..headset.names import UNIFIED
from ..headset.rig import Rig
from .features import Features
from .guess import SENT
from .models import predictor

Floats = NDArray[np.float64]

REST_S = 20.0
"""Of each take, from which its rest is taken: as everywhere (FIDELITY)."""

_MATCH_NS = 10_000_000
_BROWS = [i for i, name in enumerate(UNIFIED) if name.startswith("BrowInner")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """What became of it.

    Attributes:
        profile: The wearer's, with their habits where they were accepted.
        outcomes: For each part of the face, on stretches left out.
        seconds: How much of their face was seen.
    """

    profile: Profile
    outcomes: tuple[Outcome, ...]
    seconds: float


def teach(profile: Profile, takes: Mapping[str, Recording], *, model: str, rig: Rig) -> Taught:
    """Return a profile that knows the wearer's own habits.

    Args:
        profile: Theirs.
        takes: By name, captures of their whole face.
        model: As `models.predictor` takes it: the one that is to be put right.
        rig: What their headset senses.

    Raises:
        RecordingError: A take holds no truth.
    """
    found: list[Segment] = []
    steps_ns: list[float] = []
    seen_s = 0.0
    for name, take in takes.items():
        time_ns, guess, truth, hidden = _guessed(name, take, model, rig)
        found += segments(time_ns, guess, truth, hidden)
        if len(time_ns) > 1:
            steps_ns.append(float(np.median(np.diff(time_ns))))
            seen_s += float(time_ns[-1] - time_ns[0]) / NS_PER_S
    rate_hz = NS_PER_S / min(steps_ns, default=NS_PER_S)
    better, habits = learnt(profile, found, rate_hz=rate_hz)
    return Taught(profile=better, outcomes=habits.outcomes, seconds=seen_s)


def _guessed(
    name: str, take: Recording, model: str, rig: Rig
) -> tuple[NDArray[np.int64], Floats, Floats, NDArray[np.bool_]]:
    """Return times (T,), what is guessed and true relative to rest (T, 52), what is hidden."""
    take = _whole(name, take)
    truth = take.truth
    assert truth is not None
    worn = simulate(take, rig, noise="none").without_truth()
    own = fit(worn.first(REST_S).frames())
    features, asked = Features(own), predictor(model, own)
    times: list[int] = []
    guesses: list[Floats] = []
    hidden: list[NDArray[np.bool_]] = []
    for frame in worn.frames():
        seen = features.observe(frame)
        times.append(frame.time_ns)
        guesses.append(asked.predict(seen, seen.oldest_s).faces[SENT].copy())
        hidden.append(seen.mask == 0.0)
    time_ns = np.array(times, dtype=np.int64)
    closest = nearest(truth.time_ns, time_ns, within_ns=_MATCH_NS)
    near = closest >= 0
    until_ns = take.span_ns[0] + round(REST_S * NS_PER_S)
    relative = truth.arkit - truth.rest(max(until_ns, int(truth.time_ns[0])))
    return (
        time_ns[near],
        np.array(guesses).reshape(len(times), -1)[near],
        relative[closest[near]],
        np.array(hidden).reshape(len(times), -1)[near],
    )


def _whole(name: str, take: Recording) -> Recording:
    """Return a take whose truth is the whole face: its own, or what a phone has measured of it."""
    if take.truth is not None and take.truth.time_ns.size:
        return take
    streams = take.streams.values()
    face = next((one for one in streams if isinstance(one, FaceStream) and _sees_brows(one)), None)
    eyes = next((one for one in streams if isinstance(one, EyesStream)), None)
    if face is None or eyes is None or not len(face.time_ns) or not len(eyes.time_ns):
        raise RecordingError(
            f"{name}: shows no whole face: give a capture made without the headset"
        )
    beside = nearest(eyes.time_ns, face.time_ns, within_ns=_MATCH_NS)
    known = beside >= 0
    weights = face.weights[known]
    if face.origin is not None:
        weights = np.where(face.origin[known] == Origin.MEASURED, weights, np.nan)
    arkit = arkit_from_unified(weights, eyes.gaze[beside[known]], eyes.openness[beside[known]])
    truth = Truth(time_ns=face.time_ns[known], arkit=arkit)
    if not len(truth.time_ns):
        raise RecordingError(f"{name}: its eyes and its face are of other times: capture it again")
    return Recording(about=take.about, truth=truth, span_ns=take.span_ns)


def _sees_brows(face: FaceStream) -> bool:
    return bool(np.isfinite(face.weights[:, _BROWS]).any())
