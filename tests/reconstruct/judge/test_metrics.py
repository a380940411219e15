from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from unvisor.reconstruct.judge import metrics

Floats = NDArray[np.float64]
Metric = Callable[[Floats, Floats], Floats]

PAIRWISE: dict[str, Metric] = {
    "mae": metrics.mae,
    "pearson": metrics.pearson,
    "ccc": metrics.ccc,
    "dynamics": metrics.dynamics,
    "fdd": metrics.fdd,
    "jitter": metrics.jitter,
    "false_activation": metrics.false_activation,
}

weights = arrays.arrays(np.float64, 40, elements=st.floats(-1, 2).map(lambda x: round(x, 3)))


def gaussian(r: float, count: int = 200_000) -> tuple[Floats, Floats]:
    """A truth of unit variance, and the part of it that inputs of correlation r tell."""
    rng = np.random.default_rng(3)
    told = r * rng.normal(size=count)
    return told + np.sqrt(1 - r**2) * rng.normal(size=count), told


@pytest.mark.parametrize(
    ("r", "error", "ccc"), [(0.3, 0.761, 0.165), (0.5, 0.691, 0.400), (0.9, 0.348, 0.895)]
)
def test_the_arithmetic_of_mean_collapse(r: float, error: float, ccc: float) -> None:
    # SCIENCE 3.3: the conditional mean has std ratio r and these errors.
    truth, guess = gaussian(r)
    assert metrics.mae(truth, guess) == pytest.approx(error, abs=0.004)
    assert metrics.pearson(truth, guess) == pytest.approx(r, abs=0.01)
    assert metrics.ccc(truth, guess) == pytest.approx(ccc, abs=0.01)
    assert metrics.dynamics(truth, guess) == pytest.approx(r, abs=0.01)
    assert metrics.fdd(truth, guess) == pytest.approx(1 - r, abs=0.01)


def test_gain_restores_motion_at_a_cost_in_error() -> None:
    truth, guess = gaussian(0.5)  # SCIENCE 3.3: .798 / .50
    assert metrics.mae(truth, guess / 0.5) == pytest.approx(0.798, abs=0.004)
    assert metrics.ccc(truth, guess / 0.5) == pytest.approx(0.5, abs=0.01)
    assert metrics.dynamics(truth, guess / 0.5) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("name", ["mae", "pearson", "ccc", "dynamics", "fdd"])
@settings(max_examples=40)
@given(truth=weights, guess=weights, hidden=arrays.arrays(np.bool_, 40))
def test_nan_is_not_judged(
    name: str, truth: Floats, guess: Floats, hidden: NDArray[np.bool_]
) -> None:
    metric = PAIRWISE[name]
    left_out = metric(truth[~hidden], guess[~hidden])
    gone = np.where(hidden, np.nan, truth), np.where(hidden, np.nan, guess)
    np.testing.assert_allclose(metric(gone[0], guess), left_out, atol=1e-9)
    np.testing.assert_allclose(metric(truth, gone[1]), left_out, atol=1e-9)


@settings(max_examples=40)
@given(truth=weights, guess=weights)
def test_concordance_is_no_more_than_correlation(truth: Floats, guess: Floats) -> None:
    r, ccc = metrics.pearson(truth, guess), metrics.ccc(truth, guess)
    assert np.isnan(r) == np.isnan(ccc)
    assert np.isnan(r) or (abs(r) <= 1.0 and abs(ccc) <= abs(r) + 1e-9)


def test_a_truth_that_never_moves_is_not_judged_on_motion() -> None:
    flat, moving = np.full(30, 0.1), np.linspace(0, 1, 30)
    for metric in (metrics.pearson, metrics.ccc, metrics.dynamics):
        assert np.isnan(metric(flat, moving))
    assert metrics.pearson(moving, flat) == 0.0
    assert metrics.ccc(moving, flat) == pytest.approx(0.0, abs=1e-12)
    assert metrics.dynamics(moving, flat) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("metric", PAIRWISE.values(), ids=PAIRWISE)
@pytest.mark.parametrize("frames", [0, 1, 4, 30])
def test_nothing_to_judge_is_nan_without_a_warning(metric: Metric, frames: int) -> None:
    nothing = np.full((frames, 3), np.nan)
    assert np.isnan(metric(nothing, nothing)).all()
    assert metric(nothing, nothing).shape == (3,)


def test_a_column_is_judged_as_it_would_be_alone() -> None:
    rng = np.random.default_rng(0)
    truth, guess = rng.normal(size=(2, 100, 4))
    for metric in PAIRWISE.values():
        alone = [metric(truth[:, k], guess[:, k]) for k in range(4)]
        np.testing.assert_allclose(metric(truth, guess), np.array(alone), equal_nan=True)


