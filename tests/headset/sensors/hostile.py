"""What a network brings: packets by python-osc, and bytes that no parser should mind."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from unvisor.headset.frame import (
    AudioBlock,
    EyeSample,
    FaceSample,
    HeadSample,
    ImageSample,
    Sample,
    SpeechSample,
    WornSample,
)
from unvisor.headset.names import UNIFIED
from unvisor.headset.sensors.udp import UNREADABLE

MANY = int(os.environ.get("UNVISOR_FUZZ", "10000"))
"""Packets a parser is tried with; `UNVISOR_FUZZ=1000000 pytest -n 0 -k fuzz` takes a million."""
LARGEST = 45.0  # a pupil is told in centimetres, up to 4 of them; all else is smaller


def osc(*said: tuple[str, *tuple[float | str, ...]]) -> bytes:
    """Return a bundle of messages, written by python-osc."""
    bundle = OscBundleBuilder(IMMEDIATELY)
    for address, *values in said:
        message = OscMessageBuilder(address)
        for value in values:
            message.add_arg(value)
        bundle.add_content(message.build())
    return bundle.build().dgram


def face_of(samples: Sequence[Sample]) -> FaceSample:
    """Return the one face."""
    (face,) = (one for one in samples if isinstance(one, FaceSample))
    return face


def eyes_of(samples: Sequence[Sample]) -> EyeSample:
    """Return the one pair of eyes."""
    (eyes,) = (one for one in samples if isinstance(one, EyeSample))
    return eyes


def shapes(samples: Sequence[Sample]) -> dict[str, float]:
    """Return what the one face observes, by name."""
    weights = face_of(samples).weights
    return {
        name: round(float(value), 6)
        for name, value in zip(UNIFIED, weights, strict=True)
        if not np.isnan(value)
    }


def mutated(golden: Sequence[bytes], *, seed: int, many: int = MANY) -> Iterator[bytes]:
    """Yield so many packets: cut, doubled, spliced, with bytes changed, or nothing but noise."""
    rng = random.Random(seed)
    for _ in range(many):
        packet = bytearray(rng.choice(golden))
        match rng.randrange(7):
            case 0:
                packet = bytearray(rng.randbytes(rng.randrange(200)))
            case 1:
                del packet[rng.randrange(len(packet)) :]
            case 2:
                at = rng.randrange(len(packet))
                packet[at:at] = rng.randbytes(rng.randrange(1, 9))
            case 3:
                packet += packet[rng.randrange(len(packet)) :]
            case 4:
                at = rng.randrange(len(packet))
                del packet[at : at + rng.randrange(1, 40)]
            case _:
                for _ in range(rng.randrange(1, 5)):
                    packet[rng.randrange(len(packet))] = rng.choice(
                        (0, 0x7F, 0xD8, 0xD9, 0xFF, rng.randrange(256))  # two are JPEG's marks
                    )
        yield bytes(packet)


def survive(parse: Callable[[bytes, int], Sequence[Sample]], packets: Iterator[bytes]) -> int:
    """Parse them all; return how many still gave samples. Nothing absurd may come through."""
    readable = 0
    for received_ns, packet in enumerate(packets):
        try:
            samples = parse(packet, received_ns)
        except UNREADABLE:
            continue
        readable += bool(samples)
        for sample in samples:
            assert_sane(sample, packet)
    return readable


def assert_sane(sample: Sample, packet: bytes) -> None:
    """See that a sample tells nothing absurd, and of no time after its arrival."""
    assert sample.time_ns <= sample.received_ns, packet
    for values in numbers(sample):
        assert not (np.abs(values) > LARGEST).any(), (packet, values)  # an infinity is larger


def numbers(sample: Sample) -> tuple[NDArray[np.float64], ...]:
    """Return a sample's numbers, having seen that what is missing is nobody's word."""
    match sample:
        case FaceSample():
            missing = np.isnan(sample.weights)
            assert not missing.all()
            assert ((sample.confidence == 0.0) == missing).all()
            return (sample.weights,)
        case EyeSample():
            assert_unit(sample.gaze)
            return sample.gaze, sample.openness, sample.pupil_mm
        case HeadSample():
            assert_unit(sample.orientation_xyzw)
            return sample.orientation_xyzw, sample.position_m
        case SpeechSample():
            assert not (np.abs(sample.visemes - 0.5) > 0.5).any()
            assert not sample.level < 0.0
            assert not sample.level > 1.0
            return (sample.visemes,)
        case WornSample():
            assert sample.worn in (True, False)
            return ()
        case ImageSample() | AudioBlock():
            raise AssertionError("no packet that is parsed holds a picture or sound")


def assert_unit(vectors: NDArray[np.float64]) -> None:
    """See that vectors are of length 1, or missing."""
    length = (vectors**2).sum(axis=-1)
    assert not (np.abs(length - 1.0) > 1e-9).any()
