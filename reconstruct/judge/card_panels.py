"""The panels of a page of the report card: calibration, people, confidence, events, goals."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Final

from .card_rows import EventRow, GoalRow, Row
from .chart import GRID, INK, QUIET, Chart, Colour, Scale
from .report import Report

WIDTH: Final = 1600
OURS: Final[Colour] = (218, 124, 24)
ALARM: Final[Colour] = (196, 48, 60)
GOOD: Final[Colour] = (58, 138, 84)
TRACKS: Final[dict[str, Colour]] = {
    "rules": (88, 122, 190), "ridge": (66, 150, 130), "robust": (140, 96, 170),
}  # fmt: skip
"""Baselines that are drawn as dots; whoever is ours is `OURS`, rest is a line."""

REST: Final[Colour] = (120, 126, 136)
GROUPS: Final = ("hidden-14", "coupled-9", "free-5")
ROW: Final = 22
LEFT: Final = 1100
STEP: Final = 310
"""From the top of one panel on the right to the next."""

_HEIGHT: Final = 216
_GROUP_COLOURS: Final[tuple[Colour, ...]] = (INK, OURS, TRACKS["rules"])
_EVENT_COLOURS: Final[tuple[Colour, ...]] = (
    OURS, ALARM, GOOD, TRACKS["rules"], TRACKS["robust"], REST,
)  # fmt: skip
_OUTCOMES: Final[dict[str, Colour]] = {"met": GOOD, "missed": ALARM, "cannot be told here": GRID}
_LONGEST: Final = 46  # letters that fit beside a goal
_NOTHING: Final = "nothing to show"


def calibration(chart: Chart, found: Report, rig: str, model: str, top: float) -> None:
    """Draw the error by seconds of calibration, to that without any."""
    left, right, bottom = _frame(
        chart, top, "error / uncalibrated error, by seconds of calibration"
    )
    y = Scale(0.4, 1.3, bottom, top)
    _levels(chart, y, (0.5, 0.75, 1.0, 1.25), left, right)
    tables = [
        [row for row in each.table if row.rig == rig and row.track.startswith(f"{model} after ")]
        for each in found.calibration_lengths
    ]
    tables = [rows for rows in tables if rows]
    if not tables:
        _say(chart, left, right, top, _NOTHING if found.full else "evaluate --full measures it")
        return
    lengths = sorted({_length_s(row.track) for rows in tables for row in rows})
    x = Scale(0.0, lengths[-1], left + 12, right - 30)
    for rows, hollow in zip(tables, (False, True), strict=False):
        for group, colour in zip(GROUPS, _GROUP_COLOURS, strict=True):
            points = [
                (x(_length_s(row.track)), y(row.scores["ratio"].value))
                for row in rows
                if row.channels == group
            ]
            chart.line(points, colour, width=1.5)
            for point in points:
                chart.dot(point, colour, hollow=hollow)
    for length in lengths:
        chart.text((x(length), bottom + 12), f"{length:g} s", size=11, ink=QUIET, anchor="mm")
    _key(chart, left, bottom + 32, GROUPS, _GROUP_COLOURS)
    if len(tables) > 1:
        chart.text((left + 330, bottom + 32), "rings: only takes over 61 s", size=11, ink=QUIET)


def people(chart: Chart, found: Report, rig: str, model: str, top: float) -> None:
    """Draw who fares worst, and where."""
    title = "error / rest's, hidden-14, person by person (the worst eight)"
    left, right, bottom = _frame(chart, top, title)
    rows = [
        row
        for row in found.card.people
        if row.rig == rig and row.channels == "hidden-14" and not row.seen
    ]
    mine = sorted(
        (row for row in rows if row.track == model and isfinite(row.scores["ratio"])),
        key=lambda row: -row.scores["ratio"],
    )[:8]
    y = Scale(0.0, 1.6, bottom, top)
    _levels(chart, y, (0.5, 1.0, 1.5), left, right)
    chart.line([(left, y(1.0)), (right, y(1.0))], REST, width=1.5)
    if not mine:
        _say(chart, left, right, top, "nobody here is unseen")
    step = (right - left) / max(1, len(mine))
    for number, row in enumerate(mine):
        x, ratio = left + (number + 0.5) * step, row.scores["ratio"]
        chart.box(x - 16, y(0.0), x + 16, y(ratio), ALARM if ratio > 1.0 else OURS)
        chart.text((x, y(ratio) - 10), f"{ratio:.2f}", size=12, anchor="mm")
        for other in rows:
            if other.person == row.person and other.track in TRACKS and other.track != model:
                chart.dot((x + 26, y(other.scores["ratio"])), TRACKS[other.track], radius=3)
        chart.text((x, bottom + 12), row.person, size=12, anchor="mm")
    worst = next((w for w in found.worst if (w.rig, w.track) == (rig, model)), None)
    if worst is not None:
        words = (
            f"worst {worst.length_s:.0f} s: {worst.person}, {worst.take}, from {worst.start_s:.0f} s: "
            f"error {worst.mae:.3f}, rest's {worst.rest_mae:.3f}"
        )
        chart.text((left, bottom + 32), words, size=11, ink=QUIET)


def confidence(chart: Chart, row: Row, top: float) -> None:
    """Draw what stated confidence is worth: the error of the frames with the narrowest interval."""
    title = "is it right to be sure? error of the surest frames / of all"
    left, right, bottom = _frame(chart, top, title)
    y = Scale(0.0, 1.1, bottom, top)
    x = Scale(0.25, 1.0, left + 30, right - 40)
    _levels(chart, y, (0.5, 1.0), left, right)
    shares = (25, 50, 75)
    points = [(x(share / 100), y(row.scores[f"risk_{share}"].value)) for share in shares]
    points.append((x(1.0), y(1.0)))
    chart.line(points, OURS, width=1.5)
    for point, share in zip(points, (*shares, 100), strict=True):
        chart.dot(point, OURS)
        words = "all" if share == 100 else f"{share} %"
        chart.text((point[0], bottom + 12), words, size=11, ink=QUIET, anchor="mm")
    chart.text((left, bottom + 32), "flat at 1: sureness says nothing; low at the left: it does",
               size=11, ink=QUIET)  # fmt: skip


def reliability(chart: Chart, rows: Sequence[EventRow], top: float) -> None:
    """Draw how often an event was under way where so much was stated; on the diagonal it is true."""
    title = "are event probabilities true? stated (across), happened (up)"
    left, right, bottom = _frame(chart, top, title)
    shown = [
        value for row in rows for each in row.reliability for value in (each.stated, each.happened)
    ]
    most = 0.25 if max(shown, default=0.0) <= 0.25 else 1.0
    x, y = Scale(0.0, most, left, right - 30), Scale(0.0, most, bottom, top)
    _levels(chart, y, (0.0, most / 2, most), left, right)
    for tick in (0.0, most / 2, most):
        chart.text((x(tick), bottom + 12), f"{tick:g}", size=11, ink=QUIET, anchor="mm")
    chart.line([(x(0.0), y(0.0)), (x(most), y(most))], REST)
    if not rows:
        _say(chart, left, right, top, "no probability is stated")
    for row, colour in zip(rows, _EVENT_COLOURS, strict=False):
        points = [(x(each.stated), y(each.happened)) for each in row.reliability]
        chart.line(points, colour, width=1.5)
        for point in points:
            chart.dot(point, colour, radius=3)
    names = [row.event.replace("_", " ") for row in rows]
    _key(chart, left, bottom + 32, names, _EVENT_COLOURS[: len(names)], step=80)


def events(
    chart: Chart, rows: Sequence[EventRow], model: str, left: float, right: float, top: float
) -> float:
    """Draw AUC as bars, and Brier scores beside those of the base rate; return where they end."""
    mine = [row for row in rows if row.track == model]
    if not mine:
        return top
    scale = Scale(0.5, 1.0, left, right)
    bottom = top + ROW * len(mine)
    chart.text((left, top - 16), "events: does the probability tell? AUC (.5: not at all, 1: all)")
    columns = (right + 60, "happens"), (right + 140, "Brier"), (right + 220, "of its rate alone")
    for x, words in columns:
        chart.text((x, top - 16), words)
    for tick in (0.5, 0.75, 1.0):
        chart.line([(scale(tick), top), (scale(tick), bottom)], GRID)
        chart.text((scale(tick), bottom + 10), f"{tick:g}", size=11, ink=QUIET, anchor="mm")
    for number, row in enumerate(mine):
        y, auc = top + ROW * (number + 0.5), row.auc.value
        chart.text((24, y), row.event.replace("_", " "), size=12)
        if isfinite(auc):
            chart.box(scale(0.5), y - 7, scale(max(auc, 0.5)), y + 7, OURS)
            chart.text((right + 10, y), f"{auc:.2f}", size=12)
        else:
            chart.text((left + 6, y), "nobody here does it", size=11, ink=QUIET)
        for other in rows:
            if other.event == row.event and other.track in TRACKS and other.track != model:
                chart.dot((scale(other.auc.value), y), TRACKS[other.track], radius=3)
        better = row.brier.value < row.rate_brier.value
        texts = f"{row.rate.value:.1%}", f"{row.brier.value:.3f}", f"{row.rate_brier.value:.3f}"
        for (x, _), words in zip(columns, texts, strict=True):
            worse = x == columns[1][0] and not better
            chart.text((x, y), words, size=12, ink=ALARM if worse else INK)
    chart.text((24, bottom + 32), "Brier: squared error of the probability, red where stating its rate "
               "alone would do as well", size=12, ink=QUIET)  # fmt: skip
    return bottom + 44


def goals_height(rows: Sequence[GoalRow]) -> float:
    """Return how high `goals` draws."""
    return 60.0 + ROW * len(rows)


def goals(chart: Chart, rows: Sequence[GoalRow], top: float) -> None:
    """Write each goal: a green mark where it is met, red where missed, grey where it cannot be told."""
    chart.text((24, top), "goals (FIDELITY), over people it has not seen", size=18)
    chart.text(
        (430, top + 1), "green: met; red: missed; grey: cannot be told here", size=12, ink=QUIET
    )
    columns = (40.0, "goal"), (400.0, "wanted"), (520.0, "measured"), (605.0, "95 % of people")
    for x, words in (*columns, (735.0, "people"), (790.0, "")):
        chart.text((x, top + 28), words, size=12, ink=QUIET)
    for number, row in enumerate(rows):
        y = top + 50 + ROW * number
        told = row.outcome != "cannot be told here"
        chart.dot((28, y), _OUTCOMES[row.outcome], radius=5)
        ink = INK if told else QUIET
        chart.text((40, y), _plain(row.goal), size=12, ink=ink)
        chart.text((400, y), row.wanted, size=12, ink=ink)
        if told:
            chart.text((520, y), f"{row.measured:.3g}", size=12, ink=_OUTCOMES[row.outcome])
            if isfinite(row.low):
                chart.text((605, y), f"{row.low:.2f} to {row.high:.2f}", size=12)
            chart.text((735, y), str(row.people or ""), size=12)
        chart.text((790, y), _cut(_plain(row.why)), size=11, ink=QUIET)


def _plain(words: str) -> str:
    """Return words in what Pillow's own font can write."""
    return words.replace("÷", "/")


