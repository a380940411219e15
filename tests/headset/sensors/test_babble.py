from __future__ import annotations

import numpy as np
import pytest

from unvisor.headset.names import UNIFIED, mirrored
from unvisor.headset.sensors.babble import DIALECT, PLUG, SHAPES, parse
from unvisor.headset.sensors.osc_face import OscFace

from .hostile import MANY, eyes_of, mutated, osc, shapes, survive

# The model's 45 outputs, as PROTOCOLS 3.5 lists them.
MOUTH = """
    cheekPuffLeft cheekPuffRight cheekSuckLeft cheekSuckRight jawOpen jawForward jawLeft jawRight
    noseSneerLeft noseSneerRight mouthFunnel mouthPucker mouthLeft mouthRight mouthRollUpper
    mouthRollLower mouthShrugUpper mouthShrugLower mouthClose mouthSmileLeft mouthSmileRight
    mouthFrownLeft mouthFrownRight mouthDimpleLeft mouthDimpleRight mouthUpperUpLeft
    mouthUpperUpRight mouthLowerDownLeft mouthLowerDownRight mouthPressLeft mouthPressRight
    mouthStretchLeft mouthStretchRight tongueOut tongueUp tongueDown tongueLeft tongueRight
    tongueRoll tongueBendDown tongueCurlUp tongueSquish tongueFlat tongueTwistLeft tongueTwistRight
""".split()


def test_the_golden_packet_is_a_half_open_jaw() -> None:
    assert shapes(parse(PLUG.golden, 7)) == {"JawOpen": 0.5}


def test_all_45_are_known_and_no_other_of_the_mouth() -> None:
    assert len(MOUTH) == 45
    assert {name for name in SHAPES if "Eye" not in name} == set(MOUTH)


@pytest.mark.parametrize("prefix", ["", "/babble", "/avatar/parameters"])
def test_a_whole_face_in_any_prefix(prefix: str) -> None:
    face = OscFace(DIALECT)
    for index, name in enumerate(MOUTH):
        samples = face.parse(osc((f"{prefix}/{name}", index / 64)), index)
    said = shapes(samples)  # pyright: ignore[reportPossiblyUnboundVariable]
    assert said["CheekSuckLeft"] == MOUTH.index("cheekSuckLeft") / 64
    assert said["MouthUpperLeft"] == said["MouthLowerLeft"] == MOUTH.index("mouthLeft") / 64
    assert said["LipSuckUpperRight"] == MOUTH.index("mouthRollUpper") / 64
    assert said["MouthRaiserUpper"] == MOUTH.index("mouthShrugUpper") / 64
    assert said["MouthRaiserLower"] == MOUTH.index("mouthShrugLower") / 64
    assert said["TongueTwistLeft"] == MOUTH.index("tongueTwistLeft") / 64
    hidden = {name for name in UNIFIED if name.startswith(("Brow", "Eye", "CheekSquint"))}
    assert hidden.isdisjoint(said)


@pytest.mark.parametrize("name", SHAPES)
def test_the_other_side_is_the_mirrored_face(name: str) -> None:
    other = mirrored(name[0].upper() + name[1:])
    other = other[0].lower() + other[1:]
    assert {mirrored(shape) for shape in SHAPES[name]} == set(SHAPES[other])


def test_the_eyes_of_baballonia() -> None:
    eyes = eyes_of(
        parse(
            osc(
                ("/LeftEyeX", 1.0), ("/LeftEyeY", 0.0), ("/leftEyeLid", 0.25),
                ("/RightEyeX", 0.0), ("/rightEyeY", -1.0), ("/RightEyeLid", 0.75),
            ),
            7,
        )
    )  # fmt: skip
    half = np.sqrt(0.5)
    np.testing.assert_allclose(eyes.gaze, [[half, 0, -half], [0, -half, -half]], atol=1e-12)
    np.testing.assert_array_equal(eyes.openness, [0.25, 0.75])
    assert np.isnan(eyes.pupil_mm).all()


def test_half_a_direction_is_none() -> None:
    eyes = eyes_of(parse(osc(("/LeftEyeX", 0.5), ("/RightEyeLid", 0.5)), 7))
    assert np.isnan(eyes.gaze).all()
    np.testing.assert_array_equal(eyes.confidence, [0.0, 1.0])


def test_what_surrounds_an_eye() -> None:
    said = parse(osc(("/LeftEyeWiden", 0.1), ("/RightEyeSquint", 0.2), ("/RightEyeBrow", 0.3)), 7)
    assert shapes(said) == {"EyeWideLeft": 0.1, "EyeSquintRight": 0.2, "BrowLowererRight": 0.3}


def test_no_bytes_do_harm() -> None:
    whole = osc(*((f"/{name}", 0.5) for name in (*MOUTH[:6], "LeftEyeX", "LeftEyeY", "LeftEyeLid")))
    assert 0 < survive(OscFace(DIALECT).parse, mutated([PLUG.golden, whole], seed=3)) < MANY
