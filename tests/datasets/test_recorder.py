from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from unvisor.datasets.journal import beside
from unvisor.datasets.recorder import Recorder
from unvisor.datasets.store import load
from unvisor.datasets.streams import About, AudioStream, HeadStream
from unvisor.headset import frame as fr
from unvisor.headset.clock import NS_PER_S, now_ns
from unvisor.headset.errors import ConsentError, RecordingError
from unvisor.headset.permit import Basis, Permit

STEP_NS = NS_PER_S // 120
ABOUT = About(person="P-01", rig="mouth+eyes", source="live")


class Given:
    """A permit until it is withdrawn."""

    basis = Basis(kind="consent", text="record 7")

    def __init__(self) -> None:
        self.withdrawn = False
        self.asked = set[str]()

    def refusal(self, destination: str) -> str | None:
        self.asked.add(destination)
        return "consent was withdrawn: ask the wearer" if self.withdrawn else None


def face(time_ns: int) -> fr.Face:
    two, shapes = np.full(2, 0.5), np.full(88, 0.25)
    return fr.Face(
        time_ns=time_ns,
        weights=shapes,
        gaze=fr.FORWARD,
        openness=two,
        pupil_mm=two,
        median=shapes,
        low=shapes,
        high=shapes,
        rate=shapes,
        openness_median=two,
        openness_low=two,
        openness_high=two,
        openness_rate=two,
        events=np.zeros(6),
        origin=np.ones(88, np.uint8),
        eye_origin=np.zeros(2, np.uint8),
        openness_origin=np.zeros(2, np.uint8),
    )


def frames(count: int, start_ns: int = 0, source: str = "mouth") -> Iterator[fr.SensorFrame]:
    """A run at 120 Hz: the mouth at half that rate, eyes, a head and sound with each frame."""
    weights = fr.NO_WEIGHTS.copy()
    for n in range(count):
        now, mouth = start_ns + n * STEP_NS, start_ns + n // 2 * 2 * STEP_NS
        weights = weights.copy()
        weights[22] = n // 2
        yield fr.SensorFrame(
            time_ns=now,
            faces=(
                fr.FaceSample(
                    time_ns=mouth,
                    received_ns=mouth,
                    source=source,
                    weights=weights,
                    confidence=np.ones(88),
                    origin=np.zeros(88, np.uint8),
                ),
            ),
            eyes=fr.EyeSample(
                time_ns=now,
                received_ns=now,
                gaze=fr.FORWARD,
                openness=np.array([n / 7, 1.0]),
                pupil_mm=np.full(2, np.nan),
                confidence=np.ones(2),
            ),
            head=fr.HeadSample(
                time_ns=now,
                received_ns=now,
                orientation_xyzw=np.array([0.0, 0.0, 0.0, 1.0]),
                position_m=np.zeros(3),
            ),
            audio=(
                fr.AudioBlock(
                    time_ns=now,
                    received_ns=now,
                    samples=np.full(133 + n % 2, n / 1000, np.float32),
                    sample_rate_hz=16_000,
                ),
            ),
        )


def test_it_is_a_sink_and_given_is_a_permit() -> None:
    permit: Permit = Given()
    assert isinstance(Recorder(Path("x.h5"), about=ABOUT, permit=permit), fr.Sink)


def test_a_run_becomes_a_recording(tmp_path: Path) -> None:
    path, permit = tmp_path / "x.h5", Given()
    recorder = Recorder(path, about=ABOUT, permit=permit)
    assert recorder.health().state == "off"
    with recorder:
        assert recorder.health().state == "waiting"
        for frame in frames(300):
            recorder.put(frame, face(frame.time_ns))
        recorder.mark("cue one", 5 * STEP_NS, "smile")
        assert recorder.health().state == "live"
        assert beside(path).exists()
        assert not path.exists()
    assert recorder.health().state == "off"
    assert permit.asked == {"recording"}
    assert [place.name for place in tmp_path.iterdir()] == ["x.h5"]

    got = load(path)
    assert got.about.person == "P-01"
    assert got.about.basis == permit.basis
    assert got.span_ns == (0, 299 * STEP_NS)
    assert got.events["cue_one"].text == ("smile",)
    mouth = got.streams["mouth"]
    assert mouth.time_ns.tolist() == [n * 2 * STEP_NS for n in range(150)]
    assert np.array_equal(getattr(mouth, "weights")[:, 22], np.arange(150))  # noqa: B009
    assert len(got.streams["eyes"].time_ns) == len(got.streams["head"].time_ns) == 300
    sound = got.streams["audio"]
    assert isinstance(sound, AudioStream)
    assert np.count_nonzero(~np.isnan(sound.samples)) == sum(133 + n % 2 for n in range(300))
    assert got.face is not None
    assert got.face.time_ns.tolist() == [n * STEP_NS for n in range(300)]
    assert (got.face.unified == 0.25).all()
    replayed = list(got.frames())
    assert [frame.eyes.openness[0] for frame in replayed if frame.eyes] == [
        n / 7 for n in range(300)
    ]


