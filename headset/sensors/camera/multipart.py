"""The parts of a `multipart/x-mixed-replace` answer, whatever the pieces it comes in.

Source: RFC 2046 5.1; PROTOCOLS 3.7 (what trackers' boards send).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite
from typing import Final

from ...errors import SensorError

LARGEST_BYTES: Final = 1 << 20
"""Of one part; a webcam's JPEG has some 100 kB."""

LARGEST_HEAD_BYTES: Final = 1 << 13
"""Of what stands before a part, and of its header."""

_HEAD_END: Final = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Part:
    """One part.

    Attributes:
        body: As it came; perhaps with some bytes of the next delimiter at its end.
        sent_s: X-Timestamp, seconds on the sender's own clock, or None.
    """

    body: bytes
    sent_s: float | None


class Parts:
    """Cuts an answer into its parts."""

    def __init__(self, boundary: str) -> None:
        """Prepare.

        Args:
            boundary: As the Content-Type says. Some cameras count the two dashes that go before it
                as its own, so none of its leading ones are looked for.
        """
        self._delimiter = b"--" + boundary.lstrip("-").encode("latin-1")
        self._buffer = bytearray()
        self._searched = 0

    def feed(self, received: bytes) -> list[Part]:
        """Return the parts that are whole now, oldest first.

        Raises:
            SensorError: What comes is no such answer, or too large.
        """
        self._buffer += received
        whole: list[Part] = []
        while (part := self._next()) is not None:
            whole.append(part)
        return whole

    def _next(self) -> Part | None:
        buffer, delimiter = self._buffer, self._delimiter
        at = buffer.find(delimiter)
        if at < 0:
            self._bound(len(buffer), LARGEST_HEAD_BYTES + len(delimiter), "before a picture")
            return None
        del buffer[:at]
        head = _HEAD_END.search(buffer, len(delimiter), len(delimiter) + LARGEST_HEAD_BYTES)
        if head is None:
            self._bound(len(buffer), LARGEST_HEAD_BYTES + len(delimiter), "in a picture's header")
            return None
        fields = _fields(bytes(buffer[len(delimiter) : head.start()]))
        end = self._end(head.end(), fields.get("content-length"))
        if end is None:
            return None
        part = Part(bytes(buffer[head.end() : end]), _number(fields.get("x-timestamp", "")))
        del buffer[:end]
        self._searched = 0
        return part

    def _end(self, body: int, length: str | None) -> int | None:
        """Return where the body ends that starts there; None while it is not all here."""
        if length is not None:
            if not (length.isascii() and length.isdigit() and len(length) <= 9):
                raise SensorError(
                    f"a part of {length[:20]!r} bytes: the camera's firmware is broken"
                )
            self._bound(int(length), LARGEST_BYTES, "in a picture")
            return body + int(length) if len(self._buffer) >= body + int(length) else None
        # From where the last search ended, or each piece of a long part would search all of it.
        end = self._buffer.find(self._delimiter, max(body, self._searched - len(self._delimiter)))
        self._searched = len(self._buffer)
        self._bound((len(self._buffer) if end < 0 else end) - body, LARGEST_BYTES, "in a picture")
        return None if end < 0 else end

    @staticmethod
    def _bound(size_bytes: int, most_bytes: int, where: str) -> None:
        if size_bytes > most_bytes:
            raise SensorError(
                f"over {most_bytes} bytes {where}, no stream of pictures: correct the address"
            )


def _fields(head: bytes) -> dict[str, str]:
    lines = (line.partition(":") for line in head.decode("latin-1").split("\n"))
    return {name.strip().lower(): value.strip() for name, _, value in lines}


def _number(words: str) -> float | None:
    try:
        number = float(words)
    except ValueError:
        return None
    return number if isfinite(number) else None
