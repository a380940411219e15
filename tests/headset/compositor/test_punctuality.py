"""Frames are counted, and the time they take is told apart from the time that passes."""

from __future__ import annotations

import math
import sys
import time

import pytest

from unvisor.headset.clock import NS_PER_MS, now_ns
from unvisor.headset.compositor.punctuality import COUNTED, Punctuality
from unvisor.headset.compositor.stage import StageBeat


def beat(display_ns: int, period_ns: int = 10 * NS_PER_MS) -> StageBeat:
    return StageBeat(display_ns=display_ns, period_ns=period_ns, seen=True)


def work(for_ns: int) -> None:
    until = time.thread_time_ns() + for_ns
    while time.thread_time_ns() < until:
        pass


def test_frames_the_display_went_without_are_skipped():
    punctuality = Punctuality()
    for display_ms in (10, 20, 31, 40, 70, 80):  # 50 and 60 are missing
        punctuality.begin(beat(display_ms * NS_PER_MS))
        punctuality.end()
    assert (punctuality.frames, punctuality.skipped, punctuality.late) == (6, 2, 0)


def test_a_pause_skips_nothing():
    punctuality = Punctuality()
    punctuality.begin(beat(10 * NS_PER_MS))
    punctuality.end()
    punctuality.pause()
    punctuality.begin(beat(9_000 * NS_PER_MS))
    assert punctuality.skipped == 0


def test_work_that_takes_longer_than_a_frame_is_late():
    punctuality = Punctuality()
    for work_ns in (0, 3 * NS_PER_MS, 0, 0):
        punctuality.begin(beat(now_ns(), 2 * NS_PER_MS))
        work(work_ns)
        punctuality.end()
    assert punctuality.late >= 1
    assert 3.0 <= punctuality.quantile_ms(1.0) <= 50.0
    assert punctuality.quantile_ms(0.5) < 3.0


def test_a_runtime_that_makes_frames_longer_hides_nothing():
    punctuality = Punctuality()
    for period_ns in (2 * NS_PER_MS, 20 * NS_PER_MS):
        punctuality.begin(beat(now_ns(), period_ns))
        if period_ns > 2 * NS_PER_MS:
            work(3 * NS_PER_MS)
        punctuality.end()
    assert punctuality.late >= 1


@pytest.mark.skipif(sys.platform == "win32", reason="elsewhere: Windows counts what passes")
def test_waiting_is_not_work():
    punctuality = Punctuality()
    punctuality.begin(beat(now_ns(), 2 * NS_PER_MS))
    time.sleep(0.02)
    punctuality.end()
    assert punctuality.late == 0
    assert punctuality.quantile_ms(1.0) < 2.0


def test_it_says_so_in_words():
    punctuality = Punctuality()
    assert math.isnan(punctuality.quantile_ms(0.5))
    for seen_ns in (10 * NS_PER_MS, 40 * NS_PER_MS):
        punctuality.begin(beat(seen_ns))
        punctuality.end()
    counted = COUNTED.fullmatch(punctuality.words())
    assert counted is not None
    told = counted.groupdict()
    assert (told["frames"], told["duration_s"], told["late"]) == ("2", "0.0", "0")
    assert int(told["skipped"]) == punctuality.skipped > 0
    assert float(told["cpu_p99_ms"]) == pytest.approx(punctuality.quantile_ms(0.99), abs=0.01)
