"""How much memory this process holds, and held at most, where the system says so."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from typing import Final

_STATUS: Final = Path("/proc/self/status")


def resident_mb() -> float | None:
    """Return the resident memory, megabytes; None on systems that do not say it so."""
    return _of_linux("VmRSS:") if sys.platform != "win32" else _of_windows("WorkingSetSize")


def most_resident_mb() -> float | None:
    """Return the most that was ever resident, megabytes; None likewise."""
    return _of_linux("VmHWM:") if sys.platform != "win32" else _of_windows("PeakWorkingSetSize")


def _of_linux(word: str) -> float | None:
    try:
        lines = _STATUS.read_text().splitlines()
        return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(word))
    except (OSError, ValueError, IndexError, StopIteration):
        return None


class _Counters(ctypes.Structure):
    """Windows' PROCESS_MEMORY_COUNTERS."""

    _fields_ = (
        ("cb", ctypes.c_uint32),
        ("PageFaultCount", ctypes.c_uint32),
        ("PeakWorkingSetSize", ctypes.c_size_t),
        ("WorkingSetSize", ctypes.c_size_t),
        ("QuotaPeakPagedPoolUsage", ctypes.c_size_t),
        ("QuotaPagedPoolUsage", ctypes.c_size_t),
        ("QuotaPeakNonPagedPoolUsage", ctypes.c_size_t),
        ("QuotaNonPagedPoolUsage", ctypes.c_size_t),
        ("PagefileUsage", ctypes.c_size_t),
        ("PeakPagefileUsage", ctypes.c_size_t),
    )


if sys.platform == "win32":

    def _of_windows(field: str) -> float | None:
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.GetCurrentProcess.restype = ctypes.c_void_p
        asked = kernel.K32GetProcessMemoryInfo
        asked.argtypes = (ctypes.c_void_p, ctypes.POINTER(_Counters), ctypes.c_uint32)
        counters = _Counters(cb=ctypes.sizeof(_Counters))
        if not asked(kernel.GetCurrentProcess(), ctypes.byref(counters), counters.cb):
            return None
        return float(getattr(counters, field)) / 1e6
