from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from threading import Event, Thread

from unvisor.headset.clock import NS_PER_MS, NS_PER_S, now_ns
from unvisor.headset.pace import HOST, OnArrival, Steady, sleep_until


def test_waiting_never_ends_early_and_what_has_passed_is_not_waited_for() -> None:
    for _ in range(5):
        at_ns = HOST.now_ns() + 3 * NS_PER_MS
        HOST.sleep_until(at_ns)
        assert now_ns() >= at_ns
    sleep_until(now_ns() - NS_PER_S)


def test_a_steady_beat_starts_at_once_and_keeps_its_periods() -> None:
    beat = Steady(100.0)
    assert [beat.next(now_ns) for now_ns in (7, 8, 9 + 10 * NS_PER_MS)] == [
        (at_ns, at_ns) for at_ns in (7, 7 + 10 * NS_PER_MS, 7 + 20 * NS_PER_MS)
    ]


def test_a_steady_beat_skips_what_was_missed() -> None:
    beat = Steady(100.0)
    beat.next(0)
    assert beat.next(35 * NS_PER_MS)[0] == 40 * NS_PER_MS
    assert beat.next(50 * NS_PER_MS)[0] == 50 * NS_PER_MS  # just in time is not missed


PERIOD_NS = NS_PER_S // 20
DEAF_NS = 2 * PERIOD_NS // 3
PATIENCE_NS = 5 * PERIOD_NS // 4


def woken(beat: OnArrival) -> int:
    """Wait for the next beat as a loop does; return when that was."""
    wake_ns, time_ns = beat.next(beat.now_ns())
    assert time_ns == wake_ns
    beat.sleep_until(wake_ns)
    return now_ns()


@contextmanager
def ringing(beat: OnArrival, every_s: float) -> Generator[None]:
    """A sensor, in a thread."""
    stop = Event()

    def ring() -> None:
        while not stop.wait(every_s):
            beat.ring()

    sensor = Thread(target=ring)
    sensor.start()
    yield
    stop.set()
    sensor.join()


def test_in_silence_it_goes_on_at_its_own_rate() -> None:
    beat, began_ns = OnArrival(20.0), now_ns()
    woke = [woken(beat) for _ in range(4)]
    assert woke[-1] - began_ns >= 3 * PERIOD_NS


def test_an_arrival_wakes_it_and_it_never_hurries() -> None:
    beat, began_ns = OnArrival(20.0), now_ns()
    woken(beat)
    with ringing(beat, 0.001):
        woke = [woken(beat) for _ in range(6)]
    assert woke[-1] - began_ns >= 6 * DEAF_NS
    assert beat.next(0)[0] - began_ns >= 5 * DEAF_NS + PATIENCE_NS  # it is in step


def test_what_rings_while_it_is_deaf_is_heard_out_of_step_alone() -> None:
    beat = OnArrival(20.0)
    woken(beat)
    beat.ring()
    began_ns = now_ns()
    woken(beat)  # it answers, and is in step from here on
    beat.ring()  # this is in the face that follows
    assert woken(beat) - began_ns >= PATIENCE_NS
