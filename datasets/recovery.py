"""Reads a journal back, up to its last whole record: after a crash, and when a recording ends.

Records are indexed in one walk that trusts nothing its bytes do not bear out; a stream's values are
gathered when asked for, so an evening's recording needs memory for one stream at a time.
"""

from __future__ import annotations

import math
import mmap
import zlib
from array import array
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import DTypeLike, NDArray

from ..headset.errors import RecordingError
from ..headset.names import UNIFIED
from ..headset.permit import stated
from .faces import BLOCK, face_track
from .journal import (
    AUDIO,
    CODES,
    EVENT,
    FACE,
    FACE_FLOATS,
    FLOATS,
    HEAD,
    HEADER,
    MAGIC,
    MAX_ABOUT,
    MAX_BLOCK,
    MAX_RECORD,
    RECORD,
    VERSION,
)
from .layout import LAYOUT, MAX_AUDIO_HZ, MAX_LINES, MAX_LINES_TEXT, MAX_NAMES, check_times
from .recording import EventStream, Lazy, Recording
from .streams import About, AudioStream, FaceTrack, Floats, Stream

PADDING: Final = 32
"""How many times its bytes in the journal a stream of sound may fill, as its blocks are padded to the
longest. Blocks of 32 samples (0.7 ms) beside one of `MAX_BLOCK` come to 25; blocks without samples,
which only a forger writes, to any number."""
SLACK_BYTES: Final = 1 << 24
"""Granted beyond that: a few long blocks among the first."""

_ORIGINS: Final = len(UNIFIED)


@dataclass(slots=True)
class _Rows:
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
        tail = _ORIGINS if self.code == FACE else 0
        return length == width * FLOATS[self.code] + tail

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


def recover(path: Path) -> Recording:
    """Return what a journal holds. Its streams are read from it when asked for.

    Raises:
        RecordingError: It is missing, no journal, newer than this program, or its header is damaged.
    """
    with _mapped(path) as buffer:
        about, start = _about(path, buffer)
        rows = _index(buffer, start)
        events = {r.name: _events(buffer, r) for r in rows if r.code == EVENT}
    for r in rows:
        check_times(f"{path}:{r.name or 'face'}", _int64(r.time_ns), _int64(r.received_ns))
    streams = {r.name: r for r in rows if r.code in CODES}
    face = next((r for r in rows if r.code == FACE), None)
    spans = [(min(r.time_ns), max(r.time_ns)) for r in rows]
    return Recording(
        about=about,
        streams=Lazy(streams, lambda name: _stream(path, streams[name])),
        face=face and (lambda: _track(path, face)),
        events=events,
        span_ns=(min(s[0] for s in spans), max(s[1] for s in spans)) if spans else (0, 0),
    )


def _about(path: Path, buffer: mmap.mmap) -> tuple[About, int]:
    """Return what the journal says of itself, and where its records begin."""
    magic, version, length, checksum = HEADER.unpack_from(buffer)
    if magic != MAGIC:
        raise RecordingError(f"{path}: is no journal of a recorder: name a recording (.h5)")
    if version != VERSION:
        raise RecordingError(
            f"{path}: has journal version {version}, this unvisor reads {VERSION}: update unvisor"
        )
    told = buffer[HEADER.size : HEADER.size + min(length, MAX_ABOUT)]
    try:
        if zlib.crc32(told) != checksum:
            raise msgspec.DecodeError("wrong checksum")
        about = msgspec.json.decode(told, type=About)
    except msgspec.DecodeError as cause:
        raise RecordingError(
            f"{path}: its header is damaged ({cause}), nothing can be read: delete it"
        ) from cause

    basis = replace(about.basis, text=stated(about.basis.text))
    return replace(about, basis=basis), HEADER.size + length


def _index(buffer: mmap.mmap, start: int) -> list[_Rows]:
    """Walk the records up to the first that is torn, damaged or senseless."""
    found = dict[tuple[int, str], _Rows]()
    for body, end in _records(buffer, start):
        code, time_ns, received_ns, rate_hz, width, titled = HEAD.unpack_from(buffer, body)
        values = body + HEAD.size + titled
        title = buffer[values - titled : values]
        if values > end or not title.isascii() or code not in (*CODES, FACE, EVENT):
            break
        name = title.decode("ascii")
        key = (0 if code in CODES else code, name)
        rows = found.setdefault(key, _Rows(code, name, rate_hz))
        if (rows.code, rows.rate_hz) != (code, rate_hz):
            break
        size = (end - values, width)
        if size not in rows.fitting:
            if not rows.fits(*size):
                break
            rows.fitting.add(size)
        if not rows.holds(*size, end - start) or len(found) > MAX_NAMES:
            break
        rows.time_ns.append(time_ns)
        rows.received_ns.append(received_ns)
        rows.start.append(values)
        rows.length.append(end - values)
        rows.width.append(width)
    return [rows for rows in found.values() if rows.time_ns]


def _records(buffer: mmap.mmap, start: int) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of what each whole record holds."""
    while start + RECORD.size <= len(buffer):
        length, checksum = RECORD.unpack_from(buffer, start)
        body = start + RECORD.size
        start = body + length
        if not HEAD.size <= length <= MAX_RECORD or start > len(buffer):
            return
        if zlib.crc32(buffer[body:start]) != checksum:
            return
        yield body, start


def _int64(values: array[int]) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


@contextmanager
def _mapped(path: Path) -> Generator[mmap.mmap]:
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


def _events(buffer: mmap.mmap, rows: _Rows) -> EventStream:
    places = zip(rows.start, rows.length, strict=True)
    return EventStream(
        time_ns=_int64(rows.time_ns),
        # HDF5 ends a text at its first NUL.
        text=tuple(
            buffer[at : at + length].decode(errors="replace").replace("\0", "\ufffd")
            for at, length in places
        ),
    )


def _stream(path: Path, rows: _Rows) -> Stream:
    """Gather a stream's samples. Shorter blocks of sound end in NaN."""
    part = CODES[rows.code]
    with _mapped(path) as buffer:
        counts = _int64(rows.length) // _int64(rows.width)
        floats = _floats(buffer, rows, counts, np.float32 if part is AudioStream else np.float64)
    columns: dict[str, Any] = {}
    if part is AudioStream:
        columns = {"samples": floats, "sample_rate_hz": rows.rate_hz}
    else:
        shapes = {name: column.row or () for name, column in LAYOUT[part].items()}
        columns.update(_split(floats, shapes))
    return part(time_ns=_int64(rows.time_ns), received_ns=_int64(rows.received_ns), **columns)


def _track(path: Path, rows: _Rows) -> FaceTrack:
    """Gather the reconstructed faces, in both vocabularies."""
    with _mapped(path) as buffer:
        floats = _floats(buffer, rows, np.full(len(rows.start), FLOATS[FACE]), np.float64)
        tails = _int64(rows.start) + _int64(rows.length) - _ORIGINS
        origin = np.concatenate([_bytes(buffer, block, _ORIGINS) for block in _blocks(tails)])
    track = face_track(time_ns=_int64(rows.time_ns), origin=origin, **_split(floats, FACE_FLOATS))
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
    buffer: mmap.mmap, rows: _Rows, counts: NDArray[np.int64], dtype: DTypeLike
) -> NDArray[Any]:
    """Gather rows of so many numbers each, NaN after the end of a shorter one."""
    found = np.full((len(counts), int(counts.max())), np.nan, dtype)
    start, width = _int64(rows.start), _int64(rows.width)
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
