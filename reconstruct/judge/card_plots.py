"""The report card drawn: a page a rig, PNG, by Pillow.

Left, channel by channel, error to rest's, r, and what the stated interval covers, for our model and the
baselines; right, how long a calibration must be, who fares worst, and what stated confidence is worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Final

from ..headset.errors import OutputError
from ..headset.files import replacing
from ..headset.names import ARKIT_INDEX, HIDDEN_14
from .card import Card
from .chart import GRID, INK, PAPER, QUIET, Chart, Colour, Scale
from .models import DEFAULT
from .pooling import Row
from .study import Study

WIDTH: Final = 1600
OURS: Final[Colour] = (218, 124, 24)
ALARM: Final[Colour] = (196, 48, 60)
TRACKS: Final[dict[str, Colour]] = {
    "neutral": (120, 126, 136), "rules": (88, 122, 190), "ridge": (66, 150, 130),
    "robust": (140, 96, 170),
}  # fmt: skip
"""Baselines that are drawn; whoever is ours is `OURS`."""

_GROUPS: Final = ("hidden-14", "coupled-9", "free-5")
_TOP, _ROW, _BOTTOM = 112, 22, 260
_ERROR, _R, _COVERS, _RIGHT = 170, 640, 830, 1060  # left edges of the columns
_PLOT_HEIGHT: Final = 226
_PLOT_STEP: Final = 310
_GROUP_COLOURS: Final[tuple[Colour, ...]] = (INK, OURS, TRACKS["rules"])


def draw(found: Study, folder: Path) -> list[Path]:
    """Draw a page for each rig: `rig-<name>.png`.

    Returns:
        The files, in the card's order of rigs.

    Raises:
        OutputError: The folder or a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise OutputError(f"{folder}: cannot be made ({cause.strerror}): name another") from cause
    paths: list[Path] = []
    for rig in dict.fromkeys(row.rig for row in found.card.table):
        path = folder / f"rig-{rig.replace('+', '-')}.png"
        with replacing(path, OutputError) as draft:
            page(found, rig).picture().save(draft, "PNG")
        paths.append(path)
    return paths


def ours(card: Card) -> str:
    """Return the track a page is about: the first that is no baseline, else the default."""
    from .pooling import BASELINES

    tracks = dict.fromkeys(row.track for row in card.table)
    return next((track for track in tracks if track not in BASELINES), DEFAULT)


def page(found: Study, rig: str) -> Chart:
    """Return one rig's page."""
    rows = {(row.track, row.channels): row for row in found.card.table if row.rig == rig}
    model = ours(found.card)
    names = _names(rows, model)
    height = max(_TOP + _ROW * len(names) + _BOTTOM, _TOP + 3 * _PLOT_STEP)
    chart = Chart(WIDTH, height)
    _head(chart, rows[model, "hidden"], model)
    _channels(chart, rows, names, model)
    _events(chart, found, rig, model, _TOP + _ROW * len(names) + 92)
    _lengths(chart, found, rig, model, _TOP + 24)
    _people(chart, found, rig, model, _TOP + 24 + _PLOT_STEP)
    _confidence(chart, rows[model, "hidden"], _TOP + 24 + 2 * _PLOT_STEP)
    return chart


def _names(rows: dict[tuple[str, str], Row], model: str) -> list[str]:
    """Return groups, then hidden-14's channels, then the other hidden ones."""
    hidden = [name for name in ARKIT_INDEX if rows[model, name].hidden]
    groups = [name for name in _GROUPS if (model, name) in rows]
    others = [name for name in hidden if name not in HIDDEN_14]
    return [*groups, *(name for name in HIDDEN_14 if name in hidden), *others]


def _head(chart: Chart, row: Row, model: str) -> None:
    people = "1 person" if row.people == 1 else f"{row.people} people"
    seen = f" and {len(row.seen)} seen in training, not counted" if row.seen else ""
    chart.text((24, 30), f"rig {row.rig}: {model} on unseen people", size=22)
    chart.text(
        (24, 58),
        f"{people}{seen}, {row.minutes:.1f} min judged, captured by {row.tracker}; all relative to rest",
        ink=QUIET,
    )
    x = WIDTH - 560.0
    for name, colour in ((model, OURS), *((n, c) for n, c in TRACKS.items() if n != model)):
        chart.dot((x, 30), colour)
        words = f"{name} (rest)" if name == "neutral" else name
        chart.text((x + 10, 30), words)
        x += 34 + 8 * len(words)


