"""Records passed between two processes through one file that both map: nobody waits, newest wins.

A file has one writer. It holds a header and some rings, one for each kind of record. Record n of a
ring lies in slot n modulo its length, and the slot's sequence says 2n - 1 while it is being written
and 2n once it stands (a seqlock). The writer therefore never touches the newest record, a reader that
meets a slot in the making looks elsewhere, and neither ever waits for the other, whichever dies.

Each record carries a checksum over its number and its bytes as well: the sequence alone proves
nothing on processors that reorder stores (ARM), where Python has no barrier to ask for.
"""

from __future__ import annotations

import mmap
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np

from .errors import HeadsetError

Record = Any  # np.void, whose fields numpy does not type

VERSION: Final = 1
"""Of this way of keeping records; what the records hold has a fingerprint of its own."""

_MAGIC: Final = int.from_bytes(b"unvisor\n", "little")
_HEADER_BYTES: Final = 64
_MAGIC_AT, _VERSION_AT, _LAYOUT_AT, _SIZE_AT, _GENERATION_AT, _PID_AT = range(6)  # words of 8 bytes
_LINE: Final = 64  # a processor's cache line: what is written apart lies apart
_TRIES: Final = 4  # a torn record is met once in thousands; one met so often is in the making
_LARGEST_COUNT: Final = 1 << 48  # nine thousand years at 1 kHz: more is not a count of ours


