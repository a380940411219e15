"""The report card drawn: a page a rig, PNG, by Pillow.

Left, channel by channel, error to rest's, r, and what the stated interval covers, for our model and the
baselines; then events and goals. Right, how long a calibration must be, who fares worst, and whether
what is stated of doubt is true.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Final

from ...headset.errors import OutputError
from ...headset.files import replacing
from ...headset.names import ARKIT_INDEX, HIDDEN_14
from ..models import DEFAULT
from . import card_panels as panels
from .card import Card
from .card_panels import ALARM, GROUPS, OURS, REST, ROW, STEP, TRACKS, WIDTH
from .card_rows import Row
from .chart import GRID, PAPER, QUIET, Chart, Scale
from .ground_truth import models
from .report import Report

_TOP: Final = 112
_ERROR, _R, _COVERS, _END = 170, 600, 840, 1010  # edges of the columns
_BELOW: Final = 92
_EVENTS_RIGHT: Final = 600


def draw(found: Report, folder: Path) -> list[Path]:
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
    return next(iter(models(row.track for row in card.table)), DEFAULT)


def page(found: Report, rig: str) -> Chart:
    """Return one rig's page."""
    rows = {(row.track, row.channels): row for row in found.card.table if row.rig == rig}
    model = ours(found.card)
    names = _names(rows, model)
    told = [row for row in found.card.events if row.rig == rig]
    mine = [row for row in told if row.track == model]
    goals = [row for row in found.goals if row.track == model and row.rig in (rig, "")]
    below = _TOP + ROW * len(names) + _BELOW
    left = below + (ROW * len(mine) + 80 if mine else 0) + panels.goals_height(goals)
    chart = Chart(WIDTH, round(max(left, _TOP + 4 * STEP)))
    _head(chart, rows[model, "hidden"], model)
    _channels(chart, rows, names, model)
    end = panels.events(chart, told, model, _ERROR, _EVENTS_RIGHT, below)
    panels.goals(chart, goals, end + (36 if mine else -20))
    top = _TOP + 4.0
    panels.calibration(chart, found, rig, model, top)
    panels.people(chart, found, rig, model, top + STEP)
    panels.confidence(chart, rows[model, "hidden"], top + 2 * STEP)
    panels.reliability(chart, mine, top + 3 * STEP)
    return chart


def _names(rows: dict[tuple[str, str], Row], model: str) -> list[str]:
    """Return groups, then hidden-14's channels, then the other hidden ones."""
    hidden = [name for name in ARKIT_INDEX if rows[model, name].hidden]
    groups = [name for name in GROUPS if (model, name) in rows]
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
    x = float(panels.LEFT)
    for name, colour in ((model, OURS), *((n, c) for n, c in TRACKS.items() if n != model)):
        chart.dot((x, 30), colour)
        chart.text((x + 10, 30), name)
        x += 34 + 7.5 * len(name)
    chart.line([(x, 30), (x + 16, 30)], REST, width=1.5)
    chart.text((x + 22, 30), "the wearer's own rest")


def _channels(
    chart: Chart, rows: dict[tuple[str, str], Row], names: Sequence[str], model: str
) -> None:
    bottom = _TOP + ROW * len(names)
    error = Scale(0.0, 1.6, _ERROR, _R - 50)
    r = Scale(-0.2, 1.0, _R, _COVERS - 40)
    covers = Scale(0.5, 1.0, _COVERS, _END)
    titles = ("error / rest's: shorter is better", "r, as sent: 1 follows", "90 % interval covers")
    for scale, title, ticks in zip(
        (error, r, covers), titles, ((0, 0.5, 1, 1.5), (0, 0.5, 1), (0.5, 0.9, 1)), strict=True
    ):
        chart.text((scale(scale.low), _TOP - 26), title)
        for tick in ticks:
            chart.line([(scale(tick), _TOP - 6), (scale(tick), bottom)], GRID)
            chart.text((scale(tick), bottom + 10), f"{tick:g}", size=11, ink=QUIET, anchor="mm")
    chart.box(covers(0.85), _TOP - 6, covers(0.95), bottom, (224, 238, 226))
    chart.line([(error(1.0), _TOP - 6), (error(1.0), bottom)], REST, width=1.5)
    for number, name in enumerate(names):
        y = _TOP + ROW * (number + 0.5)
        row = rows[model, name]
        chart.text((24, y), name, size=14 if name in GROUPS else 12)
        ratio = row.scores["ratio"].value
        if isfinite(ratio):
            chart.box(error(0.0), y - 7, error(ratio), y + 7, ALARM if ratio > 1.0 else OURS)
            chart.text((error(0.0) + 6, y), f"{ratio:.2f}", size=11, ink=PAPER)
        else:
            chart.text((error(0.0) + 6, y), "does not move", size=11, ink=QUIET)
        for track, colour in TRACKS.items():
            if track != model and (track, name) in rows:
                chart.dot((error(rows[track, name].scores["ratio"].value), y), colour, radius=3)
                chart.dot((r(rows[track, name].scores["r"].value), y), colour, radius=2.5)
        chart.dot((r(row.scores["r"].value), y), OURS, radius=4)
        cover = row.scores["coverage"].value
        chart.dot((covers(cover), y), OURS if 0.85 <= cover <= 0.95 else ALARM, radius=4)
    chart.text(
        (24, bottom + 32),
        "bars: ours, red where worse than the wearer's own rest; dots: baselines, at an end if beyond; "
        "green: 85 to 95 %, the goal of the interval",
        size=12,
        ink=QUIET,
    )
