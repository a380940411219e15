"""SteamVR, joined as a background app: it never starts SteamVR and takes nothing from a game.

All that touches the `openvr` library is here, and it is imported where SteamVR is installed only.
The library holds one connection a process, so all who ask share it.
"""

# pyright: basic
# openvr carries no types; nothing untyped leaves this file.

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from ctypes import byref, c_float, c_uint32, c_uint64, create_string_buffer, sizeof
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

import msgspec
import numpy as np

from ...beside_places import CLIENT, SERVER, bounded, exists, path_registry
from ...errors import HeadsetError
from ...frame import Floats

QUITTING: Final = "SteamVR: quitting: start it again when it has ended"

_NO_SERVER: Final = 121  # VRInitError_Init_NoServerForBackgroundApp
_SHUTTING_DOWN: Final = 119  # VRInitError_Init_ShuttingDown
_IN_USE: Final = (1, 2)  # UserInteraction; UserInteraction_Timeout, none for half a second
_OUT_OF_USE: Final = (0, 3, 4)  # Idle, for ten seconds; Standby; Idle_Timeout
_TRACKED: Final = 200  # TrackingResult_Running_OK
_TURNING_ONLY: Final = 300  # TrackingResult_Fallback_RotationOnly
_DISPLAY_FREQUENCY: Final = 2002  # Prop_DisplayFrequency_Float
_VSYNC_TO_PHOTONS: Final = 2001  # Prop_SecondsFromVsyncToPhotons_Float
_SLOWEST_HZ, _FASTEST_HZ = 10.0, 1000.0  # what a display may say of itself
_EYES: Final = 2
_LONGEST_NAME: Final = 256
_MOST_EVENTS: Final = 64  # at one look; the rest wait for the next

_PATIENCE_S: Final = 5.0

_LOCK: Final = Lock()
_users = 0


class NotRunningError(HeadsetError):
    """SteamVR does not run, so nobody has its headset."""


class _PathRegistry(msgspec.Struct, frozen=True):
    runtime: list[str]


def refusal() -> str | None:
    """Return why SteamVR is not to be asked for, with the remedy; None where it is installed.

    What OpenVR would load may be no SteamVR: xrizer and OpenComposite answer in its place out of
    an OpenXR session of their own, and that would take the headset from the game. Looks at files
    alone, for the library complains on the terminal where there are none.
    """
    registry = path_registry()
    if registry is None or not exists(registry):
        return "SteamVR: not installed: leave this sensor out"
    try:
        folders = msgspec.json.decode(bounded(registry), type=_PathRegistry).runtime
    except HeadsetError as error:
        return str(error)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        return f"{registry}: cannot be read ({cause}): start SteamVR once, it writes it anew"
    override = os.environ.get("VR_OVERRIDE")
    folder = Path(override or (folders[0] if folders else ""))
    if not (folders or override) or not exists(folder / CLIENT):
        return f"SteamVR: not where {registry} says: start it once, or install it again"
    if not exists(folder / SERVER):
        return f"{folder}: stands in for SteamVR and would open an OpenXR session: leave this sensor out"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """How the headset shows frames.

    Attributes:
        rate_hz: Frames a second.
        to_photons_s: From a vsync until its frame is seen.
        px_per_tangent: How many of the pixels that SteamVR recommends lie side by side over one unit
            of a tangent: over 45°, from straight ahead.
    """

    rate_hz: float
    to_photons_s: float
    px_per_tangent: float


