"""The pipe to `filming_child`: pictures go in, and whoever gives them never waits."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from typing import IO, Final

from ..errors import OutputError
from .filming_child import HEAD
from .readback import Arrived

_FEED_WITHIN_S: Final = 5.0
"""What hangs for so long is not started late or slow: it takes four pictures, and starts in a second."""

_FINISH_WITHIN_S: Final = 8.0
"""What is filmed last is in the encoder still. Both fit into `Shown.stop_within_s` of a film."""

_WORDS_BYTES: Final = 4096
_LOG: Final = logging.getLogger("unvisor")


class FilmingPipe:
    """The program that writes, and the thread that feeds it.

    Attributes:
        trouble: Why nothing is written any more; empty while all is well.
    """

    def __init__(
        self, path: Path, size: tuple[int, int], fps: int, *, done: Callable[[Arrived], object]
    ) -> None:
        """Start both.

        Args:
            path: As `Filming`.
            size: Width and height of pictures, pixels.
            fps: About how many come in a second.
            done: Called from the thread with each picture that is not needed any more.

        Raises:
            OutputError: The program cannot be started.
        """
        self.trouble = ""
        self._fed = Event()
        self._path, self._done = path, done
        self._waiting: SimpleQueue[Arrived | None] = SimpleQueue()
        # -P: the folder it is started from is not a place to import from.
        module = "unvisor.headset.compositor.filming_child"
        words = [str(path.absolute()), *map(str, size), str(fps)]
        try:
            self._child = subprocess.Popen(  # noqa: S603 - this interpreter, our words
                [sys.executable, "-P", "-m", module, *words],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),  # Windows'
            )
        except OSError as cause:
            raise OutputError(
                f"{path}: cannot be filmed: {sys.executable} does not start ({cause.strerror})"
            ) from cause
        self._thread = Thread(target=self._feed, daemon=True, name="filming")
        self._thread.start()

    @property
    def pid(self) -> int:
        """The program's."""
        return self._child.pid

    def give(self, arrived: Arrived) -> None:
        """Have a picture written; returns at once."""
        self._waiting.put(arrived)

    def close(self) -> None:
        """Have it finish; no picture is looked at any more once this returns.

        Where the encoder has many seconds of work left, it goes on alone.
        """
        self._waiting.put(None)
        if not self._fed.wait(_FEED_WITHIN_S):
            self._child.kill()  # it hangs; and we must not, nor may the pictures be taken from it
            self._fed.wait()
        self._thread.join(_FINISH_WITHIN_S)
        if self._thread.is_alive():
            _LOG.info("film: %s is still being written", self._path)

    def _feed(self) -> None:
        pipe, errors = self._child.stdin, self._child.stderr
        assert pipe
        assert errors
        try:
            while (arrived := self._waiting.get()) is not None:
                try:
                    _write(pipe, HEAD.pack(arrived.at_ns))
                    _write(pipe, arrived.pixels.reshape(-1).data)
                finally:
                    self._done(arrived)
        except OSError:
            pass  # it has ended, the disk being full as like as not: its last words say
        finally:
            self._fed.set()
            pipe.close()
        words = errors.read(_WORDS_BYTES).decode(errors="replace").split("\n")
        errors.close()
        if self._child.wait():
            last = next((line for line in reversed(words) if line.strip()), "")
            self.trouble = last or (
                f"{self._path}: whatever writes it ended ({self._child.returncode}): film again"
            )
            _LOG.warning("film: %s", self.trouble)


def _write(pipe: IO[bytes], content: bytes | memoryview) -> None:
    """Write all of it: a pipe takes what it has room for."""
    left = memoryview(content)
    while left:
        left = left[pipe.write(left) :]
