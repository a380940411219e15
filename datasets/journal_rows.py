"""Where a journal's records lie, and how their values are gathered into a stream."""

from __future__ import annotations

import math
import mmap
from array import array
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import DTypeLike, NDArray

from ..headset.errors import RecordingError
from .faces import BLOCK, face_track
from .journal_layout import (
    AUDIO,
    CODES,
    COLUMNS,
    EVENT,
    FACE,
    FACE_FLOATS,
    FLOATS,
    HEADER,
    MAX_BLOCK,
    ORIGINS,
    TRACKED,
)
from .layout import MAX_AUDIO_HZ, MAX_LINES, MAX_LINES_TEXT
from .streams import AudioStream, FaceStream, FaceTrack, Floats, Stream, WornStream, measured

PADDING: Final = 32
"""How many times its bytes in the journal a stream of sound may fill, as its blocks are padded to the
longest. Blocks of 32 samples (0.7 ms) beside one of `MAX_BLOCK` come to 25; blocks without samples,
which only a forger writes, to any number."""
SLACK_BYTES: Final = 1 << 24
"""Granted beyond that: a few long blocks among the first."""


@dataclass(slots=True)
class Rows:
    """Where the records of one stream lie in the journal."""

    code: int
    name: str
    rate_hz: int
    time_ns: array[int] = field(default_factory=lambda: array("q"))
    received_ns: array[int] = field(default_factory=lambda: array("q"))
    start: array[int] = field(default_factory=lambda: array("q"))
    length: array[int] = field(default_factory=lambda: array("q"))
    width: array[int] = field(default_factory=lambda: array("q"))
    longest: int = 0
    """Numbers in the longest record, or bytes of all the text."""
    fitting: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    """Pairs of length and width that `fits` has let pass."""

    def fits(self, length: int, width: int) -> bool:
        """Say whether so many bytes, in numbers so wide, can be a record of this stream."""
        if self.code == EVENT:
            return width == 1
        if width not in (4, 8):
            return False
        if self.code == AUDIO:
            return length % width == 0 and 0 < length <= MAX_BLOCK * width
        tail = length - width * FLOATS[self.code]
        return tail == (ORIGINS if self.code == FACE else 0) or (
            self.code == TRACKED and tail == ORIGINS
        )

    def holds(self, length: int, width: int, walked: int) -> bool:
        """Say whether the stream stays within bounds with one record more.

        Args:
            length: Of the record, bytes.
            width: Of one of its numbers, bytes.
            walked: Bytes of the journal up to its end: what all of it may be a multiple of.
        """
        if self.code == EVENT:
            self.longest += length
            return len(self.start) < MAX_LINES and self.longest <= MAX_LINES_TEXT
        if self.code == AUDIO:
            self.longest = max(self.longest, length // width)
            filled = (len(self.start) + 1) * self.longest * np.dtype(np.float32).itemsize
            return 0 < self.rate_hz <= MAX_AUDIO_HZ and filled <= PADDING * walked + SLACK_BYTES
        return True


def int64(values: array[int]) -> NDArray[np.int64]:
    """Return whole numbers as an array."""
    return np.array(values, dtype=np.int64)


@contextmanager
def mapped(path: Path) -> Generator[mmap.mmap]:
    """Map a journal to read.

    Raises:
        RecordingError: It is too short to be one, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            if path.stat().st_size < HEADER.size:
                raise RecordingError(f"{path}: holds nothing: delete it")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as buffer:
                yield buffer
    except OSError as cause:
        raise RecordingError(
            f"{path}: cannot be read ({cause.strerror or cause}): name a recording"
        ) from cause


def stream(path: Path, rows: Rows) -> Stream:
    """Gather a stream's samples. Shorter blocks of sound end in NaN."""
    part = CODES[rows.code]
    columns: dict[str, Any] = {}
    with mapped(path) as buffer:
        if part is AudioStream:
            counts = int64(rows.length) // int64(rows.width)
            columns["samples"] = _floats(buffer, rows, counts, np.float32)
            columns["sample_rate_hz"] = rows.rate_hz
        else:
            counts = np.full(len(rows.start), FLOATS[rows.code])
            floats = _floats(buffer, rows, counts, np.float64)
            columns |= _split(floats, COLUMNS[rows.code])
        if part is FaceStream:
            columns["origin"] = _origin(buffer, rows, columns["weights"])
        elif part is WornStream:
            columns["worn"] = (columns["worn"] == 1.0).astype(np.uint8)
    return part(time_ns=int64(rows.time_ns), received_ns=int64(rows.received_ns), **columns)


def _origin(buffer: mmap.mmap, rows: Rows, weights: Floats) -> NDArray[np.uint8] | None:
    """Return a face tracker's origins, None where none of its records has any."""
    told = np.flatnonzero(int64(rows.length) != int64(rows.width) * FLOATS[rows.code])
    if not told.size:
        return None
    origin = measured(weights)
    tails = int64(rows.start) + int64(rows.length) - ORIGINS
    for block in _blocks(told):
        origin[block] = _bytes(buffer, tails[block], ORIGINS)
    return origin


def track(path: Path, rows: Rows) -> FaceTrack:
    """Gather the reconstructed faces, in both vocabularies."""
    with mapped(path) as buffer:
        floats = _floats(buffer, rows, np.full(len(rows.start), FLOATS[FACE]), np.float64)
        tails = int64(rows.start) + int64(rows.length) - ORIGINS
        origin = np.concatenate([_bytes(buffer, block, ORIGINS) for block in _blocks(tails)])
    track = face_track(time_ns=int64(rows.time_ns), origin=origin, **_split(floats, FACE_FLOATS))
    for arkit in (track.arkit, track.arkit_median, track.arkit_low, track.arkit_high):
        for block in _blocks(arkit):  # as receivers get them, in single precision: half the file
            block[...] = block.astype(np.float32)
    return track


def _blocks(rows: NDArray[Any]) -> Iterator[NDArray[Any]]:
    return (rows[i : i + BLOCK] for i in range(0, len(rows), BLOCK))


def _split(floats: Floats, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Floats]:
    """Cut rows of numbers into columns of the given shapes."""
    ends = np.cumsum([math.prod(shape) for shape in shapes.values()])
    columns = np.split(floats, ends[:-1], axis=1)
    return {
        name: np.ascontiguousarray(column).reshape(len(floats), *shape)
        for (name, shape), column in zip(shapes.items(), columns, strict=True)
    }


def _floats(
    buffer: mmap.mmap, rows: Rows, counts: NDArray[np.int64], dtype: DTypeLike
) -> NDArray[Any]:
    """Gather rows of so many numbers each, NaN after the end of a shorter one."""
    found = np.full((len(counts), int(counts.max())), np.nan, dtype)
    start, width = int64(rows.start), int64(rows.width)
    for size, count in {*zip(width.tolist(), counts.tolist(), strict=True)}:
        for which in _blocks(np.flatnonzero((width == size) & (counts == count))):
            raw = _bytes(buffer, start[which], size * count)
            found[which, :count] = raw.view(f"<f{size}")
    return found


def _bytes(buffer: mmap.mmap, starts: NDArray[np.int64], length: int) -> NDArray[np.uint8]:
    """Return `length` bytes from each start, shape (N, length)."""
    if not length:
        return np.empty((len(starts), 0), np.uint8)
    return sliding_window_view(np.frombuffer(buffer, np.uint8), length)[starts]
