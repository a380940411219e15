"""Cameras as Linux shows them: their names, who has one, and how to talk to one past its pictures.

Elsewhere a camera has a number alone, nobody says who has it, and an extension unit is out of reach.

Source: Documentation/userspace-api/media/drivers/uvcvideo (UVCIOC_CTRL_QUERY), linux/uvcvideo.h;
UVC 1.5, A.8 (requests); sysfs as of Linux 6.1.
"""

from __future__ import annotations

import os
import re
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ...errors import SensorError

_SHOWN: Final = Path("/sys/class/video4linux")
_NUMBER: Final = re.compile(r"[0-9]{1,4}")
_NODE: Final = re.compile(r"video([0-9]{1,4})")

SET_CUR: Final = 0x01
GET_CUR: Final = 0x81
GET_LEN: Final = 0x85

_QUERY: Final = struct.Struct("@BBBHP")  # unit, selector, request, size, address; padded as C pads
_CTRL_QUERY: Final = 3 << 30 | _QUERY.size << 16 | ord("u") << 8 | 0x21  # _IOWR('u', 0x21, …)

if sys.platform == "win32":
    TERMINAL_ERROR: type[Exception] = OSError
else:
    import termios

    TERMINAL_ERROR: type[Exception] = termios.error
    """What a terminal's settings raise, which is no `OSError`."""


def names(shown: Path = _SHOWN) -> Mapping[int, str]:
    """Return the cameras' numbers with their names; empty where this system shows none.

    A camera may have a second node for what is not pictures; its `index` is not 0.
    """
    found: dict[int, str] = {}
    with suppress(OSError):
        for folder in shown.iterdir():
            node = _NODE.fullmatch(folder.name)
            with suppress(OSError):  # unplugged while we look
                if node is not None and _line(folder / "index") == "0":
                    found[int(node[1])] = _line(folder / "name")
    return dict(sorted(found.items()))


def of_usb(vendor: int, product: int, shown: Path = _SHOWN) -> int | None:
    """Return the number of the first camera of a USB vendor and product, or None."""
    for number in names(shown):
        device = (
            shown / f"video{number}" / "device" / ".."
        )  # an interface's link; its device is above
        with suppress(OSError):
            ids = _line(device / "idVendor"), _line(device / "idProduct")
            if ids == (f"{vendor:04x}", f"{product:04x}"):
                return number
    return None


def number_of(device: str) -> int | None:
    """Return a camera's number, by its number, its node or a link to it, or its name."""
    if _NUMBER.fullmatch(device):
        return int(device)
    node = _NODE.fullmatch(Path(device).resolve().name) if device.startswith("/dev/") else None
    if node is not None:
        return int(node[1])
    return next((number for number, name in names().items() if name == device), None)


def node_of(number: int) -> str:
    """Return where a camera's node stands."""
    return f"/dev/video{number}"


def holder(path: str) -> str | None:
    """Return which other program has a device open, as `name (pid 12)`, or None.

    Programs of other users are not seen.
    """
    with suppress(OSError):
        wanted = Path(path).resolve(strict=True)
        for folder in Path("/proc").glob("[0-9]*/fd"):
            with suppress(OSError):  # programs end while we look, and those of others refuse
                if folder.parent.name == str(os.getpid()):
                    continue
                if any(file.readlink() == wanted for file in folder.iterdir()):
                    return f"{_line(folder.parent / 'comm')} (pid {folder.parent.name})"
    return None


def query(unit: int, selector: int, request: int, size_bytes: int, address: int) -> bytes:
    """Return a `struct uvc_xu_control_query`."""
    return _QUERY.pack(unit, selector, request, size_bytes, address)


class ExtensionUnit:
    """A camera's control that no standard names: some bytes to set, some to get."""

    def __init__(self, path: str, unit: int, selector: int) -> None:
        """Prepare; nothing is opened.

        Args:
            path: The camera's node.
            unit: The unit's number in the camera's descriptors.
            selector: Which of its controls.
        """
        self._path, self._unit, self._selector = path, unit, selector
        self._descriptor = -1

    def __enter__(self) -> Self:
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | getattr(os, "O_NONBLOCK", 0))
        except OSError as cause:
            raise SensorError(
                f"{self._path}: cannot be opened ({cause.strerror}): plug it in, or allow it"
            ) from cause
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        os.close(self._descriptor)
        self._descriptor = -1

    def length_bytes(self) -> int:
        """Return how long what is set or got has to be."""
        return int.from_bytes(self._asked(GET_LEN, bytes(2)), "little")

    def set(self, value: bytes) -> None:
        """Set the control."""
        self._asked(SET_CUR, value)

    def get(self, length_bytes: int) -> bytes:
        """Return what the control says."""
        return self._asked(GET_CUR, bytes(length_bytes))

    def _asked(self, request: int, value: bytes) -> bytes:
        """Hand bytes to the camera and return what it made of them.

        Raises:
            SensorError: It refuses, it is gone, or this system cannot.
        """
        if sys.platform != "linux":
            raise SensorError(
                f"{self._path}: cameras are not spoken to on this system yet: use Linux"
            )
        import ctypes
        import fcntl

        held = ctypes.create_string_buffer(value, len(value))
        asked = query(self._unit, self._selector, request, len(value), ctypes.addressof(held))
        try:
            fcntl.ioctl(self._descriptor, _CTRL_QUERY, asked)
        except OSError as cause:
            raise SensorError(
                f"{self._path}: refuses its extension unit ({cause.strerror}): plug it in again"
            ) from cause
        return held.raw


def _line(path: Path) -> str:
    """Return a short text of the kernel's."""
    with path.open("rb") as file:
        return file.read(256).decode(errors="replace").strip()
