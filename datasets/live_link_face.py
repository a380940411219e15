"""Live Link Face takes: the CSV that Epic's iPhone app writes, `_raw`, `_cal` or plain.

    Timecode,BlendShapeCount,EyeBlinkLeft,…,TongueOut,HeadYaw,…,RightEyeRoll
    12:24:24:19.960,61,0.0179804321,…
    12:24:24:21.959,0

Columns are matched by name, in any order and either spelling of the count. A row whose count is 0
holds a time and no face: the tracker lost it, and it is omitted, so a gap stays a gap. Nothing is
clipped. Times are the take's own time of day, from midnight before its first row.

Source: takes of two app versions (facts in PROTOCOLS 3.10 and the shared captures' README).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ..headset.clock import NS_PER_S
from ..headset.errors import RecordingError
from ..headset.names import ARKIT
from .streams import Floats, Times, Truth
from .take import LARGEST_WEIGHT, Take, read_bounded

TRACKER: Final = "ARKit (Live Link Face)"

_HEAD: Final = ("HeadYaw", "HeadPitch", "HeadRoll")
_EYES: Final = tuple(
    f"{side}Eye{angle}" for side in ("Left", "Right") for angle in ("Yaw", "Pitch", "Roll")
)
_FRAMES_PER_S: Final = 60  # FF counts sixtieths of a second in 30 fps takes too
_DAY_NS: Final = 24 * 3600 * NS_PER_S

_TIMECODE: Final = re.compile(
    r"(?P<h>[01]?[0-9]|2[0-3]):(?P<m>[0-5][0-9]):(?P<s>[0-5][0-9])"
    r":(?P<frame>[0-5][0-9])(?:\.(?P<part>[0-9]{1,9}))?"
)
_NUMBER: Final = re.compile(r"\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*")


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where each column stands in a line."""

    names: tuple[str, ...]
    """As the file spells them."""
    time: int
    count: int
    weights: list[int]
    """In ARKit's order."""
    head: list[int] | None
    eyes: list[int] | None


@dataclass(frozen=True, slots=True)
class _Row:
    """One line."""

    number: int
    """Of the line, from 1."""
    line: str
    time_ns: int
    has_face: bool


def read(path: Path) -> Take:
    """Return a take.

    Raises:
        RecordingError: The file cannot be read, or a line or column is not as it should be; the
            message names it.
    """
    lines = _decoded(path).split("\n")
    columns = _columns(path, lines[0].rstrip("\r"))
    rows = [
        _row(path, columns, number, line)
        for number, line in enumerate(lines[1:], start=2)
        if line and not line.isspace()
    ]
    if not rows:
        raise RecordingError(f"{path}: has a header and no rows: export the take again")
    time_ns = _continuous(path, rows)
    kept = np.array([row.has_face for row in rows])
    if not kept.any():
        raise RecordingError(f"{path}: no row has weights: the tracker never saw a face; retake it")
    values = _values(path, columns, [row for row in rows if row.has_face])
    head = len(ARKIT)
    eyes = head + (len(_HEAD) if columns.head else 0)
    head_rad = values[:, head:eyes]
    return Take(
        file=path.name,
        tracker=TRACKER,
        omitted=int(np.count_nonzero(~kept)),
        truth=Truth(
            time_ns=time_ns[kept],
            arkit=np.ascontiguousarray(values[:, :head]),
            # An app that does not track the head writes zeros; no head is that still.
            head_rad=head_rad.copy() if head_rad.any() else None,
            eyes_rad=values[:, eyes:].reshape(-1, 2, 3).copy() if columns.eyes else None,
        ),
    )


