from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unvisor.datasets.recording import EventStream, Lazy, Recording, interpolate, nearest
from unvisor.datasets.streams import (
    About,
    AudioStream,
    EyesStream,
    FaceStream,
    HeadStream,
    SpeechStream,
    Times,
    Truth,
    WornStream,
)
from unvisor.headset.errors import RecordingError
from unvisor.headset.frame import Origin

MS = 1_000_000
S = 1000 * MS


def times(*values: int) -> Times:
    return np.array(values, dtype=np.int64)


def face(time_ns: Times, delay_ns: int = 0) -> FaceStream:
    """A tracker that sees three channels; channel 20 counts its samples."""
    weights = np.full((len(time_ns), 88), np.nan)
    weights[:, 20:23] = np.arange(len(time_ns))[:, None]
    confidence = np.where(np.isnan(weights), 0.0, 1.0)
    return FaceStream(
        time_ns=time_ns, received_ns=time_ns + delay_ns, weights=weights, confidence=confidence
    )


def eyes(time_ns: Times, delay_ns: int = 0) -> EyesStream:
    n = len(time_ns)
    return EyesStream(
        time_ns=time_ns,
        received_ns=time_ns + delay_ns,
        gaze=np.tile([0.0, 0.0, -1.0], (n, 2, 1)),
        openness=np.arange(2.0 * n).reshape(n, 2),
        pupil_mm=np.full((n, 2), np.nan),
        confidence=np.ones((n, 2)),
    )


def truth(time_ns: Times) -> Truth:
    return Truth(time_ns=time_ns, arkit=np.arange(len(time_ns))[:, None] + np.zeros(52))


def test_a_frame_holds_only_what_was_received_by_then() -> None:
    mouth = face(np.arange(0, 500, 10, dtype=np.int64) * MS, delay_ns=25 * MS)
    seen = list(Recording(about=About(), streams={"mouth": mouth}).frames())
    assert [frame.time_ns for frame in seen] == mouth.time_ns.tolist()
    assert not any(frame.faces for frame in seen[:3])
    for frame in seen[3:]:
        sample = frame.faces[0]
        assert sample.received_ns <= frame.time_ns < sample.received_ns + 10 * MS
        assert sample.time_ns == frame.time_ns - 30 * MS
        assert sample.source == "mouth"


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 40)), min_size=1, max_size=30),
    st.sampled_from([None, 30.0, 90.0]),
)
def test_frames_agree_with_the_plain_definition(
    steps: list[tuple[int, int]], rate_hz: float | None
) -> None:
    time_ns = np.cumsum([step for step, _ in steps]).astype(np.int64) * MS
    received = np.maximum.accumulate(time_ns + times(*(delay * MS for _, delay in steps)))
    plain = face(time_ns)
    mouth = FaceStream(
        time_ns=time_ns,
        received_ns=received,
        weights=plain.weights,
        confidence=plain.confidence,
    )
    recording = Recording(about=About(), streams={"mouth": mouth}, span_ns=(0, 2 * S))
    for frame in recording.frames(rate_hz, tolerance_s=0.1):
        known = [i for i in range(len(steps)) if received[i] <= frame.time_ns]
        usable = known[-1:] if known and frame.time_ns - time_ns[known[-1]] <= 100 * MS else []
        assert [int(sample.weights[20]) for sample in frame.faces] == usable


