"""A strain gauge in the strap under the chin: one byte a packet, how far the jaw is open.

A whole sensor, as another package would bring it; `tests/test_plug.py` plugs it in.
"""

from __future__ import annotations

from unvisor.headset.errors import SensorError
from unvisor.headset.frame import NO_WEIGHTS, Sample
from unvisor.headset.names import UNIFIED_INDEX
from unvisor.headset.plug import Port, ReaderPlug
from unvisor.headset.sensors.sample import observed
from unvisor.headset.sensors.udp import UdpReader, UdpSettings


class ChinStrapSettings(UdpSettings, frozen=True, kw_only=True):
    """The strap's radio sends to this port."""

    port: Port = 9150


def parse(packet: bytes, received_ns: int) -> list[Sample]:
    """Return the jaw's weight, 0 shut to 1 open; the rest of the face is not observed."""
    if len(packet) != 1:
        raise SensorError(f"{len(packet)} bytes, not 1")
    weights = NO_WEIGHTS.copy()
    weights[UNIFIED_INDEX["JawOpen"]] = packet[0] / 255
    return [observed("chin-strap", weights, received_ns=received_ns)]


PLUG = ReaderPlug(
    name="chin-strap",
    summary="a strain gauge in the chin strap",
    settings=ChinStrapSettings,
    parse=parse,
    golden=b"\x80",
    make=lambda settings: UdpReader(settings, parse, remedy="switch the strap on"),
)
