from __future__ import annotations

import numpy as np
import pytest

from unvisor.headset.frame import EVENTS, Face, Origin, SensorFrame
from unvisor.headset.names import ARKIT, ARKIT_INDEX, UNIFIED, UNIFIED_INDEX
from unvisor.reconstruct.compose import Composer
from unvisor.reconstruct.features import Features
from unvisor.reconstruct.guess import HIGH, LOW, Guess

from .test_features import eyes, face

JAW = UNIFIED_INDEX["JawOpen"]
CHEEK = UNIFIED_INDEX["CheekSquintLeft"]
TONGUE = UNIFIED_INDEX["TongueRoll"]
FRAME_NS = 11_111_111


def guess(value: float) -> Guess:
    faces = np.full((4, len(ARKIT)), value)
    faces[LOW] -= 0.1
    faces[HIGH] += 0.2
    return Guess(faces, np.zeros(len(EVENTS)))


def jaw(value: float) -> np.ndarray:
    weights = np.full(len(UNIFIED), np.nan)
    weights[JAW] = value
    return weights


class Wearer:
    """Frames one after the other at 90 Hz, with the jaw sensed or not."""

    def __init__(self) -> None:
        self.features, self.composer, self.time_ns = Features(None), Composer(), 0

    def next(self, value: float | None, guessed: float, *, gaze: bool = False) -> Face:
        self.time_ns += FRAME_NS
        faces = () if value is None else (face(jaw(value), self.time_ns),)
        sample = eyes(0.3, 0.0, 0.5, self.time_ns) if gaze else None
        frame = SensorFrame(time_ns=self.time_ns, faces=faces, eyes=sample)
        return self.composer.compose(self.time_ns, self.features.observe(frame), guess(guessed))


def test_measured_passes_through_and_hidden_is_guessed() -> None:
    shown = Wearer().next(0.7, 0.25, gaze=True)
    assert shown.weights[JAW] == shown.low[JAW] == shown.high[JAW] == 0.7
    assert shown.origin[JAW] == Origin.MEASURED
    assert shown.weights[CHEEK] == shown.median[CHEEK] == 0.25
    assert (shown.low[CHEEK], shown.high[CHEEK]) == pytest.approx((0.15, 0.45))
    assert shown.origin[CHEEK] == Origin.INFERRED
    assert np.isnan(shown.weights[TONGUE])
    assert shown.origin[TONGUE] == Origin.ABSENT
    assert shown.openness.tolist() == [0.5, 0.5]
    assert shown.eye_origin.tolist() == [Origin.MEASURED] * 2


def test_an_unsensed_lid_is_one_minus_blink_and_its_interval_keeps_its_ends() -> None:
    shown = Wearer().next(0.7, 0.25)
    assert shown.openness == pytest.approx([0.75, 0.75])
    assert shown.openness_low == pytest.approx([0.55, 0.55])
    assert shown.openness_high == pytest.approx([0.85, 0.85])
    assert (shown.openness_origin == Origin.INFERRED).all()


def test_a_lost_sensor_lets_go_without_a_step_and_reaches_the_guess() -> None:
    wearer = Wearer()
    for _ in range(5):
        wearer.next(0.9, 0.0)
    shown = [wearer.next(None, 0.0) for _ in range(240)]
    values = np.array([0.9] + [now.weights[JAW] for now in shown])
    assert np.abs(np.diff(values)).max() < 0.05
    assert values[1] > 0.8
    assert values[-1] == 0.0
    assert shown[0].origin[JAW] == Origin.HELD
    assert shown[-1].origin[JAW] == Origin.HELD  # nothing is sensed: at rest is no inference
    assert not shown[0].silent
    assert shown[-1].silent
    assert shown[0].low[JAW] <= shown[0].weights[JAW] <= shown[0].high[JAW]


def test_a_sensor_that_comes_back_is_the_truth_again_within_half_a_second() -> None:
    wearer = Wearer()
    wearer.next(0.0, 0.0)
    for _ in range(100):
        wearer.next(None, 0.0)
    shown = [wearer.next(1.0, 0.0) for _ in range(60)]
    assert shown[0].weights[JAW] < 0.3
    assert shown[33].weights[JAW] == pytest.approx(1.0, abs=0.05)
    assert shown[-1].weights[JAW] == 1.0
    assert shown[-1].origin[JAW] == Origin.MEASURED


