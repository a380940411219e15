"""From samples that arrive when they please to `SensorFrame`s, one a beat."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Final, Self

from ..clock import NS_PER_S, seconds
from ..frame import (
    AudioBlock,
    EyeSample,
    FaceSample,
    HeadSample,
    Health,
    ImageSample,
    Reader,
    Sample,
    SensorFrame,
    SpeechSample,
    WornSample,
)
from ..pace import HOST, Beat, Pace, Steady

TOLERANCE_S: Final = 0.25
"""Oldest sample that still speaks of now. Longer than a blink of a radio link, shorter than anyone
takes for a frozen face."""

FORGOTTEN_S: Final = 60.0
"""How long a stream that stopped is told of while its sensor gives others."""

_TOLD_S: Final = 5.0  # how long refused samples are told of after the last

_AUDIO_BLOCKS: Final = (
    64  # over a second of 20 ms blocks: what a stalled loop may still catch up on
)


@dataclass(slots=True)
class Refused:
    """Samples that were not taken: how many, and when the newest came."""

    count: int = 0
    newest_ns: int = 0

    def add(self, sample: Sample) -> None:
        """Count one."""
        self.count += 1
        self.newest_ns = sample.received_ns


class Assembly:
    """Keeps the newest sample of each kind from each reader, and hands out those still usable.

    Nothing latches: what is older than the tolerance is as good as never sent. What is dated further
    ahead of its arrival than that is refused, for being newest it would shut out all that follows;
    so is what was that old when it arrived. Where two readers sense the same thing, the reader named
    first is preferred.

    Attributes:
        early: By reader, samples dated too far ahead of their arrival.
        late: By reader, samples that were too old when they arrived.
    """

    def __init__(
        self, readers: Sequence[str], tolerance_s: Mapping[str, float] | None = None
    ) -> None:
        """Prepare.

        Args:
            readers: Their names, in order of preference.
            tolerance_s: Oldest sample that is still used, of readers whose is not `TOLERANCE_S`.
        """
        given = tolerance_s or {}
        self._tolerance_ns = {
            name: round(given.get(name, TOLERANCE_S) * NS_PER_S) for name in readers
        }
        self.early = {name: Refused() for name in readers}
        self.late = {name: Refused() for name in readers}
        self._newest: dict[str, dict[str, Sample]] = {name: {} for name in readers}
        self._audio: deque[AudioBlock] = deque(maxlen=_AUDIO_BLOCKS)

    def add(self, reader: str, samples: Sequence[Sample]) -> None:
        """Take what a reader delivered; a sample older than the one held is let go.

        One dated beyond the tolerance, ahead of its arrival or before it, is refused and counted.
        """
        newest, tolerance_ns = self._newest[reader], self._tolerance_ns[reader]
        for sample in samples:
            early_ns = sample.time_ns - sample.received_ns
            if early_ns > tolerance_ns:
                self.early[reader].add(sample)
            elif -early_ns > tolerance_ns:
                self.late[reader].add(sample)
            elif isinstance(sample, AudioBlock):
                self._audio.append(sample)
            else:
                held = newest.get(key := _key(sample))
                if held is None or sample.time_ns >= held.time_ns:
                    newest[key] = sample

    def ages_s(self, reader: str, at_ns: int) -> dict[str, float]:
        """Return how old a reader's newest sample of each stream is at an instant, from any thread.

        Streams are called after what they tell of: `eyes`, `face babble`, `image mouth`; sound,
        which is not held, is not among them, nor what stopped `FORGOTTEN_S` before.
        """
        held = self._newest[reader].copy()  # in one step, whatever the loop does meanwhile
        ages = {key: seconds(at_ns - sample.time_ns) for key, sample in held.items()}
        return {key: age_s for key, age_s in ages.items() if age_s <= FORGOTTEN_S}

    def missing(self, reader: str, at_ns: int) -> dict[str, float]:
        """Return those of `ages_s` that are too old to be used."""
        oldest_s = seconds(self._tolerance_ns[reader])
        ages_s = self.ages_s(reader, at_ns)
        return {key: age_s for key, age_s in ages_s.items() if age_s > oldest_s}

    def frame(self, time_ns: int) -> SensorFrame:
        """Return all that is sensed, seen at an instant of the host clock."""
        faces: dict[str, FaceSample] = {}
        images: dict[str, ImageSample] = {}
        eyes: EyeSample | None = None
        head: HeadSample | None = None
        worn: WornSample | None = None
        speech: SpeechSample | None = None
        for reader, newest in self._newest.items():
            tolerance_ns = self._tolerance_ns[reader]
            for sample in newest.values():
                if abs(time_ns - sample.time_ns) > tolerance_ns:
                    continue
                match sample:
                    case FaceSample():
                        faces.setdefault(sample.source, sample)
                    case ImageSample():
                        images.setdefault(sample.camera, sample)
                    case EyeSample():
                        eyes = eyes or sample
                    case HeadSample():
                        head = head or sample
                    case WornSample():
                        worn = worn or sample
                    case SpeechSample():
                        speech = speech or sample
                    case AudioBlock():  # never kept here; each block is handed out once
                        pass
        audio = tuple(self._audio)
        self._audio.clear()
        return SensorFrame(
            time_ns=time_ns,
            faces=tuple(faces.values()),
            eyes=eyes,
            head=head,
            worn=worn,
            speech=speech,
            audio=audio,
            images=tuple(images.values()),
        )


_STREAMS: Final[Mapping[type[Sample], str]] = {
    EyeSample: "eyes",
    HeadSample: "head",
    WornSample: "worn",
    SpeechSample: "speech",
}


def _key(sample: Sample) -> str:
    match sample:
        case FaceSample():
            return f"face {sample.source}"
        case ImageSample():
            return f"image {sample.camera}"
        case _:
            return _STREAMS[type(sample)]


Tap = Callable[[Sequence[Sample]], None]


class Devices:
    """A `FrameSource` over live readers, a frame each beat."""

    def __init__(
        self,
        readers: Mapping[str, Reader],
        beat: Beat | float,
        tolerance_s: Mapping[str, float] | None = None,
        *,
        pace: Pace = HOST,
    ) -> None:
        """Prepare; readers open when this is entered.

        Args:
            readers: By name, in order of preference.
            beat: When frames are made, and for when; a number is so many a second, steadily.
            tolerance_s: As `Assembly` takes it.
            pace: The clock it goes by; readers stamp their samples on the same one.
        """
        self._readers = dict(readers)
        self._beat = Steady(beat) if isinstance(beat, int | float) else beat
        self._assembly = Assembly(tuple(self._readers), tolerance_s)
        self._pace = pace
        self._stack = ExitStack()
        self._taps: list[Tap] = []

    def tap(self, tap: Tap) -> None:
        """Hand every sample on as it comes, before frames keep the newest: to a recorder."""
        self._taps.append(tap)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for reader in self._readers.values():
                stack.enter_context(reader)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self._stack.close()

    def frames(self) -> Iterator[SensorFrame]:
        """Yield a frame each beat, for ever; none is for a time that has passed."""
        assembly, pace, beat = self._assembly, self._pace, self._beat
        while True:
            wake_ns, time_ns = beat.next(pace.now_ns())
            pace.sleep_until(wake_ns)
            for name, reader in self._readers.items():
                samples = reader.read()
                for tap in self._taps:
                    tap(samples)
                assembly.add(name, samples)
            yield assembly.frame(max(time_ns, pace.now_ns()))

    def health(self) -> Mapping[str, Health]:
        """Return how each reader is doing, by name."""
        return {name: self._health(name, reader) for name, reader in self._readers.items()}

    def _health(self, name: str, reader: Reader) -> Health:
        assembly, health, at_ns = self._assembly, reader.health(), self._pace.now_ns()
        early, late = assembly.early[name], assembly.late[name]
        notes = [health.note] if health.note else []
        for refused, what in (
            (early, "dated ahead of their arrival: set the sender's clock"),
            (late, "too old when they came: look at the network between"),
        ):
            if refused.count and at_ns - refused.newest_ns < _TOLD_S * NS_PER_S:
                notes.append(f"{refused.count} samples {what}")
        if health.state == "live":
            missing = assembly.missing(name, at_ns)
            notes += [f"no {stream} for {age_s:.1f} s" for stream, age_s in missing.items()]
        return replace(
            health, dropped=health.dropped + early.count + late.count, note="; ".join(notes)
        )
