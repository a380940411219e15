from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.headset.clock import NS_PER_S
from unvisor.headset.expressions import LOOK_IN_RAD, LOOK_OUT_RAD, LOOK_UP_RAD
from unvisor.headset.names import ARKIT, ARKIT_INDEX, BLINK_2
from unvisor.reconstruct.judge.behaviour import HUMAN, behaviour

Floats = NDArray[np.float64]
RATE_HZ = 120.0


def times(count: int, rate_hz: float = RATE_HZ) -> NDArray[np.int64]:
    return np.rint(np.arange(count) * NS_PER_S / rate_hz).astype(np.int64)


def eased(x: Floats) -> Floats:
    """A minimum-jerk step from 0 to 1."""
    x = np.clip(x, 0.0, 1.0)
    return x**3 * (10 - 15 * x + 6 * x**2)


def face(seconds: float, rate_hz: float = RATE_HZ) -> tuple[Floats, Floats]:
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    return time_s, np.zeros((len(time_s), len(ARKIT)))


def blinking(rate_hz: float = RATE_HZ, closing_s: float = 0.15, opening_s: float = 0.215) -> Floats:
    """Twenty blinks a minute for two minutes."""
    time_s, arkit = face(120.0, rate_hz)
    since_s = (time_s % 3.0) - 1.0
    lid = eased(since_s / closing_s) - eased((since_s - closing_s - 0.02) / opening_s)
    arkit[:, [ARKIT_INDEX[name] for name in BLINK_2]] = 0.9 * lid[:, None]
    return arkit


def test_blinks_are_counted_timed_and_their_skew_told() -> None:
    arkit = blinking()
    figures = behaviour(times(len(arkit)), arkit)
    assert figures["blink_rate_per_min"] == pytest.approx(20.0, rel=0.02)
    # From 10 % up to 10 % down: a minimum-jerk step passes 10 % a quarter of the way in.
    assert figures["blink_duration_ms"] == pytest.approx(150 + 20 + 215 - 0.25 * 365, abs=15)
    assert figures["blink_closing_over_opening"] == pytest.approx(215 / 150, rel=0.03)
    for name in ("blink_rate_per_min", "blink_duration_ms", "blink_closing_over_opening"):
        assert HUMAN[name].low <= figures[name] <= HUMAN[name].high


def test_closed_eyes_are_no_blink() -> None:
    time_s, arkit = face(60.0)
    arkit[:, [ARKIT_INDEX[name] for name in BLINK_2]] = ((time_s % 10) > 8)[:, None] * 0.9
    figures = behaviour(times(len(arkit)), arkit)
    assert figures["blink_rate_per_min"] == 0.0
    assert np.isnan(figures["blink_duration_ms"])


def test_a_slow_track_tells_rates_and_no_speeds() -> None:
    arkit = blinking(rate_hz=30.0)
    figures = behaviour(times(len(arkit), 30.0), arkit)
    assert figures["blink_rate_per_min"] == pytest.approx(20.0, rel=0.02)
    assert np.isnan(figures["blink_closing_over_opening"])
    assert np.isnan(figures["saccade_speed_over_main_sequence"])


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_glances_are_set_against_the_main_sequence(share: float) -> None:
    # Ten degrees to the right and back, 250 ms apart: people reach 462 (1 - e^-1.1) = 308 deg/s,
    # and a minimum-jerk step's peak speed is 1.875 times its mean.
    time_s, arkit = face(30.0)
    lasts_s = 1.875 * 10.0 / (462.0 * (1 - np.exp(-10 / 9.1))) / share
    phase = time_s % (2 * (0.25 + lasts_s))
    yaw_rad = np.radians(10) * (
        eased((phase - 0.25) / lasts_s) - eased((phase - 0.5 - lasts_s) / lasts_s)
    )
    arkit[:, ARKIT_INDEX["eyeLookOutRight"]] = yaw_rad / LOOK_OUT_RAD
    arkit[:, ARKIT_INDEX["eyeLookInLeft"]] = yaw_rad / LOOK_IN_RAD
    figures = behaviour(times(len(arkit)), arkit)
    assert figures["saccade_speed_over_main_sequence"] == pytest.approx(share, rel=0.08)
    # The slow ends of a saccade count as rest, and a slower one's last longer.
    assert figures["fixation_ms"] == pytest.approx(250 + 0.1 * 1000 * lasts_s, abs=30)


def test_a_lid_that_follows_the_eye_late_is_found_out() -> None:
    time_s, arkit = face(30.0)
    up = 0.3 * np.sin(time_s * 2.0) * np.sin(time_s * 0.7)
    late = 0.3 * np.sin((time_s - 0.05) * 2.0) * np.sin((time_s - 0.05) * 0.7)
    arkit[:, ARKIT_INDEX["eyeLookUpLeft"]] = arkit[:, ARKIT_INDEX["eyeLookUpRight"]] = np.maximum(
        up, 0
    )
    down = np.maximum(-up, 0) * LOOK_UP_RAD / 0.61
    arkit[:, ARKIT_INDEX["eyeLookDownLeft"]] = arkit[:, ARKIT_INDEX["eyeLookDownRight"]] = down
    arkit[:, [ARKIT_INDEX[name] for name in BLINK_2]] = -0.4 * late[:, None]
    assert behaviour(times(len(arkit)), arkit)["lid_behind_gaze_ms"] == pytest.approx(50, abs=5)


@pytest.mark.parametrize("count", [0, 1, 2, 500])
def test_a_face_that_does_nothing_has_no_figures(count: int) -> None:
    figures = behaviour(times(count), np.full((count, len(ARKIT)), np.nan))
    assert list(figures) == list(HUMAN)
    assert all(np.isnan(value) for value in figures.values())
