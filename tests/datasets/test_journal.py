from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unvisor.datasets.journal import Journal, claimed
from unvisor.datasets.journal_layout import HEADER, MAGIC, MAX_BLOCK, Sensed
from unvisor.datasets.layout import LAYOUT
from unvisor.datasets.recording import Recording
from unvisor.datasets.recovery import recover
from unvisor.datasets.store import load, save, settle
from unvisor.datasets.streams import (
    About,
    AudioStream,
    FaceStream,
    SpeechStream,
    Stream,
    WornStream,
    measured,
)
from unvisor.headset import frame as fr
from unvisor.headset.errors import RecordingError
from unvisor.headset.expressions import arkit_from_unified
from unvisor.headset.permit import Basis

ABOUT = About(
    person="P-01", basis=Basis(kind="reference", text="form 3"), rig="mouth", notes={"a": "é"}
)
Floats = fr.Floats
RNG = np.random.default_rng(5)


def face_sample(
    time_ns: int, value: float = 0.5, *, origin: fr.Bytes | None = None
) -> fr.FaceSample:
    weights = np.full(88, np.nan)
    weights[20:50] = value
    return fr.FaceSample(
        time_ns=time_ns,
        received_ns=time_ns + 7,
        source="mouth",
        weights=weights,
        confidence=np.where(np.isnan(weights), 0.0, 1.0),
        origin=measured(weights) if origin is None else origin,
    )


def eye_sample(time_ns: int, value: float = 0.5) -> fr.EyeSample:
    return fr.EyeSample(
        time_ns=time_ns,
        received_ns=time_ns,
        gaze=fr.FORWARD,
        openness=np.array([value, np.nan]),
        pupil_mm=np.array([3.0, 4.0]),
        confidence=np.ones(2),
    )


def head_sample(time_ns: int, value: float = 0.5) -> fr.HeadSample:
    return fr.HeadSample(
        time_ns=time_ns,
        received_ns=time_ns,
        orientation_xyzw=np.array([0.0, 0.0, 0.0, 1.0]),
        position_m=np.full(3, value),
    )


def block(time_ns: int, size: int = 160, rate_hz: int = 16_000) -> fr.AudioBlock:
    samples = RNG.normal(0, 0.1, size).astype(np.float32)
    return fr.AudioBlock(
        time_ns=time_ns, received_ns=time_ns, samples=samples, sample_rate_hz=rate_hz
    )


def whole_face(time_ns: int) -> fr.Face:
    def some(*shape: int) -> Floats:
        return RNG.random(shape)

    return fr.Face(
        time_ns=time_ns,
        weights=some(88),
        gaze=fr.FORWARD,
        openness=some(2),
        pupil_mm=some(2),
        median=some(88),
        low=some(88),
        high=some(88),
        rate=some(88),
        openness_median=some(2),
        openness_low=some(2),
        openness_high=some(2),
        openness_rate=some(2),
        events=some(6),
        origin=RNG.integers(0, 4, 88).astype(np.uint8),
        eye_origin=np.zeros(2, np.uint8),
        openness_origin=np.zeros(2, np.uint8),
    )


@pytest.fixture
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "x.journal"


def written(path: Path, samples: list[tuple[str, Sensed]]) -> bytes:
    journal = Journal(path, ABOUT)
    for name, sample in samples:
        assert journal.sample(name, sample)
    journal.close()
    return path.read_bytes()


number = st.floats(allow_infinity=False, width=64)
stamps = st.lists(st.integers(0, 10**12), min_size=1, max_size=20, unique=True).map(sorted)


@settings(max_examples=40)
@given(stamps, st.lists(number, min_size=20, max_size=20))
def test_what_is_read_is_what_was_written_to_the_bit(times: list[int], values: list[float]) -> None:
    samples = list[tuple[str, Sensed]]()
    for time_ns, value in zip(times, values, strict=False):
        samples += [("mouth", face_sample(time_ns, value)), ("eyes", eye_sample(time_ns, value))]
        samples += [("head", head_sample(time_ns, value))]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.journal"
        written(path, samples)
        got = recover(path)
        assert got.about == ABOUT
        assert list(got.streams) == ["mouth", "eyes", "head"]
        for name, stream in got.streams.items():
            given_ones = [sample for source, sample in samples if source == name]
            assert stream.time_ns.tolist() == [sample.time_ns for sample in given_ones]
            for column, what in LAYOUT[type(stream)].items():
                if what.optional and getattr(stream, column) is None:
                    continue
                np.testing.assert_array_equal(
                    getattr(stream, column), [getattr(sample, column) for sample in given_ones]
                )


