"""Live Link Face: an iPhone's view of the whole face, 52 ARKit weights by UDP.

A phone sees a face without a headset: to try things at a desk, and to capture truth. Weights pass as
they come, not clipped. The timecode counts frames of the phone's clock, as it seems since midnight: it
is taken to begin anew each day, which does no harm if it does not. The packet's head angles are not
read: their signs were not verified, and a wrong head is worse than none.

Source: PROTOCOLS 3.10.
"""

from __future__ import annotations

import struct
from typing import Final

import numpy as np

from .. import expressions
from ..clock import NS_PER_S
from ..errors import SensorError
from ..frame import EyeSample, Sample
from ..names import ARKIT
from ..plug import Port, ReaderPlug
from .sample import observed
from .sender_clock import Timestamps
from .udp import UdpReader, UdpSettings

NAME: Final = "live-link-face"
VERSION: Final = 6
VALUES: Final = len(ARKIT) + 9  # then yaw, pitch, roll of head, left eye, right eye
LARGEST: Final = 4.0  # weights reach 1.08, angles π: beyond it these are not a face's bytes

_ONES: Final = np.ones(2)
_UNSENSED: Final = np.full(2, np.nan)


class LiveLinkFaceSettings(UdpSettings, frozen=True, kw_only=True):
    """The port is the app's own default."""

    port: Port = 11111


def parse(packet: bytes, received_ns: int) -> list[Sample]:
    """Return the face and the eyes of one packet; none where the phone sees no face."""
    version, id_bytes = struct.unpack_from(">BI", packet)
    if version != VERSION:
        raise SensorError(f"version {version}, not {VERSION}: set the app to ARKit mode")
    (name_bytes,) = struct.unpack_from(">I", packet, 5 + id_bytes)
    at = 9 + id_bytes + name_bytes + 16  # 16: frame number, sub-frame, rate as a fraction
    if packet[at] == 0:
        return []
    if packet[at] != VALUES or len(packet) != at + 1 + 4 * VALUES:
        raise SensorError(f"{packet[at]} values in {len(packet)} bytes, not {VALUES}")
    values = np.frombuffer(packet, ">f4", VALUES, at + 1)
    # NaN too: ARKit has no missing weights. And before they are widened: to widen a signalling NaN
    # would be a warning of numpy's.
    if not (np.abs(values) <= LARGEST).all():
        raise SensorError("values that no face has")
    arkit = values[: len(ARKIT)].astype(np.float64)
    face = observed(NAME, expressions.unified_from_arkit(arkit), received_ns=received_ns)
    eyes = EyeSample(
        time_ns=received_ns,
        received_ns=received_ns,
        gaze=expressions.gaze_from_arkit(arkit),
        openness=expressions.openness_from_arkit(arkit),
        pupil_mm=_UNSENSED,
        confidence=_ONES,
    )
    return [face, eyes]


def sent_ns(packet: bytes) -> int | None:
    """Return a packet's timecode; None where its rate is none."""
    (id_bytes,) = struct.unpack_from(">I", packet, 1)
    (name_bytes,) = struct.unpack_from(">I", packet, 5 + id_bytes)
    frame, part, rate, per = struct.unpack_from(">ifii", packet, 9 + id_bytes + name_bytes)
    if not (0.0 <= part <= 1.0 and rate > 0 and per > 0):
        return None
    return frame * per * NS_PER_S // rate + round(part * per * NS_PER_S / rate)


GOLDEN: Final = (
    bytes.fromhex("06 00000024")
    + b"E9B2A8C4-0D5F-5B0E-9C1A-3F6D27B4A810"
    + bytes.fromhex("00000006")
    + b"iPhone"
    + bytes.fromhex("00000064 3e800000 0000003c 00000001 3d")  # frame 100.25 at 60/1 Hz, 61 values
    + b"".join(struct.pack(">f", 0.5 if name == "jawOpen" else 0.0) for name in ARKIT)
    + bytes(4 * 9)
)
"""A phone called iPhone sees a face at rest, its jaw half open."""

PLUG: Final = ReaderPlug(
    name=NAME,
    summary="an iPhone's Live Link Face, ARKit mode",
    by_default=True,
    settings=LiveLinkFaceSettings,
    parse=parse,
    golden=GOLDEN,
    make=lambda settings: UdpReader(
        settings,
        parse,
        timestamps=Timestamps(
            sent_ns=sent_ns, resolution_ns=NS_PER_S // 60, wraps_ns=24 * 3600 * NS_PER_S
        ),
        remedy="in the app add this computer as a Live Link target; host 0.0.0.0 lets a phone in",
    ),
)
