"""Sensors that must be asked: over a real socket, a phone's part played by another one."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from unvisor.headset.clock import now_ns
from unvisor.headset.errors import SensorError
from unvisor.headset.frame import Sample
from unvisor.headset.sensors import ifacialmocap, vrcft, vtube_studio
from unvisor.headset.sensors.asking import AskingReader, Request, opened_to
from unvisor.headset.sensors.udp import UdpSettings

from .hostile import shapes

LOOPBACK = "127.0.0.1"


@pytest.fixture
def phone() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind((LOOPBACK, 0))
        one.settimeout(5.0)
        yield one


def read_some(reader: AskingReader) -> list[Sample]:
    give_up_ns = now_ns() + 5_000_000_000
    while not (samples := list(reader.read())):
        assert now_ns() < give_up_ns, reader.health()
    return samples


def test_vtube_studio_is_told_where_to_send_and_heard(phone: socket.socket) -> None:
    settings = vtube_studio.VTubeStudioSettings(
        port=0, phone=LOOPBACK, phone_port=phone.getsockname()[1]
    )
    with vtube_studio.make(settings) as reader:
        reader.read()
        (port,) = json.loads(phone.recv(1024))["ports"]
        assert port == reader.port
        phone.sendto(vtube_studio.PLUG.golden, (LOOPBACK, port))
        assert shapes(read_some(reader)) == {"JawOpen": 0.5}


def test_ifacialmocap_is_greeted_until_it_is_heard(phone: socket.socket) -> None:
    settings = ifacialmocap.IFacialMocapSettings(
        port=0, phone=LOOPBACK, phone_port=phone.getsockname()[1]
    )
    with ifacialmocap.make(settings) as reader:
        reader.read()
        assert phone.recv(1024).startswith(b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719")
        phone.sendto(ifacialmocap.PLUG.golden, (LOOPBACK, reader.port))
        assert shapes(read_some(reader)) == {"JawOpen": 0.5}


def test_vrcfacetracking_is_asked_for_everything(phone: socket.socket) -> None:
    settings = vrcft.VRCFTSettings(port=0, vrcft_port=phone.getsockname()[1])
    with vrcft.make(settings) as reader:
        reader.read()
        assert phone.recv(1024) == b"/vrcft/settings/forceRelevant\0\0\0,T\0\0"


def request(phone: socket.socket, **more: bool) -> Request:
    return Request(
        host=LOOPBACK, port=phone.getsockname()[1], payload=lambda port: b"?", every_s=0.05, **more
    )


def test_it_asks_again_and_again_but_not_at_every_read(phone: socket.socket) -> None:
    reader = AskingReader(UdpSettings(), lambda packet, ns: [], remedy="", request=request(phone))
    with reader:
        began_ns, heard = now_ns(), 0
        phone.setblocking(False)
        while heard < 3:
            reader.read()
            try:
                heard += phone.recv(16) == b"?"
            except BlockingIOError:
                assert now_ns() - began_ns < 5_000_000_000
        assert now_ns() - began_ns >= 0.1 * 1e9


def test_who_names_nobody_asks_nobody() -> None:
    with ifacialmocap.make(ifacialmocap.IFacialMocapSettings(port=0)) as reader:
        assert reader.read() == []
        assert reader.health().state == "waiting"


def test_a_phone_that_does_not_exist_is_told_before_anything_opens() -> None:
    settings = vtube_studio.VTubeStudioSettings(port=0, phone="no.such.phone.invalid")
    with pytest.raises(SensorError, match=r"no\.such\.phone"), vtube_studio.make(settings):
        pass


def test_a_named_phone_is_let_in_and_nobody_else() -> None:
    assert opened_to(UdpSettings(), "192.168.1.7").host == "0.0.0.0"
    assert opened_to(UdpSettings(), "").host == LOOPBACK
    assert opened_to(UdpSettings(), LOOPBACK).host == LOOPBACK
    assert opened_to(UdpSettings(host="192.168.1.2"), "192.168.1.7").host == "192.168.1.2"
