from __future__ import annotations

import json

import numpy as np
import pytest

from unvisor.headset.expressions import arkit_from_unified
from unvisor.headset.names import ARKIT, ARKIT_INDEX
from unvisor.headset.sensors.udp import UNREADABLE
from unvisor.headset.sensors.vtube_studio import PLUG, parse, request, sent_ns

from .hostile import MANY, eyes_of, face_of, mutated, shapes, survive

Turn = tuple[float, float]


def packet(
    left: Turn = (0, 0), right: Turn = (0, 0), found: bool = True, /, **weights: float
) -> bytes:
    """Written from PROTOCOLS 3.9 by the standard library; in an order of our own."""
    named = sorted(weights.items(), reverse=True)
    frame = {
        "Timestamp": 1664817520079, "Hotkey": -1, "FaceFound": found,
        "Rotation": {"x": -11.0, "y": 9.4, "z": 3.1}, "Position": {"x": 0.4, "y": 1.3, "z": 4.7},
        "EyeLeft": {"x": left[0], "y": left[1], "z": 0.5},
        "EyeRight": {"x": right[0], "y": right[1], "z": 0.7},
        "BlendShapes": [{"k": k[0].upper() + k[1:], "v": v} for k, v in named],
    }  # fmt: skip
    return json.dumps(frame).encode()


WHOLE = dict.fromkeys(ARKIT, 0.0)


def test_the_golden_packet_is_a_half_open_jaw() -> None:
    samples = parse(PLUG.golden, 7)
    assert shapes(samples) == {"JawOpen": 0.5}
    np.testing.assert_array_equal(eyes_of(samples).openness, [0.75, np.nan])
    np.testing.assert_array_equal(eyes_of(samples).confidence, [1.0, 0.0])


@pytest.mark.parametrize("name", ARKIT)
def test_every_channel_arrives_where_it_belongs(name: str) -> None:
    samples = parse(packet(**WHOLE | {name: 0.3}), 7)
    face, eyes = face_of(samples), eyes_of(samples)
    wanted = np.zeros(len(ARKIT))
    wanted[ARKIT_INDEX[name]] = 0.3
    arkit = arkit_from_unified(face.weights, eyes.gaze, eyes.openness)
    np.testing.assert_allclose(arkit, wanted, atol=1e-9)


def test_channels_of_vtube_studio_outweigh_its_angles() -> None:
    """As in its own sample packet: looking left, the eyes' y is positive."""
    looking_left = WHOLE | {"eyeLookOutLeft": 0.26, "eyeLookInRight": 0.37}
    eyes = eyes_of(parse(packet((3.5, 9.0), (3.4, 12.9), **looking_left), 7))
    assert (eyes.gaze[:, 0] < -0.1).all()


def test_meowface_turns_its_eyes_and_shuts_its_lids_its_own_way() -> None:
    shapes_of_its_own = {"headLeft": 0.0, "browInnerUpLeft": 0.2, "browInnerUpRight": 0.4}
    samples = parse(
        packet(
            (0.0, 10.0), (-20.0, 0.0), jawOpen=0.5, **shapes_of_its_own,
            eyeBlinkLeft=0.5, eyeSquintLeft=0.5, eyeBlinkRight=0.0, eyeSquintRight=1.0,
        ),
        7,
    )  # fmt: skip
    eyes = eyes_of(samples)
    ten, twenty = np.radians([10.0, 20.0])
    np.testing.assert_allclose(
        eyes.gaze,
        [[np.sin(ten), 0, -np.cos(ten)], [0, np.sin(twenty), -np.cos(twenty)]],
        atol=1e-12,
    )
    np.testing.assert_allclose(eyes.openness, [1 - (0.5 + 0.5**0.33 * 0.5**1.25), 1.0])
    said = shapes(samples)
    assert (said["BrowInnerUpLeft"], said["BrowInnerUpRight"]) == (0.2, 0.4)
    assert "CheekSquintLeft" not in said  # it cannot see one; its module makes it of the smile


def test_a_phone_that_sees_no_face_says_nothing() -> None:
    assert parse(packet((0, 0), (0, 0), False, jawOpen=0.5), 7) == []


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"{}", b"null", b"\xff", b'{"FaceFound":true}',
        packet(), packet(jawOpen=1e9), packet(headUp=0.0), packet(jawOpen=float("nan")),
        packet(jawOpen=0.5).replace(b"0.5,", b"1e999,").replace(b"0.5}", b"1e999}"),
        packet((0.0, 1e9), headUp=0.0, jawOpen=0.5),
        b'{"FaceFound":true,"Rotation":' + b"[" * 4000,
        b'{"FaceFound":true,"Rotation":' + b"[" * 7000 + b"]" * 7000 + b',"BlendShapes":[]}',
        b" " * 20_000,
    ],
)  # fmt: skip
def test_other_packets_are_refused(content: bytes) -> None:
    with pytest.raises(UNREADABLE):
        parse(content, 7)


def test_the_request_is_what_the_app_expects() -> None:
    assert json.loads(request(12345)) == {
        "messageType": "iOSTrackingDataRequest", "time": 1.0, "sentBy": "unvisor", "ports": [12345],
    }  # fmt: skip


def test_no_bytes_do_harm() -> None:
    golden = [PLUG.golden, packet(jawOpen=0.5, eyeBlinkLeft=0.2, headUp=0.1)]
    assert 0 < survive(parse, mutated(golden, seed=8)) < MANY


def test_it_says_when_in_milliseconds() -> None:
    assert sent_ns(packet(jawOpen=0.5)) == pytest.approx(1_664_817_520_079_000_000, abs=1000)
    assert sent_ns(b'{"Timestamp":1.5}') == 1_500_000
    assert sent_ns(b"{}") is None
    assert sent_ns(b'{"Timestamp":1e308}') is None
    with pytest.raises(UNREADABLE):
        sent_ns(b'{"Timestamp":"noon"}')
