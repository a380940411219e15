"""The report card in words, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from ..headset.names import ARKIT_INDEX
from ..reconstruct.judge.card import Card
from ..reconstruct.judge.ground_truth import BASELINES
from ..reconstruct.judge.leaks import Leak
from ..reconstruct.judge.metrics import mean_over
from ..reconstruct.judge.report import Report
from .evaluate_verdict import show_goals, show_leaks

_KEY: Final = (
    "mae: error of the best guess; ratio: to that of the wearer's own rest, below 1 is better than "
    "rest; worst: of any person; r: correlation; dynamics: motion shown ÷ true motion; covers: share of "
    "truth inside the stated 90 % interval. coupled-9: cheeks, nose, squint, wide; free-5: the brows; "
    'passing: what is sensed. "1 + 1 seen": one person counts, one was seen in training.'
)

_SENT_KEY: Final = (
    "ccc: r that pays for gain and offset; |fdd|: motion that lacks or is too much; F1: rises over .3 "
    "found within 100 ms, beside what chance finds; jitter: where truth is still; false: share of rest "
    "on which over .15 is sent; width: of the 90 % interval; surest: error of the surest half of frames "
    "÷ of all; late: by cross-correlation."
)

_SHOWN: Final = ("channels", "track", "people", "mae", "ratio", "worst", "r", "dynamics", "covers")
"""What fits on a terminal of 80 columns; the rest is in the JSON."""

_SENT: Final = {
    "ccc": ("ccc", 2), "|fdd|": ("fdd_abs", 3), "F1": ("f1_100", 2), "chance": ("f1_100_chance", 2),
    "jitter": ("jitter", 4), "false": ("false_activation", 2), "width": ("width", 2),
    "surest": ("risk_50", 2), "late ms": ("delay_ms", 0),
}  # fmt: skip
"""Of what is sent and stated: heading, metric, digits."""

_PARTS: Final = ("ratio", "ccc", "dynamics", "jitter", "coverage", "width", "risk_50")
"""What the parts of the chain are there for."""


def show(study: Report, leaks: Sequence[Leak], *, channels: bool) -> None:
    """Print everything that was found."""
    console = Console()
    console.width = max(console.width, 80)  # figures are worth more than a tidy edge
    show_card(console, study.card, channels=channels)
    _events(console, study)
    _calibrations(console, study)
    _lost(console, study)
    _parts(console, study)
    _ceilings(console, study)
    _ahead(console, study)
    _behaviour(console, study)
    _worst(console, study)
    for cost in study.cost:
        size = f"{cost.parameters} numbers, " if cost.parameters is not None else ""
        console.print(
            f"{cost.model}: {size}{cost.file_bytes / 1000:.0f} kB, frame to face "
            f"{cost.p50_ms:.2f} ms, of a hundred the slowest {cost.p99_ms:.2f}"
        )
    show_leaks(console, leaks)
    show_goals(console, study.goals)


def show_card(console: Console, judged: Card, *, channels: bool) -> None:
    """Print a card's table, a rig at a time, what its columns mean, and its alarms."""
    _table(console, judged, channels=channels)
    console.print(_KEY, style="dim")
    _sent(console, judged)
    for alarm in judged.alarms:
        console.print(f"too good to be true: {alarm}", style="red")


def _table(console: Console, judged: Card, *, channels: bool) -> None:
    shown = [judged.COLUMNS.index(name) for name in _SHOWN]
    for rig in dict.fromkeys(row.rig for row in judged.table):
        of_rig = next(row for row in judged.table if row.rig == rig)
        minutes = max(row.minutes for row in judged.table if row.rig == rig)
        behind = f", {minutes:.1f} min judged, truth by {of_rig.tracker}"
        table = _plain_table(f"rig {rig}{behind}", _SHOWN)
        last = ""
        for row in judged.rows(channels=channels):
            if row[0] == rig:
                cells = [row[column] for column in shown]
                last, cells[0] = cells[0], "" if cells[0] == last else cells[0]
                table.add_row(*cells)
        console.print(table)


