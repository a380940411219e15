"""The link: what is written is read, whole or not at all, across processes that come and go."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from unvisor.headset.clock import NS_PER_MS, now_ns
from unvisor.headset.errors import HeadsetError
from unvisor.headset.expressions import arkit_from_unified
from unvisor.headset.frame import (
    FORWARD,
    VISEMES,
    EyeSample,
    FaceSample,
    Floats,
    HeadSample,
    Reader,
    Sample,
    SensorFrame,
    Sink,
    SpeechSample,
    WornSample,
)
from unvisor.headset.link import (
    HeadsetEnd,
    LinkReader,
    LinkSink,
    make_folder,
    opened,
    place,
    remove_folder,
)
from unvisor.headset.link_layout import FACE, FARTHEST_S, FILES, FROM_FACE, SAMPLES, DrawnFace
from unvisor.headset.link_ring import (
    LinkFile,
    Record,
    Ring,
    RingReader,
    RingWriter,
    create,
    fingerprint,
)
from unvisor.headset.link_state import HeadsetState
from unvisor.headset.names import ARKIT_INDEX, CHANNEL_INDEX, UNIFIED, UNIFIED_INDEX
from unvisor.headset.plug import GOLDEN_FACE

FRAME = SensorFrame(time_ns=0)
NUMBERS = Ring("numbers", np.dtype([("first", np.int64), ("rest", np.int64, 255)]), 256)


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    made = make_folder()
    yield made
    remove_folder(made)


def samples(time_ns: int = 1_000) -> list[Sample]:
    """One of each kind, every number different."""
    numbers = iter(np.random.default_rng(time_ns).uniform(size=1_000))

    def some(*shape: int) -> np.ndarray:
        return np.array([next(numbers) for _ in range(int(np.prod(shape)))]).reshape(shape)

    when = {"time_ns": time_ns, "received_ns": time_ns + 7}
    weights = some(len(UNIFIED))
    weights[::3] = np.nan
    origin = np.arange(len(UNIFIED), dtype=np.uint8) % 4
    return [
        EyeSample(**when, gaze=some(2, 3), openness=some(2), pupil_mm=some(2), confidence=some(2)),
        FaceSample(
            **when, source="été ☀", weights=weights, confidence=some(len(UNIFIED)), origin=origin
        ),
        HeadSample(**when, orientation_xyzw=some(4), position_m=some(3)),
        WornSample(**when, worn=True),
        SpeechSample(**when, source="x", level=0.25, visemes=some(len(VISEMES)), muted=None),
        SpeechSample(
            **when, source="y", level=float("nan"), visemes=some(len(VISEMES)), muted=False
        ),
    ]


def same(left: Sample, right: Sample) -> None:
    assert type(left) is type(right)
    for field in fields(left):
        one: Any = getattr(left, field.name)
        other: Any = getattr(right, field.name)
        if isinstance(one, np.ndarray):
            np.testing.assert_array_equal(cast("Floats", one), cast("Floats", other), strict=True)
        else:
            assert type(one) is type(other)
            assert one == other or one != one


def test_samples_cross_exactly_and_in_order(folder: Path) -> None:
    with LinkReader(folder) as reader:
        end = HeadsetEnd(folder)
        given = [one for time_ns in (1_000, 2_000, 3_000) for one in samples(time_ns)]
        end.give(given)
        read = reader.read()
        end.close()
        assert reader.read() == []
    assert [one.received_ns for one in read] == sorted(one.received_ns for one in given)
    assert len(read) == len(given)
    for one in given:
        (twin,) = [
            other
            for other in read
            if type(other) is type(one)
            and other.time_ns == one.time_ns
            and getattr(other, "source", "") == getattr(one, "source", "")
        ]
        same(twin, one)


def test_what_was_read_stays_what_it_was(folder: Path) -> None:
    with LinkReader(folder) as reader:
        end = HeadsetEnd(folder)
        end.give(samples(1_000))
        kept = reader.read()
        for time_ns in range(2_000, 2_000 + 200 * 10, 10):
            end.give(samples(time_ns))
        end.close()
    for one, other in zip(kept, samples(1_000), strict=True):
        same(one, other)  # in memory of its own, not in the ring, and after the file is closed


def test_a_slow_reader_misses_the_oldest_and_counts_them(folder: Path) -> None:
    ring = SAMPLES[HeadSample]
    with LinkReader(folder) as reader:
        end = HeadsetEnd(folder)
        heads = [samples(time_ns)[2] for time_ns in range(1, ring.slots + 51)]
        end.give(heads)
        read = reader.read()
        end.close()
        assert [one.time_ns for one in read] == [h.time_ns for h in heads[-(ring.slots - 1) :]]
        assert reader.health().dropped == 51


def test_the_newest_face_wins(folder: Path) -> None:
    end = HeadsetEnd(folder)
    with LinkSink(folder) as sink:
        assert end.newest_face() is None
        for _ in range(10):
            sink.put(FRAME, GOLDEN_FACE)
        face = end.newest_face()
        assert face is not None
        assert end.newest_face() is None
        assert sink.health().state == "live"
    end.close()
    for name in FACE.record.names or ():
        np.testing.assert_allclose(face.record[name], getattr(GOLDEN_FACE, name), rtol=1e-6)


def test_a_face_is_carried_on_by_its_rate_but_not_far(folder: Path) -> None:
    from dataclasses import replace

    rate = np.zeros(len(UNIFIED))
    rate[UNIFIED_INDEX["JawOpen"]] = 2.0
    face = replace(GOLDEN_FACE, time_ns=1_000, rate=rate, openness=np.ones(2), gaze=FORWARD)
    end = HeadsetEnd(folder)
    with LinkSink(folder) as sink:
        sink.put(FRAME, face)
        drawn = end.newest_face()
    end.close()
    assert drawn is not None
    jaw = ARKIT_INDEX["jawOpen"]
    weights, gaze = drawn.at(1_000)
    arkit = arkit_from_unified(face.weights, FORWARD, np.ones(2))
    np.testing.assert_allclose(weights, np.concatenate([arkit, face.weights]), atol=1e-6)
    np.testing.assert_array_equal(gaze, FORWARD)
    assert drawn.at(1_000 + 10 * NS_PER_MS)[0][jaw] == pytest.approx(0.52)
    assert drawn.at(1_000 + 10 * NS_PER_MS)[0][CHANNEL_INDEX["JawOpen"]] == pytest.approx(0.52)
    assert drawn.at(1_000 + 10**12)[0][jaw] == pytest.approx(0.5 + 2.0 * FARTHEST_S)
    # What has no rate stands still rather than vanish.
    still = replace(face, rate=np.full(len(UNIFIED), np.nan))
    end = HeadsetEnd(folder)
    with LinkSink(folder) as sink:
        sink.put(FRAME, still)
        drawn = end.newest_face()
    end.close()
    assert drawn is not None
    assert drawn.at(1_000 + 10 * NS_PER_MS)[0][jaw] == pytest.approx(0.5)


@pytest.mark.parametrize("ahead_ms", [-40, 0, 7, 90])
def test_converted_once_it_is_what_it_would_be_if_it_were_converted_then(ahead_ms: int) -> None:
    numbers = np.random.default_rng(100 + ahead_ms)
    record = np.zeros(1, FACE.record)[0]
    record["weights"], record["rate"] = numbers.uniform(-2, 2, (2, len(UNIFIED)))
    record["openness"], record["openness_rate"] = numbers.uniform(0, 1, (2, 2))
    record["gaze"] = [[0.6, 0.0, -0.8], [np.nan, np.nan, np.nan]]
    record["weights"][::5] = record["rate"][::3] = record["openness"][1] = np.nan
    channels, gaze = DrawnFace(record).at(ahead_ms * NS_PER_MS)
    ahead_s = np.float64(ahead_ms) / 1000
    weights = record["weights"] + ahead_s * np.nan_to_num(record["rate"])
    openness = record["openness"] + ahead_s * record["openness_rate"]
    arkit = arkit_from_unified(weights, record["gaze"].astype(np.float64), openness)
    np.testing.assert_allclose(channels, np.concatenate([arkit, weights]), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(gaze, record["gaze"])


def test_state_is_told_and_a_long_note_is_cut(folder: Path) -> None:
    with opened(folder, "headset", writing=False) as file:
        state = HeadsetState(file)
        assert state.look() == ("", "", "")
        end = HeadsetEnd(folder)
        end.tell_state("focused", "é" * 1_000)
        name, note, _ = state.look()
        assert name == "focused"
        assert note == "é" * len(note)
        assert 100 < len(note) < 200
        end.tell_state("visible", unfilmed="x.mp4: no space left")
        assert state.look() == state.look() == ("visible", "", "x.mp4: no space left")
        end.close()


def test_ends_are_what_the_pipeline_asks_for(folder: Path) -> None:
    assert isinstance(LinkReader(folder), Reader)
    assert isinstance(LinkSink(folder), Sink)
    reader = LinkReader(folder)
    assert reader.read() == []  # not open
    assert reader.health().state == "waiting"
    for _ in range(2):  # opened again after closing
        with reader:
            end = HeadsetEnd(folder)
            end.give(samples(now_ns()))
            assert len(reader.read()) == len(samples())
            assert reader.health().state == "live"
            end.close()


def test_files_are_private_and_in_the_sessions_runtime_folder(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert folder.parent == tmp_path
    if os.name == "posix":
        assert folder.stat().st_mode & 0o777 == 0o700
        assert {place(folder, way).stat().st_mode & 0o777 for way in FILES} == {0o600}
    remove_folder(folder)
    assert not folder.exists()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "nowhere"))
    elsewhere = make_folder()  # among temporary files instead
    assert elsewhere.parent != tmp_path
    remove_folder(elsewhere)


def test_a_writer_that_comes_anew_goes_on_where_the_last_one_stopped(folder: Path) -> None:
    with LinkReader(folder) as reader, opened(folder, "headset", writing=False) as file:
        assert (file.generation, file.writer_pid) == (0, 0)
        for generation in (1, 2, 3):
            end = HeadsetEnd(folder)
            assert (file.generation, file.writer_pid) == (generation, os.getpid())
            end.give(samples(generation))
            assert {one.time_ns for one in reader.read()} == {generation}
            end.close()
        assert reader.health().dropped == 0


def test_a_record_that_its_writer_never_finished_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "numbers.link"
    create(path, [NUMBERS])
    with LinkFile(path, [NUMBERS], writing=True) as file:
        writer, reader = RingWriter(file, NUMBERS), RingReader(file, NUMBERS)
        for number in range(1, 4):
            writer.record["first"] = number
            writer.publish()
        # A writer that died: the slot of record 3 says that it is being written again.
        slot = file.start(NUMBERS) + 64 + 3 % NUMBERS.slots * NUMBERS.stride
        file.words[slot // 8] = 2 * 3 - 1
        assert reader.newest() is None
        # Half written, though its sequence says whole: what an unordered processor might show.
        file.words[slot // 8] = 2 * 3
        file.bytes[slot + 16 + 100] ^= 1
        assert reader.newest() is None
        assert [int(one["first"]) for one in reader.since()] == [1, 2]
        assert reader.missed == 1
        again = RingWriter(file, NUMBERS)
        again.record["first"] = 4
        again.publish()
        assert [int(one["first"]) for one in reader.since()] == [4]


@pytest.mark.parametrize(
    ("at", "raw", "says"),
    [
        (0, b"\0" * 8, "no link of unvisor"),
        (8, b"\2", "another version"),
        (16, b"\0\0\0\0", "another version"),
        (64, b"\xff" * 8, "make no sense"),
        (1_000_000, b"\0", "another version"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_by_name(
    folder: Path, at: int, raw: bytes, says: str
) -> None:
    path = place(folder, "face")
    whole = path.read_bytes()
    path.write_bytes(whole[:at] + raw + whole[at + len(raw) :])
    for writing in (False, True):
        with pytest.raises(HeadsetError, match=says) as refused:
            opened(folder, "face", writing=writing)
        assert str(path) in str(refused.value)


@pytest.mark.parametrize("cut", [0, 1, 63, -1])
def test_a_file_of_another_length_is_refused_by_name(folder: Path, cut: int) -> None:
    path = place(folder, "headset")
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(HeadsetError, match=r"headset\.link: the link of another version"):
        opened(folder, "headset", writing=False)


def test_no_file_is_refused_by_name(folder: Path) -> None:
    path = place(folder, "face")
    path.unlink()
    with pytest.raises(HeadsetError, match=r"face\.link: cannot be opened"):
        opened(folder, "face", writing=False)
    create(path, FROM_FACE)
    with pytest.raises(HeadsetError, match=r"face\.link: cannot be written"):
        create(path, FROM_FACE)


def test_any_change_of_layout_is_another_link() -> None:
    changed = [
        Ring("number", NUMBERS.record, NUMBERS.slots),
        Ring("numbers", NUMBERS.record, NUMBERS.slots + 1),
        Ring("numbers", np.dtype([("first", np.int64), ("rest", np.int64, 254)]), NUMBERS.slots),
        Ring("numbers", np.dtype([("first", np.uint64), ("rest", np.int64, 255)]), NUMBERS.slots),
    ]
    prints = {fingerprint([ring]) for ring in (NUMBERS, *changed)}
    assert len(prints) == 1 + len(changed)


def test_whatever_counts_a_file_holds_reading_ends(folder: Path) -> None:
    """What runs with our rights could write anything; it costs us no more than a ring's length."""
    with LinkReader(folder) as reader, opened(folder, "headset", writing=True) as file:
        for ring in SAMPLES.values():
            file.words[file.start(ring) // 8] = 2**64 - 1
        assert reader.read() == []
        for ring in SAMPLES.values():
            file.words[file.start(ring) // 8] = 0
        assert reader.read() == []
        end = HeadsetEnd(folder)
        end.give(samples())
        assert len(reader.read()) == len(samples())
        end.close()


WRITER = """
    import sys
    import numpy as np
    from pathlib import Path
    from unvisor.headset.link_ring import LinkFile, Ring, RingWriter

    numbers = Ring("numbers", np.dtype([("first", np.int64), ("rest", np.int64, 255)]), 256)
    with LinkFile(Path(sys.argv[1]), [numbers], writing=True) as file:
        writer = RingWriter(file, numbers)
        number = int(sys.argv[2])
        print("started", flush=True)
        while True:
            number += 1
            writer.record["first"] = number
            writer.record["rest"] = number
            writer.publish()
"""


@contextmanager
def written(path: Path, number: int) -> Generator[None]:
    """Have another process write numbers from this one on, and kill it in the middle of whatever."""
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), str(path), str(number)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout
        assert child.stdout.readline() == "started\n"
        yield
    finally:
        child.kill()
        child.communicate()


READS = 30_000


def test_two_processes_never_show_each_other_half_a_record(tmp_path: Path) -> None:
    """Records of 2 KiB, every number of one the same, written without pause; the writer is killed."""
    path = tmp_path / "numbers.link"
    create(path, [NUMBERS])
    seen = last = 0

    def check(record: Record) -> None:
        nonlocal seen, last
        first = int(record["first"])
        assert first > last, "older than what was read before"
        assert (record["rest"] == first).all(), "half of one record and half of another"
        seen, last = seen + 1, first

    with LinkFile(path, [NUMBERS], writing=False) as file:
        reader = RingReader(file, NUMBERS)
        for until in (READS // 2, READS):
            with written(path, last + 1_000):
                # However fast this reads: by now more was written than there are slots.
                while file.words[file.start(NUMBERS) // 8] < last + 2 * NUMBERS.slots:
                    time.sleep(0.001)
                while seen < until:
                    if (record := reader.newest()) is not None:
                        check(record)
                    for record in reader.since():
                        check(record)
            for record in reader.since():
                check(record)
            assert reader.newest() is None, "a dead writer writes nothing"
        assert file.generation == 2
        assert reader.missed > 0
