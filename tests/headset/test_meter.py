from __future__ import annotations

import math
import time
from threading import Thread

import pytest

from unvisor.headset.clock import NS_PER_MS, NS_PER_S, now_ns
from unvisor.headset.meter import Meter
from unvisor.headset.pace import sleep_until


def test_nothing_yet_is_waiting_with_its_remedy() -> None:
    health = Meter().health(remedy="switch it on")
    assert health.state == "waiting"
    assert math.isnan(health.age_s)
    assert health.remedy == "switch it on"


def test_a_steady_source_is_live_at_its_rate() -> None:
    meter, at_ns = Meter(), now_ns()
    for index in reversed(range(150)):
        meter.tick(at_ns - index * 10 * NS_PER_MS)
    health = meter.health(note="odd", remedy="never shown")
    assert health.state == "live"
    assert health.rate_hz == pytest.approx(100.0, rel=0.05)
    assert (health.note, health.remedy) == ("odd", "")


def test_silence_is_lost_and_its_rate_is_none() -> None:
    meter = Meter()
    for index in reversed(range(100)):
        meter.tick(now_ns() - 5 * NS_PER_S - index * NS_PER_MS)
    meter.drop(3)
    health = meter.health(remedy="switch it on")
    assert (health.state, health.rate_hz, health.dropped) == ("lost", 0.0, 3)
    assert health.age_s == pytest.approx(5.0, abs=0.5)
    assert health.remedy == "switch it on"


def test_counting_and_asking_from_several_threads() -> None:
    meter = Meter()

    def count() -> None:
        for _ in range(5000):
            meter.tick(now_ns())
            meter.drop()

    threads = [Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        meter.health()
    assert meter.health().dropped == 20_000


def test_sleeping_ends_after_the_instant_and_not_long_after() -> None:
    at_ns = now_ns() + 5 * NS_PER_MS
    sleep_until(at_ns)
    late_ns = now_ns() - at_ns
    assert 0 <= late_ns < 500 * NS_PER_MS  # not a measurement: this machine is shared
    before = time.perf_counter_ns()
    sleep_until(before - NS_PER_S)
    assert time.perf_counter_ns() - before < 500 * NS_PER_MS
