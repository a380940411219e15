"""A face told over OSC, one value a message, spread over packets.

Trackers that speak OSC differ in addresses and units, which a `Dialect` says; `OscFace` keeps what
came by address, each value with its own time, and tells what of it still holds. Nothing latches.

A face whose values come one a packet is told once, not dozens of times: what came within `FOLD_S` is
one sample, of the time of its last packet. Of a value that came twice in that time the later counts; no
tracker looks so often.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntFlag
from math import hypot, isnan, nan
from typing import Final

import numpy as np

from ..clock import NS_PER_S
from ..errors import SensorError
from ..frame import EyeSample, Floats, Sample
from .gathering import Packet
from .osc_packets import messages, one_float
from .sample import observed

FRESH_S: Final = 0.25
"""What is older is missing: as long as `assemble` believes a sample."""

FOLD_S: Final = 0.002
"""A value in a sample is at most this much older than the sample says."""

LARGEST: Final = 4.0
"""Weights reach 1, slopes of gaze the tangent of 76°: beyond it this is not a face."""

_FRESH_NS: Final = round(FRESH_S * NS_PER_S)
_FOLD_NS: Final = round(FOLD_S * NS_PER_S)
_NEVER_NS: Final = -(1 << 62)
_HEADS: Final = (1024, 128)  # so many are remembered, of so many bytes: more than a tracker has


def _none(address: str, values: tuple[float, ...]) -> Iterable[tuple[str, float]]:  # noqa: ARG001
    return ()


class Part(IntFlag):
    """Which samples a value tells of."""

    FACE = 1
    EYES = 2
    BOTH = 3


_FACE: Final = int(Part.FACE)  # as plain numbers: an enum's arithmetic takes longer than a packet's
_EYES: Final = int(Part.EYES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensed:
    """A tracker's values in our terms, NaN where missing.

    Attributes:
        weights: Shape (88,), Unified Expressions.
        across: Of (left, right), tangent of the eye's yaw, + to the wearer's right.
        up: Of each eye, tangent of its pitch, + up.
        openness: Of each eye, 0 shut to 1 open.
        pupil_mm: Of each eye, diameter.
    """

    weights: Floats
    across: Sequence[float]
    up: Sequence[float]
    openness: Sequence[float]
    pupil_mm: Sequence[float] = (nan, nan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one tracker speaks.

    Attributes:
        source: The reader's name.
        parts: What it says, by a name of our choice, and which samples that tells of. Their order
            is that of the values `sensed` gets.
        named: Address of a message with one number -> the names that have it as their value; names
            not in `parts` are ignored.
        several: (address, numbers) of a message with more -> names with their values.
        sensed: Values, one of each of `parts`, NaN where missing -> the same in our terms. A list and
            not an array, for each of numpy's functions costs a live loop's cold caches some 10 µs.
        region: None where every value is sent again and again. For a tracker that sends only what
            changed: name -> the region of the face it belongs to. A value then holds while any
            other of its region still changes, for no sensed region is ever quite still. Once it
            stood still, all of it is missing, each value until it changes again; and one that
            never changed is missing always, for it may be a constant that nobody senses.
    """

    source: str
    parts: Mapping[str, Part]
    named: Callable[[str], Sequence[str]]
    sensed: Callable[[list[float]], Sensed]
    several: Callable[[str, tuple[float, ...]], Iterable[tuple[str, float]]] = _none
    region: Callable[[str], int] | None = None


