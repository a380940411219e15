"""A sensor that leaves its newest words in shared memory, looked at whenever the loop asks.

The memory says neither when it was written nor that its writer still lives. So what is bit for bit
what it was before is not new and says nothing: no face is ever quite still. And while nothing new
comes it is opened again, for a program started anew has new memory under the old name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final, Self

from ..clock import NS_PER_S, now_ns
from ..frame import Health, Sample
from ..meter import Meter
from ..plug import Parse
from .udp import UNREADABLE
from .windows_map import SharedMap

_LOOK_AGAIN_NS: Final = NS_PER_S
_TRIES: Final = 3  # a writer takes a microsecond or so; one that is met thrice is met in a moment


class MapReader:
    """Reads shared memory."""

    def __init__(
        self,
        opened: Callable[[], SharedMap | None],
        parse: Parse,
        *,
        remedy: str,
        unavailable: str = "",
    ) -> None:
        """Prepare; nothing is opened.

        Args:
            opened: Opens the memory; None while it is not there.
            parse: Reads all of it.
            remedy: What the wearer does where nothing comes.
            unavailable: Why nothing ever will on this system; empty where it may.
        """
        self._opened = opened
        self._parse = parse
        self._remedy = remedy
        self._unavailable = unavailable
        self._meter = Meter()
        self._map: SharedMap | None = None
        self._looked_ns = 0
        self._last = b""
        self._note = ""

    def __enter__(self) -> Self:
        self._look(now_ns())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self._close()
        self._last = b""

    def read(self) -> Sequence[Sample]:
        """Return what stands there if it is new; never waits or raises."""
        at_ns = now_ns()
        written = self._whole()
        if not written or written == self._last:
            if at_ns - self._looked_ns >= _LOOK_AGAIN_NS:
                self._look(at_ns)
            return []
        first, self._last, self._looked_ns = not self._last, written, at_ns
        if first:  # perhaps left by a writer that is long gone
            return []
        try:
            samples = self._parse(written, at_ns)
        except UNREADABLE as error:
            self._meter.drop()
            self._note = f"unreadable: {error}"
            return []
        self._note = "" if samples else "it is there, but without a face"
        if samples:
            self._meter.tick(at_ns)
        return samples

    def health(self) -> Health:
        """Return how it is doing."""
        if self._unavailable:
            return Health(state="off", note=self._unavailable, remedy="leave this sensor out")
        return self._meter.health(note=self._note, remedy=self._remedy)

    def _whole(self) -> bytes:
        """Return what stands there, empty where nothing does or it is being written."""
        if self._map is None:
            return b""
        before = self._map.read()
        for _ in range(_TRIES):
            after = self._map.read()
            if after == before:
                return after
            before = after
        return b""

    def _look(self, at_ns: int) -> None:
        self._close()
        self._looked_ns = at_ns
        self._map = self._opened()

    def _close(self) -> None:
        if self._map is not None:
            self._map.close()
        self._map = None
