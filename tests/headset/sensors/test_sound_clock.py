from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.headset.clock import NS_PER_MS, NS_PER_S
from unvisor.headset.sensors.sound_clock import BELIEVED_AFTER_S, DRIFT, REFUSED_NS, SoundClock

RATE_HZ = 48_000
BLOCK = 960
MS = float(NS_PER_MS)
Floats = NDArray[np.float64]


def ran(clock: SoundClock, truth_ns: Floats, off_ns: Floats) -> Floats:
    """Return how far off the clock's times are, being told reports that are off."""
    times_ns = [
        clock.time_ns(BLOCK * i, round(true_ns + error_ns))
        for i, (true_ns, error_ns) in enumerate(zip(truth_ns, off_ns, strict=True))
    ]
    return np.array(times_ns) - truth_ns


def truth(blocks: int, drift: float = 0.0) -> Floats:
    return 7e15 + np.arange(blocks) * BLOCK * NS_PER_S / RATE_HZ * (1.0 + drift)


@pytest.mark.parametrize("drift", [0.0, 1e-4, -3e-4])
def test_uneven_reports_of_a_card_that_drifts_become_even_times(drift: float) -> None:
    jitter_ns = np.random.default_rng(3).normal(0.0, 2 * MS, 3000)
    clock = SoundClock(RATE_HZ)
    off_ns = ran(clock, truth(3000, drift), jitter_ns)[1000:]
    assert np.sqrt(np.mean(off_ns**2)) < 0.3 * MS
    assert abs(off_ns.mean()) < 0.1 * MS
    assert np.abs(np.diff(off_ns)).max() < 0.2 * MS
    assert 1.0 * MS < clock.error_ns < 2.5 * MS


def test_from_the_first_block_times_are_no_worse_than_the_reports() -> None:
    jitter_ns = np.random.default_rng(4).normal(0.0, 2 * MS, 200)
    off_ns = ran(SoundClock(RATE_HZ), truth(200), jitter_ns)
    assert off_ns[0] == pytest.approx(jitter_ns[0], abs=1.0)
    assert np.abs(off_ns[20:]).max() < 1.5 * MS


def test_a_late_report_is_refused_whole() -> None:
    clean = ran(SoundClock(RATE_HZ), truth(500), np.zeros(500))
    late_ns = np.zeros(500)
    late_ns[[100, 101, 102, 300]] = 2 * REFUSED_NS
    assert np.array_equal(ran(SoundClock(RATE_HZ), truth(500), late_ns), clean)


def test_where_every_report_says_so_the_times_follow() -> None:
    moved_ns = np.where(np.arange(500) < 100, 0.0, 400 * MS)  # the system slept
    off_ns = ran(SoundClock(RATE_HZ), truth(500), moved_ns)
    block_s = BLOCK / RATE_HZ
    assert np.abs(off_ns[:100]).max() < 1.0
    assert np.abs(off_ns[100 + round(BELIEVED_AFTER_S / block_s) + 1 :] - 400 * MS).max() < 1.0


def test_after_lost_samples_the_next_report_is_believed_at_once() -> None:
    clock = SoundClock(RATE_HZ)
    for i, time_ns in enumerate(truth(100)):
        clock.time_ns(BLOCK * i, round(time_ns))
    after_ns = round(truth(101)[-1] + 100 * MS)
    assert clock.time_ns(BLOCK * 100, after_ns, lost=True) == after_ns


def test_a_card_that_drifts_beyond_reason_is_followed_by_jumps() -> None:
    reports_ns = np.rint((truth(2000) - 7e15) * (1.0 + 4 * DRIFT)).astype(np.int64)
    clock = SoundClock(RATE_HZ)
    times_ns = np.array([clock.time_ns(BLOCK * i, int(at)) for i, at in enumerate(reports_ns)])
    assert (np.diff(times_ns) > 0).all()
    allowed_ns = REFUSED_NS + 4 * DRIFT * 2 * BELIEVED_AFTER_S * NS_PER_S
    assert np.abs(times_ns - reports_ns).max() < allowed_ns
