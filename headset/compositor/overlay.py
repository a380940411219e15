"""The mirror over a running game: by which way, or why by none.

Monado and WiVRn take a second OpenXR session that says it is an overlay. SteamVR would end the game for
one; there an overlay of its own kind is shown by OpenVR. A runtime that is neither may still have its
games on SteamVR, as Virtual Desktop's and Meta's do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..beside import OVERLAY, Runtime, active_runtime, overlay_refusal
from ..errors import HeadsetError
from ..sensors.openxr.service import runs
from ..sensors.steamvr import client as steamvr_client
from .context import Context

if TYPE_CHECKING:
    from .openvr.stage import OpenVrStage
    from .openxr.stage import OpenXrStage

Way = Literal["openxr", "openvr"]


def overlay_way(runtime: Runtime | None) -> Way:
    """Return how an overlay would be shown; only looks at files.

    Args:
        runtime: The active OpenXR runtime.

    Raises:
        HeadsetError: By no way; the message says why, and what to do.
    """
    if runtime is not None and runtime.kind in OVERLAY:
        if not runs(runtime):  # to ask for a session might start it, or cost a screenful of errors
            raise HeadsetError(f"{runtime.name}: not running: start it, then the game")
        return "openxr"
    without_steamvr = steamvr_client.refusal()
    if without_steamvr is None:
        return "openvr"
    if runtime is None or runtime.kind == "steamvr":
        what = without_steamvr.rpartition(": ")[0]  # the remedy there is of a sensor
        raise HeadsetError(f"--overlay: {what}: start SteamVR, Monado or WiVRn, then the game")
    raise HeadsetError(overlay_refusal(runtime) or without_steamvr)


def open_overlay(context: Context, *, refresh_hz: float | None = None) -> OpenXrStage | OpenVrStage:
    """Open a stage over whatever game has the headset, which keeps it; enter it as a context manager.

    Nothing is started: a runtime that does not run is refused.

    Args:
        context: By a window's route before EGL's, for OpenXR; it is made current.
        refresh_hz: As `OpenXrStage` has it; on SteamVR the display is the game's alone.

    Raises:
        HeadsetError: There is no way, or the runtime refuses; the message says what to do.
    """
    if overlay_way(active_runtime()) == "openxr":
        from .openxr.stage import OpenXrStage

        return OpenXrStage(context, overlay=True, refresh_hz=refresh_hz)
    from .openvr.stage import OpenVrStage

    return OpenVrStage(context)
