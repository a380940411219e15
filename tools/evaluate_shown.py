"""The report card in words, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from ..reconstruct.card import Card
from ..reconstruct.leaks import Leak
from ..reconstruct.metrics import mean_over
from ..reconstruct.study import Study

_KEY: Final = """\
mae: error of the best guess; ratio: to that of the wearer's own rest, below 1 is better than rest;
worst: of any person; r: correlation; dynamics: motion shown ÷ true motion; covers: share of truth
inside the stated 90 % interval. coupled-9: cheeks, nose, squint, wide; free-5: the brows;
passing: what is sensed. "1 + 1 seen": one person counts, one was seen in training."""

_SHOWN: Final = ("channels", "track", "people", "mae", "ratio", "worst", "r", "dynamics", "covers")
"""What fits on a terminal of 80 columns; the rest is in the JSON."""

_PARTS: Final = ("ratio", "ccc", "dynamics", "jitter", "coverage", "width", "risk_50")
"""What the parts of the chain are there for."""


def show(study: Study, leaks: Sequence[Leak], *, channels: bool) -> None:
    """Print everything that was found."""
    console = Console()
    console.width = max(console.width, 80)  # figures are worth more than a tidy edge
    show_card(console, study.card, channels=channels)
    for each in study.calibration_lengths:
        show_card(console, each, channels=False)
    _lost(console, study)
    _parts(console, study)
    for each in study.ceilings:
        _table(console, each, channels=False, title="ceiling, rig {rig}")
    _ahead(console, study)
    _behaviour(console, study)
    _worst(console, study)
    for cost in study.cost:
        size = f"{cost.parameters} numbers, " if cost.parameters is not None else ""
        console.print(
            f"{cost.model}: {size}{cost.file_bytes / 1000:.0f} kB, frame to face "
            f"{cost.p50_ms:.2f} ms, of a hundred the slowest {cost.p99_ms:.2f}"
        )
    for leak in leaks:
        verdict = "passed" if leak.passed else "LEAKS"
        console.print(
            f"{verdict}: {leak.name}: {leak.detail}", style=None if leak.passed else "red"
        )


def show_card(console: Console, judged: Card, *, channels: bool) -> None:
    """Print a card's table, a rig at a time, what its columns mean, and its alarms."""
    _table(console, judged, channels=channels, title="rig {rig}")
    console.print(_KEY, style="dim")
    for alarm in judged.alarms:
        console.print(f"too good to be true: {alarm}", style="red")


def _table(console: Console, judged: Card, *, channels: bool, title: str) -> None:
    shown = [judged.COLUMNS.index(name) for name in _SHOWN]
    for rig in dict.fromkeys(row.rig for row in judged.table):
        table = _plain_table(title.format(rig=rig), _SHOWN)
        last = ""
        for row in judged.rows(channels=channels):
            if row[0] == rig:
                cells = [row[column] for column in shown]
                last, cells[0] = cells[0], "" if cells[0] == last else cells[0]
                table.add_row(*cells)
        console.print(table)


def _lost(console: Console, study: Study) -> None:
    if study.sensor_lost:
        columns = ("rig", "model", "take", "lost", "error ÷ smaller rig's", "step", "recovers in s")
        table = _plain_table("one sensor lost", columns)
        for loss in study.sensor_lost:
            figures = (_number(loss.ratio), _number(loss.step, 3), _number(loss.recovery_s))
            table.add_row(loss.rig, Path(loss.model).stem, loss.name, loss.source, *figures)
        console.print(table)


def _parts(console: Console, study: Study) -> None:
    for judged in study.parts_removed:
        table = _plain_table(f"parts removed, rig {judged.table[0].rig}", ("track", *_PARTS))
        for row in judged.table:
            if row.channels == "hidden-14" and not row.uses_truth:
                figures = (_number(row.scores[name].value, 3) for name in _PARTS)
                table.add_row(row.track, *figures)
        console.print(table)


def _ahead(console: Console, study: Study) -> None:
    if study.ahead:
        columns = ("rig", "model", "takes", "error ÷ held", "of lids", "worst take")
        table = _plain_table("30 ms ahead, what is sensed", columns)
        for rig, model in dict.fromkeys((each.rig, each.model) for each in study.ahead):
            rows = [e for e in study.ahead if (e.rig, e.model) == (rig, model)]
            ratios = [e.ratio for e in rows if isfinite(e.ratio)]
            lids = [e.lids_ratio for e in rows if isfinite(e.lids_ratio)]
            figures = (_mean(ratios), _mean(lids), _number(max(ratios, default=float("nan"))))
            table.add_row(rig, Path(model).stem, str(len(rows)), *figures)
        console.print(table)


def _behaviour(console: Console, study: Study) -> None:
    if study.behaviour_alive:
        columns = ("rig", "track", "figure", "shown", "true", "people do")
        table = _plain_table("eyes that nothing senses", columns)
        for row in study.behaviour_alive:
            human = f"{row.human_low:g} to {row.human_high:g}"
            table.add_row(
                row.rig, row.track, row.figure, _number(row.value), _number(row.truth), human
            )
        console.print(table)


def _worst(console: Console, study: Study) -> None:
    columns = ("rig", "track", "person", "take", "from s", "mae", "rest's", "usual")
    table = _plain_table("the worst ten seconds, hidden-14", columns)
    for row in study.worst:
        figures = (row.start_s, row.mae, row.rest_mae, row.usual_mae)
        first, *others = (_number(f, d) for f, d in zip(figures, (1, 3, 3, 3), strict=True))
        table.add_row(row.rig, row.track, row.person, row.take, first, *others)
    if study.worst:
        console.print(table)


def _plain_table(title: str, columns: Sequence[str]) -> Table:
    return Table(*columns, title=title, title_justify="left", box=None, pad_edge=False)


def _mean(values: Sequence[float]) -> str:
    return _number(float(mean_over(np.array(values))))


def _number(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}" if isfinite(value) else ""
