from __future__ import annotations

import math
import socket
import struct

import numpy as np
import pytest

from unvisor.headset.clock import now_ns
from unvisor.headset.frame import Sample
from unvisor.headset.sensors.open_see_face import (
    FACE_BYTES,
    MOST_FACES,
    PLUG,
    OpenSeeFaceSettings,
    parse,
    sent_ns,
)
from unvisor.headset.sensors.udp import UNREADABLE, UdpReader

from .hostile import MANY, eyes_of, mutated, shapes, survive


def face(
    *, number: int = 0, right: float = 1.0, left: float = 1.0, found: bool = True,
    mouth_open: float = 0.0,
) -> bytes:  # fmt: skip
    """One face, field by field as PROTOCOLS 3.15 lists them."""
    features = [0.0] * 14
    features[12] = mouth_open
    return b"".join([
        struct.pack("<d", 1234.5), struct.pack("<i", number), struct.pack("<2f", 640.0, 480.0),
        struct.pack("<f", right), struct.pack("<f", left), struct.pack("<?", found),
        struct.pack("<f", 12.0), struct.pack("<4f", 0, 0, 0, 1), struct.pack("<3f", 1, 2, 3),
        struct.pack("<3f", 4, 5, 6), struct.pack("<68f", *[0.9] * 68),
        struct.pack("<136f", *range(136)), struct.pack("<210f", *range(210)),
        struct.pack("<14f", *features),
    ])  # fmt: skip


def test_a_face_has_its_length() -> None:
    assert len(face()) == FACE_BYTES == len(PLUG.golden)


def test_the_golden_packet_is_a_half_open_jaw_and_a_left_lid_half_shut() -> None:
    samples = parse(PLUG.golden, 7)
    assert shapes(samples) == {"JawOpen": 0.5}
    np.testing.assert_array_equal(eyes_of(samples).openness, [0.5, 1.0])


def test_what_it_does_not_see_is_missing() -> None:
    samples = parse(face(mouth_open=0.25, right=0.25, left=0.75), 7)
    assert shapes(samples) == {"JawOpen": 0.25}
    np.testing.assert_array_equal(eyes_of(samples).openness, [0.75, 0.25])
    assert np.isnan(eyes_of(samples).gaze).all()


def test_a_mouth_less_open_than_usual_is_shut() -> None:
    assert shapes(parse(face(mouth_open=-0.5), 7)) == {"JawOpen": 0.0}


def test_of_several_faces_the_one_followed_longest() -> None:
    three = face(number=3, mouth_open=0.75) + face(number=1, mouth_open=0.5)
    assert shapes(parse(three + face(number=0, found=False), 7)) == {"JawOpen": 0.5}


def test_no_face_is_found() -> None:
    assert parse(face(found=False), 7) == []


@pytest.mark.parametrize(
    "packet",
    [b"", face()[:-1], face() + b"\0", face() * 17, face(mouth_open=math.nan),
     face(left=math.inf), face(right=1e9)],
)  # fmt: skip
def test_other_packets_are_refused(packet: bytes) -> None:
    with pytest.raises(UNREADABLE):
        parse(packet, 7)


def test_no_bytes_do_harm() -> None:
    assert 0 < survive(parse, mutated([face(), face(number=1) + face()], seed=9)) < MANY


def test_it_says_when_its_picture_was_taken() -> None:
    assert sent_ns(face()) == 1_234_500_000_000
    for absurd in (math.nan, math.inf, 1e300):
        assert sent_ns(struct.pack("<d", absurd) + face()[8:]) is None


def test_a_whole_room_of_faces_comes_through_a_socket() -> None:
    """28 kB in one packet: the face that was found first is read."""
    reader = PLUG.make(OpenSeeFaceSettings(port=0))
    assert isinstance(reader, UdpReader)
    crowd = b"".join(
        face(number=number, mouth_open=number / 16) for number in range(2, 2 + MOST_FACES)
    )
    with reader, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 18)
        sender.sendto(crowd, ("127.0.0.1", reader.port))
        samples: list[Sample] = []
        give_up_ns = now_ns() + 5_000_000_000
        while not samples:
            samples += reader.read()
            assert now_ns() < give_up_ns, reader.health()
    assert shapes(samples) == {"JawOpen": 0.125}