@dataclass(frozen=True, slots=True)
class Ring:
    """One kind of record.

    Attributes:
        name: For the file's fingerprint.
        record: Layout of a record, aligned.
        slots: Records kept, at least 2; a reader that looks more rarely misses some.
    """

    name: str
    record: np.dtype[np.void]
    slots: int

    @property
    def stride(self) -> int:
        """Bytes from one slot to the next: sequence, checksum, record."""
        return -(-(16 + self.record.itemsize) // _LINE) * _LINE

    @property
    def bytes(self) -> int:
        """Bytes of the ring: the count on a line of its own, and the slots."""
        return _LINE + self.slots * self.stride


def fingerprint(rings: Sequence[Ring]) -> int:
    """Return a number that differs wherever the rings' names, layouts or lengths do."""
    text = repr([(ring.name, ring.record.descr, ring.slots) for ring in rings])
    return zlib.crc32(text.encode())


def create(path: Path, rings: Sequence[Ring]) -> None:
    """Make an empty file, readable by its owner alone.

    Raises:
        HeadsetError: It is there already, or cannot be written.
    """
    size = _HEADER_BYTES + sum(ring.bytes for ring in rings)
    words = np.zeros(size // 8, np.uint64)
    words[:4] = _MAGIC, VERSION, fingerprint(rings), size
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _BINARY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(words.tobytes())
    except OSError as cause:
        raise HeadsetError(
            f"{path}: cannot be written ({cause.strerror}): check the space left there"
        ) from cause


_BINARY: Final = getattr(os, "O_BINARY", 0)  # Windows would turn each newline byte into two


class LinkFile:
    """A file of rings, mapped; for its one writer, or for a reader."""

    def __init__(self, path: Path, rings: Sequence[Ring], *, writing: bool) -> None:
        """Map it; a writer takes it over from the one before.

        Raises:
            HeadsetError: Not there, not a link, or one of another layout; the message says which.
        """
        size = _HEADER_BYTES + sum(ring.bytes for ring in rings)
        try:
            with path.open("r+b" if writing else "rb") as file:
                if os.fstat(file.fileno()).st_size != size:
                    raise HeadsetError(f"{path}: {_OTHER}")
                access = mmap.ACCESS_WRITE if writing else mmap.ACCESS_READ
                self._map = mmap.mmap(file.fileno(), size, access=access)
        except OSError as cause:
            raise HeadsetError(
                f"{path}: cannot be opened ({cause.strerror}): start unvisor again"
            ) from cause
        self.bytes = memoryview(self._map)
        self.words = self.bytes.cast("Q")  # one item is one load or store of the processor
        self._starts: dict[str, int] = {}
        start = _HEADER_BYTES
        for ring in rings:
            self._starts[ring.name] = start
            start += ring.bytes
        try:
            self._check(path, rings, size)
        except HeadsetError:
            self.close()
            raise
        if writing:
            self.words[_GENERATION_AT] += 1
            self.words[_PID_AT] = os.getpid()

    def _check(self, path: Path, rings: Sequence[Ring], size: int) -> None:
        if self.words[_MAGIC_AT] != _MAGIC:
            raise HeadsetError(f"{path}: is no link of unvisor's: remove it")
        said = (self.words[_VERSION_AT], self.words[_LAYOUT_AT], self.words[_SIZE_AT])
        if said != (VERSION, fingerprint(rings), size):
            raise HeadsetError(f"{path}: {_OTHER}")
        if any(self.words[start // 8] > _LARGEST_COUNT for start in self._starts.values()):
            raise HeadsetError(f"{path}: its counts make no sense: remove it")

    @property
    def generation(self) -> int:
        """How many writers there have been; 0 where none was yet."""
        return self.words[_GENERATION_AT]

    @property
    def writer_pid(self) -> int:
        """The newest writer's process, which may be gone; 0 where none was yet."""
        return self.words[_PID_AT]

    def start(self, ring: Ring) -> int:
        """Return where a ring begins, in bytes."""
        return self._starts[ring.name]

    def close(self) -> None:
        """Let go of the file; the rings' readers and writers must not be used afterwards."""
        self.words.release()
        self.bytes.release()
        self._map.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self.close()


_OTHER: Final = "the link of another version of unvisor: stop that one, then start again"


class RingWriter:
    """Writes one ring. Fill `record` and `publish` it; what is not filled stays as it was."""

    def __init__(self, file: LinkFile, ring: Ring) -> None:
        """Go on after the newest record there is."""
        self._words, self._file = file.words, file.bytes
        self._start, self._stride, self._slots = file.start(ring), ring.stride, ring.slots
        self._count: int = self._words[self._start // 8]
        staged = np.zeros(1, ring.record)
        self.record: Record = staged[0]
        self._staged = memoryview(staged.view(np.uint8).data)

    def publish(self) -> None:
        """Make `record` the newest."""
        number = self._count + 1
        slot = self._start + _LINE + number % self._slots * self._stride
        word = slot // 8
        self._words[word] = 2 * number - 1
        self._words[word + 1] = zlib.crc32(self._staged, number & 0xFFFFFFFF)
        self._file[slot + 16 : slot + 16 + len(self._staged)] = self._staged
        self._words[word] = 2 * number
        self._words[self._start // 8] = self._count = number


class RingReader:
    """Reads one ring.

    Attributes:
        missed: Records that came and went between two looks, or were met in the making.
    """

    def __init__(self, file: LinkFile, ring: Ring, *, standing: bool = False) -> None:
        """Start with what is written from now on, or with the newest record that stands already."""
        self._words, self._file = file.words, file.bytes
        self._start, self._stride, self._slots = file.start(ring), ring.stride, ring.slots
        self._layout = ring.record
        count: int = self._words[self._start // 8]
        self._seen = max(0, count - 1) if standing else count
        self.missed: int = 0

    def newest(self) -> Record | None:
        """Return the newest record, read-only; None where there is none since the last look."""
        for _ in range(_TRIES):
            count = self._words[self._start // 8]
            if count == self._seen:
                return None
            record = self._taken(count)
            if record is not None:
                self._seen = count
                return record
        return None

    def since(self) -> list[Record]:
        """Return the records since the last look, oldest first, as far as they are still there."""
        count = self._words[self._start // 8]
        if count == self._seen:
            return []
        # The writer may be at record count + 1, whose slot is that of count + 1 - slots.
        first = max(self._seen + 1, count + 2 - self._slots)
        found = [
            record
            for number in range(first, count + 1)
            if (record := self._taken(number)) is not None
        ]
        self.missed += max(0, count - self._seen) - len(found)
        self._seen = count
        return found

    def _taken(self, number: int) -> Record | None:
        """Return a record if it stands whole in its slot."""
        slot = self._start + _LINE + number % self._slots * self._stride
        word, standing = slot // 8, (2 * number) & 0xFFFFFFFFFFFFFFFF
        for _ in range(_TRIES):
            if self._words[word] != standing:
                return None
            copy = bytes(self._file[slot + 16 : slot + 16 + self._layout.itemsize])
            checksum = self._words[word + 1]
            if self._words[word] == standing and checksum == zlib.crc32(copy, number & 0xFFFFFFFF):
                return np.frombuffer(copy, self._layout)[0]
        return None
