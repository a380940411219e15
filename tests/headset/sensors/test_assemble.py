from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from types import TracebackType
from typing import Self

import numpy as np
import pytest

from unvisor.headset.clock import NS_PER_MS, NS_PER_S
from unvisor.headset.errors import SensorError
from unvisor.headset.frame import (
    FORWARD,
    NO_WEIGHTS,
    AudioBlock,
    EyeSample,
    FaceSample,
    HeadSample,
    Health,
    ImageSample,
    Sample,
    SensorFrame,
)
from unvisor.headset.sensors.assemble import Assembly, Devices
from unvisor.headset.sensors.playback import Playback
from unvisor.headset.sensors.sample import observed

TOLERANCE_NS = 250 * NS_PER_MS


def face(source: str, time_ns: int) -> FaceSample:
    return observed(source, NO_WEIGHTS, time_ns=time_ns, received_ns=time_ns + 1)


def eyes(time_ns: int) -> EyeSample:
    pair = np.ones(2)
    return EyeSample(
        time_ns=time_ns, received_ns=time_ns, gaze=FORWARD, openness=pair, pupil_mm=pair,
        confidence=pair,
    )  # fmt: skip


def head(time_ns: int) -> HeadSample:
    return HeadSample(
        time_ns=time_ns, received_ns=time_ns, position_m=np.zeros(3),
        orientation_xyzw=np.array([0.0, 0.0, 0.0, 1.0]),
    )  # fmt: skip


def sound(time_ns: int) -> AudioBlock:
    block = np.zeros(160, np.float32)
    return AudioBlock(time_ns=time_ns, received_ns=time_ns, samples=block, sample_rate_hz=16_000)


def image(time_ns: int) -> ImageSample:
    pixels = np.zeros((2, 2), np.uint8)
    return ImageSample(time_ns=time_ns, received_ns=time_ns, camera="mouth", image=pixels)


def test_each_kind_keeps_its_newest_and_its_own_time() -> None:
    assembly = Assembly(["phone", "headset"])
    assembly.add("phone", [face("phone", 1), face("phone", 5), image(3)])
    assembly.add("headset", [eyes(7), head(8), face("headset", 9)])
    frame = assembly.frame(10)
    assert frame.time_ns == 10
    assert [(one.source, one.time_ns) for one in frame.faces] == [("phone", 5), ("headset", 9)]
    assert frame.eyes is not None
    assert frame.head is not None
    assert (frame.eyes.time_ns, frame.head.time_ns) == (7, 8)
    assert [one.time_ns for one in frame.images] == [3]


def test_nothing_latches() -> None:
    assembly = Assembly(["phone"])
    assembly.add("phone", [face("phone", 0), eyes(0), head(0), image(0)])
    assert assembly.frame(TOLERANCE_NS).eyes is not None
    assert assembly.frame(TOLERANCE_NS + 1) == SensorFrame(time_ns=TOLERANCE_NS + 1)


def test_a_date_far_ahead_is_not_believed_for_ever() -> None:
    assembly = Assembly(["phone"])
    assembly.add("phone", [eyes(NS_PER_S)])
    assert assembly.frame(0).eyes is None


def ahead(source: str, by_ns: int) -> FaceSample:
    return observed(source, NO_WEIGHTS, time_ns=NS_PER_S + by_ns, received_ns=NS_PER_S)


def test_a_sample_from_the_future_does_not_shut_out_what_follows() -> None:
    assembly = Assembly(["phone", "headset"])
    future = sound(3600 * NS_PER_S)
    future = AudioBlock(
        time_ns=future.time_ns, received_ns=0, samples=future.samples, sample_rate_hz=16_000
    )
    assembly.add(
        "phone", [ahead("phone", 3600 * NS_PER_S), ahead("phone", TOLERANCE_NS + 1), future]
    )
    assembly.add("phone", [face("phone", NS_PER_S)])
    frame = assembly.frame(NS_PER_S)
    assert [one.time_ns for one in frame.faces] == [NS_PER_S]
    assert frame.audio == ()
    assert (assembly.early["phone"].count, assembly.early["headset"].count) == (3, 0)


