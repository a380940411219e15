"""A UDP sensor that sends only when asked, and has to be asked again."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

import msgspec

from ..clock import NS_PER_S, now_ns
from ..errors import SensorError
from ..frame import Health, Sample
from ..plug import Parse
from .gathering import Gathering
from .sender_clock import Timestamps
from .udp import UdpReader, UdpSettings

_LOOPBACK = ("127.", "localhost", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to ask, whom and how often.

    Attributes:
        host: Name or address; empty asks nobody.
        port: Where it listens.
        payload: Our own port -> the datagram.
        every_s: Time between two requests.
        until_heard: Ask only while nothing comes.
    """

    host: str
    port: int
    payload: Callable[[int], bytes]
    every_s: float
    until_heard: bool = False


def opened_to(settings: UdpSettings, host: str) -> UdpSettings:
    """Return settings that let a device in: whoever names a phone wants to hear it."""
    if not host or host.startswith(_LOOPBACK) or not settings.host.startswith(_LOOPBACK):
        return settings
    return msgspec.structs.replace(settings, host="0.0.0.0")  # noqa: S104 - asked for by naming a phone


class AskingReader(UdpReader):
    """A `UdpReader` that sends its request as it is read; no thread more."""

    def __init__(
        self,
        settings: UdpSettings,
        parse: Parse | Gathering,
        *,
        remedy: str,
        request: Request,
        timestamps: Timestamps | None = None,
    ) -> None:
        """Prepare; nothing is opened, sent or looked up."""
        super().__init__(settings, parse, remedy=remedy, timestamps=timestamps)
        self._request = request
        self._asking: socket.socket | None = None
        self._address: tuple[object, ...] = ()
        self._asked_ns = 0
        self._trouble = ""

    def __enter__(self) -> Self:
        if self._request.host:
            self._asking, self._address = _towards(self._request)
            self._asked_ns = now_ns() - round(self._request.every_s * NS_PER_S)
        try:
            return super().__enter__()
        except SensorError:
            self._stop_asking()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        super().__exit__(kind, error, trace)
        self._stop_asking()

    def read(self) -> Sequence[Sample]:
        """Return what arrived since the last call; ask again where it is time."""
        samples = super().read()
        if self._asking is not None:
            at_ns = now_ns()
            due = at_ns - self._asked_ns >= self._request.every_s * NS_PER_S
            if due and not (self._request.until_heard and super().health().state == "live"):
                self._asked_ns = at_ns
                self._ask(self._asking)
        return samples

    def health(self) -> Health:
        """Return how the port is doing, and whether the request could be sent."""
        health = super().health()
        return replace(health, note=self._trouble) if self._trouble and not health.note else health

    def _ask(self, asking: socket.socket) -> None:
        try:
            asking.sendto(self._request.payload(self.port), self._address)
        except OSError as error:  # no network, or a full buffer: asked again in a moment
            self._trouble = f"{self._request.host} cannot be asked: {error.strerror}"
        else:
            self._trouble = ""

    def _stop_asking(self) -> None:
        if self._asking is not None:
            self._asking.close()
        self._asking = None


def _towards(request: Request) -> tuple[socket.socket, tuple[object, ...]]:
    """Open a socket and look the address up, once: a name server may take seconds.

    Raises:
        SensorError: No such host.
    """
    where = f"{request.host}:{request.port}"
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            request.host, request.port, type=socket.SOCK_DGRAM
        )[0]
    except (OSError, UnicodeError) as cause:
        raise SensorError(f"{where}: no such host ({cause}): set the device's address") from cause
    asking = socket.socket(family, kind)
    asking.setblocking(False)
    return asking, address
