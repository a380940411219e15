"""What flows through unvisor: samples in, a `SensorFrame`, a `Face` out; and who passes it on.

Every value is frozen. Times are int64 nanoseconds on the host clock (`clock.py`): `time_ns` is when
the thing was true, `received_ns` when it reached us. A lost sensor is None, a missing number NaN,
never 0. An axis of 2 is (left, right), the wearer's own. Head space is OpenXR's: +x right, +y up,
-z forward, metres.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from types import TracebackType
from typing import Literal, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from .names import UNIFIED

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]


class Origin(IntEnum):
    """Where a channel's value comes from."""

    MEASURED = 0
    INFERRED = 1
    """A model's, from what is sensed."""
    SYNTHESISED = 2
    """Invented to look alive: nothing sensed tells of it."""
    HELD = 3
    """The last honest value, or the wearer's rest, on its way there."""
    ABSENT = 255
    """No value: NaN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EyeSample:
    """What an eye tracker says at one instant.

    Attributes:
        gaze: Shape (2, 3), unit vectors in head space.
        openness: Shape (2,), 0 shut to 1 open.
        pupil_mm: Shape (2,), diameter.
        confidence: Shape (2,), 0 to 1.
    """

    time_ns: int
    received_ns: int
    gaze: Floats
    openness: Floats
    pupil_mm: Floats
    confidence: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceSample:
    """What a face tracker says at one instant.

    Attributes:
        source: Name of the reader that delivered it.
        weights: Shape (88,), Unified Expressions, NaN where not observed.
        confidence: Shape (88,), 0 to 1.
        origin: Shape (88,), `Origin`: a runtime may itself have guessed from audio.
    """

    time_ns: int
    received_ns: int
    source: str
    weights: Floats
    confidence: Floats
    origin: Bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSample:
    """One grey image, `image` of shape (H, W), 0 to 255."""

    time_ns: int
    received_ns: int
    camera: Literal["left_eye", "right_eye", "mouth"]
    image: Bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadSample:
    """The head's pose in local space: unit quaternion (4,) xyzw, position (3,) in metres."""

    time_ns: int
    received_ns: int
    orientation_xyzw: Floats
    position_m: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioBlock:
    """Mono sound, `samples` of shape (N,), -1 to 1; `time_ns` is that of the first sample."""

    time_ns: int
    received_ns: int
    samples: NDArray[np.float32]
    sample_rate_hz: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WornSample:
    """Whether the headset is on a head, as it or an app says."""

    time_ns: int
    received_ns: int
    worn: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechSample:
    """What something that listens says of the wearer's voice.

    Attributes:
        source: Name of the reader that delivered it.
        level: Loudness, 0 to 1, NaN where it does not say.
        visemes: Shape (15,), probability of each of `VISEMES`, NaN where it does not say.
        muted: Whether others do not hear it; None where it does not say.
    """

    time_ns: int
    received_ns: int
    source: str
    level: float
    visemes: Floats
    muted: bool | None