def _sent(console: Console, judged: Card) -> None:
    """Print what is sent and stated of hidden channels, and how late what is sensed is passed on."""
    for rig in dict.fromkeys(row.rig for row in judged.table):
        rows = [row for row in judged.table if row.rig == rig and not row.uses_truth]
        groups = {row.channels for row in rows}
        hidden = "hidden-14" if "hidden-14" in groups else "hidden"
        passing = [row for row in rows if row.channels == "passing"][-1:]  # the same for all
        table = _plain_table(f"rig {rig}: what is sent, {hidden}", ("track", *_SENT))
        for row in [row for row in rows if row.channels == hidden] + passing:
            name = "passing" if row.channels == "passing" else row.track
            figures = (_number(row.scores[key].value, digits) for key, digits in _SENT.values())
            table.add_row(name, *figures)
        console.print(table)
    console.print(_SENT_KEY, style="dim")


def _events(console: Console, study: Report) -> None:
    """Print how true stated probabilities are, of models."""
    rows = [row for row in study.card.events if row.track not in BASELINES]
    if rows:
        columns = ("rig", "track", "event", "people", "AUC", "happens", "Brier", "of its rate")
        table = _plain_table("stated probability of events", columns)
        for row in rows:
            figures = (row.auc.value, row.rate.value, row.brier.value, row.rate_brier.value)
            texts = (_number(f, d) for f, d in zip(figures, (2, 3, 3, 3), strict=True))
            table.add_row(row.rig, row.track, row.event, str(row.people), *texts)
        console.print(table)


def _calibrations(console: Console, study: Report) -> None:
    """Print what so many seconds of the wearer are worth, and for how many they are not."""
    if not study.calibration_lengths:
        return
    hidden = {row.rig: "hidden" for row in study.card.table}
    hidden |= {row.rig: row.channels for row in study.card.table if row.channels == "hidden-14"}
    columns = ("rig", "channels", "calibrated", "people", "mae", "÷ 0 s", "made worse")
    table = _plain_table("seconds of calibration, judged on what follows the longest", columns)
    for card in study.calibration_lengths:
        for row in card.table:
            if row.uses_truth or row.channels != hidden[row.rig]:
                continue
            share = row.made_worse_share
            worse = f"{row.made_worse} of {row.people}" if share is None else f"{share:.0%}"
            figures = (_number(row.scores["mae"].value, 3), _number(row.scores["ratio"].value))
            table.add_row(row.rig, row.channels, row.track, str(row.people), *figures, worse)
    console.print(table)


def _lost(console: Console, study: Report) -> None:
    if study.sensor_lost:
        columns = ("rig", "model", "take", "lost", "error ÷ smaller rig's", "step", "recovers in s")
        table = _plain_table("one sensor lost", columns)
        for loss in study.sensor_lost:
            figures = (_number(loss.ratio), _number(loss.step, 3), _number(loss.recovery_s))
            table.add_row(loss.rig, Path(loss.model).stem, loss.name, loss.source, *figures)
        console.print(table)


def _parts(console: Console, study: Report) -> None:
    for judged in study.parts_removed:
        table = _plain_table(f"parts removed, rig {judged.table[0].rig}", ("track", *_PARTS))
        for row in judged.table:
            if row.channels == "hidden-14" and not row.uses_truth:
                figures = (_number(row.scores[name].value, 3) for name in _PARTS)
                table.add_row(row.track, *figures)
        console.print(table)


def _ceilings(console: Console, study: Report) -> None:
    for judged in study.ceilings:
        columns = ("rig", "channels", "fitted on", "people", "mae", "ratio", "r")
        table = _plain_table("ceilings: what somebody who knows the wearer reaches", columns)
        for row in judged.table:
            if row.uses_truth or row.track == judged.reference or row.channels in ARKIT_INDEX:
                continue
            digits = {"mae": 3, "ratio": 2, "r": 2}
            figures = (_number(row.scores[name].value, count) for name, count in digits.items())
            table.add_row(row.rig, row.channels, row.track, str(row.people), *figures)
        console.print(table)


def _ahead(console: Console, study: Report) -> None:
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


def _behaviour(console: Console, study: Report) -> None:
    if study.behaviour_alive:
        columns = ("rig", "track", "figure", "shown", "true", "people do")
        table = _plain_table("eyes that nothing senses", columns)
        for row in study.behaviour_alive:
            human = f"{row.human_low:g} to {row.human_high:g}"
            table.add_row(
                row.rig, row.track, row.figure, _number(row.value), _number(row.truth), human
            )
        console.print(table)


def _worst(console: Console, study: Report) -> None:
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
