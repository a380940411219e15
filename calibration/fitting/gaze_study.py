"""What calibrating gaze from k targets is worth, on real eyes.

    unvisor evaluate --study targets FOLDER/t_*_1.csv

A session's targets are drawn at random: k of them to fit, the others to judge by. Beside each other:
no correction, an offset alone (what most programs do), the fit, the fit behind its gate, and the best
affine map there is (fitted to the targets it is judged by).

Source:
    Schuetz & Fiehler 2022, "Eye tracking in virtual reality: Vive Pro Eye spatial accuracy, precision,
    and calibration reliability" (MIT-licensed data): 18 wearers, a line a target.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from ...headset.errors import CalibrationError
from .gaze import BOTH_EYES, ONE_EYE, Affine, Errors, affine, away, judged

Floats = NDArray[np.float64]
Eyes = Literal["both", "left", "right"]
EYES: Final[tuple[Eyes, ...]] = ("both", "left", "right")

AWAY_M: Final = 6.0
"""Of the targets that are used: those far off, where both eyes look the same way."""

LEAST_TARGETS: Final = 30
"""A session with fewer has no grid to judge by."""

DRAWS: Final = 10
_LARGEST_BYTES: Final = 1 << 24
_FREE: Final = Errors(offset=(90.0, 90.0), gain=(9.0, 9.0), cross=9.0, residual=(0.01, 0.01))
_COLUMNS: Final = ("user", "session", "d", "ipd", "offX", "offY", "avgX", "avgY", "avgX_L", "avgY_L",
                   "avgX_R", "avgY_R")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One wearer, one donning: shape (N, 2) each, (yaw, pitch) in radians."""

    user: str
    name: str
    both: tuple[Floats, Floats]
    left: tuple[Floats, Floats]
    right: tuple[Floats, Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Mean error over sessions and draws, in degrees, after k targets.

    Attributes:
        accepted: Share of draws whose fit the gate let through.
        worse: Share of draws that it made worse.
    """

    eyes: Eyes
    k: int
    none: float
    offset: float
    fit: float
    gated: float
    oracle: float
    accepted: float
    worse: float
    sessions: int


def sessions(paths: Sequence[Path]) -> list[Session]:
    """Read the study's tables.

    Raises:
        CalibrationError: A file that is not one of them.
    """
    lines: dict[tuple[str, str], list[list[float]]] = {}
    for path in paths:
        for line in _lines(path):
            if float(line["d"]) == AWAY_M:
                lines.setdefault((line["user"], line["session"]), []).append(_numbers(line))
    found = [_session(user, name, np.radians(rows)) for (user, name), rows in lines.items()]
    return [session for session in found if len(session.both[0]) >= LEAST_TARGETS]


def study(
    found: Sequence[Session], eyes: Eyes, k: int, *, seed: int = 0, draws: int = DRAWS
) -> Row:
    """Return what k targets are worth.

    Args:
        found: The sessions.
        eyes: Whose: of both together, as an app takes a gaze, or of one.
        k: How many targets are looked at, above 0.
        seed: Of the draws.
        draws: Of targets, for each session.

    Raises:
        CalibrationError: There is no session.
    """
    if not found:
        raise CalibrationError(f"no session has {LEAST_TARGETS} targets: name more t_*_1.csv")
    errors = BOTH_EYES if eyes == "both" else ONE_EYE
    scores: list[tuple[float, ...]] = []
    rng = np.random.default_rng([seed, k])
    for session in found:
        seen, true = getattr(session, eyes)
        best = affine(seen, true, _FREE)
        for _ in range(draws):
            order = rng.permutation(len(seen))
            few, rest = order[:k], order[k:]
            gate = judged(seen[few], true[few], errors)
            offset = Affine(matrix=np.eye(2), offset_rad=(true[few] - seen[few]).mean(axis=0))
            maps = (Affine.none(), offset, affine(seen[few], true[few], errors), gate.affine, best)
            off = [float(away(each(seen[rest]), true[rest]).mean()) for each in maps]
            scores.append((*np.degrees(off), gate.accepted, off[3] > off[0] + 1e-9))
    none, offset, fit, gated, oracle, accepted, worse = np.mean(scores, axis=0).tolist()
    return Row(
        eyes=eyes, k=k, none=none, offset=offset, fit=fit, gated=gated, oracle=oracle,
        accepted=accepted, worse=worse, sessions=len(found),
    )  # fmt: skip


def table(rows: Sequence[Row]) -> str:
    """Return the study as text."""
    lines = ["eyes   k   none offset    fit  gated  oracle  accepted  worse"]
    lines += [
        f"{row.eyes:5} {row.k:2}  {row.none:5.3f}  {row.offset:5.3f}  {row.fit:5.3f}  "
        f"{row.gated:5.3f}   {row.oracle:5.3f}     {row.accepted:4.0%}   {row.worse:4.0%}"
        for row in rows
    ]
    return "\n".join(lines)


def _lines(path: Path) -> list[dict[str, str]]:
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise CalibrationError(f"{path}: too large for the study's table: name a t_*_1.csv")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as cause:
        raise CalibrationError(f"{path}: cannot be read ({cause}): name a t_*_1.csv") from cause
    lines = list(csv.DictReader(text.splitlines(), delimiter="\t"))
    if not lines or not set(_COLUMNS) <= set(lines[0]):
        raise CalibrationError(f"{path}: not the study's table: name a t_*_1.csv")
    return lines


def _numbers(line: dict[str, str]) -> list[float]:
    return [float(line[name]) if line[name] else math.nan for name in _COLUMNS[3:]]


def _session(user: str, name: str, rows: Floats) -> Session:
    """Return a session from its columns after `d`, turned to radians as they stood."""
    ipd_mm, (off_x, off_y, x, y, left_x, left_y, right_x, right_y) = (
        np.degrees(rows[:, 0]), rows.T[1:],
    )  # fmt: skip
    true = np.column_stack([x - off_x, y - off_y])  # the table's error is of the cyclopean eye
    turned = np.column_stack([ipd_mm / 2000.0 / AWAY_M, np.zeros(len(rows))])
    return Session(
        user=user,
        name=name,
        both=(np.column_stack([x, y]), true),
        left=(np.column_stack([left_x, left_y]), true + turned),
        right=(np.column_stack([right_x, right_y]), true - turned),
    )