def _channels(
    chart: Chart, rows: dict[tuple[str, str], Row], names: Sequence[str], model: str
) -> None:
    bottom = _TOP + _ROW * len(names)
    error = Scale(0.0, 1.6, _ERROR, _R - 40)
    r = Scale(-0.2, 1.0, _R, _COVERS - 40)
    covers = Scale(0.5, 1.0, _COVERS, _RIGHT - 60)
    titles = ("error / rest's (1 = rest)", "r, as sent", "interval covers")
    for scale, title, ticks in zip(
        (error, r, covers), titles, ((0, 0.5, 1, 1.5), (0, 0.5, 1), (0.5, 0.9, 1)), strict=True
    ):
        chart.text((scale(scale.low), _TOP - 26), title)
        for tick in ticks:
            chart.line([(scale(tick), _TOP - 6), (scale(tick), bottom)], GRID)
            chart.text((scale(tick), bottom + 10), f"{tick:g}", size=11, ink=QUIET, anchor="mm")
    chart.box(covers(0.85), _TOP - 6, covers(0.95), bottom, (232, 240, 232))
    chart.line([(error(1.0), _TOP - 6), (error(1.0), bottom)], TRACKS["neutral"], width=1.5)
    for number, name in enumerate(names):
        y = _TOP + _ROW * (number + 0.5)
        row = rows[model, name]
        chart.text((24, y), name, size=14 if name in _GROUPS else 12)
        ratio = row.scores["ratio"].value
        if isfinite(ratio):
            chart.box(error(0.0), y - 7, error(ratio), y + 7, ALARM if ratio > 1.0 else OURS)
            chart.text((error(0.0) + 6, y), f"{ratio:.2f}", size=11, ink=PAPER)
        for track, colour in TRACKS.items():
            if track not in ("neutral", model) and (track, name) in rows:
                chart.dot((error(rows[track, name].scores["ratio"].value), y), colour, radius=3)
                chart.dot((r(rows[track, name].scores["r"].value), y), colour, radius=2.5)
        chart.dot((r(row.scores["r"].value), y), OURS, radius=4)
        cover = row.scores["coverage"].value
        chart.dot((covers(cover), y), OURS if 0.85 <= cover <= 0.95 else ALARM, radius=4)
    chart.text(
        (24, bottom + 32),
        "bars: ours, red where worse than the wearer's own rest; dots: baselines; green: 85 to 95 %, "
        "the goal for the 90 % interval",
        size=12,
        ink=QUIET,
    )


def _events(chart: Chart, found: Study, rig: str, model: str, top: float) -> None:
    rows = [row for row in found.card.events if row.rig == rig]
    mine = [row for row in rows if row.track == model and isfinite(row.auc.value)]
    if not mine:
        return
    scale = Scale(0.5, 1.0, _ERROR, _R - 40)
    chart.text(
        (_ERROR, top - 16), "events: how well the stated probability tells, AUC (.5 tells nothing)"
    )
    for tick in (0.5, 0.75, 1.0):
        chart.line([(scale(tick), top), (scale(tick), top + _ROW * len(mine))], GRID)
        chart.text(
            (scale(tick), top + _ROW * len(mine) + 10), f"{tick:g}", size=11, ink=QUIET, anchor="mm"
        )
    for number, row in enumerate(mine):
        y, auc = top + _ROW * (number + 0.5), row.auc.value
        chart.text((24, y), row.event.replace("_", " "), size=12)
        chart.box(scale(0.5), y - 7, scale(auc), y + 7, OURS)
        chart.text((scale(0.5) + 6, y), f"{auc:.2f}", size=11, ink=PAPER if auc > 0.55 else QUIET)
        for other in rows:
            if other.event == row.event and other.track in TRACKS and other.track != model:
                chart.dot((scale(other.auc.value), y), TRACKS[other.track], radius=3)


def _frame(chart: Chart, top: float, title: str) -> tuple[float, float, float, float]:
    left, right, bottom = _RIGHT + 40.0, WIDTH - 30.0, top + _PLOT_HEIGHT
    chart.text((left, top - 16), title)
    chart.line([(left, top), (left, bottom), (right, bottom)], QUIET)
    return left, top, right, bottom


