"""The streams of a recording, each on its own times, as arrays.

`time_ns` is when a sample was true, `received_ns` when it reached the host; both are int64 on one
clock (`headset.clock`) and `received_ns` never decreases along a stream. NaN is missing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..headset.frame import Origin
from ..headset.permit import Basis

Floats = NDArray[np.float64]
Times = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceStream:
    """A face tracker's samples.

    Attributes:
        weights: Shape (T, 88), Unified Expressions, NaN where unobserved.
        confidence: Shape (T, 88), 0 to 1.
        origin: Shape (T, 88), `headset.frame.Origin`: a runtime may itself have guessed from sound.
            None where all that is observed is measured.
    """

    time_ns: Times
    received_ns: Times
    weights: Floats
    confidence: Floats
    origin: NDArray[np.uint8] | None = None


def measured(weights: Floats) -> NDArray[np.uint8]:
    """Return the origins of weights that were all measured, those that are missing apart."""
    return np.where(np.isfinite(weights), np.uint8(Origin.MEASURED), np.uint8(Origin.ABSENT))


@dataclass(frozen=True, slots=True, kw_only=True)
class EyesStream:
    """An eye tracker's samples, axis of 2 (left, right), as in `headset.frame.EyeSample`.

    Attributes:
        gaze: Shape (T, 2, 3), unit vectors in head space.
        openness: Shape (T, 2), 0 shut to 1 open.
        pupil_mm: Shape (T, 2).
        confidence: Shape (T, 2), 0 to 1.
    """

    time_ns: Times
    received_ns: Times
    gaze: Floats
    openness: Floats
    pupil_mm: Floats
    confidence: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadStream:
    """Head poses: unit quaternions (T, 4) xyzw, positions (T, 3) in metres, local space."""

    time_ns: Times
    received_ns: Times
    orientation_xyzw: Floats
    position_m: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioStream:
    """Mono sound in blocks: samples (T, N), -1 to 1; `time_ns` is that of a block's first sample."""

    time_ns: Times
    received_ns: Times
    samples: NDArray[np.float32]
    sample_rate_hz: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WornStream:
    """Whether the headset was on a head: worn (T,), 1 where it was, else 0."""

    time_ns: Times
    received_ns: Times
    worn: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechStream:
    """What something that listens said of the wearer's voice.

    Attributes:
        level: Shape (T,), loudness, 0 to 1.
        visemes: Shape (T, 15), probability of each of `headset.frame.VISEMES`.
        muted: Shape (T,), 1 where others did not hear it, else 0.
    """

    time_ns: Times
    received_ns: Times
    level: Floats
    visemes: Floats
    muted: Floats


Stream = FaceStream | EyesStream | HeadStream | AudioStream | WornStream | SpeechStream


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a capture saw of the whole face.

    Attributes:
        time_ns: Shape (T,).
        arkit: Shape (T, 52), not clipped.
        eyes_rad: Shape (T, 2, 3), the capture's own (yaw, pitch, roll) of each eye, or None.
        head_rad: Shape (T, 3), its (yaw, pitch, roll) of the head, or None.
    """

    time_ns: Times
    arkit: Floats
    eyes_rad: Floats | None = None
    head_rad: Floats | None = None

    def rest(self, until_ns: int) -> Floats:
        """Return the median (52,) up to an instant: NaN for a channel that is never seen there."""
        window = self.arkit[self.time_ns <= until_ns]
        resting = np.full(self.arkit.shape[1], np.nan)
        seen = np.isfinite(window).any(axis=0)
        resting[seen] = np.nanmedian(window[:, seen], axis=0)
        return resting


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceTrack:
    """Reconstructed faces over time, in both vocabularies.

    Attributes:
        time_ns: Shape (T,), the instants the faces are meant for.
        arkit: Shape (T, 52), what would be sent.
        arkit_median: Shape (T, 52), the best single guess.
        arkit_low: Shape (T, 52), lower end of a 90 % interval.
        arkit_high: Shape (T, 52), upper end of it.
        unified: Shape (T, 88), what would be sent, NaN where absent.
        origin: Shape (T, 88), `headset.frame.Origin` of each Unified shape.
        events: Shape (T, 6), probabilities of `headset.frame.EVENTS`.
    """

    time_ns: Times
    arkit: Floats
    arkit_median: Floats
    arkit_low: Floats
    arkit_high: Floats
    unified: Floats
    origin: NDArray[np.uint8]
    events: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a recording says of itself.

    Attributes:
        person: Whose face; the unit that splits keep whole. Empty where not stated.
        basis: Why the face may be used.
        rig: Name of the rig (`headset.rig`) that the sensor streams are of, empty where there are none.
        source: Where it came from: format and file name, without a folder.
        tracker: What captured the truth, e.g. `ARKit (Live Link Face)`.
        notes: More, by name: a simulator's seed and parameters, a capture's frame rate.
    """

    person: str = ""
    basis: Basis = field(default_factory=lambda: Basis(kind="licence", text=""))
    rig: str = ""
    source: str = ""
    tracker: str = ""
    notes: dict[str, str] = field(default_factory=dict[str, str])


StreamKind = Literal["face", "eyes", "head", "audio", "worn", "speech"]

KINDS: dict[type[Stream], StreamKind] = {
    FaceStream: "face",
    EyesStream: "eyes",
    HeadStream: "head",
    AudioStream: "audio",
    WornStream: "worn",
    SpeechStream: "speech",
}
"""The `kind` attribute of each stream's group in a file."""
