"""Replays streams as a live run would have seen them: frames, each with what had arrived by then."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import repeat
from typing import Any, Final, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from ..headset.clock import NS_PER_S
from ..headset.errors import RecordingError
from ..headset.frame import (
    AudioBlock,
    EyeSample,
    FaceSample,
    HeadSample,
    SensorFrame,
    SpeechSample,
    WornSample,
)
from .layout import MAX_SPAN_NS
from .streams import (
    AudioStream,
    EyesStream,
    FaceStream,
    HeadStream,
    SpeechStream,
    Stream,
    Times,
    WornStream,
    measured,
)

T = TypeVar("T")

PLAIN_RATE_HZ: Final = 60.0
"""Frames a second where no face or eye tracker sets the pace: the rate faces are captured at."""

MAX_RATE_HZ: Final = 1000.0
"""Faster than any tracker; bounds how many frames a hostile or mistaken rate can ask for."""

SPEECH: Final = "_speech"
"""Ends the name of a speech stream, behind its source's: a face tracker may hear as well."""

HOLE: Final = 1.5
"""A step longer than this many usual ones is a hole: jitter stays below, a lost sample is above."""


def frame_times(
    streams: Mapping[str, Stream], span_ns: tuple[int, int], rate_hz: float | None = None
) -> Times:
    """Return the instants of frames over a span.

    Args:
        streams: By source name.
        span_ns: First and last instant, both included.
        rate_hz: A regular grid from the start of the span, above 0 and up to `MAX_RATE_HZ`. Without
            it, the times of the face or eye stream with most samples, its holes filled at its
            median interval; without such a stream, a grid at `PLAIN_RATE_HZ`.

    Returns:
        Shape (N,), strictly increasing, within the span.

    Raises:
        ValueError: rate_hz is out of its range.
        RecordingError: The span is longer than any session.
    """
    start, end = span_ns
    if not 0 <= end - start <= MAX_SPAN_NS:
        raise RecordingError(
            f"recording: spans {(end - start) / NS_PER_S:.0f} s, its times are wrong: "
            "import or record it again"
        )
    if rate_hz is not None and not 0.0 < rate_hz <= MAX_RATE_HZ:
        raise ValueError(f"rate_hz {rate_hz}: not above 0 and up to {MAX_RATE_HZ:.0f}")
    if rate_hz is None:
        trackers = [s for s in streams.values() if isinstance(s, FaceStream | EyesStream)]
        densest = max(trackers, key=lambda stream: len(stream.time_ns), default=None)
        if densest is not None:
            known = np.unique(densest.time_ns)
            known = known[(known >= start) & (known <= end)]
            if len(known) > 1:
                return _filled(known, start, end)
    step_ns = NS_PER_S / (rate_hz or PLAIN_RATE_HZ)
    count = int((end - start) / step_ns) + 1
    return start + np.rint(np.arange(count) * step_ns).astype(np.int64)


def frames(
    streams: Mapping[str, Stream], ticks: Times, *, tolerance_s: float
) -> Iterator[SensorFrame]:
    """Yield what a live run would have known at each instant.

    A frame holds of each source the newest sample that had been received by then, unless that is
    older than the tolerance; while a sample stays the newest it is the same object in each frame.
    An audio block is in one frame only.

    Args:
        streams: By source name, in order of preference.
        ticks: Shape (N,), strictly increasing.
        tolerance_s: Oldest usable sample, by its own time.
    """
    oldest_ns = round(tolerance_s * NS_PER_S)
    faces = list[Iterator[FaceSample | None]]()
    eyes: Iterator[EyeSample | None] = repeat(None)
    head: Iterator[HeadSample | None] = repeat(None)
    worn: Iterator[WornSample | None] = repeat(None)
    speech: Iterator[SpeechSample | None] = repeat(None)
    audio: Iterator[tuple[AudioBlock, ...]] = repeat(())
    for name, stream in streams.items():
        match stream:
            case FaceStream():
                faces.append(_newest(stream, ticks, oldest_ns, _face_samples(name, stream)))
            case EyesStream():
                eyes = _either(eyes, _newest(stream, ticks, oldest_ns, _eye_samples(stream)))
            case HeadStream():
                head = _either(head, _newest(stream, ticks, oldest_ns, _head_samples(stream)))
            case WornStream():
                worn = _either(worn, _newest(stream, ticks, oldest_ns, _worn_samples(stream)))
            case SpeechStream():
                said = _newest(stream, ticks, oldest_ns, _speech_samples(name, stream))
                speech = _either(speech, said)
            case AudioStream():
                audio = _both(audio, _arrivals(stream, ticks))
    seen = zip(*faces, strict=True) if faces else repeat(())
    instants = cast("list[int]", ticks.tolist())
    for time_ns, tracked, looking, pose, on, said, heard in zip(
        instants, seen, eyes, head, worn, speech, audio, strict=False
    ):
        yield SensorFrame(
            time_ns=time_ns,
            faces=tuple([sample for sample in tracked if sample is not None]),
            eyes=looking,
            head=pose,
            worn=on,
            speech=said,
            audio=heard,
        )


