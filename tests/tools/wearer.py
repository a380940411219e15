"""Someone with a mouth tracker, at a terminal: real packets, real keys, the real time."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from typing import Self

from unvisor.headset.outputs.osc import message

assert sys.platform != "win32"  # whose terminals are others; for the type checker too

import pty  # noqa: E402


class Wearer:
    """A mouth tracker that sees the jaw alone, its wearer, and the terminal they have."""

    def __init__(self, *words: str) -> None:
        """Start a command.

        Args:
            words: Of the command line; `PORT` is the tracker's.
        """
        self._terminal, its_side = pty.openpty()
        os.set_blocking(self._terminal, False)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._to = "127.0.0.1", port
        opens = f"import os; os.dup2(os.open({os.ttyname(its_side)!r}, os.O_RDWR), 0)\n"
        given = [word.replace("PORT", str(port)) for word in words]
        program = (
            f"{opens}import sys; from unvisor.tools.main import main; sys.exit(main({given!r}))"
        )
        self.program = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.DEVNULL, stdout=its_side, stderr=its_side, start_new_session=True,
            env=os.environ | {"COLUMNS": "200", "TERM": "dumb"},
        )  # fmt: skip
        os.close(its_side)
        self.shown = ""

    def until(self, words: str) -> None:
        """Wear it until the terminal has shown these words."""
        ends_s = time.monotonic() + 60
        while words not in self.shown:
            assert time.monotonic() < ends_s, self.shown
            assert self._moment() or words in self.shown, self.shown

    def wear(self, lasts_s: float) -> None:
        """Wear it for so long."""
        ends_s = time.monotonic() + lasts_s
        while time.monotonic() < ends_s and self._moment():
            pass

    def _moment(self) -> bool:
        """Make the face that is asked for; return whether the terminal is still there."""
        asked, _, since = self.shown.rpartition("Open your mouth")
        making = bool(asked) and "Done" not in since
        self._socket.sendto(message("/jawOpen", 0.8 if making else 0.1), self._to)
        time.sleep(0.02)
        try:
            self.shown += os.read(self._terminal, 4096).decode()
        except BlockingIOError:
            return True
        except OSError:  # its other side was closed
            return False
        return True

    def press(self, key: bytes) -> None:
        os.write(self._terminal, key)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        os.close(self._terminal)
        if self.program.poll() is None:
            self.program.kill()
        self.program.wait()