VISEMES = ("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "ih", "oh", "ou")
"""Of `SpeechSample`: the order of XR_META_face_tracking_visemes, and of VRChat's `Viseme`."""

Sample = EyeSample | FaceSample | ImageSample | HeadSample | AudioBlock | WornSample | SpeechSample


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorFrame:
    """All that is sensed, seen at one instant.

    Attributes:
        time_ns: The instant the face is wanted for; it may lie ahead of the samples.
        faces: The newest usable sample of each face source, in order of preference; each keeps its
            own time. Empty where none lives.
        eyes: The newest usable sample, or None.
        head: The newest usable sample, or None.
        worn: The newest usable sample, or None.
        speech: The newest usable sample, or None.
        audio: Blocks that arrived since the last frame, oldest first.
        images: The newest usable image of each camera.
    """

    time_ns: int
    faces: tuple[FaceSample, ...] = ()
    eyes: EyeSample | None = None
    head: HeadSample | None = None
    worn: WornSample | None = None
    speech: SpeechSample | None = None
    audio: tuple[AudioBlock, ...] = ()
    images: tuple[ImageSample, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """The whole face for one instant: what is sent, and how far it can be trusted.

    Weights are relative to the wearer's rest (a calibrated face at rest is zero) and not clipped:
    outputs clip to what their receiver takes.

    Attributes:
        time_ns: The instant this face is meant for.
        weights: Shape (88,), Unified Expressions as sent, NaN where absent.
        gaze: Shape (2, 3), unit vectors in head space.
        openness: Shape (2,), 0 shut to 1 open; the wearer's resting lids are 1.
        pupil_mm: Shape (2,), NaN where not sensed.
        median: Shape (88,), the best single guess; equals `weights` where measured.
        low: Shape (88,), lower end of a 90 % interval.
        high: Shape (88,), upper end of it.
        rate: Shape (88,), change of `weights` per second that is expected over the next 30 ms, for
            extrapolation.
        openness_median: Shape (2,).
        openness_low: Shape (2,).
        openness_high: Shape (2,).
        openness_rate: Shape (2,), likewise.
        events: Shape (6,), probability that each of `EVENTS` is under way.
        origin: Shape (88,), `Origin` as uint8.
        eye_origin: Shape (2,), of gaze.
        openness_origin: Shape (2,).
    """

    time_ns: int
    weights: Floats
    gaze: Floats
    openness: Floats
    pupil_mm: Floats
    median: Floats
    low: Floats
    high: Floats
    rate: Floats
    openness_median: Floats
    openness_low: Floats
    openness_high: Floats
    openness_rate: Floats
    events: Floats
    origin: Bytes
    eye_origin: Bytes
    openness_origin: Bytes

    @property
    def shapes_sensed(self) -> bool:
        """Whether a sensor tells of any shape now."""
        return bool((self.origin == Origin.MEASURED).any())

    @property
    def eyes_sensed(self) -> bool:
        """Whether a sensor tells of gaze or lids now."""
        return bool(
            (self.eye_origin == Origin.MEASURED).any()
            or (self.openness_origin == Origin.MEASURED).any()
        )

    @property
    def silent(self) -> bool:
        """Whether there is nothing honest to send: no channel is known, and all have come to rest."""
        for origin in (self.origin, self.eye_origin, self.openness_origin):
            if (origin <= Origin.SYNTHESISED).any():
                return False
        moving = np.abs(self.weights[np.isfinite(self.weights)]) > AT_REST
        shut = np.abs(1.0 - self.openness[np.isfinite(self.openness)]) > AT_REST
        return not (moving.any() or shut.any())


AT_REST = 0.01
"""A weight within this of rest is not seen to differ from it."""

EVENTS = ("brow_raise", "frown", "cheek_raise", "squint", "wide", "blink")
"""What `Face.events` tells of."""

FORWARD = np.array([[0.0, 0.0, -1.0], [0.0, 0.0, -1.0]])
"""Both eyes straight ahead."""

NO_WEIGHTS = np.full(len(UNIFIED), np.nan)
"""Nothing observed."""

for _constant in (FORWARD, NO_WEIGHTS):
    _constant.flags.writeable = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a source or an output is doing, for `--status`, `doctor` and the live page.

    Attributes:
        state: `waiting` (nothing yet), `live`, `lost` (was live), `off` (cannot work here).
        rate_hz: Samples or packets a second, over the last seconds.
        age_s: Age of the newest sample, NaN where there is none.
        dropped: How many were thrown away (late, malformed, flooded).
        offset_s: How the sender's clock stands to ours (ours less theirs), NaN where it has none.
        offset_error_s: Largest expected error of that, NaN likewise.
        note: What is odd, in a few words.
        remedy: What the wearer can do, empty where all is well.
    """

    state: Literal["waiting", "live", "lost", "off"]
    rate_hz: float = 0.0
    age_s: float = float("nan")
    dropped: int = 0
    offset_s: float = float("nan")
    offset_error_s: float = float("nan")
    note: str = ""
    remedy: str = ""


class _Context(Protocol):
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...


@runtime_checkable
class Reader(_Context, Protocol):
    """One sensor. Entering opens it, leaving closes it; both may be done again."""

    def read(self) -> Sequence[Sample]:
        """Return what arrived since the last call, oldest first, without waiting."""
        ...

    def health(self) -> Health:
        """Return how the sensor is doing."""
        ...


@runtime_checkable
class FrameSource(_Context, Protocol):
    """Where frames come from: sensors, a recording, the demo."""

    def frames(self) -> Iterator[SensorFrame]:
        """Yield frames in order of time; a live source waits for each."""
        ...


@runtime_checkable
class Reconstructor(Protocol):
    """Infers the whole face from what is sensed."""

    def reconstruct(self, frame: SensorFrame) -> Face:
        """Return the face for `frame.time_ns`; uses nothing later than that frame."""
        ...

    def reset(self) -> None:
        """Forget the past: after a gap, or when the headset goes on again."""
        ...


@runtime_checkable
class Sink(_Context, Protocol):
    """Where faces go: the compositor, an app, a recording."""

    def put(self, frame: SensorFrame, face: Face) -> None:
        """Take one face, without waiting."""
        ...

    def health(self) -> Health:
        """Return how the output is doing."""
        ...
