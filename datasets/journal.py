"""The journal a live recording is written through: append-only, each record with its checksum.

A recorder that is killed, or a machine that loses power, leaves a journal whose tail may be torn;
`recovery.py` reads up to the last whole record. `journal_layout.py` says what it is made of.
"""

from __future__ import annotations

import errno
import os
import struct
import zlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..headset.clock import NS_PER_S
from ..headset.errors import RecordingError
from ..headset.frame import AudioBlock, Face, FaceSample, Origin
from ..headset.lock import lock
from .journal_layout import (
    AUDIO,
    CODE_OF,
    CODES,
    COLUMNS,
    EVENT,
    FACE,
    FACE_FLOATS,
    FLOATS,
    HEAD,
    HEADER,
    MAGIC,
    MAX_BLOCK,
    MAX_RECORD,
    RECORD,
    VERSION,
    Sensed,
)
from .layout import MAX_AUDIO_HZ, MAX_LINES, MAX_LINES_TEXT, MAX_NAMES, exactly
from .streams import About


def beside(path: Path) -> Path:
    """Return where the journal of a recording lies: X.journal of X.h5."""
    return path.with_suffix(".journal")


class StillRecordedError(RecordingError):
    """A journal that a recorder still writes."""


class Journal:
    """A journal being written, held by one program alone."""

    def __init__(self, path: Path, about: About) -> None:
        """Create it.

        Raises:
            RecordingError: It exists already, or cannot be created.
        """
        self.path = path
        self._newest: dict[tuple[int, str], tuple[int, int]] = {}
        self._made_of: dict[tuple[int, str], tuple[int, int]] = {}
        self._lines: dict[str, tuple[int, int]] = {}
        if not path.parent.is_dir():
            raise RecordingError(
                f"{path}: no folder {path.parent}: create it, or record to another folder"
            )
        with _writing(path):
            path.touch(mode=0o600, exist_ok=False)
            self._file = path.open("r+b")
            lock(self._file.fileno())
            told = msgspec.json.encode(about)
            self._file.write(HEADER.pack(MAGIC, VERSION, len(told), zlib.crc32(told)) + told)
        self.flush(sync=True)

    def sample(self, name: str, sample: Sensed) -> bool:
        """Append a sample of the source `name`.

        Returns:
            False where it is not newer than the one before, and so not written.

        Raises:
            ValueError: It is not of the shape or kind that the source's samples are of, or the name
                is not 1 to 255 characters of ASCII.
            RecordingError: The disk is full or gone.
        """
        if isinstance(sample, AudioBlock):
            return self._sound(name, sample)
        code = CODE_OF[type(sample)]
        columns = [_numbers(getattr(sample, column)) for column in COLUMNS[code]]
        times = (sample.time_ns, sample.received_ns)
        floats, width = _packed(columns, FLOATS[code])
        origins = _origins(sample) if isinstance(sample, FaceSample) else b""
        return self._append(code, name, times, (floats + origins, width))

    def face(self, face: Face) -> bool:
        """Append a reconstructed face; as `sample`."""
        columns = [np.ravel(getattr(face, name)) for name in FACE_FLOATS]
        floats, width = _packed(columns, FLOATS[FACE])
        times = (face.time_ns, face.time_ns)
        return self._append(FACE, "", times, (floats + face.origin.tobytes(), width))

    def event(self, name: str, time_ns: int, text: str) -> bool:
        """Append an event; as `sample`, but several may share an instant."""
        line = text.encode()
        count, size = self._lines.get(name, (0, 0))
        if count == MAX_LINES or size + len(line) > MAX_LINES_TEXT:
            raise ValueError(f"{name[:255]}: more events than a recording takes")
        written = self._append(EVENT, name, (time_ns, time_ns), (line, 1))
        if written:
            self._lines[name] = (count + 1, size + len(line))
        return written

    def flush(self, *, sync: bool = False) -> None:
        """Hand what was appended to the operating system; with `sync`, to the disk.

        Raises:
            RecordingError: The disk is full or gone.
        """
        with _writing(self.path):
            self._file.flush()
            if sync:
                os.fsync(self._file.fileno())

    def close(self) -> None:
        """Write out what is left and let go of the file. May be done again.

        Raises:
            RecordingError: The disk is full or gone; the file is let go of all the same.
        """
        if not self._file.closed:
            with _writing(self.path), self._file:
                self.flush(sync=True)

    def _sound(self, name: str, block: AudioBlock) -> bool:
        if not 0 < block.sample_rate_hz <= MAX_AUDIO_HZ:
            raise ValueError(f"{name[:255]}: sound at {block.sample_rate_hz} Hz")
        written = True
        for first in range(0, len(block.samples), MAX_BLOCK):
            times = (block.time_ns + first * NS_PER_S // block.sample_rate_hz, block.received_ns)
            part = block.samples[first : first + MAX_BLOCK]
            values = _packed([part], part.size)
            written &= self._append(AUDIO, name, times, values, rate_hz=block.sample_rate_hz)
        return written

    def _append(
        self,
        code: int,
        name: str,
        times: tuple[int, int],
        values: tuple[bytes, int],
        *,
        rate_hz: int = 0,
    ) -> bool:
        time_ns, received_ns = times
        key = (0 if code in CODES else code, name)
        newest_ns, arrived_ns = self._newest.get(key, (-1, 0))
        if time_ns < newest_ns or (time_ns == newest_ns and code != EVENT):
            return False
        # A reader that names an earlier arrival has at least not been heard before the last one.
        received_ns = max(received_ns, arrived_ns)
        packed, width = values
        title = name.encode("ascii")
        if len(title) > 255 or HEAD.size + len(title) + len(packed) > MAX_RECORD:
            raise ValueError(f"{name[:255]}: a record too long")
        if self._made_of.get(key, (code, rate_hz)) != (code, rate_hz):
            raise ValueError(f"{name}: of another kind than its records before")
        if key not in self._made_of and len(self._made_of) >= MAX_NAMES:
            raise ValueError(f"{name}: more names than a recording takes")
        try:
            head = HEAD.pack(code, time_ns, received_ns, rate_hz, width, len(title))
        except struct.error as cause:
            raise ValueError(f"{name}: times that no clock gives ({cause})") from cause
        body = b"".join((head, title, packed))
        self._made_of[key] = (code, rate_hz)
        self._newest[key] = (time_ns, received_ns)
        with _writing(self.path):
            self._file.write(RECORD.pack(len(body), zlib.crc32(body)) + body)
        return True


def _numbers(value: object) -> NDArray[np.float64]:
    """Return what a sample holds under one name as a row: one number, several, or None for none."""
    return np.ravel(np.asarray(np.nan if value is None else value, dtype=np.float64))


def _origins(sample: FaceSample) -> bytes:
    """Return where a tracker's weights come from, empty where it measured all that it tells."""
    seen = np.isfinite(sample.weights)
    if sample.origin.shape != seen.shape or sample.origin.dtype != np.uint8:
        raise ValueError(f"origins of shape {sample.origin.shape}")
    if (sample.origin[seen] == Origin.MEASURED).all():
        return b""
    return np.where(seen, sample.origin, np.uint8(Origin.ABSENT)).tobytes()


def _packed(columns: Sequence[NDArray[np.floating]], size: int) -> tuple[bytes, int]:
    """Return floats as bytes with their width; what is infinite is no number, and so missing."""
    floats = np.concatenate(columns, dtype=np.float64)
    if floats.size != size:
        raise ValueError(f"{floats.size} numbers where {size} belong")
    exact = exactly(np.where(np.isinf(floats), np.nan, floats))
    return exact.astype(exact.dtype.newbyteorder("<")).tobytes(), exact.itemsize


@contextmanager
def claimed(path: Path) -> Generator[None]:
    """Hold a journal, so that no other program appends to it or turns it into a file.

    Raises:
        StillRecordedError: A recorder still writes it.
        RecordingError: It cannot be opened.
    """
    with _writing(path), path.open("r+b") as file:
        if not lock(file.fileno()):
            raise StillRecordedError(f"{path}: is being recorded now: stop that recording first")
        yield


@contextmanager
def _writing(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as cause:
        full = cause.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        raise RecordingError(
            f"{path}: cannot be written ({cause.strerror or cause}): "
            f"{'free some space, or ' if full else ''}record to another name or folder"
        ) from cause