def test_nothing_is_written_without_a_permit(tmp_path: Path) -> None:
    permit = Given()
    permit.withdrawn = True
    with (
        pytest.raises(ConsentError, match="withdrawn: ask the wearer"),
        Recorder(tmp_path / "x.h5", about=ABOUT, permit=permit),
    ):
        pass
    assert not list(tmp_path.iterdir())


def record_past_withdrawal(recorder: Recorder, permit: Given) -> None:
    with recorder:
        for frame in frames(10):
            recorder.put(frame, face(frame.time_ns))
        permit.withdrawn = True
        deadline_ns = now_ns() + 10 * NS_PER_S
        while recorder.health().state != "lost" and now_ns() < deadline_ns:
            time.sleep(0.01)
        for frame in frames(10, start_ns=NS_PER_S):
            recorder.put(frame, face(frame.time_ns))
        health = recorder.health()
        assert health.state == "lost"
        assert health.dropped >= 10
        assert "withdrawn" in health.remedy


def test_a_withdrawn_permit_ends_the_recording(tmp_path: Path) -> None:
    permit = Given()
    recorder = Recorder(tmp_path / "x.h5", about=ABOUT, permit=permit)
    with pytest.raises(RecordingError, match=r"ends early.*withdrawn"):
        record_past_withdrawal(recorder, permit)
    assert load(tmp_path / "x.h5").span_ns[1] < NS_PER_S


