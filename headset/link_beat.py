"""When to make a face so that it is ready as the headset begins to draw, for when it will be seen."""

from __future__ import annotations

from typing import Final

from .clock import NS_PER_MS, NS_PER_S
from .link_ring import RingReader
from .pace import Steady

LEAD_NS: Final = 3 * NS_PER_MS
"""How long before the headset takes a face it is begun: a face takes 1 ms (p99 2 ms), crossing over
some µs, and what is later is seen a whole frame later."""

STALE_NS: Final = NS_PER_S // 2
"""After this long without a frame the display says nothing of now."""

_PERIODS_NS: Final = (2 * NS_PER_MS, 100 * NS_PER_MS)  # displays are of 10 to 500 Hz
_FARTHEST_NS: Final = NS_PER_S // 4  # a frame is seen some tens of ms after it begins


class DisplayBeat:
    """A `Beat` that follows the headset's display, and is steady while there is none.

    A frame of the headset begins every period; the next ones are taken to begin whole periods after
    the newest, and to be seen as long after as that one.
    """

    def __init__(self, display: RingReader, rate_hz: float) -> None:
        """Prepare.

        Args:
            display: Of the ring `link_layout.DISPLAY`.
            rate_hz: Faces a second while the headset shows nothing, above 0.
        """
        self._display = display
        self._steady = Steady(rate_hz)
        self._began_ns = self._seen_ns = self._period_ns = 0
        self._last_ns = 0

    def next(self, now_ns: int) -> tuple[int, int]:
        """Return when to wake, not before now, and which time to make a face for.

        Times to make faces for only grow; what was missed is skipped.
        """
        self._look()
        if 0 <= now_ns - self._began_ns < STALE_NS:
            wake_ns, time_ns = self._following(now_ns)
        else:
            wake_ns, time_ns = self._steady.next(now_ns)
        self._last_ns = max(time_ns, self._last_ns + 1)
        return wake_ns, self._last_ns

    def _following(self, now_ns: int) -> tuple[int, int]:
        period_ns = self._period_ns
        frames = max(1, -((self._began_ns - LEAD_NS - now_ns) // period_ns))
        # What is timed anew shifts a little: half a period on is the next frame, less is the same.
        due_ns = self._last_ns + period_ns // 2 - self._seen_ns
        if due_ns < STALE_NS:
            frames = max(frames, -(-due_ns // period_ns))
        wake_ns = max(now_ns, self._began_ns + frames * period_ns - LEAD_NS)
        return wake_ns, self._seen_ns + frames * period_ns

    def _look(self) -> None:
        record = self._display.newest()
        if record is None:
            return
        began_ns, seen_ns = int(record["time_ns"]), int(record["display_ns"])
        period_ns = int(record["period_ns"])
        shortest_ns, longest_ns = _PERIODS_NS
        if shortest_ns <= period_ns <= longest_ns and 0 <= seen_ns - began_ns < _FARTHEST_NS:
            self._began_ns, self._seen_ns, self._period_ns = began_ns, seen_ns, period_ns