def test_a_clock_a_little_ahead_is_believed() -> None:
    assembly = Assembly(["phone"])
    assembly.add("phone", [ahead("phone", TOLERANCE_NS)])
    assert len(assembly.frame(NS_PER_S).faces) == 1
    assert assembly.early["phone"].count == 0


def test_a_late_sample_does_not_replace_a_newer_one() -> None:
    assembly = Assembly(["phone"])
    assembly.add("phone", [eyes(5)])
    assembly.add("phone", [eyes(3)])
    frame = assembly.frame(6)
    assert frame.eyes is not None
    assert frame.eyes.time_ns == 5


def test_the_reader_named_first_is_preferred_and_the_other_steps_in() -> None:
    assembly = Assembly(["first", "second"])
    assembly.add("second", [eyes(TOLERANCE_NS)])
    assembly.add("first", [eyes(0)])
    chosen = assembly.frame(TOLERANCE_NS).eyes
    stepped_in = assembly.frame(TOLERANCE_NS + 1).eyes
    assert chosen is not None
    assert stepped_in is not None
    assert (chosen.time_ns, stepped_in.time_ns) == (0, TOLERANCE_NS)


def test_sound_is_handed_out_once_in_order_and_bounded() -> None:
    assembly = Assembly(["microphone"])
    assembly.add("microphone", [sound(1), sound(2)])
    assert [block.time_ns for block in assembly.frame(3).audio] == [1, 2]
    assert assembly.frame(4).audio == ()
    assembly.add("microphone", [sound(i) for i in range(1000)])
    assert [block.time_ns for block in assembly.frame(5).audio][-1] == 999
    assembly.add("microphone", [sound(i) for i in range(1000)])
    assert len(assembly.frame(5).audio) < 100


class Stepped:
    """A clock that stands still but for what is slept and spent."""

    def __init__(self) -> None:
        self.time_ns = 50 * NS_PER_S

    def now_ns(self) -> int:
        return self.time_ns

    def sleep_until(self, at_ns: int) -> None:
        self.time_ns = max(self.time_ns, at_ns)

    def spend(self, duration_ns: int) -> None:
        self.time_ns += duration_ns


class Scripted:
    """A sensor that has a face each time it is asked, and cannot always be opened."""

    def __init__(self, pace: Stepped, *, broken: bool = False, ahead_ns: int = 0) -> None:
        self.is_open = False
        self._pace = pace
        self._broken = broken
        self._ahead_ns = ahead_ns

    def __enter__(self) -> Self:
        if self._broken:
            raise SensorError("camera 0: is not there: plug it in")
        self.is_open = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self.is_open = False

    def read(self) -> Sequence[Sample]:
        at_ns = self._pace.now_ns()
        weights, time_ns = NO_WEIGHTS, at_ns + self._ahead_ns
        return [observed("scripted", weights, time_ns=time_ns, received_ns=at_ns)]

    def health(self) -> Health:
        return Health(state="live" if self.is_open else "off")


def test_devices_give_frames_at_their_rate() -> None:
    pace = Stepped()
    with Devices({"scripted": Scripted(pace)}, 200.0, pace=pace) as devices:
        frames = list(islice(devices.frames(), 41))
        assert devices.health()["scripted"] == Health(state="live")
    start_ns = 50 * NS_PER_S
    assert [frame.time_ns for frame in frames] == [start_ns + n * 5 * NS_PER_MS for n in range(41)]
    assert [frame.faces[0].time_ns for frame in frames] == [frame.time_ns for frame in frames]


def test_a_slow_loop_skips_instants_instead_of_falling_behind() -> None:
    pace = Stepped()
    with Devices({}, 1000.0, pace=pace) as devices:
        frames = devices.frames()
        first = next(frames)
        pace.spend(20 * NS_PER_MS + 1)
        rest = list(islice(frames, 10))
    # Neither a burst to catch up, nor a pace that has slid.
    assert [(frame.time_ns - first.time_ns) / NS_PER_MS for frame in rest] == list(range(21, 31))


