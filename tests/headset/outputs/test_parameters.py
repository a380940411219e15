from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unvisor.headset.expressions import gaze_from_angles
from unvisor.headset.frame import Face, HeadSample, Origin, SensorFrame
from unvisor.headset.names import UNIFIED, UNIFIED_INDEX
from unvisor.headset.outputs import parameters
from unvisor.headset.plug import GOLDEN_FACE

FRAME = SensorFrame(time_ns=0)


def face(**shapes: float) -> Face:
    weights = GOLDEN_FACE.weights.copy()
    weights[:] = np.nan
    for name, value in shapes.items():
        weights[UNIFIED_INDEX[name]] = value
    return replace(GOLDEN_FACE, weights=weights)


def named(face: Face, frame: SensorFrame = FRAME) -> dict[str, float]:
    values = parameters.values(frame, face)
    return {n: v for n, v in zip(parameters.NAMES, values.tolist(), strict=True) if not np.isnan(v)}


def test_names_are_their_own() -> None:
    assert len(set(parameters.NAMES)) == len(parameters.NAMES)
    assert parameters.NAMES[:88] == UNIFIED


def test_of_an_unknown_face_nothing_is_said() -> None:
    assert named(face()) == {}


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        ({"BrowOuterUpLeft": 1.0, "BrowInnerUpLeft": 0.5},
         {"BrowUpLeft": 0.8, "BrowUp": 0.4, "BrowExpressionLeft": 0.75, "BrowExpression": 0.375}),
        ({"BrowLowererRight": 0.8, "BrowPinchRight": 0.4},
         {"BrowDownRight": 0.7, "BrowDown": 0.35, "BrowExpressionRight": -0.7}),
        ({"JawRight": 0.2, "JawLeft": 0.7, "JawForward": 0.3}, {"JawX": -0.5, "JawZ": 0.3}),
        ({"CheekPuffLeft": 0.6, "CheekSuckRight": 0.2},
         {"CheekPuffSuckLeft": 0.6, "CheekPuffSuckRight": -0.2, "CheekPuffSuck": 0.2}),
        ({"MouthUpperRight": 0.4, "MouthLowerLeft": 0.2},
         {"MouthUpperX": 0.4, "MouthLowerX": -0.2, "MouthX": 0.1}),
        ({"MouthCornerPullLeft": 1.0, "MouthFrownLeft": 0.3, "MouthStretchLeft": 0.5},
         {"MouthSmileLeft": 0.8, "SmileFrownLeft": 0.5, "MouthSadLeft": 0.5, "SmileSadLeft": 0.3,
          "MouthCornerYLeft": -0.3, "MouthTightenerStretchLeft": -0.5}),
        ({"LipSuckUpperLeft": 0.8, "LipFunnelUpperLeft": 0.2},
         {"LipSuckUpper": 0.4, "LipSuck": 0.2, "LipFunnel": 0.05, "LipSuckFunnelUpperLeft": 0.6,
          "LipSuckFunnelUpper": 0.3}),
        ({"LipPuckerUpperLeft": 0.4, "LipPuckerLowerLeft": 0.8},
         {"LipPuckerLeft": 0.6, "LipPuckerUpper": 0.2, "LipPucker": 0.3}),
        ({"MouthUpperUpLeft": 0.8, "MouthLowerDownRight": 0.4}, {"MouthOpen": 0.3}),
        ({"EyeWideLeft": 0.2, "EyeWideRight": 0.6, "EyeSquintLeft": 0.1},
         {"EyeWide": 0.6, "EyeSquint": 0.1, "EyesSquint": 0.1}),
        ({"TongueCurlUp": 0.5, "TongueBendDown": 0.2, "TongueFlat": 0.1, "TongueSquish": 0.4},
         {"TongueArchY": 0.3, "TongueShape": -0.3}),
        ({"TongueRight": 0.1, "TongueLeft": 0.4, "TongueUp": 0.9}, {"TongueX": -0.3, "TongueY": 0.9}),
    ],
)  # fmt: skip
def test_formulas(shapes: dict[str, float], expected: dict[str, float]) -> None:
    values = named(face(**shapes))
    assert {name: values[name] for name in expected} == pytest.approx(expected)


