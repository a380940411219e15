"""What avatars made for VRCFaceTracking call a face: its v2 parameters, and their formulas.

A missing shape counts as rest within a formula; a parameter of which no part is known is NaN, and
is not sent.

Source: PROTOCOLS 3.1.1 and 3.1.2 (the code is the authority for TongueArchY and TongueShape).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..frame import Face, HeadSample, Origin, SensorFrame
from ..names import UNIFIED, UNIFIED_INDEX

Floats = NDArray[np.float64]

_SIDES: Final = ("Right", "Left")
_QUARTERS: Final = ("UpperRight", "UpperLeft", "LowerRight", "LowerLeft")


def _formulas() -> dict[str, Floats]:
    """Return for each linear parameter its weights (88,)."""
    u = dict(zip(UNIFIED, np.eye(len(UNIFIED)), strict=True))
    p: dict[str, Floats] = {}

    def mean(*names: str) -> Floats:
        return sum((u[name] for name in names), np.zeros(len(UNIFIED))) / len(names)

    for s in _SIDES:
        p[f"BrowUp{s}"] = 0.6 * u[f"BrowOuterUp{s}"] + 0.4 * u[f"BrowInnerUp{s}"]
        p[f"BrowDown{s}"] = 0.75 * u[f"BrowLowerer{s}"] + 0.25 * u[f"BrowPinch{s}"]
        p[f"BrowExpression{s}"] = mean(f"BrowInnerUp{s}", f"BrowOuterUp{s}") - p[f"BrowDown{s}"]
        p[f"CheekPuffSuck{s}"] = u[f"CheekPuff{s}"] - u[f"CheekSuck{s}"]
        p[f"MouthSmile{s}"] = 0.8 * u[f"MouthCornerPull{s}"] + 0.2 * u[f"MouthCornerSlant{s}"]
        p[f"MouthCornerY{s}"] = u[f"MouthCornerSlant{s}"] - u[f"MouthFrown{s}"]
        p[f"SmileFrown{s}"] = p[f"MouthSmile{s}"] - u[f"MouthFrown{s}"]
        p[f"MouthTightenerStretch{s}"] = u[f"MouthTightener{s}"] - u[f"MouthStretch{s}"]
        p[f"LipPucker{s}"] = mean(f"LipPuckerUpper{s}", f"LipPuckerLower{s}")
    for stem in (
        "BrowUp", "BrowDown", "BrowExpression", "CheekPuffSuck", "MouthCornerY", "SmileFrown",
        "MouthTightenerStretch",
    ):  # fmt: skip
        p[stem] = (p[f"{stem}Right"] + p[f"{stem}Left"]) / 2
    for stem in (
        "BrowInnerUp", "BrowOuterUp", "CheekSquint", "CheekSuck", "MouthUpperUp", "MouthLowerDown",
        "MouthStretch", "MouthTightener", "MouthPress", "MouthDimple", "NoseSneer",
        "LipSuckUpper", "LipSuckLower", "LipFunnelUpper", "LipFunnelLower", "LipPuckerUpper",
        "LipPuckerLower",
    ):  # fmt: skip
        p[stem] = mean(f"{stem}Right", f"{stem}Left")
    for stem in ("LipSuck", "LipFunnel", "LipPucker"):
        p[stem] = mean(*(f"{stem}{quarter}" for quarter in _QUARTERS))
    for quarter in _QUARTERS:
        p[f"LipSuckFunnel{quarter}"] = u[f"LipSuck{quarter}"] - u[f"LipFunnel{quarter}"]
    for row in ("Upper", "Lower"):
        p[f"LipSuckFunnel{row}"] = p[f"LipSuck{row}"] - p[f"LipFunnel{row}"]
        p[f"Mouth{row}X"] = u[f"Mouth{row}Right"] - u[f"Mouth{row}Left"]
    p["MouthX"] = (p["MouthUpperX"] + p["MouthLowerX"]) / 2
    p["MouthOpen"] = (p["MouthUpperUp"] + p["MouthLowerDown"]) / 2
    p["JawX"] = u["JawRight"] - u["JawLeft"]
    p["JawZ"] = u["JawForward"] - u["JawBackward"]
    p["TongueX"] = u["TongueRight"] - u["TongueLeft"]
    p["TongueY"] = u["TongueUp"] - u["TongueDown"]
    p["TongueArchY"] = u["TongueCurlUp"] - u["TongueBendDown"]
    p["TongueShape"] = u["TongueFlat"] - u["TongueSquish"]
    return p


_LINEAR: Final = _formulas()
_MATRIX: Final = np.stack(list(_LINEAR.values()))
_USES: Final = (_MATRIX != 0).astype(np.float64)

LARGER: Final[dict[str, tuple[str, str]]] = {
    "EyeWide": ("EyeWideRight", "EyeWideLeft"),
    "EyeSquint": ("EyeSquintRight", "EyeSquintLeft"),
    "EyesSquint": ("EyeSquintRight", "EyeSquintLeft"),
    "MouthSadRight": ("MouthFrownRight", "MouthStretchRight"),
    "MouthSadLeft": ("MouthFrownLeft", "MouthStretchLeft"),
}
"""The larger of two shapes."""

_PAIRS: Final = np.array([[UNIFIED_INDEX[name] for name in pair] for pair in LARGER.values()])
_SAD: Final = [list(LARGER).index(f"MouthSad{side}") for side in _SIDES]
_SMILE: Final = [list(_LINEAR).index(f"MouthSmile{side}") for side in _SIDES]
_SMILE_SAD: Final = ("SmileSadRight", "SmileSadLeft", "SmileSad")
_WIDE: Final = [UNIFIED_INDEX["EyeWideLeft"], UNIFIED_INDEX["EyeWideRight"]]

_EYES: Final = (
    "EyeLeftX", "EyeRightX", "EyeX", "EyeLeftY", "EyeRightY", "EyeY", "EyeOpenLeft", "EyeOpenRight",
    "EyeOpen", "EyeClosedLeft", "EyeClosedRight", "EyeClosed", "EyeLidLeft", "EyeLidRight", "EyeLid",
    "PupilDiameterLeft", "PupilDiameterRight", "PupilDiameter",
)  # fmt: skip
_HEAD: Final = ("Head/Yaw", "Head/Pitch", "Head/Roll", "Head/PosX", "Head/PosY", "Head/PosZ")

NAMES: Final[tuple[str, ...]] = (*UNIFIED, *_LINEAR, *LARGER, *_SMILE_SAD, *_EYES, *_HEAD)
"""Every parameter, in the order of `values`."""


def values(frame: SensorFrame, face: Face) -> Floats:
    """Return the value of every parameter of `NAMES`, shape (N,).

    Shapes, lids and pupils are 0 to 1; differences and directions -1 to 1, + right and up. The head
    is left-handed: yaw + right, pitch + down, roll + tilted left, ±1 for ±90° and for ±0.5 m.
    """
    shapes = np.clip(face.weights, 0.0, 1.0)
    known = ~np.isnan(shapes)
    filled = np.where(known, shapes, 0.0)
    linear = np.where(_USES @ known > 0, _MATRIX @ filled, np.nan)
    larger = np.where(known[_PAIRS].any(axis=1), filled[_PAIRS].max(axis=1), np.nan)
    smile_sad = linear[_SMILE] - larger[_SAD]
    return np.concatenate(
        [
            shapes,
            linear,
            larger,
            smile_sad,
            [smile_sad.mean()],
            _eyes(face, filled),
            _head(frame.head),
        ]
    )


def _eyes(face: Face, filled: Floats) -> Floats:
    # Gaze that is not sensed, and lids that are made up, are left to the receiver: it animates them.
    sensed = face.eye_origin == Origin.MEASURED
    # A gaze is sent as the tangent of its angles, as the receiver takes the arctangent.
    ahead = -face.gaze[:, 2]
    x = np.where(sensed, np.clip(face.gaze[:, 0] / ahead, -1.0, 1.0), np.nan)
    level = np.hypot(face.gaze[:, 0], ahead)
    y = np.where(sensed, np.clip(face.gaze[:, 1] / level, -1.0, 1.0), np.nan)
    invented = face.openness_origin == Origin.SYNTHESISED
    openness = np.where(invented, np.nan, np.clip(face.openness, 0.0, 1.0))
    lid = 0.75 * openness + 0.25 * filled[_WIDE]
    pupil = np.clip(0.1 * face.pupil_mm, 0.0, 1.0)
    return np.concatenate(
        [[*pair, _mean_known(pair)] for pair in (x, y, openness, 1.0 - openness, lid, pupil)]
    )


def _mean_known(pair: Floats) -> float:
    known = pair[~np.isnan(pair)]
    return float(known.mean()) if known.size else float("nan")


def _head(head: HeadSample | None) -> Floats:
    if head is None:
        return np.full(len(_HEAD), np.nan)
    x, y, z, w = head.orientation_xyzw
    forward = np.array([-2 * (x * z + w * y), -2 * (y * z - w * x), -1 + 2 * (x * x + y * y)])
    right_up, up_up = 2 * (x * y + w * z), 1 - 2 * (x * x + z * z)
    yaw_rad = np.arctan2(forward[0], -forward[2])
    pitch_rad = -np.arcsin(np.clip(forward[1], -1.0, 1.0))
    roll_rad = np.arctan2(right_up, up_up)
    position = head.position_m * (1.0, 1.0, -1.0) / 0.5
    return np.clip(
        [*(np.array([yaw_rad, pitch_rad, roll_rad]) / (np.pi / 2)), *position], -1.0, 1.0
    )
