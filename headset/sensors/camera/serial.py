"""Cameras on a serial line: the boards of OpenIris, EyeTrackVR and Project Babble.

A picture is `FF A0 FF A1`, its length in two bytes, lowest first, and a JPEG; in between the board
may talk JSON. Bytes get lost on such lines, and some firmware leaves the header out. So a header is
believed where a whole JPEG stands behind it, and otherwise one is looked for by its own first and
last bytes.

Source: PROTOCOLS 3.7.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Final

from ...clock import now_ns
from ...errors import SensorError
from . import linux as camera_linux
from .picture import Picture

if TYPE_CHECKING:
    from serial import Serial

HEADER: Final = b"\xff\xa0\xff\xa1"
LARGEST_BYTES: Final = 32_768
"""Of what waits to be whole; a board sends some 4 to 12 kB a picture."""

_BAUD: Final = 115_200 if sys.platform == "darwin" else 3_000_000
_WAIT_S: Final = 0.1
_START: Final = b"\xff\xd8\xff"
_END: Final = b"\xff\xd9"
_BODY: Final = len(HEADER) + 2


class Frames:
    """Cuts what a line brings into JPEGs, whatever the pieces it comes in."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.dropped = 0
        """How many began and never became whole."""

    def feed(self, received: bytes) -> list[bytes]:
        """Return the pictures that are whole now, oldest first; each starts and ends as JPEGs do."""
        self._buffer += received
        whole: list[bytes] = []
        while self._step(whole):
            pass
        if len(self._buffer) >= LARGEST_BYTES:
            self._buffer.clear()
            self.dropped += 1
        return whole

    def _step(self, whole: list[bytes]) -> bool:
        """Take one picture or one piece of rubbish off the buffer; False where it has to grow."""
        buffer = self._buffer
        header, start = buffer.find(HEADER), buffer.find(_START)
        if header < 0 and start < 0:
            del buffer[: -len(HEADER) + 1]  # what may yet become a header or a start
            return False
        if header < 0 or 0 <= start < header:
            del buffer[:start]
            return self._bare(whole)
        del buffer[:header]
        return self._headed(whole)

    def _headed(self, whole: list[bytes]) -> bool:
        buffer = self._buffer
        if len(buffer) < _BODY:
            return False
        end = _BODY + int.from_bytes(buffer[len(HEADER) : _BODY], "little")
        following = buffer.find(HEADER, len(HEADER), end)
        if following >= 0:  # bytes were lost, and the next one began within this one's length
            del buffer[:following]
            self.dropped += 1
            return True
        if end > LARGEST_BYTES:
            del buffer[: len(HEADER)]
            self.dropped += 1
            return True
        if len(buffer) < end:
            return False
        if buffer.startswith(_START, _BODY) and buffer.endswith(_END, _BODY, end):
            whole.append(bytes(buffer[_BODY:end]))
            del buffer[:end]
        else:
            del buffer[: len(HEADER)]  # not as long as it says, or no picture: look for one in it
        return True

    def _bare(self, whole: list[bytes]) -> bool:
        buffer = self._buffer
        end = buffer.find(_END, len(_START))
        for mark in (HEADER, _START):
            following = buffer.find(mark, len(_START), end if end >= 0 else len(buffer))
            if following >= 0:
                del buffer[:following]
                self.dropped += 1
                return True
        if end < 0:
            return False
        whole.append(bytes(buffer[: end + len(_END)]))
        del buffer[: end + len(_END)]
        return True


def pictures(port: str) -> Generator[Picture | None]:
    """Read a board at a serial port (`/dev/ttyACM0`, `COM3`).

    Raises:
        SensorError: pyserial is missing; the port cannot be opened, or is gone.
    """
    try:
        from serial import Serial, SerialException
    except ImportError as cause:
        raise SensorError(
            f"serial {port}: pyserial is not installed: pip install 'unvisor[cameras]'"
        ) from cause
    from .jpeg import grey

    owner = camera_linux.holder(port)
    if owner is not None:  # not all lock it, and two programs would each get half of the bytes
        raise SensorError(
            f"serial {port}: {owner} has it: close that, or read from it instead of from the camera"
        )
    broken = (SerialException, OSError, ValueError, camera_linux.TERMINAL_ERROR)
    try:
        line = Serial(port, _BAUD, timeout=_WAIT_S, exclusive=True)
    except broken as cause:
        raise SensorError(
            f"serial {port}: cannot be opened ({cause}): plug it in, or set device to another"
        ) from cause
    with closing(line):
        frames, dropped = Frames(), 0
        while True:
            try:
                received = _received(line)
            except broken as cause:
                raise SensorError(f"serial {port}: gone ({cause}): plug it in again") from cause
            received_ns = now_ns()
            whole = frames.feed(received)
            if not whole:
                yield None
                continue
            yield Picture(
                time_ns=received_ns,
                received_ns=received_ns,
                grey=partial(grey, whole[-1]),
                skipped=len(whole) - 1 + frames.dropped - dropped,
            )
            dropped = frames.dropped


def _received(line: Serial) -> bytes:
    """Return what came, or wait a little for the next byte."""
    return line.read(min(max(1, line.in_waiting), LARGEST_BYTES))