def _filled(known: Times, start: int, end: int) -> Times:
    """Return sample times with the holes between, before and after them filled, within the span."""
    usual = max(round(float(np.median(np.diff(known)))), round(NS_PER_S / MAX_RATE_HZ))
    if known[0] - start > HOLE * usual:
        known = np.insert(known, 0, start)
    steps = np.diff(known, append=end)
    missing = np.rint(steps / usual).astype(np.int64) - 1
    missing[-1] = steps[-1] // usual  # after the last sample nothing waits to be met
    missing[steps <= HOLE * usual] = 0
    nth = np.arange(int(missing.sum())) - np.repeat(np.cumsum(missing) - missing, missing) + 1
    return np.sort(np.concatenate([known, np.repeat(known, missing) + nth * usual]))


def _newest(
    stream: FaceStream | EyesStream | HeadStream | WornStream | SpeechStream,
    ticks: Times,
    oldest_ns: int,
    sample: Callable[[int], T],
) -> Iterator[T | None]:
    """Yield for each tick the newest sample received by then, None where it is too old."""
    index = np.searchsorted(stream.received_ns, ticks, side="right") - 1
    if len(stream.time_ns):
        index[ticks - stream.time_ns[index] > oldest_ns] = -1
    held, value = -1, None
    for i in cast("list[int]", index.tolist()):
        if i != held:
            held, value = i, sample(i) if i >= 0 else None
        yield value


def _either(first: Iterator[T | None], second: Iterator[T | None]) -> Iterator[T | None]:
    return (b if a is None else a for a, b in zip(first, second, strict=False))


def _both(
    first: Iterator[tuple[T, ...]], second: Iterator[tuple[T, ...]]
) -> Iterator[tuple[T, ...]]:
    return (a + b for a, b in zip(first, second, strict=False))


def _rows(column: NDArray[Any]) -> NDArray[Any]:
    """Return a view whose rows, handed out in samples, cannot be written to."""
    view = column.view()
    view.flags.writeable = False
    return view


def _face_samples(name: str, stream: FaceStream) -> Callable[[int], FaceSample]:
    weights, confidence = _rows(stream.weights), _rows(stream.confidence)
    origin = _rows(measured(weights) if stream.origin is None else stream.origin)
    times, received = stream.time_ns, stream.received_ns
    return lambda i: FaceSample(
        time_ns=int(times[i]),
        received_ns=int(received[i]),
        source=name,
        weights=weights[i],
        confidence=confidence[i],
        origin=origin[i],
    )


def _eye_samples(stream: EyesStream) -> Callable[[int], EyeSample]:
    gaze, openness = _rows(stream.gaze), _rows(stream.openness)
    pupil_mm, confidence = _rows(stream.pupil_mm), _rows(stream.confidence)
    return lambda i: EyeSample(
        time_ns=int(stream.time_ns[i]),
        received_ns=int(stream.received_ns[i]),
        gaze=gaze[i],
        openness=openness[i],
        pupil_mm=pupil_mm[i],
        confidence=confidence[i],
    )


def _head_samples(stream: HeadStream) -> Callable[[int], HeadSample]:
    orientation_xyzw, position_m = _rows(stream.orientation_xyzw), _rows(stream.position_m)
    return lambda i: HeadSample(
        time_ns=int(stream.time_ns[i]),
        received_ns=int(stream.received_ns[i]),
        orientation_xyzw=orientation_xyzw[i],
        position_m=position_m[i],
    )


def _worn_samples(stream: WornStream) -> Callable[[int], WornSample]:
    return lambda i: WornSample(
        time_ns=int(stream.time_ns[i]),
        received_ns=int(stream.received_ns[i]),
        worn=bool(stream.worn[i]),
    )


def _speech_samples(name: str, stream: SpeechStream) -> Callable[[int], SpeechSample]:
    visemes, muted = _rows(stream.visemes), stream.muted
    return lambda i: SpeechSample(
        time_ns=int(stream.time_ns[i]),
        received_ns=int(stream.received_ns[i]),
        source=name.removesuffix(SPEECH),
        level=float(stream.level[i]),
        visemes=visemes[i],
        muted=None if np.isnan(muted[i]) else bool(muted[i]),
    )


def _arrivals(stream: AudioStream, ticks: Times) -> Iterator[tuple[AudioBlock, ...]]:
    """Yield for each tick the blocks received since the tick before, oldest first."""
    samples = _rows(stream.samples)
    # A block shorter than the others ends in NaN.
    longest: int = stream.samples.shape[1]
    nth = np.arange(1, longest + 1)
    lengths = np.max(np.where(np.isnan(stream.samples), 0, nth), axis=1, initial=0)
    done = 0
    for upto in cast("list[int]", np.searchsorted(stream.received_ns, ticks, "right").tolist()):
        yield tuple(
            [
                AudioBlock(
                    time_ns=int(stream.time_ns[i]),
                    received_ns=int(stream.received_ns[i]),
                    samples=samples[i, : lengths[i]],
                    sample_rate_hz=stream.sample_rate_hz,
                )
                for i in range(done, upto)
            ]
        )
        done = upto
