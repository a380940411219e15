"""The memory here is a file mapped twice, once to write and once to read, as two programs would."""

from __future__ import annotations

import mmap
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from unvisor.headset.clock import now_ns
from unvisor.headset.errors import SensorError
from unvisor.headset.frame import NO_WEIGHTS, Sample
from unvisor.headset.names import UNIFIED_INDEX
from unvisor.headset.sensors import map_reader
from unvisor.headset.sensors.map_reader import MapReader
from unvisor.headset.sensors.sample import observed

SIZE = 8


class Mapped:
    """A view of a file."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._view = mmap.mmap(file.fileno(), SIZE)

    def read(self) -> bytes:
        return self._view[:]

    def write(self, text: bytes) -> None:
        self._view[:] = text.ljust(SIZE, b"\0")

    def close(self) -> None:
        self._view.close()


def parse(memory: bytes, received_ns: int) -> list[Sample]:
    """The first byte is the jaw, in hundredths; 255 is nonsense and 0 is no face."""
    if memory[0] == 255:
        raise SensorError("nonsense")
    weights = NO_WEIGHTS.copy()
    weights[UNIFIED_INDEX["JawOpen"]] = memory[0] / 100
    return [observed("map", weights, received_ns=received_ns)] if memory[0] else []


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "memory"
    path.write_bytes(bytes(SIZE))
    return path


@pytest.fixture
def writer(path: Path) -> Generator[Mapped]:
    view = Mapped(path)
    yield view
    view.close()


def reader_of(path: Path) -> MapReader:
    return MapReader(lambda: Mapped(path) if path.exists() else None, parse, remedy="start it")


def test_what_is_new_is_read_once(path: Path, writer: Mapped) -> None:
    with reader_of(path) as reader:
        assert reader.read() == []  # what stood there may be old
        writer.write(b"\x32")
        before_ns = now_ns()
        (sample,) = reader.read()
        assert before_ns <= sample.time_ns <= now_ns()
        assert reader.health().state == "live"
        assert reader.read() == []
        writer.write(b"\x33")
        assert len(reader.read()) == 1
        assert reader.health().dropped == 0


def test_what_a_dead_program_left_is_not_a_face(path: Path, writer: Mapped) -> None:
    writer.write(b"\x32")
    with reader_of(path) as reader:
        assert [reader.read() for _ in range(3)] == [[], [], []]
        assert reader.health().state == "waiting"
        assert reader.health().remedy == "start it"


def test_memory_without_a_face_is_noted(path: Path, writer: Mapped) -> None:
    with reader_of(path) as reader:
        reader.read()
        writer.write(b"\0\x01")
        assert reader.read() == []
        assert "without a face" in reader.health().note


def test_unreadable_memory_is_counted_and_named(path: Path, writer: Mapped) -> None:
    with reader_of(path) as reader:
        reader.read()
        writer.write(b"\xff")
        assert reader.read() == []
        assert reader.health().dropped == 1
        assert "nonsense" in reader.health().note
        writer.write(b"\x32")
        assert len(reader.read()) == 1
        assert reader.health().note == ""


def test_a_program_that_starts_later_or_anew_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(map_reader, "_LOOK_AGAIN_NS", 1_000_000)
    path = tmp_path / "memory"
    with reader_of(path) as reader:
        for _ in range(2):  # the second time it has new memory under the old name
            path.unlink(missing_ok=True)
            path.write_bytes(bytes(SIZE))
            writer = Mapped(path)
            heard: list[Sample] = []
            for turn in range(1, 200):
                writer.write(bytes([1 + turn % 100]))
                heard += reader.read()
                time.sleep(0.001)
                if len(heard) >= 3:
                    break
            writer.close()
            assert len(heard) >= 3


def test_memory_that_is_being_written_is_left_for_next_time() -> None:
    class Busy:
        turn = 0

        def read(self) -> bytes:
            self.turn += 1
            return bytes([1 + self.turn % 100])

        def close(self) -> None:
            pass

    with MapReader(Busy, parse, remedy="start it") as reader:
        assert [reader.read() for _ in range(20)] == [[]] * 20
        assert reader.health().dropped == 0


def test_a_system_without_such_memory_says_so() -> None:
    with MapReader(lambda: None, parse, remedy="start it", unavailable="not here") as reader:
        assert reader.read() == []
        assert (reader.health().state, reader.health().note) == ("off", "not here")
