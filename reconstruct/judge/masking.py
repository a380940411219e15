"""Smaller rigs from a larger one's recording: what a rig lacks is taken away, nothing is added.

A rig's mouth is the same with eyes beside it or without (`datasets.simulate`), so that what is left
is to the bit what the smaller rig would have sensed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ...datasets.recording import Recording
from ...datasets.streams import AudioStream, EyesStream, FaceStream, Stream, WornStream
from ...headset.errors import RecordingError
from ...headset.rig import RIGS, Rig

WEARERS: Final = ("mouth", "mouth+audio", "audio", "mouth+eyes", "none")
"""Rigs in the order wearers own them (FIDELITY)."""

_NEEDS: Final[tuple[tuple[str, type[Stream], str], ...]] = (
    ("mouth", FaceStream, "face tracker"),
    ("eyes", EyesStream, "eye tracker"),
    ("audio", AudioStream, "sound"),
)


def lacking(recording: Recording, rig: Rig) -> str:
    """Say what a rig senses and a recording does not hold; empty where it holds all."""
    held = {type(stream) for stream in recording.streams.values()}
    return " and ".join(
        words for sense, kind, words in _NEEDS if getattr(rig, sense) and kind not in held
    )


def masked(name: str, recording: Recording, rig: Rig) -> Recording:
    """Return the recording as a smaller rig would have made it, truth and span unchanged.

    Args:
        name: For the message.
        recording: Of that rig or a larger one.
        rig: What is to be sensed.

    Raises:
        RecordingError: The recording holds no stream that the rig senses.
    """
    if missing := lacking(recording, rig):
        raise RecordingError(
            f"{name}: holds no {missing}, so it cannot stand for "
            f"the rig {rig.name}: simulate that rig, or name a smaller one"
        )
    if recording.about.rig == rig.name:
        return recording
    kept = {stream: each for stream, each in recording.streams.items() if _sensed(each, rig)}
    return Recording(
        about=replace(recording.about, rig=rig.name),
        streams=kept,
        truth=recording.truth,
        events=recording.events,
        span_ns=recording.span_ns,
    )


def masked_all(recordings: Mapping[str, Recording], rig: Rig | None) -> dict[str, Recording]:
    """Return every recording as `masked`; as it is where no rig is named.

    Raises:
        RecordingError: One holds no stream that the rig senses.
    """
    if rig is None:
        return dict(recordings)
    return {name: masked(name, each, rig) for name, each in recordings.items()}


def possible(recordings: Mapping[str, Recording]) -> tuple[list[Rig], dict[str, str]]:
    """Return which of `WEARERS` every recording can stand for; and of the others, what is lacking."""
    rigs: list[Rig] = []
    left_out: dict[str, str] = {}
    for rig in (RIGS[name] for name in WEARERS):
        short = {name: words for name, each in recordings.items() if (words := lacking(each, rig))}
        if short:
            name, words = next(iter(short.items()))
            left_out[rig.name] = f"{len(short)} of {len(recordings)} hold no {words} ({name})"
        else:
            rigs.append(rig)
    return rigs, left_out


def _sensed(stream: Stream, rig: Rig) -> bool:
    """Say whether a rig has what made a stream: head and speech come with the microphone."""
    match stream:
        case FaceStream():
            return rig.mouth
        case EyesStream():
            return rig.eyes
        case WornStream():
            return True
        case _:
            return rig.audio