def test_jitter_is_of_the_guess_where_truth_is_still() -> None:
    truth = np.concatenate([np.zeros(50), np.tile([0.0, 1.0], 25)])
    guess = np.tile([0.0, 0.1], 50)
    # A moving mean of five alternating frames is .04 or .06: each frame is .04 or .06 away ...
    assert metrics.jitter(truth, guess) == pytest.approx(0.05, abs=0.0125)
    assert metrics.jitter(truth, np.full(100, 0.7)) == pytest.approx(0.0, abs=1e-12)
    assert np.isnan(metrics.jitter(np.tile([0.0, 1.0], 50), guess))  # never still


def test_a_hole_is_not_still() -> None:
    truth = np.zeros(20)
    truth[10] = np.nan
    still = metrics.still(truth)
    assert still[2:8].all()
    assert not still[8:13].any()
    assert still[13:18].all()
    assert not still[:2].any()


def test_false_activation_counts_frames_at_rest_only() -> None:
    truth = np.concatenate([np.zeros(50), np.full(50, 0.8)])  # at rest, then still but not at rest
    guess = np.where(np.arange(100) % 4 == 0, 0.16, 0.14)
    at_rest = guess[2:48]
    assert metrics.false_activation(truth, guess) == pytest.approx(
        (at_rest > 0.15).mean(), abs=0.01
    )


def test_interval_covers_what_it_should() -> None:
    truth = np.array([0.0, 0.5, 1.0, np.nan, 0.2])
    low, high = np.array([-0.1, 0.6, 0.9, 0.0, np.nan]), np.array([0.1, 0.7, 1.1, 1.0, 1.0])
    assert metrics.coverage(truth, low, high) == pytest.approx(2 / 3)
    assert metrics.width(truth, low, high) == pytest.approx((0.2 + 0.1 + 0.2) / 3)


def test_an_interval_turned_round_covers_nothing() -> None:
    assert metrics.coverage(np.zeros(5), np.full(5, 1.0), np.full(5, -1.0)) == 0.0


def test_selective_risk() -> None:
    truth = np.zeros((4, 3))
    guess = np.array([1.0, 2.0, 3.0, 4.0])[:, None] * np.ones(3)
    told = np.stack([[1.0, 2, 3, 4], [4.0, 3, 2, 1], np.ones(4)], axis=1)
    risk = metrics.selective_risk(truth, guess, told, np.array([0.25, 0.5, 1.0]))
    np.testing.assert_allclose(risk[:, 0], [1 / 2.5, 1.5 / 2.5, 1])  # knows what it does not know
    np.testing.assert_allclose(risk[:, 1], [4 / 2.5, 3.5 / 2.5, 1])  # is surest where it is wrong
    np.testing.assert_allclose(risk[:, 2], [1, 1, 1])  # claims nothing
    nothing = np.full((4, 3), np.nan)
    assert np.isnan(metrics.selective_risk(truth, guess, nothing, np.array([0.5]))).all()


@pytest.mark.parametrize("late_ms", [-100.0, 0.0, 40.0, 216.0])
def test_delay_is_found_between_frames(late_ms: float) -> None:
    time_s = np.arange(1200) / 60.0

    def at(t: Floats) -> Floats:
        return np.sin(t) * np.sin(2.3 * t + 1) + 0.5 * np.sin(5.1 * t)

    truth, guess = at(time_s)[:, None], at(time_s - late_ms / 1000.0)[:, None]
    truth[300:330] = np.nan
    assert metrics.delay_ms(truth, 0.3 * guess, 60.0)[0] == pytest.approx(late_ms, abs=3.0)


def test_no_delay_is_read_out_of_noise_or_out_of_nothing() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(2000, 1))
    assert np.isnan(metrics.delay_ms(truth, rng.normal(size=(2000, 1)), 60.0)).all()
    assert np.isnan(metrics.delay_ms(truth, np.zeros((2000, 1)), 60.0)).all()
    assert np.isnan(metrics.delay_ms(truth[:40], truth[:40], 60.0)).all()
    assert metrics.delay_ms(truth, truth, 60.0)[0] == pytest.approx(0.0, abs=0.1)


def test_people_drawn_again_give_the_interval_of_their_mean() -> None:
    values = np.random.default_rng(5).normal(1.0, 2.0, size=(400, 1))
    low, high = metrics.bootstrap(values, seed=1)
    reach = 1.96 * values.std() / 20.0
    assert low[0] == pytest.approx(values.mean() - reach, abs=0.02)
    assert high[0] == pytest.approx(values.mean() + reach, abs=0.02)
    again = metrics.bootstrap(values, seed=1)
    assert (again[0][0], again[1][0]) == (low[0], high[0])


def test_an_interval_needs_two_people() -> None:
    values = np.array([[1.0, np.nan, 2.0], [3.0, 4.0, 2.0], [5.0, np.nan, np.nan]])
    low, high = metrics.bootstrap(values, seed=0)
    assert low[0] == 1.0
    assert high[0] == 5.0
    assert np.isnan(low[1])
    assert np.isnan(high[1])
    assert low[2] == high[2] == 2.0
    assert np.isnan(metrics.bootstrap(values[:1], seed=0)[0]).all()
    assert metrics.bootstrap(values[:0], seed=0)[0].shape == (3,)