class Client:
    """What SteamVR tells a background app. Made by `joined`; call it from one thread."""

    def __init__(self) -> None:
        import openvr

        self._system = openvr.VRSystem().function_table
        self._applications = openvr.VRApplications().function_table
        self._name_property = openvr.VRApplicationProperty_Name_String
        self._quit = openvr.VREvent_Quit
        # Standing: upright, its origin on the floor; a game that recentres does not move it.
        self._universe = openvr.TrackingUniverseStanding
        self._event = openvr.VREvent_t()
        self._application_error = openvr.EVRApplicationError()
        self._property_error = openvr.ETrackedPropertyError()
        self._vsync_s, self._frame = c_float(), c_uint64()
        self._poses = (openvr.TrackedDevicePose_t * 1)()  # the headset is always the first
        rows = (c_float * 12).from_buffer(self._poses)  # a pose begins with its matrix
        self._matrix = np.ctypeslib.as_array(rows).reshape(3, 4)

    def head(self, ahead_s: float = 0.0) -> Floats | None:
        """Return the headset's pose at this moment, or None where it is not tracked.

        Shape (3, 4), in the standing universe (+y up, the floor at 0, metres): the rotation, then
        the position, which is NaN while only turning is tracked.

        Args:
            ahead_s: How much later than now, as SteamVR foresees it.
        """
        self._system.getDeviceToAbsoluteTrackingPose(self._universe, ahead_s, self._poses, 1)
        pose = self._poses[0]
        if not (pose.bPoseIsValid and pose.bDeviceIsConnected):
            return None
        if pose.eTrackingResult not in (_TRACKED, _TURNING_ONLY):
            return None
        matrix = self._matrix.astype(np.float64)
        if pose.eTrackingResult == _TURNING_ONLY:
            matrix[:, 3] = np.nan
        return matrix

    def worn(self) -> bool | None:
        """Return whether the headset is in use, None where SteamVR cannot tell.

        Its proximity sensor or, where it has none, its moving says so.
        """
        level = self._system.getTrackedDeviceActivityLevel(0)
        return level in _IN_USE if level in _IN_USE + _OUT_OF_USE else None

    def eyes_m(self) -> Floats:
        """Return where the eyes are in the head's space, (2, 3), left first: lenses can be moved."""
        matrices = (self._system.getEyeToHeadTransform(eye).m for eye in range(_EYES))
        return np.array([[row[3] for row in matrix] for matrix in matrices])

    def display(self) -> Display | None:
        """Return how the headset shows frames, None where SteamVR does not say."""
        rate_hz, to_photons_s = map(self._number, (_DISPLAY_FREQUENCY, _VSYNC_TO_PHOTONS))
        width, height = c_uint32(), c_uint32()
        self._system.getRecommendedRenderTargetSize(byref(width), byref(height))
        left, right, top, bottom = (c_float() for _ in range(4))
        self._system.getProjectionRaw(0, byref(left), byref(right), byref(top), byref(bottom))
        across = right.value - left.value
        sound = _SLOWEST_HZ <= rate_hz <= _FASTEST_HZ and 0.0 <= to_photons_s < 1.0  # not if NaN
        if not (sound and across > 0.0):
            return None
        return Display(
            rate_hz=rate_hz,
            to_photons_s=to_photons_s,
            px_per_tangent=width.value / across,
        )

    def since_vsync(self) -> tuple[float, int] | None:
        """Return how long ago the last vsync was, seconds, and its frame's number; None if unknown."""
        known = self._system.getTimeSinceLastVsync(byref(self._vsync_s), byref(self._frame))
        return (self._vsync_s.value, self._frame.value) if known else None

    def quits(self) -> bool:
        """Return whether SteamVR asks everyone to let go; it is told that we do."""
        for _ in range(_MOST_EVENTS):
            if not self._system.pollNextEvent(byref(self._event), sizeof(self._event)):
                return False
            if self._event.eventType == self._quit:
                self._system.acknowledgeQuit_Exiting()
                return True
        return False

    def _number(self, number: int) -> float:
        """Return a property of the headset, NaN where it has none."""
        self._property_error.value = 0
        found = self._system.getFloatTrackedDeviceProperty(0, number, byref(self._property_error))
        return float("nan") if self._property_error.value else found

    def scene_app(self) -> str | None:
        """Return the name of the game that has the headset or is about to, None where none has."""
        if not self._applications.getSceneApplicationState():
            return None
        key = create_string_buffer(_LONGEST_NAME)
        name = create_string_buffer(_LONGEST_NAME)
        game = self._applications.getCurrentSceneProcessId()
        if self._applications.getApplicationKeyByProcessId(game, key, _LONGEST_NAME):
            return "a game"
        self._applications.getApplicationPropertyString(
            key.value, self._name_property, name, _LONGEST_NAME, byref(self._application_error)
        )
        words = (name.value or key.value).decode(errors="replace")
        return "".join(filter(str.isprintable, words)).strip() or "a game"


@contextmanager
def joined() -> Generator[Client]:
    """Give SteamVR, running; let go of it at the end.

    Call `refusal` first.

    Raises:
        NotRunningError: It does not run.
        HeadsetError: It is starting, quitting or too old, or dies meanwhile.
    """
    global _users
    try:
        import openvr
    except (ImportError, OSError) as cause:
        raise HeadsetError(f"openvr: cannot be loaded ({cause}): pip install openvr") from cause
    with _alone():
        if _users == 0:
            _join()
        _users += 1
    try:
        yield _client()
    except OSError as cause:  # a call into it failed, as Windows tells of a fault
        raise HeadsetError(f"SteamVR: died under us ({cause}): start it again") from cause
    finally:
        with _alone():
            _users -= 1
            if _users == 0:
                openvr.shutdown()


@contextmanager
def _alone() -> Generator[None]:
    """Join or leave by oneself; another who does so may be kept waiting by SteamVR.

    Raises:
        HeadsetError: For too long.
    """
    if not _LOCK.acquire(timeout=_PATIENCE_S):
        raise HeadsetError("SteamVR: does not answer: start it again")
    try:
        yield
    finally:
        _LOCK.release()


def _client() -> Client:
    import openvr

    try:
        return Client()
    except (openvr.OpenVRError, ValueError) as cause:  # ValueError: a table that is not there
        raise HeadsetError(f"SteamVR: too old for this ({cause}): update SteamVR") from cause


def _join() -> None:
    import openvr
    from openvr.error_code import InitError

    try:
        openvr.initInternal2(openvr.VRApplication_Background, "")
    except InitError as cause:
        if cause.error_value == _NO_SERVER:
            raise NotRunningError("SteamVR: not running: start it") from cause
        if cause.error_value == _SHUTTING_DOWN:
            raise HeadsetError(QUITTING) from cause
        symbol = type(cause).__name__.removeprefix("InitError_")
        raise HeadsetError(
            f"SteamVR: starting, or it does not answer ({symbol}): wait, or start it again"
        ) from cause
    except KeyError as cause:  # an error newer than the library
        raise HeadsetError(f"SteamVR: does not answer (error {cause}): update openvr") from cause
