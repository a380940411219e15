"""Stands before an output: lets faces through while its wearer's consent holds, and counts them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Final, Protocol, Self, runtime_checkable

from ...headset.clock import NS_PER_S, now_ns
from ...headset.errors import UnvisorError
from ...headset.frame import Face, Health, SensorFrame, Sink
from ...headset.permit import Permit
from .chain_lines import Sent
from .stated import require

_AGAIN_NS: Final = 2 * NS_PER_S
"""Between two attempts to open an output again: to look a host's name up may take a while."""


@runtime_checkable
class Weighed(Protocol):
    """An output that knows how much it sent."""

    @property
    def sent_bytes(self) -> int:
        """Since it was made."""
        ...


class Gated:
    """An output behind a permit.

    Where consent ends, the output is closed, so that it says its farewell and the avatar does not stay
    with the last face; where it holds again, it is opened again.
    """

    def __init__(self, destination: str, sink: Sink, permit: Permit) -> None:
        """Put a permit before an output.

        Args:
            destination: What the permit is asked for.
            sink: The output, not yet open.
            permit: Asked before anything goes out, and for every face.
        """
        self.destination = destination
        self._sink = sink
        self._permit = permit
        self._open = False
        self._refusal = ""
        self._unopened = ""
        self._again_ns = 0
        self._faces = 0
        self._refused = 0

    @property
    def refusal(self) -> str:
        """Why nothing goes out now, empty where it does."""
        return self._refusal

    @property
    def sent(self) -> Sent:
        """What went out so far."""
        return Sent(faces=self._faces, octets=self._octets() or 0, refused=self._refused)

    def _octets(self) -> int | None:
        return self._sink.sent_bytes if isinstance(self._sink, Weighed) else None

    def __enter__(self) -> Self:
        """Open the output.

        Raises:
            ConsentError: Nothing may go there.
        """
        require(self._permit, self.destination)
        self._sink.__enter__()
        self._open = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        if self._open:
            self._open = False
            self._sink.__exit__(kind, error, trace)

    def put(self, frame: SensorFrame, face: Face) -> None:
        """Send one face on, if it may go."""
        self._refusal = self._permit.refusal(self.destination) or ""
        if self._refusal:
            self._refused += 1
            if self._open:
                self._open = False
                with suppress(UnvisorError):  # it ends anyway
                    self._sink.__exit__(None, None, None)
            return
        if not self._open:
            self._refusal = self._opened_again()
            if self._refusal:
                return
        before = self._octets()
        self._sink.put(frame, face)
        self._faces += before is None or self._octets() != before  # a face at rest may say nothing

    def _opened_again(self) -> str:
        """Open the output; return why it cannot be, empty where it is open."""
        if now_ns() >= self._again_ns:
            try:
                self._sink.__enter__()
                self._open, self._unopened = True, ""
            except UnvisorError as error:
                self._unopened = str(error)
                self._again_ns = now_ns() + _AGAIN_NS
        return self._unopened

    def health(self) -> Health:
        """Return how the output is doing; one that may not send is lost, and says why."""
        health = self._sink.health()
        if not self._refusal:
            return health
        what, _, remedy = self._refusal.rpartition(": ")
        return replace(health, state="lost", note=what, remedy=remedy)
