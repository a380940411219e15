from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.reconstruct.fit.spread import reach

Floats = NDArray[np.float64]


def people(count: int, differ: float, *, seed: int, channels: int = 12) -> list[Floats]:
    """Errors of people who differ in scale, each on each channel, by a log-normal factor."""
    rng = np.random.default_rng(seed)
    return [
        rng.standard_normal((400, channels)) * np.exp(differ * rng.standard_normal(channels))
        for _ in range(count)
    ]


def covered(bound: Floats, strangers: list[Floats]) -> float:
    return float(np.mean([np.abs(error) <= bound for error in strangers]))


@pytest.mark.parametrize("count", [3, 6])
@pytest.mark.parametrize("differ", [0.0, 0.5, 1.0])
def test_strangers_are_covered_as_stated_however_much_people_differ(
    count: int, differ: float
) -> None:
    shares = [
        covered(reach(people(count, differ, seed=seed)), people(20, differ, seed=100 + seed))
        for seed in range(12)
    ]
    assert 0.86 < np.mean(shares) < 0.94


def test_it_is_no_wider_than_it_need_be_where_people_are_alike() -> None:
    bound = reach(people(3, 0.0, seed=1))
    assert bound.mean() == pytest.approx(1.645, rel=0.08)  # 90 % of a Gaussian, either way


def test_the_one_whom_it_serves_worst_counts_on_each_channel() -> None:
    quiet = [np.full((100, 2), 0.1), np.full((100, 2), 0.1)]
    lively = np.full((100, 2), 0.1)
    lively[:, 1] = 2.0
    bound = reach([*quiet, lively])
    assert bound[1] > 5.0 * bound[0]


def test_how_long_a_person_was_seen_does_not_matter() -> None:
    short = people(3, 0.7, seed=2)
    long = [np.tile(short[0], (20, 1)), *short[1:]]
    np.testing.assert_allclose(reach(long), reach(short), rtol=0.05)


def test_one_person_alone_gives_their_own_scale() -> None:
    alone = people(1, 0.0, seed=3)
    assert 0.9 < covered(reach(alone), people(5, 0.0, seed=4)) < 0.99


def test_a_channel_nobody_errs_on_has_a_small_reach_and_no_hole() -> None:
    still = [np.zeros((50, 3)) for _ in range(3)]
    bound = reach(still)
    assert np.isfinite(bound).all()
    assert (bound >= 0.0).all()
    assert (bound < 0.1).all()
