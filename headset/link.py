"""The link between the face process and the headset process: faces one way, samples the other.

Private files in a folder that only this wearer can enter, each written by one process and mapped by
both. Either may die and come back: the other sees its records grow old, then new ones.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from .clock import now_ns
from .errors import HeadsetError
from .frame import Face, Health, Sample, SensorFrame
from .link_layout import (
    DISPLAY,
    FACE,
    FILES,
    SAMPLES,
    STATE,
    Direction,
    DrawnFace,
    fill,
    sample,
)
from .link_panels import PanelsReader, Pictures, Wishes
from .link_ring import LinkFile, Record, RingReader, RingWriter, create
from .meter import Meter

Said = Callable[[], str]
"""What is odd with the headset process, in a few words, from whoever watches it."""


def make_folder() -> Path:
    """Make a new private folder with the files in it, empty.

    In the session's own runtime folder, which lies in memory, or where there is none among the
    temporary files.

    Raises:
        HeadsetError: Neither can be written.
    """
    folder = _private_folder()
    try:
        for direction, rings in FILES.items():
            create(place(folder, direction), rings)
    except HeadsetError:
        remove_folder(folder)
        raise
    return folder


def _private_folder() -> Path:
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        with suppress(OSError):
            return Path(tempfile.mkdtemp(prefix="unvisor-", dir=runtime))
    try:
        return Path(tempfile.mkdtemp(prefix="unvisor-"))
    except OSError as cause:
        raise HeadsetError(
            f"{tempfile.gettempdir()}: no folder can be made there ({cause.strerror}): "
            "set TMPDIR to one that can be written"
        ) from cause


def remove_folder(folder: Path) -> None:
    """Remove what `make_folder` made; what another process still maps may stay (on Windows)."""
    for direction in FILES:
        with suppress(OSError):
            place(folder, direction).unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


def place(folder: Path, direction: Direction) -> Path:
    """Return where the file of one direction lies."""
    return folder / f"{direction}.link"


def opened(folder: Path, direction: Direction, *, writing: bool) -> LinkFile:
    """Map the file of one direction.

    Raises:
        HeadsetError: Not there, or of another version of unvisor.
    """
    return LinkFile(place(folder, direction), FILES[direction], writing=writing)


class LinkSink:
    """A `Sink`: hands each face to the headset process."""

    def __init__(self, folder: Path, *, said: Said = str) -> None:
        """Prepare; nothing is opened."""
        self._folder, self._said = folder, said
        self._file: LinkFile | None = None
        self._meter = Meter()

    def __enter__(self) -> Self:
        self._file = opened(self._folder, "face", writing=True)
        self._ring = RingWriter(self._file, FACE)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None

    def put(self, frame: SensorFrame, face: Face) -> None:  # noqa: ARG002 - a Sink's signature
        """Make this face the newest."""
        if self._file is not None:
            fill(self._ring.record, face)
            self._ring.publish()
            self._meter.tick(now_ns())

    def health(self) -> Health:
        """Return how many faces go over; the note is about who should draw them."""
        return self._meter.health(note=self._said())


class LinkReader:
    """A `Reader`: yields what the headset process reads from its session."""

    def __init__(self, folder: Path, *, said: Said = str) -> None:
        """Prepare; nothing is opened."""
        self._folder, self._said = folder, said
        self._file: LinkFile | None = None
        self._rings: list[tuple[type[Sample], RingReader]] = []
        self._meter = Meter()

    def __enter__(self) -> Self:
        file = self._file = opened(self._folder, "headset", writing=False)
        self._rings = [(kind, RingReader(file, ring)) for kind, ring in SAMPLES.items()]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self._rings = []
        if self._file is not None:
            self._file.close()
        self._file = None

    def read(self) -> Sequence[Sample]:
        """Return what arrived since the last call, oldest first; never waits or raises."""
        samples: list[Sample] = []
        for kind, ring in self._rings:
            missed_before = ring.missed
            for record in ring.since():
                try:
                    samples.append(sample(kind, record))
                except (ValueError, OverflowError):
                    self._meter.drop()
            if ring.missed != missed_before:
                self._meter.drop(ring.missed - missed_before)
        if samples:
            samples.sort(key=_received_ns)
            self._meter.tick(samples[-1].received_ns)
        return samples

    def health(self) -> Health:
        """Return how the headset's samples come in."""
        return self._meter.health(note=self._said(), remedy=_REMEDY)


_REMEDY: Final = "put the headset on and see that its runtime runs"


def _received_ns(sample: Sample) -> int:
    return sample.received_ns


class HeadsetEnd:
    """The headset process's end: samples and times out, the newest face and panels in."""

    def __init__(self, folder: Path) -> None:
        """Map all files.

        Raises:
            HeadsetError: They are not there, or of another version of unvisor.
        """
        self._faces = opened(folder, "face", writing=False)
        self._file = opened(folder, "headset", writing=True)
        self._told = opened(folder, "panels", writing=False)
        self._face = RingReader(self._faces, FACE)
        self._panels = PanelsReader(self._told)
        self._samples = {kind: RingWriter(self._file, ring) for kind, ring in SAMPLES.items()}
        self._display = RingWriter(self._file, DISPLAY)
        self._state = RingWriter(self._file, STATE)

    def give(self, samples: Sequence[Sample]) -> None:
        """Hand samples over; images and sound have no place here and are left out."""
        for one in samples:
            ring = self._samples.get(type(one))
            if ring is not None:
                fill(ring.record, one)
                ring.publish()

    def tell_display(
        self, *, time_ns: int, display_ns: int, period_ns: int, drawn: int, late: int = 0
    ) -> None:
        """Say when a frame began, when it will be seen, how long frames are, how many were drawn.

        Args:
            time_ns: When it began, host clock.
            display_ns: When it will be seen, host clock.
            period_ns: How long frames are.
            drawn: How many were drawn before it.
            late: Of how many this process's own work took longer than a frame.
        """
        record: Record = self._display.record
        record["time_ns"], record["display_ns"] = time_ns, display_ns
        record["period_ns"], record["drawn"], record["late"] = period_ns, drawn, late
        self._display.publish()

    def tell_state(self, state: str, note: str = "", unfilmed: str = "") -> None:
        """Say how the session is, and what is odd; what is long is cut.

        Args:
            state: A word.
            note: What is odd with the session or its senses.
            unfilmed: Why the film goes no further.
        """
        record: Record = self._state.record
        record["time_ns"], record["state"] = now_ns(), state.encode()
        record["note"], record["unfilmed"] = note.encode(), unfilmed.encode()
        self._state.publish()

    def newest_face(self) -> DrawnFace | None:
        """Return the newest face, None where none came since the last call."""
        record = self._face.newest()
        return None if record is None else DrawnFace(record)

    def panels(self) -> Pictures:
        """Return what panels show now: the very same arrays while they are unchanged."""
        return self._panels.pictures()

    def wishes(self) -> Wishes:
        """Return what is asked of the mirror: the very same object while that is unchanged."""
        return self._panels.wishes()

    def close(self) -> None:
        """Let go of the files."""
        self._file.close()
        self._faces.close()
        self._told.close()
