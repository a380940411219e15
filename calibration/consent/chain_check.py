"""Reads a whole log, and says what in it is not as it was written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ...headset.errors import ConsentError
from .chain_lines import (
    FIRST,
    HEAD,
    LARGEST_FILE_BYTES,
    LARGEST_LINE_BYTES,
    Line,
    digest,
    files,
    opened,
    read_head,
    unchecked,
)
from .keys import PublicKey

_MOST_FAULTS: Final = 20
"""After so many the rest says nothing new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a log holds.

    Attributes:
        lines: Those that its wearer signed, in the files' order, wherever they stand; of the counts
            that a run tells again and again the newest alone.
        count: How many there are, those left out too.
        files: How many files.
        faults: What was tampered with, in words with file and line; empty where nothing was.
        notes: What a program that was killed left.
    """

    lines: tuple[Line, ...] = ()
    count: int = 0
    files: int = 0
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def check(folder: Path, wearer: PublicKey, *, begun: bool) -> Checked:
    """Check a log from its first line to its last.

    Args:
        folder: Its folder.
        wearer: Whose it must be.
        begun: Whether the vault says that there is one.

    Raises:
        ConsentError: A file cannot be read.
    """
    head, places = read_head(folder, wearer), files(folder)
    if not places and head is None:
        return Checked(faults=("all of it is gone",) if begun else ())
    # A head that is signed and names the last hash vouches for every line before it, and that is
    # quick; only where the two do not agree is each line asked for its own signature.
    walk = _Walk(wearer=None)
    walk.through(places)
    agree = head is not None and (head.lines, head.last) == (walk.n, walk.last)
    if walk.faults or not agree:
        walk = _Walk(wearer=wearer)
        walk.through(places)
    if head is None:
        walk.faults.append(f"{HEAD}: is missing or not as it was written")
    elif (head.lines, head.last) == (walk.n, walk.last):
        if walk.rest:
            walk.notes.append(
                f"{places[-1].name}: the last line is torn: a program was killed writing it"
            )
    elif (head.lines + 1, head.last) == (walk.n, walk.before) and not walk.rest:
        walk.notes.append(f"{places[-1].name}: a program was killed after its last line")
    else:
        walk.faults.append(
            f"{HEAD}: knows {head.lines} lines, and another end than the {walk.n} here: cut"
        )
    return Checked(
        lines=tuple(walk.kept.values()),
        count=walk.count,
        files=len(places),
        faults=tuple(walk.faults),
        notes=tuple(walk.notes),
    )


@dataclass(slots=True, kw_only=True)
class _Walk:
    """Goes from line to line.

    Attributes:
        wearer: Whose signature each line must have; None where the head vouches for them.
        n: Number of the next line.
        last: Hash of the last line.
        before: Hash of the one before it.
        rest: Of the file, what follows its last end of line.
    """

    wearer: PublicKey | None
    n: int = 0
    last: str = FIRST
    before: str = FIRST
    rest: bytes = b""
    count: int = 0
    kept: dict[object, Line] = field(default_factory=dict[object, Line])
    faults: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])

    def through(self, places: list[Path]) -> None:
        """Go through all files."""
        for place in places:
            if self.rest:
                self.faults.append(f"{place.name}: the file before it ends within a line")
            for number, written in enumerate(_lines(place), 1):
                self.rest = b"" if written.endswith(b"\n") else written
                if self.rest:
                    break
                self._step(f"{place.name}:{number}", written[:-1])
                if len(self.faults) > _MOST_FAULTS:
                    return

    def _step(self, where: str, written: bytes) -> None:
        line = unchecked(written) if self.wearer is None else opened(written, self.wearer)
        if line is None:
            self.faults.append(f"{where}: is not as it was written")
        else:
            if (line.n, line.prev) != (self.n, self.last):
                self.faults.append(f"{where}: does not follow the line before it")
            if line.torn:
                self.notes.append(f"{where}: a torn line was cut off before it")
            self.count += 1
            going = line.entry.event == "going"
            self.kept[line.entry.run if going else self.count] = line
        self.n = self.n + 1 if line is None else line.n + 1
        self.before, self.last = self.last, digest(written)


def _lines(place: Path) -> Iterator[bytes]:
    """Yield a file's lines with their ends; a line that is too long is given in parts."""
    # Two more lines than the size at which a file is followed by another.
    left = LARGEST_FILE_BYTES + 2 * LARGEST_LINE_BYTES
    try:
        with place.open("rb") as file:
            while left > 0 and (written := file.readline(LARGEST_LINE_BYTES + 2)):
                left -= len(written)
                yield written
    except OSError as cause:
        raise ConsentError(f"{place}: cannot be read ({cause.strerror}): allow it") from cause
