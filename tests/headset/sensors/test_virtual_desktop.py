from __future__ import annotations

import struct
import sys

import numpy as np
import pytest

from unvisor.headset.errors import SensorError
from unvisor.headset.expressions import angles_from_gaze
from unvisor.headset.frame import EyeSample, FaceSample
from unvisor.headset.names import UNIFIED_INDEX
from unvisor.headset.sensors.udp import UNREADABLE
from unvisor.headset.sensors.virtual_desktop import LAYOUT, PLUG, parse
from unvisor.headset.vendor_maps import UPPER_FACE
from unvisor.headset.vendors import FB2

from .hostile import MANY, eyes_of, face_of, mutated, shapes, survive

AHEAD = (0.0, 0.0, 0.0, 1.0)
LEFTWARDS = (0.0, float(np.sin(0.1)), 0.0, float(np.cos(0.1)))  # 0.2 rad about +y


def state(
    *,
    valid: tuple[bool, bool] = (True, True),
    confidence: tuple[float, float] = (1.0, 1.0),
    eyes_valid: tuple[bool, bool] = (True, True),
    left: tuple[float, ...] = AHEAD,
    right: tuple[float, ...] = AHEAD,
    eye_confidence: tuple[float, float] = (1.0, 1.0),
    **weights: float,
) -> bytes:
    """The memory, written from the struct's description as C would lay it out."""
    return struct.pack(
        "<??2x70f2f??2x4f3f4f3f2f",
        *valid, *(weights.get(name, 0.0) for name in FB2), *confidence, *eyes_valid,
        *left, 0.03, 0.0, 0.0, *right, -0.03, 0.0, 0.0, *eye_confidence,
    )  # fmt: skip


def test_the_layout() -> None:
    # Where another reader of the same memory finds them.
    fields = LAYOUT.fields
    assert fields is not None
    assert {name: place[1] for name, place in fields.items()} == {
        "face_valid": 0, "looks_valid": 1, "weights": 4, "confidence": 284, "eye_valid": 292,
        "eyes": 296, "eye_confidence": 352,
    }  # fmt: skip
    assert LAYOUT.itemsize == len(state()) == 360


def test_the_golden_state_is_a_half_open_jaw() -> None:
    samples = parse(PLUG.golden, 7)
    assert {name: value for name, value in shapes(samples).items() if value} == {"JawOpen": 0.5}
    face = face_of(samples)
    assert (face.source, face.time_ns, face.received_ns) == ("virtual-desktop", 7, 7)
    np.testing.assert_allclose(eyes_of(samples).gaze, [[0, 0, -1], [0, 0, -1]])


def test_each_side_is_its_own() -> None:
    samples = parse(
        state(left=LEFTWARDS, eye_confidence=(0.25, 0.75), EYES_CLOSED_R=0.5, DIMPLER_L=0.25), 7
    )
    eyes = eyes_of(samples)
    np.testing.assert_allclose(angles_from_gaze(eyes.gaze)[0], [-0.2, 0.0], atol=1e-6)
    np.testing.assert_allclose(eyes.openness, [1.0, 0.5])
    np.testing.assert_allclose(eyes.confidence, [0.25, 0.75])
    assert face_of(samples).weights[UNIFIED_INDEX["MouthDimpleLeft"]] == 0.25


def test_the_rest_of_the_memory_is_the_bodys() -> None:
    assert len(parse(state() + bytes(range(256)), 7)) == 2


def test_confidence_is_the_regions() -> None:
    face = face_of(parse(state(confidence=(0.25, 0.75)), 7))
    seen = ~np.isnan(face.weights)
    assert set(face.confidence[seen & UPPER_FACE]) == {0.75}
    assert set(face.confidence[seen & ~UPPER_FACE]) == {0.25}
    lower_lost = face_of(parse(state(confidence=(0.0, 0.75)), 7))
    assert np.isnan(lower_lost.weights[~UPPER_FACE]).all()


def test_confidences_that_were_never_filled_in_doubt_nothing() -> None:
    samples = parse(state(confidence=(0.0, 0.0), eye_confidence=(0.0, 0.0)), 7)
    assert face_of(samples).confidence[UNIFIED_INDEX["JawOpen"]] == 1.0
    np.testing.assert_array_equal(eyes_of(samples).confidence, [1.0, 1.0])


def test_an_eye_that_is_not_tracked_is_read_from_its_look_weights_if_they_are_valid() -> None:
    lost = state(
        eyes_valid=(True, False), left=LEFTWARDS, right=(np.nan,) * 4, EYES_LOOK_RIGHT_R=1.0
    )
    yaw_rad, _ = angles_from_gaze(eyes_of(parse(lost, 7)).gaze)
    assert yaw_rad[0] == pytest.approx(-0.2, abs=1e-6)
    assert yaw_rad[1] > 0.3
    invalid = state(valid=(True, False), eyes_valid=(True, False), EYES_LOOK_RIGHT_R=1.0)
    eyes = eyes_of(parse(invalid, 7))
    assert np.isnan(eyes.gaze[1]).all()
    assert eyes.openness[1] == 1.0


def test_eyes_alone_and_a_face_alone_and_nothing() -> None:
    (eyes,) = parse(state(valid=(False, False), JAW_DROP=np.nan), 7)
    assert isinstance(eyes, EyeSample)
    assert np.isnan(eyes.openness).all()
    face, lids = parse(state(valid=(True, False), eyes_valid=(False, False)), 7)
    assert isinstance(face, FaceSample)
    assert isinstance(lids, EyeSample)
    assert np.isnan(lids.gaze).all()
    assert parse(state(valid=(False, False), eyes_valid=(False, False)), 7) == []
    assert parse(bytes(LAYOUT.itemsize), 7) == []  # the streamer runs, no headset is connected


@pytest.mark.parametrize(
    "memory",
    [
        state()[:-1],
        b"",
        state(JAW_DROP=np.nan),
        state(JAW_DROP=np.inf),
        state(JAW_DROP=5.0),
        state(confidence=(1.5, 1.0)),
        state(eye_confidence=(np.nan, 1.0)),
        state(left=(9.0, 0.0, 0.0, 0.0)),
    ],
)
def test_other_memory_is_refused(memory: bytes) -> None:
    with pytest.raises(UNREADABLE):
        parse(memory, 7)


def test_too_short_is_told() -> None:
    with pytest.raises(SensorError, match="12 bytes, not 360"):
        parse(bytes(12), 7)


@pytest.mark.skipif(sys.platform == "win32", reason="elsewhere: Windows has the memory")
def test_where_there_is_no_windows_it_says_so() -> None:
    with PLUG.make(PLUG.settings()) as reader:
        assert reader.read() == []
        health = reader.health()
    assert health.state == "off"
    assert "Windows" in health.note
    assert health.remedy


def test_no_bytes_do_harm() -> None:
    golden = [PLUG.golden, state(left=LEFTWARDS, DIMPLER_L=0.5)]
    assert survive(parse, mutated(golden, seed=8)) > MANY // 20
