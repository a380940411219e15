# pyright: basic
# (pyopenxr's structures are made at run time: their fields have no types a checker could know)
"""XR_EXT_user_presence of the test layer: the headset is put on and taken off."""

from __future__ import annotations

from collections import deque
from ctypes import byref, c_void_p, cast, memmove, sizeof
from typing import Any

import xr

from .layer_ground import Ground
from .layer_part import Function, Part
from .layer_reported import Reported

KIND = xr.StructureType


class PresencePart(Part):
    """An event when a session begins, and at each change from then on.

    Source:
        OpenXR 1.1, XR_EXT_user_presence.
    """

    extension = "XR_EXT_user_presence"

    def __init__(self, reported: Reported) -> None:
        super().__init__(reported)
        self._told: dict[int, bool] = {}  # session -> what it was last told
        self._waiting: deque[tuple[int, bool]] = deque()

    def functions(self) -> dict[str, Function]:
        """Return what it answers."""
        return {"xrPollEvent": self._poll}

    def system_property(self, kind: int, address: int) -> None:
        """Say whether the headset knows."""
        if kind == KIND.SYSTEM_USER_PRESENCE_PROPERTIES_EXT.value:
            said = xr.SystemUserPresencePropertiesEXT.from_address(address)
            said.supports_user_presence = "presence" in self.reported.supports

    def session_begun(self, session: int) -> None:
        """Say how things stand."""
        if "presence" in self.reported.supports:
            self._told[session] = self.reported.worn
            self._waiting.append((session, self.reported.worn))

    def session_gone(self, session: int) -> None:
        """Forget it."""
        self._told.pop(session, None)
        self._waiting = deque(told for told in self._waiting if told[0] != session)

    def instance_made(self, ground: Ground) -> None:
        """Start anew, forgetting everything of the instance before."""
        super().instance_made(ground)
        self._told.clear()
        self._waiting.clear()

    def _poll(self, instance: Any, out: Any) -> int:
        if self.reported.events:
            event = self.reported.events.pop(0)
            memmove(out, event, len(event))
            return xr.Result.SUCCESS.value
        result = self.ground.below("xrPollEvent")(instance, out)
        if result != xr.Result.EVENT_UNAVAILABLE.value:
            return result
        for session, told in self._told.items():
            if told != self.reported.worn:
                self._told[session] = self.reported.worn
                self._waiting.append((session, self.reported.worn))
        if not self._waiting:
            return result
        session, worn = self._waiting.popleft()
        event = xr.EventDataUserPresenceChangedEXT()
        event.is_user_present = int(worn)
        event.session = cast(c_void_p(session), xr.Session)
        memmove(out, byref(event), sizeof(event))
        return xr.Result.SUCCESS.value
