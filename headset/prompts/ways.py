"""All ways to a wearer at once: each that opens is told, and each that fails fails alone."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from types import TracebackType
from typing import Self

from ..errors import UnvisorError
from .prompt import Prompt, Way


class Ways:
    """Ways to one wearer; a context manager, of one thread.

    Attributes:
        failed: Why a way is not used, by its name: from the start, or from when it failed.
    """

    def __init__(self, ways: Sequence[Way]) -> None:
        """Prepare; nothing is opened."""
        self.failed: dict[str, str] = {}
        self._ways = ways
        self._used: list[Way] = []
        self._told: Prompt | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for way in self._ways:
                try:
                    way.__enter__()
                except UnvisorError as error:
                    self.failed[way.name] = str(error)
                else:
                    stack.push(partial(self._closed, way))
                    self._used.append(way)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self._used, self._told = [], None
        self._stack.__exit__(kind, error, trace)

    def _closed(
        self,
        way: Way,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close one way; that it cannot be is no reason to lose what was told by the others."""
        try:
            way.__exit__(kind, error, trace)
        except UnvisorError as fault:
            self.failed.setdefault(way.name, str(fault))

    @property
    def names(self) -> tuple[str, ...]:
        """What prompts go out by."""
        return tuple(way.name for way in self._used)

    @property
    def shows_targets(self) -> bool:
        """Whether one of them can show what is to be looked at."""
        return any(way.shows_targets for way in self._used)

    def tell(self, prompt: Prompt) -> None:
        """Pass a prompt on by all of them; one equal to the last costs nothing."""
        before, self._told = self._told, prompt
        if prompt == before:
            return
        anew = before is None or before.turn != prompt.turn
        for way in tuple(self._used):
            if not (anew or way.counts_down):
                continue
            try:
                way.tell(prompt)
            except UnvisorError as error:
                self.failed[way.name] = str(error)
                self._used.remove(way)
