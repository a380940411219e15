"""Live Link Face: the face as an iPhone would send it, for whatever reads iPhones.

The packet has a number for every channel and no word for "missing": a missing weight goes out as 0,
the wearer's rest. A face of which nothing is known is not sent. Head angles are 0, as in the app
when head rotation is off.

Source: PROTOCOLS 3.10.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
import numpy as np

from .. import expressions
from ..clock import NS_PER_S
from ..frame import Face, SensorFrame
from ..names import ARKIT
from ..plug import Port, RateHz, SinkPlug
from .udp import UdpSink, UdpTarget

RATE_HZ: Final = 60
_DAY: Final = 24 * 3600 * RATE_HZ  # the timecode starts anew each day


class LiveLinkFaceTarget(UdpTarget, frozen=True, kw_only=True):
    """Where the receiver listens; the port is its own default."""

    port: Port = 11111
    rate_hz: RateHz = RATE_HZ
    subject: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] = "unvisor"
    """The name the receiver shows."""


class LiveLinkFace:
    """Encodes faces as one subject's packets."""

    def __init__(self, subject: str) -> None:
        name = subject.encode()
        device = str(uuid.uuid5(uuid.NAMESPACE_DNS, subject)).upper().encode()
        self._head = struct.pack(
            f">BI{len(device)}sI{len(name)}s", 6, len(device), device, len(name), name
        )

    def encode(self, _frame: SensorFrame, face: Face) -> Sequence[bytes]:
        """Return the face's packet, or none where nothing is known of it."""
        arkit = expressions.arkit_from_unified(face.weights, face.gaze, face.openness)
        if face.silent or np.isnan(arkit).all():
            return ()
        weights = np.clip(np.nan_to_num(arkit, nan=0.0), 0.0, 1.0)
        yaw_rad, pitch_rad = expressions.angles_from_gaze(np.nan_to_num(face.gaze, nan=0.0))
        angles = np.zeros((3, 3))  # head, left eye, right eye: yaw + right, pitch + down, roll
        seen = ~np.isnan(face.gaze).any(axis=1)
        angles[1:, 0] = np.where(seen, yaw_rad, 0.0)
        angles[1:, 1] = np.where(seen, -pitch_rad, 0.0)
        count, part = divmod(face.time_ns * RATE_HZ, NS_PER_S)
        timecode = struct.pack(">IfII", count % _DAY, part / NS_PER_S, RATE_HZ, 1)
        values = np.concatenate([weights, angles.ravel()]).astype(">f4")
        return (self._head + timecode + bytes([len(values)]) + values.tobytes(),)


def make(settings: LiveLinkFaceTarget) -> UdpSink:
    """Return a sender, not yet open."""
    return UdpSink(
        settings,
        LiveLinkFace(settings.subject).encode,
        remedy="start the program that shows the face, with Live Link Face as its source",
    )


PLUG: Final = SinkPlug(
    name="live-link-face",
    summary="any program that takes Live Link Face",
    settings=LiveLinkFaceTarget,
    make=make,
    golden=bytes.fromhex("06 00000024")
    + b"620BD3AD-86D5-521A-9DED-2C0FDC41A750"
    + bytes.fromhex("00000007")
    + b"unvisor"
    + bytes.fromhex("00000000 00000000 0000003c 00000001 3d")  # frame 0 at 60/1 Hz, 61 values
    + b"".join(bytes.fromhex("3f000000" if name == "jawOpen" else "00000000") for name in ARKIT)
    + bytes(4 * 9),
)
