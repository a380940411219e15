"""ALVR: the face and eyes of whatever headset it streams to, as it tells VRCFaceTracking.

A packet is records one after another, each a tag of eight letters and as many floats as the tag
says. Eyes are rotations in head space. Pico's 52 weights come in one of two orders, by ALVR's
version: `pico_order` says which, or it is found out from the first faces, which are not used.

Source: PROTOCOLS 3.11.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import SensorError
from ..frame import Floats, Sample
from ..plug import Port, ReaderPlug
from ..vendor_maps import Reading, from_bd, from_fb2, from_htc_eye, from_htc_lip, from_pico_legacy
from ..vendors import FB2
from .pico_order import PicoOrder
from .udp import UdpReader, UdpSettings
from .vendor_samples import NOTHING, face_weights, filled, gaze_from_rotations, samples

NAME: Final = "alvr"

_Order: TypeAlias = Literal["auto", "legacy", "khronos"]

_TAG_BYTES: Final = 8
_LENGTHS: Final[Mapping[bytes, int]] = {
    b"EyesQuat": 8,  # left, right; xyzw
    b"CombQuat": 4,  # both eyes as one
    b"Face2Fb\0": 70,
    b"FacePico": 52,
    b"EyesHtc\0": 14,
    b"LipHtc\0\0": 37,
}
_READ: Final[Mapping[bytes, Callable[[Floats], Reading]]] = {
    b"Face2Fb\0": from_fb2,
    b"EyesHtc\0": from_htc_eye,
    b"LipHtc\0\0": from_htc_lip,
}
_PICO: Final = {"legacy": from_pico_legacy, "khronos": from_bd}


class AlvrSettings(UdpSettings, frozen=True, kw_only=True):
    """ALVR sends to this port of the computer it runs on, and to no other."""

    port: Port = 41463
    pico_order: _Order = "auto"
    """In what order a Pico's weights come: `legacy` is Pico's own, of ALVR's releases."""


class Alvr:
    """Reads packets, in the order they came."""

    def __init__(self, pico_order: _Order = "auto") -> None:
        self._pico_order = pico_order
        self._found = PicoOrder()

    def parse(self, packet: bytes, received_ns: int) -> list[Sample]:
        """Return the face and the eyes of a packet.

        Raises:
            SensorError: A record that is not known or cut short, or numbers that no face has.
        """
        reading, gaze = NOTHING, NOTHING.gaze
        for tag, values in _records(packet).items():
            match tag:
                case b"EyesQuat" | b"CombQuat":
                    gaze = np.broadcast_to(gaze_from_rotations(values.reshape(-1, 4)), (2, 3))
                case b"FacePico":
                    reading = filled(reading, self._pico(face_weights(values)))
                case _:
                    reading = filled(reading, _READ[tag](face_weights(values)))
        return samples(NAME, reading, gaze=gaze, received_ns=received_ns)

    def _pico(self, weights: Floats) -> Reading:
        order = self._found.of(weights) if self._pico_order == "auto" else self._pico_order
        return NOTHING if order is None else _PICO[order](weights)


def _records(packet: bytes) -> dict[bytes, NDArray[np.float32]]:
    """Return a packet's records by tag; what comes behind one that is not known is left."""
    records: dict[bytes, NDArray[np.float32]] = {}
    at = 0
    while at < len(packet):
        tag = packet[at : at + _TAG_BYTES]
        if tag not in _LENGTHS:
            if records and len(tag) == _TAG_BYTES:
                break  # a later version's record: where it ends cannot be known
            raise SensorError(f"a record {tag!r}, which is not ALVR's")
        at += _TAG_BYTES
        records[tag] = np.frombuffer(packet, "<f4", _LENGTHS[tag], at)
        at += 4 * _LENGTHS[tag]
    return records


def parse(packet: bytes, received_ns: int) -> list[Sample]:
    """Return what one packet, by itself, says; of a Pico's face, nothing yet."""
    return Alvr().parse(packet, received_ns)


PLUG: Final = ReaderPlug(
    name=NAME,
    summary="ALVR: face and eyes of the headset it streams to",
    by_default=True,
    settings=AlvrSettings,
    make=lambda settings: UdpReader(
        settings,
        Alvr(settings.pico_order).parse,
        remedy="in ALVR, set face tracking on, its sink VRCFaceTracking, and close VRCFaceTracking",
    ),
    parse=parse,
    golden=b"EyesQuat"
    + 2 * np.array([0, 0, 0, 1], "<f4").tobytes()
    + b"Face2Fb\0"
    + np.where(np.array(FB2) == "JAW_DROP", 0.5, 0.0).astype("<f4").tobytes(),
)
