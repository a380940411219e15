from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unvisor.headset.clock import NS_PER_S
from unvisor.headset.errors import UnvisorError
from unvisor.headset.frame import FaceSample, Sample, SensorFrame
from unvisor.headset.permit import Basis
from unvisor.headset.plug import READER_PLUGS, Settings
from unvisor.headset.sensors import packet_log
from unvisor.headset.sensors.alvr import AlvrSettings
from unvisor.headset.sensors.packet_replay import PacketReplay
from unvisor.headset.sensors.packet_ring import MOST_SENDERS, RECORD, PacketRing, walk
from unvisor.headset.sensors.udp import Packet, UdpReader
from unvisor.headset.sensors.vtube_studio import VTubeStudioSettings

BASIS = Basis(kind="reference", text="form 1, 2026-01-01")
MS = 1_000_000
Rings = dict[str, tuple[Settings, PacketRing]]


def packet(at_ns: int, payload: bytes = b"x", sender: str = "127.0.0.1") -> Packet:
    return Packet(at_ns, sender, payload)


def filled(packets: Iterable[Packet], **limits: float) -> PacketRing:
    ring = PacketRing(**limits)  # pyright: ignore[reportArgumentType] - one of two numbers
    for one in packets:
        ring.take(one)
    return ring


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


# The ring.


def test_what_is_taken_is_given_back_in_order() -> None:
    given_ones = [packet(n * MS, bytes([n]) * n, f"10.0.0.{n % 3}") for n in range(50)]
    assert list(filled(given_ones).packets()) == [
        (one.received_ns, n % 3, one.payload) for n, one in enumerate(given_ones)
    ]


