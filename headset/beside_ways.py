"""How each sense comes beside a game: by which sensor, over what path, and which switch turns it on.

Source: PROTOCOLS 3.11 to 3.13, 3.17.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from .beside import Kind, Runtime

Sense = Literal["head", "gaze", "face", "worn", "overlay"]
SENSES: Final[tuple[Sense, ...]] = get_args(Sense)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a sense comes beside a game.

    Attributes:
        sensor: The plug that reads it; empty where this version has none.
        path: What carries it.
        switch: What turns it on.
    """

    sensor: str
    path: str
    switch: str


_STEAMVR: Final = Way(
    sensor="steamvr",
    path="OpenVR, as a background app",
    switch="start SteamVR, and the game from it",
)
_OPENXR: Final = Way(
    sensor="openxr",
    path="OpenXR, without graphics",
    switch="start the runtime's service, and allow eye and face tracking on the headset",
)
_STEAM_LINK: Final = Way(
    sensor="steam-link",
    path="OSC on 9015",
    switch="in Steam Link on the headset, allow sharing of eye and face data",
)
_VIRTUAL_DESKTOP: Final = Way(
    sensor="virtual-desktop",
    path="shared memory",
    switch="in Virtual Desktop on the headset, turn on Forward tracking data to PC",
)
_ALVR: Final = Way(
    sensor="alvr",
    path="UDP on 41463",
    switch="in ALVR, set face tracking on and its sink to VRCFaceTracking",
)
_VRCFT: Final = Way(
    sensor="vrcft",
    path="VRCFaceTracking's OSC",
    switch="start VRCFaceTracking with this headset's module",
)
_VRCHAT: Final = Way(
    sensor="vrchat",
    path="VRChat's OSC, its AFK",
    switch="in VRChat's action menu, turn on OSC",
)
_OPENVR_OVERLAY: Final = Way(
    sensor="", path="OpenVR overlay", switch="start SteamVR, and the game from it"
)
_OPENXR_OVERLAY: Final = Way(
    sensor="", path="XR_EXTX_overlay", switch="start the runtime's service"
)

_STREAMED: Final = (_STEAM_LINK, _VIRTUAL_DESKTOP, _ALVR, _VRCFT)
_WAYS: Final[dict[Sense, dict[Kind, tuple[Way, ...]]]] = {
    "head": {
        "steamvr": (_STEAMVR,),
        "monado": (_OPENXR,),
        "wivrn": (_OPENXR,),
        "virtual-desktop": (_STEAMVR,),
        "meta": (_STEAMVR,),
        "other": (_STEAMVR,),
    },
    "gaze": {
        "steamvr": _STREAMED,  # Steam Link gives none over OpenXR or OpenVR, whatever it lists
        "monado": (_OPENXR, _VRCFT),
        "wivrn": (_OPENXR, _VRCFT),
        "virtual-desktop": (_VIRTUAL_DESKTOP, _VRCFT),
        "meta": (_VRCFT,),
        "other": _STREAMED,
    },
    "face": {
        "steamvr": _STREAMED,
        "monado": (_OPENXR, _VRCFT),
        "wivrn": (_OPENXR, _VRCFT),
        "virtual-desktop": (_VIRTUAL_DESKTOP, _VRCFT),
        "meta": (_VRCFT,),
        "other": _STREAMED,
    },
    "worn": {
        "steamvr": (_STEAMVR, _VRCHAT),
        "monado": (_OPENXR, _VRCHAT),
        "wivrn": (_OPENXR, _VRCHAT),
        "virtual-desktop": (_STEAMVR, _VRCHAT),
        "meta": (_STEAMVR, _VRCHAT),
        "other": (_STEAMVR, _VRCHAT),
    },
    "overlay": {
        "steamvr": (_OPENVR_OVERLAY,),
        "monado": (_OPENXR_OVERLAY,),
        "wivrn": (_OPENXR_OVERLAY,),
        # Not by these runtimes themselves: only over games that they have from SteamVR.
        "virtual-desktop": (_OPENVR_OVERLAY,),
        "meta": (_OPENVR_OVERLAY,),
        "other": (_OPENVR_OVERLAY,),
    },
}
"""Of each, the best way first."""


def ways(runtime: Runtime | None) -> dict[Sense, tuple[Way, ...]]:
    """Return how each sense comes beside a game on a runtime, the best way first.

    Empty where a sense does not come at all. Without an OpenXR runtime, as on one we do not know.
    """
    kind = "other" if runtime is None else runtime.kind
    return {sense: _WAYS[sense][kind] for sense in SENSES}
