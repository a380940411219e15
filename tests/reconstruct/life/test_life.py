from __future__ import annotations

import numpy as np
import pytest

from unvisor.headset.clock import NS_PER_S
from unvisor.headset.expressions import LOOK_DOWN_RAD
from unvisor.headset.frame import SensorFrame
from unvisor.reconstruct.judge.behaviour import HUMAN, behaviour
from unvisor.reconstruct.judge.onsets import onsets
from unvisor.reconstruct.life.life import Life
from unvisor.reconstruct.life.person import Activity

from ..test_features import eyes
from .wearer import UPRIGHT, Lived, head, live, times, voice

TALKS_S, PAUSES_S = 2.0, 0.6


def talking(time_ns: int) -> SensorFrame:
    """Phrases and pauses."""
    spoken = (time_ns / NS_PER_S) % (TALKS_S + PAUSES_S) < TALKS_S
    return SensorFrame(time_ns=time_ns, head=UPRIGHT, speech=voice(time_ns, 0.5 * spoken))


def blink_times_s(lived: Lived) -> np.ndarray:
    return onsets(lived.time_ns, lived.closure.mean(axis=1)) / NS_PER_S


@pytest.mark.parametrize("seed", range(1, 21))
def test_behaves_as_people_do_at_any_frame_rate(seed: int) -> None:
    rate_hz = (60.0, 90.0, 120.0)[seed % 3]
    lived = live(Life(seed), times(100.0, rate_hz))
    figures = behaviour(lived.time_ns, lived.arkit)
    if rate_hz < 80.0:  # too slow to tell a saccade's peak
        assert np.isnan(figures.pop("saccade_speed_over_main_sequence"))
    outside = {
        name: value
        for name, value in figures.items()
        if not HUMAN[name].low <= value <= HUMAN[name].high
    }
    assert not outside


def test_does_the_same_at_every_frame_rate() -> None:
    slow = live(Life(4), times(40.0, 30.0))
    fast = live(Life(4), times(40.0, 120.0))
    shared = np.searchsorted(fast.time_ns, slow.time_ns)
    np.testing.assert_array_equal(fast.time_ns[shared], slow.time_ns)
    np.testing.assert_allclose(fast.gaze[shared], slow.gaze, atol=1e-6)
    np.testing.assert_allclose(fast.closure[shared], slow.closure, atol=0.03)  # lids lag


def test_uneven_frames_and_holes_leave_eyes_and_lids_where_they_can_be() -> None:
    rng = np.random.default_rng(7)
    steps_ns = rng.choice([0, 1, 8_333_333, 33_333_333, 900_000_000, 5 * NS_PER_S], size=4000)
    steps_ns[1000] = 86_400 * NS_PER_S
    steps_ns[2000] = -50 * NS_PER_S
    lived = live(Life(5), 10**15 + np.cumsum(steps_ns))
    np.testing.assert_allclose(np.linalg.norm(lived.gaze, axis=-1), 1.0)
    assert -0.3 < lived.closure.min() < lived.closure.max() <= 1.0
    assert abs(lived.yaw_deg).max() < 30.0
    assert abs(lived.pitch_deg).max() < 25.0


def test_a_seed_is_a_person_and_a_reset_begins_anew() -> None:
    life, at_ns = Life(6), times(20.0, 60.0)
    first = live(life, at_ns)
    life.reset()
    again = live(life, at_ns)
    np.testing.assert_array_equal(first.gaze, again.gaze)
    np.testing.assert_array_equal(first.closure, again.closure)
    assert abs(first.gaze - live(Life(7), at_ns).gaze).max() > 0.01


def test_no_lid_comes_over_the_pupil_but_in_a_blink() -> None:
    lived = live(Life(8), times(240.0, 30.0), talking)
    closure, pitch_deg = lived.closure.mean(axis=1), lived.pitch_deg.mean(axis=1)
    # The default head: the margin stands 23 degrees up, comes 30 down when shut and 0.72 of that with
    # eyeLookDown at 1. A pupil of 4 mm in an eye of 12 reaches 10 degrees up.
    down = np.maximum(-np.radians(pitch_deg), 0.0) / LOOK_DOWN_RAD
    margin_deg = 23.0 - 30.0 * closure - 0.72 * 30.0 * down
    calm = np.ones(len(closure), bool)
    for at_s in blink_times_s(lived):
        calm &= (lived.time_s < at_s - 0.3) | (lived.time_s > at_s + 0.6)
    assert pitch_deg[calm].min() < -10.0  # it looked down
    assert (margin_deg - pitch_deg)[calm].min() > 10.0


def test_blinks_gather_where_phrases_end_and_stay_as_many() -> None:
    near = total = 0
    for seed in range(1, 5):
        lived = live(Life(seed), times(240.0, 20.0), talking)
        found_s = blink_times_s(lived)
        since_s = (found_s - TALKS_S) % (TALKS_S + PAUSES_S)
        near += int(np.count_nonzero((since_s > 0.15) & (since_s < 0.60)))
        total += len(found_s)
        asked = Life(seed).person.blinks_per_min[Activity.TALK]
        assert len(found_s) / 4.0 == pytest.approx(asked, rel=0.25)
    assert near / total > 2.0 * 0.45 / (TALKS_S + PAUSES_S)  # twice chance


