from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from unvisor.headset.expressions import (
    LOOK_IN_RAD,
    LOOK_OUT_RAD,
    angles_from_gaze,
    mirror_gaze,
    mirror_unified,
    unified_from_arkit,
)
from unvisor.headset.names import ARKIT, UNIFIED, UNIFIED_INDEX
from unvisor.headset.vendor_maps import (
    UPPER_FACE,
    Floats,
    Reading,
    from_android,
    from_bd,
    from_fb2,
    from_htc_eye,
    from_htc_lip,
    from_pico_legacy,
)
from unvisor.headset.vendors import ANDROID, BD, BD_ARKIT, FB2, HTC_EYE, HTC_LIP, PICO_LEGACY

Read = Callable[[Floats], Reading]
VENDORS: dict[str, tuple[tuple[str, ...], Read]] = {
    "fb2": (FB2, from_fb2),
    "android": (ANDROID, from_android),
    "htc eye": (HTC_EYE, from_htc_eye),
    "htc lip": (HTC_LIP, from_htc_lip),
    "bd": (BD, from_bd),
    "pico legacy": (PICO_LEGACY, from_pico_legacy),
}
EYES = ("OpennessLeft", "OpennessRight", "YawLeft", "YawRight", "PitchLeft", "PitchRight")
each_vendor = pytest.mark.parametrize("vendor", VENDORS)

