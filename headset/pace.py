"""Waiting for an instant, to a few tens of microseconds."""

from __future__ import annotations

import time
from typing import Final, Protocol

from .clock import NS_PER_MS, NS_PER_S, now_ns

SPIN_NS: Final = NS_PER_MS
"""How long before the instant sleeping gives way to spinning.

A sleep is late by 157 µs (median) to 223 µs (p99); sleeping to 1 ms before and spinning the rest,
by 0.8 and 25 µs. Source: DEPENDENCIES, "Pacing".
"""


class Pace(Protocol):
    """A clock that can be waited on: what paces a live source."""

    def now_ns(self) -> int:
        """Return the time, nanoseconds, never going back."""
        ...

    def sleep_until(self, at_ns: int) -> None:
        """Return at an instant; at once where it has passed."""
        ...


class _Host:
    """The host clock."""

    def now_ns(self) -> int:
        return now_ns()

    def sleep_until(self, at_ns: int) -> None:
        while (left_ns := at_ns - now_ns()) > 0:
            # sleep(0) while spinning: other threads (sockets, the writer) may have the interpreter.
            time.sleep(max(0, left_ns - SPIN_NS) / NS_PER_S)


HOST: Final[Pace] = _Host()
sleep_until: Final = HOST.sleep_until
