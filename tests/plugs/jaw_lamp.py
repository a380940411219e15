"""A lamp that is as bright as the mouth is open: one byte a packet.

A whole output, as another package would bring it; `tests/test_plug.py` plugs it in.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from unvisor.headset.frame import Face, SensorFrame
from unvisor.headset.names import UNIFIED_INDEX
from unvisor.headset.outputs.udp import UdpSink, UdpTarget
from unvisor.headset.plug import Port, SinkPlug


class JawLampTarget(UdpTarget, frozen=True, kw_only=True):
    """The lamp listens on this port."""

    port: Port = 9160


def encode(_frame: SensorFrame, face: Face) -> Sequence[bytes]:
    """Return the lamp's brightness; nothing while the jaw is not known."""
    jaw = face.weights[UNIFIED_INDEX["JawOpen"]]
    return () if np.isnan(jaw) else (bytes([round(255 * np.clip(jaw, 0.0, 1.0))]),)


PLUG = SinkPlug(
    name="jaw-lamp",
    summary="a lamp as bright as the mouth is open",
    settings=JawLampTarget,
    golden=b"\x80",
    make=lambda settings: UdpSink(settings, encode, remedy="plug the lamp in"),
)
