from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from unvisor.headset.expressions import gaze_from_angles
from unvisor.headset.frame import FaceSample, Origin, Sample, SensorFrame
from unvisor.headset.names import UNIFIED, UNIFIED_INDEX
from unvisor.headset.outputs.vrchat import VRChat
from unvisor.headset.plug import GOLDEN_FACE
from unvisor.headset.sensors.osc_face import OscFace
from unvisor.headset.sensors.vrcft import DIALECT, OPPOSITES, PLUG, parse

from .hostile import MANY, eyes_of, face_of, mutated, osc, shapes, survive


def told(prefix: str = "", /, **values: float) -> list[Sample]:
    """What is known when these values have just changed."""
    face = OscFace(DIALECT)
    for step in (0.001, 0.0):
        packet = osc(
            *((f"/avatar/parameters/{prefix}v2/{n}", value + step) for n, value in values.items())
        )
        samples = face.parse(packet, 0)
    return samples  # pyright: ignore[reportPossiblyUnboundVariable]


def test_the_golden_packet_is_a_half_open_jaw() -> None:
    assert shapes(parse(PLUG.golden, 7)) == {"JawOpen": 0.5}


@pytest.mark.parametrize("prefix", ["", "FT/", "Some/Avatar/"])
def test_any_prefix(prefix: str) -> None:
    assert shapes(told(prefix, JawOpen=0.5)) == {"JawOpen": 0.5}


@pytest.mark.parametrize(
    "address", ["/avatar/parameters/JawOpen", "/v2/JawOpen", "/avatar/parameters/xv2/JawOpen",
                "/avatar/parameters/v2/JawOpen1", "/tracking/v2/JawOpen"],
)  # fmt: skip
def test_other_addresses_are_nobodys(address: str) -> None:
    face = OscFace(DIALECT)
    assert face.parse(osc((address, 0.25)), 0) == face.parse(osc((address, 0.5)), 1) == []


def test_a_bool_is_a_threshold_and_no_weight() -> None:
    face = OscFace(DIALECT)
    for switch in (False, True):
        assert face.parse(osc(("/avatar/parameters/v2/JawOpen", switch)), 0) == []


def test_every_shape_arrives_where_it_belongs() -> None:
    wanted = {name: round((index + 1) / 128, 6) for index, name in enumerate(UNIFIED)}
    assert shapes(told(**wanted)) == pytest.approx(wanted)


@pytest.mark.parametrize("name", OPPOSITES)
def test_opposites_are_told_apart(name: str) -> None:
    plus, minus = OPPOSITES[name]
    assert shapes(told(**{name: 0.5})) == {plus: 0.5, minus: 0.0}
    assert shapes(told(**{name: -0.5})) == {plus: 0.0, minus: 0.5}


def test_a_shape_itself_counts_more_than_a_difference() -> None:
    assert shapes(told(JawX=0.25, JawRight=0.5, JawLeft=0.25)) == {"JawRight": 0.5, "JawLeft": 0.25}


def test_means_are_ignored() -> None:
    assert told(MouthSmileLeft=0.5, EyeX=0.5, CheekSquint=0.5, MouthOpen=0.5, SmileFrown=0.5) == []


def test_gaze_is_a_tangent() -> None:
    eyes = eyes_of(told(EyeLeftX=1.0, EyeLeftY=0.0, EyeRightX=0.0, EyeRightY=-1.0))
    half = np.sqrt(0.5)
    np.testing.assert_allclose(eyes.gaze, [[half, 0, -half], [0, -half, -half]], atol=1e-6)


def test_lids_by_every_name() -> None:
    assert eyes_of(told(EyeOpenLeft=0.25)).openness[0] == pytest.approx(0.25)
    assert eyes_of(told(EyeClosedRight=0.25)).openness[1] == pytest.approx(0.75)
    shut = told(EyeLidLeft=0.375)
    assert eyes_of(shut).openness[0] == pytest.approx(0.5)
    assert shapes(shut) == {"EyeWideLeft": 0.0}
    wide = told(EyeLidLeft=0.875)
    assert eyes_of(wide).openness[0] == pytest.approx(1.0)
    assert shapes(wide) == {"EyeWideLeft": 0.5}
    known = told(EyeLidLeft=0.875, EyeWideLeft=0.8)
    assert eyes_of(known).openness[0] == pytest.approx((0.875 - 0.2) / 0.75)


def test_pupils_are_sent_in_centimetres() -> None:
    np.testing.assert_allclose(
        eyes_of(told(PupilDiameterLeft=0.35, PupilDiameterRight=0.4)).pupil_mm,
        [3.5, 4.0],
        atol=1e-6,
    )


def test_it_understands_what_is_sent_to_vrchat() -> None:
    """Our own output writes every v2 parameter; read back, it is the same face."""
    rng = np.random.default_rng(5)
    weights = rng.uniform(0.1, 0.9, len(UNIFIED))
    for plus, minus in OPPOSITES.values():
        weights[UNIFIED_INDEX[rng.choice([plus, minus])]] = 0.0
    gaze = gaze_from_angles(np.array([0.3, 0.1]), np.array([-0.2, -0.1]))
    face = replace(
        GOLDEN_FACE,
        weights=weights,
        origin=np.full(len(UNIFIED), Origin.MEASURED, np.uint8),
        gaze=gaze,
        eye_origin=np.full(2, Origin.MEASURED, np.uint8),
        openness=np.array([0.75, 0.5]),
        openness_origin=np.full(2, Origin.MEASURED, np.uint8),
    )
    before = replace(face, weights=weights[::-1], gaze=gaze[::-1],
                     openness=face.openness[::-1])  # fmt: skip
    sender, reader = VRChat(["FT/"]), OscFace(DIALECT)
    samples: list[Sample] = []
    for one in (before, face):
        for packet in sender.encode(SensorFrame(time_ns=0), one):
            samples = [*samples, *reader.parse(packet, 1)]
    last = [one for one in samples if isinstance(one, FaceSample)][-1:]
    np.testing.assert_allclose(face_of(last).weights, weights, atol=0.01)
    eyes = eyes_of([[one for one in samples if not isinstance(one, FaceSample)][-1]])
    np.testing.assert_allclose(eyes.gaze, gaze, atol=1e-3)
    np.testing.assert_allclose(eyes.openness, [0.75, 0.5], atol=1e-6)


def test_no_bytes_do_harm() -> None:
    root = "/avatar/parameters/v2/"
    names = ("JawX", "EyeLeftX", "EyeLeftY", "EyeLidLeft", "PupilDiameterLeft", "EyeClosedRight")
    golden = [osc(*((root + name, value) for name in names)) for value in (0.25, 0.5, 0.75)]
    assert 0 < survive(OscFace(DIALECT).parse, mutated([PLUG.golden, *golden], seed=6)) < MANY
