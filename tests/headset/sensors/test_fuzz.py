"""Every sensor that reads bytes, shown bytes that nobody meant.

Each is tried through its own reader, with all the past that it keeps. 10,000 packets each by default;
`UNVISOR_FUZZ=1000000 pytest -n 0 -k fuzz` takes a million.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterable, Sequence

import pytest

from unvisor.headset.frame import Sample
from unvisor.headset.names import ARKIT
from unvisor.headset.plug import READER_PLUGS
from unvisor.headset.sensors import READERS
from unvisor.headset.sensors.udp import Packet, UdpReader
from unvisor.headset.vendors import FB2

from .hostile import MANY, assert_sane, mutated, osc, survive

MOST_BYTES = 1 << 21
"""That a reader may grow by over any number of packets: they are small, and it keeps few."""

_MEASURED = 500  # packets while memory is watched, which takes five times as long
_STEP_NS = 2_000_000


def floats(root: str, names: Iterable[str], *values: float) -> list[bytes]:
    return [osc(*((root + name, value) for name in names)) for value in values]


SEEDS: dict[str, list[bytes]] = {
    "babble": floats("/", ["jawOpen", "tongueOut", "leftEyeX", "leftEyeY", "leftEyeLid"], 0.25),
    "eye-track-vr": [
        osc(("/tracking/eye/LeftRightVec", 0.3, -0.2, 1.0, -0.5, 0.4, 1.0)),
        *floats("/avatar/parameters/v2/", ["EyeLeftX", "EyeLidLeft", "PupilDilation"], 0.25),
    ],
    "steam-link": [
        osc(("/sl/eyeTrackedGazePoint", 0.1, 0.2, -1.0), ("/tracking/eye/EyesClosedAmount", 0.1)),
        *floats("/sl/xrfb/facew/", [n.title().replace("_", "") for n in FB2[:12]], 0.25),
    ],
    "vrcft": floats(
        "/avatar/parameters/v2/", ["JawOpen", "JawX", "EyeLeftX", "EyeLidLeft"], 0.25, 0.5, 0.75
    ),
    "vrchat": [
        *floats("/avatar/parameters/", ["Voice", "MuteSelf"], 1.0, 0.0),
        osc(("/avatar/parameters/Viseme", 10), ("/avatar/parameters/AFK", True)),
        osc(("/avatar/change", "avtr_9d58037b")),
    ],
    "ifacialmocap": [("".join(f"{name}&25|" for name in ARKIT) + "=head#0,0,0,0,0,0|").encode()],
    "vtube-studio": [
        b'{"FaceFound":true,"BlendShapes":[{"k":"headUp","v":0.5},{"k":"eyeBlinkLeft","v":0.25}],'
        b'"EyeLeft":{"x":1,"y":2,"z":0},"EyeRight":{"x":1,"y":2,"z":0}}'
    ],
}
"""More than a sensor's golden packet, where that shows one way of several."""


def parsed() -> list[str]:
    """Every sensor of ours that reads bytes."""
    return [name for name in READERS if READER_PLUGS.load(name).parse is not None]


def tried(name: str) -> Callable[[bytes, int], Sequence[Sample]]:
    """Return what reads a packet of a sensor: its reader, or its parser where it has no port."""
    plug = READER_PLUGS.load(name)
    assert plug.parse is not None
    reader = plug.make(plug.settings())
    if not isinstance(reader, UdpReader):
        return plug.parse

    def read(packet: bytes, received_ns: int) -> Sequence[Sample]:
        reader.feed(Packet(received_ns * _STEP_NS, "127.0.0.1", packet))
        return reader.read()

    return read


def seeds(name: str) -> list[bytes]:
    return [READER_PLUGS.load(name).golden, *SEEDS.get(name, [])]


def test_every_sensor_that_reads_bytes_has_bytes_to_start_from() -> None:
    assert set(SEEDS) <= set(parsed())
    assert {"alvr", "babble", "live-link-face", "virtual-desktop", "vrchat"} <= set(parsed())
    for name in parsed():
        read = tried(name)
        for number, packet in enumerate(seeds(name)):
            for sample in read(packet, number + 1):
                assert_sane(sample, packet)


@pytest.mark.parametrize("name", parsed())
@pytest.mark.timeout(0)  # a million packets take their time
def test_fuzz(name: str) -> None:
    readable = survive(tried(name), mutated(seeds(name), seed=11))
    assert 0 < readable < MANY  # some of it must still be a face, or nothing was tried


@pytest.mark.parametrize("name", parsed())
def test_fuzz_takes_no_memory(name: str) -> None:
    read = tried(name)
    packets = list(mutated(seeds(name), seed=12, many=2 * _MEASURED))
    survive(read, iter(packets[:_MEASURED]))  # caches and bounded queues fill first
    tracemalloc.start()
    try:
        survive(read, iter(packets[_MEASURED:]))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MOST_BYTES
