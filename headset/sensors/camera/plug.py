"""Cameras at the mouth and the eyes. Each is opened only when named: it has one owner.

What `device` may be:

    0, /dev/video2, HD Webcam     a camera of the system, by number, node or name (names: Linux)
    http://openiristracker.local  JPEGs without end over HTTP
    serial:/dev/ttyACM0           an OpenIris, EyeTrackVR or Babble board; serial:COM3 on Windows
    vive                          HTC's Vive Facial Tracker (Linux)
    FILE or FOLDER                a film, or images, at their own times

On the command line: `--sensor mouth-camera:device=0,rotate=90,crop=40:40:160:160`.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Final

import msgspec

from ...errors import SensorError
from ...plug import ReaderPlug, Settings
from .picture import LARGEST_PX, Opened
from .reader import Camera, CameraReader
from .view import Flip, Side, Turn, View, crop_from

Pixels = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_PX)]
PictureRateHz = Annotated[float, msgspec.Meta(ge=0, le=1000)]


class CameraSettings(Settings, frozen=True, kw_only=True):
    """Which camera, and what of its picture."""

    device: str = ""
    crop: str = ""
    """x,y,w,h in the camera's own pixels; x:y:w:h on the command line. Empty is all of it."""
    rotate: Turn = 0
    """Degrees clockwise, after cropping."""
    flip: Flip = "none"
    """After rotating."""
    width: Pixels = 0
    height: Pixels = 0
    """Asked of a camera of the system; 0 leaves it to the camera."""
    rate_hz: PictureRateHz = 0.0
    """Asked of a camera of the system; that of a film or a folder. 0 is their own."""
    loop: bool = False
    """Begin a film or a folder again at its end."""


class MouthCameraSettings(CameraSettings, frozen=True, kw_only=True):
    """A camera at the mouth."""

    vive_half: Side = "left"
    """Which of the Vive Facial Tracker's two sensors is used."""


class EyesCameraSettings(CameraSettings, frozen=True, kw_only=True):
    """A camera that shows both eyes side by side; both are rotated and flipped alike."""

    left_eye: Side = "left"
    """In which half of the picture, as cropped, the wearer's left eye is."""


def _mouth(settings: MouthCameraSettings) -> CameraReader:
    if settings.device == "vive":
        from . import vive as vive_face_tracker

        opened: Opened = partial(vive_face_tracker.pictures, settings.vive_half)
        return CameraReader(opened, {"mouth": _view(settings)})
    return _one("mouth", settings)


def _one(camera: Camera, settings: CameraSettings) -> CameraReader:
    return CameraReader(_opened(settings), {camera: _view(settings)})


def _eyes(settings: EyesCameraSettings) -> CameraReader:
    other: Side = "right" if settings.left_eye == "left" else "left"
    return CameraReader(
        _opened(settings),
        {"left_eye": _view(settings, settings.left_eye), "right_eye": _view(settings, other)},
    )


def _view(settings: CameraSettings, half: Side | None = None) -> View:
    return View(
        crop=crop_from(settings.crop), half=half, rotate=settings.rotate, flip=settings.flip
    )


def _opened(settings: CameraSettings) -> Opened:
    """Return what opens the device, loading no more than it needs.

    Raises:
        SensorError: None is named.
    """
    device, (scheme, _, rest) = settings.device, settings.device.partition(":")
    if not device or device == "vive":
        raise SensorError(
            f"camera: {'no device' if not device else 'the Vive tracker is no eye camera'}: set "
            "device to a number, a name, http://…, serial:PORT, a film or a folder of images"
        )
    if scheme in ("http", "https"):
        from . import http as camera_http

        return partial(camera_http.pictures, device)
    if scheme == "serial":
        from . import serial as camera_serial

        return partial(camera_serial.pictures, rest)
    path = Path(device).expanduser()
    if path.is_dir() or path.is_file():
        from . import files as camera_files

        play = camera_files.folder if path.is_dir() else camera_files.film
        return partial(play, path, rate_hz=settings.rate_hz, loop=settings.loop)
    from . import uvc as camera_uvc

    asked = camera_uvc.Asked(width=settings.width, height=settings.height, rate_hz=settings.rate_hz)
    return partial(camera_uvc.pictures, device, asked)


MOUTH: Final = ReaderPlug(
    name="mouth-camera",
    summary="a camera at the mouth: USB, network, serial line, or files in its place",
    settings=MouthCameraSettings,
    make=_mouth,
)
LEFT_EYE: Final = ReaderPlug(
    name="left-eye-camera",
    summary="a camera at the left eye, as mouth-camera",
    settings=CameraSettings,
    make=partial(_one, "left_eye"),
)
RIGHT_EYE: Final = ReaderPlug(
    name="right-eye-camera",
    summary="a camera at the right eye, as mouth-camera",
    settings=CameraSettings,
    make=partial(_one, "right_eye"),
)
EYES: Final = ReaderPlug(
    name="eyes-camera",
    summary="a camera that shows both eyes side by side, as mouth-camera",
    settings=EyesCameraSettings,
    make=_eyes,
)