def test_gaze_turns_to_the_front_when_the_eyes_are_lost_and_stays_a_direction() -> None:
    wearer = Wearer()
    wearer.next(0.0, 0.0, gaze=True)
    shown = [wearer.next(0.0, 0.0) for _ in range(150)]
    lengths = np.linalg.norm([now.gaze for now in shown], axis=-1)
    np.testing.assert_allclose(lengths, 1.0)
    assert shown[0].gaze[0, 0] > 0.25
    assert abs(shown[-1].gaze[0, 0]) < 0.01
    assert (shown[0].eye_origin == Origin.HELD).all()


def test_rate_is_the_change_that_is_expected_per_second() -> None:
    wearer = Wearer()
    shown = [wearer.next(0.01 * step, 0.01 * step) for step in range(60)]
    # 0.01 a frame at 90 Hz, of which about half goes on: what moves mostly stops or turns.
    assert 0.45 < shown[-1].rate[CHEEK] < shown[-1].rate[JAW] < 0.9


def test_noisy_lids_are_steadied_and_lids_without_noise_pass_to_the_bit() -> None:
    rng = np.random.default_rng(0)
    for spread in (0.0, 0.03):
        features, composer = Features(None), Composer()
        lids = 0.8 + spread * rng.standard_normal(1000)
        lids[900:] -= 0.002 * np.arange(100)
        shown = np.zeros(len(lids))
        for frame, value in enumerate(lids.tolist()):
            time_ns = frame * FRAME_NS
            seen = features.observe(
                SensorFrame(time_ns=time_ns, eyes=eyes(0.0, 0.0, value, time_ns))
            )
            face = composer.compose(time_ns, seen, guess(0.0))
            shown[frame] = face.openness[0]
            assert face.openness_low[0] == face.openness_median[0] == face.openness[0]
        if not spread:
            np.testing.assert_array_equal(shown, lids)
        else:
            assert (
                np.abs(np.diff(shown[450:900])).mean() < 0.8 * np.abs(np.diff(lids[450:900])).mean()
            )


def test_lids_found_again_by_a_late_sample_are_numbers_at_once() -> None:
    """Their first sample is of an instant at which they were still missed."""
    wearer = Wearer()
    wearer.next(0.0, 0.0)
    missed_ns = wearer.time_ns
    now_ns = missed_ns + FRAME_NS
    seen = wearer.features.observe(SensorFrame(time_ns=now_ns, eyes=eyes(0.0, 0.0, 0.5, missed_ns)))
    shown = wearer.composer.compose(now_ns, seen, guess(0.0))
    assert np.isfinite(shown.openness).all()
    assert np.isfinite(shown.openness_rate).all()


def test_after_a_reset_nothing_eases_from_before() -> None:
    wearer = Wearer()
    wearer.next(0.9, 0.0)
    wearer.composer.reset()
    assert wearer.next(None, 0.0).weights[JAW] == 0.0


def test_faces_do_not_share_memory_with_what_comes_later() -> None:
    wearer = Wearer()
    first = wearer.next(0.5, 0.2, gaze=True)
    kept = first.weights.copy(), first.gaze.copy(), first.rate.copy(), first.origin.copy()
    wearer.next(0.9, 0.8)
    for before, now in zip(
        kept, (first.weights, first.gaze, first.rate, first.origin), strict=True
    ):
        np.testing.assert_array_equal(before, now)


def test_blink_channels_of_the_guess_reach_the_lids_alone() -> None:
    faces = np.zeros((4, len(ARKIT)))
    faces[:, ARKIT_INDEX["eyeBlinkLeft"]] = 1.0
    seen = Features(None).observe(SensorFrame(time_ns=0))
    shown = Composer().compose(0, seen, Guess(faces, np.zeros(len(EVENTS))))
    assert shown.openness.tolist() == [0.0, 1.0]
    assert np.nansum(shown.weights) == 0.0
