"""Are the goals reached? Each of `goals.py` against what a study found, over unseen people alone.

A goal is met or missed by what was measured, not by its interval; one that this run cannot answer
says why.

Source: FIDELITY "What it must reach".
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite, nan
from typing import Final

from ...headset.rig import RIGS
from . import goals
from .card_rows import GoalRow, Outcome, Score
from .goals_by_rig import NEEDS_FULL, NOTHING, Measure, UnderRig
from .ground_truth import models
from .report import Report

UNSEEN: Final = "nobody here is unseen by it"


def reached(found: Report) -> tuple[GoalRow, ...]:
    """Return every goal that applies to the rigs judged, for each model."""
    rigs = dict.fromkeys(row.rig for row in found.card.table)
    rows: list[GoalRow] = []
    for track in models(row.track for row in found.card.table):
        for rig in rigs:
            lack = "" if found.card.row(track, "hidden", rig).people else UNSEEN
            measures = UnderRig(found, RIGS[rig], track).measures()
            rows += [_row(rig, track, each, lack=lack) for each in measures]
        rows += [_row("", track, each) for each in _anywhere(found, track)]
    return tuple(rows)


def _anywhere(found: Report, track: str) -> Iterator[Measure]:
    """Yield the goals that no rig and no person stands behind."""
    cost = next((each for each in found.cost if each.model == track), None)
    p50_ms, p99_ms = (cost.p50_ms, cost.p99_ms) if cost else (nan, nan)
    here, lack = "on this machine", "" if cost else NEEDS_FULL
    yield Measure("frame to face, hot, p50 ms", goals.HOT_P50_MS, p50_ms, 0, here, lack)
    yield Measure("frame to face, hot, p99 ms", goals.HOT_P99_MS, p99_ms, 0, here, lack)
    paced, eyes = "unvisor bench measures it", "no recording holds pictures of eyes"
    yield Measure("frame to face, paced, p50 ms", goals.PACED_P50_MS, nan, 0, lack=paced)
    yield Measure("frame to face, paced, p99 ms", goals.PACED_P99_MS, nan, 0, lack=paced)
    yield Measure("brows that an eye camera sees, r", goals.SEEN_BROW_R, nan, 0, lack=eyes)


def _row(rig: str, track: str, measure: Measure, *, lack: str = "") -> GoalRow:
    of = measure.of
    score = of if isinstance(of, Score) else Score(value=of, low=nan, high=nan)
    lack = lack or measure.lack or ("" if isfinite(score.value) else NOTHING)
    told: Outcome = "met" if measure.wanted.met(score.value) else "missed"
    return GoalRow(
        rig=rig,
        track=track,
        goal=measure.goal,
        wanted=str(measure.wanted),
        measured=score.value,
        low=score.low,
        high=score.high,
        people=measure.people,
        outcome="cannot be told here" if lack else told,
        why=lack or measure.why,
    )