# Which outputs each weight moves when it is the only one: the master table turned round, from the
# vendor's side. A left weight stands for its right one too, with the sides exchanged. What moves
# nothing is not in the master table, or is only taken from something.
_META = """
    BROW_LOWERER_L: BrowPinchLeft BrowLowererLeft
    CHEEK_PUFF_L: CheekPuffLeft
    CHEEK_RAISER_L: CheekSquintLeft
    CHEEK_SUCK_L: CheekSuckLeft
    CHIN_RAISER_B: MouthRaiserLower
    CHIN_RAISER_T: MouthRaiserUpper
    DIMPLER_L: MouthDimpleLeft
    EYES_CLOSED_L: OpennessLeft
    EYES_LOOK_DOWN_L: PitchLeft
    EYES_LOOK_LEFT_L: YawLeft
    EYES_LOOK_RIGHT_L: YawLeft
    EYES_LOOK_UP_L: PitchLeft
    INNER_BROW_RAISER_L: BrowInnerUpLeft
    JAW_DROP: JawOpen
    JAW_SIDEWAYS_LEFT: JawLeft
    JAW_THRUST: JawForward
    LID_TIGHTENER_L: EyeSquintLeft
    LIP_CORNER_DEPRESSOR_L: MouthFrownLeft
    LIP_CORNER_PULLER_L: MouthCornerPullLeft MouthCornerSlantLeft
    LIP_FUNNELER_LB: LipFunnelLowerLeft
    LIP_FUNNELER_LT: LipFunnelUpperLeft
    LIP_PRESSOR_L: MouthPressLeft
    LIP_PUCKER_L: LipPuckerUpperLeft LipPuckerLowerLeft
    LIP_STRETCHER_L: MouthStretchLeft
    LIP_SUCK_LB: LipSuckLowerLeft
    LIP_SUCK_LT: LipSuckUpperLeft
    LIP_TIGHTENER_L: MouthTightenerLeft
    LIPS_TOWARD: MouthClosed
    LOWER_LIP_DEPRESSOR_L: MouthLowerDownLeft
    MOUTH_LEFT: MouthUpperLeft MouthLowerLeft
    NOSE_WRINKLER_L: NoseSneerLeft
    OUTER_BROW_RAISER_L: BrowOuterUpLeft
    UPPER_LID_RAISER_L: EyeWideLeft
    UPPER_LIP_RAISER_L: MouthUpperUpLeft MouthUpperDeepenLeft
    TONGUE_OUT: TongueOut
"""
_ARKIT = """
    eyeBlinkLeft: OpennessLeft
    eyeLookDownLeft: PitchLeft
    eyeLookInLeft: YawLeft
    eyeLookOutLeft: YawLeft
    eyeLookUpLeft: PitchLeft
    eyeSquintLeft: EyeSquintLeft
    eyeWideLeft: EyeWideLeft
    jawForward: JawForward
    jawLeft: JawLeft
    jawOpen: JawOpen
    mouthClose: MouthClosed
    mouthFunnel: LipFunnelUpperLeft LipFunnelUpperRight LipFunnelLowerLeft LipFunnelLowerRight
    mouthPucker: LipPuckerUpperLeft LipPuckerUpperRight LipPuckerLowerLeft LipPuckerLowerRight
    mouthLeft: MouthUpperLeft MouthLowerLeft
    mouthSmileLeft: MouthCornerPullLeft MouthCornerSlantLeft
    mouthFrownLeft: MouthFrownLeft
    mouthDimpleLeft: MouthDimpleLeft
    mouthStretchLeft: MouthStretchLeft
    mouthRollLower: LipSuckLowerLeft LipSuckLowerRight
    mouthRollUpper: LipSuckUpperLeft LipSuckUpperRight
    mouthShrugLower: MouthRaiserLower
    mouthShrugUpper: MouthRaiserUpper
    mouthPressLeft: MouthPressLeft
    mouthLowerDownLeft: MouthLowerDownLeft
    mouthUpperUpLeft: MouthUpperUpLeft MouthUpperDeepenLeft
    browDownLeft: BrowLowererLeft BrowPinchLeft
    browInnerUp: BrowInnerUpLeft BrowInnerUpRight
    browOuterUpLeft: BrowOuterUpLeft
    cheekPuff: CheekPuffLeft CheekPuffRight
    cheekSquintLeft: CheekSquintLeft
    noseSneerLeft: NoseSneerLeft
    tongueOut: TongueOut
"""
MOVES: dict[str, str] = {
    "fb2": _META + "TONGUE_TIP_ALVEOLAR: TongueCurlUp",
    "android": _META
    + """
    TONGUE_LEFT: TongueLeft
    TONGUE_UP: TongueUp
    TONGUE_DOWN: TongueDown
    """,
    "htc eye": """
    LEFT_BLINK: OpennessLeft
    LEFT_WIDE: EyeWideLeft
    LEFT_SQUEEZE: EyeSquintLeft
    LEFT_DOWN: PitchLeft
    LEFT_OUT: YawLeft
    LEFT_IN: YawLeft
    LEFT_UP: PitchLeft
    """,
    "htc lip": """
    JAW_LEFT: JawLeft
    JAW_FORWARD: JawForward
    JAW_OPEN: JawOpen
    MOUTH_APE_SHAPE: JawOpen MouthClosed
    MOUTH_UPPER_LEFT: MouthUpperLeft
    MOUTH_LOWER_LEFT: MouthLowerLeft
    MOUTH_UPPER_OVERTURN: LipFunnelUpperLeft LipFunnelUpperRight
    MOUTH_LOWER_OVERTURN: LipFunnelLowerLeft LipFunnelLowerRight
    MOUTH_POUT: LipPuckerUpperLeft LipPuckerUpperRight LipPuckerLowerLeft LipPuckerLowerRight
    MOUTH_RAISER_LEFT: MouthCornerPullLeft MouthCornerSlantLeft
    MOUTH_STRETCHER_LEFT: MouthFrownLeft
    CHEEK_PUFF_LEFT: CheekPuffLeft
    CHEEK_SUCK: CheekSuckLeft CheekSuckRight
    MOUTH_UPPER_UPLEFT: MouthUpperUpLeft MouthUpperDeepenLeft
    MOUTH_LOWER_DOWNLEFT: MouthLowerDownLeft
    MOUTH_UPPER_INSIDE: LipSuckUpperLeft LipSuckUpperRight
    MOUTH_LOWER_INSIDE: LipSuckLowerLeft LipSuckLowerRight
    MOUTH_LOWER_OVERLAY: MouthRaiserLower
    TONGUE_LONGSTEP1: TongueOut
    TONGUE_LONGSTEP2: TongueOut
    TONGUE_LEFT: TongueLeft
    TONGUE_UP: TongueUp
    TONGUE_DOWN: TongueDown
    TONGUE_ROLL: TongueRoll
    TONGUE_UPLEFT_MORPH: TongueUp TongueLeft
    TONGUE_DOWNLEFT_MORPH: TongueDown TongueLeft
    """,
    "bd": _ARKIT,
    "pico legacy": _ARKIT,
}


