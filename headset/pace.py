"""Waiting for an instant, to a few tens of microseconds."""

from __future__ import annotations

import time
from typing import Final

from .clock import NS_PER_MS, NS_PER_S, now_ns

SPIN_NS: Final = NS_PER_MS
"""How long before the instant sleeping gives way to spinning.

A sleep is late by 157 µs (median) to 223 µs (p99); sleeping to 1 ms before and spinning the rest,
by 0.8 and 25 µs. Source: DEPENDENCIES, "Pacing".
"""


def sleep_until(at_ns: int) -> None:
    """Return at an instant of the host clock; at once where it has passed."""
    while (left_ns := at_ns - now_ns()) > 0:
        # sleep(0) while spinning: other threads (sockets, the writer) may have the interpreter.
        time.sleep(max(0, left_ns - SPIN_NS) / NS_PER_S)
