"""What the headset process says of itself, seen from the face process."""

from __future__ import annotations

from typing import NamedTuple

from .clock import NS_PER_S, now_ns, seconds
from .link_layout import DISPLAY, STATE, text
from .link_ring import LinkFile, RingReader


class Told(NamedTuple):
    """What the headset process says of itself: `HeadsetEnd.tell_state`."""

    state: str
    note: str
    unfilmed: str


class HeadsetState:
    """What the headset process last said of its session, seen from the face process."""

    def __init__(self, file: LinkFile) -> None:
        """Start with what is said from now on."""
        self._states = RingReader(file, STATE)
        self._frames = RingReader(file, DISPLAY)
        self._told = Told("", "", "")
        self._marked_ns, self._marked, self._drawn_hz = 0, 0, 0.0
        self._counted = self._drawn = 0

    def look(self) -> Told:
        """Return what was told last, empty while nothing was."""
        record = self._states.newest()
        if record is not None:
            self._told = Told(*(text(record[name]) for name in Told._fields))
        return self._told

    def drawn(self) -> int:
        """Return how many frames were drawn, by all processes so far."""
        self._count()
        return self._drawn

    def drawn_hz(self) -> float:
        """Return how many frames a second are drawn, over the last second or so."""
        self._count()
        return self._drawn_hz if now_ns() - self._marked_ns < 2 * NS_PER_S else 0.0

    def _count(self) -> None:
        record = self._frames.newest()
        if record is not None:
            at_ns, drawn = int(record["time_ns"]), int(record["drawn"])
            self._drawn += drawn - self._counted if drawn >= self._counted else drawn
            self._counted = drawn
            since_ns = at_ns - self._marked_ns
            if since_ns >= NS_PER_S // 2:  # fewer if the process was started anew meanwhile
                self._drawn_hz = max(0, drawn - self._marked) / seconds(since_ns)
                self._marked_ns, self._marked = at_ns, drawn
