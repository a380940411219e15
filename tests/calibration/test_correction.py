from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unvisor.calibration.correction import Correction
from unvisor.calibration.fit import fit
from unvisor.calibration.profile import Donning, of_nobody
from unvisor.headset.expressions import angles_from_gaze, gaze_from_angles
from unvisor.headset.names import UNIFIED, UNIFIED_INDEX

from ..reconstruct.faces import sensed

CHEEKS = [UNIFIED_INDEX["CheekPuffLeft"], UNIFIED_INDEX["CheekPuffRight"]]
GAZE = gaze_from_angles(np.array([0.2, 0.1]), np.array([-0.1, 0.05]))


def test_without_a_profile_not_a_bit_changes() -> None:
    correction = Correction(None)
    weights, gaze = np.linspace(-0.1, 1.1, len(UNIFIED)), GAZE.copy()
    correction.weights(weights, weights)
    gaze = correction.gaze(gaze)
    np.testing.assert_array_equal(weights, np.linspace(-0.1, 1.1, len(UNIFIED)))
    np.testing.assert_array_equal(gaze, GAZE)
    assert correction.openness(np.array([0.7, 0.3])) == (0.7, 0.3)
    assert np.isnan(correction.anchors()).all()


def test_what_ordinary_use_gives_takes_rest_off_and_no_more() -> None:
    """To the bit what it was before there was anything else to correct."""
    profile = fit(sensed("mouth+eyes").frames())
    correction, weights, gaze = Correction(profile), np.full(len(UNIFIED), 0.4), GAZE.copy()
    correction.weights(weights, weights)
    gaze = correction.gaze(gaze)
    np.testing.assert_array_equal(weights, 0.4 - np.nan_to_num(profile.rest))
    np.testing.assert_array_equal(gaze, GAZE)
    assert correction.openness(np.array([0.5, 0.6])) == (
        0.5 / profile.openness_rest[0],
        0.6 / profile.openness_rest[1],
    )
    np.testing.assert_array_equal(
        correction.anchors(), np.concatenate([profile.rest, profile.reach])
    )
    np.testing.assert_array_equal(correction.look_rest_rad, profile.gaze_rest_rad)


def test_missing_stays_missing() -> None:
    profile = replace(of_nobody(), lids_unmix=np.array([[1.2, -0.2], [-0.2, 1.2]]),
                      cheeks_unmix=np.array([[1.2, -0.2], [-0.2, 1.2]]),
                      gaze_offset_rad=np.full((2, 2), 0.1))  # fmt: skip
    correction = Correction(profile)
    weights = np.full(len(UNIFIED), np.nan)
    weights[CHEEKS[0]] = 0.4
    correction.weights(weights, weights)
    assert weights[CHEEKS[0]] == 0.4  # of one cheek alone nothing can be unmixed
    assert np.isnan(weights[CHEEKS[1]])
    left, right = correction.openness(np.array([np.nan, 0.5]))
    assert np.isnan(left)
    assert right == 0.5
    gaze = np.array([[np.nan] * 3, [0.0, 0.0, -1.0]])
    gaze = correction.gaze(gaze)
    assert np.isnan(gaze[0]).all()
    assert np.isfinite(gaze[1]).all()


def test_lids_open_and_shut_are_one_and_nought() -> None:
    profile = replace(
        of_nobody(), openness_rest=np.array([0.8, 0.7]), openness_shut=np.array([0.2, 0.1])
    )
    correction = Correction(profile)
    assert correction.openness(np.array([0.8, 0.7])) == pytest.approx((1.0, 1.0))
    assert correction.openness(np.array([0.2, 0.1])) == pytest.approx((0.0, 0.0))


def test_lids_that_hardly_move_are_not_blown_up() -> None:
    profile = replace(
        of_nobody(), openness_rest=np.array([0.05, 0.5]), openness_shut=np.array([0.04, 0.49])
    )
    left, right = Correction(profile).openness(np.array([1.0, 1.0]))
    assert 0.0 < left < 6.0
    assert 0.0 < right < 6.0


def test_a_donning_comes_first_then_the_person() -> None:
    rng = np.random.default_rng(0)
    person = np.eye(2) + rng.uniform(-0.1, 0.1, (2, 2, 2))
    donned = np.eye(2) + rng.uniform(-0.1, 0.1, (2, 2, 2))
    offset, moved = rng.uniform(-0.05, 0.05, (2, 2, 2))
    donning = Donning(
        gaze_matrix=donned,
        gaze_offset_rad=moved,
        rest_offset=np.full(len(UNIFIED), 0.05),
        openness_ratio=np.array([0.9, 1.1]),
    )
    profile = replace(
        of_nobody(),
        rest=np.full(len(UNIFIED), 0.1),
        openness_rest=np.array([0.8, 0.8]),
        gaze_matrix=person,
        gaze_offset_rad=offset,
        donnings=(Donning(), donning),
    )
    correction, gaze = Correction(profile), GAZE.copy()
    gaze = correction.gaze(gaze)
    seen = np.stack(angles_from_gaze(GAZE), axis=-1)
    for side in (0, 1):
        known = donned[side] @ seen[side] + moved[side]
        sent = person[side] @ known + offset[side]
        np.testing.assert_allclose(np.stack(angles_from_gaze(gaze[side])), sent, atol=1e-12)
    weights = np.full(len(UNIFIED), 0.15)
    correction.weights(weights, weights)
    np.testing.assert_allclose(weights, 0.0, atol=1e-12)
    assert correction.openness(np.array([0.72, 0.88])) == pytest.approx((1.0, 1.0))


def test_the_usual_gaze_is_put_right_as_gaze_is() -> None:
    """Who looks as usual has a look of nothing, whatever the tracker's error."""
    profile = replace(
        of_nobody(),
        gaze_rest_rad=np.array([[0.05, -0.1], [0.03, -0.12]]),
        gaze_offset_rad=np.array([[0.02, 0.01], [0.0, -0.03]]),
        gaze_matrix=np.stack([np.diag([1.1, 0.9]), np.diag([0.95, 1.0])]),
    )
    correction = Correction(profile)
    gaze = gaze_from_angles(profile.gaze_rest_rad[:, 0], profile.gaze_rest_rad[:, 1])
    gaze = correction.gaze(gaze)
    np.testing.assert_allclose(
        np.stack(angles_from_gaze(gaze), axis=-1), correction.look_rest_rad, atol=1e-12
    )


@given(st.floats(-1.2, 1.2), st.floats(-1.2, 1.2))
def test_gaze_stays_of_unit_length(yaw_rad: float, pitch_rad: float) -> None:
    profile = replace(of_nobody(), gaze_offset_rad=np.full((2, 2), 0.05))
    gaze = gaze_from_angles(np.full(2, yaw_rad), np.full(2, pitch_rad))
    gaze = Correction(profile).gaze(gaze)
    np.testing.assert_allclose(np.linalg.norm(gaze, axis=1), 1.0, atol=1e-12)


def test_reach_is_told_as_it_comes_out() -> None:
    mix = np.array([[1.0, 0.3], [0.2, 1.0]])
    profile = replace(
        of_nobody(),
        rest=np.full(len(UNIFIED), 0.1),
        reach=np.full(len(UNIFIED), 0.1 + 0.5),
        cheeks_unmix=np.linalg.inv(mix),
    )
    reach = Correction(profile).anchors()[len(UNIFIED) :]
    np.testing.assert_allclose(reach[CHEEKS], 0.1 + np.linalg.inv(mix) @ [0.5, 0.5])
    assert reach[UNIFIED_INDEX["JawOpen"]] == 0.6
