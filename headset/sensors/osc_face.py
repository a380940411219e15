"""A face told over OSC, one value a message, spread over packets.

Trackers that speak OSC differ in addresses and units, which a `Dialect` says; `OscFace` keeps what
came by address, each value with its own time, and after every packet tells what of it still holds.
Nothing latches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntFlag
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..clock import NS_PER_S
from ..errors import SensorError
from ..expressions import gaze_from_angles
from ..frame import EyeSample, Floats, Sample
from .osc_packets import messages
from .sample import observed

FRESH_S: Final = 0.25
"""What is older is missing: as long as `assemble` believes a sample."""

LARGEST: Final = 4.0
"""Weights reach 1, slopes of gaze the tangent of 76°: beyond it this is not a face."""

_FRESH_NS: Final = round(FRESH_S * NS_PER_S)
_NEVER_NS: Final = -(1 << 62)


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
        across: Shape (2,), tangent of each eye's yaw, + to the wearer's right.
        up: Shape (2,), tangent of each eye's pitch, + up.
        openness: Shape (2,), 0 shut to 1 open.
        pupil_mm: Shape (2,), diameter.
    """

    weights: Floats
    across: Floats
    up: Floats
    openness: Floats
    pupil_mm: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one tracker speaks.

    Attributes:
        source: The reader's name.
        parts: What it says, by a name of our choice, and which samples that tells of. Their order
            is that of the values `sensed` gets.
        named: (address, numbers) -> names with their values; names not in `parts` are ignored.
        sensed: Values, shape (N,), NaN where missing -> the same in our terms.
        region: None where every value is sent again and again. For a tracker that sends only what
            changed: name -> the region of the face it belongs to. A value then holds while any
            other of its region still changes, for no sensed region is ever quite still. Once it
            stood still, all of it is missing, each value until it changes again; and one that
            never changed is missing always, for it may be a constant that nobody senses.
    """

    source: str
    parts: Mapping[str, Part]
    named: Callable[[str, tuple[float, ...]], Iterable[tuple[str, float]]]
    sensed: Callable[[Floats], Sensed]
    region: Callable[[str], int] | None = None


class OscFace:
    """Reads the packets of one tracker, in the order they came."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._slots = {name: slot for slot, name in enumerate(dialect.parts)}
        self._parts = [int(part) for part in dialect.parts.values()]
        self._values = np.full(len(self._slots), np.nan)
        self._told_ns = np.full(len(self._slots), _NEVER_NS)
        region = dialect.region
        self._alike: list[NDArray[np.bool_]] = []  # per region, which slots are of it
        if region is not None:
            regions = np.array([region(name) for name in self._slots])
            self._alike = [regions == one for one in np.unique(regions)]

    def parse(self, packet: bytes, received_ns: int) -> list[Sample]:
        """Return what is known after this packet of the parts it tells of.

        Raises:
            SensorError: A value that no face has; nothing of the packet is kept. And as
                `osc_packets.messages`.
        """
        told: list[tuple[int, float]] = []
        for address, values in messages(packet):
            if any(isinstance(value, bool) for value in values):
                continue  # a switch, not a weight
            for name, value in self._dialect.named(address, values):
                slot = self._slots.get(name)
                if slot is None:
                    continue
                if not abs(value) <= LARGEST:
                    raise SensorError(f"{name} is {value:g}, which no face has")
                told.append((slot, value))
        if not told:
            return []
        self._forget(received_ns)
        touched = 0
        for slot, value in told:
            self._take(slot, value, received_ns)
            touched |= self._parts[slot]
        sensed = self._dialect.sensed(self._fresh(received_ns))
        return _samples(self._dialect.source, touched, sensed, received_ns)

    def _forget(self, at_ns: int) -> None:
        """Let regions go that stood still: what they said may no longer be so."""
        for alike in self._alike:
            if (at_ns - self._told_ns[alike] > _FRESH_NS).all():
                self._told_ns[alike] = _NEVER_NS

    def _take(self, slot: int, value: float, received_ns: int) -> None:
        before = self._values[slot]
        self._values[slot] = value
        if not self._alike or (value != before and before == before):  # not the first: NaN != NaN
            self._told_ns[slot] = received_ns

    def _fresh(self, at_ns: int) -> Floats:
        told_ns = self._told_ns
        fresh = at_ns - told_ns <= _FRESH_NS
        for alike in self._alike:
            fresh |= alike & (fresh & alike).any() & (told_ns != _NEVER_NS)
        return np.where(fresh, self._values, np.nan)


def _samples(source: str, touched: int, sensed: Sensed, received_ns: int) -> list[Sample]:
    samples: list[Sample] = []
    if touched & _FACE and not np.isnan(sensed.weights).all():
        samples.append(observed(source, sensed.weights, received_ns=received_ns))
    if touched & _EYES:
        gaze = gaze_from_angles(np.arctan(sensed.across), np.arctan(sensed.up))
        known = ~(np.isnan(gaze[:, 0]) & np.isnan(sensed.openness) & np.isnan(sensed.pupil_mm))
        if known.any():
            samples.append(
                EyeSample(
                    time_ns=received_ns,
                    received_ns=received_ns,
                    gaze=gaze,
                    openness=sensed.openness,
                    pupil_mm=sensed.pupil_mm,
                    confidence=known.astype(np.float64),
                )
            )
    return samples


def alone(dialect: Dialect) -> Callable[[bytes, int], list[Sample]]:
    """Return a parser that takes each packet by itself: what one packet says, without a past."""
    return lambda packet, received_ns: OscFace(dialect).parse(packet, received_ns)
