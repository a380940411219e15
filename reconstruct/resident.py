"""How much memory this process holds, where the system says so in a file: Linux."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PAGES: Final = Path("/proc/self/statm")
_PAGE_BYTES: Final = 4096  # of x86-64 and of most ARM kernels


def resident_mb() -> float | None:
    """Return the resident memory, megabytes; None on systems that do not say it so."""
    try:
        return int(_PAGES.read_text().split()[1]) * _PAGE_BYTES / 1e6
    except (OSError, ValueError, IndexError):
        return None
