"""Cameras of the system, UVC and built in: OpenCV's one home.

A camera has one owner. It is usually the tracker app's, so who has it is told where that can be seen.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ...clock import NS_PER_MS, NS_PER_S, now_ns
from ...errors import SensorError
from ...frame import Bytes
from . import linux as camera_linux
from .picture import Picture, checked_size

if TYPE_CHECKING:
    import cv2

_OWNER: Final = "if an app has it, as the tracker's usually does, close that or read from the app"
_NEWEST_NS: Final = NS_PER_S // 2  # no camera takes longer from the light to us
_ENVIRONMENT: Final = {
    "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": "2",  # s, for a picture; 10 as it comes, and closing waits
    "OPENCV_LOG_LEVEL": "OFF",  # it complains on the terminal; we say it in `health`
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a camera is asked for; 0 leaves it to the camera, which may do otherwise anyhow.

    Attributes:
        width: Pixels.
        height: Pixels.
        rate_hz: Pictures a second.
        raw: As it comes over the cable, not turned into colours.
    """

    width: int = 0
    height: int = 0
    rate_hz: float = 0.0
    raw: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One picture as OpenCV hands it over, with its times on the host clock."""

    time_ns: int
    received_ns: int
    pixels: Bytes


def pictures(device: str, asked: Asked) -> Generator[Picture | None]:
    """Read a camera by number, name or node, or anything else that OpenCV opens by a path.

    Raises:
        SensorError: OpenCV is missing; no such camera, it is another's, or gone.
    """
    for shot in shots(device, asked):
        yield Picture(
            time_ns=shot.time_ns,
            received_ns=shot.received_ns,
            grey=partial(grey, shot.pixels),
        )


def shots(device: str, asked: Asked) -> Generator[Shot]:
    """Yield what a camera gives, as it comes; raises as `pictures`."""
    with _capture(device, asked) as capture:
        taken = 0
        while True:
            there, pixels = capture.read()
            received_ns = now_ns()
            if not there:
                why = "gone" if taken else "gives no picture"
                raise SensorError(f"camera {device}: {why}: plug it in again; {_OWNER}")
            taken += 1
            yield Shot(
                time_ns=taken_ns(_position_ms(capture), received_ns),
                received_ns=received_ns,
                pixels=np.asarray(pixels, np.uint8),
            )


def grey(pixels: Bytes) -> Bytes:
    """Return a picture's brightness, shape (H, W), of one in grey or blue-green-red (H, W, 3).

    Raises:
        SensorError: Too large, or neither.
    """
    import cv2

    checked_size(pixels.shape[1], pixels.shape[0])
    if pixels.ndim == 2:
        return pixels
    if pixels.shape[2] != 3:
        raise SensorError(f"a picture of {pixels.shape[2]} channels: choose another format")
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)


def taken_ns(position_ms: float, received_ns: int) -> int:
    """Return when a picture was taken.

    Linux' driver says it on the clock that is ours too; other systems count from the start, and then
    it is as good as not said.

    Args:
        position_ms: CAP_PROP_POS_MSEC.
        received_ns: When the picture was here, host clock.
    """
    said_ns = round(position_ms * NS_PER_MS)
    return said_ns if 0 <= received_ns - said_ns < _NEWEST_NS else received_ns


@contextmanager
def _capture(device: str, asked: Asked) -> Generator[cv2.VideoCapture]:
    for name, value in _ENVIRONMENT.items():  # read once, when the library is loaded
        os.environ.setdefault(name, value)
    try:
        import cv2
    except (ImportError, OSError) as cause:
        raise SensorError(
            f"camera {device}: OpenCV is not installed ({cause}): pip install 'unvisor[cameras]'"
        ) from cause
    number = camera_linux.number_of(device)
    try:
        if number is None:
            capture = cv2.VideoCapture(device, cv2.CAP_ANY)
        else:
            # DirectShow opens in a moment, Media Foundation may take half a minute.
            windows = sys.platform == "win32"
            capture = cv2.VideoCapture(number, cv2.CAP_DSHOW if windows else cv2.CAP_ANY)
    except cv2.error as cause:
        raise SensorError(f"camera {device}: cannot be opened ({cause.err}): {_OWNER}") from cause
    try:
        if not capture.isOpened():
            raise SensorError(_refusal(device, number))
        _ask(capture, asked)
        yield capture
    except cv2.error as cause:
        raise SensorError(f"camera {device}: broke off ({cause.err}): plug it in again") from cause
    finally:
        capture.release()


def _ask(capture: cv2.VideoCapture, asked: Asked) -> None:
    import cv2

    if asked.rate_hz and not asked.raw:
        # Above 30 Hz most cameras' pictures fit the cable only as JPEGs.
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    if asked.raw:
        capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
    for what, value in (
        (cv2.CAP_PROP_FRAME_WIDTH, asked.width),
        (cv2.CAP_PROP_FRAME_HEIGHT, asked.height),
        (cv2.CAP_PROP_FPS, asked.rate_hz),
    ):
        if value:
            capture.set(what, value)


def _position_ms(capture: cv2.VideoCapture) -> float:
    import cv2

    return capture.get(cv2.CAP_PROP_POS_MSEC)


def _refusal(device: str, number: int | None) -> str:
    there = camera_linux.names()
    known = ", ".join(f"{one} ({name})" for one, name in there.items()) or "none"
    if number is None:
        return (
            f"camera {device}: no camera of that name, nor a file (there are {known}): correct it"
        )
    node = camera_linux.node_of(number)
    if sys.platform == "linux" and not Path(node).exists():
        return f"camera {device}: not there (there are {known}): plug it in"
    owner = camera_linux.holder(node)
    if owner is not None:
        return f"camera {device}: {owner} has it: close that, or read from it instead of from the camera"
    return f"camera {device}: cannot be opened: plug it in; {_OWNER}"
