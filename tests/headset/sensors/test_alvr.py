from __future__ import annotations

import struct

import numpy as np
import pytest

from unvisor.headset.errors import SensorError
from unvisor.headset.expressions import angles_from_gaze
from unvisor.headset.frame import EyeSample, FaceSample
from unvisor.headset.names import ARKIT, UNIFIED_INDEX
from unvisor.headset.plug import READER_PLUGS
from unvisor.headset.sensors.alvr import PLUG, Alvr, AlvrSettings, parse
from unvisor.headset.sensors.pico_order import Order
from unvisor.headset.sensors.udp import UNREADABLE
from unvisor.headset.settings import from_words
from unvisor.headset.vendors import BD_ARKIT, FB2, HTC_EYE, HTC_LIP, PICO_LEGACY

from .hostile import MANY, eyes_of, face_of, mutated, shapes, survive

PICO: dict[Order, tuple[str, ...]] = {"legacy": PICO_LEGACY, "khronos": tuple(BD_ARKIT.values())}


def record(tag: str, *values: float) -> bytes:
    """A record, written from the format's description."""
    return tag.encode().ljust(8, b"\0") + struct.pack(f"<{len(values)}f", *values)


def named(tag: str, names: tuple[str, ...], **values: float) -> bytes:
    return record(tag, *(values.get(name, 0.0) for name in names))


AHEAD = (0.0, 0.0, 0.0, 1.0)
LEFTWARDS = (0.0, float(np.sin(0.1)), 0.0, float(np.cos(0.1)))  # 0.2 rad about +y


def test_the_golden_packet_is_a_half_open_jaw_and_eyes_ahead() -> None:
    assert record("EyesQuat", *AHEAD, *AHEAD) + named("Face2Fb", FB2, JAW_DROP=0.5) == PLUG.golden
    samples = parse(PLUG.golden, 7)
    face = face_of(samples)
    assert (face.source, face.time_ns, face.received_ns) == ("alvr", 7, 7)
    assert np.nansum(face.weights) == face.weights[UNIFIED_INDEX["JawOpen"]] == 0.5
    np.testing.assert_allclose(eyes_of(samples).gaze, [[0, 0, -1], [0, 0, -1]])
    np.testing.assert_allclose(eyes_of(samples).openness, [1.0, 1.0])


def test_rotations_go_before_look_weights() -> None:
    looks = named("Face2Fb", FB2, EYES_LOOK_RIGHT_L=1.0, EYES_LOOK_RIGHT_R=1.0)
    yaw_rad, _ = angles_from_gaze(eyes_of(parse(looks, 7)).gaze)
    assert (yaw_rad > 0.3).all()
    for packet in (
        record("EyesQuat", *LEFTWARDS, *AHEAD) + looks, looks + record("EyesQuat", *LEFTWARDS, *AHEAD),
    ):  # fmt: skip
        yaw_rad, _ = angles_from_gaze(eyes_of(parse(packet, 7)).gaze)
        np.testing.assert_allclose(yaw_rad, [-0.2, 0.0], atol=1e-6)


def test_one_rotation_for_both_eyes_and_no_face() -> None:
    (eyes,) = parse(record("CombQuat", *LEFTWARDS), 7)
    assert isinstance(eyes, EyeSample)
    np.testing.assert_allclose(angles_from_gaze(eyes.gaze)[0], [-0.2, -0.2], atol=1e-6)
    assert np.isnan(eyes.openness).all()


def test_htcs_eyes_and_lips_make_one_face() -> None:
    eye = named("EyesHtc", HTC_EYE, LEFT_WIDE=0.25, RIGHT_BLINK=0.75)
    lip = named("LipHtc", HTC_LIP, JAW_OPEN=0.5)
    samples = parse(eye + lip, 7)
    assert {name: value for name, value in shapes(samples).items() if value} == {
        "EyeWideLeft": 0.25, "JawOpen": 0.5,
    }  # fmt: skip
    np.testing.assert_allclose(eyes_of(samples).openness, [1.0, 0.25])
    (face,) = parse(lip, 7)
    assert isinstance(face, FaceSample)
    assert np.isnan(face.weights[UNIFIED_INDEX["EyeWideLeft"]])


@pytest.mark.parametrize("order", PICO)
def test_a_pico_is_read_in_the_order_set(order: Order) -> None:
    packet = named("FacePico", PICO[order], jawOpen=0.5, eyeBlinkRight=0.75)
    samples = Alvr(order).parse(packet, 7)
    assert {name: value for name, value in shapes(samples).items() if value} == {"JawOpen": 0.5}
    np.testing.assert_allclose(eyes_of(samples).openness, [1.0, 0.25])


@pytest.mark.parametrize("order", PICO)
def test_a_picos_order_is_found_and_no_face_told_before(order: Order) -> None:
    alvr = Alvr("auto")
    packet = named("FacePico", PICO[order], mouthSmileLeft=0.5, mouthSmileRight=0.5, jawOpen=0.25)
    told = [alvr.parse(packet, 7) for _ in range(20)]
    assert told[0] == []
    first = next(samples for samples in told if samples)
    assert shapes(first) == shapes(told[-1])
    assert {name: value for name, value in shapes(first).items() if value} == {
        "MouthCornerPullLeft": 0.5, "MouthCornerPullRight": 0.5, "MouthCornerSlantLeft": 0.5,
        "MouthCornerSlantRight": 0.5, "JawOpen": 0.25,
    }  # fmt: skip


def test_eyes_are_told_while_a_picos_order_is_not_known() -> None:
    (eyes,) = parse(record("EyesQuat", *AHEAD, *AHEAD) + record("FacePico", *([0.0] * 52)), 7)
    assert isinstance(eyes, EyeSample)
    assert np.isnan(eyes.openness).all()


def test_a_record_of_a_later_version_hides_nothing_that_came_before_it() -> None:
    assert parse(PLUG.golden + record("Whiskers", 1.0, 2.0), 7)
    with pytest.raises(SensorError, match="Whiskers"):
        parse(record("Whiskers", 1.0, 2.0) + PLUG.golden, 7)


def test_an_empty_packet_says_nothing() -> None:
    assert parse(b"", 7) == []


@pytest.mark.parametrize(
    "packet",
    [
        PLUG.golden[:-1],
        PLUG.golden[:45],
        record("Face2Fb", *([0.0] * 69)),
        record("Face2Fb", *([0.0] * 69), float("nan")),
        record("Face2Fb", *([0.0] * 69), float("inf")),
        record("LipHtc", *([0.0] * 36), -5.0),
        record("EyesQuat", *AHEAD, 0.0, 0.0, 0.0, float("nan")),
        record("EyesQuat", *AHEAD, 9.0, 0.0, 0.0, 0.0),
    ],
)
def test_other_packets_are_refused(packet: bytes) -> None:
    with pytest.raises(UNREADABLE):
        parse(packet, 7)


def test_the_order_can_be_set_in_words() -> None:
    settings = from_words(READER_PLUGS.load("alvr"), ":9000,pico_order=khronos", None)
    assert settings == AlvrSettings(port=9000, pico_order="khronos")


def test_no_bytes_do_harm() -> None:
    rng = np.random.default_rng(6)
    golden = [
        PLUG.golden,
        record("EyesHtc", *rng.uniform(0, 1, 14)) + record("LipHtc", *rng.uniform(0, 1, 37)),
        record("CombQuat", *LEFTWARDS) + record("FacePico", *rng.uniform(0, 1, len(ARKIT))),
    ]
    assert survive(Alvr().parse, mutated(golden, seed=6)) > MANY // 20