def other_side(name: str) -> str:
    """The same weight or shape of the other side, in anyone's spelling."""
    swapped = {
        "LEFT": "RIGHT",
        "RIGHT": "LEFT",
        "L": "R",
        "R": "L",
        "Left": "Right",
        "Right": "Left",
    }
    return re.sub(
        "LEFT|RIGHT|Left|Right|(?<=_)[LR](?=[BT]?$)", lambda found: swapped[found[0]], name
    )


def expected_moves(vendor: str) -> dict[str, set[str]]:
    moves: dict[str, set[str]] = {}
    for line in filter(None, map(str.strip, MOVES[vendor].splitlines())):
        name, _, outputs = line.partition(": ")
        moves[name] = set(outputs.split())
        if other_side(name) != name:
            moves[other_side(name)] = set(map(other_side, outputs.split()))
    return moves


def weights(vendor: str, **values: float) -> Floats:
    names = VENDORS[vendor][0]
    array = np.zeros(len(names))
    for name, value in values.items():
        array[names.index(name)] = value
    return array


def read(vendor: str, **values: float) -> Reading:
    return VENDORS[vendor][1](weights(vendor, **values))


def outputs(reading: Reading) -> dict[str, float]:
    """All that a reading says, by name."""
    yaw_rad, pitch_rad = angles_from_gaze(reading.gaze)
    eyes = np.concatenate([reading.openness, yaw_rad, pitch_rad])
    return dict(zip(UNIFIED + EYES, [*reading.weights, *eyes], strict=True))


def shape(reading: Reading, name: str) -> float:
    return float(reading.weights[UNIFIED_INDEX[name]])


@each_vendor
def test_every_weight_moves_what_the_master_table_says_and_nothing_else(vendor: str) -> None:
    names, map_ = VENDORS[vendor]
    rest = outputs(map_(np.zeros(len(names))))
    expected = expected_moves(vendor)
    meant = [BD_ARKIT[name] for name in names] if vendor == "bd" else names
    assert set(expected) <= set(meant)
    for index, name in enumerate(meant):
        alone = outputs(map_(np.where(np.arange(len(names)) == index, 0.5, 0.0)))
        moved = {
            key for key in rest if not np.isnan(rest[key]) and abs(alone[key] - rest[key]) > 1e-9
        }
        assert moved == expected.get(name, set()), name


@each_vendor
def test_what_no_weight_tells_is_missing_not_zero(vendor: str) -> None:
    names, map_ = VENDORS[vendor]
    told = {key for key, value in outputs(map_(np.zeros(len(names)))).items() if value == value}
    assert told == set().union(*expected_moves(vendor).values())


@each_vendor
def test_one_sides_weight_leaves_the_other_sides_shapes_alone(vendor: str) -> None:
    names, map_ = VENDORS[vendor]
    rest = outputs(map_(np.zeros(len(names))))
    for index, name in enumerate(names):
        meant = BD_ARKIT.get(name, name)
        if other_side(meant) == meant:
            continue
        here = re.findall("LEFT|RIGHT|Left|Right|(?<=_)[LR](?=[BT]?$)", meant)[-1][0]
        alone = outputs(map_(np.where(np.arange(len(names)) == index, 0.8, 0.0)))
        for key in rest:
            if key.endswith("Left" if here == "R" else "Right"):
                assert alone[key] == rest[key] or np.isnan(rest[key]), (name, key)


