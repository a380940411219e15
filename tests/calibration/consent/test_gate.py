from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from unvisor.calibration.consent.chain_check import check
from unvisor.calibration.consent.context import Context, context
from unvisor.calibration.consent.gate import Gated
from unvisor.calibration.consent.permit import SignedPermit
from unvisor.calibration.consent.record import written
from unvisor.calibration.consent.stated import Stated
from unvisor.calibration.consent.store import Store
from unvisor.headset.errors import ConsentError
from unvisor.headset.frame import SensorFrame
from unvisor.headset.outputs import live_link_face
from unvisor.headset.permit import Basis
from unvisor.headset.plug import GOLDEN_FACE

from .conftest import NOW

FRAME = SensorFrame(time_ns=0)


def received(receiver: socket.socket) -> int:
    """Return how many packets came; over the loopback they are there when sending returns."""
    packets = 0
    while True:
        try:
            receiver.recv(65536)
        except BlockingIOError:
            return packets
        packets += 1


@pytest.fixture
def receiver() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.setblocking(False)
    return made


def test_no_byte_goes_out_once_consent_ends(
    store: Store, evening: Context, receiver: socket.socket
) -> None:
    record = store.give(evening, now=NOW, how="--yes")
    permit = SignedPermit(store, record, evening, now=NOW, look_s=0.0)
    plug = live_link_face.PLUG
    port = int(receiver.getsockname()[1])
    settings = plug.settings(port=port, host="127.0.0.1")
    path, stays = store.path(record.id), written(record)
    faces = [replace(GOLDEN_FACE, time_ns=n * 1_000_000_000) for n in range(7)]
    with receiver, Gated("live-link-face", plug.make(settings), permit) as gate:
        gate.put(FRAME, faces[0])
        assert received(receiver) == 1
        octets = gate.sent.octets
        assert octets > 0
        path.write_bytes(stays.replace(b'"vrchat"', b'"vrchut"'))
        gate.put(FRAME, faces[1])
        received(receiver)  # its farewell, which is of nobody's face
        gate.put(FRAME, faces[2])
        assert received(receiver) == 0
        assert gate.health().state == "lost"
        assert "changed since it was signed" in gate.health().note
        assert gate.health().remedy == "restore it or give consent anew"
        path.write_bytes(stays)
        gate.put(FRAME, faces[3])
        assert received(receiver) == 1, "it is opened again"
        store.withdraw(record, now=NOW, how="test")
        gate.put(FRAME, faces[4])
        received(receiver)
        gate.put(FRAME, faces[5])
        assert received(receiver) == 0
        assert "was withdrawn" in gate.refusal
        assert (gate.sent.faces, gate.sent.refused) == (2, 4)
        assert gate.sent.octets >= 2 * octets


def test_an_output_that_cannot_be_opened_again_is_tried_now_and_then(
    store: Store, evening: Context
) -> None:
    record = store.give(evening, now=NOW, how="--yes")
    permit = SignedPermit(store, record, evening, now=NOW, look_s=0.0)
    settings = live_link_face.PLUG.settings(host="no-such-host.invalid")
    gate = Gated("live-link-face", live_link_face.PLUG.make(settings), permit)
    for _ in range(200):  # a name that is looked up each time would take seconds
        gate.put(FRAME, GOLDEN_FACE)
    assert "no such address" in gate.refusal
    assert gate.health().state == "lost"
    assert gate.sent.faces == 0


def test_it_does_not_open_without_consent(receiver: socket.socket) -> None:
    plug = live_link_face.PLUG
    sink = plug.make(plug.settings(port=int(receiver.getsockname()[1]), host="127.0.0.1"))
    refused = Stated(basis=Basis(kind="reference", text=""))
    with receiver, pytest.raises(ConsentError), Gated("live-link-face", sink, refused):
        pass


def test_no_change_to_a_consent_or_its_log_lets_more_out(store: Store) -> None:
    """What a log suffers changes nothing of what may be sent: it is told, and that is all."""
    asked = context("run", audience=["vrchat"])
    permit = SignedPermit(
        store, store.give(asked, now=NOW, how="--yes"), asked, now=NOW, look_s=0.0
    )
    for path in store.audit_folder.iterdir():
        path.write_bytes(b"vrchat" * 100)
    assert permit.refusal("vrchat") is None
    assert permit.refusal("vmc") is not None
    key = store.key()
    assert key is not None
    assert check(store.audit_folder, key.public, begun=True).faults