def test_a_great_turn_of_the_head_carries_a_blink() -> None:
    """Sixty degrees to one side within half a second, then back, 30 times."""

    def turning(time_ns: int) -> SensorFrame:
        phase = (time_ns / NS_PER_S) % 4.0
        yaw_deg = 60.0 * (np.clip(phase / 0.5, 0, 1) - np.clip((phase - 2.0) / 0.5, 0, 1))
        return SensorFrame(time_ns=time_ns, head=head(time_ns, float(yaw_deg)))

    lived = live(Life(9), times(60.0, 60.0), turning)
    found_s = blink_times_s(lived)
    turns_s = np.arange(0.0, 60.0, 2.0)
    with_blink = [np.any((found_s > at_s) & (found_s < at_s + 0.8)) for at_s in turns_s]
    assert np.mean(with_blink) > 0.85


def test_the_eyes_hold_their_point_while_the_head_turns() -> None:
    """The reflex: gain 1, and late by its 10 ms."""
    speed_deg_s = 20.0

    def turning(time_ns: int) -> SensorFrame:
        yaw_deg = speed_deg_s * abs((time_ns / NS_PER_S) % 2.0 - 1.0)
        return SensorFrame(time_ns=time_ns, head=head(time_ns, yaw_deg))

    lived = live(Life(10), times(60.0, 100.0), turning)
    head_deg_s = np.where(lived.time_s % 2.0 < 1.0, -speed_deg_s, speed_deg_s)[1:]
    eye_deg_s = np.diff(lived.yaw_deg.mean(axis=1)) * 100.0
    phase = lived.time_s[1:] % 1.0
    settled = (phase > 0.1) & (lived.closure.max(axis=1)[1:] < 0.3)
    gains = (-eye_deg_s / head_deg_s)[settled]
    fixating = gains[abs(gains) < 2.0]
    assert len(fixating) > 0.5 * len(gains)
    assert np.median(fixating) == pytest.approx(1.0, abs=0.02)


def test_both_eyes_turn_in_for_what_is_near_and_never_apart() -> None:
    lived = live(Life(11), times(120.0, 60.0), talking)
    convergence_deg = lived.yaw_deg[:, 0] - lived.yaw_deg[:, 1]
    assert convergence_deg.min() > 0.0
    open_ = lived.closure.max(axis=1) < 0.1
    assert np.ptp(convergence_deg[open_]) > 1.0  # near and far
    steps_deg = abs(np.diff(convergence_deg))[open_[1:] & open_[:-1]]
    assert steps_deg.max() < 1.0  # slowly


def test_brows_keep_still_unless_gestures_are_asked_for() -> None:
    lived = live(Life(12), times(60.0, 60.0), talking)
    assert not lived.brows.any()


def test_gestures_time_speech_as_often_and_as_long_as_people_do() -> None:
    lived = live(Life(13, gestures=True), times(480.0, 30.0), talking)
    inner = lived.brows[:, 0]
    raised = np.concatenate([[0], (inner > 0).astype(int), [0]])
    starts, ends = np.flatnonzero(np.diff(raised) > 0), np.flatnonzero(np.diff(raised) < 0)
    lasts_s = (ends - starts + 1) / 30.0
    assert 1.5 < len(starts) / 8.0 < 3.2
    assert 0.50 < lasts_s.min() < lasts_s.max() < 0.72
    assert 0.2 < inner.max() <= 0.5
    assert abs(np.diff(inner)).max() < 0.15
    began_s = lived.time_s[starts] % (TALKS_S + PAUSES_S)
    assert (began_s < 0.1).all()  # where the phrases start


def test_nobody_gestures_in_silence() -> None:
    assert not live(Life(14, gestures=True), times(120.0, 30.0)).brows.any()


def test_what_the_wearer_does_sets_how_often_they_blink() -> None:
    at_ns = times(240.0, 20.0)
    rates = [
        len(blink_times_s(live(Life(15), at_ns, activity=activity)))
        for activity in (Activity.READ, Activity.LOOK, Activity.TALK)
    ]
    assert rates == sorted(rates)
    assert rates[0] < 0.6 * rates[1]


def test_lids_follow_an_eye_that_is_sensed() -> None:
    def looking(time_ns: int) -> SensorFrame:
        down = 0.35 if time_ns > 10 * NS_PER_S else 0.0
        return SensorFrame(time_ns=time_ns, eyes=eyes(0.0, -down, float("nan"), time_ns))

    lived = live(Life(16), times(20.0, 60.0), looking)
    before, after = lived.closure[:599, 0], lived.closure[600:, 0]
    assert np.median(before) == pytest.approx(0.0, abs=0.01)
    assert np.median(after) == pytest.approx(np.degrees(0.35) * 0.015, abs=0.02)
