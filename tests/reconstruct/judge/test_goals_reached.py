"""Goals against cards of the tests' own, whose figures are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from unvisor.reconstruct.judge.card import card
from unvisor.reconstruct.judge.card_rows import GoalRow, TakeRow
from unvisor.reconstruct.judge.goals import Bound
from unvisor.reconstruct.judge.goals_reached import UNSEEN, reached
from unvisor.reconstruct.judge.ground_truth import Take
from unvisor.reconstruct.judge.report import Report
from unvisor.reconstruct.judge.sensor_loss import SensorLoss

from .tracks import as_track, moving, relative, take


def person(seed: int, gain: float = 0.7, *, trained_on: frozenset[str] = frozenset()) -> Take:
    """Somebody of whom a model knows so much, with an interval of one width."""
    truth = moving(seed)
    true = relative(truth)
    guesses = {
        "neutral": 0.0 * true,
        "robust": 0.5 * true,
        "ridge": 0.4 * true,
        "model": gain * true,
    }
    tracks = {n: as_track(truth.time_ns, g, half_width=0.2) for n, g in guesses.items()}
    return take(f"p{seed}", truth, tracks, trained_on={"model": trained_on})


def study(takes: list[Take], *, noise: str = "none", losses: tuple[SensorLoss, ...] = ()) -> Report:
    rows = tuple(
        TakeRow(name=each.name, person=each.person, tracker="", seconds=40.0, noise=noise)
        for each in takes
    )
    return Report(
        card=card(takes), worst=(), calibration_s=10.0, full=True, takes=rows, sensor_lost=losses
    )


def goals(found: Report) -> dict[str, GoalRow]:
    return {row.goal: row for row in reached(found) if row.rig}


def loss(name: str, ratio: float, step: float) -> SensorLoss:
    return SensorLoss(
        model="model",
        name=name,
        rig="mouth+eyes",
        source="eyes",
        ratio=ratio,
        step=step,
        recovery_s=0.0,
    )


def test_met_and_missed_are_by_what_was_measured() -> None:
    rows = goals(study([person(1), person(2, gain=0.3)]))
    error = rows["hidden-14 error ÷ rest's"]
    assert (error.outcome, error.people) == ("met", 2)
    assert error.measured == pytest.approx(0.5, abs=0.01)  # of .3 and .7
    assert error.low <= error.measured <= error.high
    worst = rows["hidden-14 error ÷ rest's, worst person"]
    assert (worst.outcome, worst.why) == ("met", "p2")
    assert worst.measured == pytest.approx(0.7, abs=0.01)
    beside = rows["error ÷ robust's"]
    assert beside.measured == pytest.approx((0.3 + 0.7) / 2 / 0.5, abs=0.01)
    assert rows["coupled-9 r"].outcome == "met"
    assert rows["coupled-9 motion shown ÷ true"].outcome == "missed"


def test_noise_decides_which_error_is_wanted() -> None:
    assert goals(study([person(1)]))["hidden-14 error ÷ rest's"].wanted == "at most 0.86"
    noisy = goals(study([person(1)], noise="model"))
    assert noisy["hidden-14 error ÷ rest's"].wanted == "at most 0.9"
    assert "30 ms ahead: error ÷ held, worst take" in noisy
    longer = replace(study([person(1)]), calibration_s=40.0)
    assert goals(longer)["hidden-14 error ÷ rest's"].outcome == "cannot be told here"


def test_who_was_seen_does_not_count() -> None:
    seen = [person(1), person(2, gain=1.0, trained_on=frozenset({"p2"}))]
    losses = (loss("take of p1", 1.1, 0.05), loss("take of p2", 9.0, 0.9))
    rows = goals(study(seen, losses=losses))
    assert rows["hidden-14 error ÷ rest's"].people == 1
    assert rows["hidden-14 error ÷ rest's"].measured == pytest.approx(0.3, abs=0.01)
    assert rows["one sensor lost: error ÷ smaller rig's"].measured == pytest.approx(1.1)
    assert rows["one sensor lost: largest step added"].measured == pytest.approx(0.05)
    nobody = goals(study([person(2, trained_on=frozenset({"p2"}))]))
    assert {row.outcome for row in nobody.values()} == {"cannot be told here"}
    assert nobody["hidden-14 error ÷ rest's"].why == UNSEEN


def test_every_row_has_an_outcome_that_its_figure_bears() -> None:
    for row in reached(study([person(1), person(2)])):
        told = row.outcome != "cannot be told here"
        assert not told or np.isfinite(row.measured)
        assert told or row.why


@pytest.mark.parametrize(
    ("bound", "inside", "outside", "words"),
    [
        (Bound(most=1.0, under=True), 0.999, 1.0, "under 1"),
        (Bound(most=0.86), 0.86, 0.861, "at most 0.86"),
        (Bound(least=0.8), 0.8, 0.79, "at least 0.8"),
        (Bound(least=0.8, most=1.2), 1.2, 1.21, "0.8 to 1.2"),
    ],
)
def test_a_bound_says_what_it_means(
    bound: Bound, inside: float, outside: float, words: str
) -> None:
    assert bound.met(inside)
    assert not bound.met(outside)
    assert not bound.met(float("nan"))
    assert str(bound) == words
