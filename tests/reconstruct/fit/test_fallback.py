from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.reconstruct.fit.fallback import MARGIN, Baseline, fallen_back

Floats = NDArray[np.float64]
ALONE = [0]
PEOPLE = [np.abs(np.random.default_rng(seed).normal(0, 0.2, (3000, 1))) for seed in (1, 2, 3)]


def noisy(truth: Floats, share: float, noise: float, seed: int = 9) -> Floats:
    return share * truth + noise * np.random.default_rng(seed).normal(0, 0.2, truth.shape)


def chosen(
    model: Callable[[Floats], Floats],
    robust: Callable[[Floats], Floats],
    people: Sequence[Floats] = PEOPLE,
) -> Baseline | None:
    baselines: dict[Baseline, list[Floats]] = {
        "robust": [robust(truth) for truth in people],
        "neutral": [np.zeros_like(truth) for truth in people],
    }
    (found,) = fallen_back(people, [model(truth) for truth in people], baselines, ALONE)
    return found


def test_a_model_that_is_best_ships() -> None:
    assert chosen(lambda t: noisy(t, 0.8, 0.1), lambda t: noisy(t, 0.5, 0.5)) is None


def test_what_robust_knows_better_ships_robust() -> None:
    assert chosen(lambda t: noisy(t, 0.5, 0.8), lambda t: noisy(t, 0.9, 0.1)) == "robust"


def test_what_moves_the_wrong_way_ships_rest() -> None:
    assert chosen(lambda t: -0.5 * t, lambda t: noisy(-t, 0.5, 0.5)) == "neutral"


def test_a_brow_that_follows_stays_though_rest_has_the_lower_error() -> None:
    def brow(truth: Floats) -> Floats:
        return noisy(truth, 0.3, 1.5)

    errors = [(np.abs(brow(t) - t).mean(), np.abs(t).mean()) for t in PEOPLE]
    assert all(ours > (1 + MARGIN) * rest for ours, rest in errors)
    assert chosen(brow, brow) is None


@pytest.mark.parametrize(("better_by", "ships"), [(0.5 * MARGIN, None), (2.0 * MARGIN, "robust")])
def test_a_small_difference_is_none(better_by: float, ships: Baseline | None) -> None:
    assert chosen(lambda t: 0.5 * t, lambda t: (0.5 + 1.1 * better_by) * t) == ships


def test_each_person_counts_alike_however_much_they_move() -> None:
    grimacer = [5.0 * PEOPLE[0], 0.2 * PEOPLE[1], 0.2 * PEOPLE[2]]

    def wrong_for_most(truth: Floats) -> Floats:
        return truth if truth.max() > 1.0 else -2.0 * truth

    assert chosen(wrong_for_most, lambda t: 0.1 * t, grimacer) == "robust"


def test_mirrored_channels_fall_together() -> None:
    truth = [np.column_stack([person, person[::-1]]) for person in PEOPLE]
    model = [person * [-1.0, 0.0] for person in truth]
    rest = [np.zeros_like(person) for person in truth]
    assert fallen_back(truth, model, {"neutral": rest}, [1, 0]) == ["neutral", "neutral"]
    assert fallen_back(truth, model, {"neutral": rest}, [0, 1]) == ["neutral", None]
