"""Steam Link: a Quest's face and eyes, by OSC.

Meta's weights by their own names, one a message, spread over packets. The gaze is a point ahead of
the head, the same for both eyes. A region in which the headset has no confidence at all is not
observed. Where a headset tracks no face, its lids come as one for both; what else Steam Link writes
for avatars is not read, for it says the same again.

Source: PROTOCOLS 3.13; the spelling, LinkFT's docs/SteamLinkSpec.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ..expressions import angles_from_gaze
from ..frame import Floats
from ..plug import Port, ReaderPlug
from ..vendor_maps import UPPER_FACE, from_fb2
from ..vendors import FB2
from .osc_face import Dialect, OscFace, Part, Sensed, alone
from .udp import UdpReader, UdpSettings

NAME: Final = "steam-link"
WEIGHT: Final = "/sl/xrfb/facew/"
CONFIDENCE: Final = "/sl/xrfb/facec/"

_POINTS: Final = {"/sl/eyeTrackedGazePoint": "point", "/tracking/eye/CenterVecFull": "centre"}
_LIDS: Final = "/tracking/eye/EyesClosedAmount"
_EXTRAS: Final = (
    "UpperFace", "LowerFace", "point x", "point y", "centre x", "centre y", "lids",
)  # fmt: skip

# Steam Link writes BROW_LOWERER_L as BrowLowererL, and has trouble with tongues.
_BY_SPELLING: Final = {name.replace("_", "").lower(): name for name in FB2} | {
    "toungeout": "TONGUE_OUT",
    "tipalveolar": "TONGUE_TIP_ALVEOLAR",
}
_CLOSED: Final = [FB2.index("EYES_CLOSED_L"), FB2.index("EYES_CLOSED_R")]


class SteamLinkSettings(UdpSettings, frozen=True, kw_only=True):
    """One program alone can have this port; Steam Link's can be set to another."""

    port: Port = 9015


def _named(address: str) -> Sequence[str]:
    if address.startswith(WEIGHT):
        name = _BY_SPELLING.get(address.removeprefix(WEIGHT).lower())
        return [] if name is None else [name]
    if address.startswith(CONFIDENCE):
        return [address.removeprefix(CONFIDENCE)]
    return ["lids"] if address == _LIDS else []


def _several(address: str, values: tuple[float, ...]) -> Sequence[tuple[str, float]]:
    if address not in _POINTS or len(values) != 3:
        return []
    # Ahead is -z for OpenXR and +z for VRChat, and nobody looks behind: its sign need not be
    # known. No direction at all is no gaze.
    name, (x, y, z) = _POINTS[address], values
    return [] if z == 0.0 else [(f"{name} x", x / abs(z)), (f"{name} y", y / abs(z))]


def _sensed(values: list[float]) -> Sensed:
    upper, lower, point_x, point_y, centre_x, centre_y, lids = values[len(FB2) :]
    weights = np.array(values[: len(FB2)])
    reading = from_fb2(weights)
    yaw_rad, pitch_rad = angles_from_gaze(reading.gaze)
    # The lids alone come where eyes are tracked and no face is.
    openness = _first(reading.openness, 1.0 - np.clip(weights[_CLOSED], 0.0, 1.0))
    # A confidence that does not come doubts nothing: NaN is not 0.
    return Sensed(
        weights=np.where(np.where(UPPER_FACE, upper, lower) == 0.0, np.nan, reading.weights),
        across=_first(point_x, centre_x, np.tan(yaw_rad)),
        up=_first(point_y, centre_y, np.tan(pitch_rad)),
        openness=_first(openness if upper != 0.0 else np.nan, 1.0 - lids),
    )


def _first(*choices: Floats | Sequence[float] | float) -> list[float]:
    """Return for each eye the first that is known."""
    known = np.full(2, np.nan)
    for choice in choices:
        known = np.where(np.isnan(known), choice, known)
    return known.tolist()


DIALECT: Final = Dialect(
    source=NAME,
    parts=dict.fromkeys(FB2, Part.BOTH)
    | dict.fromkeys(_EXTRAS[:2], Part.BOTH)
    | dict.fromkeys(_EXTRAS[2:], Part.EYES),
    named=_named,
    several=_several,
    sensed=_sensed,
)


parse: Final = alone(DIALECT)

PLUG: Final = ReaderPlug(
    name=NAME,
    summary="Steam Link: face and eyes of a Quest, by OSC",
    by_default=True,
    settings=SteamLinkSettings,
    make=lambda settings: UdpReader(
        settings,
        OscFace(DIALECT),
        remedy="in Steam Link on the headset, allow sharing of eyes and face, with this port for OSC",
    ),
    parse=parse,
    golden=b"/sl/xrfb/facew/JawDrop\0\0,f\0\0\x3f\0\0\0",
)
