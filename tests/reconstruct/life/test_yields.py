"""Life gives way: to what is sensed, at once and without a step, and to nobody being there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from unvisor.calibration.fit import fit
from unvisor.datasets.recording import Recording
from unvisor.datasets.streams import FaceTrack
from unvisor.headset.clock import NS_PER_S
from unvisor.headset.expressions import FROM_ARKIT, IN_ARKIT, arkit_from_unified
from unvisor.headset.frame import EyeSample, Face, Origin, SensorFrame, WornSample
from unvisor.headset.names import ARKIT_INDEX, UNIFIED
from unvisor.reconstruct.judge.leaks import causality, poison
from unvisor.reconstruct.life.life import BROW_SHAPES, Life
from unvisor.reconstruct.models import reconstructor
from unvisor.reconstruct.offline import track
from unvisor.reconstruct.reconstructor import FaceReconstructor

from ..faces import sensed
from ..test_features import eyes, face
from .wearer import UPRIGHT, times, voice

LOOK_AND_BLINK = [i for name, i in ARKIT_INDEX.items() if name.startswith(("eyeLook", "eyeBlink"))]


def alive(seed: int = 1, *, gestures: bool = False) -> FaceReconstructor:
    return reconstructor("neutral", None, Life(seed, gestures=gestures))


def last(living: FaceReconstructor, frames: Iterable[SensorFrame]) -> Face:
    """The face of the last frame."""
    return [living.reconstruct(frame) for frame in frames][-1]


def lid_only(sample: EyeSample) -> EyeSample:
    return replace(sample, gaze=np.full((2, 3), np.nan))


def as_arkit(shown: Face) -> np.ndarray:
    return arkit_from_unified(shown.weights, shown.gaze, shown.openness)


@pytest.mark.parametrize("seed", range(3))
def test_no_step_when_a_sensor_takes_over_or_is_lost(seed: int) -> None:
    """Each second the eyes come or go; at 30 Hz a switch adds no step over .15."""
    plain, living, free = reconstructor("neutral", None), alive(seed), alive(seed)
    before = None
    for at_ns in times(20.0, 30.0).tolist():
        sample = eyes(0.1, -0.1, 0.95, at_ns) if at_ns // NS_PER_S % 2 else None
        frame = SensorFrame(time_ns=at_ns, head=UPRIGHT, eyes=sample)
        unsensed = SensorFrame(time_ns=at_ns, head=UPRIGHT)
        shown, base = as_arkit(living.reconstruct(frame)), as_arkit(plain.reconstruct(frame))
        lives = as_arkit(free.reconstruct(unsensed))
        now = shown[LOOK_AND_BLINK], base[LOOK_AND_BLINK], lives[LOOK_AND_BLINK]
        if before is not None:
            step, base_step, life_step = (abs(a - b) for a, b in zip(now, before, strict=True))
            added = step - np.maximum(base_step, life_step)
            assert added.max() < 0.15, at_ns
        before = now


def test_what_is_measured_is_the_same_to_the_bit_with_life_and_without() -> None:
    recording = sensed("mouth+eyes", seconds=12.0, noise="model")
    profile = fit(recording.first(5.0).frames())
    plain = reconstructor("robust", profile)
    living = reconstructor("robust", profile, Life(3, gestures=True))
    hidden_eyes = 0
    for count, frame in enumerate(recording.frames()):
        lost = 150 <= count < 330
        given = replace(frame, eyes=None) if lost else frame
        expected, shown = plain.reconstruct(given), living.reconstruct(given)
        measured = shown.origin == Origin.MEASURED
        np.testing.assert_array_equal(shown.weights[measured], expected.weights[measured])
        for name in ("gaze", "openness"):
            by = "eye_origin" if name == "gaze" else "openness_origin"
            trusted = getattr(shown, by) == Origin.MEASURED
            np.testing.assert_array_equal(
                getattr(shown, name)[trusted], getattr(expected, name)[trusted]
            )
        np.testing.assert_array_equal(shown.median, expected.median)
        untouched = (shown.origin == Origin.INFERRED) | measured
        for name in ("weights", "low", "high"):
            np.testing.assert_array_equal(
                getattr(shown, name)[untouched], getattr(expected, name)[untouched]
            )
        if lost:
            hidden_eyes += bool((shown.eye_origin == Origin.SYNTHESISED).all())
        elif not 150 <= count < 360:  # on its way in or out it says held
            np.testing.assert_array_equal(shown.gaze, expected.gaze)
            np.testing.assert_array_equal(shown.openness, expected.openness)
            np.testing.assert_array_equal(shown.eye_origin, expected.eye_origin)
    assert hidden_eyes > 60


def test_an_eye_that_is_sensed_leads_the_other_and_lids_are_life_s_own() -> None:
    def left_sensed(at_ns: int) -> SensorFrame:
        sample = eyes(0.2, 0.0, float("nan"), at_ns)
        sample.gaze[1] = np.nan
        return SensorFrame(time_ns=at_ns, eyes=sample)

    shown = last(alive(), map(left_sensed, times(4.0, 60.0).tolist()))
    assert shown.eye_origin.tolist() == [Origin.MEASURED, Origin.INFERRED]
    np.testing.assert_array_equal(shown.gaze[1], shown.gaze[0])
    assert (shown.openness_origin == Origin.SYNTHESISED).all()


def test_a_gaze_that_is_lost_for_a_blink_is_not_taken_over() -> None:
    plain, living = reconstructor("neutral", None), alive()
    for at_ns in times(6.0, 60.0).tolist():
        sample = eyes(0.2, 0.0, 0.9, at_ns) if at_ns % NS_PER_S < 0.7 * NS_PER_S else None
        frame = SensorFrame(time_ns=at_ns, head=UPRIGHT, eyes=sample)
        expected, shown = plain.reconstruct(frame), living.reconstruct(frame)
        np.testing.assert_array_equal(shown.gaze, expected.gaze)
        np.testing.assert_array_equal(shown.openness, expected.openness)


def test_one_lid_that_is_sensed_keeps_the_other_from_blinking() -> None:
    living = alive()
    for at_ns in times(20.0, 60.0).tolist():
        sample = lid_only(eyes(0.0, 0.0, 1.0, at_ns))
        sample.openness[1] = np.nan
        shown = living.reconstruct(SensorFrame(time_ns=at_ns, eyes=sample))
        assert shown.openness.min() > 0.99
        assert (shown.eye_origin == Origin.SYNTHESISED).all() or not at_ns


def test_what_is_made_up_lies_in_its_interval_and_says_so() -> None:
    living = alive()
    living.reconstruct(SensorFrame(time_ns=0, head=UPRIGHT))
    for at_ns in times(20.0, 60.0)[1:].tolist():
        shown = living.reconstruct(SensorFrame(time_ns=at_ns, head=UPRIGHT))
        assert (shown.openness_low <= shown.openness).all()
        assert (shown.openness <= shown.openness_high).all()
        assert (shown.openness_median == 1.0).all()  # no guess is made of a blink
        assert (shown.eye_origin == Origin.SYNTHESISED).all()
        assert (shown.openness_origin == Origin.SYNTHESISED).all()
        assert not (shown.origin == Origin.SYNTHESISED).any()
        assert not shown.silent


def test_gestures_leave_alone_a_brow_that_is_sensed() -> None:
    living = alive(2, gestures=True)
    raised: list[np.ndarray] = []
    weights = np.full(len(UNIFIED), np.nan)
    weights[BROW_SHAPES[0]] = 0.1
    for at_ns in times(90.0, 30.0).tolist():
        spoken = 0.5 * ((at_ns / NS_PER_S) % 2.6 < 2.0)
        frame = SensorFrame(
            time_ns=at_ns, faces=(face(weights, at_ns),), speech=voice(at_ns, spoken)
        )
        shown = living.reconstruct(frame)
        raised.append(shown.weights[BROW_SHAPES])
        if at_ns > NS_PER_S:
            assert shown.weights[BROW_SHAPES[0]] == 0.1
            assert shown.origin[BROW_SHAPES[0]] == Origin.MEASURED
        gesturing = shown.weights[BROW_SHAPES[1]] > 0.0
        made_up = shown.origin[BROW_SHAPES[1]] == Origin.SYNTHESISED
        assert gesturing == made_up
    assert np.array(raised)[:, 1].max() > 0.2


@pytest.mark.parametrize("gone", ["taken off", "nothing sensed"])
def test_a_face_with_nobody_behind_it_comes_to_rest(gone: str) -> None:
    off = WornSample(time_ns=0, received_ns=0, worn=False) if gone == "taken off" else None
    living = alive()
    last(living, (SensorFrame(time_ns=at_ns, head=UPRIGHT) for at_ns in times(4.0, 60.0).tolist()))
    later = (4 * NS_PER_S + times(8.0, 60.0)).tolist()
    shown = last(living, (SensorFrame(time_ns=at_ns, worn=off) for at_ns in later))
    assert shown.silent
    assert shown.openness.tolist() == [1.0, 1.0]


def test_a_reconstruction_with_life_does_not_leak() -> None:
    def run(recording: Recording) -> FaceTrack:
        profile = fit(recording.first(5.0).frames())
        life = Life(1, gestures=True)
        return track(recording.frames(), reconstructor("neutral", profile, life))

    recording = sensed("mouth+audio", seconds=9.0)
    assert poison(run, recording).passed
    assert causality(run, recording, calibrated_s=5.0).passed
    assert run(recording).arkit[:, ARKIT_INDEX["eyeBlinkLeft"]].max() > 0.4


def test_scores_know_nothing_of_life() -> None:
    """Medians and intervals' medians are the model's own; what is sent differs where life is."""
    recording = sensed("mouth", seconds=12.0)
    profile = fit(recording.first(5.0).frames())
    plain = track(recording.frames(), reconstructor("robust", profile))
    living = track(recording.frames(), reconstructor("robust", profile, Life(1)))
    blinks = [ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]
    same = [i for i in range(plain.arkit.shape[1]) if i not in LOOK_AND_BLINK]
    np.testing.assert_array_equal(plain.arkit[:, same], living.arkit[:, same])
    np.testing.assert_array_equal(plain.arkit_median[:, same], living.arkit_median[:, same])
    np.testing.assert_array_equal(plain.arkit_median[:, blinks], living.arkit_median[:, blinks])
    assert abs(plain.arkit[:, blinks] - living.arkit[:, blinks]).max() > 0.4
    assert IN_ARKIT[BROW_SHAPES].all()
    assert (FROM_ARKIT[BROW_SHAPES[:2]] == ARKIT_INDEX["browInnerUp"]).all()
