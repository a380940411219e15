"""A sensor that nobody named: opened when it can be, and no trouble where it cannot.

Several programs want one tracker's port, and whoever has it keeps it. So a sensor that is only read
because it takes nothing from anyone waits for its port, says who has it, and tries again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from threading import Event, Thread
from types import TracebackType
from typing import Final, Self

from ..errors import UnvisorError
from ..frame import Health, Reader, Sample

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 15.0
"""Between two tries. To find out who has a port costs some milliseconds each time."""


class Patient:
    """A `Reader` around another that opens it as soon as it can be opened."""

    def __init__(
        self,
        reader: Reader,
        *,
        first_pause_s: float = FIRST_PAUSE_S,
        longest_pause_s: float = LONGEST_PAUSE_S,
    ) -> None:
        """Prepare; nothing is opened.

        Args:
            reader: What to open.
            first_pause_s: Before the second try; each pause is twice the one before,
            longest_pause_s: up to this.
        """
        self._reader = reader
        self._pauses_s = (first_pause_s, longest_pause_s)
        self._stop = Event()
        self._thread: Thread | None = None
        self._opened = False
        self._refusal = ""
        """Why it could not be opened when it was last tried."""

    def __enter__(self) -> Self:
        self._stop.clear()
        if not self._open():
            self._thread = Thread(target=self._try_again, daemon=True, name="patient")
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._thread = None
        if self._opened:
            self._opened = False
            self._reader.__exit__(kind, error, trace)

    def read(self) -> Sequence[Sample]:
        """Return what arrived since the last call; nothing while it is not open."""
        return self._reader.read() if self._opened else []

    def health(self) -> Health:
        """Return how it is doing; while it is not open, why not.

        What can never work here needs no remedy: nobody asked for it.
        """
        if not self._refusal:
            health = self._reader.health()
            return replace(health, remedy="") if health.state == "off" else health
        what, _, remedy = self._refusal.rpartition(": ")
        return Health(state="waiting", note=what, remedy=f"{remedy}; it is tried again by itself")

    def _open(self) -> bool:
        try:
            self._reader.__enter__()
        except UnvisorError as error:
            self._refusal = str(error)
            return False
        self._refusal, self._opened = "", True
        return True

    def _try_again(self) -> None:
        pause_s, longest_s = self._pauses_s
        while not self._stop.wait(pause_s):
            if self._open():
                return
            pause_s = min(2.0 * pause_s, longest_s)
