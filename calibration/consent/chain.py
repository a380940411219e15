"""An append-only log that tells of any cut, edit or reorder: JSON lines, each signed and chained.

Every line holds the SHA-256 of the line before it and the wearer's signature. `head.json`, signed too,
says how many lines there are and what the last one's hash is, so that a cut end is found as well; that
a log was begun stands in the vault, so that its absence is. One file a month, or more where it grows.

A program that is killed while it writes leaves a torn last line, or a whole one that the head does not
know yet. Both are told apart from tampering, because the head vouches for all that came before: a
torn line is cut off when the next is appended, which says so. What this cannot find: the whole folder
put back as it was at an earlier time, keys in files and all.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from ...headset.errors import ConsentError
from ...headset.files import replacing
from ...headset.lock import lock
from . import utc
from .chain_lines import (
    FIRST,
    HEAD,
    LARGEST_FILE_BYTES,
    LARGEST_LINE_BYTES,
    Entry,
    Head,
    Line,
    digest,
    files,
    opened,
    read_head,
    signed,
    unchecked,
)
from .keys import WearerKey

_PATIENCE_S: Final = 5.0
"""For another program that is appending: that takes some 10 ms."""

_APPENDING: Final = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)


class Chain:
    """The log in one folder. Several programs may append to it, each line whole."""

    def __init__(
        self, folder: Path, key: WearerKey, *, largest_bytes: int = LARGEST_FILE_BYTES
    ) -> None:
        """Use a folder; it need not exist.

        Args:
            folder: Of the log alone.
            key: Signs each line.
            largest_bytes: When a file is followed by another of the same month.
        """
        self.folder = folder
        self._key = key
        self._largest_bytes = largest_bytes

    def begin(self, now: datetime) -> None:
        """Begin the log, in an empty folder.

        Raises:
            ConsentError: There is one, or it cannot be written.
        """
        with alone(self.folder):
            if files(self.folder) or (self.folder / HEAD).exists():
                raise ConsentError(f"{self.folder}: is not empty: see `unvisor consent audit`")
            self._point(Head(lines=0, last=FIRST, file="", octets=0))
        self.append(Entry(event="begun"), now)

    def append(self, entry: Entry, now: datetime) -> None:
        """Append a line; it is on the disk when this returns.

        Raises:
            ConsentError: The log's end is not as this program left it, or it cannot be written.
        """
        with alone(self.folder):
            head, torn = self._end()
            name = self._file(head, now)
            place = self.folder / name
            line = Line(n=head.lines, at_utc=utc.text(now), prev=head.last, torn=torn, entry=entry)
            try:
                written = signed(msgspec.json.encode(line), "audit", self._key)
            except UnicodeEncodeError as cause:
                raise ConsentError(
                    f"{place}: cannot hold {cause.object!a}, which is not Unicode: choose another"
                ) from cause
            if unchecked(written) is None:  # or the log would not be whole by our own doing
                raise ConsentError(
                    f"{place}: a line that is too long: name fewer outputs, or shorter paths"
                )
            try:
                with os.fdopen(os.open(place, _APPENDING, 0o600), "ab") as file:
                    began = file.tell()
                    file.write(written + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as cause:
                raise ConsentError(
                    f"{place}: cannot be written ({cause.strerror}): free some space"
                ) from cause
            octets = began + len(written) + 1
            self._point(Head(lines=head.lines + 1, last=digest(written), file=name, octets=octets))

    def _end(self) -> tuple[Head, int]:
        """Return where the log ends, and how much of a torn line was cut off there."""
        head = read_head(self.folder, self._key.public)
        if head is None:
            raise _wrong(self.folder / HEAD, "is missing or not as it was written")
        torn = 0
        later = [path.name for path in files(self.folder) if path.name >= head.file]
        for name in later:
            place = self.folder / name
            began = head.octets if name == head.file else 0
            try:
                size = place.stat().st_size
                with place.open("rb") as file:
                    file.seek(began)
                    more = file.read(LARGEST_LINE_BYTES + 1)
            except OSError as cause:
                raise ConsentError(
                    f"{place}: cannot be read ({cause.strerror}): allow it"
                ) from cause
            if size < began:
                raise _wrong(place, "was cut")
            written, end, rest = more.partition(b"\n")
            if end and not rest and (line := opened(written, self._key.public)) is not None:
                if (line.n, line.prev) != (head.lines, head.last):
                    raise _wrong(place, "has a line that does not follow")
                octets = began + len(more)
                head = Head(lines=line.n + 1, last=digest(written), file=name, octets=octets)
            elif b"\n" in more or len(more) > LARGEST_LINE_BYTES:
                raise _wrong(place, "has lines that this program did not write")
            elif more:
                torn += len(more)
                _cut(place, began)
        if head.file and head.file not in later:
            raise _wrong(self.folder / head.file, "is missing")
        return head, torn

    def _file(self, head: Head, now: datetime) -> str:
        """Return the name of the file that a line goes to; never one before the newest."""
        first = f"{utc.text(now)[:7]}.001.jsonl"
        if first[:7] > head.file[:7]:
            return first
        if head.octets < self._largest_bytes:
            return head.file
        return f"{head.file[:7]}.{int(head.file[8:11]) + 1:03d}.jsonl"

    def _point(self, head: Head) -> None:
        with replacing(self.folder / HEAD, ConsentError) as draft:
            draft.write_bytes(signed(msgspec.json.encode(head), "audit-head", self._key))


@contextmanager
def alone(folder: Path) -> Generator[None]:
    """Keep other programs from appending to a log meanwhile.

    Raises:
        ConsentError: One does so for too long, or the folder cannot be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as cause:
        raise ConsentError(f"{folder}: cannot be written ({cause.strerror}): allow it") from cause
    try:
        waited_s = 0.0
        while not lock(held):
            if waited_s >= _PATIENCE_S:
                raise ConsentError(f"{folder}: another program holds it: end that")
            time.sleep(0.01)
            waited_s += 0.01
        yield
    finally:
        os.close(held)


def _cut(place: Path, octets: int) -> None:
    try:
        os.truncate(place, octets)
    except OSError as cause:
        raise ConsentError(f"{place}: cannot be written ({cause.strerror}): allow it") from cause


def _wrong(place: Path, what: str) -> ConsentError:
    return ConsentError(
        f"{place}: {what}: see `unvisor consent audit`; `unvisor consent audit --renew` sets the log "
        "aside and begins another"
    )
