"""VRCFaceTracking as a sensor: what its modules track, as it sends it to an avatar.

It sends the 88 shapes by their own names and many combinations of them. Combinations are undone
where only one face fits (a jaw is left or right, not both), and used where the shape itself does
not come; means and sums of several shapes are ignored, and so are a bool's steps. It sends what
changed alone, and 0 for what no module tracks: see `Dialect.region`.

It sends everything, whatever the avatar has, when asked to; this reader asks. Its own target must
be this reader's port and not VRChat's.

Source: PROTOCOLS 3.1, 3.1.2, 3.17.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ..frame import Sample
from ..names import UNIFIED, UNIFIED_INDEX
from ..plug import Port, ReaderPlug
from .asking import AskingReader, Request
from .osc_face import Dialect, OscFace, Part, Sensed
from .udp import UdpSettings

NAME: Final = "vrcft"
ROOT: Final = "/avatar/parameters/"

_SIDES: Final = ("Left", "Right")

OPPOSITES: Final[dict[str, tuple[str, str]]] = {
    "JawX": ("JawRight", "JawLeft"),
    "JawZ": ("JawForward", "JawBackward"),
    "MouthUpperX": ("MouthUpperRight", "MouthUpperLeft"),
    "MouthLowerX": ("MouthLowerRight", "MouthLowerLeft"),
    "TongueX": ("TongueRight", "TongueLeft"),
    "TongueY": ("TongueUp", "TongueDown"),
    "TongueArchY": ("TongueCurlUp", "TongueBendDown"),
    "TongueShape": ("TongueFlat", "TongueSquish"),
} | {
    f"{name}{part}": (f"{plus}{part}", f"{minus}{part}")
    for name, plus, minus, parts in (
        ("CheekPuffSuck", "CheekPuff", "CheekSuck", _SIDES),
        (
            "LipSuckFunnel",
            "LipSuck",
            "LipFunnel",
            [f"{r}{s}" for r in ("Upper", "Lower") for s in _SIDES],
        ),
    )
    for part in parts
}
"""Differences of two shapes that exclude each other: name -> (where positive, where negative)."""

_EYES: Final = ("Eye{}X", "Eye{}Y", "EyeOpen{}", "EyeClosed{}", "EyeLid{}", "PupilDiameter{}")
_PLUS, _MINUS = (
    np.array([UNIFIED_INDEX[pair[sign]] for pair in OPPOSITES.values()]) for sign in (0, 1)
)
_WIDE: Final = [UNIFIED_INDEX[f"EyeWide{side}"] for side in _SIDES]
_SHUT_TO_OPEN: Final = 0.75  # of a lid's range; the rest is widening


class VRCFTSettings(UdpSettings, frozen=True, kw_only=True):
    """Any free port; set the same as the sending port in VRCFaceTracking."""

    port: Port = 9016
    vrcft: str = "127.0.0.1"
    """Where VRCFaceTracking runs: it is asked for everything; empty asks nobody."""
    vrcft_port: Port = 9001
    """Its receiving port."""


def _named(address: str) -> Sequence[str]:
    before, found, name = address.rpartition("v2/")
    return [name] if found and before.startswith(ROOT) and before.endswith("/") else []


def _sensed(values: list[float]) -> Sensed:
    ends = (len(UNIFIED), len(UNIFIED) + len(OPPOSITES))
    shapes, differences, eyes = np.split(np.array(values), ends)
    weights = shapes.copy()
    for index, sign in ((_PLUS, 1.0), (_MINUS, -1.0)):
        own = shapes[index]
        weights[index] = np.where(np.isnan(own), np.maximum(sign * differences, 0.0), own)
    across, up, opened, closed, lid, pupil_cm = eyes.reshape(6, 2)
    # A lid is 0.75 openness + 0.25 widening; widening that is not told of begins where the eye is
    # wholly open.
    wide = weights[_WIDE]
    untold = np.isnan(wide)
    from_lid = (lid - 0.25 * np.where(untold, 0.0, wide)) / _SHUT_TO_OPEN
    weights[_WIDE] = np.where(untold, np.maximum(lid - _SHUT_TO_OPEN, 0.0) / 0.25, wide)
    from_lid = np.where(untold, np.minimum(from_lid, 1.0), from_lid)
    openness = np.where(np.isnan(opened), 1.0 - closed, opened)
    openness = np.where(np.isnan(openness), from_lid, openness)
    return Sensed(
        weights=weights,
        across=across.tolist(),
        up=up.tolist(),
        openness=openness.tolist(),
        pupil_mm=(10.0 * pupil_cm).tolist(),
    )


def _region(name: str) -> int:
    """Return 0 for what an eye tracker tells of, 1 for the rest."""
    return 0 if name.startswith(("Eye", "Brow", "Pupil")) else 1


DIALECT: Final = Dialect(
    source=NAME,
    parts=dict.fromkeys((*UNIFIED, *OPPOSITES), Part.FACE)
    | {
        spelt.format(side): Part.BOTH if spelt == "EyeLid{}" else Part.EYES
        for spelt in _EYES
        for side in _SIDES
    },
    named=_named,
    sensed=_sensed,
    region=_region,
)


def make(settings: VRCFTSettings) -> AskingReader:
    """Return a reader, not yet open."""
    return AskingReader(
        settings,
        OscFace(DIALECT),
        remedy="start VRCFaceTracking and set its sending address and port to this",
        request=Request(
            host=settings.vrcft,
            port=settings.vrcft_port,
            payload=lambda _port: b"/vrcft/settings/forceRelevant\0\0\0,T\0\0",
            every_s=5.0,
        ),
    )


def parse(packet: bytes, received_ns: int) -> list[Sample]:
    """Return what one packet, by itself, says: of each value, the change from its first to last."""
    return OscFace(DIALECT).parse(packet, received_ns)


PLUG: Final = ReaderPlug(
    name=NAME,
    summary="VRCFaceTracking, with whatever its modules track",
    settings=VRCFTSettings,
    make=make,
    parse=parse,
    golden=b"#bundle\0\0\0\0\0\0\0\0\x01"
    b"\0\0\0\x28/avatar/parameters/v2/JawOpen\0\0\0,f\0\0\x3e\x80\0\0"
    b"\0\0\0\x28/avatar/parameters/v2/JawOpen\0\0\0,f\0\0\x3f\0\0\0",
)
