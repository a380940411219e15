"""Runs models over a recording as a wearer would use them, so that a card can judge them.

Each wearer is calibrated from the recording's first seconds, without its truth; every model then
gets the same frames.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np

from ..calibration.fit import fit
from ..datasets.recording import Recording
from ..datasets.streams import FaceTrack, Truth
from ..headset.clock import NS_PER_S
from ..headset.errors import RecordingError
from ..headset.rig import RIGS
from .judged import Take
from .life.life import Life
from .models import metadata, reconstructor
from .offline import track
from .sheets import CALIBRATION_S

BASELINES: Final = ("neutral", "mean", "rules", "ridge", "robust")
"""What every model stands beside."""

ALIVE_HZ: Final = 120.0
"""Fast enough to see a saccade's peak speed (`behaviour`)."""

Progress = Callable[[str], None]


def fingerprint(truth: Truth) -> str:
    """Return the SHA-256 of a truth's weights, to six decimals: one take, whatever it is called."""
    return hashlib.sha256(np.round(truth.arkit, 6).astype("<f4").tobytes()).hexdigest()


def reconstruct(recording: Recording, model: str, *, calibration_s: float) -> FaceTrack:
    """Return what a model makes of a recording whose wearer is calibrated from its first seconds.

    Truth is taken away before anything else.

    Args:
        recording: With sensor streams.
        model: As `models.predictor` takes it.
        calibration_s: How much of the recording to calibrate from; 0 for no profile at all.
    """
    blind = recording.without_truth()
    profile = fit(blind.first(calibration_s).frames()) if calibration_s > 0.0 else None
    return track(blind.frames(), reconstructor(model, profile))


def alive(recording: Recording, model: str, *, calibration_s: float, seed: int = 0) -> FaceTrack:
    """Return the same with life over it where nothing is sensed, at `ALIVE_HZ`.

    Args:
        recording: With sensor streams.
        model: As `models.predictor` takes it.
        calibration_s: As in `reconstruct`.
        seed: Of who is made up.
    """
    blind = recording.without_truth()
    profile = fit(blind.first(calibration_s).frames()) if calibration_s > 0.0 else None
    return track(blind.frames(ALIVE_HZ), reconstructor(model, profile, Life(seed)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A model under judgement: its name on the card, and how to make it."""

    name: str
    model: str
    """As `models.predictor` takes it."""


def takes(
    recordings: Mapping[str, Recording],
    entries: Sequence[Entry],
    *,
    calibration_s: float = CALIBRATION_S,
    progress: Progress = lambda _: None,
) -> list[Take]:
    """Run every entry over every recording.

    Args:
        recordings: By name, each with truth, sensors, a person and a known rig.
        entries: Models to judge; `BASELINES` among them.
        calibration_s: How much of each recording to calibrate from; these seconds are not judged.
        progress: Told after each run.

    Raises:
        RecordingError: A recording lacks truth, person or rig.
        ModelError: A model cannot be loaded.
    """
    seen = seen_people(recordings, entries)
    found: list[Take] = []
    for name, recording in recordings.items():
        take = unjudged(name, recording, seen, calibration_s=calibration_s)
        tracks: dict[str, FaceTrack] = {}
        for entry in entries:
            tracks[entry.name] = reconstruct(recording, entry.model, calibration_s=calibration_s)
            progress(f"{name} {entry.name}")
        found.append(replace(take, tracks=tracks))
    return found


def seen_people(
    recordings: Mapping[str, Recording], entries: Sequence[Entry]
) -> dict[str, frozenset[str]]:
    """Return by entry the people it was trained on, known by their takes whatever they are called."""
    trained: dict[str, frozenset[str]] = {}
    for entry in entries:
        about = metadata(entry.model)
        names = set(about.people) if about else set[str]()
        known = set(about.takes) if about else set[str]()
        for recording in recordings.values():
            if recording.truth is not None and fingerprint(recording.truth) in known:
                names.add(recording.about.person)
        trained[entry.name] = frozenset(names)
    return trained


def unjudged(
    name: str, recording: Recording, seen: Mapping[str, frozenset[str]], *, calibration_s: float
) -> Take:
    """Return a take without any track yet.

    Args:
        name: For messages.
        recording: With truth, a person and a known rig.
        seen: By name of track, the people its weights saw.
        calibration_s: These seconds of it are not judged.

    Raises:
        RecordingError: The recording lacks truth, person or rig.
    """
    truth, rig = recording.truth, RIGS.get(recording.about.rig)
    if truth is None:
        raise RecordingError(f"{name}: holds no truth to judge by: import a capture")
    if rig is None:
        raise RecordingError(
            f"{name}: its rig {recording.about.rig!r} is not known: simulate one of {', '.join(RIGS)}"
        )
    if not recording.about.person:
        raise RecordingError(f"{name}: names no person: import it again with --person")
    return Take(
        person=recording.about.person,
        name=name,
        rig=rig,
        truth=truth,
        tracks={},
        calibrated_until_ns=recording.span_ns[0] + round(calibration_s * NS_PER_S),
        trained_on=seen,
        tracker=recording.about.tracker,
    )


def curve(
    recordings: Mapping[str, Recording],
    model: str,
    *,
    lengths_s: Sequence[float],
    label: str = "",
    known: Mapping[tuple[str, float], FaceTrack] = MappingProxyType({}),
    progress: Progress = lambda _: None,
) -> list[Take]:
    """Return takes whose tracks are one model after calibrations of several lengths.

    All are judged on the same frames: those after the longest.

    Args:
        recordings: As in `takes`; those not longer than the longest calibration are left out.
        model: As `models.predictor` takes it.
        lengths_s: Of calibration; 0 is none at all.
        label: What the model is called; its own name or file where empty.
        known: By recording and length, what has been reconstructed already.
        progress: Told after each recording.
    """
    longest_s = max(lengths_s)
    names = {length: f"{label or model} after {length:g} s" for length in lengths_s}
    entries = [Entry(name=name, model=model) for name in names.values()]
    found: list[Take] = []
    for name, recording in recordings.items():
        if recording.duration_s <= longest_s + 1.0:
            continue
        seen = seen_people({name: recording}, entries)
        tracks = {
            track: known.get((name, length)) or reconstruct(recording, model, calibration_s=length)
            for length, track in names.items()
        }
        take = unjudged(name, recording, seen, calibration_s=longest_s)
        found.append(replace(take, tracks=tracks))
        progress(f"{name} {label or model}")
    return found


def left_out(
    recordings: Mapping[str, Recording],
) -> Iterator[tuple[dict[str, Recording], dict[str, Recording]]]:
    """Yield for each person (their recordings, everybody else's).

    Raises:
        RecordingError: There is one person alone.
    """
    people = sorted({recording.about.person for recording in recordings.values()})
    if len(people) < 2:
        raise RecordingError("leaving one person out needs two at least: name more recordings")
    for person in people:
        theirs = {n: r for n, r in recordings.items() if r.about.person == person}
        yield theirs, {n: r for n, r in recordings.items() if n not in theirs}
