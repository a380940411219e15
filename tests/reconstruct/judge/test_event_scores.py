from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unvisor.reconstruct.judge.event_scores import BINS, LEAST_FRAMES, auc, event_scores


def test_a_true_probability_lies_on_the_diagonal_and_beats_the_rate() -> None:
    rng = np.random.default_rng(1)
    chance = rng.random(40_000)
    found = event_scores(rng.random(40_000) < chance, chance)
    np.testing.assert_allclose(found.stated, found.happened, atol=0.03)
    assert found.rate == pytest.approx(0.5, abs=0.01)
    assert found.brier == pytest.approx(1 / 6, abs=0.01)  # mean of p (1 - p) over even p
    assert found.rate_brier == pytest.approx(0.25, abs=0.001)


def test_an_exaggerated_one_lies_off_it_with_the_same_auc() -> None:
    rng = np.random.default_rng(2)
    chance = rng.random(20_000) * 0.5
    happens = rng.random(20_000) < chance
    modest, loud = event_scores(happens, chance), event_scores(happens, chance * 2.0)
    assert loud.auc == modest.auc
    assert loud.brier > modest.brier
    assert loud.happened[-1] == pytest.approx(0.475, abs=0.05)


def test_too_few_frames_say_nothing_of_a_tenth() -> None:
    happens = np.zeros(LEAST_FRAMES + 5, dtype=np.bool_)
    probability = np.full(len(happens), 0.02)
    probability[:5] = 0.97
    found = event_scores(happens, probability)
    assert np.isfinite(found.stated).tolist() == [True] + [False] * (BINS - 1)


def test_nothing_stated_is_nothing_judged() -> None:
    found = event_scores(np.array([True, False]), np.full(2, np.nan))
    assert np.isnan(found.figures).all()
    assert np.isnan(found.happened).all()


@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.5, 0.9, float("nan")])), max_size=25
    )
)
def test_auc_is_how_often_the_event_has_the_higher_probability(
    frames: list[tuple[bool, float]],
) -> None:
    happens = np.array([h for h, _ in frames], dtype=np.bool_)
    probability = np.array([p for _, p in frames], dtype=np.float64)
    seen = [(h, p) for h, p in frames if p == p]
    pairs = [(a, b) for h, a in seen if h for g, b in seen if not g]
    area = auc(happens, probability)
    if not pairs:
        assert np.isnan(area)
    else:
        assert area == pytest.approx(np.mean([(a > b) + 0.5 * (a == b) for a, b in pairs]))
