# pyright: basic
# (pyopenxr's structures are made at run time: their fields have no types a checker could know)
"""What stands beneath the test layer's extensions: the runtime's functions, sessions and trackers."""

from __future__ import annotations

import time
from collections.abc import Callable
from ctypes import byref, c_int64, cast
from typing import Any

import xr

from .layer_part import require, store, value


class Ground:
    """One instance, and all that is alive in it.

    Attributes:
        enabled: Extensions the instance asked for.
        begun: Each living session's number, and whether it has begun.
    """

    def __init__(self, instance: Any, following: Any, enabled: set[str]) -> None:
        self.enabled = enabled
        self.begun: dict[int, bool] = {}
        self._instance = instance
        self._next = following
        self._trackers: dict[int, tuple[str, int, Any]] = {}  # handle -> kind, session, what it is
        self._views: dict[int, xr.Space] = {}  # session -> a space that is the head
        self._last_handle = 0x1000

    def below(self, name: str) -> Callable[..., int]:
        """Return a function of what lies below: never the loader's, which would come back here."""
        found = xr.PFN_xrVoidFunction()
        result = self._next(self._instance, name.encode(), byref(found))
        require(result >= 0, f"{name} is not there", xr.Result.ERROR_FUNCTION_UNSUPPORTED)
        return cast(found, getattr(xr, f"PFN_{name}"))

    def now(self) -> Any:
        """Return XrTime now, an int (which pyopenxr's annotations take for no XrTime)."""
        now_ns = time.perf_counter_ns()  # CLOCK_MONOTONIC, on the one system this runs on
        moment = xr.timespec(now_ns // 10**9, now_ns % 10**9)
        converted = c_int64()
        self.below("xrConvertTimespecTimeToTimeKHR")(
            self._instance, byref(moment), byref(converted)
        )
        return converted.value

    def has_begun(self, session: int) -> bool:
        """Whether a session has begun; refuses one that is not alive."""
        require(session in self.begun, "no such session", xr.Result.ERROR_HANDLE_INVALID)
        return self.begun[session]

    def add(self, kind: str, session: Any, out: Any, what: Any = None) -> int:
        """Make a tracker's handle, alive as long as its session, and write it to `out`."""
        self.has_begun(value(session))
        self._last_handle += 8
        self._trackers[self._last_handle] = (kind, value(session), what)
        store(out, self._last_handle)
        return 0

    def tracker(self, kind: str, handle: Any) -> tuple[int, Any]:
        """Return a tracker's session and what it is; refuses a handle that is not one."""
        found = self._trackers.get(value(handle))
        require(
            found is not None and found[0] == kind,
            f"not a living {kind}",
            xr.Result.ERROR_HANDLE_INVALID,
        )
        return found[1:]  # pyright: ignore[reportOptionalSubscript]

    def remove(self, kind: str, handle: Any) -> int:
        """Destroy a tracker of a kind."""
        self.tracker(kind, handle)
        del self._trackers[value(handle)]
        return 0

    def forget(self, session: int) -> None:
        """Let a session go, with its trackers."""
        self.begun.pop(session, None)
        self._views.pop(session, None)
        self._trackers = {
            handle: tracker for handle, tracker in self._trackers.items() if tracker[1] != session
        }

    def view(self, session: int) -> xr.Space:
        """Return a space of a session that is the wearer's head."""
        if session not in self._views:
            space = xr.Space()
            made = xr.ReferenceSpaceCreateInfo(reference_space_type=xr.ReferenceSpaceType.VIEW)
            create = self.below("xrCreateReferenceSpace")
            create(cast(session, xr.Session), byref(made), byref(space))
            self._views[session] = space
        return self._views[session]
