"""VRChat: every v2 parameter as a float, where it changed.

Which parameters an avatar has, and under which prefix, is not asked yet: each is sent with every
prefix of the settings, and VRChat ignores what the avatar has not. When nothing is known any more,
and at the end, the avatar is told so and goes back to blinking by itself.

Source: PROTOCOLS 3.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ..clock import NS_PER_S
from ..frame import Face, SensorFrame
from ..plug import Port, RateHz, SinkPlug
from . import osc, parameters
from .udp import UdpSink, UdpTarget

ROOT: Final = "/avatar/parameters/"
SMALLEST_CHANGE: Final = 1 / 512
"""Less is not sent. Other players see steps of 1/127; the wearer's own mirror, this."""

REFRESH_S: Final = 10.0
"""Everything is sent again this often: datagrams get lost, and a new avatar knows nothing."""


class VRChatTarget(UdpTarget, frozen=True, kw_only=True):
    """Where VRChat listens (its `--osc` option); the port is its own default."""

    port: Port = 9000
    rate_hz: RateHz = 60.0
    prefixes: tuple[str, ...] = ("", "FT/")
    """What stands before `v2/`: nothing, or the popular templates' own."""


class VRChat:
    """Encodes what changed since the last face."""

    def __init__(self, prefixes: Sequence[str]) -> None:
        names = [f"{ROOT}{prefix}v2/{name}" for prefix in prefixes for name in parameters.NAMES]
        self._bundle = osc.FloatBundle(names)
        self._copies = len(prefixes)
        self._sent = np.full(len(parameters.NAMES), np.nan)
        self._active: dict[str, bool] = {}
        self._refreshed_ns: int | None = None

    def encode(self, frame: SensorFrame, face: Face) -> Sequence[bytes]:
        """Return the packets that bring the avatar up to date; none where nothing changed."""
        if face.silent:  # the avatar animates itself from here on
            return self.farewell()
        values = parameters.values(frame, face)
        since_ns = self._refreshed_ns
        if since_ns is None or not 0 <= face.time_ns - since_ns < REFRESH_S * NS_PER_S:
            self._sent[:] = np.nan
            self._active = {}
            self._refreshed_ns = face.time_ns
        send = ~np.isnan(values) & ~(np.abs(values - self._sent) < SMALLEST_CHANGE)
        self._sent[send] = values[send]
        packets = self._bundle.packets(np.tile(values, self._copies), np.tile(send, self._copies))
        return [*packets, *self._modes(eyes=face.eyes_sensed, lips=face.shapes_sensed)]

    def farewell(self) -> Sequence[bytes]:
        """Return what tells the avatar that nobody tracks it any more."""
        return self._modes(eyes=False, lips=False)

    def _modes(self, *, eyes: bool, lips: bool) -> list[bytes]:
        active = {"EyeTracking": eyes, "LipTracking": lips, "ExpressionTracking": lips}
        changed = {name: on for name, on in active.items() if on != self._active.get(name, False)}
        self._active = active
        messages = [osc.message(f"{ROOT}{name}Active", on) for name, on in changed.items()]
        return [osc.bundle(messages)] if messages else []


def make(settings: VRChatTarget) -> UdpSink:
    """Return a sender, not yet open."""
    encoder = VRChat(settings.prefixes)
    return UdpSink(
        settings,
        encoder.encode,
        farewell=encoder.farewell,
        remedy="start VRChat and turn OSC on in its action menu",
    )


PLUG: Final = SinkPlug(
    name="vrchat",
    summary="VRChat avatars made for face tracking (v2 parameters)",
    settings=VRChatTarget,
    make=make,
    golden=b"#bundle\0\0\0\0\0\0\0\0\x01"
    b"\0\0\0\x28/avatar/parameters/v2/JawOpen\0\0\0,f\0\0\x3f\0\0\0"
    b"\0\0\0\x2c/avatar/parameters/FT/v2/JawOpen\0\0\0\0,f\0\0\x3f\0\0\0",
)