def _cut(words: str) -> str:
    return words if len(words) < _LONGEST else f"{words[: _LONGEST - 4]} ..."


def _frame(chart: Chart, top: float, title: str) -> tuple[float, float, float]:
    """Draw title and axes of a panel on the right; return its left, right and bottom."""
    left, right, bottom = float(LEFT), WIDTH - 30.0, top + _HEIGHT
    chart.text((left, top - 16), title)
    chart.line([(left, top), (left, bottom), (right, bottom)], QUIET)
    return left, right, bottom


def _levels(chart: Chart, y: Scale, ticks: Sequence[float], left: float, right: float) -> None:
    for tick in ticks:
        chart.line([(left, y(tick)), (right, y(tick))], GRID)
        chart.text((left - 6, y(tick)), f"{tick:g}", size=11, ink=QUIET, anchor="rm")


def _say(chart: Chart, left: float, right: float, top: float, words: str) -> None:
    chart.text(((left + right) / 2, top + _HEIGHT / 2), words, ink=QUIET, anchor="mm")


def _length_s(track: str) -> float:
    """Return the seconds in a track's name as `replay.curve` gives it."""
    return float(track.rpartition(" after ")[2].removesuffix(" s"))


def _key(
    chart: Chart,
    left: float,
    y: float,
    names: Sequence[str],
    colours: Sequence[Colour],
    *,
    step: float = 105,
) -> None:
    for name, colour in zip(names, colours, strict=True):
        chart.dot((left + 4, y), colour)
        chart.text((left + 12, y), name, size=11)
        left += step
