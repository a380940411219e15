"""Memory that a Windows program shares by a name: opened to read, never made."""

from __future__ import annotations

import ctypes
import sys
from typing import Final, Protocol

AVAILABLE: Final = sys.platform == "win32"
"""Whether this system has such memory at all."""

_FILE_MAP_READ: Final = 4


class SharedMap(Protocol):
    """A view of shared memory."""

    def read(self) -> bytes:
        """Return what stands there now; another program may be writing it meanwhile."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


if sys.platform == "win32":

    def opened(name: str, size_bytes: int) -> SharedMap | None:
        """Return a view of a program's shared memory, or None: the program is not running.

        `mmap` is not used, for it would make what is not there, and too small for its owner.

        Source:
            OpenFileMappingW and MapViewOfFile, which refuses more bytes than there are.
        """
        return _View.of(name, size_bytes)

    _KERNEL: Final = ctypes.WinDLL("kernel32", use_last_error=True)
    _KERNEL.OpenFileMappingW.restype = ctypes.c_void_p
    _KERNEL.OpenFileMappingW.argtypes = [ctypes.c_uint32, ctypes.c_int, ctypes.c_wchar_p]
    _KERNEL.MapViewOfFile.restype = ctypes.c_void_p
    _KERNEL.MapViewOfFile.argtypes = [
        ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_size_t,
    ]  # fmt: skip
    _KERNEL.UnmapViewOfFile.argtypes = [ctypes.c_void_p]
    _KERNEL.CloseHandle.argtypes = [ctypes.c_void_p]

    class _View:
        def __init__(self, address: int, size_bytes: int) -> None:
            self._address = address
            self._size_bytes = size_bytes

        @classmethod
        def of(cls, name: str, size_bytes: int) -> _View | None:
            handle = _KERNEL.OpenFileMappingW(_FILE_MAP_READ, 0, name)
            if not handle:
                return None
            address = _KERNEL.MapViewOfFile(handle, _FILE_MAP_READ, 0, 0, size_bytes)
            _KERNEL.CloseHandle(handle)  # the view keeps the memory alive
            return cls(address, size_bytes) if address else None

        def read(self) -> bytes:
            return ctypes.string_at(self._address, self._size_bytes) if self._address else b""

        def close(self) -> None:
            _KERNEL.UnmapViewOfFile(self._address)
            self._address = 0

else:

    def opened(name: str, size_bytes: int) -> SharedMap | None:  # noqa: ARG001 - Windows alone has it
        """Return None: only Windows has memory shared by a name."""
        return None