@each_vendor
def test_a_mirrored_face_is_read_mirrored(vendor: str) -> None:
    names, map_ = VENDORS[vendor]
    order = [names.index(other_side(name)) for name in names]
    face = np.random.default_rng(3).uniform(0.0, 0.6, (20, len(names)))
    reading, mirrored = map_(face), map_(face[:, order])
    np.testing.assert_allclose(mirrored.weights, mirror_unified(reading.weights))
    np.testing.assert_allclose(mirrored.gaze, mirror_gaze(reading.gaze), atol=1e-12)
    np.testing.assert_allclose(mirrored.openness, reading.openness[:, ::-1])


@each_vendor
def test_many_faces_at_once_are_read_as_each_alone(vendor: str) -> None:
    names, map_ = VENDORS[vendor]
    faces = np.random.default_rng(4).uniform(0.0, 1.0, (2, 3, len(names)))
    together = map_(faces)
    for at in np.ndindex(2, 3):
        alone = map_(faces[at])
        np.testing.assert_allclose(together.weights[at], alone.weights)
        np.testing.assert_allclose(together.gaze[at], alone.gaze)
        np.testing.assert_allclose(together.openness[at], alone.openness)


@each_vendor
def test_a_missing_weight_is_missed_where_it_is_needed_alone(vendor: str) -> None:
    names, map_ = VENDORS[vendor]
    rest = outputs(map_(np.zeros(len(names))))
    meant = [BD_ARKIT[name] for name in names] if vendor == "bd" else names
    for index, name in enumerate(meant):
        without = outputs(map_(np.where(np.arange(len(names)) == index, np.nan, 0.0)))
        gone = {key for key in rest if np.isnan(without[key]) and not np.isnan(rest[key])}
        # A gaze is one direction: half of it missing is all of it.
        moves = expected_moves(vendor).get(name, set())
        assert moves <= gone, name
        side = "Left" if any(key.endswith("Left") for key in gone) else "Right"
        alike = {f"{stem}{side}" for stem in ("Yaw", "Pitch")}
        corrected = {"Openness", "LipSuckUpper", "MouthUpperUp", "MouthUpperDeepen"}
        assert all(
            key in moves | alike or key.removesuffix("Left").removesuffix("Right") in corrected
            for key in gone
        ), (name, gone)


@each_vendor
def test_overshoot_passes_unclipped(vendor: str) -> None:
    wide = {"htc eye": "LEFT_WIDE", "htc lip": "JAW_LEFT", "pico legacy": "eyeWideLeft"}
    name = wide.get(vendor, "EYE_LOOK_WIDE_L" if vendor == "bd" else "UPPER_LID_RAISER_L")
    assert np.nanmax(read(vendor, **{name: 1.08}).weights) == pytest.approx(1.08)


# Values by hand from the master table.


@pytest.mark.parametrize("vendor", ["fb2", "android"])
def test_metas_corrections(vendor: str) -> None:
    reading = read(
        vendor,
        EYES_CLOSED_L=0.3, CHEEK_RAISER_L=0.5, LID_TIGHTENER_L=0.4, EYES_CLOSED_R=0.9,
        CHEEK_RAISER_R=0.5, LID_TIGHTENER_R=0.6, UPPER_LIP_RAISER_L=0.6, NOSE_WRINKLER_L=0.2,
        NOSE_WRINKLER_R=0.2, LIP_SUCK_LT=0.9, LIP_SUCK_RT=0.9,
    )  # fmt: skip
    np.testing.assert_allclose(reading.openness, [0.5, 0.0])  # 0.3 + 0.5 * 0.4; 0.9 + 0.3 > 1
    assert shape(reading, "MouthUpperUpLeft") == pytest.approx(0.4)
    assert shape(reading, "MouthUpperDeepenLeft") == pytest.approx(0.4)
    assert shape(reading, "MouthUpperUpRight") == 0.0  # not -0.2
    assert shape(reading, "LipSuckUpperLeft") == pytest.approx(1 - 0.6 ** (1 / 6))  # of the raiser
    assert shape(reading, "LipSuckUpperRight") == pytest.approx(0.9)


