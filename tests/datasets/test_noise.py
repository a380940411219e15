from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng

from unvisor.datasets.noise import ar1, bouts, held


def test_noise_has_its_sd_and_its_memory() -> None:
    noise = ar1((200_000,), 0.115, 90.0, default_rng(0))
    assert noise.std() == pytest.approx(1.0, abs=0.03)
    for lag in (1, 5, 10):
        expected = np.exp(-lag / (0.115 * 90.0))
        assert np.mean(noise[lag:] * noise[:-lag]) == pytest.approx(expected, abs=0.04)
    assert np.exp(-1 / (0.115 * 90.0)) == pytest.approx(0.91, abs=0.003)  # as measured


def test_noise_is_the_recursion_it_stands_for() -> None:
    rho = np.exp(-1 / 6.0)
    pushes = default_rng(3).standard_normal((500, 2))
    expected = pushes.copy()
    for t in range(1, 500):
        expected[t] = rho * expected[t - 1] + np.sqrt(1 - rho**2) * pushes[t]
    np.testing.assert_allclose(ar1((500, 2), 0.1, 60.0, default_rng(3)), expected, atol=1e-12)


@given(st.integers(0, 200), st.integers(0, 200))
def test_a_longer_stretch_begins_as_a_shorter_one(short: int, more: int) -> None:
    whole, part = (ar1((n, 3), 0.1, 60.0, default_rng(5)) for n in (short + more, short))
    np.testing.assert_array_equal(whole[:short], part)
    long, brief = (bouts(n, 60.0, 0.3, (0.1, 0.2), default_rng(5)) for n in (short + more, short))
    np.testing.assert_array_equal(long[:short], brief)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.2])
def test_bouts_cover_their_share_and_last_as_told(share: float) -> None:
    inside = bouts(400_000, 60.0, share, (0.1, 1.0), default_rng(1))
    assert inside.mean() == pytest.approx(share, rel=0.15)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inside, [0]])))
    lengths = (edges[1::2] - edges[0::2]) / 60.0
    assert (lengths >= 0.1 - 1e-9).all()
    if share == 0.01:
        assert np.median(lengths) == pytest.approx(0.55, abs=0.1)


def test_a_repeated_sample_holds_the_last_that_is_not() -> None:
    keep = np.array([False, True, False, False, True, False])
    np.testing.assert_array_equal(held(keep), [0, 1, 1, 1, 4, 4])
