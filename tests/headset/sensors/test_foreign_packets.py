"""Packets between us and code that we did not write.

OSC is read as python-osc writes it in each sensor's own tests; here it reads what we write. Live Link
Face has a library of its own, PyLiveLinkFace.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from unvisor.headset.expressions import arkit_from_unified, gaze_from_angles
from unvisor.headset.frame import Face, Origin, SensorFrame
from unvisor.headset.names import ARKIT, ARKIT_INDEX, UNIFIED, UNIFIED_INDEX
from unvisor.headset.outputs.live_link_face import LiveLinkFace
from unvisor.headset.outputs.vrchat import VRChat
from unvisor.headset.plug import GOLDEN_FACE
from unvisor.headset.sensors import live_link_face, vrchat_in

from .hostile import eyes_of, face_of

RNG = np.random.default_rng(4)


def known(name: str) -> Any:
    """The library's own numbering of channels."""
    library = pytest.importorskip(
        "pylivelinkface", reason="elsewhere: PyLiveLinkFace is not installed"
    )
    return library.FaceBlendShape[name[0].upper() + name[1:]]


def library() -> Any:
    return pytest.importorskip(
        "pylivelinkface", reason="elsewhere: PyLiveLinkFace is not installed"
    ).PyLiveLinkFace


def whole_face() -> Face:
    """A face of which all is known, and that looks somewhere."""
    weights = RNG.uniform(0.1, 0.9, len(UNIFIED))
    return replace(
        GOLDEN_FACE,
        weights=weights,
        origin=np.full(len(UNIFIED), Origin.MEASURED, np.uint8),
        gaze=gaze_from_angles(np.array([0.3, 0.1]), np.array([-0.2, -0.1])),
        eye_origin=np.full(2, Origin.MEASURED, np.uint8),
        openness=np.array([0.75, 0.5]),
        openness_origin=np.full(2, Origin.MEASURED, np.uint8),
    )


def test_we_read_what_pylivelinkface_writes() -> None:
    sender = library()(name="Python phone", uuid="a1b2c3d4-0000-4000-8000-123456789abc")
    given = {name: float(value) for name, value in zip(ARKIT, RNG.uniform(0, 1, 52), strict=True)}
    for side in ("Left", "Right"):  # an eye looks one way at a time
        given[f"eyeLookIn{side}"] = given[f"eyeLookDown{side}"] = 0.0
    for name, value in given.items():
        sender.set_blendshape(known(name), value, no_filter=True)
    samples = live_link_face.parse(sender.encode(), 7)
    eyes = eyes_of(samples)
    arkit = arkit_from_unified(face_of(samples).weights, eyes.gaze, eyes.openness)
    assert {name: arkit[ARKIT_INDEX[name]] for name in ARKIT} == pytest.approx(given, abs=1e-6)


def test_pylivelinkface_reads_what_we_write() -> None:
    face = whole_face()
    (packet,) = LiveLinkFace("unvisor").encode(SensorFrame(time_ns=0), face)
    seen, read = library().decode(packet)
    assert seen
    arkit = np.clip(arkit_from_unified(face.weights, face.gaze, face.openness), 0.0, 1.0)
    got = [read.get_blendshape(known(name)) for name in ARKIT]
    np.testing.assert_allclose(got, arkit, atol=1e-6)
    assert read.name == "unvisor"
    assert read.fps == 60


def test_python_osc_reads_what_we_write() -> None:
    face = whole_face()
    told: dict[str, object] = {}
    for packet in VRChat(["FT/"]).encode(SensorFrame(time_ns=0), face):
        for one in OscBundle(packet):
            assert isinstance(one, OscMessage)
            (value,) = one.params
            told[one.address] = value
    jaw = told["/avatar/parameters/FT/v2/JawOpen"]
    assert jaw == pytest.approx(face.weights[UNIFIED_INDEX["JawOpen"]], abs=1e-6)
    assert all(isinstance(value, float | bool) and np.isfinite(value) for value in told.values())


def test_we_read_vrchats_bare_messages_as_python_osc_writes_them() -> None:
    message = OscMessageBuilder("/avatar/parameters/AFK")
    message.add_arg(True)
    (sample,) = vrchat_in.parse(message.build().dgram, 7)
    assert sample == replace(vrchat_in.parse(vrchat_in.PLUG.golden, 7)[0], worn=False)
