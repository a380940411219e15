"""A remote clock is found from packets that say when they were sent, whatever befalls it or them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unvisor.headset.clock import NS_PER_MS, NS_PER_S
from unvisor.headset.sensors.sender_clock import SenderClock, Timestamps

START_NS = 5_000 * NS_PER_S
SHORTEST_NS = 3 * NS_PER_MS
DAY_NS = 24 * 3600 * NS_PER_S


def clock(*, resolution_ns: int = 0, wraps_ns: int | None = None) -> SenderClock:
    told = Timestamps(
        sent_ns=lambda packet: int.from_bytes(packet, "big"),
        resolution_ns=resolution_ns,
        wraps_ns=wraps_ns,
    )
    return SenderClock(told)


def way_ns(seed: int, count: int, jitter_ms: float) -> list[int]:
    """How long packets take: never less than the shortest way, mostly little more."""
    extra = np.random.default_rng(seed).exponential(jitter_ms * NS_PER_MS, count)
    return (SHORTEST_NS + extra).astype(int).tolist()


def packets(
    *, seconds: float, rate_hz: float, theirs_ns: int, drift: float, jitter_ms: float, seed: int
) -> Iterator[tuple[int, int, int]]:
    """Yield (true, sent, received): when it was on our clock, on theirs, and when it came."""
    count = round(seconds * rate_hz)
    latest_ns = 0
    for number, way in enumerate(way_ns(seed, count, jitter_ms)):
        true_ns = START_NS + round(number * NS_PER_S / rate_hz)
        sent_ns = theirs_ns + round((true_ns - START_NS) * (1.0 + drift))
        latest_ns = max(latest_ns, true_ns + way)  # a network keeps their order
        yield true_ns, sent_ns, latest_ns


def dated(one: SenderClock, sent: Iterable[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Return (true, dated, received) of each."""
    return [(true, one.ours(at_ns, received), received) for true, at_ns, received in sent]


@given(
    rate_hz=st.sampled_from([10.0, 30.0, 60.0, 120.0]),
    theirs_ns=st.integers(-(10**18), 2 * 10**18),
    drift=st.floats(-1e-4, 1e-4),
    jitter_ms=st.floats(0.0, 8.0),
    seed=st.integers(0, 1000),
)
def test_it_is_found_within_the_error_it_states(
    rate_hz: float, theirs_ns: int, drift: float, jitter_ms: float, seed: int
) -> None:
    one, wrong = clock(), 0
    for number, (true_ns, sent_ns, received_ns) in enumerate(
        packets(
            seconds=30.0, rate_hz=rate_hz, theirs_ns=theirs_ns, drift=drift,
            jitter_ms=jitter_ms, seed=seed,
        )
    ):  # fmt: skip
        at_ns = one.ours(sent_ns, received_ns)
        assert at_ns <= received_ns
        if number % round(rate_hz / 2):
            continue
        offset = one.offset
        if number < rate_hz:
            assert offset is None
        elif number > 2 * rate_hz:
            assert offset is not None
            # What no one can know, the shortest way, is not an error of it.
            off_ns = offset.ours(sent_ns) - true_ns - SHORTEST_NS
            wrong += abs(off_ns) > offset.error_ns + NS_PER_MS
            assert abs(off_ns) < (4.0 + 2 * jitter_ms) * NS_PER_MS
    assert wrong <= 6  # of 56: nine times in ten it is as near as it says


@pytest.mark.parametrize("drift", [-1e-4, 1e-4])
def test_a_drift_is_followed_and_does_not_add_up(drift: float) -> None:
    sent = packets(
        seconds=600.0, rate_hz=30.0, theirs_ns=0, drift=drift, jitter_ms=2.0, seed=3
    )  # over which it comes to 60 ms
    late = [at_ns - true_ns - SHORTEST_NS for true_ns, at_ns, _ in dated(clock(), sent)]
    assert max(map(abs, late[1800:])) < 2 * NS_PER_MS


def shifted(
    sent: Iterable[tuple[int, int, int]], *, by_ns: int, after_s: float
) -> Iterator[tuple[int, int, int]]:
    """Set the sender's clock at an instant."""
    for true_ns, sent_ns, received_ns in sent:
        set_ns = by_ns if true_ns >= START_NS + after_s * NS_PER_S else 0
        yield true_ns, sent_ns + set_ns, received_ns


@given(
    by_s=st.one_of(st.floats(0.1, 1e8), st.floats(-1e8, -0.1)),
    rate_hz=st.sampled_from([10.0, 60.0]),
    seed=st.integers(0, 100),
)
def test_a_clock_that_is_set_is_found_again_within_a_second(
    by_s: float, rate_hz: float, seed: int
) -> None:
    sent = packets(
        seconds=6.0, rate_hz=rate_hz, theirs_ns=10**9, drift=5e-5, jitter_ms=1.0, seed=seed
    )
    one = clock()
    for true_ns, at_ns, received_ns in dated(
        one, shifted(sent, by_ns=round(by_s * NS_PER_S), after_s=3.0)
    ):
        assert received_ns - NS_PER_S <= at_ns <= received_ns
        since_s = (true_ns - START_NS) / NS_PER_S - 3.0
        if since_s < 0 or since_s > 0.5:  # until it is sure, it says when they came, or old
            assert at_ns - true_ns < 12 * NS_PER_MS
            assert true_ns - at_ns < 2 * NS_PER_MS
    assert one.offset is not None


