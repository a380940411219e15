"""Reads a journal back, up to its last whole record: after a crash, and when a recording ends.

Records are indexed in one walk that trusts nothing its bytes do not bear out; a stream's values are
gathered when asked for, so an evening's recording needs memory for one stream at a time.
"""

from __future__ import annotations

import mmap
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec

from ..headset.errors import RecordingError
from ..headset.permit import stated
from .journal_layout import (
    CODES,
    EVENT,
    FACE,
    HEAD,
    HEADER,
    MAGIC,
    MAX_ABOUT,
    MAX_RECORD,
    RECORD,
    VERSION,
)
from .journal_rows import Rows, int64, mapped, stream, track
from .layout import MAX_NAMES, check_times
from .recording import EventStream, Lazy, Recording
from .streams import About


def recover(path: Path) -> Recording:
    """Return what a journal holds. Its streams are read from it when asked for.

    Raises:
        RecordingError: It is missing, no journal, newer than this program, or its header is damaged.
    """
    with mapped(path) as buffer:
        about, start = _about(path, buffer)
        rows = _index(buffer, start)
        events = {r.name: _events(buffer, r) for r in rows if r.code == EVENT}
    for r in rows:
        check_times(f"{path}:{r.name or 'face'}", int64(r.time_ns), int64(r.received_ns))
    streams = {r.name: r for r in rows if r.code in CODES}
    face = next((r for r in rows if r.code == FACE), None)
    spans = [(min(r.time_ns), max(r.time_ns)) for r in rows]
    return Recording(
        about=about,
        streams=Lazy(streams, lambda name: stream(path, streams[name])),
        face=face and (lambda: track(path, face)),
        events=events,
        span_ns=(min(s[0] for s in spans), max(s[1] for s in spans)) if spans else (0, 0),
    )


def _about(path: Path, buffer: mmap.mmap) -> tuple[About, int]:
    """Return what the journal says of itself, and where its records begin."""
    magic, version, length, checksum = HEADER.unpack_from(buffer)
    if magic != MAGIC:
        raise RecordingError(f"{path}: is no journal of a recorder: name a recording (.h5)")
    if not 1 <= version <= VERSION:
        raise RecordingError(
            f"{path}: has journal version {version}, this unvisor reads 1 to {VERSION}: "
            "update unvisor"
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


def _index(buffer: mmap.mmap, start: int) -> list[Rows]:
    """Walk the records up to the first that is torn, damaged or senseless."""
    found = dict[tuple[int, str], Rows]()
    for body, end in _records(buffer, start):
        code, time_ns, received_ns, rate_hz, width, titled = HEAD.unpack_from(buffer, body)
        values = body + HEAD.size + titled
        title = buffer[values - titled : values]
        if values > end or not title.isascii() or code not in (*CODES, FACE, EVENT):
            break
        name = title.decode("ascii")
        key = (0 if code in CODES else code, name)
        rows = found.setdefault(key, Rows(code, name, rate_hz))
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


def _events(buffer: mmap.mmap, rows: Rows) -> EventStream:
    places = zip(rows.start, rows.length, strict=True)
    return EventStream(
        time_ns=int64(rows.time_ns),
        # HDF5 ends a text at its first NUL.
        text=tuple(
            buffer[at : at + length].decode(errors="replace").replace("\0", "\ufffd")
            for at, length in places
        ),
    )
