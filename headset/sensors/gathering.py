"""From a sender's packets to samples: each packet a face, or several one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol, runtime_checkable

from ..frame import Sample
from ..plug import Parse
from .sender_clock import SenderClock


class Packet(NamedTuple):  # which is made three times as fast as a frozen dataclass
    """One datagram, as it came."""

    received_ns: int
    sender: str
    payload: bytes


@runtime_checkable
class Gathering(Protocol):
    """A parser for trackers that send one face in several packets."""

    def take(self, packet: bytes, received_ns: int) -> bool:
        """Keep what a packet says, and say whether it tells of a face; raises as `Parse` does."""
        ...

    def take_all(self, packets: Sequence[Packet]) -> bool:
        """Take several, oldest first, where that is quicker than one by one; else say no to all.

        Never raises: a packet that cannot be read is one to say no for.
        """
        ...

    def tell(self) -> Sequence[Sample]:
        """Return what is known after the packets that were taken since the last call, oldest first."""
        ...


class EachAlone:
    """A `Gathering` for trackers whose every packet is a face."""

    def __init__(self, parse: Parse, clock: SenderClock | None = None) -> None:
        """Prepare.

        Args:
            parse: Reads one packet.
            clock: Dates samples by what the packet says; without it they are of when it arrived.
        """
        self._parse = parse
        self._clock = clock
        self._samples: list[Sample] = []

    def take(self, packet: bytes, received_ns: int) -> bool:
        """Read a packet; raises as `Parse` does."""
        samples = self._parse(packet, received_ns)
        if samples and self._clock is not None:
            time_ns = self._clock.dated(packet, received_ns)
            samples = [replace(sample, time_ns=time_ns) for sample in samples]
        self._samples += samples
        return bool(samples)

    def take_all(self, packets: Sequence[Packet]) -> bool:  # noqa: ARG002
        """Say no."""
        return False

    def tell(self) -> Sequence[Sample]:
        """Return the samples of all packets since the last call."""
        samples, self._samples = self._samples, []
        return samples