def test_a_sender_that_starts_anew_counts_from_its_start_again() -> None:
    one = clock()
    first = dated(one, packets(
        seconds=5.0, rate_hz=60.0, theirs_ns=0, drift=0.0, jitter_ms=1.0, seed=1
    ))  # fmt: skip
    later = [(t + 8 * NS_PER_S, s, r + 8 * NS_PER_S) for t, s, r in packets(
        seconds=5.0, rate_hz=60.0, theirs_ns=0, drift=0.0, jitter_ms=1.0, seed=2
    )]  # fmt: skip
    second = dated(one, later)
    for true_ns, at_ns, _ in first[60:] + second[75:]:
        assert abs(at_ns - true_ns - SHORTEST_NS) < 2 * NS_PER_MS


def test_a_late_packet_is_dated_late_and_one_sent_twice_alike() -> None:
    one = clock()
    sent = list(packets(
        seconds=3.0, rate_hz=60.0, theirs_ns=7, drift=0.0, jitter_ms=0.5, seed=5
    ))  # fmt: skip
    dated(one, sent)
    offset = one.offset
    assert offset is not None
    _, sent_ns, received_ns = sent[-20]  # it took a way round
    assert one.ours(sent_ns, sent[-1][2]) == offset.ours(sent_ns)
    assert one.ours(sent_ns, sent[-1][2] + NS_PER_S // 10) == offset.ours(sent_ns)
    assert abs(offset.ours(sent_ns) - received_ns) < 10 * NS_PER_MS
    assert one.offset == offset


def test_a_clock_that_begins_anew_each_day_goes_on() -> None:
    one = clock(wraps_ns=DAY_NS)
    sent = [(true_ns, sent_ns % DAY_NS, received_ns) for true_ns, sent_ns, received_ns in packets(
        seconds=20.0, rate_hz=60.0, theirs_ns=DAY_NS - 10 * NS_PER_S, drift=2e-5, jitter_ms=1.0,
        seed=4,
    )]  # fmt: skip
    assert (
        min(at for _, at, _ in sent) < NS_PER_S < DAY_NS - NS_PER_S < max(at for _, at, _ in sent)
    )
    for true_ns, at_ns, _ in dated(one, sent)[90:]:
        assert abs(at_ns - true_ns - SHORTEST_NS) < 2 * NS_PER_MS


@pytest.mark.parametrize("rate", [0.0, 0.5, 2.0, -1.0])
def test_what_is_no_clock_is_not_believed(rate: float) -> None:
    one = clock()
    for _, sent_ns, received_ns in packets(
        seconds=10.0, rate_hz=60.0, theirs_ns=0, drift=rate - 1.0, jitter_ms=1.0, seed=6
    ):
        assert one.ours(sent_ns, received_ns) == received_ns
        assert one.offset is None


def test_a_clock_that_stops_is_given_up() -> None:
    one = clock()
    sent = list(packets(
        seconds=8.0, rate_hz=60.0, theirs_ns=0, drift=0.0, jitter_ms=1.0, seed=7
    ))  # fmt: skip
    stopped = [(true_ns, min(sent_ns, 4 * NS_PER_S), at_ns) for true_ns, sent_ns, at_ns in sent]
    assert all(at_ns == received_ns for _, at_ns, received_ns in dated(one, stopped)[5 * 60 + 10 :])
    assert one.offset is None


def test_the_step_of_its_times_is_an_error() -> None:
    step_ns = NS_PER_S // 60
    one = clock(resolution_ns=step_ns)
    for _, sent_ns, received_ns in packets(
        seconds=5.0, rate_hz=59.0, theirs_ns=0, drift=0.0, jitter_ms=0.1, seed=8
    ):
        one.ours(sent_ns - sent_ns % step_ns, received_ns)
    assert one.offset is not None
    assert step_ns <= one.offset.error_ns < 2 * step_ns


@given(
    given=st.lists(
        st.tuples(st.integers(-(1 << 80), 1 << 80), st.integers(0, NS_PER_S)), max_size=60
    ),
    wraps_ns=st.one_of(st.none(), st.integers(1, 1 << 62)),
)
def test_no_clock_does_harm(given: list[tuple[int, int]], wraps_ns: int | None) -> None:
    one, received_ns = clock(wraps_ns=wraps_ns), START_NS
    for sent_ns, passed_ns in given:
        received_ns += passed_ns
        assert received_ns - NS_PER_S <= one.ours(sent_ns, received_ns) <= received_ns
        offset = one.offset
        assert offset is None or offset.error_ns >= 0


def test_a_packet_that_says_nothing_is_of_when_it_came() -> None:
    silent = SenderClock(Timestamps(sent_ns=lambda _: None))
    assert silent.dated(b"", 7) == 7
    one = clock()
    assert [one.dated(sent.to_bytes(8, "big"), 9) for sent in (3, 4)] == [9, 9]
