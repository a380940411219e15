from __future__ import annotations

import math
from threading import Thread

import pytest

from unvisor.headset.clock import NS_PER_MS, NS_PER_S
from unvisor.headset.meter import Meter

NOW_NS = 100 * NS_PER_S


def test_nothing_yet_is_waiting_with_its_remedy() -> None:
    health = Meter().health(remedy="switch it on")
    assert health.state == "waiting"
    assert math.isnan(health.age_s)
    assert health.remedy == "switch it on"


def test_a_steady_source_is_live_at_its_rate() -> None:
    meter = Meter()
    for index in reversed(range(150)):
        meter.tick(NOW_NS - index * 10 * NS_PER_MS)
    health = meter.health(note="odd", remedy="never shown", at_ns=NOW_NS)
    assert health.state == "live"
    assert health.rate_hz == pytest.approx(100.0)
    assert health.age_s == 0.0
    assert (health.note, health.remedy) == ("odd", "")


def test_a_source_that_stops_slows_down_and_is_lost_after_a_second() -> None:
    meter = Meter()
    for index in reversed(range(101)):
        meter.tick(NOW_NS - index * 10 * NS_PER_MS)
    later = [meter.health(at_ns=NOW_NS + ms * NS_PER_MS) for ms in (0, 500, 999, 1000, 2990)]
    assert [health.state for health in later] == ["live", "live", "live", "lost", "lost"]
    rates = [health.rate_hz for health in later]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == pytest.approx(100.0)
    assert rates[-1] == 0.0


def test_silence_is_lost_and_its_rate_is_none() -> None:
    meter = Meter()
    for index in reversed(range(100)):
        meter.tick(NOW_NS - 5 * NS_PER_S - index * NS_PER_MS)
    meter.drop(3)
    health = meter.health(remedy="switch it on", at_ns=NOW_NS)
    assert (health.state, health.rate_hz, health.dropped) == ("lost", 0.0, 3)
    assert health.age_s == 5.0
    assert health.remedy == "switch it on"


def test_counting_and_asking_from_several_threads() -> None:
    meter = Meter()

    def count(number: int) -> None:
        for index in range(5000):
            meter.tick(NOW_NS + index * 4 + number)
            meter.drop()

    threads = [Thread(target=count, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        meter.health(at_ns=NOW_NS)
    assert meter.health(at_ns=NOW_NS).dropped == 20_000
