"""Counts what passes through a sensor or an output, and says how it is doing."""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import Final

from .clock import NS_PER_S, now_ns, seconds
from .frame import Health

WINDOW_S: Final = 2.0
"""Rates are over this long: short enough to see a stall, long enough to be readable."""

LOST_AFTER_S: Final = 1.0
"""Silence after which something that was live is lost; the slowest sensor we know sends at 10 Hz."""

_KEPT: Final = 1024  # bounds the memory of a flood; its rate is then taken over a shorter window


class Meter:
    """Counts events from any thread; `Health` is made from it."""

    def __init__(self, lost_after_s: float = LOST_AFTER_S) -> None:
        self._lost_after_s = lost_after_s
        self._times_ns: deque[int] = deque(maxlen=_KEPT)
        self._lock = Lock()
        self._dropped = 0

    def tick(self, at_ns: int) -> None:
        """Count one event at a time on the host clock."""
        with self._lock:
            self._times_ns.append(at_ns)

    def drop(self, count: int = 1) -> None:
        """Count what was thrown away."""
        with self._lock:
            self._dropped += count

    def health(self, *, note: str = "", remedy: str = "", at_ns: int | None = None) -> Health:
        """Return the state at an instant.

        Args:
            note: What is odd, said in any state.
            remedy: What to do where nothing comes; left out while all is well.
            at_ns: The instant on the host clock, now unless told otherwise.
        """
        at_ns = now_ns() if at_ns is None else at_ns
        with self._lock:
            times_ns, dropped = list(self._times_ns), self._dropped
        if not times_ns:
            return Health(state="waiting", dropped=dropped, note=note, remedy=remedy)
        age_s = max(0.0, seconds(at_ns - times_ns[-1]))
        live = age_s < self._lost_after_s
        return Health(
            state="live" if live else "lost",
            rate_hz=_rate_hz(times_ns, at_ns),
            age_s=age_s,
            dropped=dropped,
            note=note,
            remedy="" if live else remedy,
        )


def _rate_hz(times_ns: list[int], at_ns: int) -> float:
    recent = [t for t in times_ns if t > at_ns - WINDOW_S * NS_PER_S]
    if len(recent) < 2 or at_ns <= recent[0]:
        return 0.0
    # From the first to now, not to the last: the rate of a source that stops falls towards 0.
    return (len(recent) - 1) / seconds(at_ns - recent[0])