def test_metas_eyes_look_where_they_say() -> None:
    right = read("fb2", EYES_LOOK_RIGHT_L=1.0, EYES_LOOK_RIGHT_R=1.0)
    yaw_rad, _ = angles_from_gaze(right.gaze)
    np.testing.assert_allclose(yaw_rad, [LOOK_IN_RAD, LOOK_OUT_RAD])
    up = read("fb2", EYES_LOOK_UP_L=0.5, EYES_LOOK_DOWN_R=0.5)
    _, pitch_rad = angles_from_gaze(up.gaze)
    assert pitch_rad[0] > 0 > pitch_rad[1]


def test_metas_and_androids_tongues_are_not_confused() -> None:
    at_63 = np.where(np.arange(70) == 63, 0.7, 0.0)
    assert shape(from_fb2(at_63), "TongueOut") == 0.0  # a tip between the teeth is not out
    assert shape(from_android(at_63[:68]), "TongueOut") == pytest.approx(0.7)


def test_htcs_sums() -> None:
    reading = read(
        "htc lip",
        JAW_OPEN=0.3, MOUTH_APE_SHAPE=0.2, TONGUE_LONGSTEP1=0.8, TONGUE_LONGSTEP2=0.2,
        TONGUE_UP=0.1, TONGUE_UPRIGHT_MORPH=0.4, MOUTH_UPPER_UPLEFT=0.7, MOUTH_UPPER_OVERTURN=0.3,
    )  # fmt: skip
    assert shape(reading, "JawOpen") == pytest.approx(0.5)
    assert shape(reading, "MouthClosed") == pytest.approx(0.2)
    assert shape(reading, "TongueOut") == pytest.approx(0.5)
    assert shape(reading, "TongueUp") == pytest.approx(0.3)
    assert shape(reading, "TongueRight") == pytest.approx(0.2)
    assert shape(reading, "TongueLeft") == 0.0
    assert shape(reading, "MouthUpperUpLeft") == pytest.approx(0.4)
    assert shape(reading, "MouthUpperUpRight") == 0.0
    np.testing.assert_allclose(read("htc eye", LEFT_BLINK=0.25).openness, [0.75, 1.0])


def test_htcs_eyes_look_where_they_say() -> None:
    yaw_rad, pitch_rad = angles_from_gaze(
        read("htc eye", LEFT_OUT=1.0, RIGHT_IN=1.0, LEFT_UP=0.5, RIGHT_UP=0.5).gaze
    )
    np.testing.assert_allclose(yaw_rad, [-LOOK_OUT_RAD, -LOOK_IN_RAD])
    assert (pitch_rad > 0).all()


@pytest.mark.parametrize("vendor", ["bd", "pico legacy"])
def test_picos_corrections(vendor: str) -> None:
    spelled = {arkit: name for name, arkit in BD_ARKIT.items()} if vendor == "bd" else {}
    values = {
        "eyeBlinkLeft": 0.5,
        "eyeSquintLeft": 0.4,
        "mouthUpperUpRight": 0.6,
        "mouthRollUpper": 0.9,
    }
    reading = read(vendor, **{spelled.get(name, name): value for name, value in values.items()})
    np.testing.assert_allclose(reading.openness, [0.3, 1.0])
    assert shape(reading, "LipSuckUpperLeft") == pytest.approx(0.9)
    assert shape(reading, "LipSuckUpperRight") == pytest.approx(1 - 0.6 ** (1 / 6))
    arkit = np.array([values.get(name, 0.0) for name in ARKIT])
    apart = [i for i, name in enumerate(UNIFIED) if not name.startswith("LipSuckUpper")]
    np.testing.assert_array_equal(reading.weights[apart], unified_from_arkit(arkit)[apart])


