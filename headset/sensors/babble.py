"""Project Babble and Baballonia: a camera at the mouth, and perhaps two at the eyes, by OSC.

Babble names its mouth's 45 values as ARKit does, with more of cheeks and tongue; any prefix is
taken, for it can be set there. Baballonia adds each eye's direction, lid, widening, squint and
lowered brow. Its direction of ±1 is read as ±45° with the tangent between, as VRCFaceTracking reads
it. Its combined `LeftRightPitchYaw` is not read: it was seen in two orders.

Source: PROTOCOLS 3.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from typing import Final

import numpy as np

from ..expressions import ARKIT_TO_UNIFIED
from ..names import MOUTH_28, UNIFIED, UNIFIED_INDEX
from ..plug import Port, ReaderPlug
from .osc_face import Dialect, OscFace, Part, Sensed, alone
from .udp import UdpReader, UdpSettings

NAME: Final = "babble"

_SIDES: Final = ("Left", "Right")


class BabbleSettings(UdpSettings, frozen=True, kw_only=True):
    """The port that Babble's VRCFaceTracking module listens at, and Babble sends to."""

    port: Port = 8888


def _shapes() -> dict[str, tuple[str, ...]]:
    """Return for each value of a weight the Unified shapes it stands for."""
    arkit = [*(name for name in MOUTH_28 if name != "tongueOut"), "noseSneerLeft", "noseSneerRight"]
    shapes = {name: tuple(ARKIT_TO_UNIFIED[name]) for name in arkit}
    own = [f"cheek{what}{side}" for what in ("Puff", "Suck") for side in _SIDES]
    own += [name[0].lower() + name[1:] for name in UNIFIED if name.startswith("Tongue")]
    shapes |= {name: (name[0].upper() + name[1:],) for name in own}
    for side in _SIDES:
        shapes[f"{side.lower()}EyeWiden"] = (f"EyeWide{side}",)
        shapes[f"{side.lower()}EyeSquint"] = (f"EyeSquint{side}",)
        shapes[f"{side.lower()}EyeBrow"] = (f"BrowLowerer{side}",)
    return shapes


SHAPES: Final = _shapes()
"""Last part of an address, its first letter small -> the Unified shapes it stands for."""

_EYES: Final = [f"{side}Eye{what}" for what in ("X", "Y", "Lid") for side in ("left", "right")]
_FROM: Final = [-1] * len(UNIFIED)  # each shape's value; the last of all is NaN
for _slot, _names in enumerate(SHAPES.values()):
    for _name in _names:
        _FROM[UNIFIED_INDEX[_name]] = _slot


def _named(address: str) -> Sequence[str]:
    name = address.rpartition("/")[2]
    return [name[:1].lower() + name[1:]]


def _sensed(values: list[float]) -> Sensed:
    left_x, right_x, left_y, right_y, left_lid, right_lid = values[len(SHAPES) :]
    mouth = [*values[: len(SHAPES)], nan]
    return Sensed(
        weights=np.array([mouth[slot] for slot in _FROM]),
        across=(left_x, right_x),
        up=(left_y, right_y),
        openness=(left_lid, right_lid),
    )


DIALECT: Final = Dialect(
    source=NAME,
    parts=dict.fromkeys(SHAPES, Part.FACE) | dict.fromkeys(_EYES, Part.EYES),
    named=_named,
    sensed=_sensed,
)


parse: Final = alone(DIALECT)

PLUG: Final = ReaderPlug(
    name=NAME,
    summary="Project Babble (mouth) and Baballonia (mouth and eyes), by OSC",
    by_default=True,
    settings=BabbleSettings,
    make=lambda settings: UdpReader(
        settings,
        OscFace(DIALECT),
        remedy="start Babble or Baballonia and set its OSC address and port to this",
    ),
    parse=parse,
    golden=b"/jawOpen\0\0\0\0,f\0\0\x3f\0\0\0",
)
