"""How OpenXR's clock stands to ours.

A runtime converts from a clock of the system: CLOCK_MONOTONIC, or Windows' performance counter. That
clock is looked at between two looks at ours, so the offset is known to half the time between them.

Windows has not been run yet.

Source: XR_KHR_convert_timespec_time, XR_KHR_win32_convert_performance_counter_time.
"""

from __future__ import annotations

import ctypes
import sys
import time
from typing import Any, Final

from ...clock import NS_PER_S, Offset, now_ns
from .instance import Instance
from .loader import checked

_LOOKS: Final = 5  # a look that the scheduler broke in on is longer; the shortest is kept

if sys.platform == "win32":
    from ctypes import WinDLL

    TIME_EXTENSION: Final = "XR_KHR_win32_convert_performance_counter_time"
    """What a runtime needs for `clock_offset`."""
    _CALL = "xrConvertWin32PerformanceCounterToTimeKHR"
    _KERNEL = WinDLL("kernel32")

    def _look(system: Any) -> None:
        _KERNEL.QueryPerformanceCounter(ctypes.byref(system))

else:
    TIME_EXTENSION: Final = "XR_KHR_convert_timespec_time"
    """What a runtime needs for `clock_offset`."""
    _CALL = "xrConvertTimespecTimeToTimeKHR"

    def _look(system: Any) -> None:
        system.tv_sec, system.tv_nsec = divmod(
            time.clock_gettime_ns(time.CLOCK_MONOTONIC), NS_PER_S
        )


def clock_offset(instance: Instance) -> Offset:
    """Return how a runtime's XrTime stands to the host clock: ours = XrTime + offset_ns.

    Raises:
        OpenXrError: The runtime does not convert, or its clock is gone.
    """
    convert = instance.function(_CALL)
    system, theirs = instance.argument(_CALL, 1), ctypes.c_int64()
    best: Offset | None = None
    for _ in range(_LOOKS):
        before_ns = now_ns()
        _look(system)
        after_ns = now_ns()
        checked(_CALL, convert(instance.handle, ctypes.byref(system), ctypes.byref(theirs)))
        error_ns = (after_ns - before_ns + 1) // 2
        if best is None or error_ns < best.error_ns:
            best = Offset(offset_ns=before_ns + error_ns - theirs.value, error_ns=error_ns)
    assert best is not None
    return best