def test_a_sensor_from_the_future_is_counted_and_said() -> None:
    pace = Stepped()
    wrong = Scripted(pace, ahead_ns=3600 * NS_PER_S)
    with Devices({"wrong": wrong}, 100.0, pace=pace) as devices:
        assert [frame.faces for frame in islice(devices.frames(), 3)] == [()] * 3
        health = devices.health()["wrong"]
    assert health.dropped == 3
    assert "3 samples dated ahead" in health.note


def test_what_was_too_old_when_it_came_is_counted_and_said_for_a_while() -> None:
    pace = Stepped()
    with Devices({"slow": Scripted(pace, ahead_ns=-NS_PER_S)}, 100.0, pace=pace) as devices:
        assert [frame.faces for frame in islice(devices.frames(), 3)] == [()] * 3
        health = devices.health()["slow"]
        assert health.dropped == 3
        assert health.note == "3 samples too old when they came: look at the network between"
        pace.spend(5 * NS_PER_S)
        assert devices.health()["slow"].note == ""


def test_each_sensor_may_have_a_tolerance_of_its_own() -> None:
    assembly = Assembly(["phone", "headset"], {"headset": 2.0})
    assembly.add("phone", [face("phone", 0)])
    assembly.add("headset", [face("headset", 0), eyes(0)])
    assert len(assembly.frame(TOLERANCE_NS).faces) == 2
    assert [one.source for one in assembly.frame(2 * NS_PER_S).faces] == ["headset"]
    assert assembly.frame(2 * NS_PER_S + 1) == SensorFrame(time_ns=2 * NS_PER_S + 1)


def test_the_age_of_each_stream_is_known_until_it_is_forgotten() -> None:
    assembly = Assembly(["phone", "other"])
    assembly.add("phone", [face("phone", 0), eyes(NS_PER_S), image(NS_PER_S)])
    at_ns = NS_PER_S + TOLERANCE_NS
    fresh = {"eyes": 0.25, "image mouth": 0.25}
    assert assembly.ages_s("phone", at_ns) == {"face phone": 1.25} | fresh
    assert assembly.missing("phone", at_ns) == {"face phone": 1.25}
    assert assembly.ages_s("other", at_ns) == {}
    assert assembly.ages_s("phone", 61 * NS_PER_S) == {"eyes": 60.0, "image mouth": 60.0}


class Blinded(Scripted):
    """A sensor that sees eyes once, and a face always."""

    def read(self) -> Sequence[Sample]:
        seen, self._ahead_ns = self._ahead_ns, 0
        return [*super().read(), *([eyes(self._pace.now_ns())] if seen else [])]


def test_a_stream_that_a_live_sensor_no_longer_gives_is_named() -> None:
    pace = Stepped()
    with Devices({"one": Blinded(pace, ahead_ns=1)}, 2.0, pace=pace) as devices:
        frames = list(islice(devices.frames(), 3))
        assert devices.health()["one"].note == "no eyes for 1.0 s"
    assert [frame.eyes is None for frame in frames] == [False, True, True]
    assert all(frame.faces for frame in frames)


class Ahead:
    """A display: it wakes the loop every 10 ms for 30 ms later; once, for what has passed."""

    def __init__(self) -> None:
        self.asked_ns: list[int] = []

    def next(self, now_ns: int) -> tuple[int, int]:
        self.asked_ns.append(now_ns)
        wake_ns = now_ns + 10 * NS_PER_MS
        return wake_ns, wake_ns + (30 if len(self.asked_ns) < 3 else -30) * NS_PER_MS


