"""Whether frames are ready in time, and whose fault it is where they are not.

Counted without an allocation: a frame is two looks at a clock and one more in a list that is there.
"""

from __future__ import annotations

import re
import sys
import time
from itertools import accumulate
from typing import Final

from ..clock import NS_PER_MS, seconds
from .stage import StageBeat

COUNTED: Final = re.compile(
    r"(?P<frames>\d+) frames in (?P<duration_s>[\d.]+) s, (?P<skipped>\d+) skipped, "
    r"(?P<late>\d+) late by our own CPU "
    r"\((?P<cpu_p50_ms>[\d.]+) ms p50, (?P<cpu_p99_ms>[\d.]+) ms p99\)"
)
"""What `Punctuality.words` says, for whoever reads it in a log."""

_STEP_NS: Final = NS_PER_MS // 20
_STEPS: Final = 1000  # to 50 ms: nothing that is late by more need be told apart
_SKIPPED: Final = 1.5  # periods from one frame to the next: a display's own jitter stays below

# Of this thread alone, so not of a driver's threads, nor of other programs that are given its core.
# Windows counts that in ticks of 16 ms, so there it is the time that passed: never less.
if sys.platform == "win32":
    from ..clock import now_ns as _spent_ns
else:
    _spent_ns = time.thread_time_ns


class Punctuality:
    """Of one stage.

    Attributes:
        frames: How many were begun.
        late: Of how many this process's own work took longer than a frame lasts; than the shortest that
            was heard of, for some runtimes make frames longer where a program is slow.
        skipped: How many frames the display showed without one of ours: too late by whatever, or left
            out by the runtime.
    """

    def __init__(self) -> None:
        self.frames = self.late = self.skipped = 0
        self._counts = [0] * _STEPS
        self._began_ns = self._shown_ns = self._lasted_ns = 0
        self._shortest_ns: int | None = None

    def begin(self, beat: StageBeat) -> None:
        """Begin to count, right after `Stage.wait`."""
        period_ns = beat.period_ns
        if period_ns > 0:
            self._shortest_ns = min(self._shortest_ns or period_ns, period_ns)
            if self._shown_ns:
                gap_ns = beat.display_ns - self._shown_ns
                self._lasted_ns += gap_ns
                if gap_ns > _SKIPPED * period_ns:
                    self.skipped += round(gap_ns / period_ns) - 1
        self._shown_ns = beat.display_ns
        self.frames += 1
        self._began_ns = _spent_ns()

    def end(self) -> None:
        """Count what was spent since, right after `Stage.show`."""
        spent_ns = _spent_ns() - self._began_ns
        self._counts[min(spent_ns // _STEP_NS, _STEPS - 1)] += 1
        if self._shortest_ns is not None and spent_ns > self._shortest_ns:
            self.late += 1

    def pause(self) -> None:
        """Hear that no frames are wanted for a while: those were not skipped."""
        self._shown_ns = 0

    def quantile_ms(self, share: float) -> float:
        """Return what that share of frames took at most of the CPU, to a twentieth of a millisecond.

        Args:
            share: 0 to 1.

        Returns:
            NaN before the first frame.
        """
        total = sum(self._counts)
        if not total:
            return float("nan")
        for step, reached in enumerate(accumulate(self._counts)):
            if reached >= share * total:
                return (step + 1) * _STEP_NS / NS_PER_MS
        return _STEPS * _STEP_NS / NS_PER_MS

    def words(self) -> str:
        """Return it all in one line, which `COUNTED` takes apart."""
        return (
            f"{self.frames} frames in {seconds(self._lasted_ns):.1f} s, {self.skipped} skipped, "
            f"{self.late} late by our own CPU ({self.quantile_ms(0.5):.2f} ms p50, "
            f"{self.quantile_ms(0.99):.2f} ms p99)"
        )
