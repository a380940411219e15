from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from unvisor.calibration.donning import AFTER_S, GONE_S, SETTLES_S, Donnings, aimed, between, donned
from unvisor.calibration.profile import Donning, Profile, of_nobody
from unvisor.headset.clock import NS_PER_S
from unvisor.headset.frame import EyeSample, SensorFrame, WornSample

RATE_HZ = 60


def frames(
    from_s: float, to_s: float, *, worn: bool | None = None, sensed: bool = True
) -> Iterator[SensorFrame]:
    for at_ns in range(round(from_s * NS_PER_S), round(to_s * NS_PER_S), NS_PER_S // RATE_HZ):
        yield SensorFrame(
            time_ns=at_ns,
            eyes=EyeSample(
                time_ns=at_ns,
                received_ns=at_ns,
                gaze=np.array([[0.0, 0.0, -1.0]] * 2),
                openness=np.ones(2),
                pupil_mm=np.full(2, np.nan),
                confidence=np.ones(2),
            )
            if sensed
            else None,
            worn=None if worn is None else WornSample(time_ns=at_ns, received_ns=at_ns, worn=worn),
        )


def gathers(donnings: Donnings, seen: Iterator[SensorFrame]) -> list[tuple[float, float]]:
    """Return when a use was given, and how much of it."""
    return [
        (frame.time_ns / NS_PER_S, use.seconds)
        for frame in seen
        if (use := donnings.take(frame)) is not None
    ]


def test_a_headset_that_stays_on_is_left_alone() -> None:
    assert gathers(Donnings(), frames(0.0, 60.0, worn=True)) == []
    assert gathers(Donnings(), frames(0.0, 60.0)) == []


def test_off_and_on_again_gathers_the_first_seconds_of_use_and_then_more() -> None:
    donnings = Donnings()
    gathers(donnings, frames(0.0, 5.0, worn=True))
    assert gathers(donnings, frames(5.0, 8.0, worn=False)) == []
    assert not donnings.worn
    first, second = gathers(donnings, frames(8.0, 90.0, worn=True))
    for (at_s, use_s), after_s in zip((first, second), AFTER_S, strict=True):
        assert at_s == pytest.approx(8.0 + SETTLES_S + after_s, abs=0.1)
        assert use_s == pytest.approx(after_s, abs=0.1)
    assert donnings.began == 1
    assert not donnings.asked


@pytest.mark.parametrize(("gone_s", "again"), [(GONE_S - 1.0, False), (GONE_S + 1.0, True)])
def test_without_a_word_of_it_a_headset_is_off_when_nothing_is_sensed(
    gone_s: float, again: bool
) -> None:
    donnings = Donnings()
    gathers(donnings, frames(0.0, 5.0))
    gathers(donnings, frames(5.0, 5.0 + gone_s, sensed=False))
    assert donnings.worn is not again
    assert bool(gathers(donnings, frames(5.0 + gone_s, 60.0))) is again


def test_a_hole_in_the_frames_is_a_headset_taken_off() -> None:
    donnings = Donnings()
    gathers(donnings, frames(0.0, 5.0))
    assert len(gathers(donnings, frames(65.0, 100.0))) == len(AFTER_S)


def test_a_word_that_is_no_longer_said_does_not_latch() -> None:
    donnings = Donnings()
    gathers(donnings, frames(0.0, 5.0, worn=False))
    assert not donnings.worn
    gathers(donnings, frames(5.0, 6.0))  # whoever said it is gone, and the eyes are seen
    assert donnings.worn


def test_taken_off_meanwhile_it_begins_anew() -> None:
    donnings = Donnings(begins=True)
    assert gathers(donnings, frames(0.0, 5.0)) == []
    gathers(donnings, frames(5.0, 6.0, worn=False))
    assert donnings.seen_s == 0.0
    ((at_s, use_s),) = gathers(donnings, frames(6.0, 13.0, worn=True))
    assert at_s == pytest.approx(6.0 + SETTLES_S + AFTER_S[0], abs=0.1)
    assert use_s == pytest.approx(AFTER_S[0], abs=0.1)


def test_it_can_be_asked_for_and_ended() -> None:
    donnings = Donnings()
    gathers(donnings, frames(0.0, 5.0, worn=True))
    donnings.recentre()
    assert len(gathers(donnings, frames(5.0, 13.0, worn=True))) == 1
    assert donnings.asked
    donnings.settle()
    assert gathers(donnings, frames(13.0, 60.0, worn=True)) == []


def test_a_better_fit_of_a_donning_replaces_it_and_another_donning_does_not() -> None:
    profile = donned(of_nobody(), Donning(utc="a"), again=False)
    profile = donned(profile, Donning(utc="b"), again=False)
    assert [one.utc for one in profile.donnings] == ["a", "b"]
    assert [one.utc for one in donned(profile, Donning(utc="c"), again=True).donnings] == ["a", "c"]
    for number in range(20):
        profile = donned(profile, Donning(utc=str(number)), again=False)
    assert len(profile.donnings) == 8


def test_between_two_donnings_nothing_steps() -> None:
    far = Donning(
        rest_offset=np.full(88, 0.1),
        openness_ratio=np.array([1.2, 0.9]),
        gaze_offset_rad=np.full((2, 2), 0.03),
    )
    one = of_nobody()
    other = donned(one, far, again=False)
    assert_donning(between(one, other, 0.0), Donning())
    assert_donning(between(one, other, 1.0), far)
    half = between(one, other, 0.5).donning
    assert half.rest_offset == pytest.approx(0.05)
    assert half.openness_ratio == pytest.approx([1.1, 0.95])


def assert_donning(profile: Profile, donning: Donning) -> None:
    assert np.array_equal(profile.donning.rest_offset, donning.rest_offset)
    assert np.array_equal(profile.donning.openness_ratio, donning.openness_ratio)
    assert np.array_equal(profile.donning.gaze_offset_rad, donning.gaze_offset_rad)
    assert np.array_equal(profile.donning.gaze_matrix, donning.gaze_matrix)


def test_without_targets_nothing_is_aimed() -> None:
    profile = donned(of_nobody(), Donning(utc="a"), again=False)
    donning, outcome = aimed(replace(profile), [])
    assert donning is profile.donning
    assert not outcome.accepted
    assert outcome.reason == "no target was looked at"
