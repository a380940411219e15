"""Records a live run: a `Sink` that writes what was sensed and what was made of it.

`put` only queues. A thread of its own writes the journal in bursts, so that the loop neither waits for
a disk nor shares the interpreter with one; at the end the journal becomes a recording.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Final, Self

from ..headset.clock import NS_PER_S, now_ns
from ..headset.errors import ConsentError, RecordingError
from ..headset.frame import (
    AudioBlock,
    EyeSample,
    Face,
    FaceSample,
    HeadSample,
    Health,
    ImageSample,
    Sample,
    SensorFrame,
    SpeechSample,
    WornSample,
)
from ..headset.meter import Meter
from ..headset.permit import Permit
from .journal import Journal, beside
from .replay import SPEECH
from .store import SEALED_LATER, Finish, rescue, settle
from .streams import About

DESTINATION: Final = "recording"
"""What a permit is asked for."""

BURST_S: Final = 0.05
"""How often the queue is written to the journal and handed to the operating system: what a killed
program loses, and short enough that a burst does not hold up the loop."""
SYNC_S: Final = 0.4
"""How often the journal is forced to the disk: with a burst, half a second is what a power cut loses."""
QUEUE: Final = 1024
"""Frames that may wait: over 8 s at 120 Hz, longer than a disk pauses."""

_TAKEN: Final = ("eyes", "head", "audio", "worn")
"""Names of the sources that readers do not name; a face tracker of that name gives way."""

_UNSIGNED: Final = (EyeSample, HeadSample, WornSample)
"""Samples that do not say whose they are: several readers may give such, and the loop believes one."""

Item = tuple[SensorFrame, Face] | tuple[str, int, str] | tuple[Sequence[Sample]]


class Recorder:
    """Writes frames and faces to a recording. Camera images are not kept yet.

    While it runs, and after a crash, all is in X.journal beside X.h5. A journal that an earlier run
    left is turned into a recording of its own first, so nothing is ever written over.
    """

    def __init__(
        self,
        path: Path,
        *,
        about: About,
        permit: Permit,
        queue: int = QUEUE,
        finish: Finish | None = None,
    ) -> None:
        """Prepare; nothing is asked or written before it is entered.

        Args:
            path: Of the recording, X.h5; an existing one is replaced at the end.
            about: Who and what; its basis is the permit's.
            permit: Asked before the first frame, and again while recording.
            queue: How many frames may wait to be written.
            finish: Seals the recording at the end, before it has its name; until then its journal is
                open.
        """
        self.path = path
        notes = {name: text for name, text in about.notes.items() if name != SEALED_LATER}
        if finish is not None:
            notes[SEALED_LATER] = "yes"
        self._about = replace(about, basis=permit.basis, notes=notes)
        self._finish = finish
        self._permit = permit
        self._limit = queue
        self._queue = deque[Item]()
        self._heard = deque[Sequence[Sample]](maxlen=queue)
        """What readers delivered since the last frame, which tells whom of them the loop believes."""
        self._meter = Meter()
        self._thread: Thread | None = None
        self._ending = Event()
        self._failure = ""
        self._note = ""
        self._sound_hz = 0

    def __enter__(self) -> Self:
        """Start recording.

        Raises:
            ConsentError: The permit does not cover a recording.
            RecordingError: The file cannot be written, or another program is recording it.
        """
        refusal = self._permit.refusal(DESTINATION)
        if refusal is not None:
            raise ConsentError(f"{self.path}: {refusal}")
        if beside(self.path) == self.path:
            raise RecordingError(f"{self.path}: is a journal's name: name the recording .h5")
        earlier = rescue(self.path)
        if earlier is not None:
            self._note = f"an earlier recording was cut off: kept as {earlier.name}"
        self._ending.clear()
        self._heard.clear()
        self._failure = ""
        journal = Journal(beside(self.path), self._about)
        self._thread = Thread(target=self._write, args=(journal,), name="recorder", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """Write out the queue and turn the journal into a recording.

        Raises:
            RecordingError: Something could not be written; what was is in the recording or, if that
                failed, in the journal.
        """
        if self._thread is None:
            return
        self._ending.set()
        self._thread.join()
        self._thread = None
        self._meter.drop(len(self._queue))
        self._queue.clear()
        settle(beside(self.path), self.path, finish=self._finish)
        if self._failure and error is None:
            raise RecordingError(f"{self.path}: ends early: {self._failure}")

    def put(self, frame: SensorFrame, face: Face) -> None:
        """Take one frame and its face, without waiting."""
        self._take((frame, face))
        self._meter.tick(now_ns())

    def listen(self, samples: Sequence[Sample]) -> None:
        """Take samples as a reader delivered them, without waiting.

        Frames show the newest of each kind at the loop's rate; a tracker that is faster than the
        loop is recorded whole this way. What a frame repeats is kept once. Of samples that do not say
        whose they are, those are kept that came with the one which the next frame shows.

        Args:
            samples: All that one reader delivered since the last frame.
        """
        if samples:
            self._take((samples,))

    def mark(self, name: str, time_ns: int, text: str) -> None:
        """Take an event, without waiting: a cue shown, a donning, a lost tracker."""
        self._take((name, time_ns, text))

    def health(self) -> Health:
        """Return how the recording is doing."""
        health = self._meter.health(note=self._note)
        if self._failure:
            return replace(health, state="lost", note="recording stopped", remedy=self._failure)
        if self._thread is None:
            return replace(health, state="off")
        slow = "the disk is too slow, or samples are malformed: record to another disk, run doctor"
        return replace(health, remedy=slow if health.dropped else "")

    def _take(self, item: Item) -> None:
        if self._thread is None or self._failure or len(self._queue) >= self._limit:
            self._meter.drop()
        else:
            self._queue.append(item)

    def _write(self, journal: Journal) -> None:
        """Write bursts until the end; what goes wrong is told by `health` and at the exit."""
        synced_ns = now_ns()
        failure = "a fault of this program: record again with --debug, and report what it shows"
        try:
            ending = False
            while not (ending or self._failure):
                ending = self._ending.wait(BURST_S)
                for _ in range(len(self._queue)):
                    self._keep(journal, self._queue.popleft())
                due = now_ns() - synced_ns >= SYNC_S * NS_PER_S
                journal.flush(sync=due)
                synced_ns = now_ns() if due else synced_ns
                self._failure = self._permit.refusal(DESTINATION) or ""
            journal.close()
            failure = self._failure
        except RecordingError as cause:
            failure = str(cause)
        except (OSError, MemoryError) as cause:
            what = str(cause) or type(cause).__name__
            failure = f"{what}: free some memory and space, then record again"
        finally:
            self._failure = failure
            with suppress(RecordingError, OSError, MemoryError):
                journal.close()

    def _keep(self, journal: Journal, item: Item) -> None:
        """Append what is new of a frame, or an event; a malformed sample is counted, not kept."""
        try:
            if len(item) == 3:
                name, time_ns, text = item
                journal.event(_word(name), time_ns, text)
                return
            if len(item) == 1:
                self._heard.append(item[0])
                for sample in item[0]:
                    if not isinstance(sample, _UNSIGNED):
                        self._keep_sample(journal, sample)
                return
            frame, face = item
            for sample in self._believed(frame):
                self._keep_sample(journal, sample)
            sensed = (*frame.faces, frame.eyes, frame.head, frame.worn, frame.speech, *frame.audio)
            for sample in sensed:
                if sample is not None:
                    self._keep_sample(journal, sample)
            journal.face(face)
        except ValueError:
            self._meter.drop()

    def _believed(self, frame: SensorFrame) -> list[Sample]:
        """Return what was heard of the readers whose samples a frame shows, and forget the rest."""
        found: list[Sample] = []
        for samples in self._heard:
            for shown in (frame.eyes, frame.head, frame.worn):
                if any(sample is shown for sample in samples):
                    found += [sample for sample in samples if type(sample) is type(shown)]
        self._heard.clear()
        return found

    def _keep_sample(self, journal: Journal, sample: Sample) -> None:
        match sample:
            case FaceSample():
                journal.sample(_source(sample), sample)
            case EyeSample():
                journal.sample("eyes", sample)
            case HeadSample():
                journal.sample("head", sample)
            case AudioBlock():
                journal.sample(self._sound(sample), sample)
            case WornSample():
                journal.sample("worn", sample)
            case SpeechSample():
                journal.sample(f"{_word(sample.source)}{SPEECH}", sample)
            case ImageSample():  # it has no stream yet
                pass

    def _sound(self, block: AudioBlock) -> str:
        """Return a name for sound of this rate, since a stream has one rate."""
        self._sound_hz = self._sound_hz or block.sample_rate_hz
        return (
            "audio" if block.sample_rate_hz == self._sound_hz else f"audio_{block.sample_rate_hz}"
        )


def _source(sample: FaceSample) -> str:
    name = _word(sample.source)
    taken = name in _TAKEN or name.startswith("audio_") or name.endswith(SPEECH)
    return f"{name}_face" if taken else name


def _word(name: str) -> str:
    """Return a name as a recording can take it."""
    return re.sub(r"[^A-Za-z0-9_+-]", "_", name)[:48] or "unnamed"
