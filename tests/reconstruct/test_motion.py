from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from unvisor.headset.clock import NS_PER_MS, NS_PER_S
from unvisor.headset.names import UNIFIED, UNIFIED_INDEX
from unvisor.reconstruct.motion import AHEAD_NS, Motion

JAW = UNIFIED_INDEX["JawOpen"]
SMILE = UNIFIED_INDEX["MouthCornerPullLeft"]
LEFT = len(UNIFIED)
AHEAD_S = AHEAD_NS / NS_PER_S
START_NS = 5 * NS_PER_S

Course = Callable[[float], float]


def values(jaw: float = 0.0, openness: float = 1.0) -> np.ndarray:
    at = np.zeros(len(UNIFIED) + 2)
    at[JAW], at[LEFT:] = jaw, openness
    return at


def rates(
    motion: Motion, jaw: Course, *, seconds: float, frame_hz: float, sensor_hz: float | None = None
) -> np.ndarray:
    """Play a jaw's course, sampled at `sensor_hz`, in frames at `frame_hz`; return the last rate."""
    rate = np.full(len(UNIFIED) + 2, np.nan)
    for frame in range(round(seconds * frame_hz)):
        time_s = frame / frame_hz
        at_s = time_s if sensor_hz is None else np.floor(time_s * sensor_hz + 1e-9) / sensor_hz
        time_ns = START_NS + round(time_s * NS_PER_S)
        rate = motion.rate(time_ns, time_s - at_s, 0.0, values(jaw(at_s)))
    return rate


def test_what_rests_stays() -> None:
    assert not rates(Motion(), lambda _: 0.4, seconds=1.0, frame_hz=90.0).any()


@pytest.mark.parametrize("frame_hz", [30.0, 60.0, 72.0, 90.0, 120.0, 144.0])
def test_a_steady_motion_is_carried_on_alike_at_any_frame_rate(frame_hz: float) -> None:
    rate = rates(Motion(), lambda s: 0.9 * s, seconds=0.5, frame_hz=frame_hz)
    assert rate[JAW] == pytest.approx(0.65 * 0.9, rel=0.01)
    assert rate[SMILE] == 0.0


def test_an_old_sample_is_carried_farther_than_a_new_one() -> None:
    def aged(age_ms: int) -> float:
        motion, rate = Motion(), np.zeros(0)
        for frame in range(40):
            rate = motion.rate(
                START_NS + frame * 10 * NS_PER_MS, age_ms / 1000, 0.0, values(frame * 0.01)
            )
        return float(rate[JAW])

    assert 1.5 * aged(0) < aged(35) < 2.5 * aged(0)
    assert aged(300) == 0.0  # silent for so long, it is not carried on at all


def test_frames_between_samples_repeat_no_step() -> None:
    slow = rates(Motion(), lambda s: 0.9 * s, seconds=0.5, frame_hz=120.0, sensor_hz=30.0)
    assert slow[JAW] == pytest.approx(0.65 * 0.9 * 1.5, rel=0.25)  # its sample is 25 ms old


def test_a_lid_goes_on_by_what_it_has_to_go_and_never_past_shut() -> None:
    def closing(openness: float, step: float) -> float:
        motion = Motion()
        for frame in range(8):
            motion.rate(START_NS + frame * NS_PER_S // 30, 0.0, 0.0, values(0.0, openness - step))
        rate = motion.rate(START_NS + 8 * NS_PER_S // 30, 0.0, 0.0, values(0.0, openness))
        return float(AHEAD_S * rate[LEFT])

    assert closing(0.8, -0.2) < closing(0.3, -0.2) < 0.0  # nearly shut it has spent its way
    assert closing(0.1, -0.9) >= -0.1 - 1e-12
    assert closing(0.3, 0.2) > closing(0.9, 0.2) > 0.0  # nearly open, too


def test_tremor_is_not_thrown_ahead_and_a_large_motion_amid_it_is() -> None:
    rng, motion, frames = np.random.default_rng(1), Motion(), 600
    tremor = 0.02 * rng.standard_normal(frames)
    for frame in range(frames - 1):
        motion.rate(START_NS + frame * NS_PER_S // 60, 0.0, 0.0, values(tremor[frame]))
    thrown = [
        motion.rate(START_NS + frame * NS_PER_S // 60, 0.0, 0.0, values(tremor[frame - frames]))[
            JAW
        ]
        for frame in range(frames, 2 * frames)
    ]
    assert AHEAD_S * np.abs(thrown).mean() < 0.001
    opens = motion.rate(START_NS + 2 * frames * NS_PER_S // 60, 0.0, 0.0, values(0.5))
    assert AHEAD_S * opens[JAW] > 0.1


def test_without_noise_the_small_is_carried_on_as_well() -> None:
    motion = Motion()
    rates(motion, lambda s: 0.2 * np.sin(3.0 * s), seconds=10.0, frame_hz=60.0)
    rate = np.zeros(0)
    for frame in range(12):
        time_ns = START_NS + 10 * NS_PER_S + frame * NS_PER_S // 60
        rate = motion.rate(time_ns, 0.0, 0.0, values(0.2 * np.sin(30.0) + 0.003 * frame))
    assert rate[JAW] == pytest.approx(0.65 * 0.18, rel=0.05)


def test_what_appears_did_not_move_there_and_nothing_missing_lasts() -> None:
    motion = Motion()
    absent = values()
    absent[JAW] = np.nan
    for frame in range(20):
        assert motion.rate(START_NS + frame * 11 * NS_PER_MS, 0.0, 0.0, absent)[JAW] == 0.0
    there = [
        motion.rate(START_NS + frame * 11 * NS_PER_MS, 0.0, 0.0, values(0.7 + 0.01 * (frame - 20)))
        for frame in range(20, 60)
    ]
    assert there[0][JAW] == 0.0
    assert np.isfinite(there).all()
    assert there[-1][JAW] > 0.3


def test_a_gap_and_a_clock_set_back_begin_anew() -> None:
    for jump_ns in (2 * NS_PER_S, -NS_PER_S):
        motion = Motion()
        rates(motion, lambda s: 0.9 * s, seconds=0.5, frame_hz=90.0)
        assert not motion.rate(START_NS + jump_ns + NS_PER_S // 2, 0.0, 0.0, values(0.9)).any()


def test_a_sensor_that_comes_back_with_an_older_sample_throws_nothing() -> None:
    motion = Motion()
    largest = 0.0
    for frame in range(90):
        lost = 30 <= frame < 45
        rate = motion.rate(
            START_NS + frame * 11 * NS_PER_MS, 0.0 if lost else 0.04, 0.0, values(0.3)
        )
        largest = max(largest, float(np.abs(rate).max()))
    assert largest < 1e-9


def test_a_long_session_is_as_its_last_moment() -> None:
    long, short = Motion(), Motion()
    rates(long, lambda s: 0.3 * s, seconds=4.0, frame_hz=120.0)
    rates(short, lambda s: 0.3 * s, seconds=0.5, frame_hz=120.0)
    now = START_NS + 4 * NS_PER_S
    assert long.rate(now, 0.0, 0.0, values(1.2))[JAW] == pytest.approx(
        short.rate(START_NS + NS_PER_S // 2, 0.0, 0.0, values(0.15))[JAW], rel=1e-6
    )
