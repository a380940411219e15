from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unvisor.headset.errors import SensorError
from unvisor.headset.expressions import arkit_from_unified
from unvisor.headset.frame import EyeSample, FaceSample, Origin
from unvisor.headset.names import ARKIT, ARKIT_INDEX, UNIFIED_INDEX
from unvisor.headset.sensors.live_link_face import GOLDEN, parse, sent_ns
from unvisor.headset.sensors.udp import UNREADABLE


def packet(values: list[float], *, version: int = 6, name: str = "iPhone") -> bytes:
    """A packet, written from the format's description."""
    device, subject = b"E9B2A8C4-0D5F-5B0E-9C1A-3F6D27B4A810", name.encode()
    return b"".join([
        bytes([version]),
        struct.pack(">i", len(device)), device,
        struct.pack(">i", len(subject)), subject,
        struct.pack(">ifii", 100, 0.25, 60, 1),
        bytes([len(values)]),
        struct.pack(f">{len(values)}f", *values),
    ])  # fmt: skip


def values(**weights: float) -> list[float]:
    return [weights.get(name, 0.0) for name in ARKIT] + [0.0] * 9


def face_and_eyes(content: bytes) -> tuple[FaceSample, EyeSample]:
    face, eyes = parse(content, 7)
    assert isinstance(face, FaceSample)
    assert isinstance(eyes, EyeSample)
    return face, eyes


def timed(frame: int, part: float, rate: int, per: int) -> bytes:
    whole = packet(values())
    return whole.replace(
        struct.pack(">ifii", 100, 0.25, 60, 1), struct.pack(">ifii", frame, part, rate, per)
    )


def test_the_timecode_is_a_time() -> None:
    assert sent_ns(GOLDEN) == round(100.25 / 60 * 1e9)
    assert sent_ns(timed(30, 0.5, 30000, 1001)) == round(30.5 * 1001 / 30000 * 1e9)
    assert sent_ns(timed(-1, 0.0, 60, 1)) == -16_666_667


@pytest.mark.parametrize(
    ("part", "rate", "per"),
    [(0.5, 0, 1), (0.5, 60, 0), (0.5, -60, 1), (float("nan"), 60, 1), (1e30, 60, 1), (-1.0, 60, 1)],
)
def test_a_timecode_that_is_none_says_nothing(part: float, rate: int, per: int) -> None:
    assert sent_ns(timed(100, part, rate, per)) is None


def test_the_golden_packet_is_a_half_open_jaw() -> None:
    assert packet(values(jawOpen=0.5)) == GOLDEN
    face, eyes = face_and_eyes(GOLDEN)
    assert face.weights[UNIFIED_INDEX["JawOpen"]] == 0.5
    assert np.nansum(face.weights) == 0.5
    assert (face.source, face.time_ns, face.received_ns) == ("live-link-face", 7, 7)
    np.testing.assert_allclose(eyes.gaze, [[0, 0, -1], [0, 0, -1]])
    np.testing.assert_array_equal(eyes.openness, [1.0, 1.0])


@settings(max_examples=30)
@given(st.lists(st.floats(0.0, 1.0, width=32), min_size=52, max_size=52), st.text(max_size=40))
def test_every_weight_arrives_where_it_belongs(weights: list[float], name: str) -> None:
    for side in ("Left", "Right"):  # an eye looks one way at a time
        weights[ARKIT_INDEX[f"eyeLookIn{side}"]] = weights[ARKIT_INDEX[f"eyeLookDown{side}"]] = 0.0
    face, eyes = face_and_eyes(packet([*weights, *[0.1] * 9], name=name))
    arkit = arkit_from_unified(face.weights, eyes.gaze, eyes.openness)
    np.testing.assert_allclose(arkit, weights, atol=1e-6)


def test_what_arkit_does_not_know_is_absent() -> None:
    face, _ = face_and_eyes(GOLDEN)
    tongue = UNIFIED_INDEX["TongueRoll"]
    assert np.isnan(face.weights[tongue])
    assert face.origin[tongue] == Origin.ABSENT
    assert face.confidence[tongue] == 0.0
    assert face.origin[UNIFIED_INDEX["JawOpen"]] == Origin.MEASURED


def test_overshoot_passes_unclipped() -> None:
    face, _ = face_and_eyes(packet(values(jawOpen=1.08)))
    assert face.weights[UNIFIED_INDEX["JawOpen"]] == pytest.approx(1.08)


def test_a_phone_that_sees_no_face_says_nothing() -> None:
    assert parse(packet([]), 7) == []


@pytest.mark.parametrize(
    "content",
    [
        packet(values(), version=5),
        packet(values()[:-1]),
        packet([*values(), 0.0]),
        packet(values()) + b"\0",
        packet(values(jawOpen=float("nan"))),
        packet(values())[:-244] + bytes.fromhex("7f800001") + bytes(240),  # a signalling NaN
        packet(values(jawOpen=float("inf"))),
        packet(values(jawOpen=1e30)),
        packet(values()).replace(b"\0\0\0\x24", b"\xff\xff\xff\xff"),
    ],
)
def test_other_packets_are_refused(content: bytes) -> None:
    with pytest.raises(UNREADABLE):
        parse(content, 7)


def test_the_wrong_version_tells_what_to_set() -> None:
    with pytest.raises(SensorError, match="ARKit mode"):
        parse(packet(values(), version=7), 7)


@given(st.binary(max_size=400) | st.integers(0, len(GOLDEN)).map(lambda n: GOLDEN[:n]))
def test_no_bytes_do_harm(content: bytes) -> None:
    try:
        samples = parse(content, 7)
    except UNREADABLE:
        return
    assert samples == [] or content == GOLDEN
