from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from unvisor.headset.clock import NS_PER_MS, NS_PER_S
from unvisor.reconstruct.judge import onsets

Times = NDArray[np.int64]

trains = st.lists(st.integers(0, 20_000), max_size=30, unique=True).map(
    lambda ms: np.sort(np.array(ms, dtype=np.int64)) * NS_PER_MS
)


def at_rate(weight: list[float], rate_hz: float = 30.0) -> tuple[Times, NDArray[np.float64]]:
    return np.rint(np.arange(len(weight)) * NS_PER_S / rate_hz).astype(np.int64), np.array(weight)


def onset_frames(weight: list[float], rate_hz: float = 30.0) -> list[int]:
    time_ns, values = at_rate(weight, rate_hz)
    return np.searchsorted(time_ns, onsets.onsets(time_ns, values)).tolist()


def test_an_onset_is_a_rise_from_below() -> None:
    assert onset_frames([0, 0.1, 0.3, 0.8, 0.1, 0]) == [2]
    assert onset_frames([0, 0.25, 0.29, 0.31]) == [3]
    assert onset_frames([0, 0.29, 0]) == []
    assert onset_frames([]) == []


def test_a_wavering_rise_is_one_event() -> None:
    assert onset_frames([0, 0.4, 0.25, 0.4, 0.25, 0.4], rate_hz=2) == [1]
    assert onset_frames([0, 0.4, 0.2, 0.4], rate_hz=2) == [1, 3]


def test_a_rise_too_soon_is_the_same_event() -> None:
    assert onset_frames([0, 1, 0, 1, 0, 0, 0, 0, 1], rate_hz=30) == [1, 8]


def test_what_is_up_when_first_seen_has_no_onset() -> None:
    nan = float("nan")
    assert onset_frames([0.9, 0.9, 0, 0.9], rate_hz=2) == [3]
    assert onset_frames([0.25, 0.9, 0, 0.9], rate_hz=2) == [3]
    assert onset_frames([0, nan, 0.9, 0, 0.9], rate_hz=2) == [4]
    assert onset_frames([0, nan, 0.25, 0.9], rate_hz=2) == []


@given(trains, trains, st.integers(0, 300))
def test_pairs_are_one_to_one_and_as_many_as_can_be(one: Times, other: Times, ms: int) -> None:
    within_ns = ms * NS_PER_MS
    pairs = onsets.matches(one, other, within_ns)
    assert pairs == onsets.matches(other, one, within_ns)
    assert pairs <= min(len(one), len(other))
    assert pairs == _most_pairs(one, other, within_ns)


def _most_pairs(one: Times, other: Times, within_ns: int) -> int:
    """The largest matching, by augmenting paths: slow, and sure."""
    near = np.abs(one[:, None] - other[None, :]) <= within_ns
    taken: dict[int, int] = {}

    def place(i: int, tried: set[int]) -> bool:
        for j in np.flatnonzero(near[i]).tolist():
            if j not in tried:
                tried.add(j)
                if j not in taken or place(taken[j], tried):
                    taken[j] = i
                    return True
        return False

    return sum(place(i, set()) for i in range(len(one)))


def test_two_independent_trains_find_one_another_by_chance() -> None:
    # SCIENCE 3.4: two trains of 20 a minute reach F1 .035 / .062 / .120 at 50 / 100 / 200 ms.
    rng = np.random.default_rng(2)
    hours, per_min = 12, 20
    span_ns = (0, hours * 3600 * NS_PER_S)
    one, other = (np.sort(rng.integers(*span_ns, hours * 60 * per_min)) for _ in range(2))
    for tolerance_ms, expected in zip(onsets.TOLERANCES_MS, (0.035, 0.062, 0.120), strict=True):
        within_ns = tolerance_ms * NS_PER_MS
        hits = onsets.matches(one, other, within_ns)
        chance = np.mean(
            [
                onsets.chance_matches(
                    one[:1000], other[:1000], within_ns, span_ns=(0, int(one[999])), seed=seed
                )
                for seed in range(3)
            ]
        )
        assert hits / len(one) == pytest.approx(expected, abs=0.006)
        assert chance / 1000 == pytest.approx(expected, abs=0.01)


def test_chance_is_seeded_and_says_when_it_cannot_tell() -> None:
    train = np.arange(1, 20, dtype=np.int64) * NS_PER_S
    span_ns = (0, 20 * NS_PER_S)
    first, again = (
        onsets.chance_matches(train, train, NS_PER_MS * 100, span_ns=span_ns, seed=4)
        for _ in range(2)
    )
    assert first == again < len(train)
    short = onsets.chance_matches(train, train, 1, span_ns=(0, 2 * NS_PER_S), seed=4)
    assert np.isnan(short)


def test_found_counts_hits_and_takes_a_known_delay_off() -> None:
    time_ns, truth = at_rate(([0.0] * 20 + [0.9] * 10) * 10)
    late = np.roll(truth, 3)  # 100 ms
    found = onsets.find(time_ns, truth, late)
    assert (found.true, found.given, found.hits) == (10, 10, (0, 10, 10))
    assert found.f1(0) == 0.0
    assert found.f1(1) == 1.0 == found.recall(1)
    assert found.chance_f1(1) < 0.8
    assert onsets.find(time_ns, truth, late, delay_ns=100 * NS_PER_MS).hits == (10, 10, 10)


def test_counts_add_up() -> None:
    time_ns, truth = at_rate(([0.0] * 20 + [0.9] * 10) * 10)
    one, silent = (onsets.find(time_ns, truth, guess) for guess in (truth, np.zeros(300)))
    both = onsets.together([one, silent])
    assert (both.true, both.given, both.hits) == (20, 10, (10, 10, 10))
    assert both.f1(0) == pytest.approx(20 / 30)
    assert both.recall(0) == 0.5
    none = onsets.together([])
    assert np.isnan(none.f1(0))
    assert np.isnan(none.recall(0))


def test_only_frames_both_have_are_judged() -> None:
    time_ns, truth = at_rate([0.0, 0.9] * 30, rate_hz=2)
    guess = np.where(np.arange(60) < 30, np.nan, truth)
    found = onsets.find(time_ns, truth, guess)
    assert found.true == found.given == found.hits[0] == 15
