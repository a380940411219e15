"""Plays a log of raw packets through the sensors' own readers, as if they came now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Final, Self

from ..errors import RecordingError
from ..frame import Health, Sample, SensorFrame
from ..pace import HOST, Pace
from ..plug import READER_PLUGS
from .assemble import Devices, Tap
from .packet_log import Logged, PacketLog
from .udp import Packet, UdpReader

_AT_ONCE: Final = 64  # packets between two looks: fewer than a reader keeps


class ReplayedReader:
    """A `Reader` that hands another its packets when they are due; no socket is opened."""

    def __init__(self, name: str, logged: Logged, pace: Pace) -> None:
        """Prepare.

        Raises:
            RecordingError: That sensor does not read packets.
        """
        self._name = name
        self._logged = logged
        self._pace = pace
        self._reader = self._made()
        self.begin(pace.now_ns())

    def begin(self, start_ns: int) -> None:
        """Start from the first packet: what was time 0 in the log is `start_ns`."""
        self._start_ns = start_ns
        self._left = self._logged.packets()
        self._next = next(self._left, None)

    @property
    def ended(self) -> bool:
        """Whether all packets have been handed over."""
        return self._next is None

    def __enter__(self) -> Self:
        self._reader = self._made()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        return

    def read(self) -> Sequence[Sample]:
        """Return what the packets that have become due say."""
        due_ns = self._pace.now_ns() - self._start_ns
        samples: list[Sample] = []
        fed = 0
        while self._next is not None and self._next[0] <= due_ns:
            time_ns, sender, payload = self._next
            self._reader.feed(Packet(self._start_ns + time_ns, f"sender {sender}", payload))
            self._next = next(self._left, None)
            fed += 1
            if fed % _AT_ONCE == 0:
                samples += self._reader.read()
        samples += self._reader.read()
        return samples

    def health(self) -> Health:
        """Return how its reader is doing."""
        return self._reader.health()

    def _made(self) -> UdpReader:
        reader = READER_PLUGS.load(self._name).make(self._logged.settings)
        if not isinstance(reader, UdpReader):
            raise RecordingError(f"{self._name}: reads no packets: leave it out of the bundle")
        return reader


class PacketReplay:
    """A `FrameSource` over a log of packets: the readers, parsers and pace of a live run."""

    def __init__(
        self, log: PacketLog, rate_hz: float, *, loop: bool = False, pace: Pace = HOST
    ) -> None:
        """Prepare.

        Args:
            log: What to play.
            rate_hz: Frames a second, above 0.
            loop: Start again at the end, for ever.
            pace: The clock it plays by.

        Raises:
            RecordingError: A sensor of the log does not read packets.
        """
        self._readers = {name: ReplayedReader(name, one, pace) for name, one in log.sensors.items()}
        self._devices = Devices(self._readers, rate_hz, pace=pace)
        self._loop = loop
        self._pace = pace

    def tap(self, tap: Tap) -> None:
        """Hand every sample on as it comes: see `Devices.tap`."""
        self._devices.tap(tap)

    def __enter__(self) -> Self:
        self._devices.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self._devices.__exit__(kind, error, trace)

    def frames(self) -> Iterator[SensorFrame]:
        """Yield a frame each period until the last packet has been played."""
        self._begin()
        for frame in self._devices.frames():
            yield frame
            if all(reader.ended for reader in self._readers.values()):
                if not self._loop:
                    return
                self._begin()

    def health(self) -> Mapping[str, Health]:
        """Return how each reader is doing, by name."""
        return self._devices.health()

    def _begin(self) -> None:
        start_ns = self._pace.now_ns()
        for reader in self._readers.values():
            reader.begin(start_ns)
