from __future__ import annotations

import numpy as np
import pytest

from unvisor.headset.errors import SensorError
from unvisor.headset.expressions import mirror_gaze
from unvisor.headset.sensors.eye_track_vr import DIALECT, PLUG, parse
from unvisor.headset.sensors.osc_face import OscFace

from .hostile import MANY, eyes_of, mutated, osc, shapes, survive

HALF = np.sqrt(0.5)
V1 = "/avatar/parameters/"
V2 = "/avatar/parameters/v2/"


def test_the_golden_packet_is_a_lid_three_quarters_open() -> None:
    eyes = eyes_of(parse(PLUG.golden, 7))
    np.testing.assert_array_equal(eyes.openness, [0.75, 0.75])
    assert np.isnan(eyes.gaze).all()


def test_native_vectors_look_ahead_along_minus_z() -> None:
    eyes = eyes_of(parse(osc(("/tracking/eye/LeftRightVec", 1.0, 0.0, 1.0, 0.0, 1.0, 1.0)), 7))
    np.testing.assert_allclose(eyes.gaze, [[HALF, 0, -HALF], [0, HALF, -HALF]], atol=1e-12)


def test_native_vectors_keep_their_direction() -> None:
    eyes = eyes_of(parse(osc(("/tracking/eye/LeftRightVec", 0.3, -0.2, 1.0, -0.5, 0.4, 1.0)), 7))
    for seen, (x, y) in zip(eyes.gaze, [(0.3, -0.2), (-0.5, 0.4)], strict=True):
        wanted = np.array([x, y, -1.0])
        np.testing.assert_allclose(seen, wanted / np.linalg.norm(wanted), atol=1e-6)


def test_an_eye_that_looks_backwards_is_refused() -> None:
    with pytest.raises(SensorError):
        parse(osc(("/tracking/eye/LeftRightVec", 0.0, 0.0, -1.0, 0.0, 0.0, 1.0)), 7)


def test_v1_has_one_height_for_both() -> None:
    eyes = eyes_of(
        parse(
            osc(
                (f"{V1}LeftEyeX", -1.0), (f"{V1}RightEyeX", 0.0), (f"{V1}EyesY", 0.0),
                (f"{V1}LeftEyeLidExpandedSqueeze", 0.25),
                (f"{V1}RightEyeLidExpandedSqueeze", 0.75), (f"{V1}EyesDilation", 0.5),
            ),
            7,
        )
    )  # fmt: skip
    np.testing.assert_allclose(eyes.gaze, [[-HALF, 0, -HALF], [0, 0, -1]], atol=1e-12)
    np.testing.assert_array_equal(eyes.openness, [0.25, 0.75])
    assert np.isnan(eyes.pupil_mm).all()


def v2(left: tuple[float, float, float], right: tuple[float, float, float]) -> bytes:
    names = ("Eye{}X", "Eye{}Y", "EyeLid{}")
    return osc(
        *((f"{V2}{name.format('Left')}", value) for name, value in zip(names, left, strict=True)),
        *((f"{V2}{name.format('Right')}", value) for name, value in zip(names, right, strict=True)),
    )


def test_v2_has_each_eye_and_its_mirror() -> None:
    one = eyes_of(parse(v2((0.25, 0.5, 0.125), (0.5, -0.25, 0.875)), 7))
    other = eyes_of(parse(v2((-0.5, -0.25, 0.875), (-0.25, 0.5, 0.125)), 7))
    np.testing.assert_allclose(one.gaze, mirror_gaze(other.gaze), atol=1e-7)
    np.testing.assert_array_equal(one.openness, other.openness[::-1])
    assert one.gaze[0, 0] > 0.0  # to the right
    assert one.gaze[0, 1] > 0.0  # up


def test_v2_of_one_eye_speaks_for_both() -> None:
    eyes = eyes_of(parse(osc((f"{V2}EyeX", 1.0), (f"{V2}EyeY", 0.0), (f"{V2}EyeLid", 0.5)), 7))
    np.testing.assert_allclose(eyes.gaze, [[HALF, 0, -HALF]] * 2, atol=1e-12)
    np.testing.assert_array_equal(eyes.openness, [0.5, 0.5])


def test_brows_rest_at_one_half() -> None:
    said = parse(osc((f"{V2}BrowExpressionLeft", 0.75), (f"{V2}BrowExpressionRight", 0.25)), 7)
    assert shapes(said) == {
        "BrowInnerUpLeft": 0.5, "BrowOuterUpLeft": 0.5,
        "BrowLowererLeft": 0.0, "BrowPinchLeft": 0.0,
        "BrowInnerUpRight": 0.0, "BrowOuterUpRight": 0.0,
        "BrowLowererRight": 0.5, "BrowPinchRight": 0.5,
    }  # fmt: skip
    assert shapes(parse(osc((f"{V2}EyeSquintLeft", 0.5), (f"{V2}CheekSquint", 0.25)), 7)) == {
        "EyeSquintLeft": 0.5, "CheekSquintLeft": 0.25, "CheekSquintRight": 0.25,
    }  # fmt: skip


def test_lids_alone_tell_of_no_brow_and_no_widening() -> None:
    (eyes,) = parse(v2((0.0, 0.0, 1.0), (0.0, 0.0, 0.0)), 7)
    assert eyes is not None
    np.testing.assert_array_equal(eyes_of([eyes]).openness, [1.0, 0.0])


def test_no_bytes_do_harm() -> None:
    golden = [
        PLUG.golden,
        osc(("/tracking/eye/LeftRightVec", 0.3, -0.2, 1.0, -0.5, 0.4, 1.0)),
        v2((0.25, 0.5, 0.125), (0.5, -0.25, 0.875)),
    ]
    assert 0 < survive(OscFace(DIALECT).parse, mutated(golden, seed=4)) < MANY
