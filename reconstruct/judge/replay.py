"""Runs models over a recording as a wearer would use them, so that a card can judge them.

Each wearer is calibrated from the recording's first seconds, without its truth; every model then
gets the same frames.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ...calibration.fit import fit
from ...calibration.profile import Profile
from ...datasets.recording import Recording
from ...datasets.streams import EyesStream, FaceStream, FaceTrack, Stream
from ...headset.clock import NS_PER_S
from ...headset.errors import RecordingError
from ...headset.names import BLINK_2, LOOK_8, MOUTH_28
from ...headset.rig import RIGS
from ..fit.sheets import CALIBRATION_S, fingerprint
from ..life.life import Life
from ..models import metadata, reconstructor
from ..offline import track
from .ground_truth import Take

ALIVE_HZ: Final = 120.0
"""Fast enough to see a saccade's peak speed (`behaviour`)."""

_SEES: Final[dict[type[Stream], tuple[str, ...]]] = {
    FaceStream: MOUTH_28,
    EyesStream: LOOK_8 + BLINK_2,
}

Progress = Callable[[str], None]


def reconstruct(recording: Recording, model: str, *, calibration_s: float) -> FaceTrack:
    """Return what a model makes of a recording whose wearer is calibrated from its first seconds.

    Truth is taken away before anything else.

    Args:
        recording: With sensor streams.
        model: As `models.predictor` takes it.
        calibration_s: How much of the recording to calibrate from; 0 for no profile at all.
    """
    blind = recording.without_truth()
    return track(blind.frames(), reconstructor(model, calibrated(blind, calibration_s)))


def calibrated(blind: Recording, calibration_s: float) -> Profile | None:
    """Return the profile from a recording's first seconds, of its sensors alone; None for 0 s."""
    return fit(blind.first(calibration_s).frames()) if calibration_s > 0.0 else None


def alive(recording: Recording, model: str, *, calibration_s: float, seed: int = 0) -> FaceTrack:
    """Return the same with life over it where nothing is sensed, at `ALIVE_HZ`.

    Args:
        recording: With sensor streams.
        model: As `models.predictor` takes it.
        calibration_s: As in `reconstruct`.
        seed: Of who is made up.
    """
    blind = recording.without_truth()
    infers = reconstructor(model, calibrated(blind, calibration_s), Life(seed))
    return track(blind.frames(ALIVE_HZ), infers)


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
        entries: Models to judge; `ground_truth.BASELINES` among them.
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
        delay_ns=known_delays(recording),
    )


def known_delays(recording: Recording) -> dict[str, int]:
    """Return by channel how long a sample of the sensor that sees it takes to arrive, the median."""
    delays: dict[str, int] = {}
    for stream in recording.streams.values():
        channels = _SEES.get(type(stream), ())
        if channels and len(stream.time_ns):
            late_ns = round(float(np.median(stream.received_ns - stream.time_ns)))
            delays |= dict.fromkeys(channels, late_ns)
    return delays


def curve(
    recordings: Mapping[str, Recording],
    model: str,
    *,
    lengths_s: Sequence[float],
    label: str = "",
    known: dict[tuple[str, float], FaceTrack],
) -> list[Take]:
    """Return takes whose tracks are one model after calibrations of several lengths.

    All are judged on the same frames: those after the longest.

    Args:
        recordings: As in `takes`; those not longer than the longest calibration are left out.
        model: As `models.predictor` takes it.
        lengths_s: Of calibration; 0 is none at all.
        label: What the model is called; its own name or file where empty.
        known: By recording and length, what has been reconstructed already; what is here is added.
    """
    longest_s = max(lengths_s)
    names = {length_s: f"{label or model} after {length_s:g} s" for length_s in lengths_s}
    entries = [Entry(name=name, model=model) for name in names.values()]
    found: list[Take] = []
    for name, recording in recordings.items():
        if recording.duration_s <= longest_s + 1.0:
            continue
        seen = seen_people({name: recording}, entries)
        for length_s in lengths_s:
            if (name, length_s) not in known:
                known[name, length_s] = reconstruct(recording, model, calibration_s=length_s)
        tracks = {track: known[name, length_s] for length_s, track in names.items()}
        take = unjudged(name, recording, seen, calibration_s=longest_s)
        found.append(replace(take, tracks=tracks))
    return found