def test_frames_are_for_the_time_the_beat_says_but_never_for_the_past() -> None:
    pace, beat = Stepped(), Ahead()
    with Devices({"scripted": Scripted(pace)}, beat, pace=pace) as devices:
        frames = devices.frames()
        times = [next(frames).time_ns]
        pace.spend(4 * NS_PER_MS)
        times += [frame.time_ns for frame in islice(frames, 2)]
    start_ns = 50 * NS_PER_S
    assert [(at - start_ns) / NS_PER_MS for at in beat.asked_ns] == [0, 14, 24]
    assert [(at - start_ns) / NS_PER_MS for at in times] == [40, 54, 34]


def test_where_one_sensor_cannot_be_opened_none_stays_open() -> None:
    good, broken = Scripted(Stepped()), Scripted(Stepped(), broken=True)
    with (
        pytest.raises(SensorError, match="camera 0"),
        Devices({"good": good, "broken": broken}, 60.0),
    ):
        pass
    assert not good.is_open


def stored(count: int, step_ns: int) -> Callable[[], Iterable[SensorFrame]]:
    return lambda: (
        SensorFrame(
            time_ns=i * step_ns, faces=(face("mouth", i * step_ns - 3),), eyes=eyes(i * step_ns),
            head=head(i * step_ns), audio=(sound(i * step_ns),), images=(image(i * step_ns),),
        )
        for i in range(count)
    )  # fmt: skip


def test_playback_moves_every_time_by_the_same_and_keeps_pace() -> None:
    pace = Stepped()
    start_ns = pace.now_ns()
    with Playback("take", stored(20, 2 * NS_PER_MS), pace=pace) as playback:
        frames = list(playback.frames())
    assert [frame.time_ns for frame in frames] == [start_ns + n * 2 * NS_PER_MS for n in range(20)]
    assert pace.now_ns() == frames[-1].time_ns
    for frame in frames:
        at_ns = frame.time_ns
        assert (frame.faces[0].time_ns, frame.faces[0].received_ns) == (at_ns - 3, at_ns - 2)
        assert frame.eyes is not None
        assert frame.head is not None
        others = (frame.eyes, frame.head, *frame.audio, *frame.images)
        assert {one.time_ns for one in others} == {at_ns}


def test_playback_ends_unless_it_loops() -> None:
    assert len(list(Playback("take", stored(3, NS_PER_MS), pace=Stepped()).frames())) == 3
    looped = Playback("take", stored(3, NS_PER_MS), loop=True, pace=Stepped())
    times = [frame.time_ns for frame in islice(looped.frames(), 10)]
    assert len(times) == 10
    assert times == sorted(times)


def test_playback_of_nothing_ends_even_looped() -> None:
    assert list(Playback("take", stored(0, 1), loop=True).frames()) == []


def test_playback_skips_what_is_late_and_counts_it() -> None:
    pace = Stepped()
    playback = Playback("take", stored(400, NS_PER_MS), pace=pace)
    frames = playback.frames()
    first = next(frames)
    pace.spend(250 * NS_PER_MS)
    rest = list(frames)
    # What is up to 100 ms late is shown late, the 149 frames before that are not.
    assert rest[0].time_ns - first.time_ns == 150 * NS_PER_MS
    assert (len(rest), playback.health()["take"].dropped) == (250, 149)


class Quick(Scripted):
    """A sensor four times as fast as the loop."""

    def read(self) -> Sequence[Sample]:
        at_ns = self._pace.now_ns()
        return [
            observed("quick", NO_WEIGHTS, time_ns=at_ns - n * NS_PER_MS, received_ns=at_ns)
            for n in (3, 2, 1, 0)
        ]


def test_a_tap_hears_every_sample_though_frames_show_the_newest() -> None:
    pace, heard = Stepped(), list[Sample]()
    with Devices({"quick": Quick(pace)}, 100.0, pace=pace) as devices:
        devices.tap(heard.extend)
        frames = list(islice(devices.frames(), 10))
    assert len(heard) == 40
    assert [frame.faces[0].time_ns for frame in frames] == [s.time_ns for s in heard[3::4]]
