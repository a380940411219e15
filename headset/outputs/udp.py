"""A UDP destination: the ground under every network output.

An output is an `encode(frame, face) -> packets`; this puts a socket around it. Sending never waits:
what the system will not take at once is dropped and counted.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

from ..clock import NS_PER_S, now_ns
from ..errors import OutputError
from ..frame import Face, Health, SensorFrame
from ..meter import LOST_AFTER_S, Meter
from ..plug import Encode, Port, RateHz, Settings

_SEND_BUFFER_BYTES: Final = 1 << 18


LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
"""Hosts that are this machine, whatever its network."""


class UdpTarget(Settings, frozen=True, kw_only=True):
    """Where packets go."""

    host: str = "127.0.0.1"
    port: Port = 9000
    rate_hz: RateHz = 100.0
    """Most faces a second that are sent; those between are left out."""


def nothing() -> Sequence[bytes]:
    """Say no farewell."""
    return ()


class UdpSink:
    """Sends faces to a UDP port."""

    def __init__(
        self,
        settings: UdpTarget,
        encode: Encode,
        *,
        remedy: str,
        farewell: Callable[[], Sequence[bytes]] = nothing,
    ) -> None:
        """Prepare; nothing is opened.

        Args:
            settings: Where to send, and how often at most.
            encode: Turns a face into packets.
            remedy: What the wearer does where nobody listens.
            farewell: The last packets, sent when closing.
        """
        self._settings = settings
        self._encode = encode
        self._remedy = remedy
        self._farewell = farewell
        self._meter = Meter()
        self._socket: socket.socket | None = None
        self._period_ns = round(NS_PER_S / settings.rate_hz)
        self._due_ns: int | None = None
        self._failed_ns: int | None = None
        self._note = ""
        self.sent_bytes = 0
        """Since it was made."""

    def __enter__(self) -> Self:
        host, port = self._settings.host, self._settings.port
        try:
            family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
            opened = socket.socket(family, kind)
        except (OSError, OverflowError) as cause:
            raise OutputError(
                f"UDP {host}:{port}: no such address ({cause}): correct it"
            ) from cause
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
            opened.setblocking(False)
            # Connected, so that the system tells us where nobody listens.
            opened.connect(address)
        except OSError as cause:
            opened.close()
            raise OutputError(
                f"UDP {host}:{port}: cannot be reached ({cause.strerror}): check the network"
            ) from cause
        self._socket = opened
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        if self._socket is not None:
            self._send(self._farewell())
            self._socket.close()
            self._socket = None

    def put(self, frame: SensorFrame, face: Face) -> None:
        """Send one face, if it is time for one."""
        if self._due_ns is None:
            self._due_ns = face.time_ns
        if face.time_ns < self._due_ns:
            return
        # Counted from when it was due, so that 60 of 90 faces a second are sent, not 45.
        self._due_ns = max(self._due_ns, face.time_ns - self._period_ns) + self._period_ns
        self._send(self._encode(frame, face))
        self._meter.tick(now_ns())

    def health(self) -> Health:
        """Return how the destination is doing; its rate is of faces taken."""
        health = self._meter.health()
        if self._failed_ns is None or now_ns() - self._failed_ns > LOST_AFTER_S * NS_PER_S:
            return health
        return replace(health, state="lost", note=self._note, remedy=self._remedy)

    def _send(self, packets: Sequence[bytes]) -> None:
        if self._socket is None:
            return
        for packet in packets:
            try:
                self.sent_bytes += self._socket.send(packet)
            except BlockingIOError:
                self._meter.drop()
            except OSError as error:  # nobody listens, or the network went away: it may come back
                self._meter.drop()
                self._failed_ns = now_ns()
                where = f"{self._settings.host}:{self._settings.port}"
                refused = isinstance(error, ConnectionRefusedError)
                self._note = f"{where}: {'nobody listens' if refused else error.strerror}"
