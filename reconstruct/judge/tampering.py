"""Changes that must not matter, for the leak tests (`leaks.py`): to truth, and to what comes later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
from numpy.typing import NDArray

from ...datasets.streams import (
    AudioStream,
    EyesStream,
    FaceStream,
    FaceTrack,
    HeadStream,
    SpeechStream,
    Stream,
    Truth,
    WornStream,
)
from ...headset.names import ARKIT_INDEX
from ...headset.rig import Rig

Floats = NDArray[np.float64]


def poisoned(truth: Truth, rig: Rig, poison: Callable[[Floats], Floats]) -> Truth:
    """Replace what the rig hides: channels, and the capture's own eyes and head."""
    hidden = [ARKIT_INDEX[name] for name in rig.hidden]
    arkit = truth.arkit.copy()
    arkit[:, hidden] = poison(arkit[:, hidden])
    eyes, head = truth.eyes_rad, truth.head_rad
    return replace(
        truth,
        arkit=arkit,
        eyes_rad=eyes if rig.eyes or eyes is None else poison(eyes),
        head_rad=head if rig.audio or head is None else poison(head),
    )


def changed(stream: Stream, after_ns: int, rng: np.random.Generator) -> Stream:
    """Return a stream whose values received after an instant are noise; times and holes stay."""
    late = stream.received_ns > after_ns

    def noisy(values: Floats, low: float = 0.0) -> Floats:
        noise = rng.uniform(low, 1.0, values.shape)
        where = late.reshape(-1, *[1] * (values.ndim - 1)) & np.isfinite(values)
        return np.where(where, noise, values)

    def unit(vectors: Floats) -> Floats:
        vectors = noisy(vectors, -1.0)
        vectors[late] /= np.linalg.norm(vectors[late], axis=-1, keepdims=True)
        return vectors

    match stream:
        case FaceStream():
            return replace(stream, weights=noisy(stream.weights))
        case EyesStream():
            openness, pupil_mm = noisy(stream.openness), noisy(stream.pupil_mm)
            return replace(stream, gaze=unit(stream.gaze), openness=openness, pupil_mm=pupil_mm)
        case HeadStream():
            turned, moved = unit(stream.orientation_xyzw), noisy(stream.position_m, -1.0)
            return replace(stream, orientation_xyzw=turned, position_m=moved)
        case AudioStream():
            heard = noisy(stream.samples.astype(np.float64), -1.0)
            return replace(stream, samples=heard.astype(np.float32))
        case WornStream():
            return replace(stream, worn=np.where(late, 1 - stream.worn, stream.worn))
        case SpeechStream():
            level, visemes = noisy(stream.level), noisy(stream.visemes)
            return replace(stream, level=level, visemes=visemes)


def until(track: FaceTrack, at_ns: int) -> FaceTrack:
    """Return the faces meant for an instant or earlier."""
    kept = track.time_ns <= at_ns
    return FaceTrack(**{field.name: getattr(track, field.name)[kept] for field in fields(track)})


def difference(one: FaceTrack, other: FaceTrack) -> str:
    """Say in what two tracks differ, by a bit; empty where in nothing."""
    if len(one.time_ns) != len(other.time_ns):
        return f"{len(one.time_ns)} faces become {len(other.time_ns)}"
    for field in fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if a.tobytes() != b.tobytes():
            rows = [i for i in range(len(a)) if a[i].tobytes() != b[i].tobytes()]
            return f"{field.name} of {len(rows)} of {len(a)} faces changes"
    return ""