# Mistakes seen in other people's maps (PROTOCOLS 3.14.4).


def test_htcs_upper_lip_is_not_read_from_its_lower() -> None:
    reading = read("htc lip", MOUTH_LOWER_OVERTURN=0.5)
    assert (shape(reading, "LipFunnelUpperLeft"), shape(reading, "LipFunnelLowerLeft")) == (0, 0.5)


@pytest.mark.parametrize("stem", ["MouthCornerPull", "MouthCornerSlant", "MouthFrown"])
def test_htcs_left_corner_is_not_read_from_its_right(stem: str) -> None:
    reading = read("htc lip", MOUTH_RAISER_RIGHT=0.5, MOUTH_STRETCHER_RIGHT=0.5)
    assert (shape(reading, f"{stem}Left"), shape(reading, f"{stem}Right")) == (0.0, 0.5)


@pytest.mark.parametrize(
    "guess",
    ["BrowInnerUp", "BrowOuterUp", "BrowPinch", "BrowLowerer", "CheekSquint", "MouthStretch",
     "MouthDimple", "MouthPress", "NoseSneer"],
)  # fmt: skip
def test_htcs_guesses_of_the_hidden_face_are_not_measurements(guess: str) -> None:
    eye = from_htc_eye(np.full(14, 0.9))
    lip = from_htc_lip(np.full(37, 0.9))
    for side in ("Left", "Right"):
        assert np.isnan(shape(eye, f"{guess}{side}"))
        assert np.isnan(shape(lip, f"{guess}{side}"))
    assert np.isnan(shape(lip, "MouthRaiserUpper"))


@pytest.mark.parametrize("vendor", ["bd", "pico legacy"])
def test_picos_right_squint_and_lips_are_its_own(vendor: str) -> None:
    bd = vendor == "bd"
    squint = read(vendor, **{"EYE_LOOK_SQUINT_R" if bd else "eyeSquintRight": 0.5})
    assert (shape(squint, "EyeSquintLeft"), shape(squint, "EyeSquintRight")) == (0.0, 0.5)
    roll = read(vendor, **{"MOUTH_ROLL_LOWER" if bd else "mouthRollLower": 0.5})
    for side in ("Left", "Right"):
        assert shape(roll, f"LipSuckLower{side}") == 0.5
        assert shape(roll, f"LipSuckUpper{side}") == 0.0
    cheek = read(vendor, **{"CHEEK_SQUINT_L" if bd else "cheekSquintLeft": 0.5})
    assert shape(cheek, "CheekSquintLeft") == 0.5
    shrug = read(vendor, **{"MOUTH_SHRUG_UPPER" if bd else "mouthShrugUpper": 0.5})
    assert (shape(shrug, "MouthRaiserUpper"), shape(shrug, "MouthRaiserLower")) == (0.5, 0.0)


def test_the_same_numbers_mean_other_things_in_picos_two_orders() -> None:
    closed = np.where(np.isin(np.arange(52), (28, 38)), 1.0, 0.0)
    np.testing.assert_array_equal(from_pico_legacy(closed).openness, [0.0, 0.0])
    np.testing.assert_array_equal(from_bd(closed).openness, [1.0, 1.0])


def test_the_upper_face_ends_at_nose_and_cheek() -> None:
    upper = {
        name.removesuffix("Left").removesuffix("Right") for name in np.array(UNIFIED)[UPPER_FACE]
    }
    assert upper == {
        "EyeSquint", "EyeWide", "BrowPinch", "BrowLowerer", "BrowInnerUp", "BrowOuterUp",
        "CheekSquint", "NoseSneer",
    }  # fmt: skip
