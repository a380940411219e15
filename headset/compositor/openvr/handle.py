"""One overlay of SteamVR's: a picture on a rectangle in the wearer's room, over whatever game runs.

The `openvr` library's overlay functions are called here alone. What SteamVR really makes of them is
not verified: what is known of it is written where it is relied on.

Source: openvr.h 2.12.14, IVROverlay; that background programs may have overlays, and of OpenGL's
textures on Linux too: VRCX's VRCXVRElectron.cs.
"""

# pyright: basic
# openvr carries no types; nothing untyped leaves this file.

from __future__ import annotations

from ctypes import byref, c_uint64, sizeof
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from ...errors import HeadsetError

_GIVEN_KEY: Final = "unvisor."
_KEY_IN_USE: Final = 17  # VROverlayError_KeyInUse
_TIMED_OUT: Final = 34  # VROverlayError_TimedOut
_MOST_EVENTS: Final = 64  # at one look; the rest wait for the next


class Overlay:
    """One overlay, hidden at first; SteamVR must be joined, and stay so.

    Its pictures are OpenGL's textures of sRGB values with opacity, multiplied by it; the first row is
    the bottom one.
    """

    def __init__(self, key: str, name: str, *, width_m: float, stereo: bool, order: int) -> None:
        """Have it made.

        Args:
            key: What is different of each of ours.
            name: For people.
            width_m: Of the rectangle. Its height follows from the picture: of a stereo one, from one
                half's (seen in SteamVR: DesktopPlus issue #96).
            stereo: Whether the picture's left half is the left eye's, the right half the right eye's.
            order: Of several at one place, the larger is over the others.

        Raises:
            HeadsetError: SteamVR refuses.
        """
        import openvr

        try:
            self._calls = openvr.VROverlay().function_table
        except (openvr.OpenVRError, ValueError) as cause:
            raise HeadsetError(f"SteamVR: too old for this ({cause}): update SteamVR") from cause
        self._handle = c_uint64()
        self._event = openvr.VREvent_t()
        self._texture = openvr.Texture_t()
        self._texture.eType = openvr.TextureType_OpenGL
        self._texture.eColorSpace = openvr.ColorSpace_Gamma
        self._matrix = openvr.HmdMatrix34_t()
        self._numbers: NDArray[np.float32] = np.ctypeslib.as_array(self._matrix.m)
        self._universe = openvr.TrackingUniverseStanding
        self._headset = openvr.k_unTrackedDeviceIndex_Hmd
        self._shown = False
        made = self._calls.createOverlay(
            f"{_GIVEN_KEY}{key}".encode(), name.encode(), byref(self._handle)
        )
        if made == _KEY_IN_USE:
            raise HeadsetError(f"SteamVR: another unvisor shows its {key}: stop the other one")
        self._checked("CreateOverlay", made)
        try:
            flags = [openvr.VROverlayFlags_IsPremultiplied]
            flags += [openvr.VROverlayFlags_SideBySide_Parallel] if stereo else []
            for flag in flags:
                self._call("SetOverlayFlag", self._calls.setOverlayFlag, flag, True)
            self._call("SetOverlaySortOrder", self._calls.setOverlaySortOrder, order)
            self._call("SetOverlayWidthInMeters", self._calls.setOverlayWidthInMeters, width_m)
        except HeadsetError:
            self.close()
            raise

    def place(self, place: NDArray[np.float64]) -> None:
        """Stand there: the rectangle's space to the standing universe, (3, 4) or (4, 4).

        Raises:
            HeadsetError: SteamVR refuses.
        """
        self._numbers[:] = place[:3]
        self._call(
            "SetOverlayTransformAbsolute", self._calls.setOverlayTransformAbsolute,
            self._universe, byref(self._matrix),
        )  # fmt: skip

    def place_on_head(self, place: NDArray[np.float64]) -> None:
        """Turn with the head from now on: the rectangle's space to the headset's, (3, 4) or (4, 4).

        Raises:
            HeadsetError: SteamVR refuses.
        """
        self._numbers[:] = place[:3]
        self._call(
            "SetOverlayTransformTrackedDeviceRelative",
            self._calls.setOverlayTransformTrackedDeviceRelative, self._headset,
            byref(self._matrix),
        )  # fmt: skip

    def show(self, texture: int) -> None:
        """Show a picture from now on.

        Hand in the same few textures over and over: a new one costs 40 ms, one seen before 0.3
        (Linux: SteamVR-for-Linux issue #158). It must have opacity (openvr issue #741).

        Args:
            texture: Of the context that is current.

        Raises:
            HeadsetError: SteamVR refuses.
        """
        self._texture.handle = texture
        self._call("SetOverlayTexture", self._calls.setOverlayTexture, byref(self._texture))
        if not self._shown:
            self._call("ShowOverlay", self._calls.showOverlay)
            self._shown = True

    def hide(self) -> None:
        """Show nothing.

        Raises:
            HeadsetError: SteamVR refuses.
        """
        if self._shown:
            self._call("HideOverlay", self._calls.hideOverlay)
            self._shown = False

    def visible(self) -> bool:
        """Return whether the wearer can see it; not while SteamVR's dashboard is open."""
        for _ in range(_MOST_EVENTS):  # nothing comes of them, but SteamVR keeps them until taken
            if not self._calls.pollNextOverlayEvent(
                self._handle, byref(self._event), sizeof(self._event)
            ):
                break
        return bool(self._calls.isOverlayVisible(self._handle))

    def wait(self, timeout_ms: int) -> bool:
        """Wait for a frame of SteamVR's to begin; return whether one did.

        Where a game is late, none may be told: so wait no longer than one lasts.

        Raises:
            HeadsetError: SteamVR refuses.
        """
        result = self._calls.waitFrameSync(timeout_ms)
        if result == _TIMED_OUT:
            return False
        self._checked("WaitFrameSync", result)
        return True

    def close(self) -> None:
        """Give it back; of a SteamVR that is gone it is gone with it."""
        if self._handle:
            self._calls.destroyOverlay(self._handle)
            self._handle = c_uint64()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self.close()

    def _call(self, name: str, call: Any, *arguments: Any) -> None:
        self._checked(name, call(self._handle, *arguments))

    def _checked(self, name: str, result: int) -> None:
        if result:
            word = self._calls.getOverlayErrorNameFromEnum(result) or b""
            said = word.decode(errors="replace").removeprefix("VROverlayError_") or str(result)
            raise HeadsetError(f"SteamVR: {name}: {said}: start SteamVR again")
