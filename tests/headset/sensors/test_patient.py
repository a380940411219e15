from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

import pytest

from unvisor.headset.clock import NS_PER_S, now_ns
from unvisor.headset.errors import SensorError
from unvisor.headset.frame import Health, Reader
from unvisor.headset.sensors.live_link_face import GOLDEN, parse
from unvisor.headset.sensors.patient import Patient
from unvisor.headset.sensors.udp import UdpReader, UdpSettings


def taken() -> tuple[socket.socket, int]:
    """A port that this program has."""
    holder = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    holder.bind(("127.0.0.1", 0))
    return holder, holder.getsockname()[1]


def patient(port: int) -> tuple[Patient, UdpReader]:
    reader = UdpReader(UdpSettings(port=port), parse, remedy="start the app")
    return Patient(reader, first_pause_s=0.01, longest_pause_s=0.05), reader


def until(true: Callable[[], object]) -> None:
    deadline_ns = now_ns() + 10 * NS_PER_S
    while not true():
        assert now_ns() < deadline_ns
        time.sleep(0.005)


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name in ("patient", "udp")]


def test_it_is_a_reader() -> None:
    assert isinstance(patient(0)[0], Reader)


def test_what_can_be_opened_is_opened_at_once() -> None:
    one, inner = patient(0)
    with one:
        assert threads() == ["udp"]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.sendto(GOLDEN, ("127.0.0.1", inner.port))
        until(lambda: one.read())
        assert one.health().state == "live"
    assert threads() == []


def test_a_taken_port_is_told_with_its_owner_and_opened_when_it_is_free() -> None:
    holder, port = taken()
    one, _ = patient(port)
    with holder, one:
        health = one.health()
        assert (health.state, health.rate_hz, health.dropped) == ("waiting", 0.0, 0)
        assert f"127.0.0.1:{port}" in health.note
        assert "has this port" in health.note
        assert health.remedy.startswith("close it, or set another port")
        assert "tried again" in health.remedy
        assert one.read() == []
        holder.close()
        until(lambda: "start the app" in one.health().remedy)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.sendto(GOLDEN, ("127.0.0.1", port))
        until(lambda: one.read())
        until(lambda: threads() == ["udp"])
    assert threads() == []


def test_one_that_never_opens_leaves_nothing_behind_and_can_be_tried_anew() -> None:
    holder, port = taken()
    one, _ = patient(port)
    with holder:
        for _ in range(2):
            with one:
                assert threads() == ["patient"]
            assert threads() == []
    with one:
        assert threads() == ["udp"]
    assert threads() == []


def test_a_named_sensor_is_not_patient() -> None:
    holder, port = taken()
    _, inner = patient(port)
    with holder, pytest.raises(SensorError, match="has this port"), inner:
        pass


def test_what_is_no_refusal_is_not_waited_for() -> None:
    class Broken:
        """A reader with a fault of its own."""

        def __enter__(self) -> Broken:
            raise ZeroDivisionError

        def __exit__(self, *_: object) -> None:
            raise AssertionError

        def read(self) -> list[object]:
            return []

        def health(self) -> Health:
            return Health(state="live")

    one = Patient(Broken())  # pyright: ignore[reportArgumentType] - it never gives a sample
    with pytest.raises(ZeroDivisionError):
        one.__enter__()
