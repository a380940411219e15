"""Trackers, and somebody who floods a port, each in a process of its own: for the benchmarks.

They speak as the real ones do: EyeTrackVR its second way, Babble its mouth, one value a packet. Each
frame carries its number, so that it can be told later when what a face shows had been sent.
"""

from __future__ import annotations

import multiprocessing
import socket
import struct
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias

from ...headset.clock import NS_PER_S, now_ns
from ...headset.errors import SensorError
from ...headset.outputs.osc import message
from ...headset.pace import sleep_until
from ...headset.sensors.babble import SHAPES

NUMBERS: Final = 1 << 20
"""Frames are numbered up to this, then from 0 again; numbers are sent as so many parts of 1, which a
single-precision float holds exactly. At 120 Hz they last over two hours."""

MOUTH_SPREAD_S: Final = 0.0015
"""How long Babble takes to send a frame: python-osc makes a message in some 30 µs."""

_FLOODED_AT_ONCE_NS: Final = NS_PER_S // 1000  # a flood comes in portions of this long
_STARTS_WITHIN_S: Final = 60.0
_STOPS_WITHIN_S: Final = 10.0
_LOOPBACK: Final = "127.0.0.1"
_FLOAT: Final = struct.Struct(">f")

_V2: Final = "/avatar/parameters/v2/"
_EYES: Final = ("EyeLeftX", "EyeLeftY", "EyeRightX", "EyeRightY", "EyeLidRight", "PupilDilation")
_EYE_NUMBER: Final = "EyeLidLeft"
_MOUTH_NUMBER: Final = "tongueOut"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracker:
    """One tracker: where it sends, how often and how fast.

    Attributes:
        port: On loopback.
        rate_hz: Frames a second.
        addresses: One message each; the last carries the frame's number.
        spread_s: Time from the first packet of a frame to the last.
    """

    port: int
    rate_hz: float
    addresses: tuple[str, ...]
    spread_s: float = 0.0


def eyes(port: int, rate_hz: float) -> Tracker:
    """Return EyeTrackVR with two eyes; the number is the left lid's openness."""
    addresses = tuple(f"{_V2}{name}" for name in (*_EYES, _EYE_NUMBER))
    return Tracker(port=port, rate_hz=rate_hz, addresses=addresses)


def mouth(port: int, rate_hz: float) -> Tracker:
    """Return Babble; the number is how far the tongue is out."""
    names = [name for name in SHAPES if "Eye" not in name and name != _MOUTH_NUMBER]
    addresses = tuple(f"/{name}" for name in (*names, _MOUTH_NUMBER))
    return Tracker(port=port, rate_hz=rate_hz, addresses=addresses, spread_s=MOUTH_SPREAD_S)


Sent: TypeAlias = list[list[int]]
"""Of each tracker, when the last packet of each frame was handed to the system, host clock; of a flood,
the one number of how many packets were."""


class _End(Protocol):
    """Of a pipe; each system has its own class."""

    def send(self, obj: Any, /) -> None: ...
    def recv(self) -> Any: ...
    def poll(self, timeout: float = 0.0, /) -> bool: ...


class Sending:
    """A process that sends."""

    def __init__(self, end: _End) -> None:
        self._end = end
        self._sent: Sent | None = None

    def stop(self) -> Sent:
        """End it, if it has not, and return what it sent.

        Raises:
            SensorError: It died before.
        """
        sent = self._sent
        if sent is None:
            try:
                self._end.send(None)
                sent = self._sent = self._end.recv()
            except (EOFError, OSError) as cause:
                raise SensorError("a sender's process: died: run it again") from cause
        assert sent is not None
        return sent


@contextmanager
def trackers(*given: Tracker) -> Generator[Sending]:
    """Send what trackers would, from a process of their own, until this is left."""
    with _child(_track, given) as sending:
        yield sending


@contextmanager
def flood(port: int, rate_hz: float) -> Generator[Sending]:
    """Send Babble's packets to a port, so many a second, from a process of its own."""
    with _child(_flood, (port, rate_hz)) as sending:
        yield sending


@contextmanager
def _child(target: Callable[..., None], given: tuple[object, ...]) -> Generator[Sending]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=target, args=(theirs, *given), daemon=True)
    child.start()
    theirs.close()
    try:
        if not ours.poll(_STARTS_WITHIN_S):
            raise SensorError("a sender's process: does not start: close other programs")
        sending = Sending(ours)
        ours.recv()
        yield sending
        sending.stop()
    finally:
        ours.close()
        child.join(_STOPS_WITHIN_S)
        if child.is_alive():
            child.kill()
            child.join()


@dataclass(slots=True)
class _Playing:
    """A tracker that sends: each message up to its value, and what was sent."""

    tracker: Tracker
    next_ns: int
    heads: list[bytes] = field(default_factory=list[bytes])
    sent_ns: list[int] = field(default_factory=list[int])

    def __post_init__(self) -> None:
        self.heads = [message(address, 0.0)[: -_FLOAT.size] for address in self.tracker.addresses]

    def send(self, port: socket.socket) -> None:
        tracker, number = self.tracker, len(self.sent_ns)
        to, gap_ns = (_LOOPBACK, tracker.port), tracker.spread_s * NS_PER_S / len(self.heads)
        began_ns = now_ns()
        for place, head in enumerate(self.heads):
            while now_ns() < began_ns + place * gap_ns:
                pass  # as a tracker is busy with making its next message
            last = place == len(self.heads) - 1
            value = number % NUMBERS / NUMBERS if last else 0.2 + (number + place) % 97 / 400
            port.sendto(head + _FLOAT.pack(value), to)
        self.sent_ns.append(now_ns())
        self.next_ns += round(NS_PER_S / tracker.rate_hz)


def _track(end: _End, *given: Tracker) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        end.send(None)
        playing = [_Playing(tracker, now_ns()) for tracker in given]
        while not end.poll():
            due = min(playing, key=lambda one: one.next_ns)
            sleep_until(due.next_ns)
            due.send(port)
        end.send([one.sent_ns for one in playing])


def _flood(end: _End, to: int, rate_hz: float) -> None:
    packets = [message(f"/{name}", 0.5) for name in SHAPES]
    portion = max(1, round(rate_hz * _FLOODED_AT_ONCE_NS / NS_PER_S))
    count, next_ns = 0, now_ns()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        end.send(None)
        while not end.poll():
            next_ns = max(next_ns + _FLOODED_AT_ONCE_NS, now_ns() - NS_PER_S)
            sleep_until(next_ns)
            for _ in range(portion):
                port.sendto(packets[count % len(packets)], (_LOOPBACK, to))
                count += 1
        end.send([[count]])
