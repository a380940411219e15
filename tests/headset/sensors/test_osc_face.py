"""What holds of values that come one by one: each keeps its own time, nothing latches."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from unvisor.headset.clock import NS_PER_S
from unvisor.headset.errors import SensorError
from unvisor.headset.outputs.osc import message
from unvisor.headset.sensors import babble, vrcft
from unvisor.headset.sensors.osc_face import FOLD_S, FRESH_S, OscFace
from unvisor.headset.sensors.udp import Packet, UdpReader, UdpSettings

from .hostile import eyes_of, face_of, osc, shapes

FRESH_NS = round(FRESH_S * NS_PER_S)
FOLD_NS = round(FOLD_S * NS_PER_S)


def test_values_gather_over_packets() -> None:
    face = OscFace(babble.DIALECT)
    assert shapes(face.parse(osc(("/jawOpen", 0.5)), 0)) == {"JawOpen": 0.5}
    assert shapes(face.parse(osc(("/tongueUp", 0.25)), 1)) == {"JawOpen": 0.5, "TongueUp": 0.25}


def test_what_is_not_said_again_is_missing_again() -> None:
    face = OscFace(babble.DIALECT)
    face.parse(osc(("/jawOpen", 0.5)), 0)
    assert "JawOpen" in shapes(face.parse(osc(("/tongueUp", 0.25)), FRESH_NS))
    assert "JawOpen" not in shapes(face.parse(osc(("/tongueUp", 0.25)), FRESH_NS + 1))


def test_a_mouth_does_not_renew_the_eyes() -> None:
    face = OscFace(babble.DIALECT)
    assert len(face.parse(osc(("/LeftEyeLid", 0.5)), 0)) == 1
    samples = face.parse(osc(("/jawOpen", 0.5)), 1)
    assert shapes(samples) == {"JawOpen": 0.5}
    assert len(samples) == 1
    eyes = eyes_of(face.parse(osc(("/RightEyeLid", 1.0)), 2))
    np.testing.assert_array_equal(eyes.openness, [0.5, 1.0])


def test_a_packet_with_one_absurd_value_is_refused_whole() -> None:
    face = OscFace(babble.DIALECT)
    with pytest.raises(SensorError, match="tongueUp is 1e"):
        face.parse(osc(("/jawOpen", 0.5), ("/tongueUp", 1e9)), 0)
    assert shapes(face.parse(osc(("/tongueOut", 0.25)), 1)) == {"TongueOut": 0.25}


def test_unknown_addresses_are_nobodys() -> None:
    assert OscFace(babble.DIALECT).parse(osc(("/chatbox", 1.0), ("/jawOpen", True)), 0) == []


def said(**values: float) -> bytes:
    return osc(*((f"/avatar/parameters/v2/{name}", value) for name, value in values.items()))


def test_where_only_changes_are_sent_what_stays_holds_while_its_region_lives() -> None:
    face = OscFace(vrcft.DIALECT)
    face.parse(said(JawOpen=0.1, MouthClosed=0.2), 0)
    face.parse(said(JawOpen=0.3, MouthClosed=0.0), 1)  # the lips rest from here on
    for step in range(1, 10):
        now_ns = step * FRESH_NS
        assert shapes(face.parse(said(JawOpen=0.3 + step / 100), now_ns))["MouthClosed"] == 0.0


def test_where_only_changes_are_sent_a_region_that_stands_still_is_lost() -> None:
    face = OscFace(vrcft.DIALECT)
    face.parse(said(JawOpen=0.1, EyeLeftX=0.1, EyeLeftY=0.1), 0)
    face.parse(said(JawOpen=0.3, EyeLeftX=0.2, EyeLeftY=0.2), 1)
    assert face.parse(said(JawOpen=0.3), 3 * FRESH_NS) == []  # the same again is no sign of life
    assert face.parse(said(EyeLeftX=0.3), 3 * FRESH_NS) == []  # nobody knows how high it looks
    eyes = eyes_of(face.parse(said(EyeLeftY=0.3), 3 * FRESH_NS))
    assert not np.isnan(eyes.gaze[0]).any()
    assert np.isnan(eyes.gaze[1]).all()
    assert shapes(face.parse(said(MouthPressLeft=0.0, JawOpen=0.31), 3 * FRESH_NS)) == {
        "JawOpen": 0.31
    }


def test_where_only_changes_are_sent_a_pause_makes_all_of_a_region_unsure() -> None:
    face = OscFace(vrcft.DIALECT)
    face.parse(said(JawOpen=0.1, MouthPressLeft=0.1), 0)
    assert len(shapes(face.parse(said(JawOpen=0.3, MouthPressLeft=0.2), 1))) == 2
    assert shapes(face.parse(said(JawOpen=0.4), 2 * FRESH_NS)) == {"JawOpen": 0.4}


def test_where_only_changes_are_sent_a_constant_is_nobodys_word() -> None:
    face = OscFace(vrcft.DIALECT)
    assert face.parse(said(JawOpen=0.0, BrowLowererLeft=0.0), 0) == []
    assert shapes(face.parse(said(JawOpen=0.5, BrowLowererLeft=0.0), 1)) == {"JawOpen": 0.5}


def test_packets_of_one_moment_are_one_face() -> None:
    face = OscFace(babble.DIALECT)
    names = ("jawOpen", "tongueUp", "tongueOut")
    for number, name in enumerate(names):
        assert face.take(message(f"/{name}", 0.25), number)
    (sample,) = face.tell()
    assert shapes([sample]) == {"JawOpen": 0.25, "TongueUp": 0.25, "TongueOut": 0.25}
    assert (sample.time_ns, sample.received_ns) == (2, 2)
    assert face.tell() == []


def test_no_value_is_told_later_than_it_came_by_more_than_a_moment() -> None:
    """Each value that changes is in a sample, and that sample is of when it came, or just after."""
    face = OscFace(babble.DIALECT)
    step_ns = FOLD_NS // 8  # a tracker that never pauses
    for number in range(100):
        face.take(message("/jawOpen", number / 128), number * step_ns)
        if number % 30 == 0:
            face.take(message("/chatbox", 1.0), number * step_ns)
    samples = face.tell()
    assert [one.received_ns for one in samples] == sorted({one.received_ns for one in samples})
    for sample in samples:
        assert shapes([sample])["JawOpen"] == round(sample.received_ns // step_ns / 128, 6)
    told_ns = [one.received_ns for one in samples]
    assert told_ns[-1] == 99 * step_ns
    assert (
        max(b - a for a, b in zip([-step_ns, *told_ns], told_ns, strict=False)) <= FOLD_NS + step_ns
    )


def lone(at_ns: int, *said: tuple[str, float]) -> list[Packet]:
    """Packets of one float each."""
    return [Packet(at_ns, "", message(f"/{name}", value)) for name, value in said]


def test_packets_whose_meaning_is_known_are_taken_at_once_and_mean_the_same() -> None:
    said = [("jawOpen", 0.5), ("nobodys", 1.0), ("tongueUp", 0.25), ("leftEyeLid", 0.75)]
    one, other = OscFace(babble.DIALECT), OscFace(babble.DIALECT)
    assert not one.take_all(lone(0, *said))  # not yet
    for at_ns in (0, FRESH_NS + 1):
        for packet in lone(at_ns, *said):
            one.take(packet.payload, packet.received_ns)
            other.take(packet.payload, packet.received_ns)
    one.tell()
    other.tell()
    again = lone(2 * FRESH_NS + 2, *((name, value / 2) for name, value in reversed(said)))
    assert one.take_all(again)
    for packet in again:
        other.take(packet.payload, packet.received_ns)
    (face, eyes), (expected_face, expected_eyes) = one.tell(), other.tell()
    np.testing.assert_array_equal(face_of([face]).weights, face_of([expected_face]).weights)
    np.testing.assert_array_equal(eyes_of([eyes]).openness, eyes_of([expected_eyes]).openness)
    assert face.received_ns == expected_face.received_ns


@pytest.mark.parametrize("odd", [1e9, float("nan"), float("inf")])
def test_of_packets_with_one_absurd_value_none_is_taken_at_once(odd: float) -> None:
    face = OscFace(babble.DIALECT)
    face.parse(message("/jawOpen", 0.5), 0)
    face.parse(message("/tongueUp", 0.5), 0)
    assert not face.take_all(lone(1, ("tongueUp", 0.25), ("jawOpen", odd)))
    assert not face.take_all([*lone(1, ("tongueUp", 0.25)), Packet(1, "", b"/ta")])
    assert not face.take_all(lone(1, ("nobodys", 0.5)))
    assert face.tell() == []


def test_where_only_changes_are_sent_each_packet_is_looked_at() -> None:
    face = OscFace(vrcft.DIALECT)
    packets = lone(0, ("avatar/parameters/v2/JawOpen", 0.5))
    face.take(packets[0].payload, 0)
    assert not face.take_all(packets)


def test_addresses_without_end_do_not_fill_the_memory() -> None:
    face = OscFace(babble.DIALECT)
    packets = [message(f"/{number:0100}/jawOpen", 0.5) for number in range(20_000)]
    tracemalloc.start()
    try:
        assert all(face.take(packet, 0) for packet in packets)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 19


def test_a_reader_gathers_too() -> None:
    udp = UdpReader(UdpSettings(), OscFace(babble.DIALECT), remedy="")
    for frame in range(10):
        for number, name in enumerate(("jawOpen", "tongueUp", "tongueOut")):
            at_ns = frame * 10 * FOLD_NS + number
            udp.feed(Packet(at_ns, "127.0.0.1", message(f"/{name}", frame / 16)))
        udp.feed(Packet(frame * 10 * FOLD_NS + 3, "127.0.0.1", b"no OSC"))
    samples = udp.read()
    assert [one.received_ns for one in samples] == [frame * 10 * FOLD_NS + 2 for frame in range(10)]
    assert udp.health().dropped == 10