def test_eyes_look_right_and_up_in_tangents() -> None:
    gaze = gaze_from_angles(np.array([np.arctan(0.5), np.nan]), np.array([np.arctan(0.25), np.nan]))
    sensed = np.array([Origin.MEASURED, Origin.ABSENT], np.uint8)
    values = named(replace(face(), gaze=gaze, eye_origin=sensed))
    assert values == pytest.approx({"EyeLeftX": 0.5, "EyeX": 0.5, "EyeLeftY": 0.25, "EyeY": 0.25})


def test_lids_open_three_quarters_and_wide_the_rest() -> None:
    wide = replace(face(EyeWideLeft=1.0), openness=np.array([1.0, 0.5]))
    values = named(wide)
    assert values["EyeLidLeft"] == 1.0
    assert values["EyeLidRight"] == 0.375
    assert values["EyeLid"] == pytest.approx(0.6875)
    assert (values["EyeOpenRight"], values["EyeClosedRight"], values["EyeOpen"]) == (0.5, 0.5, 0.75)


def test_a_lid_that_is_made_up_is_left_to_the_avatar() -> None:
    origin = np.array([Origin.SYNTHESISED, Origin.MEASURED], np.uint8)
    values = named(replace(face(), openness=np.array([0.2, 0.6]), openness_origin=origin))
    assert {name for name in values if "Left" in name} == set()
    assert values["EyeOpenRight"] == values["EyeOpen"] == 0.6


def test_pupils() -> None:
    values = named(replace(face(), pupil_mm=np.array([3.0, 5.0])))
    assert values == pytest.approx(
        {"PupilDiameterLeft": 0.3, "PupilDiameterRight": 0.5, "PupilDiameter": 0.4}
    )


def turned(axis: tuple[float, float, float], angle_rad: float) -> HeadSample:
    half = np.sin(angle_rad / 2) * np.array(axis)
    return HeadSample(
        time_ns=0, received_ns=0, orientation_xyzw=np.array([*half, np.cos(angle_rad / 2)]),
        position_m=np.array([0.1, 0.2, -0.3]),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("axis", "name"),
    [
        ((0, -1, 0), "Head/Yaw"),  # about down: to the right
        ((-1, 0, 0), "Head/Pitch"),  # about left: down
        ((0, 0, 1), "Head/Roll"),  # about backward: the right ear rises, tilted left
    ],
)
def test_the_head_turns_right_down_and_left(axis: tuple[float, float, float], name: str) -> None:
    values = named(face(), SensorFrame(time_ns=0, head=turned(axis, np.pi / 4)))
    turns = {n: v for n, v in values.items() if n in ("Head/Yaw", "Head/Pitch", "Head/Roll")}
    assert turns == pytest.approx({**dict.fromkeys(turns, 0.0), name: 0.5})
    assert (values["Head/PosX"], values["Head/PosY"], values["Head/PosZ"]) == pytest.approx(
        (0.2, 0.4, 0.6)
    )


@given(st.integers(0, 2**32), st.floats(0, 1))
def test_every_value_is_in_range_whatever_the_face(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)

    def some(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return np.where(rng.uniform(size=shape) < share, rng.normal(size=shape, scale=3), np.nan)

    gaze = rng.normal(size=(2, 3))
    wild = replace(
        GOLDEN_FACE, weights=some(88), openness=some(2), pupil_mm=some(2),
        gaze=gaze / np.linalg.norm(gaze, axis=1, keepdims=True),
    )  # fmt: skip
    for value in named(wild).values():
        assert -1.0 <= value <= 1.0
