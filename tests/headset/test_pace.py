from __future__ import annotations

from unvisor.headset.clock import NS_PER_MS, NS_PER_S, now_ns
from unvisor.headset.pace import HOST, sleep_until


def test_waiting_never_ends_early_and_what_has_passed_is_not_waited_for() -> None:
    for _ in range(5):
        at_ns = HOST.now_ns() + 3 * NS_PER_MS
        HOST.sleep_until(at_ns)
        assert now_ns() >= at_ns
    sleep_until(now_ns() - NS_PER_S)
