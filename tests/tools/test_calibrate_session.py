"""A routine with real parts: Babble's packets over a real port to its plug, frames as a run has them,
notifications over a real socket; only the clock is a fast one."""

from __future__ import annotations

import json
import socket
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from threading import Event

import numpy as np
import pytest
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from unvisor.calibration.fitting.posed import fit_captures
from unvisor.calibration.routine.resting import Resting
from unvisor.headset.clock import NS_PER_S
from unvisor.headset.frame import AT_REST, SensorFrame
from unvisor.headset.names import UNIFIED_INDEX
from unvisor.headset.prompts.xsoverlay import XSOverlay
from unvisor.headset.sensors.assemble import Assembly
from unvisor.headset.sensors.babble import PLUG, BabbleSettings
from unvisor.headset.sensors.udp import UdpReader
from unvisor.reconstruct import models
from unvisor.tools.calibrate_session import Session

RATE_HZ = 15
REST, GOES = 0.1, 0.6
SENT = {
    "Relax your face": (),
    "Open your mouth wide": ("jawOpen",),
    "Smile": ("mouthSmileLeft", "mouthSmileRight"),
    "Blow a kiss": ("mouthPucker",),
    "Puff your cheeks": ("cheekPuffLeft", "cheekPuffRight"),
    "Stick out your tongue": ("tongueOut",),
}
NAMES = [name for names in SENT.values() for name in names]


class Babble:
    """Sends faces to the real plug, and gives the frames that come of them, at times of ours."""

    def __init__(self, reader: UdpReader, sending: socket.socket) -> None:
        self._reader, self._sending = reader, sending
        self._assembly = Assembly(("babble",))

    def frame(self, making: str, at_s: float) -> SensorFrame:
        bundle = OscBundleBuilder(IMMEDIATELY)
        for name in NAMES:
            message = OscMessageBuilder(f"/{name}")
            message.add_arg(REST + GOES * (name in SENT.get(making, ())), "f")
            bundle.add_content(message.build())  # pyright: ignore[reportArgumentType]
        self._sending.send(bundle.build().dgram)
        while not (samples := self._reader.read()):
            pass
        self._assembly.add("babble", samples)
        # As it was when the packet came: a machine that is busy is no tracker that has gone.
        frame = self._assembly.frame(samples[-1].received_ns)
        return replace(frame, time_ns=round(at_s * NS_PER_S))


@contextmanager
def babble() -> Generator[Babble]:
    with (
        PLUG.make(BabbleSettings(port=0)) as reader,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending,
    ):
        assert isinstance(reader, UdpReader)
        sending.connect(("127.0.0.1", reader.port))
        yield Babble(reader, sending)


def test_a_wearer_of_a_mouth_tracker_is_calibrated_while_their_face_rests() -> None:
    jaw = UNIFIED_INDEX["JawOpen"]
    resting = Resting(models.reconstructor("neutral", None))
    ended = Event()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as overlay, babble() as sender:
        overlay.bind(("127.0.0.1", 0))
        overlay.settimeout(5.0)
        port = overlay.getsockname()[1]
        making, jaws = "Open your mouth wide", dict[str, list[tuple[float, float]]]()
        with Session(
            lambda: [XSOverlay(port)], resting=resting, ended=lambda _: ended.set()
        ) as session:
            for index in range(RATE_HZ * 60):
                at_s = index / RATE_HZ
                if index == RATE_HZ:
                    session.begin()
                frame = sender.frame(making, at_s)
                face = resting.reconstruct(frame)
                state = "during" if resting.resting else "before" if index < 20 else "after"
                measured = float(frame.faces[0].weights[jaw])
                jaws.setdefault(state, []).append((measured, float(face.weights[jaw])))
                session.put(frame, face)
                told = session.health().note
                making = told if told in SENT else making
                if len(jaws.get("after", [])) > RATE_HZ:
                    break
            assert ended.wait(10)
            popups = [json.loads(overlay.recv(4096))["title"] for _ in range(8)]
    assert session.planned is not None
    sentence = "mouth tracker only: 6 poses, 19 s"
    assert popups == [sentence, *SENT, "Done: 6 of 6 seen"]
    assert session.captures is not None
    assert session.captures.missed == {}
    profile = fit_captures(session.captures.taken).profile
    assert profile.rest[jaw] == pytest.approx(REST, abs=0.02)  # leaning on the tracker's zero
    assert profile.reach[jaw] == pytest.approx(REST + GOES, abs=1e-3)
    # What is sent is what is measured, but not while faces are made for us.
    assert all(sent == measured for measured, sent in jaws["before"])
    settled = jaws["during"][RATE_HZ:]
    assert max(measured for measured, _ in settled) > 0.5
    assert max(abs(sent) for _, sent in settled) < AT_REST
    assert jaws["after"][-1][1] == pytest.approx(jaws["after"][-1][0])


def test_where_nothing_is_sensed_it_says_so() -> None:
    with Session(list) as session:
        session.begin()
        for at_s in np.arange(0.0, 30.0, 0.5):
            session.take(SensorFrame(time_ns=round(at_s * NS_PER_S)))
    assert session.refused == "sensors: nothing came for 20 s"
    assert session.captures is None
    assert not session.under_way


def test_a_run_that_ends_in_its_middle_keeps_what_was_done_and_a_second_begins_anew() -> None:
    with babble() as sender:
        with Session(list) as session:
            for repeat in range(2):
                session.begin()
                making = ""
                for index in range(RATE_HZ * 12):
                    session.take(sender.frame(making, 100.0 * repeat + index / RATE_HZ))
                    told = session.health().note
                    making = told if told in SENT else making
                if repeat == 0:
                    session.wish("stop")
                    session.take(sender.frame(making, 90.0))
                    assert session.captures is not None
                    assert session.captures.missed["tongue"] == "stopped"
        assert session.captures is not None
        assert {one.pose for one in session.captures.taken} >= {"neutral", "jaw_open"}
