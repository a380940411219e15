"""ARKit-52 <-> Unified Expressions with eyes, and the mirror.

ARKit -> Unified -> ARKit is the identity (where opposing looks exclude each other), and nothing is
clipped: captures reach 1.08. The non-linear corrections of vendors' modules are not here but in the
readers and outputs that need them. NaN means *not observed* and stays NaN.

Source: PROTOCOLS 3.14.1 (master table and "UE->ARKit reverse"), without the vendors' corrections.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .names import ARKIT, ARKIT_INDEX, ARKIT_MIRROR, UNIFIED, UNIFIED_INDEX, UNIFIED_MIRROR

Floats = NDArray[np.float64]

_SIDES: Final = ("Left", "Right")

# ARKit channel -> the Unified shapes it is written to, each with its weight in the way back. The
# weights of one row add up to 1, so the way there and back is the identity.
_PAIRED: Final[dict[str, dict[str, float]]] = {
    "browDown": {"BrowLowerer": 0.75, "BrowPinch": 0.25},
    "browOuterUp": {"BrowOuterUp": 1.0},
    "cheekSquint": {"CheekSquint": 1.0},
    "eyeSquint": {"EyeSquint": 1.0},
    "eyeWide": {"EyeWide": 1.0},
    "mouthDimple": {"MouthDimple": 1.0},
    "mouthFrown": {"MouthFrown": 1.0},
    "mouthLowerDown": {"MouthLowerDown": 1.0},
    "mouthPress": {"MouthPress": 1.0},
    "mouthSmile": {"MouthCornerPull": 0.8, "MouthCornerSlant": 0.2},
    "mouthStretch": {"MouthStretch": 1.0},
    "mouthUpperUp": {"MouthUpperUp": 1.0, "MouthUpperDeepen": 0.0},
    "noseSneer": {"NoseSneer": 1.0},
}
_SINGLE: Final[dict[str, dict[str, float]]] = {
    "browInnerUp": {"BrowInnerUpLeft": 0.5, "BrowInnerUpRight": 0.5},
    "cheekPuff": {"CheekPuffLeft": 0.5, "CheekPuffRight": 0.5},
    "jawForward": {"JawForward": 1.0},
    "jawLeft": {"JawLeft": 1.0},
    "jawRight": {"JawRight": 1.0},
    "jawOpen": {"JawOpen": 1.0},
    "mouthClose": {"MouthClosed": 1.0},
    "mouthFunnel": {f"LipFunnel{row}{side}": 0.25 for row in ("Upper", "Lower") for side in _SIDES},
    "mouthPucker": {f"LipPucker{row}{side}": 0.25 for row in ("Upper", "Lower") for side in _SIDES},
    "mouthLeft": {"MouthUpperLeft": 0.5, "MouthLowerLeft": 0.5},
    "mouthRight": {"MouthUpperRight": 0.5, "MouthLowerRight": 0.5},
    "mouthRollLower": {"LipSuckLowerLeft": 0.5, "LipSuckLowerRight": 0.5},
    "mouthRollUpper": {"LipSuckUpperLeft": 0.5, "LipSuckUpperRight": 0.5},
    "mouthShrugLower": {"MouthRaiserLower": 1.0},
    "mouthShrugUpper": {"MouthRaiserUpper": 1.0},
    "tongueOut": {"TongueOut": 1.0},
}

ARKIT_TO_UNIFIED: Final[dict[str, dict[str, float]]] = _SINGLE | {
    f"{arkit}{side}": {f"{unified}{side}": weight for unified, weight in shapes.items()}
    for arkit, shapes in _PAIRED.items()
    for side in _SIDES
}
"""Per ARKit channel (all but gaze and blink) the Unified shapes it spreads to, with the weights
that bring them back."""

# The way there: Unified shape k takes ARKit channel _FROM[k]; -1 where ARKit has none.
_FROM: Final = np.full(len(UNIFIED), -1)
_BACK: Final = np.zeros((len(ARKIT), len(UNIFIED)))
for _arkit, _shapes in ARKIT_TO_UNIFIED.items():
    for _unified, _weight in _shapes.items():
        _FROM[UNIFIED_INDEX[_unified]] = ARKIT_INDEX[_arkit]
        _BACK[ARKIT_INDEX[_arkit], UNIFIED_INDEX[_unified]] = _weight
_HAS: Final = _FROM >= 0

TO_ARKIT: Final[NDArray[np.float64]] = _BACK
"""Shape (52, 88): the weights that bring Unified shapes back to ARKit channels; a row adds up to 1,
or to 0 for gaze and blink, which come from the eyes."""

IN_ARKIT: Final[NDArray[np.bool_]] = _HAS
"""Shape (88,): which Unified shapes have an ARKit channel behind them."""

FROM_ARKIT: Final[NDArray[np.intp]] = _FROM.astype(np.intp)
"""Shape (88,): the ARKit channel behind each Unified shape, -1 where there is none."""

# Radians of eye rotation at weight 1, fitted on Live Link Face takes that carry both: LeftEyeYaw =
# .41 In - .74 Out, RightEyeYaw = -.45 In + .72 Out, EyePitch = .61 Down - .45 Up, r .97 to 1
# (shared data/README, format facts).
LOOK_IN_RAD: Final = 0.43
LOOK_OUT_RAD: Final = 0.73
LOOK_UP_RAD: Final = 0.45
LOOK_DOWN_RAD: Final = 0.61

_OUT: Final = np.array([ARKIT_INDEX["eyeLookOutLeft"], ARKIT_INDEX["eyeLookOutRight"]])
_IN: Final = np.array([ARKIT_INDEX["eyeLookInLeft"], ARKIT_INDEX["eyeLookInRight"]])
_UP: Final = np.array([ARKIT_INDEX["eyeLookUpLeft"], ARKIT_INDEX["eyeLookUpRight"]])
_DOWN: Final = np.array([ARKIT_INDEX["eyeLookDownLeft"], ARKIT_INDEX["eyeLookDownRight"]])
_BLINK: Final = np.array([ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]])
_OUTWARD: Final = np.array([-1.0, 1.0])  # the left eye looks out to the left: towards -x


def gaze_from_angles(yaw_rad: Floats, pitch_rad: Floats) -> Floats:
    """Return unit gaze vectors from angles.

    Args:
        yaw_rad: Shape (...), positive to the wearer's right (+x).
        pitch_rad: Shape (...), positive up (+y).

    Returns:
        Shape (..., 3), unit length, head space in OpenXR axes: +x right, +y up, -z forward.
    """
    across = np.cos(pitch_rad)
    return np.stack(
        [np.sin(yaw_rad) * across, np.sin(pitch_rad), -np.cos(yaw_rad) * across], axis=-1
    )


def angles_from_gaze(gaze: Floats) -> tuple[Floats, Floats]:
    """Return (yaw_rad, pitch_rad) of vectors (..., 3): the inverse of `gaze_from_angles`."""
    yaw_rad = np.arctan2(gaze[..., 0], -gaze[..., 2])
    pitch_rad = np.arctan2(gaze[..., 1], np.hypot(gaze[..., 0], gaze[..., 2]))
    return yaw_rad, pitch_rad


def unified_from_arkit(arkit: Floats) -> Floats:
    """Return Unified weights (..., 88) from ARKit (..., 52); NaN where ARKit has no channel."""
    return np.where(_HAS, arkit[..., _FROM], np.nan)


def gaze_from_arkit(arkit: Floats) -> Floats:
    """Return gaze (..., 2, 3), unit vectors in head space (left, right), from weights (..., 52).

    Each eyeLook weight is an angle, linear up to its reach (`LOOK_IN_RAD` and the others).
    """
    outward = LOOK_OUT_RAD * arkit[..., _OUT] - LOOK_IN_RAD * arkit[..., _IN]
    pitch = LOOK_UP_RAD * arkit[..., _UP] - LOOK_DOWN_RAD * arkit[..., _DOWN]
    return gaze_from_angles(outward * _OUTWARD, pitch)


def openness_from_arkit(arkit: Floats) -> Floats:
    """Return lid openness (..., 2), 0 shut to 1 open, from ARKit weights (..., 52)."""
    return 1.0 - arkit[..., _BLINK]


def arkit_from_unified(weights: Floats, gaze: Floats, openness: Floats) -> Floats:
    """Return ARKit weights from a face in Unified Expressions and eyes.

    Where several shapes stand for one ARKit channel, those observed are averaged (by weight); a
    channel of which nothing is observed is NaN.

    Args:
        weights: Shape (..., 88), NaN where not observed.
        gaze: Shape (..., 2, 3), unit vectors in head space (left, right), NaN where not observed.
        openness: Shape (..., 2), 0 shut to 1 open (left, right), NaN where not observed.

    Returns:
        Shape (..., 52), not clipped.
    """
    seen = ~np.isnan(weights)
    total = seen @ _BACK.T
    with np.errstate(invalid="ignore", divide="ignore"):
        arkit = (np.where(seen, weights, 0.0) @ _BACK.T) / total  # 0/0 is the NaN we want
    yaw_rad, pitch_rad = angles_from_gaze(gaze)
    outward = yaw_rad * _OUTWARD
    arkit[..., _OUT] = np.maximum(outward, 0.0) / LOOK_OUT_RAD
    arkit[..., _IN] = np.maximum(-outward, 0.0) / LOOK_IN_RAD
    arkit[..., _UP] = np.maximum(pitch_rad, 0.0) / LOOK_UP_RAD
    arkit[..., _DOWN] = np.maximum(-pitch_rad, 0.0) / LOOK_DOWN_RAD
    arkit[..., _BLINK] = 1.0 - openness
    return arkit


def mirror_unified(weights: Floats) -> Floats:
    """Return Unified weights (..., 88) of the mirrored face."""
    return weights[..., UNIFIED_MIRROR]


def mirror_arkit(arkit: Floats) -> Floats:
    """Return ARKit weights (..., 52) of the mirrored face."""
    return arkit[..., ARKIT_MIRROR]


def mirror_gaze(gaze: Floats) -> Floats:
    """Return gaze (..., 2, 3) of the mirrored face: eyes swapped, x turned round."""
    return gaze[..., ::-1, :] * np.array([-1.0, 1.0, 1.0])
