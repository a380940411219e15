"""Cameras on the network that send JPEGs without end: OpenIris and ESP32 boards, phones, webcams.

Only plain HTTP, only from the host that is named: nobody is followed elsewhere.

Source: PROTOCOLS 3.7.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Generator
from contextlib import closing
from email.message import Message
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Final
from urllib.parse import urlsplit

from ...clock import NS_PER_S, now_ns
from ...errors import SensorError
from .multipart import LARGEST_HEAD_BYTES, Parts
from .picture import Picture

SILENT_S: Final = 2.0
"""Longest wait for an answer or for more of it; the slowest camera sends some pictures a second."""

_PIECE_BYTES: Final = 1 << 16
_KIND: Final = "multipart/x-mixed-replace"
_LOOK_S: Final = 0.01


def pictures(url: str) -> Generator[Picture | None]:
    """Read a stream of JPEGs.

    Raises:
        SensorError: No such host, it refuses, is silent, ends, or sends something else.
    """
    from .jpeg import grey

    host, port, path = _address(url)
    try:
        with closing(HTTPConnection(host, port, timeout=SILENT_S)) as connection:
            connection.request("GET", path, headers={"Accept": f"{_KIND}, */*;q=0.1"})
            _await_head(connection)
            with closing(connection.getresponse()) as response:
                parts = Parts(_boundary(response))
                while piece := response.read1(_PIECE_BYTES):
                    received_ns = now_ns()
                    whole = parts.feed(piece)
                    if not whole:
                        yield None
                        continue
                    yield Picture(
                        time_ns=received_ns,
                        received_ns=received_ns,
                        grey=partial(grey, whole[-1].body),
                        skipped=len(whole) - 1,
                    )
        raise SensorError("ended its stream: switch the camera on")
    except SensorError as error:
        raise SensorError(f"{url}: {error}") from error
    except TimeoutError as cause:
        raise SensorError(f"{url}: silent: switch the camera on, or bring it near") from cause
    except (OSError, HTTPException, UnicodeError) as cause:
        raise SensorError(
            f"{url}: not reached ({cause or type(cause).__name__}): "
            "switch the camera on, close what else reads it, or correct the address"
        ) from cause


def _address(url: str) -> tuple[str, int, str]:
    """Return host, port and path.

    Raises:
        SensorError: Not an `http://` address, or one with a password.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 80
    except ValueError as cause:
        raise SensorError(
            f"{url}: not an address ({cause}): write http://HOST:PORT/PATH"
        ) from cause
    if parts.scheme != "http" or not host or "@" in parts.netloc:
        raise SensorError(f"{url}: not read: write http://HOST:PORT/PATH, without a password")
    return host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _await_head(connection: HTTPConnection) -> None:
    """Wait until the answer's header is here; the library would wait for each byte anew.

    Raises:
        SensorError: It is too long, or does not come.
    """
    opened: socket.socket = connection.sock
    until_ns = now_ns() + round(SILENT_S * NS_PER_S)
    while b"\r\n\r\n" not in (head := opened.recv(LARGEST_HEAD_BYTES, socket.MSG_PEEK)):
        if not head:
            return  # closed: the library says that better
        if len(head) == LARGEST_HEAD_BYTES or now_ns() > until_ns:
            raise SensorError("its answer has no end of header: correct the address")
        time.sleep(_LOOK_S)


def _boundary(response: HTTPResponse) -> str:
    """Return what stands between two pictures.

    Raises:
        SensorError: It is no stream of pictures.
    """
    if 300 <= response.status < 400:
        where = response.getheader("Location", "elsewhere")[:200]
        raise SensorError(f"sends us to {where}: write that address if you trust it")
    if response.status != 200:
        raise SensorError(f"answers {response.status} {response.reason[:80]}: correct the address")
    kind = Message()
    kind["Content-Type"] = response.getheader("Content-Type", "")
    boundary = kind.get_param("boundary")
    if kind.get_content_type() != _KIND or not isinstance(boundary, str) or not boundary.strip("-"):
        raise SensorError(
            f"sends {kind.get_content_type()[:80]}, no stream: write the stream's own address"
        )
    return boundary
