"""OpenSeeFace: a webcam's view of a face, by UDP.

It fits 68 points and a few features that run to about ±1 around their own running median; what
says the same in Unified Expressions is read and no more: how far the mouth is open, and the lids.
Smile, brows and gaze it also estimates, but on scales that are nobody else's: they stay missing.

Of several faces in a packet the one that has been followed longest is read: the lowest number.

Source: PROTOCOLS 3.15.
"""

from __future__ import annotations

import struct
from math import isfinite
from typing import Final

import numpy as np

from ..clock import NS_PER_S
from ..errors import SensorError
from ..frame import NO_WEIGHTS, EyeSample, Sample
from ..names import UNIFIED_INDEX
from ..plug import Port, ReaderPlug
from .sample import observed
from .sender_clock import Timestamps
from .udp import UdpReader, UdpSettings

NAME: Final = "open-see-face"
LARGEST: Final = 4.0  # features run to about ±1: beyond it these are not a face's bytes

_HEAD: Final = struct.Struct(
    "<di4fB"
)  # time in s, number, width, height, lid right, lid left, found
_MOUTH_OPEN_AT: Final = 1785 - 2 * 4  # the last but one of 14 features
FACE_BYTES: Final = 1785
MOST_FACES: Final = 16

_UNSENSED: Final = np.full(2, np.nan)
_NO_GAZE: Final = np.full((2, 3), np.nan)
_ONES: Final = np.ones(2)


class OpenSeeFaceSettings(UdpSettings, frozen=True, kw_only=True):
    """The port is the tracker's own default."""

    port: Port = 11573


def parse(packet: bytes, received_ns: int) -> list[Sample]:
    """Return the jaw and the lids of the face followed longest; none where no face is found.

    A mouth less open than its median is shut: the jaw is clipped to 0.
    """
    faces, rest = divmod(len(packet), FACE_BYTES)
    if rest or not 0 < faces <= MOST_FACES:
        raise SensorError(f"{len(packet)} bytes, not 1 to {MOST_FACES} times {FACE_BYTES}")
    found: list[tuple[int, float, float, float]] = []
    for at in range(0, len(packet), FACE_BYTES):
        _, number, _, _, right, left, success = _HEAD.unpack_from(packet, at)
        (mouth_open,) = struct.unpack_from("<f", packet, at + _MOUTH_OPEN_AT)
        if success:
            found.append((number, left, right, mouth_open))
    if not found:
        return []
    _, left, right, mouth_open = min(found)
    if not all(abs(value) <= LARGEST for value in (left, right, mouth_open)):
        raise SensorError("values that no face has")
    weights = NO_WEIGHTS.copy()
    weights[UNIFIED_INDEX["JawOpen"]] = max(mouth_open, 0.0)
    eyes = EyeSample(
        time_ns=received_ns,
        received_ns=received_ns,
        gaze=_NO_GAZE,
        openness=np.array([left, right]),
        pupil_mm=_UNSENSED,
        confidence=_ONES,
    )
    return [observed(NAME, weights, received_ns=received_ns), eyes]


def sent_ns(packet: bytes) -> int | None:
    """Return when its picture was taken, by its computer's clock."""
    sent_s: float = _HEAD.unpack_from(packet)[0]
    sent_ns = sent_s * NS_PER_S
    return round(sent_ns) if isfinite(sent_ns) else None


PLUG: Final = ReaderPlug(
    name=NAME,
    summary="OpenSeeFace: a webcam, for the mouth and the lids",
    by_default=True,
    settings=OpenSeeFaceSettings,
    make=lambda settings: UdpReader(
        settings,
        parse,
        remedy="start OpenSeeFace's facetracker and set its IP and port to this",
        largest_bytes=MOST_FACES * FACE_BYTES,
        timestamps=Timestamps(sent_ns=sent_ns),
    ),
    parse=parse,
    golden=_HEAD.pack(0.0, 0, 640.0, 480.0, 1.0, 0.5, 1)
    + bytes(_MOUTH_OPEN_AT - _HEAD.size)
    + struct.pack("<2f", 0.5, 0.0),
)
