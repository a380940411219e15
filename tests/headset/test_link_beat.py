"""The display's beat: one face a frame, in time, for when that frame is seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from unvisor.headset.clock import NS_PER_MS, NS_PER_S
from unvisor.headset.link import HeadsetEnd, make_folder, opened, remove_folder
from unvisor.headset.link_beat import LEAD_NS, STALE_NS, DisplayBeat
from unvisor.headset.link_layout import DISPLAY
from unvisor.headset.link_ring import RingReader

PERIOD_NS = 11 * NS_PER_MS
AHEAD_NS = 30 * NS_PER_MS
OWN_NS = NS_PER_S // 10
START_NS = 5 * NS_PER_S


@pytest.fixture
def end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[HeadsetEnd, DisplayBeat]]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    folder = make_folder()
    with opened(folder, "headset", writing=False) as file:
        ring = RingReader(file, DISPLAY)
        headset = HeadsetEnd(folder)
        yield headset, DisplayBeat(ring, 10.0)
        headset.close()
    remove_folder(folder)


def tell(headset: HeadsetEnd, began_ns: int, *, period_ns: int = PERIOD_NS) -> None:
    headset.tell_display(
        time_ns=began_ns, display_ns=began_ns + AHEAD_NS, period_ns=period_ns, drawn=0
    )


def test_without_a_display_it_is_steady_and_skips_what_it_missed(
    end: tuple[HeadsetEnd, DisplayBeat],
) -> None:
    _, beat = end
    assert beat.next(START_NS) == (START_NS, START_NS)
    second_ns = START_NS + OWN_NS
    assert beat.next(START_NS + 1) == (second_ns, second_ns)
    late_ns = second_ns + 10 * OWN_NS
    assert beat.next(late_ns - 1) == (late_ns, late_ns)


def test_a_face_is_begun_a_little_before_the_frame_that_shows_it(
    end: tuple[HeadsetEnd, DisplayBeat],
) -> None:
    headset, beat = end
    tell(headset, START_NS)
    wake_ns, time_ns = beat.next(START_NS + 1)
    assert wake_ns == START_NS + PERIOD_NS - LEAD_NS
    assert time_ns == START_NS + PERIOD_NS + AHEAD_NS
    # Too late for that one: the next.
    wake_ns, time_ns = beat.next(START_NS + PERIOD_NS - LEAD_NS + 1)
    assert wake_ns == START_NS + 2 * PERIOD_NS - LEAD_NS
    assert time_ns == START_NS + 2 * PERIOD_NS + AHEAD_NS


@pytest.mark.parametrize("jitter_ns", [0, NS_PER_MS, 3 * NS_PER_MS])
def test_each_frame_gets_one_face(end: tuple[HeadsetEnd, DisplayBeat], jitter_ns: int) -> None:
    """However the times wander on which frames are said to begin, and be seen."""
    headset, beat = end
    noise = np.random.default_rng(jitter_ns).integers(-jitter_ns, jitter_ns + 1, size=500)
    begins = [START_NS + number * PERIOD_NS + int(shift) for number, shift in enumerate(noise)]
    at_ns, told = begins[0], 0
    times: list[int] = []
    while told < len(begins):
        while told < len(begins) and begins[told] <= at_ns:
            tell(headset, begins[told])
            told += 1
        wake_ns, time_ns = beat.next(at_ns)
        assert wake_ns >= at_ns
        times.append(time_ns)
        at_ns = wake_ns + NS_PER_MS  # the face's making
    assert (np.diff(times) > PERIOD_NS // 4).all()
    for_frames = np.round((np.array(times) - START_NS - AHEAD_NS) / PERIOD_NS)
    if jitter_ns < PERIOD_NS // 8:
        np.testing.assert_array_equal(for_frames, np.arange(1, len(times) + 1))
    assert abs(len(times) - len(begins)) <= len(begins) // 20


def test_a_display_that_stops_is_left_and_one_that_returns_is_followed(
    end: tuple[HeadsetEnd, DisplayBeat],
) -> None:
    headset, beat = end
    tell(headset, START_NS)
    _, followed_ns = beat.next(START_NS)
    stopped_ns = START_NS + STALE_NS
    assert beat.next(stopped_ns) == (stopped_ns, stopped_ns)
    back_ns = stopped_ns + NS_PER_S // 20  # while faces are made for later than its first frame
    tell(headset, back_ns)
    times = [followed_ns, beat.next(back_ns)[1], beat.next(back_ns + PERIOD_NS)[1]]
    assert times == sorted(set(times))
    assert times[-1] <= back_ns + NS_PER_S // 5


def test_times_only_grow(end: tuple[HeadsetEnd, DisplayBeat]) -> None:
    """Also where the display goes, and its last frames were for later than the other beat's now."""
    headset, beat = end
    rng = np.random.default_rng(0)
    at_ns, last_ns = START_NS, 0
    for _ in range(2_000):
        if rng.uniform() < 0.3:
            tell(headset, at_ns - int(rng.integers(0, 20 * NS_PER_MS)))
        wake_ns, time_ns = beat.next(at_ns)
        assert wake_ns >= at_ns
        assert time_ns > last_ns
        last_ns = time_ns
        at_ns = wake_ns + int(rng.integers(0, NS_PER_S if rng.uniform() < 0.02 else NS_PER_MS))
        assert last_ns < at_ns + NS_PER_S


@pytest.mark.parametrize("period_ns", [0, -1, 1, 2**62])
def test_a_period_that_no_display_has_is_passed_over(
    end: tuple[HeadsetEnd, DisplayBeat], period_ns: int
) -> None:
    headset, beat = end
    tell(headset, START_NS, period_ns=period_ns)
    assert beat.next(START_NS) == (START_NS, START_NS)
