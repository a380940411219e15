from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Sequence
from threading import Event, active_count

import pytest

from unvisor.headset.clock import now_ns
from unvisor.headset.errors import SensorError
from unvisor.headset.frame import NO_WEIGHTS, FaceSample, Health, Sample
from unvisor.headset.sensors.sample import observed
from unvisor.headset.sensors.sender_clock import Timestamps
from unvisor.headset.sensors.udp import LARGEST_BYTES, Packet, UdpReader, UdpSettings


def parse(packet: bytes, received_ns: int) -> list[Sample]:
    """Four bytes say the jaw, none say no face, three are a parser's mistake."""
    if not packet:
        return []
    if len(packet) == 3:
        raise LookupError("no such channel")
    weights = NO_WEIGHTS.copy()
    (weights[22],) = struct.unpack(">f", packet)
    return [observed("toy", weights, received_ns=received_ns)]


def reader() -> UdpReader:
    return UdpReader(UdpSettings(), parse, remedy="switch it on")


def send(port: int, *packets: bytes, host: str = "127.0.0.1") -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((host, 0))
        for packet in packets:
            sender.sendto(packet, ("127.0.0.1", port))


def read_until(
    reader: UdpReader, enough: Callable[[list[Sample], Health], bool]
) -> Sequence[Sample]:
    samples: list[Sample] = []
    give_up_ns = now_ns() + 5_000_000_000
    while not enough(samples, reader.health()):
        samples += reader.read()
        assert now_ns() < give_up_ns, reader.health()
    return samples


def jaws(samples: Sequence[Sample]) -> list[float]:
    return [float(one.weights[22]) for one in samples if isinstance(one, FaceSample)]


def test_samples_come_in_order_with_their_arrival() -> None:
    with reader() as udp:
        before_ns = now_ns()
        send(udp.port, *(struct.pack(">f", i / 8) for i in range(8)))
        samples = read_until(udp, lambda samples, _: len(samples) == 8)
        assert jaws(samples) == [i / 8 for i in range(8)]
        assert all(before_ns <= one.received_ns <= now_ns() for one in samples)
        assert udp.health().state == "live"
        assert udp.read() == []


def test_before_anything_comes_it_waits_and_says_what_to_do() -> None:
    with reader() as udp:
        health = udp.health()
        assert health.state == "waiting"
        assert health.remedy == f"switch it on (127.0.0.1:{udp.port})"


def test_what_cannot_be_read_is_counted_and_the_rest_goes_on() -> None:
    good = struct.pack(">f", 0.5)
    with reader() as udp:
        send(udp.port, good, b"abc", b"12345", bytes(LARGEST_BYTES + 1), good)
        samples = read_until(udp, lambda samples, _: len(samples) == 2)
        assert jaws(samples) == [0.5, 0.5]
        assert udp.health().dropped == 3


def test_packets_without_a_face_are_no_face() -> None:
    with reader() as udp:
        send(udp.port, b"")
        read_until(udp, lambda _, health: "without a face" in health.note)
        assert udp.health().state == "waiting"
        assert udp.health().dropped == 0


def test_of_a_flood_the_newest_are_kept_and_the_rest_counted() -> None:
    count = 400
    with reader() as udp:
        for start in range(0, count, 50):  # in steps: the kernel drops too, uncounted
            send(udp.port, *(struct.pack(">f", i) for i in range(start, start + 50)))
            give_up_ns = now_ns() + 5_000_000_000
            while udp.waiting + udp.health().dropped < start + 50:
                assert now_ns() < give_up_ns
        kept = jaws(udp.read())
        assert kept == [float(i) for i in range(count - len(kept), count)]
        assert len(kept) + udp.health().dropped == count


def test_a_second_sender_is_ignored_while_the_first_lives() -> None:
    with reader() as udp:
        send(udp.port, struct.pack(">f", 0.25))
        read_until(udp, lambda samples, _: len(samples) == 1)
        send(udp.port, struct.pack(">f", 0.75), host="127.0.0.2")
        read_until(udp, lambda _, health: health.dropped == 1)
        assert "127.0.0.2 sends too" in udp.health().note
        assert udp.read() == []


def test_whoever_cannot_be_read_does_not_shut_a_phone_out() -> None:
    with reader() as udp:
        send(udp.port, b"abc", bytes(LARGEST_BYTES + 1), b"", host="127.0.0.2")
        read_until(udp, lambda _, health: health.dropped == 2 and not udp.waiting)
        send(udp.port, struct.pack(">f", 0.25))
        assert jaws(read_until(udp, lambda samples, _: len(samples) == 1)) == [0.25]
        send(udp.port, b"abc", struct.pack(">f", 0.75), host="127.0.0.2")
        read_until(udp, lambda _, health: health.dropped == 4)
        assert udp.read() == []


def test_that_another_sends_too_is_said_for_a_while() -> None:
    with reader() as udp:
        send(udp.port, struct.pack(">f", 0.25))
        read_until(udp, lambda samples, _: len(samples) == 1)
        send(udp.port, struct.pack(">f", 0.75), host="127.0.0.2")
        read_until(udp, lambda _, health: health.dropped == 1)
        send(udp.port, struct.pack(">f", 0.5))
        read_until(udp, lambda samples, _: len(samples) == 1)
        note = udp.health().note
        assert note == "127.0.0.2 sends too and is ignored; 127.0.0.1 came first"