class Failing(Given):
    """A permit that cannot be asked any more."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def refusal(self, destination: str) -> str | None:
        if self.withdrawn:
            raise self._error
        return None


def record_past_failure(recorder: Recorder, permit: Given, says: str) -> None:
    with recorder:
        for frame in frames(10):
            recorder.put(frame, face(frame.time_ns))
        permit.withdrawn = True
        deadline_ns = now_ns() + 10 * NS_PER_S
        while recorder.health().state != "lost" and now_ns() < deadline_ns:
            time.sleep(0.01)
        health = recorder.health()
        assert health.state == "lost"
        assert says in health.remedy
        recorder.put(next(frames(1, start_ns=NS_PER_S)), face(NS_PER_S))
        assert recorder.health().dropped == health.dropped + 1


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(5, "Input/output error"), "Input/output error"),
        (MemoryError(), "MemoryError"),
        (RecordingError("x.journal: cannot be written"), "x.journal: cannot be written"),
    ],
)
def test_whatever_ends_the_writing_is_told_and_harms_no_put(
    tmp_path: Path, error: Exception, says: str
) -> None:
    permit = Failing(error)
    recorder = Recorder(tmp_path / "x.h5", about=ABOUT, permit=permit)
    with pytest.raises(RecordingError, match=f"ends early: .*{says}"):
        record_past_failure(recorder, permit, says)
    track = load(tmp_path / "x.h5").face
    assert track is not None
    assert len(track.time_ns) == 10


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "nowhere" / "x.h5", about=ABOUT, permit=Given())
    with pytest.raises(RecordingError, match=r"no folder .*nowhere: create it"):
        recorder.__enter__()


def test_what_the_queue_cannot_take_is_counted(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "x.h5", about=ABOUT, permit=Given(), queue=5)
    given = [(frame, face(frame.time_ns)) for frame in frames(2000)]
    with recorder:
        for frame, made in given:
            recorder.put(frame, made)
        dropped = recorder.health().dropped
        assert dropped > 0
        assert recorder.health().remedy
    track = load(tmp_path / "x.h5").face
    assert track is not None
    assert len(track.time_ns) + dropped == len(given)


def test_a_malformed_sample_is_counted_and_the_rest_is_kept(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "x.h5", about=ABOUT, permit=Given())
    short = fr.HeadSample(
        time_ns=0, received_ns=0, orientation_xyzw=np.zeros(3), position_m=np.zeros(3)
    )
    with recorder:
        recorder.put(fr.SensorFrame(time_ns=0, head=short), face(0))
        for frame in frames(10):
            recorder.put(frame, face(frame.time_ns))
    assert recorder.health().dropped == 1
    assert len(load(tmp_path / "x.h5").streams["head"].time_ns) == 10


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("eyes", "eyes_face"),
        ("../évil name", "____vil_name"),
        ("", "unnamed"),
        ("Babble", "Babble"),
    ],
)
def test_any_source_name_finds_a_place(tmp_path: Path, source: str, kept: str) -> None:
    with Recorder(tmp_path / "x.h5", about=ABOUT, permit=Given()) as recorder:
        for frame in frames(4, source=source):
            recorder.put(frame, face(frame.time_ns))
    assert set(load(tmp_path / "x.h5").streams) == {kept, "eyes", "head", "audio"}


def test_it_can_be_used_again_and_replaces_the_file(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "x.h5", about=ABOUT, permit=Given())
    for count in (4, 8):
        with recorder:
            for frame in frames(count):
                recorder.put(frame, face(frame.time_ns))
        assert len(load(tmp_path / "x.h5").streams["eyes"].time_ns) == count


def record_and_fail(path: Path) -> None:
    with Recorder(path, about=ABOUT, permit=Given()) as recorder:
        for frame in frames(4):
            recorder.put(frame, face(frame.time_ns))
        raise ZeroDivisionError


def test_an_error_in_the_loop_keeps_what_was_recorded(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        record_and_fail(tmp_path / "x.h5")
    assert len(load(tmp_path / "x.h5").streams["eyes"].time_ns) == 4


def test_two_recorders_cannot_share_a_name(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    with Recorder(path, about=ABOUT, permit=Given()) as recorder:
        with (
            pytest.raises(RecordingError, match="being recorded now"),
            Recorder(path, about=ABOUT, permit=Given()),
        ):
            pass
        recorder.put(next(frames(1)), face(0))
    assert load(path).face is not None
    with (
        pytest.raises(RecordingError, match="journal"),
        Recorder(tmp_path / "x.journal", about=ABOUT, permit=Given()),
    ):
        pass


def record_until_killed(path: Path) -> None:
    """What the child does: record at 120 Hz by the clock, and say what it has put."""
    start_ns = now_ns()
    with Recorder(path, about=ABOUT, permit=Given()) as recorder:
        for frame in frames(120 * 60, start_ns=start_ns):
            time.sleep(max(0, frame.time_ns - now_ns()) / NS_PER_S)
            recorder.put(frame, face(frame.time_ns))
            print(frame.time_ns, flush=True)  # noqa: T201


def kill_while_recording(path: Path) -> list[int]:
    """Kill a program that has recorded for a second and a half; return the times it had put."""
    child = subprocess.Popen(
        [sys.executable, __file__, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    with child.stdout:
        put = [int(child.stdout.readline()) for _ in range(180)]
        child.kill()
        put += [int(line) for line in child.stdout if line.endswith("\n")]
    child.wait()
    return put


def test_what_was_recorded_before_and_what_was_cut_off_are_both_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "x.h5"
    with Recorder(path, about=ABOUT, permit=Given()) as recorder:
        for frame in frames(4):
            recorder.put(frame, face(frame.time_ns))
    put = kill_while_recording(path)
    assert len(load(path).streams["eyes"].time_ns) == 4
    assert "kept as x-recovered-1.h5" in caplog.text
    cut_off = load(tmp_path / "x-recovered-1.h5").face
    assert cut_off is not None
    kept = cut_off.time_ns.tolist()
    assert kept == put[: len(kept)]
    assert put[-1] - kept[-1] <= NS_PER_S
    assert not beside(path).exists()


@pytest.fixture
def killed(tmp_path: Path) -> tuple[Path, list[int]]:
    """A recording whose program was killed after a second and a half, and the times it had put."""
    path = tmp_path / "x.h5"
    return path, kill_while_recording(path)


def test_a_killed_recorder_loses_at_most_a_second(killed: tuple[Path, list[int]]) -> None:
    path, put = killed
    assert not path.exists()
    got = load(path)
    assert not beside(path).exists()
    assert got.face is not None
    kept = got.face.time_ns.tolist()
    assert kept == put[: len(kept)]
    assert put[-1] - kept[-1] <= NS_PER_S
    assert got.streams["eyes"].time_ns.tolist() == kept
    assert got.about.basis == Given.basis


def test_the_next_recorder_keeps_what_a_killed_one_left(
    killed: tuple[Path, list[int]],
) -> None:
    path, put = killed
    with Recorder(path, about=ABOUT, permit=Given()) as recorder:
        assert "x-recovered-1.h5" in recorder.health().note
        recorder.put(next(frames(1)), face(0))
    assert sorted(place.name for place in path.parent.iterdir()) == ["x-recovered-1.h5", "x.h5"]
    assert load(path).span_ns == (0, 0)
    assert load(path.with_name("x-recovered-1.h5")).span_ns[0] == put[0]


if __name__ == "__main__":
    record_until_killed(Path(sys.argv[1]))


def test_what_is_heard_between_frames_is_recorded_once_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "take.h5"
    shown = list(frames(40))
    with Recorder(path, about=ABOUT, permit=Given()) as recorder:
        for first in range(0, len(shown), 4):  # the loop is slower than the sensors
            heard = shown[first : first + 4]
            recorder.listen([sample for frame in heard for sample in frame.faces])
            recorder.listen([frame.eyes for frame in heard if frame.eyes])
            recorder.put(heard[-1], face(heard[-1].time_ns))
    recording = load(path)
    assert recording.streams["eyes"].time_ns.tolist() == [frame.time_ns for frame in shown]
    assert len(recording.streams["mouth"].time_ns) == 20
    assert recording.face is not None
    assert len(recording.face.time_ns) == 10


def test_of_two_readers_with_a_head_each_the_one_that_the_loop_believes_is_recorded(
    tmp_path: Path,
) -> None:
    path = tmp_path / "take.h5"

    def head(time_ns: int, at_m: float) -> fr.HeadSample:
        return fr.HeadSample(
            time_ns=time_ns,
            received_ns=time_ns,
            orientation_xyzw=np.array([0.0, 0.0, 0.0, 1.0]),
            position_m=np.full(3, at_m),
        )

    with Recorder(path, about=ABOUT, permit=Given()) as recorder:
        for n in range(10):
            at_ns = n * STEP_NS
            believed = [head(at_ns, 1.0), head(at_ns + 2000, 1.0)]
            recorder.listen(believed)
            recorder.listen([head(at_ns + 1000, 2.0), head(at_ns + 3000, 2.0)])
            recorder.put(fr.SensorFrame(time_ns=at_ns, head=believed[-1]), face(at_ns))
            recorder.listen([head(at_ns + 4000, 2.0)])  # the one believed says nothing this time
            frame = fr.SensorFrame(time_ns=at_ns + 5000, head=believed[-1])
            recorder.put(frame, face(at_ns + 5000))
    stream = load(path).streams["head"]
    assert isinstance(stream, HeadStream)
    assert len(stream.time_ns) == 20
    assert (stream.position_m == 1.0).all()


def test_worn_and_speech_and_a_guessed_face_are_recorded_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "take.h5"
    guessed = next(frames(1)).faces[0]
    guessed = replace(guessed, origin=np.full(88, fr.Origin.INFERRED, np.uint8))

    def worn(time_ns: int, on: bool) -> fr.WornSample:
        return fr.WornSample(time_ns=time_ns, received_ns=time_ns, worn=on)

    said = fr.SpeechSample(
        time_ns=0, received_ns=0, source="vrchat", level=0.5, visemes=np.zeros(15), muted=True
    )
    with Recorder(path, about=ABOUT, permit=Given()) as recorder:
        for n in range(4):
            at_ns = n * STEP_NS
            # Two readers disagree; the loop believes one.
            recorder.listen([worn(at_ns, False), replace(said, time_ns=at_ns, received_ns=at_ns)])
            frame = fr.SensorFrame(
                time_ns=at_ns,
                faces=(replace(guessed, time_ns=at_ns, received_ns=at_ns),),
                worn=worn(at_ns, True),
            )
            recorder.put(frame, face(at_ns))
    recording = load(path)
    assert list(recording.streams) == ["vrchat_speech", "mouth", "worn"]
    for frame in recording.frames():
        assert frame.worn is not None
        assert frame.worn.worn
        assert frame.speech is not None
        assert (frame.speech.source, frame.speech.level, frame.speech.muted) == (
            "vrchat",
            0.5,
            True,
        )
        seen = np.isfinite(frame.faces[0].weights)
        assert (frame.faces[0].origin[seen] == fr.Origin.INFERRED).all()


def test_a_journal_named_as_a_recording_says_what_to_open(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"open .*take\.h5"):
        load(tmp_path / "take.journal")
