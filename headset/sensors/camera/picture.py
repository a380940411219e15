"""What every kind of camera gives: grey pictures, one at a time, decoded only where they are wanted."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Final

from ...errors import SensorError
from ...frame import Bytes

LARGEST_PX: Final = 2048
"""Of a side. Trackers' cameras have 240 to 400, webcams up to 1920."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture, perhaps still encoded.

    Attributes:
        time_ns: When it was taken, as well as that is known; host clock.
        received_ns: When it was here whole; host clock.
        grey: Decodes it: shape (H, W), 0 to 255, at most `LARGEST_PX` a side. Raises `SensorError`
            where it cannot be read; the next one may be.
        skipped: How many older ones were here too, and were let go for this one.
    """

    time_ns: int
    received_ns: int
    grey: Callable[[], Bytes]
    skipped: int = 0


Pictures = Generator[Picture | None]
"""A camera at work. It opens at the first step and lets go when closed; a step waits at most some
seconds, and gives None where nothing came or nothing was whole yet. It raises `SensorError` where
the camera cannot be opened or is gone, and ends where nothing will ever follow: a film is over."""

Opened = Callable[[], Pictures]
"""Opens a camera, again and again: it may be unplugged and come back."""


def checked_size(width: int, height: int) -> None:
    """Refuse a picture before its pixels are made.

    Raises:
        SensorError: Empty, or more than `LARGEST_PX` a side.
    """
    if not (0 < width <= LARGEST_PX and 0 < height <= LARGEST_PX):
        raise SensorError(
            f"a picture of {width} x {height}: set the camera to at most {LARGEST_PX} x {LARGEST_PX}"
        )