def test_an_old_sample_is_dropped_and_a_new_one_brings_the_source_back() -> None:
    mouth = face(np.concatenate([np.arange(10), np.arange(100, 110)]).astype(np.int64) * 10 * MS)
    seen = {f.time_ns // MS: f for f in Recording(about=About(), streams={"m": mouth}).frames()}
    assert seen[340].faces
    assert not seen[350].faces
    assert not seen[990].faces
    assert seen[1000].faces


def test_a_sample_is_the_same_object_while_it_stays_the_newest_and_cannot_be_written_to() -> None:
    mouth = face(np.arange(0, 1000, 50, dtype=np.int64) * MS)
    seen = list(Recording(about=About(), streams={"mouth": mouth}).frames(60.0))
    assert seen[0].faces[0] is seen[1].faces[0]
    assert seen[0].faces[0] is not seen[-1].faces[0]
    with pytest.raises(ValueError, match="read-only"):
        seen[0].faces[0].weights[0] = 1.0


def test_origin_is_measured_where_observed_and_absent_elsewhere() -> None:
    frame = next(Recording(about=About(), streams={"m": face(times(0, MS))}).frames())
    origin = frame.faces[0].origin
    assert (origin[20:23] == Origin.MEASURED).all()
    assert (np.delete(origin, [20, 21, 22]) == Origin.ABSENT).all()


def test_worn_and_speech_are_replayed_while_they_are_fresh() -> None:
    at = np.arange(0, 500, 10, dtype=np.int64) * MS
    visemes = np.full((3, 15), np.nan)
    visemes[:, 10] = 1.0
    late = times(0, 100 * MS, 200 * MS)
    recording = Recording(
        about=About(),
        streams={
            "mouth": face(at),
            "worn": WornStream(
                time_ns=late, received_ns=late, worn=np.array([1, 0, 1], dtype=np.uint8)
            ),
            "vrchat_speech": SpeechStream(
                time_ns=late,
                received_ns=late,
                level=np.array([0.5, np.nan, 0.25]),
                visemes=visemes,
                muted=np.array([1.0, 0.0, np.nan]),
            ),
        },
    )
    seen = {frame.time_ns // MS: frame for frame in recording.frames()}
    told = [None if (worn := seen[ms].worn) is None else worn.worn for ms in (0, 90, 100, 200, 460)]
    assert told == [True, True, False, True, None]
    heard = [seen[ms].speech for ms in (0, 100, 200)]
    assert [one.muted for one in heard if one] == [True, False, None]
    assert heard[0] is not None
    assert (heard[0].source, heard[0].level, heard[0].visemes[10]) == ("vrchat", 0.5, 1.0)
    assert seen[460].speech is None


def test_the_densest_tracker_sets_the_pace_and_its_holes_are_filled() -> None:
    kept = np.r_[5:20, 50:100]  # 100 Hz: lost at the start and between
    fast = face(kept.astype(np.int64) * 10 * MS)
    slow = eyes(np.arange(0, 1000, 40, dtype=np.int64) * MS)
    recording = Recording(
        about=About(), streams={"fast": fast, "slow": slow}, span_ns=(0, 1200 * MS)
    )
    at = recording.frame_times()
    assert at[0] == 0
    assert at[-1] == 1200 * MS
    assert np.array_equal(np.diff(at), np.full(len(at) - 1, 10 * MS))
    assert np.isin(fast.time_ns, at).all()


@given(st.lists(st.integers(1, 200), min_size=2, max_size=60), st.integers(0, 500))
def test_frame_times_go_forward_leave_no_hole_and_stay_in_the_span(
    steps: list[int], after: int
) -> None:
    time_ns = np.cumsum(steps).astype(np.int64) * MS
    end = int(time_ns[-1]) + after * MS
    at = Recording(about=About(), streams={"eyes": eyes(time_ns)}, span_ns=(0, end)).frame_times()
    usual = round(float(np.median(np.diff(np.unique(time_ns)))))
    assert (np.diff(at) > 0).all()
    assert np.diff(at, prepend=0, append=end).max() <= 1.5 * usual + 1
    assert np.isin(time_ns, at).all()
    assert at[0] >= 0
    assert at[-1] <= end


def test_frame_times_do_not_depend_on_truth() -> None:
    whole = Recording(
        about=About(),
        streams={"mouth": face(np.arange(20, 50, dtype=np.int64) * 16 * MS)},
        truth=truth(np.arange(100, dtype=np.int64) * 16 * MS),
    )
    bare = whole.without_truth()
    assert bare.truth is None
    assert bare.span_ns == whole.span_ns == (0, 99 * 16 * MS)
    assert np.array_equal(bare.frame_times(), whole.frame_times())


def test_without_a_tracker_frames_come_at_sixty_a_second() -> None:
    recording = Recording(about=About(), truth=truth(times(5 * S, 6 * S)))
    at = recording.frame_times()
    assert len(at) == 61
    assert (at[0], at[-1]) == (5 * S, 6 * S)
    assert all(not frame.faces for frame in recording.frames())


def test_audio_arrives_once_and_a_short_block_keeps_its_length() -> None:
    start = np.arange(50, dtype=np.int64) * 10 * MS
    samples = np.arange(50 * 160, dtype=np.float32).reshape(50, 160)
    samples[7, 100:] = np.nan
    sound = AudioStream(
        time_ns=start, received_ns=start + 13 * MS, samples=samples, sample_rate_hz=16_000
    )
    recording = Recording(about=About(), streams={"audio": sound}, span_ns=(0, 600 * MS))
    heard = [block for frame in recording.frames() for block in frame.audio]
    assert [block.time_ns for block in heard] == start.tolist()
    joined = np.concatenate([block.samples for block in heard])
    assert np.array_equal(joined, samples[~np.isnan(samples)])


def test_head_poses_come_with_the_frames() -> None:
    at = times(0, 100 * MS)
    head = HeadStream(
        time_ns=at,
        received_ns=at,
        orientation_xyzw=np.array([[0.0, 0, 0, 1], [0, 0, 1, 0]]),
        position_m=np.array([[1.0, 2, 3], [4, 5, 6]]),
    )
    seen = list(Recording(about=About(), streams={"head": head}).frames(10.0))
    assert [f.head.position_m.tolist() for f in seen if f.head] == [[1, 2, 3], [4, 5, 6]]


def test_first_keeps_what_was_known_by_then() -> None:
    at = np.arange(100, dtype=np.int64) * 10 * MS + S
    whole = Recording(
        about=About(person="a"),
        streams={"mouth": face(at, delay_ns=25 * MS)},
        truth=truth(at),
        events={"cue": EventStream(time_ns=times(S, S + 500 * MS), text=("smile", "frown"))},
    )
    part = whole.first(0.3)
    assert part.span_ns == (S, S + 300 * MS)
    assert part.truth is not None
    assert len(part.truth.time_ns) == 31
    assert part.streams["mouth"].received_ns[-1] <= S + 300 * MS
    assert len(part.streams["mouth"].time_ns) == 28
    assert part.events["cue"].text == ("smile",)
    assert part.about.person == "a"
    assert whole.first(1e6).span_ns == whole.span_ns


def test_lazy_reads_once_and_only_what_is_asked_for() -> None:
    asked = list[str]()

    def read(name: str) -> str:
        asked.append(name)
        return name.upper()

    lazy = Lazy(["a", "b"], read)
    assert list(lazy) == ["a", "b"]
    assert lazy["b"] == lazy["b"] == "B"
    assert asked == ["b"]
    with pytest.raises(KeyError):
        lazy["c"]


@pytest.mark.parametrize("rate_hz", [0.0, -1.0, 1e9, float("nan")])
def test_a_senseless_rate_is_refused(rate_hz: float) -> None:
    with pytest.raises(ValueError, match="rate_hz"):
        Recording(about=About(), span_ns=(0, S)).frame_times(rate_hz)


def test_a_senseless_span_is_refused() -> None:
    with pytest.raises(RecordingError, match="times are wrong"):
        Recording(about=About(), span_ns=(0, 1 << 60)).frame_times()


@given(
    st.lists(st.integers(0, 100), min_size=1, max_size=20).map(sorted),
    st.integers(-20, 120),
    st.integers(0, 30),
)
def test_nearest_is_the_closest_and_of_two_the_earlier(
    known: list[int], at: int, within: int
) -> None:
    (found,) = nearest(times(*known), times(at), within_ns=within).tolist()
    best = min(range(len(known)), key=lambda i: (abs(known[i] - at), known[i]))
    if abs(known[best] - at) <= within:
        assert known[found] == known[best]
    else:
        assert found == -1


def test_nearest_of_nothing_is_nothing() -> None:
    assert nearest(times(), times(1, 2), within_ns=10).tolist() == [-1, -1]


def test_interpolation_is_linear_exact_at_samples_and_bridges_no_gap() -> None:
    known = times(0, 10, 20, 100, 110)
    values = np.array([[0.0], [1.0], [3.0], [5.0], [np.nan]])
    at = times(-1, 0, 5, 10, 15, 20, 60, 100, 105, 110, 111)
    got = interpolate(known, values, at, gap_ns=50)[:, 0]
    n = np.nan
    np.testing.assert_array_equal(got, [n, 0.0, 0.5, 1.0, 2.0, 3.0, n, 5.0, n, n, n])
    assert interpolate(known, values, at, gap_ns=80)[6, 0] == pytest.approx(4.0)
    assert np.isnan(interpolate(times(), np.empty((0, 2)), at, gap_ns=50)).all()
