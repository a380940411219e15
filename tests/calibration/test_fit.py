from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from unvisor.calibration.fit import ENOUGH_S, fit
from unvisor.headset.expressions import unified_from_arkit
from unvisor.headset.frame import SensorFrame
from unvisor.headset.names import ARKIT, UNIFIED, UNIFIED_INDEX

from ..reconstruct.faces import sensed
from ..reconstruct.test_features import eyes, face

JAW = UNIFIED_INDEX["JawOpen"]


def frames(
    seconds: float, resting: float, *, moving: float = 0.9, share: float = 0.3
) -> list[SensorFrame]:
    """A face at 60 Hz that rests, but for a share of the time."""
    found: list[SensorFrame] = []
    for number in range(round(seconds * 60)):
        time_ns = number * 16_666_667
        value = moving if (number % 100) / 100 < share else resting
        weights = unified_from_arkit(np.full(len(ARKIT), value))
        sample = eyes(0.1, -0.2, 0.8 if value == resting else 0.1, time_ns)
        found.append(SensorFrame(time_ns=time_ns, faces=(face(weights, time_ns),), eyes=sample))
    return found


def test_rest_is_what_the_face_does_most() -> None:
    profile = fit(frames(20.0, 0.15))
    assert profile.rest[JAW] == pytest.approx(0.15)
    assert profile.reach[JAW] == pytest.approx(0.9)
    assert profile.openness_rest == pytest.approx([0.8, 0.8])
    assert profile.gaze_rest_rad[0] == pytest.approx([0.1, -0.2])
    assert profile.quality == 1.0
    assert not profile.notes


def test_shapes_the_tracker_does_not_see_stay_unknown() -> None:
    profile = fit(frames(5.0, 0.1))
    assert np.isnan(profile.rest[UNIFIED_INDEX["TongueRoll"]])


def test_a_moment_is_half_believed_and_says_so() -> None:
    profile = fit(frames(1.0, 0.3, share=0.0))
    assert 0.05 < profile.rest[JAW] < 0.15
    assert profile.quality == pytest.approx(1.0 / ENOUGH_S, abs=0.01)
    assert "only 1.0 s" in profile.notes[0]


def test_nothing_seen_gives_a_profile_of_no_quality_not_a_failure() -> None:
    for seen in ([], [SensorFrame(time_ns=0), SensorFrame(time_ns=1_000_000_000)]):
        profile = fit(seen)
        assert profile.quality == 0.0
        assert np.isnan(profile.rest).all()
        assert profile.notes


def test_a_sample_shown_in_many_frames_counts_once() -> None:
    rare, common = frames(10.0, 0.1, share=0.0), frames(10.0, 0.7, share=0.0)
    repeated = [SensorFrame(time_ns=f.time_ns, faces=rare[0].faces) for f in rare] + common
    assert fit(repeated).rest[JAW] == pytest.approx(0.7)


def test_mouth_alone_says_that_the_eyes_are_uncalibrated() -> None:
    profile = fit(sensed("mouth").frames())
    assert np.isnan(profile.openness_rest).all()
    assert any("eye" in note for note in profile.notes)
    assert np.isfinite(profile.rest[JAW])
    assert profile.rest.shape == (len(UNIFIED),)


def test_a_tracker_that_was_seen_for_a_moment_is_believed_by_that_moment() -> None:
    long = [replace(one, faces=()) for one in frames(10.0, 0.3, share=0.0)]
    short = frames(1.0, 0.3, share=0.0)
    profile = fit(short + long[len(short) :])
    assert profile.rest[JAW] == pytest.approx(0.1, abs=0.01)
    assert profile.openness_rest == pytest.approx([0.8, 0.8])