def _lengths(chart: Chart, found: Study, rig: str, model: str, top: float) -> None:
    left, top, right, bottom = _frame(chart, top, "error / rest's, by seconds of calibration")
    y = Scale(0.4, 1.3, bottom, top)
    for tick in (0.5, 0.75, 1.0, 1.25):
        chart.line([(left, y(tick)), (right, y(tick))], GRID)
        chart.text((left - 6, y(tick)), f"{tick:g}", size=11, ink=QUIET, anchor="rm")
    tables = [
        [row for row in each.table if row.rig == rig and Path(row.track).name.startswith(model)]
        for each in found.calibration_lengths
    ]
    tables = [rows for rows in tables if rows]
    if not tables:
        chart.text(
            ((left + right) / 2, (top + bottom) / 2), "evaluate --full", ink=QUIET, anchor="mm"
        )
        return
    longest = max(_length_s(row.track) for rows in tables for row in rows if not row.uses_truth)
    x = Scale(0.0, longest, left + 10, right - 40)
    for rows, hollow in zip(tables, (False, True), strict=False):
        for group, colour in zip(_GROUPS, _GROUP_COLOURS, strict=True):
            points = [
                (x(_length_s(row.track)), y(row.scores["ratio"].value))
                for row in rows
                if row.channels == group and not row.uses_truth
            ]
            chart.line(points, colour, width=1.5)
            for point in points:
                chart.dot(point, colour, hollow=hollow)
    for length in sorted({_length_s(r.track) for rows in tables for r in rows if not r.uses_truth}):
        chart.text((x(length), bottom + 12), f"{length:g}", size=11, ink=QUIET, anchor="mm")
    _key(chart, left + 120, bottom + 30, _GROUPS, _GROUP_COLOURS)
    if len(tables) > 1:
        chart.text((left, bottom + 46), "rings: only takes over 61 s", size=11, ink=QUIET)


def _length_s(track: str) -> float:
    """Return the seconds in a track's name as `trial.curve` gives it."""
    return float(track.rpartition(" after ")[2].removesuffix(" s"))


def _people(chart: Chart, found: Study, rig: str, model: str, top: float) -> None:
    left, top, right, bottom = _frame(chart, top, "error / rest's, hidden-14, person by person")
    rows = [
        row
        for row in found.card.people
        if row.rig == rig and row.channels == "hidden-14" and not row.seen
    ]
    mine = sorted(
        (row for row in rows if row.track == model), key=lambda row: -row.scores["ratio"]
    )[:8]
    y = Scale(0.0, 1.6, bottom, top)
    for tick in (0.5, 1.0, 1.5):
        chart.line([(left, y(tick)), (right, y(tick))], GRID)
        chart.text((left - 6, y(tick)), f"{tick:g}", size=11, ink=QUIET, anchor="rm")
    step = (right - left) / max(1, len(mine))
    for number, row in enumerate(mine):
        x, ratio = left + (number + 0.5) * step, row.scores["ratio"]
        if isfinite(ratio):
            chart.box(x - 16, y(0.0), x + 16, y(ratio), ALARM if ratio > 1.0 else OURS)
            chart.text((x, y(ratio) - 10), f"{ratio:.2f}", size=12, anchor="mm")
        for other in rows:
            if other.person == row.person and other.track in TRACKS and other.track != model:
                chart.dot((x + 24, y(other.scores["ratio"])), TRACKS[other.track], radius=3)
        chart.text((x, bottom + 12), row.person, size=12, anchor="mm")
    worst = next((w for w in found.worst if (w.rig, w.track) == (rig, model)), None)
    if worst is not None:
        chart.text(
            (left, bottom + 30),
            f"worst {worst.length_s:.0f} s: {worst.person}, {worst.take}, from {worst.start_s:.0f} s: "
            f"{worst.mae:.3f} (rest {worst.rest_mae:.3f})",
            size=11,
            ink=QUIET,
        )


def _confidence(chart: Chart, row: Row, top: float) -> None:
    left, top, right, bottom = _frame(chart, top, "error of the surest frames / error of all")
    y = Scale(0.0, 1.1, bottom, top)
    x = Scale(0.25, 1.0, left + 30, right - 40)
    for tick in (0.5, 1.0):
        chart.line([(left, y(tick)), (right, y(tick))], GRID)
        chart.text((left - 6, y(tick)), f"{tick:g}", size=11, ink=QUIET, anchor="rm")
    shares = (25, 50, 75)
    points = [(x(share / 100), y(row.scores[f"risk_{share}"].value)) for share in shares]
    points.append((x(1.0), y(1.0)))
    chart.line(points, OURS, width=1.5)
    for point, share in zip(points, (*shares, 100), strict=True):
        chart.dot(point, OURS)
        chart.text((point[0], bottom + 12), f"{share} %", size=11, ink=QUIET, anchor="mm")


def _key(
    chart: Chart, left: float, y: float, names: Sequence[str], colours: Sequence[Colour]
) -> None:
    for name, colour in zip(names, colours, strict=True):
        chart.dot((left, y), colour)
        chart.text((left + 9, y), name, size=12)
        left += 110
