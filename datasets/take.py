"""A take: one captured file, read whole; what every importer gives, and how takes are joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from ..headset.clock import seconds
from ..headset.errors import RecordingError
from .streams import Floats, Times, Truth

LARGEST_BYTES: Final = 512 * 1024**2
"""Of one file: three hours of Live Link Face at 60 Hz are 500 MB."""

LARGEST_WEIGHT: Final = 10.0
"""Captures reach 1.08; a weight over this is a percentage or a broken file, not a face."""

_GAP: Final = 1.5  # times the usual interval: more is a frame that was lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One captured file.

    Attributes:
        file: Its name, without a folder.
        tracker: What captured it.
        truth: Its faces, at least one, times strictly increasing.
        omitted: How many rows held a time and no weights: the tracker saw no face.
    """

    file: str
    tracker: str
    truth: Truth
    omitted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What was imported, for people to check.

    Attributes:
        files: How many takes.
        rows: Faces kept.
        omitted: Rows without weights, left out.
        gaps: Intervals over 1.5 times the usual one: lost frames, and the pauses between takes.
        rate_hz: The takes' own rate, from their times; NaN below two rows.
        minutes: Time covered by faces, gaps left out.
    """

    files: int
    rows: int
    omitted: int
    gaps: int
    rate_hz: float
    minutes: float


def read_bounded(path: Path) -> bytes:
    """Return a file's bytes.

    Raises:
        RecordingError: It is not there, not a regular file, empty, too large or unreadable.
    """
    try:
        if not path.exists():
            raise RecordingError(f"{path}: no such file: check the name")
        if not path.is_file():
            raise RecordingError(f"{path}: not a file: name the capture itself")
        if path.stat().st_size > LARGEST_BYTES:
            raise RecordingError(
                f"{path}: larger than {LARGEST_BYTES >> 20} MiB: split it into shorter takes"
            )
        with path.open("rb") as file:  # it may have grown since: read no more than is allowed
            content = file.read(LARGEST_BYTES)
    except OSError as cause:
        raise RecordingError(f"{path}: cannot be read: {cause.strerror or cause}") from cause
    if not content.strip():
        raise RecordingError(f"{path}: is empty: export the take again")
    return content


def interval_ns(time_ns: Times) -> float:
    """Return the usual interval between samples, NaN below two."""
    return float(np.median(np.diff(time_ns))) if time_ns.size > 1 else float("nan")


def joined(takes: Sequence[Take]) -> Truth:
    """Return the takes as one capture, in order of time; the pauses between them stay.

    Raises:
        RecordingError: Two takes cover the same time.
    """
    ordered = sorted(takes, key=lambda take: int(take.truth.time_ns[0]))
    for before, after in pairwise(ordered):
        if after.truth.time_ns[0] <= before.truth.time_ns[-1]:
            raise RecordingError(
                f"{after.file}: covers the same time as {before.file}, so they are no sequence: "
                "import each into a recording of its own"
            )
    truths = [take.truth for take in ordered]
    return Truth(
        time_ns=np.concatenate([truth.time_ns for truth in truths]),
        arkit=np.concatenate([truth.arkit for truth in truths]),
        eyes_rad=_stacked([truth.eyes_rad for truth in truths], truths, (2, 3)),
        head_rad=_stacked([truth.head_rad for truth in truths], truths, (3,)),
    )


def counted(takes: Sequence[Take], truth: Truth) -> Counts:
    """Return the figures of `truth`, joined from `takes`."""
    steps_ns = np.diff(truth.time_ns)
    steady = steps_ns <= _GAP * interval_ns(truth.time_ns)
    covered_s = seconds(int(steps_ns[steady].sum()))
    return Counts(
        files=len(takes),
        rows=truth.time_ns.size,
        omitted=sum(take.omitted for take in takes),
        gaps=int(np.count_nonzero(~steady)),
        rate_hz=int(np.count_nonzero(steady)) / covered_s if covered_s else float("nan"),
        minutes=covered_s / 60.0,
    )


def _stacked(
    parts: Sequence[Floats | None], truths: Sequence[Truth], shape: tuple[int, ...]
) -> Floats | None:
    """Return the parts as one, NaN where a take has none; None where no take has any."""
    if all(part is None for part in parts):
        return None
    return np.concatenate(
        [
            np.full((truth.time_ns.size, *shape), np.nan) if part is None else part
            for part, truth in zip(parts, truths, strict=True)
        ]
    )