def test_of_two_that_arrive_before_the_first_read_one_is_heard() -> None:
    with reader() as udp:
        for host in ("127.0.0.1", "127.0.0.2", "127.0.0.1"):
            waiting = udp.waiting
            send(udp.port, struct.pack(">f", 0.25 if host == "127.0.0.1" else 0.75), host=host)
            give_up_ns = now_ns() + 5_000_000_000
            while udp.waiting == waiting:
                assert now_ns() < give_up_ns
        assert jaws(udp.read()) == [0.25, 0.25]
        assert udp.health().dropped == 1


def test_when_the_first_falls_silent_the_other_takes_over() -> None:
    with reader() as udp:
        send(udp.port, struct.pack(">f", 0.25))
        read_until(udp, lambda samples, _: len(samples) == 1)
        samples: list[Sample] = []
        give_up_ns = now_ns() + 10_000_000_000
        while not samples:
            assert now_ns() < give_up_ns
            send(udp.port, struct.pack(">f", 0.75), host="127.0.0.2")
            Event().wait(0.05)
            samples += udp.read()
        assert jaws(samples)[0] == 0.75
        assert udp.health().note == ""


def test_a_port_that_is_taken_names_its_owner_and_the_remedy() -> None:
    with (
        reader() as udp,
        pytest.raises(SensorError, match=rf"127.0.0.1:{udp.port}: \w+ \(pid \d+\).*another port"),
        UdpReader(UdpSettings(port=udp.port), parse, remedy=""),
    ):
        pass


def test_an_address_that_is_not_ours() -> None:
    with (
        pytest.raises(SensorError, match=r"192\.0\.2\.1"),
        UdpReader(UdpSettings(host="192.0.2.1"), parse, remedy=""),
    ):
        pass


def test_it_opens_again_and_leaves_nothing_behind() -> None:
    threads = active_count()
    udp = reader()
    for _ in range(2):
        with udp:
            send(udp.port, struct.pack(">f", 1.0))
            read_until(udp, lambda samples, _: len(samples) == 1)
    assert active_count() == threads


def test_a_packet_may_be_as_long_as_a_reader_says() -> None:
    lengths: list[int] = []

    def measured(packet: bytes, received_ns: int) -> list[Sample]:
        lengths.append(len(packet))
        return []

    with UdpReader(UdpSettings(), measured, remedy="", largest_bytes=30_000) as udp:
        send(udp.port, bytes(30_000), bytes(30_001), bytes(LARGEST_BYTES + 1), bytes(1))
        read_until(udp, lambda _, health: len(lengths) == 3 and health.dropped == 1)
    assert lengths == [30_000, LARGEST_BYTES + 1, 1]


def test_whoever_waits_is_woken_once_what_came_can_be_read() -> None:
    with reader() as udp:
        waiting: list[int] = []
        woken = Event()

        def arrived() -> None:
            waiting.append(udp.waiting)
            woken.set()

        udp.arrived = arrived
        for count in (1, 5, 5):
            woken.clear()
            before = udp.waiting
            send(udp.port, *(struct.pack(">f", i) for i in range(count)))
            give_up_ns = now_ns() + 5_000_000_000
            while not waiting or waiting[-1] < before + count:
                assert woken.wait(5.0)
                assert now_ns() < give_up_ns
        assert len(udp.read()) == 11
        assert 3 <= len(waiting) <= 11


def test_packets_can_be_listened_to_and_played_again() -> None:
    kept: list[Packet] = []
    with reader() as udp:
        udp.tap = kept.append
        send(udp.port, b"abc", bytes(LARGEST_BYTES + 1), struct.pack(">f", 0.5))
        heard = read_until(udp, lambda samples, _: len(samples) == 1)
    assert [(one.sender, one.payload) for one in kept] == [
        ("127.0.0.1", b"abc"),
        ("127.0.0.1", struct.pack(">f", 0.5)),
    ]
    again = reader()
    for packet in kept:
        again.feed(packet)
    (sample,) = again.read()
    assert (sample.received_ns, jaws([sample])) == (heard[0].received_ns, [0.5])
    assert again.health().dropped == 1


def test_a_packet_that_says_when_it_was_true_is_dated_so() -> None:
    """Sent evenly by a clock an hour ahead, it arrives 5 ms late now and then."""
    hour_ns, step_ns = 3600 * 10**9, 10_000_000

    def parsed(packet: bytes, received_ns: int) -> list[Sample]:
        return [observed("toy", NO_WEIGHTS, received_ns=received_ns)]

    timestamps = Timestamps(sent_ns=lambda packet: int.from_bytes(packet, "big"))
    udp = UdpReader(UdpSettings(), parsed, remedy="", timestamps=timestamps)
    start_ns = now_ns() - 2_000_000_000
    samples: list[Sample] = []
    for number in range(200):
        true_ns = start_ns + number * step_ns
        late_ns = 5_000_000 if number % 3 == 0 else 0
        sent = (true_ns + hour_ns).to_bytes(8, "big")
        udp.feed(Packet(true_ns + late_ns, "127.0.0.1", sent))
        samples += udp.read()
    times = [one.time_ns for one in samples[100:]]
    assert times == [start_ns + number * step_ns for number in range(100, 200)]
    health = udp.health()
    assert health.offset_s == pytest.approx(-3600.0)
    assert health.offset_error_s == 0.0