@given(st.lists(st.integers(1, 3 * MAX_BLOCK), min_size=1, max_size=5))
def test_sound_of_any_block_size_keeps_every_sample(sizes: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.journal"
        blocks = [block(i * 10**9, size) for i, size in enumerate(sizes)]
        written(path, [("audio", one) for one in blocks])
        got = recover(path)
        sound = got.streams["audio"]
        assert isinstance(sound, AudioStream)
        assert sound.sample_rate_hz == 16_000
        heard = [b for frame in got.frames(60.0) for b in frame.audio]
        joined = np.concatenate([b.samples for b in heard]) if heard else np.empty(0)
        said = np.concatenate([b.samples for b in blocks])
        # The frames end up to one frame before the span does, so the last block may be missing.
        assert np.array_equal(joined, said[: len(joined)])
        assert np.count_nonzero(~np.isnan(sound.samples)) == len(said)


def test_faces_and_events_come_back(path: Path) -> None:
    faces = [whole_face(time_ns) for time_ns in range(0, 50, 10)]
    journal = Journal(path, ABOUT)
    for face in faces:
        assert journal.face(face)
    assert journal.event("cue", 5, "smile: ça va")
    assert journal.event("cue", 5, "frown")
    assert not journal.event("cue", 4, "too late")
    journal.close()
    got = recover(path)
    track = got.face
    assert track is not None
    assert got.span_ns == (0, 40)
    assert got.events["cue"].text == ("smile: ça va", "frown")
    np.testing.assert_array_equal(track.unified, [face.weights for face in faces])
    np.testing.assert_array_equal(track.origin, [face.origin for face in faces])
    np.testing.assert_array_equal(track.events, [face.events for face in faces])
    for face, low, high in zip(faces, track.arkit_low, track.arkit_high, strict=True):
        sent = arkit_from_unified(face.low, face.gaze, face.openness_high)
        np.testing.assert_allclose(low, sent, atol=1e-6)
        sent = arkit_from_unified(face.high, face.gaze, face.openness_low)
        np.testing.assert_allclose(high, sent, atol=1e-6)


def test_a_guessed_face_comes_back_as_guessed(path: Path) -> None:
    guessed = measured(face_sample(0).weights)
    guessed[20:30] = fr.Origin.INFERRED
    samples = [
        face_sample(0),
        face_sample(1, origin=guessed),
        face_sample(2, 1 / 3, origin=guessed),
        face_sample(3),
    ]
    written(path, [("mouth", one) for one in samples])
    settle(path, path.with_suffix(".h5"))
    stream = load(path.with_suffix(".h5")).streams["mouth"]
    assert isinstance(stream, FaceStream)
    np.testing.assert_array_equal(stream.origin, [one.origin for one in samples])
    np.testing.assert_array_equal(stream.weights, [one.weights for one in samples])


def test_what_is_missing_was_not_measured_whatever_it_says(path: Path) -> None:
    wrong = np.full(88, fr.Origin.INFERRED, np.uint8)
    written(path, [("mouth", face_sample(0, origin=wrong))])
    stream = recover(path).streams["mouth"]
    assert isinstance(stream, FaceStream)
    assert stream.origin is not None
    assert (stream.origin[0, 20:50] == fr.Origin.INFERRED).all()
    assert (np.delete(stream.origin[0], np.s_[20:50]) == fr.Origin.ABSENT).all()


def test_worn_and_speech_come_back(path: Path) -> None:
    visemes = np.full(15, np.nan)
    visemes[10] = 1.0
    voices: list[tuple[float, Floats, bool | None]] = [
        (0.25, visemes, None),
        (np.nan, np.full(15, np.nan), True),
        (0.0, visemes, False),
    ]
    samples = list[tuple[str, Sensed]]()
    for time_ns, (level, told, muted) in enumerate(voices):
        on = fr.WornSample(time_ns=time_ns, received_ns=time_ns, worn=time_ns == 1)
        said = fr.SpeechSample(
            time_ns=time_ns,
            received_ns=time_ns,
            source="vrchat",
            level=level,
            visemes=told,
            muted=muted,
        )
        samples += [("worn", on), ("vrchat_speech", said)]
    written(path, samples)
    settle(path, path.with_suffix(".h5"))
    got = load(path.with_suffix(".h5"))
    worn, speech = got.streams["worn"], got.streams["vrchat_speech"]
    assert isinstance(worn, WornStream)
    assert isinstance(speech, SpeechStream)
    assert worn.worn.tolist() == [0, 1, 0]
    np.testing.assert_array_equal(speech.level, [level for level, _, _ in voices])
    np.testing.assert_array_equal(speech.visemes, [told for _, told, _ in voices])
    np.testing.assert_array_equal(speech.muted, [np.nan, 1.0, 0.0])


def test_a_journal_of_the_version_before_is_read(path: Path) -> None:
    whole = bytearray(written(path, [("mouth", face_sample(i)) for i in range(10)]))
    whole[8:12] = (1).to_bytes(4, "little")
    path.write_bytes(whole)
    assert recover(path).streams["mouth"].time_ns.tolist() == list(range(10))


def test_what_is_not_newer_is_not_written_again(path: Path) -> None:
    journal = Journal(path, ABOUT)
    assert journal.sample("mouth", face_sample(100))
    assert not journal.sample("mouth", face_sample(100, 0.9))
    assert not journal.sample("mouth", face_sample(99))
    assert journal.sample("other", face_sample(100))
    assert journal.sample("mouth", face_sample(101))
    journal.close()
    assert recover(path).streams["mouth"].time_ns.tolist() == [100, 101]


def test_what_is_infinite_is_missing(path: Path) -> None:
    journal = Journal(path, ABOUT)
    journal.sample("mouth", face_sample(0, np.inf))
    journal.close()
    settle(path, path.with_suffix(".h5"))
    stream = load(path.with_suffix(".h5")).streams["mouth"]
    assert np.isnan(getattr(stream, "weights")).all()  # noqa: B009


def test_a_malformed_sample_is_refused_and_harms_no_other(path: Path) -> None:
    journal = Journal(path, ABOUT)
    journal.sample("mouth", face_sample(0))
    wrong = eye_sample(1)
    short = fr.FaceSample(
        time_ns=1,
        received_ns=1,
        source="mouth",
        weights=np.zeros(52),
        confidence=np.zeros(52),
        origin=np.zeros(52, np.uint8),
    )
    for name, sample in (("mouth", wrong), ("mouth", short), ("m" * 300, face_sample(1))):
        with pytest.raises(ValueError, match=r"numbers|record|kind"):
            journal.sample(name, sample)
    with pytest.raises(ValueError, match="too long"):
        journal.event("cue", 1, "x" * 100_000)
    journal.sample("audio", block(1))
    with pytest.raises(ValueError, match="kind"):
        journal.sample("audio", block(2, rate_hz=48_000))
    journal.sample("mouth", face_sample(2))
    journal.close()
    assert recover(path).streams["mouth"].time_ns.tolist() == [0, 2]


def columns_of(stream: Stream) -> list[np.ndarray[Any, Any]]:
    if isinstance(stream, FaceStream) and stream.origin is None:
        stream = replace(stream, origin=measured(stream.weights))
    return [getattr(stream, column) for column in LAYOUT[type(stream)]]


def rows_of(recording: Recording) -> dict[str, list[Any]]:
    return {
        name: [
            (time_ns, *(column[i].tobytes() for column in columns_of(stream)))
            for i, time_ns in enumerate(stream.time_ns.tolist())
        ]
        for name, stream in recording.streams.items()
    }


class Whole(NamedTuple):
    """A sound journal, and what is in it."""

    content: bytes
    rows: dict[str, list[Any]]

    def __repr__(self) -> str:
        return "Whole"


@pytest.fixture(scope="module")
def sound_journal(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    path = tmp_path_factory.mktemp("journal") / "x.journal"
    samples = list[tuple[str, Sensed]]()
    for time_ns in range(0, 2000, 100):
        guess = face_sample(time_ns, time_ns / 3, origin=np.full(88, time_ns // 100 % 2, np.uint8))
        samples += [("mouth", guess), ("eyes", eye_sample(time_ns))]
        samples += [("audio", block(time_ns))]
    return Whole(written(path, samples), rows_of(recover(path)))


def assert_part_of(got: dict[str, list[Any]], given: dict[str, list[Any]]) -> None:
    for name, rows in got.items():
        assert rows == given[name][: len(rows)]


def test_a_journal_cut_anywhere_gives_all_its_whole_records(
    path: Path, sound_journal: Whole
) -> None:
    whole, given = sound_journal
    kept = list[int]()
    for length in np.linspace(0, len(whole), 120).astype(int).tolist():
        path.write_bytes(whole[:length])
        try:
            got = rows_of(recover(path))
        except RecordingError:
            got = {}
        assert_part_of(got, given)
        kept.append(sum(len(rows) for rows in got.values()))
    assert kept == sorted(kept)
    assert kept[-1] == 60
    assert kept[-2] >= 58


@settings(max_examples=150)
@given(st.floats(0, 1, exclude_max=True), st.integers(0, 7), st.binary(max_size=40))
def test_damage_never_gives_what_was_not_written(
    sound_journal: Whole, place: float, bit: int, junk: bytes
) -> None:
    whole, given = sound_journal
    damaged = bytearray(whole)
    damaged[int(place * len(whole))] ^= 1 << bit
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.journal"
        path.write_bytes(bytes(damaged) + junk)
        try:
            got = rows_of(recover(path))
        except RecordingError:
            return
        assert_part_of(got, given)


@given(st.binary(max_size=300))
def test_a_tail_of_junk_is_cut(sound_journal: Whole, junk: bytes) -> None:
    whole, given = sound_journal
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.journal"
        path.write_bytes(whole + junk)
        assert rows_of(recover(path)) == given


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds nothing"),
        (b"timecode,blendshapes".ljust(64), "no journal"),
        (HEADER.pack(MAGIC, 9, 0, 0), "update unvisor"),
        (HEADER.pack(MAGIC, 1, 1 << 31, 0) + b"{}", "damaged"),
        (HEADER.pack(MAGIC, 1, 2, 0x12345678) + b"{}", "damaged"),
    ],
)
def test_what_is_no_journal_is_refused(path: Path, content: bytes, words: str) -> None:
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=words):
        recover(path)


def test_a_journal_belongs_to_one_program(path: Path) -> None:
    journal = Journal(path, ABOUT)
    with pytest.raises(RecordingError, match="cannot be written"):
        Journal(path, ABOUT)
    with pytest.raises(RecordingError, match="being recorded now"), claimed(path):
        pass
    with pytest.raises(RecordingError, match="being recorded now"):
        load(path.with_suffix(".h5"))
    journal.close()
    journal.close()
    with claimed(path):
        pass


def test_loading_a_recording_that_was_cut_off_settles_its_journal(path: Path) -> None:
    written(path, [("mouth", face_sample(i)) for i in range(10)])
    got = load(path.with_suffix(".h5"))
    assert got.streams["mouth"].time_ns.tolist() == list(range(10))
    assert not path.exists()


def torn(path: Path) -> None:
    """Leave what a program that was cut off while recording x.h5 again leaves."""
    whole = written(path, [("mouth", face_sample(i)) for i in range(10)])
    path.write_bytes(whole[:-7])


def told_by(caplog: pytest.LogCaptureFixture) -> list[str]:
    assert {record.name for record in caplog.records} <= {"unvisor"}
    assert {record.levelname for record in caplog.records} <= {"WARNING"}
    return [record.getMessage() for record in caplog.records]


def test_a_journal_beside_an_earlier_recording_is_rescued_and_told(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    earlier = path.with_suffix(".h5")
    save(earlier, Recording(about=About(person="before")))
    (path.parent / "x-recovered-1.h5").write_bytes(b"another's")
    torn(path)
    assert load(earlier).about.person == "before"
    assert told_by(caplog) == [
        f"{earlier}: a later recording of it was cut off: kept as x-recovered-2.h5"
    ]
    kept = load(path.parent / "x-recovered-2.h5")
    assert kept.streams["mouth"].time_ns.tolist() == list(range(9))
    assert not path.exists()
    assert load(earlier).about.person == "before"
    assert len(told_by(caplog)) == 1


def test_while_it_is_recorded_again_the_earlier_recording_is_read_and_all_left_alone(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save(path.with_suffix(".h5"), Recording(about=About(person="before")))
    journal = Journal(path, ABOUT)
    journal.sample("mouth", face_sample(0))
    assert load(path.with_suffix(".h5")).about.person == "before"
    journal.sample("mouth", face_sample(1))
    journal.close()
    assert told_by(caplog) == []
    assert len(list(path.parent.iterdir())) == 2
    assert recover(path).streams["mouth"].time_ns.tolist() == [0, 1]


def test_a_journal_that_cannot_be_rescued_does_not_stand_in_the_way(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save(path.with_suffix(".h5"), Recording(about=About(person="before")))
    path.write_bytes(b"UNVI")
    assert load(path.with_suffix(".h5")).about.person == "before"
    (said,) = told_by(caplog)
    assert "holds nothing: delete it" in said
    assert path.exists()


def test_a_journal_in_a_folder_that_is_missing_says_so(path: Path) -> None:
    with pytest.raises(RecordingError, match=r"no folder .*nowhere: create it"):
        Journal(path.parent / "nowhere" / "x.journal", ABOUT)


def test_a_journal_that_cannot_be_settled_is_kept(path: Path) -> None:
    written(path, [("mouth", face_sample(i)) for i in range(10)])
    with pytest.raises(RecordingError, match=f"kept in {path.name}"):
        settle(path, path.parent / "nowhere" / "x.h5")
    assert len(recover(path).streams["mouth"].time_ns) == 10


def test_a_recovered_recording_can_be_saved_under_any_name(path: Path) -> None:
    written(path, [("eyes", eye_sample(i)) for i in range(10)])
    save(path.parent / "other.h5", recover(path))
    assert len(load(path.parent / "other.h5").streams["eyes"].time_ns) == 10
