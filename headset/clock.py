"""One clock for everything: `now_ns`.

`time.perf_counter_ns()` is monotonic and fine-grained on Linux and Windows alike (on Linux it is
CLOCK_MONOTONIC, which OpenXR runtimes use too). Wherever a number is called `time_ns` it is on
this clock; a recording's times start anywhere on it and only their differences mean something.
Every reader converts its device's times once, by an `Offset`. Nothing below `tools/` reads the
wall clock.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000


def now_ns() -> int:
    """Return the host clock, nanoseconds, monotonic, origin unspecified."""
    return time.perf_counter_ns()


def seconds(duration_ns: int) -> float:
    """Return a duration in seconds."""
    return duration_ns / NS_PER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """How another clock stands to ours: ours = theirs + offset_ns.

    Attributes:
        offset_ns: Added to a time on their clock to give one on ours.
        error_ns: Largest expected error of a converted time, not negative.
    """

    offset_ns: int
    error_ns: int

    def ours(self, theirs_ns: int) -> int:
        """Return a time of theirs on our clock, nanoseconds."""
        return theirs_ns + self.offset_ns

    def theirs(self, ours_ns: int) -> int:
        """Return a time of ours on their clock, nanoseconds."""
        return ours_ns - self.offset_ns
