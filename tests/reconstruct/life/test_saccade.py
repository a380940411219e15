from __future__ import annotations

import numpy as np
import pytest

from unvisor.reconstruct.life.saccade import duration_s, step

MEASURED = [
    (5.0, 0.0, 213.0, 29.0),
    (15.0, 0.0, 352.0, 50.0),
    (30.0, 0.0, 455.0, 67.0),
    (0.0, 5.0, 208.0, 29.0),
    (0.0, 10.0, 303.0, 45.0),
    (0.0, 20.0, 391.0, 55.0),
]
"""Across, along, degrees; peak speed and its deviation between people, degrees a second; those of
vertical ones as a like share. Source: SCIENCE 4."""


@pytest.mark.parametrize(("across_deg", "along_deg", "speed_deg_s", "deviation"), MEASURED)
def test_a_saccade_is_as_fast_as_people_s(
    across_deg: float, along_deg: float, speed_deg_s: float, deviation: float
) -> None:
    lasts_s = duration_s(across_deg, along_deg)
    way = np.array([step(t / lasts_s) for t in np.arange(0.0, lasts_s, 1e-4)])
    peak = np.diff(way).max() * 1e4 * np.hypot(across_deg, along_deg)
    assert peak == pytest.approx(speed_deg_s, abs=deviation)


def test_a_step_starts_and_ends_still() -> None:
    way = np.array([step(x) for x in np.linspace(-0.5, 1.5, 2001)])
    assert way[0] == 0.0
    assert way[-1] == 1.0
    assert (np.diff(way) >= 0.0).all()
    assert abs(np.diff(way, 2)).max() < 1e-5


@pytest.mark.parametrize("size_deg", [0.0, 1e-9, 1e-4])
def test_no_way_takes_a_time_that_can_be_divided_by(size_deg: float) -> None:
    assert 0.01 < duration_s(size_deg, 0.0) < 0.1
