"""A UDP port, drained on its own thread: the ground under every network sensor.

A sensor is a pure `parse(packet, received_ns)`; this puts a socket around it. The thread only stamps
and keeps packets, the newest few; they are parsed when the loop asks. So a flood costs the loop a
bounded time, and bytes from a stranger are never parsed on a thread that could die of them.
"""

from __future__ import annotations

import socket
import struct
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event, Thread
from types import TracebackType
from typing import Final, Self

from ..clock import NS_PER_MS, NS_PER_S, now_ns, seconds
from ..errors import SensorError
from ..frame import Health, Sample
from ..meter import LOST_AFTER_S, Meter
from ..plug import Parse, Port, Settings
from ..ports import udp_owner

LARGEST_BYTES: Final = 4096
"""Longer packets are dropped unread; the longest face packet we know, MeowFace's JSON, has some 3 kB."""

_KEPT: Final = (
    128  # packets between two reads; Babble sends 45 a frame at 60 Hz, 30 per 90 Hz frame
)
_RECEIVE_BUFFER_BYTES: Final = 1 << 18
_WAKE_S: Final = 0.1  # how long closing may take
_RIVAL_S: Final = 5.0  # how long a second sender is told of after its last packet
_FLOOD: Final = (64, 5 * NS_PER_MS)  # at most so many packets in so long: 12,800 a second

UNREADABLE: Final = (SensorError, ValueError, ArithmeticError, LookupError, struct.error)
"""What a parser may raise for bytes it cannot read; each is counted, none goes further."""


class UdpSettings(Settings, frozen=True, kw_only=True):
    """Where packets are awaited."""

    host: str = "127.0.0.1"
    """Loopback alone unless told otherwise; 0.0.0.0 lets other devices (a phone) in."""
    port: Port = 0


@dataclass(frozen=True, slots=True)
class Packet:
    """One datagram, as it came."""

    received_ns: int
    sender: str
    payload: bytes


class UdpReader:
    """Reads packets from a UDP port.

    One sender at a time, for two phones on one port would make one flickering face: the first host
    whose packet tells of something has the port, and keeps it while its packets can be read. Any
    other is ignored meanwhile, and counted. Bytes that cannot be read never take the port.
    """

    def __init__(self, settings: UdpSettings, parse: Parse, *, remedy: str) -> None:
        """Prepare; nothing is opened.

        Args:
            settings: Where to listen.
            parse: Reads one packet.
            remedy: What the wearer does where nothing comes.
        """
        self._settings = settings
        self._parse = parse
        self._remedy = remedy
        self._meter = Meter()
        self._packets: deque[Packet] = deque(maxlen=_KEPT)
        self._socket: socket.socket | None = None
        self._thread: Thread | None = None
        self._stop = Event()
        self._holder: tuple[str, int] | None = None
        """Whose packets are read, and when the newest of them came."""
        self._rival: tuple[str, int] | None = None
        """Who else sends, and when last."""
        self._note = ""

    def __enter__(self) -> Self:
        self._socket = _bound(self._settings.host, self._settings.port)
        self._stop.clear()
        self._packets.clear()
        self._holder = self._rival = None
        self._thread = Thread(target=self._drain, args=(self._socket,), daemon=True, name="udp")
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        if self._socket is not None:
            self._socket.close()
        self._thread = self._socket = None

    @property
    def port(self) -> int:
        """The port that is open; the one asked for, or where that was 0 the system's choice."""
        return self._settings.port if self._socket is None else self._socket.getsockname()[1]

    @property
    def waiting(self) -> int:
        """How many packets wait to be read."""
        return len(self._packets)

    def read(self) -> Sequence[Sample]:
        """Return what arrived since the last call, oldest first; never waits or raises."""
        samples: list[Sample] = []
        while self._packets:
            packet = self._packets.popleft()
            if self._ignores(packet):  # it came before the port was taken
                continue
            try:
                parsed = self._parse(packet.payload, packet.received_ns)
            except UNREADABLE as error:
                self._meter.drop()
                self._note = f"unreadable packet from {packet.sender}: {error}"
                continue
            self._note = "" if parsed else "packets come, but without a face"
            if parsed or (self._holder is not None and self._holder[0] == packet.sender):
                self._holder = packet.sender, packet.received_ns
            if parsed:
                self._meter.tick(packet.received_ns)
                samples.extend(parsed)
        return samples

    def health(self) -> Health:
        """Return how the port is doing; silence names the address that senders need."""
        at_ns, notes = now_ns(), [self._note] if self._note else []
        if self._rival is not None and self._holder is not None:
            (rival, rival_ns), (holder, _) = self._rival, self._holder
            if rival != holder and at_ns - rival_ns < _RIVAL_S * NS_PER_S:
                notes.append(f"{rival} sends too and is ignored; {holder} came first")
        return self._meter.health(
            note="; ".join(notes),
            remedy=f"{self._remedy} ({self._settings.host}:{self.port})",
            at_ns=at_ns,
        )

    def _drain(self, port: socket.socket) -> None:
        most, within_ns = _FLOOD
        taken, since_ns = 0, now_ns()
        while not self._stop.is_set():
            try:
                payload, address = port.recvfrom(LARGEST_BYTES + 1)
            except TimeoutError:
                continue
            except OSError:  # a datagram too long (Windows), or an interface that went away
                self._meter.drop()
                self._stop.wait(_WAKE_S)
                continue
            self._take(Packet(now_ns(), address[0], payload))
            taken += 1
            if taken == most:
                # In a flood the kernel's buffer overflows instead of this interpreter.
                self._stop.wait(max(0.0, seconds(since_ns + within_ns - now_ns())))
                taken, since_ns = 0, now_ns()

    def _take(self, packet: Packet) -> None:
        if self._ignores(packet):
            return
        if len(packet.payload) > LARGEST_BYTES:
            self._meter.drop()
            return
        if len(self._packets) == _KEPT:
            self._meter.drop()  # the oldest goes
        self._packets.append(packet)

    def _ignores(self, packet: Packet) -> bool:
        """Say whether the port is another's, and count the packet where it is."""
        if self._holder is None:
            return False
        holder, heard_ns = self._holder
        silent_ns = packet.received_ns - heard_ns
        if packet.sender == holder or silent_ns >= LOST_AFTER_S * NS_PER_S:
            return False
        self._meter.drop()
        self._rival = packet.sender, packet.received_ns
        return True


def _bound(host: str, port: int) -> socket.socket:
    """Open and bind a socket.

    Raises:
        SensorError: No such address, or the port is taken; names who has it.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    except (OSError, OverflowError) as cause:
        raise SensorError(
            f"UDP {host}:{port}: no such address ({cause}): set host to 127.0.0.1 or 0.0.0.0"
        ) from cause
    opened = socket.socket(family, kind)
    try:
        if sys.platform == "win32":  # without it another program may take the port over
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
        opened.settimeout(_WAKE_S)
        opened.bind(address)
    except OSError as cause:
        opened.close()
        owner = udp_owner(port)
        if owner is None:
            raise SensorError(
                f"UDP {host}:{port}: cannot be opened ({cause.strerror}): set another host or port"
            ) from cause
        raise SensorError(
            f"UDP {host}:{port}: {owner} has this port: close it, or set another port"
        ) from cause
    return opened
