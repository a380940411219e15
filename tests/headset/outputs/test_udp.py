from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import replace

import pytest

from unvisor.headset.clock import NS_PER_S, now_ns
from unvisor.headset.errors import OutputError
from unvisor.headset.frame import Face, SensorFrame
from unvisor.headset.outputs.udp import UdpSink, UdpTarget
from unvisor.headset.plug import GOLDEN_FACE

FRAME = SensorFrame(time_ns=0)


def encode(_frame: SensorFrame, face: Face) -> Sequence[bytes]:
    return (f"{face.time_ns}".encode(),)


def at(time_s: float) -> Face:
    return replace(GOLDEN_FACE, time_ns=round(time_s * NS_PER_S))


@pytest.fixture
def receiver() -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind(("127.0.0.1", 0))
    opened.settimeout(5.0)
    return opened


def received(receiver: socket.socket) -> list[bytes]:
    """Everything up to the farewell."""
    packets: list[bytes] = []
    with receiver:
        while (packet := receiver.recv(64)) != b"farewell":
            packets.append(packet)
    return packets


def sink(port: int, rate_hz: float = 100.0) -> UdpSink:
    target = UdpTarget(port=port, rate_hz=rate_hz)
    return UdpSink(target, encode, remedy="start it", farewell=lambda: [b"farewell"])


@pytest.mark.parametrize(
    ("rate_hz", "expected"), [(30.0, 30), (60.0, 60), (90.0, 90), (1000.0, 90)]
)
def test_most_faces_a_second(receiver: socket.socket, rate_hz: float, expected: int) -> None:
    with sink(receiver.getsockname()[1], rate_hz) as udp:
        for index in range(90):
            udp.put(FRAME, at(index / 90))
        assert udp.health().state == "live"
    assert abs(len(received(receiver)) - expected) <= 1


def test_after_a_gap_there_is_no_burst(receiver: socket.socket) -> None:
    with sink(receiver.getsockname()[1], 60.0) as udp:
        for time_s in (0.0, 10.0, 10.001, 10.002, 10.02, 10.021):
            udp.put(FRAME, at(time_s))
    assert len(received(receiver)) <= 4


def test_where_nobody_listens_is_said_with_the_remedy(receiver: socket.socket) -> None:
    port = receiver.getsockname()[1]
    receiver.close()
    with sink(port) as udp:
        give_up_ns = now_ns() + 5 * NS_PER_S
        time_s = 0.0
        while udp.health().state != "lost":
            udp.put(FRAME, at(time_s := time_s + 0.1))
            assert now_ns() < give_up_ns
        health = udp.health()
    assert health.note == f"127.0.0.1:{port}: nobody listens"
    assert health.remedy == "start it"
    assert health.dropped >= 1


def test_closed_it_sends_nothing() -> None:
    udp = sink(9)
    udp.put(FRAME, at(0.0))
    assert udp.health().dropped == 0


@pytest.mark.parametrize("host", ["no such host", "999.1.1.1"])
def test_an_address_that_cannot_be(host: str) -> None:
    with (
        pytest.raises(OutputError, match="no such address"),
        UdpSink(UdpTarget(host=host), encode, remedy=""),
    ):
        pass
