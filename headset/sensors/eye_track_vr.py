"""EyeTrackVR: two cameras at the eyes, by OSC in any of its three ways of speaking.

Lids are passed as EyeTrackVR measures them, though it sends them under names that VRChat's avatars
read otherwise: an open eye may rest at 0.75, and the wearer's calibration knows that. What its
VRCFaceTracking module makes of them (widening above 0.6, squint below 0.07, brows) is a guess, and
guessing is not this reader's. Dilation is relative, no diameter, and is not read. In its mode of
one eye that eye speaks for both.

Source: PROTOCOLS 3.6, 3.2 (axes: +x right, +y up), 5.1 R12 (brows). That v1 and v2 both carry the
tracker's own lid was read in EyeTrackVR's sender.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot, isnan
from typing import Final

import numpy as np

from ..frame import NO_WEIGHTS, Floats
from ..names import UNIFIED_INDEX
from ..plug import Port, ReaderPlug
from .osc_face import Dialect, OscFace, Part, Sensed, alone
from .udp import UdpReader, UdpSettings

NAME: Final = "eye-track-vr"

_SIDES: Final = ("Left", "Right")
_EYES: Final = ("X", "Y", "Lid", "Closed")
_FACE: Final = ("EyeSquint", "CheekSquint", "BrowExpression")

_BOTH: Final = {"EyeX": "X", "EyeY": "Y", "EyeLid": "Lid", "EyesY": "Y"} | {
    name: name for name in _FACE
}
_ONE: Final = {
    spelt.format(side): f"{what}{side}"
    for side in _SIDES
    for spelt, what in (
        ("{}EyeX", "X"),
        ("{}EyeLidExpandedSqueeze", "Lid"),
        ("Eye{}X", "X"),
        ("Eye{}Y", "Y"),
        ("EyeLid{}", "Lid"),
        ("EyeSquint{}", "EyeSquint"),
        ("CheekSquint{}", "CheekSquint"),
        ("BrowExpression{}", "BrowExpression"),
    )
}


_SQUINT, _CHEEK, _RAISED, _LOWERED = (
    np.array([[UNIFIED_INDEX[f"{name}{side}"] for side in _SIDES] for name in names])
    for names in (
        ("EyeSquint",),
        ("CheekSquint",),
        ("BrowInnerUp", "BrowOuterUp"),
        ("BrowLowerer", "BrowPinch"),
    )
)


class EyeTrackVRSettings(UdpSettings, frozen=True, kw_only=True):
    """The port of EyeTrackVR's VRCFaceTracking module; for VRChat it sends to 9000."""

    port: Port = 8889


def _named(address: str) -> Sequence[str]:
    if address == "/tracking/eye/EyesClosedAmount":
        return [f"Closed{side}" for side in _SIDES]
    name = address.rpartition("/")[2]
    if name in _ONE:
        return [_ONE[name]]
    return [f"{_BOTH[name]}{side}" for side in _SIDES] if name in _BOTH else []


def _several(address: str, values: tuple[float, ...]) -> Sequence[tuple[str, float]]:
    if address != "/tracking/eye/LeftRightVec" or len(values) != 6:
        return []
    return [*_slopes("Left", *values[:3]), *_slopes("Right", *values[3:])]


def _slopes(side: str, x: float, y: float, forward: float) -> Sequence[tuple[str, float]]:
    """Return an eye's direction as tangents; one that does not look ahead is refused as huge."""
    if forward <= 0.0:
        return [(f"X{side}", float("inf"))]
    return [(f"X{side}", x / forward), (f"Y{side}", y / hypot(x, forward))]


def _sensed(values: list[float]) -> Sensed:
    left_x, right_x, left_y, right_y, *lids = values[: 2 * len(_EYES)]
    left, right, left_closed, right_closed = lids
    return Sensed(
        weights=_weights(values[2 * len(_EYES) :]),
        across=(left_x, right_x),
        up=(left_y, right_y),
        openness=(
            1.0 - left_closed if isnan(left) else left,
            1.0 - right_closed if isnan(right) else right,
        ),
    )


def _weights(values: list[float]) -> Floats:
    if all(map(isnan, values)):  # most send none of this
        return NO_WEIGHTS
    squint, cheek, brow = np.array(values).reshape(3, 2)
    weights = NO_WEIGHTS.copy()
    weights[_SQUINT] = squint
    weights[_CHEEK] = cheek
    raised = 2.0 * (brow - 0.5)  # a brow at rest is 0.5
    weights[_RAISED] = np.maximum(raised, 0.0)
    weights[_LOWERED] = np.maximum(-raised, 0.0)
    return weights


DIALECT: Final = Dialect(
    source=NAME,
    parts={f"{name}{side}": Part.EYES for name in _EYES for side in _SIDES}
    | {f"{name}{side}": Part.FACE for name in _FACE for side in _SIDES},
    named=_named,
    several=_several,
    sensed=_sensed,
)


parse: Final = alone(DIALECT)

PLUG: Final = ReaderPlug(
    name=NAME,
    summary="EyeTrackVR: gaze and lids, by OSC",
    by_default=True,
    settings=EyeTrackVRSettings,
    make=lambda settings: UdpReader(
        settings,
        OscFace(DIALECT),
        remedy="start EyeTrackVR and set its OSC address and port to this",
    ),
    parse=parse,
    golden=b"/tracking/eye/EyesClosedAmount\0\0,f\0\0\x3e\x80\0\0",
)
