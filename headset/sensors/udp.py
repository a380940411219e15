"""A UDP port, drained on its own thread: the ground under every network sensor.

A sensor is a pure `parse(packet, received_ns)`; this puts a socket around it. The thread only stamps
and keeps packets, the newest few; they are parsed when the loop asks. So a flood costs the loop a
bounded time, and bytes from a stranger are never parsed on a thread that could die of them.

Many trackers send a face in dozens of packets, and to wake for each would cost more than all else. So
the thread wakes for the first and takes the others a nap at a time: a stamp is late by up to a nap.
"""

from __future__ import annotations

import socket
import struct
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Event, Thread
from types import TracebackType
from typing import Final, Self

from ..clock import NS_PER_S, now_ns, seconds
from ..errors import SensorError
from ..frame import Health, Sample
from ..meter import LOST_AFTER_S, Meter
from ..plug import Parse, Port, Settings
from ..ports import udp_owner
from .gathering import EachAlone, Gathering, Packet
from .sender_clock import SenderClock, Timestamps

LARGEST_BYTES: Final = 4096
"""Longer packets are dropped unread, unless a reader says otherwise; MeowFace's JSON has some 3 kB."""

_KEPT: Final = 256  # packets between two reads; Baballonia sends 55 a frame, so 4 frames
_RECEIVE_BUFFER_BYTES: Final = 1 << 18
_WAKE_S: Final = 0.1  # how long closing may take
_RIVAL_S: Final = 5.0  # how long a second sender is told of after its last packet

_NAP_S: Final = 0.00075  # what a stamp may be late by: with the system's own, 1 ms
_NAPS: Final = 4  # in the longest burst; python-osc sends Babble's 45 packets in some 2 ms
_FLOOD: Final = 128
_FLOOD_S: Final = 0.01
"""At most so many packets are taken in so long, 12,800 a second: the kernel drops the rest."""

UNREADABLE: Final = (SensorError, ValueError, ArithmeticError, LookupError, struct.error)
"""What a parser may raise for bytes it cannot read; each is counted, none goes further."""


class UdpSettings(Settings, frozen=True, kw_only=True):
    """Where packets are awaited."""

    host: str = "127.0.0.1"
    """Loopback alone unless told otherwise; 0.0.0.0 lets other devices (a phone) in."""
    port: Port = 0