class OscFace:
    """Reads the packets of one tracker, in the order they came; a `Gathering`."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._slots = {name: slot for slot, name in enumerate(dialect.parts)}
        self._parts = [int(part) for part in dialect.parts.values()]
        self._heads: dict[bytes, tuple[int, ...]] = {}
        """Slots that a message of one float tells of, by all before that float."""
        # Lists, not arrays: values come one by one, and are seen as a whole once a face.
        self._values = [nan] * len(self._slots)
        self._told_ns = [_NEVER_NS] * len(self._slots)
        self._touched = 0
        """Parts told of since the last face."""
        self._first_ns = self._last_ns = 0  # of the packets that told of them
        self._ready: list[Sample] = []
        self._regions: list[list[int]] = []
        """The slots of each region."""
        if dialect.region is not None:
            regions = list(map(dialect.region, self._slots))
            self._regions = [
                [slot for slot, of in enumerate(regions) if of == one] for one in set(regions)
            ]

    def parse(self, packet: bytes, received_ns: int) -> list[Sample]:
        """Return what is known after this packet of the parts it tells of; raises as `take`."""
        self.take(packet, received_ns)
        return self.tell()

    def take(self, packet: bytes, received_ns: int) -> bool:
        """Keep what a packet says, and say whether that was anything.

        Raises:
            SensorError: A value that no face has; nothing of the packet is kept. And as
                `osc_packets.messages`.
        """
        told = self._understood(packet)
        if told:
            self._begin(received_ns)
        for slot, value in told:
            self._keep(slot, value, received_ns)
        return bool(told)

    def take_all(self, packets: Sequence[Packet]) -> bool:
        """Take packets that are one float each, of heads that are known; say no if one is not."""
        if self._regions:
            return False
        heads = [self._heads.get(packet.payload[:-4]) for packet in packets]
        if None in heads or not any(heads):
            return False
        floats = b"".join([packet.payload[-4:] for packet in packets])
        told = struct.unpack(f">{len(packets)}f", floats)
        if not all(-LARGEST <= value <= LARGEST for value in told):  # NaN is not
            return False
        values, told_ns, parts = self._values, self._told_ns, self._parts
        for slots, value, packet in zip(heads, told, packets, strict=True):
            if slots:
                at_ns = packet.received_ns
                self._begin(at_ns)
                for slot in slots:
                    values[slot] = value
                    told_ns[slot] = at_ns
                    self._touched |= parts[slot]
        return True

    def tell(self) -> list[Sample]:
        """Return the faces since the last call, one for each `FOLD_S` in which packets came."""
        if self._touched:
            self._fold()
        samples, self._ready = self._ready, []
        return samples

    def _understood(self, packet: bytes) -> list[tuple[int, float]]:
        told: list[tuple[int, float]] = []
        for address, values in messages(packet):
            if bool in map(type, values):
                continue  # a switch, not a weight
            if len(values) == 1:
                named = [(name, values[0]) for name in self._dialect.named(address)]
            else:
                named = self._dialect.several(address, values)
            for name, value in named:
                slot = self._slots.get(name)
                if slot is None:
                    continue
                if not abs(value) <= LARGEST:
                    raise SensorError(f"{name} is {value:g}, which no face has")
                told.append((slot, value))
        self._remember(packet[:-4], tuple(slot for slot, _ in told))
        return told

    def _remember(self, head: bytes, slots: tuple[int, ...]) -> None:
        most, most_bytes = _HEADS
        if len(head) <= most_bytes and one_float(head) is not None:
            if len(self._heads) == most:
                self._heads.clear()
            self._heads[head] = slots

    def _begin(self, at_ns: int) -> None:
        """Make way for a packet that tells something."""
        if self._touched and at_ns - self._first_ns > _FOLD_NS:
            self._fold()
        if not self._touched:
            self._first_ns = at_ns
            self._forget(at_ns)
        self._last_ns = at_ns

    def _keep(self, slot: int, value: float, at_ns: int) -> None:
        before, self._values[slot] = self._values[slot], value
        self._touched |= self._parts[slot]
        # Of a region, the first may be a constant that nobody senses.
        if not self._regions or not (value == before or isnan(before)):
            self._told_ns[slot] = at_ns

    def _forget(self, at_ns: int) -> None:
        """Let regions go that stood still: what they said may no longer be so."""
        told_ns = self._told_ns
        for slots in self._regions:
            if at_ns - max(told_ns[slot] for slot in slots) > _FRESH_NS:
                for slot in slots:
                    told_ns[slot] = _NEVER_NS

    def _fold(self) -> None:
        """Make one face of what is known at the last packet."""
        at_ns = self._last_ns
        oldest_ns = _NEVER_NS + 1 if self._regions else at_ns - _FRESH_NS
        told = zip(self._values, self._told_ns, strict=True)
        values = [value if told_ns >= oldest_ns else nan for value, told_ns in told]
        sensed = self._dialect.sensed(values)
        self._ready += _samples(self._dialect.source, self._touched, sensed, at_ns)
        self._touched = 0


def _samples(source: str, touched: int, sensed: Sensed, received_ns: int) -> list[Sample]:
    samples: list[Sample] = []
    if touched & _FACE:
        face = observed(source, sensed.weights, received_ns=received_ns)
        if face.confidence.any():
            samples.append(face)
    if touched & _EYES:
        gaze = list(map(_gaze, sensed.across, sensed.up))
        known = [
            not (isnan(eye[0]) and isnan(openness) and isnan(pupil_mm))
            for eye, openness, pupil_mm in zip(gaze, sensed.openness, sensed.pupil_mm, strict=True)
        ]
        if any(known):
            samples.append(
                EyeSample(
                    time_ns=received_ns,
                    received_ns=received_ns,
                    gaze=np.array(gaze),
                    openness=np.array(sensed.openness),
                    pupil_mm=np.array(sensed.pupil_mm),
                    confidence=np.array([float(one) for one in known]),
                )
            )
    return samples


def _gaze(across: float, up: float) -> tuple[float, float, float]:
    """Return `gaze_from_angles` of angles whose tangents these are, of one eye."""
    level, upright = 1.0 / hypot(1.0, up), 1.0 / hypot(1.0, across)
    if isnan(across) or isnan(up):
        return nan, nan, nan
    return across * upright * level, up * level, -upright * level


def alone(dialect: Dialect) -> Callable[[bytes, int], list[Sample]]:
    """Return a parser that takes each packet by itself: what one packet says, without a past."""
    return lambda packet, received_ns: OscFace(dialect).parse(packet, received_ns)
