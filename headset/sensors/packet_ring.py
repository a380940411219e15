"""The last minute of a sensor's packets, as they came, in bounded memory."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from ..clock import NS_PER_S
from .udp import Packet

KEPT_S: Final = 60.0
MOST_BYTES: Final = 8 << 20
"""Of one sensor. A phone at 60 Hz fills 2 MB a minute; Babble's one value a packet at 60 Hz, which is
2,700 packets a second, 9 MB, so of that the last 55 s are kept."""

MOST_SENDERS: Final = 64
"""Told apart; who comes after them counts as the last."""

RECORD: Final = struct.Struct("<qHH")
"""Of each packet, little-endian: received_ns, sender, length; the payload follows."""

_CHUNK_BYTES: Final = 1 << 17  # what is let go of at once: little beside all


@dataclass(slots=True)
class _Chunk:
    newest_ns: int = 0
    records: bytearray = field(default_factory=bytearray)


class PacketRing:
    """Takes packets from one thread and gives them to any; the oldest give way."""

    def __init__(self, *, kept_s: float = KEPT_S, most_bytes: int = MOST_BYTES) -> None:
        """Prepare.

        Args:
            kept_s: Packets older than this, seen from the newest, are let go.
            most_bytes: Of all records together, 12 bytes more than its payload each.
        """
        self._kept_ns = round(kept_s * NS_PER_S)
        self._most_bytes = most_bytes
        self._chunk_bytes = min(_CHUNK_BYTES, most_bytes // 8)
        self._chunks: deque[_Chunk] = deque()
        self._bytes = 0
        self._senders: dict[str, int] = {}
        self._lock = Lock()

    def take(self, packet: Packet) -> None:
        """Keep a packet; what is as a tap of `UdpReader`."""
        sender = self._senders.get(packet.sender)
        if sender is None:
            sender = min(len(self._senders), MOST_SENDERS - 1)
            if len(self._senders) < MOST_SENDERS:
                self._senders[packet.sender] = sender
        record = RECORD.pack(packet.received_ns, sender, len(packet.payload)) + packet.payload
        with self._lock:
            if not self._chunks or len(self._chunks[-1].records) >= self._chunk_bytes:
                self._chunks.append(_Chunk())
            newest = self._chunks[-1]
            newest.records += record
            newest.newest_ns = packet.received_ns
            self._bytes += len(record)
            oldest_ns = packet.received_ns - self._kept_ns
            while self._chunks[0] is not newest and (
                self._bytes > self._most_bytes or self._chunks[0].newest_ns < oldest_ns
            ):
                self._bytes -= len(self._chunks.popleft().records)

    @property
    def bytes_kept(self) -> int:
        """How much is kept now."""
        return self._bytes

    def packets(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield (received_ns, sender, payload) of each packet kept now, oldest first.

        Senders are numbered as they appeared: who they are says nothing of a face.
        """
        with self._lock:
            records = b"".join(chunk.records for chunk in self._chunks)
            newest_ns = self._chunks[-1].newest_ns if self._chunks else 0
        # The oldest chunk holds some that are too old; of a sensor that says little, hours of them.
        oldest_ns = newest_ns - self._kept_ns
        return (packet for packet in walk(records) if packet[0] >= oldest_ns)


def walk(records: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield (time_ns, sender, payload) of each record.

    Raises:
        struct.error: The last is cut short in its head; one cut short in its payload gives less.
    """
    at = 0
    while at < len(records):
        time_ns, sender, length = RECORD.unpack_from(records, at)
        at += RECORD.size
        yield time_ns, sender, records[at : at + length]
        at += length