class UdpReader:
    """Reads packets from a UDP port.

    One sender at a time, for two phones on one port would make one flickering face: the first host
    whose packet tells of something has the port, and keeps it while its packets can be read. Any
    other is ignored meanwhile, and counted. Bytes that cannot be read never take the port.

    Attributes:
        tap: Called with each packet that is kept, on the thread that received it: to log them.
        arrived: Called on that thread once a burst of packets seems whole: to wake whoever reads.
    """

    def __init__(
        self,
        settings: UdpSettings,
        parse: Parse | Gathering,
        *,
        remedy: str,
        largest_bytes: int = LARGEST_BYTES,
        timestamps: Timestamps | None = None,
    ) -> None:
        """Prepare; nothing is opened.

        Args:
            settings: Where to listen.
            parse: Reads one packet, or gathers several.
            remedy: What the wearer does where nothing comes.
            largest_bytes: Longer packets are dropped unread; up to 65,507.
            timestamps: What packets say of when they were true, where each is a face.
        """
        self._settings = settings
        self._clock = None if timestamps is None else SenderClock(timestamps)
        self._parser = parse if isinstance(parse, Gathering) else EachAlone(parse, self._clock)
        self._remedy = remedy
        self._largest_bytes = largest_bytes
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
        self.tap: Callable[[Packet], None] | None = None
        self.arrived: Callable[[], None] | None = None

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
        packets = [self._packets.popleft() for _ in range(len(self._packets))]
        if not self._read_at_once(packets):
            for packet in packets:
                self._read_one(packet)
        samples = self._parser.tell()
        for received_ns in {sample.received_ns: None for sample in samples}:
            self._meter.tick(received_ns)
        return samples

    def _read_at_once(self, packets: Sequence[Packet]) -> bool:
        """Read packets as one where nothing is odd about any: so almost all are that ever come."""
        if not packets or self._holder is None or not _are_of(self._holder[0], packets):
            return False
        if not self._parser.take_all(packets):
            return False
        self._note = ""
        self._holder = self._holder[0], packets[-1].received_ns
        return True

    def _read_one(self, packet: Packet) -> None:
        if self._ignores(packet):  # it came before the port was taken
            return
        try:
            told = self._parser.take(packet.payload, packet.received_ns)
        except UNREADABLE as error:
            self._meter.drop()
            self._note = f"unreadable packet from {packet.sender}: {error}"
            return
        self._note = "" if told else "packets come, but without a face"
        if told or (self._holder is not None and self._holder[0] == packet.sender):
            self._holder = packet.sender, packet.received_ns

    def feed(self, packet: Packet) -> None:
        """Take a packet as if it had come by the socket: to play it again."""
        self._take([packet])

    def health(self) -> Health:
        """Return how the port is doing; silence names the address that senders need."""
        at_ns, notes = now_ns(), [self._note] if self._note else []
        if self._rival is not None and self._holder is not None:
            (rival, rival_ns), (holder, _) = self._rival, self._holder
            if rival != holder and at_ns - rival_ns < _RIVAL_S * NS_PER_S:
                notes.append(f"{rival} sends too and is ignored; {holder} came first")
        health = self._meter.health(
            note="; ".join(notes),
            remedy=f"{self._remedy} ({self._settings.host}:{self.port})",
            at_ns=at_ns,
        )
        offset = None if self._clock is None else self._clock.offset
        if offset is None:
            return health
        return replace(
            health, offset_s=seconds(offset.offset_ns), offset_error_s=seconds(offset.error_ns)
        )

    def _drain(self, port: socket.socket) -> None:
        expected = 1  # packets in a burst: as many as in the one before
        while not self._stop.is_set():
            port.settimeout(_WAKE_S)
            if not self._receive(port, 1):
                continue
            began_ns, count = now_ns(), 1
            port.settimeout(0.0)
            for nap in range(_NAPS + 1):
                if nap:
                    time.sleep(_NAP_S)
                more = self._receive(port, _FLOOD - count)
                count += more
                if count in (expected, _FLOOD) or (nap and not more):
                    break
            expected = count
            if count < _FLOOD:
                self._ring()
            else:  # a flood wakes nobody
                self._stop.wait(max(0.0, _FLOOD_S - seconds(now_ns() - began_ns)))

    def _ring(self) -> None:
        if self.arrived is not None:
            self.arrived()

    def _receive(self, port: socket.socket, most: int) -> int:
        """Take packets while there are any, waiting as long as the socket does; return how many."""
        packets: list[Packet] = []
        longest = self._largest_bytes + 1
        try:
            for _ in range(most):
                payload, address = port.recvfrom(longest)
                packets.append(Packet(now_ns(), address[0], payload))
        except (TimeoutError, BlockingIOError):
            pass
        except OSError:  # a datagram too long (Windows), or an interface that went away
            self._meter.drop()
            self._stop.wait(_WAKE_S)
        if packets:
            self._take(packets)
        return len(packets)

    def _take(self, packets: Sequence[Packet]) -> None:
        holder = self._holder
        if holder is None or not _are_of(holder[0], packets):
            packets = [packet for packet in packets if not self._ignores(packet)]
        longest = self._largest_bytes
        kept = [packet for packet in packets if len(packet.payload) <= longest]
        too_many = len(self._packets) + len(kept) - _KEPT
        self._meter.drop(len(packets) - len(kept) + max(0, too_many))
        self._packets.extend(kept)  # where there is no room, the oldest go
        if self.tap is not None:
            for packet in kept:
                self.tap(packet)

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


def _are_of(sender: str, packets: Sequence[Packet]) -> bool:
    return {packet.sender for packet in packets} == {sender}


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