def _decoded(path: Path) -> str:
    content = read_bounded(path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        line = content.count(b"\n", 0, cause.start) + 1
        raise RecordingError(
            f"{path}: line {line}: not UTF-8 text: is this the take's CSV? export it again"
        ) from cause


def _columns(path: Path, header: str) -> _Columns:
    names = tuple(name.strip() for name in header.split(","))
    place: dict[str, int] = {}
    for index, name in enumerate(names):
        if place.setdefault(name.casefold(), index) != index:
            raise RecordingError(f"{path}: line 1: column {name[:40]!r} stands twice: keep one")

    def take(wanted: Sequence[str]) -> list[int]:
        missing = [name for name in wanted if name.casefold() not in place]
        if missing:
            raise RecordingError(
                f"{path}: line 1: no column {', '.join(missing[:4])}"
                f"{' and others' if len(missing) > 4 else ''}: "
                "this reads Live Link Face's own CSV; export the take again"
            )
        return [place.pop(name.casefold()) for name in wanted]

    time, count = take(("Timecode", "BlendShapeCount"))
    weights = take(ARKIT)
    head = take(_HEAD) if _any(_HEAD, place) else None
    eyes = take(_EYES) if _any(_EYES, place) else None
    if place:
        unknown = names[min(place.values())]
        raise RecordingError(
            f"{path}: line 1: unknown column {unknown[:40]!r}: remove or rename it"
        )
    return _Columns(names, time, count, weights, head, eyes)


def _any(names: Sequence[str], place: dict[str, int]) -> bool:
    return any(name.casefold() in place for name in names)


def _row(path: Path, columns: _Columns, number: int, line: str) -> _Row:
    cells = line.rstrip("\r").split(",", max(columns.time, columns.count) + 1)
    where = f"{path}: line {number}"
    if len(cells) <= max(columns.time, columns.count):
        raise RecordingError(f"{where}: is cut short: remove the line or export the take again")
    time_ns = _time_of_day_ns(where, cells[columns.time])
    found = line.count(",") + 1
    count = cells[columns.count].strip()
    if count == "0":
        spare = line.rstrip("\r").split(",")
        if any(
            cell.strip()
            for index, cell in enumerate(spare)
            if index not in (columns.time, columns.count)
        ):
            raise RecordingError(f"{where}: has weights though its count is 0: correct the line")
        return _Row(number, line, time_ns, has_face=False)
    expected = len(columns.names)
    if found != expected:
        what = "is cut short" if found < expected else "has too many cells"
        raise RecordingError(
            f"{where}: {what} ({found} cells, the header has {expected}): "
            "remove the line or export the take again"
        )
    if count != str(expected - 2):
        raise RecordingError(
            f"{where}, column {columns.names[columns.count]}: says {count[:40]!r} where "
            f"{expected - 2} values follow: remove the line or export the take again"
        )
    return _Row(number, line, time_ns, has_face=True)


def _time_of_day_ns(where: str, code: str) -> int:
    found = _TIMECODE.fullmatch(code.strip())
    if not found:
        raise RecordingError(
            f"{where}, column Timecode: {code[:40]!r} is not HH:MM:SS:FF.fff: "
            "remove the line or export the take again"
        )
    part = found["part"] or ""
    parts = int(found["frame"] + part)  # FF.fff without its point: exact, where a float is not
    scale = _FRAMES_PER_S * 10 ** len(part)
    whole_s = (int(found["h"]) * 60 + int(found["m"])) * 60 + int(found["s"])
    return whole_s * NS_PER_S + (parts * NS_PER_S + scale // 2) // scale


def _continuous(path: Path, rows: Sequence[_Row]) -> Times:
    """Return the rows' times, carried over midnight; refuse time that stands or goes back."""
    time_ns = np.array([row.time_ns for row in rows], np.int64)
    past_midnight = np.diff(time_ns) < -_DAY_NS // 2
    time_ns[1:] += np.cumsum(past_midnight) * _DAY_NS
    late = np.flatnonzero(np.diff(time_ns) <= 0)
    if late.size:
        row = rows[int(late[0]) + 1]
        raise RecordingError(
            f"{path}: line {row.number}, column Timecode: not later than the line before: "
            "remove the line, or import the takes it was joined from"
        )
    return time_ns


def _values(path: Path, columns: _Columns, rows: Sequence[_Row]) -> Floats:
    """Return (T, 52 + head + eyes) numbers, checked."""
    order = columns.weights + (columns.head or []) + (columns.eyes or [])
    try:
        values = np.loadtxt(
            [row.line for row in rows], delimiter=",", usecols=order, comments=None, ndmin=2
        )
    except ValueError as cause:
        raise _not_a_number(path, columns, rows, order) from cause
    wrong = ~np.isfinite(values)
    weights = values[:, : len(ARKIT)]
    wrong[:, : len(ARKIT)] |= (weights < 0.0) | (weights > LARGEST_WEIGHT)
    if wrong.any():
        at, column = (int(index[0]) for index in np.nonzero(wrong))
        value = float(values[at, column])
        what = (
            "is not finite" if not np.isfinite(value)
            else "is negative" if value < 0.0
            else "is no weight (0 to about 1; divide percentages by 100)"
        )  # fmt: skip
        raise RecordingError(
            f"{path}: line {rows[at].number}, column {columns.names[order[column]]}: "
            f"{value:g} {what}: remove the line or export the take again"
        )
    return values


def _not_a_number(
    path: Path, columns: _Columns, rows: Sequence[_Row], order: Sequence[int]
) -> RecordingError:
    """Find the cell that is to blame; only called once a file is known to be wrong."""
    for row in rows:
        cells = row.line.rstrip("\r").split(",")
        for column in order:
            if not _NUMBER.fullmatch(cells[column]):
                return RecordingError(
                    f"{path}: line {row.number}, column {columns.names[column]}: "
                    f"{cells[column][:40]!r} is not a number: "
                    "remove the line or export the take again"
                )
    return RecordingError(f"{path}: holds a number that cannot be read: export the take again")