def test_only_the_last_minute_is_kept() -> None:
    ring = filled(packet(n * NS_PER_S // 100, b"x" * 1000) for n in range(100 * 100))
    times = [at_ns for at_ns, _, _ in ring.packets()]
    assert times[-1] == 100 * NS_PER_S - NS_PER_S // 100
    assert 60.0 <= (times[-1] - times[0]) / NS_PER_S < 62.0
    assert np.all(np.diff(times) == NS_PER_S // 100)


def test_of_a_sensor_that_says_little_no_more_than_the_last_minute_is_given() -> None:
    ring = filled(packet(n * 10 * NS_PER_S) for n in range(100))
    assert [at_ns // NS_PER_S for at_ns, _, _ in ring.packets()] == [*range(930, 991, 10)]


@given(st.lists(st.integers(0, 3000), max_size=60))
def test_it_never_grows_beyond_its_bounds_and_keeps_the_newest(sizes: list[int]) -> None:
    most = 16_384
    ring = filled((packet(n, b"x" * size) for n, size in enumerate(sizes)), most_bytes=most)
    kept = list(ring.packets())
    assert sum(RECORD.size + len(payload) for _, _, payload in kept) == ring.bytes_kept <= most
    assert [len(payload) for _, _, payload in kept] == sizes[len(sizes) - len(kept) :]
    if sum(sizes) + RECORD.size * len(sizes) <= most // 2:
        assert len(kept) == len(sizes)


def test_a_crowd_of_senders_is_not_remembered() -> None:
    ring = filled(packet(n, sender=f"host {n}") for n in range(10_000))
    assert max(sender for _, sender, _ in ring.packets()) == MOST_SENDERS - 1


# The file.


def rings() -> Rings:
    plug = READER_PLUGS.load("live-link-face")
    phone = filled(packet(10**15 + n * 20 * MS, plug.golden, "192.168.1.7") for n in range(20))
    plug = READER_PLUGS.load("alvr")
    alvr = filled(packet(10**15 - MS + n * 10 * MS, plug.golden) for n in range(40))
    return {
        "alvr": (AlvrSettings(pico_order="khronos", host="0.0.0.0", port=4), alvr),
        "live-link-face": (READER_PLUGS.load("live-link-face").settings(), phone),
    }


def test_a_log_comes_back_with_its_basis_and_its_settings(tmp_path: Path) -> None:
    log = packet_log.load(zipped(tmp_path / "x.zip", packet_log.files(rings(), BASIS)))
    assert log.basis == BASIS
    assert list(log.sensors) == ["alvr", "live-link-face"]
    assert log.sensors["alvr"].settings == AlvrSettings(pico_order="khronos", port=4)
    phone = list(log.sensors["live-link-face"].packets())
    assert [at_ns for at_ns, _, _ in phone] == [MS + n * 20 * MS for n in range(20)]
    assert {payload for _, _, payload in phone} == {READER_PLUGS.load("live-link-face").golden}


def test_no_address_goes_in(tmp_path: Path) -> None:
    phone = VTubeStudioSettings(phone="192.168.1.77", host="10.1.2.3")
    given_ones: Rings = {"vtube-studio": (phone, filled([packet(0, b"{}", "192.168.1.77")]))}
    files = packet_log.files(given_ones, BASIS)
    assert not [name for name, content in files.items() if b"192.168" in content]
    assert not [name for name, content in files.items() if b"10.1.2.3" in content]


def test_a_log_of_nothing_is_a_log(tmp_path: Path) -> None:
    given_ones: Rings = {"alvr": (AlvrSettings(), PacketRing())}
    log = packet_log.load(zipped(tmp_path / "x.zip", packet_log.files(given_ones, BASIS)))
    assert list(log.sensors["alvr"].packets()) == []
    assert len(list(PacketReplay(log, 1000.0).frames())) == 1


def test_a_sensor_that_fell_silent_long_ago_does_not_make_a_log_too_long(tmp_path: Path) -> None:
    golden = READER_PLUGS.load("alvr").golden
    hour_ns = 3600 * NS_PER_S
    given_ones = rings() | {
        "babble": (READER_PLUGS.load("babble").settings(), filled([packet(10**15 - hour_ns)])),
        "alvr": (AlvrSettings(), filled(packet(10**15 - n * NS_PER_S, golden) for n in (300, 0))),
    }
    log = packet_log.load(zipped(tmp_path / "x.zip", packet_log.files(given_ones, BASIS)))
    assert {name: len(list(one.packets())) for name, one in log.sensors.items()} == {
        "alvr": 1,
        "babble": 0,
        "live-link-face": 20,
    }


# Played again.


class Stepped:
    """A clock that only moves when it is waited on."""

    def __init__(self) -> None:
        self.time_ns = 7 * NS_PER_S

    def now_ns(self) -> int:
        return self.time_ns

    def sleep_until(self, at_ns: int) -> None:
        self.time_ns = max(self.time_ns, at_ns)


def told(sample: Sample, start_ns: int) -> tuple[int, int, bytes]:
    assert isinstance(sample, FaceSample)
    return sample.time_ns - start_ns, sample.received_ns - start_ns, sample.weights.tobytes()


def test_a_replay_gives_the_samples_of_the_run_at_their_own_times(tmp_path: Path) -> None:
    given_ones = rings()
    log = packet_log.load(zipped(tmp_path / "x.zip", packet_log.files(given_ones, BASIS)))
    pace = Stepped()
    start_ns = pace.time_ns
    replay = PacketReplay(log, 90.0, pace=pace)
    heard: list[Sample] = []
    replay.tap(heard.extend)
    with replay:
        frames = list(replay.frames())
    first_ns = 10**15 - MS
    expected: list[Sample] = []
    for name, (settings, ring) in given_ones.items():
        reader = READER_PLUGS.load(name).make(settings)
        assert isinstance(reader, UdpReader)
        for at_ns, _, payload in ring.packets():
            reader.feed(packet(at_ns, payload))
            expected += reader.read()
    faces = [one for one in heard if isinstance(one, FaceSample)]
    assert sorted(told(one, start_ns) for one in faces) == sorted(
        told(one, first_ns) for one in expected if isinstance(one, FaceSample)
    )
    assert 35 <= len(frames) <= 40  # 0.4 s at 90 Hz
    assert {one.source for frame in frames for one in frame.faces} == {"alvr", "live-link-face"}
    assert [health.dropped for health in replay.health().values()] == [0, 0]


def test_a_flood_is_played_whole() -> None:
    golden = READER_PLUGS.load("live-link-face").golden
    ring = filled(packet(n * 10_000, golden) for n in range(2000))  # 100,000 a second
    found: dict[str, Any] = {
        "live-link-face": packet_log.Logged(
            settings=READER_PLUGS.load("live-link-face").settings(),
            records=b"".join(
                RECORD.pack(at_ns, sender, len(body)) + body
                for at_ns, sender, body in ring.packets()
            ),
        )
    }
    replay = PacketReplay(packet_log.PacketLog(basis=BASIS, sensors=found), 90.0, pace=Stepped())
    heard: list[Sample] = []
    replay.tap(heard.extend)
    list(replay.frames())
    assert sum(isinstance(one, FaceSample) for one in heard) == 2000


def test_a_loop_starts_again_at_the_end(tmp_path: Path) -> None:
    log = packet_log.load(zipped(tmp_path / "x.zip", packet_log.files(rings(), BASIS)))
    pace = Stepped()
    start_ns = pace.time_ns
    seen: list[SensorFrame] = []
    for frame in PacketReplay(log, 90.0, loop=True, pace=pace).frames():
        seen.append(frame)
        if frame.time_ns - start_ns > 2 * NS_PER_S:
            break
    assert all(frame.faces for frame in seen[1:])


# Zips from anyone.

MANIFEST: dict[str, Any] = {
    "format": "unvisor-packets",
    "version": 1,
    "basis": {"kind": "reference", "text": "form"},
    "sensors": {"alvr": {"settings": {}}},
}


def manifest(**changes: Any) -> bytes:
    return json.dumps(MANIFEST | changes).encode()


def records(*packets: tuple[int, int, bytes]) -> bytes:
    return b"".join(RECORD.pack(at, who, len(body)) + body for at, who, body in packets)


SENSOR = "packets/alvr.bin"
HOSTILE: dict[str, tuple[dict[str, bytes], str]] = {
    "no packets": ({"doctor.json": b"{}"}, "holds no packets to play"),
    "no JSON": ({"packets.json": b"{"}, "packets.json"),
    "deep JSON": ({"packets.json": b"[" * 100_000}, "packets.json"),
    "other JSON": ({"packets.json": b"[1, 2]"}, "packets.json"),
    "other format": ({"packets.json": manifest(format="eeg")}, "packets.json"),
    "newer": ({"packets.json": manifest(version=2)}, "update unvisor"),
    "no basis": ({"packets.json": manifest(basis={"kind": "rumour", "text": ""})}, "packets.json"),
    "unknown sensor": ({"packets.json": manifest(sensors={"nose": {"settings": {}}})}, "nose"),
    "a way out": (
        {"packets.json": manifest(sensors={"../../etc/passwd": {"settings": {}}})},
        "no such sensor",
    ),
    "a sensor of no packets": (
        {"packets.json": manifest(sensors={"virtual-desktop": {"settings": {}}})},
        "reads no packets",
    ),
    "many sensors": (
        {"packets.json": manifest(sensors={f"s{n}": {"settings": {}} for n in range(99)})},
        "packets.json",
    ),
    "unknown setting": (
        {"packets.json": manifest(sensors={"alvr": {"settings": {"prot": 1}}})},
        "update unvisor",
    ),
    "a wrong setting": (
        {"packets.json": manifest(sensors={"alvr": {"settings": {"port": 1 << 70}}})},
        "packets.json|update unvisor",
    ),
    "a large manifest": ({"packets.json": b" " * (2 << 20)}, "more than a bundle does"),
    "a bomb": (
        {"packets.json": manifest(), SENSOR: bytes(200 << 20)},
        "more than a bundle does",
    ),
    "cut in a head": ({"packets.json": manifest(), SENSOR: bytes(5)}, "cut short"),
    "cut in a payload": (
        {"packets.json": manifest(), SENSOR: records((0, 0, b"abc"))[:-1]},
        "cut short",
    ),
    "before the start": (
        {"packets.json": manifest(), SENSOR: records((-1, 0, b""))},
        "none can have",
    ),
    "backwards": (
        {"packets.json": manifest(), SENSOR: records((5, 0, b""), (4, 0, b""))},
        "none can have",
    ),
    "for ever": (
        {"packets.json": manifest(), SENSOR: records((1 << 62, 0, b""))},
        "none can have",
    ),
    "a crowd": (
        {"packets.json": manifest(), SENSOR: records((0, 9999, b""))},
        "none can have",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_bundle_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    files, says = HOSTILE[name]
    path = zipped(tmp_path / "x.zip", files)
    with pytest.raises(UnvisorError, match=says) as refused:
        PacketReplay(packet_log.load(path), 90.0)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 1000


def whole(path: Path) -> bytes:
    return zipped(path, packet_log.files(rings(), BASIS)).read_bytes()


def test_what_is_no_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    for content in (b"", b"PK", b"\x89HDF\r\n\x1a\n" * 9, whole(tmp_path / "y.zip")[:-1]):
        path.write_bytes(content)
        with pytest.raises(UnvisorError, match="is no zip, or is cut short"):
            packet_log.load(path)
    with pytest.raises(UnvisorError, match="no such file"):
        packet_log.load(tmp_path / "missing.zip")
    with pytest.raises(UnvisorError, match="is not a file"):
        packet_log.load(tmp_path)


def test_a_zip_with_a_great_list_of_names_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    whole_one = bytearray(whole(path))
    struct.pack_into("<L", whole_one, len(whole_one) - 10, 1 << 30)
    path.write_bytes(whole_one)
    with pytest.raises(UnvisorError, match="more files than a bundle does"):
        packet_log.load(path)
    zip64 = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
    path.write_bytes(whole(path)[:-22] + zip64 + whole(path)[-22:])
    with pytest.raises(UnvisorError, match="more files than a bundle does"):
        packet_log.load(path)


def test_a_zip_damaged_anywhere_does_no_harm(tmp_path: Path) -> None:
    path, rng = tmp_path / "x.zip", np.random.default_rng(3)
    sound = whole(path)
    refused = 0
    for _ in range(400):
        damaged = bytearray(sound)
        for at in rng.integers(0, len(sound), 3):
            damaged[at] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            packet_log.load(path)
        except UnvisorError:
            refused += 1
    assert refused > 100


def test_other_packings_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("packets.json", manifest())
    with pytest.raises(UnvisorError, match="packed in a way not known"):
        packet_log.load(tmp_path / "x.zip")


def test_records_are_walked_to_the_end() -> None:
    assert list(walk(records((1, 2, b"a"), (3, 4, b"")))) == [(1, 2, b"a"), (3, 4, b"")]
