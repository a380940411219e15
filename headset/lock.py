"""Keeps a file to one program: a lock that ends with its holder, however that ends."""

from __future__ import annotations

import os
import sys


def lock(descriptor: int) -> bool:
    """Lock an open file until it is closed; False where another program (or opening) holds it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            # A byte far beyond the end: Windows lets nobody read a locked one.
            os.lseek(descriptor, 1 << 40, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            os.lseek(descriptor, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # a network drive without locks: one program is still the usual case
        return True
    return True
