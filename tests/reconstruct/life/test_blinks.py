from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.reconstruct.life.blinks import COMPLETE, Blinks
from unvisor.reconstruct.life.person import Activity, Person

Floats = NDArray[np.float64]

DOUGHTY = {Activity.READ: (1.4, 14.4), Activity.LOOK: (8.0, 21.0), Activity.TALK: (10.5, 32.5)}
"""Blinks a minute of 95 % of people. Source: SCIENCE 4."""


def curves(seed: int, count: int, rate_hz: float = 1000.0) -> list[Floats]:
    """Single blinks, from foot to foot."""
    person = Person.drawn(np.random.default_rng(seed))
    blinks = Blinks(np.random.default_rng(seed + 100), person)
    found: list[Floats] = []
    now: list[float] = []
    step = 0
    while len(found) < count:
        step += 1
        at_s = step / rate_hz
        blinks.advance(at_s, 1.0 / rate_hz, 60.0, paused=False, shifted=False)
        closure = blinks.closure(at_s)
        if closure > 0.0:
            now.append(closure)
        elif now:
            found.append(np.array([0.0, *now, 0.0]))
            now = []
    return found


@pytest.mark.parametrize("activity", list(Activity))
def test_people_blink_as_often_as_people_do(activity: Activity) -> None:
    low, high = DOUGHTY[activity]
    for seed in range(1, 21):
        person = Person.drawn(np.random.default_rng(seed))
        blinks = Blinks(np.random.default_rng(seed), person)
        count, shut, minutes = 0, False, 10
        for step in range(minutes * 60 * 15):
            at_s = step / 15.0
            blinks.advance(
                at_s, 1.0 / 15.0, person.blinks_per_min[activity], paused=False, shifted=False
            )
            before, shut = shut, blinks.closure(at_s) > 0.15
            count += shut and not before
        assert low <= count / minutes <= high, seed


def test_rates_differ_between_people_as_they_do() -> None:
    people = [Person.drawn(np.random.default_rng(seed)) for seed in range(2000)]
    logs = np.log([person.blinks_per_min for person in people])
    np.testing.assert_allclose(np.exp(np.median(logs, axis=0)), [13.0, 18.5, 4.5], rtol=0.05)
    # Cut at 1.5 deviations, a normal's own deviation is 0.74 of what it was.
    np.testing.assert_allclose(logs.std(axis=0), 0.74 * np.array([0.25, 0.29, 0.60]), rtol=0.06)


def test_lids_shut_faster_than_they_open_by_what_people_show() -> None:
    for seed in range(12):
        ratios: list[float] = []
        closing_s: list[float] = []
        opening_s: list[float] = []
        for curve in curves(seed, 6):
            speed = np.diff(curve)
            ratios.append(float(speed.max() / -speed.min()))
            peak = int(curve.argmax())
            closing_s.append(peak / 1000.0)
            opening_s.append((len(curve) - peak) / 1000.0)
        assert 1.40 <= np.mean(ratios) <= 1.47
        assert 0.066 <= np.median(closing_s) <= 0.105
        assert 0.20 <= np.median(opening_s) <= 0.34


def test_closing_speed_goes_with_how_far_the_lid_comes_and_not_with_how_long_it_takes() -> None:
    found = [curve for seed in range(8) for curve in curves(seed, 8)]
    depth = np.array([curve.max() for curve in found])
    closing = np.array([curve.argmax() for curve in found])
    peak = np.array([np.diff(curve).max() for curve in found])
    assert np.corrcoef(depth, peak)[0, 1] > 0.8
    assert abs(np.corrcoef(depth, closing)[0, 1]) < 0.5


def test_not_every_blink_shuts_the_eye() -> None:
    depth = np.array([curve.max() for seed in range(10) for curve in curves(seed, 40, 100.0)])
    assert np.mean(depth > 0.93) == pytest.approx(COMPLETE, abs=0.06)
    assert depth.min() > 0.4
    assert depth.max() <= 1.0


def test_a_blink_ends_before_the_next_begins() -> None:
    for curve in curves(3, 40, 500.0):
        rises = np.diff(curve) > 1e-9
        assert np.count_nonzero(np.diff(rises.astype(int)) == 1) <= 1  # one way up each
