from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.headset.names import ARKIT
from unvisor.headset.rig import RIGS
from unvisor.reconstruct.fit.closed_form import indices
from unvisor.reconstruct.fit.gains import LEAST_R, SENT_MOST, believed, correlation, partners, shown

Floats = NDArray[np.float64]
BOTH = [1, 0]
ALONE = [0]


def moving(seed: int, size: float = 1.0, columns: int = 1) -> Floats:
    return size * np.random.default_rng(seed).normal(0.0, 1.0, (4000, columns))


def test_partners_are_mirror_images() -> None:
    hidden = indices(RIGS["mouth+eyes"].hidden)
    names: list[str] = [ARKIT[place] for place in hidden.tolist()]
    for name, partner in zip(names, partners(hidden), strict=True):
        swapped = name.replace("Left", "<").replace("Right", "Left").replace("<", "Right")
        assert names[partner] == swapped


def test_who_moves_little_decides_as_much_as_who_grimaces() -> None:
    truth = [np.abs(moving(1, 1.0)), np.abs(moving(2, 0.1)), np.abs(moving(3, 0.1))]
    guess = [truth[0], 4.0 * truth[1], 4.0 * truth[2]]
    assert believed(guess, truth, ALONE) == pytest.approx(0.25)


def test_what_is_guessed_wrong_is_not_believed() -> None:
    truth = [np.abs(moving(1))]
    assert believed([-truth[0]], truth, ALONE) == 0.0


def test_each_person_is_shown_the_motion_they_made_in_the_mean_of_ratios() -> None:
    truth = [moving(1, 0.4), moving(2, 0.1)]
    assert shown([truth[0] / 4.0, truth[1]], truth, ALONE) == pytest.approx(2.0, rel=0.02)


def test_nothing_is_shown_smaller_and_nothing_endlessly_larger() -> None:
    truth = [moving(1, 0.5)]
    assert shown([3.0 * truth[0]], truth, ALONE) == 1.0
    assert shown([truth[0] / 50.0], truth, ALONE) == SENT_MOST


def test_what_follows_nothing_is_not_shown_larger() -> None:
    truth, noise = moving(1, 0.5), moving(2, 0.1)
    assert shown([noise], [truth], ALONE) == 1.0
    mixed = noise + LEAST_R * truth
    assert shown([mixed], [truth], ALONE) > 3.0


def test_a_channel_nobody_moves_is_left_as_it_is() -> None:
    still = np.zeros((100, 1))
    assert shown([still], [still], ALONE) == 1.0


def test_both_sides_get_the_same() -> None:
    truth = [moving(1, 0.5, columns=2)]
    guess = [truth[0] * [0.5, 0.25]]
    assert np.ptp(shown(guess, truth, BOTH)) == 0.0
    assert shown(guess, truth, BOTH)[0] == pytest.approx(8.0**0.5, rel=0.05)
    assert np.ptp(believed([truth[0] * [0.5, 4.0]], truth, BOTH)) == 0.0


def test_correlation_is_pearsons_and_nothing_where_nothing_moves() -> None:
    truth, noise = moving(1, columns=3), moving(2, columns=3)
    guess = np.column_stack([truth[:, 0] + noise[:, 0], -2.0 * truth[:, 1], np.ones(4000)])
    wanted = np.corrcoef(truth[:, 0], guess[:, 0])[0, 1]
    np.testing.assert_allclose(correlation(truth, guess), [wanted, -1.0, 0.0], atol=1e-9)
