from __future__ import annotations

import numpy as np
import pytest

from unvisor.headset.errors import SensorError
from unvisor.headset.expressions import angles_from_gaze
from unvisor.headset.frame import FaceSample, Floats, Origin
from unvisor.headset.names import UNIFIED_INDEX
from unvisor.headset.sensors.vendor_samples import (
    NOTHING,
    face_weights,
    filled,
    gaze_from_rotations,
    samples,
)
from unvisor.headset.vendor_maps import UPPER_FACE, Reading, from_fb2

from .hostile import eyes_of, face_of


def turned(axis: int, angle_rad: float) -> Floats:
    xyzw = np.array([0.0, 0.0, 0.0, np.cos(angle_rad / 2)])
    xyzw[axis] = np.sin(angle_rad / 2)
    return xyzw


def test_an_eye_turned_about_up_looks_aside_and_about_right_looks_up() -> None:
    # Right-handed: a turn about +y takes ahead (-z) to the left (-x), about +x upwards.
    gaze = gaze_from_rotations(np.stack([turned(1, 0.3), turned(0, 0.2), turned(2, 1.0)]))
    yaw_rad, pitch_rad = angles_from_gaze(gaze)
    np.testing.assert_allclose(yaw_rad, [-0.3, 0.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(pitch_rad, [0.0, 0.2, 0.0], atol=1e-12)


def test_a_rotation_is_what_its_matrix_does_to_ahead() -> None:
    rng = np.random.default_rng(2)
    for _ in range(200):
        x, y, z, w = xyzw = rng.normal(size=4) / 5 + [0, 0, 0, 1]
        x, y, z, w = xyzw / np.linalg.norm(xyzw)
        ahead = np.array([0.0, 0.0, -1.0])
        axis = np.array([x, y, z])
        want = ahead + 2 * np.cross(axis, np.cross(axis, ahead) + w * ahead)  # Rodrigues
        np.testing.assert_allclose(gaze_from_rotations(np.array([x, y, z, w])), want, atol=1e-12)


def test_no_rotation_is_no_gaze_and_neither_is_one_backwards() -> None:
    assert np.isnan(gaze_from_rotations(np.zeros((2, 4)))).all()
    assert np.isnan(gaze_from_rotations(turned(1, 3.0))).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.5, 3.0, 1e38])
def test_what_is_no_rotation_is_refused(value: float) -> None:
    with pytest.raises(SensorError, match="rotation"):
        gaze_from_rotations(np.array([[0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, value]]))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 4.1, -1e30])
def test_weights_that_no_face_has_are_refused(value: float) -> None:
    with pytest.raises(SensorError, match="no face"):
        face_weights(np.array([0.0, value]))


def test_the_better_gaze_goes_before_the_looks_eye_by_eye() -> None:
    reading = from_fb2(np.zeros(70))
    gaze = np.array([[0.0, 1.0, 0.0], [np.nan] * 3])
    eyes = eyes_of(samples("x", reading, received_ns=7, gaze=gaze))
    np.testing.assert_allclose(eyes.gaze, [[0.0, 1.0, 0.0], [0.0, 0.0, -1.0]])


def test_nothing_said_is_no_sample() -> None:
    assert samples("x", NOTHING, received_ns=7) == []
    (face,) = samples("x", Reading(np.zeros(88), NOTHING.gaze, NOTHING.openness), received_ns=7)
    assert isinstance(face, FaceSample)


def test_confidence_is_the_regions_and_none_is_not_observed() -> None:
    sure = np.where(UPPER_FACE, 0.0, 0.25)
    face = face_of(samples("x", from_fb2(np.zeros(70)), received_ns=7, confidence=sure))
    jaw, brow = UNIFIED_INDEX["JawOpen"], UNIFIED_INDEX["BrowInnerUpLeft"]
    assert (face.weights[jaw], face.confidence[jaw], face.origin[jaw]) == (
        0.0,
        0.25,
        Origin.MEASURED,
    )
    assert np.isnan(face.weights[brow])
    assert (face.confidence[brow], face.origin[brow]) == (0.0, Origin.ABSENT)


def test_a_reading_is_filled_where_it_says_nothing() -> None:
    one = Reading(np.where(np.arange(88) == 3, 0.5, np.nan), NOTHING.gaze, np.array([0.5, np.nan]))
    whole = filled(one, Reading(np.zeros(88), np.zeros((2, 3)), np.ones(2)))
    np.testing.assert_array_equal(whole.weights, np.where(np.arange(88) == 3, 0.5, 0.0))
    np.testing.assert_array_equal(whole.openness, [0.5, 1.0])
