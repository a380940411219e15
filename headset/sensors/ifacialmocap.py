"""iFacialMocap: an iPhone's view of the whole face, as text by UDP; its versions 1 and 2.

`mouthSmile_R-30|…|=head#…|rightEye#…|leftEye#…|`: version 1 writes a side as `_R` and parts name and
hundredths by `-`, version 2 writes `Right` and `&`. Gaze is that of the eyeLook channels, whose
signs are Apple's; the angles behind `=` are not read, nor the head's: their signs were not verified.
The lids are ARKit's own. The phone says no time: a sample's is its arrival.

Source: PROTOCOLS 3.9.
"""

from __future__ import annotations

from typing import Final

from ..errors import SensorError
from ..frame import Sample
from ..plug import Port, ReaderPlug
from . import arkit_named
from .asking import AskingReader, Request, opened_to
from .udp import UdpSettings

NAME: Final = "ifacialmocap"
LARGEST_BYTES: Final = 4096  # some 1,100 are sent

_HELLO: Final = b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719|sendDataVersion=v2"
_SIDES: Final = {"_L": "Left", "_R": "Right"}


class IFacialMocapSettings(UdpSettings, frozen=True, kw_only=True):
    """The phone answers to the port it listens at."""

    port: Port = 49983
    phone: str = ""
    """The phone's address: it is asked to send, and let in. Empty waits for what comes."""
    phone_port: Port = 49983
    """Where the app listens."""


def parse(packet: bytes, received_ns: int) -> list[Sample]:
    """Return the face and the eyes of one packet; none where the phone sees no face."""
    if len(packet) > LARGEST_BYTES:
        raise SensorError(f"{len(packet)} bytes, more than {LARGEST_BYTES}")
    shapes, _, _ = packet.decode().partition("=head#")
    named: dict[str, float] = {}
    for entry in shapes.split("|"):
        name, _, hundredths = entry.partition("&" if "&" in entry else "-")
        if name == "trackingStatus" and hundredths == "0":
            return []
        name = name[:-2] + _SIDES.get(name[-2:], name[-2:])
        if name in arkit_named.KNOWN:
            named[name] = arkit_named.weight(name, float(hundredths) / 100.0)
    return arkit_named.samples(NAME, named, received_ns=received_ns)


def make(settings: IFacialMocapSettings) -> AskingReader:
    """Return a reader, not yet open."""
    return AskingReader(
        opened_to(settings, settings.phone),
        parse,
        remedy="start iFacialMocap, phone and computer in one network, and set `phone` to its address",
        request=Request(
            host=settings.phone,
            port=settings.phone_port,
            payload=lambda _port: _HELLO,
            every_s=1.0,
            until_heard=True,
        ),
    )


PLUG: Final = ReaderPlug(
    name=NAME,
    summary="iFacialMocap on an iPhone (versions 1 and 2)",
    settings=IFacialMocapSettings,
    make=make,
    parse=parse,
    golden=b"jawOpen-50|eyeBlink_L-0|eyeBlink_R-100|=head#0,0,0,0,0,0|rightEye#0,0,0|leftEye#0,0,0|",
)
