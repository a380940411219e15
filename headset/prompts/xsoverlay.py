"""Notifications in the headset by XSOverlay, which many wearers have running over SteamVR's games.

A JSON object a datagram, to a port of this machine. Newer builds are said to want a WebSocket instead
(port 42070); whether they still listen here is not verified.

Source: PROTOCOLS 3.17; the fields: XSOverlay's developer documentation, "Notifications".
"""

from __future__ import annotations

import json
import socket
import sys
from types import TracebackType
from typing import Final, Self

from ..errors import OutputError
from .prompt import Prompt, Signal

PORT: Final = 42069

_HERE: Final = "127.0.0.1"
_POPUP: Final = 1
_STAYS_S: Final = {Signal.PLAN: 5.0, Signal.AGAIN: 3.0, Signal.REFUSED: 3.0, Signal.PAUSED: 6.0}
_ELSE_S: Final = 2.0
_BRIEF: Final = {Signal.HOLD, Signal.SEEN}  # a popup that slides in would come too late
_TITLE_HEIGHT: Final = 110.0
_WHOLE_HEIGHT: Final = 160.0


class XSOverlay:
    """A `Way`: pops up each prompt that takes words."""

    name = "XSOverlay"
    counts_down = False
    shows_targets = False

    def __init__(self, port: int = PORT) -> None:
        """Prepare; nothing is opened.

        Args:
            port: Of this machine.
        """
        self._port = port
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        """Open a socket.

        Raises:
            OutputError: Nobody listens there, or the system gives no socket.
        """
        try:
            if _free(self._port):
                raise OutputError(self._nobody())
            opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        except OSError as cause:
            raise OutputError(f"XSOverlay: no socket ({cause.strerror}): end something") from cause
        self._socket = opened
        opened.setblocking(False)
        opened.connect((_HERE, self._port))  # of this machine, by UDP: nothing is sent yet
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def tell(self, prompt: Prompt) -> None:
        """Pop it up.

        Raises:
            OutputError: Nobody listens any more.
        """
        if prompt.signal not in _BRIEF and prompt.target_rad is None:
            self._send(notification(prompt))

    def _send(self, packet: bytes) -> None:
        if self._socket is None:
            return
        try:
            self._socket.send(packet)
        except BlockingIOError:  # the next one may get through
            pass
        except OSError as cause:
            raise OutputError(self._nobody()) from cause

    def _nobody(self) -> str:
        return f"XSOverlay: nobody listens on UDP {_HERE}:{self._port}: start XSOverlay"


def _free(port: int) -> bool:
    """Say whether nobody has a port; without a packet, for what one does to XSOverlay is unknown."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        if sys.platform == "win32":  # else it would share the port
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        try:
            trial.bind((_HERE, port))
        except OSError:
            return False
    return True


def notification(prompt: Prompt) -> bytes:
    """Return the datagram that pops a prompt up, without a sound: the tones are ours."""
    fields = {
        "messageType": _POPUP,
        "title": prompt.words,
        "content": prompt.hint,
        "timeout": _STAYS_S.get(prompt.signal, _ELSE_S),
        "height": _WHOLE_HEIGHT if prompt.hint else _TITLE_HEIGHT,
        "opacity": 1.0,
        "volume": 0.0,
        "audioPath": "",
        "useBase64Icon": False,
        "icon": "default",
        "sourceApp": "unvisor",
    }
    return json.dumps(fields).encode()
