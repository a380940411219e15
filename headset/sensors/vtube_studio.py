"""VTube Studio on an iPhone, and MeowFace on Android: a face without a headset, as JSON by UDP.

Channels are found by key, never by place. MeowFace speaks the same JSON with other conventions, and
shows itself by the head's directions among its channels; VRCFaceTracking's module for it reads
its gaze from the eyes' angles and shuts its lids by squinting too, and so does this reader for it
alone. VTube Studio's gaze is that of the eyeLook channels: in its own sample packet the angles turn
the other way than in that module.

The phone sends for a second at a time, and is asked again five times in it.

Source: PROTOCOLS 3.9 (JSON, request, MeowFace's axes), 3.14.1 (MeowFace's lids); MeowFace's list of
channels from its VRCFaceTracking module.
"""

from __future__ import annotations

from math import isfinite
from typing import Final

import msgspec
import numpy as np

from ..clock import NS_PER_MS
from ..errors import SensorError
from ..expressions import gaze_from_angles
from ..frame import Floats, Sample
from ..plug import Port, ReaderPlug
from . import arkit_named
from .asking import AskingReader, Request, opened_to
from .sender_clock import Timestamps
from .udp import UdpSettings

NAME: Final = "vtube-studio"
LARGEST_BYTES: Final = 16_384  # some 3,000 are sent

_SIDES: Final = ("Left", "Right")
_MEOWFACE: Final = frozenset(("headLeft", "headRight", "headUp", "headDown"))


class VTubeStudioSettings(UdpSettings, frozen=True, kw_only=True):
    """The port is that of MeowFace's VRCFaceTracking module."""

    port: Port = 12345
    phone: str = ""
    """The phone's address: it is asked to send, and let in. Empty waits for what comes."""
    phone_port: Port = 21412
    """Where the app listens."""


class _Shape(msgspec.Struct, frozen=True):
    k: str
    v: float


class _Turn(msgspec.Struct, frozen=True):
    x: float
    y: float


class _Frame(msgspec.Struct, frozen=True):
    face_found: bool = msgspec.field(name="FaceFound")
    shapes: list[_Shape] = msgspec.field(name="BlendShapes")
    left: _Turn | None = msgspec.field(name="EyeLeft", default=None)
    right: _Turn | None = msgspec.field(name="EyeRight", default=None)


class _Sent(msgspec.Struct, frozen=True):
    sent_ms: float | None = msgspec.field(name="Timestamp", default=None)


_DECODER: Final = msgspec.json.Decoder(_Frame)
_SENT_DECODER: Final = msgspec.json.Decoder(_Sent)


def parse(packet: bytes, received_ns: int) -> list[Sample]:
    """Return the face and the eyes of one packet; none where the phone sees no face."""
    if len(packet) > LARGEST_BYTES:
        raise SensorError(f"{len(packet)} bytes, more than {LARGEST_BYTES}")
    try:
        frame = _DECODER.decode(packet)
    except RecursionError as cause:
        raise SensorError("JSON nested too deep") from cause
    if not frame.face_found:
        return []
    keys = {shape.k[:1].lower() + shape.k[1:]: shape.v for shape in frame.shapes}
    named = {
        name: arkit_named.weight(name, value)
        for name, value in keys.items()
        if name in arkit_named.KNOWN
    }
    if keys.keys().isdisjoint(_MEOWFACE):
        return arkit_named.samples(NAME, named, received_ns=received_ns)
    return arkit_named.samples(
        NAME,
        named,
        received_ns=received_ns,
        gaze=_meowface_gaze(frame.left, frame.right),
        openness=_meowface_openness(named),
    )


def sent_ns(packet: bytes) -> int | None:
    """Return a packet's time by the phone's clock, if it says one."""
    sent_ms = _SENT_DECODER.decode(packet).sent_ms
    if sent_ms is None or not isfinite(sent_ms * NS_PER_MS):
        return None
    return round(sent_ms * NS_PER_MS)


def _meowface_gaze(left: _Turn | None, right: _Turn | None) -> Floats:
    x, y = np.array([(eye.x, eye.y) if eye else (np.nan, np.nan) for eye in (left, right)]).T
    if (np.abs([x, y]) > 90.0).any():
        raise SensorError("eyes that turn further than 90°")
    return gaze_from_angles(np.radians(y), np.radians(-x))


def _meowface_openness(named: dict[str, float]) -> Floats:
    blink, squint = (
        np.array([named.get(f"{name}{side}", np.nan) for side in _SIDES])
        for name in ("eyeBlink", "eyeSquint")
    )
    half = np.maximum(blink, 0.0) ** 0.33 * np.maximum(squint, 0.0) ** 1.25
    return 1.0 - np.minimum(1.0, blink + np.nan_to_num(half))  # without a squint, the blink alone


def make(settings: VTubeStudioSettings) -> AskingReader:
    """Return a reader, not yet open."""
    return AskingReader(
        opened_to(settings, settings.phone),
        parse,
        remedy="start the app, phone and computer in one network, and set `phone` to its address",
        request=Request(
            host=settings.phone, port=settings.phone_port, payload=request, every_s=0.2
        ),
        timestamps=Timestamps(sent_ns=sent_ns, resolution_ns=NS_PER_MS),
    )


def request(port: int) -> bytes:
    """Return what asks the phone to send to one of our ports for a second."""
    return msgspec.json.encode(
        {"messageType": "iOSTrackingDataRequest", "time": 1.0, "sentBy": "unvisor", "ports": [port]}
    )


PLUG: Final = ReaderPlug(
    name=NAME,
    summary="VTube Studio on an iPhone, MeowFace on Android",
    settings=VTubeStudioSettings,
    make=make,
    parse=parse,
    golden=b'{"Timestamp":1,"Hotkey":-1,"FaceFound":true,"Rotation":{"x":0,"y":0,"z":0},'
    b'"Position":{"x":0,"y":0,"z":0},"EyeLeft":{"x":0,"y":0,"z":0},"EyeRight":{"x":0,"y":0,"z":0},'
    b'"BlendShapes":[{"k":"JawOpen","v":0.5},{"k":"EyeBlinkLeft","v":0.25}]}',
)
