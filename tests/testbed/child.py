"""Runs a test's function as an OpenXR client: in another process, on Monado's libraries.

A process can hold one OpenXR instance at a time, and what its loader finds is fixed by its
environment, so each case is a child; those that leave nothing behind may take turns in one, for to
import OpenXR takes longer than they do. A function is named by its module and called there by name;
what it is given and what it returns is JSON. Whatever it prints before is a line the test may wait for.
"""

from __future__ import annotations

import importlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import types
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

TESTS = Path(__file__).resolve().parent.parent
RESULT = "result: "
RETURNED = "returned: "
PATIENCE_S = 60.0


class Child:
    """One running function; leaving the context ends it.

    Args:
        python: Which Python runs it.
        function: Of a module's top level.
        environment: The child's whole environment.
        arguments: Given to the function by name.
    """

    def __init__(
        self,
        python: Path,
        function: Callable[..., Any],
        *,
        environment: dict[str, str],
        arguments: dict[str, Any],
    ) -> None:
        self._name = function.__qualname__
        self._errors = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115  (as long as this)
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._ended = False
        said = [str(python), "-X", "faulthandler", "-W", "error"]
        where = [function.__module__, self._name, json.dumps(arguments)]
        self._child = subprocess.Popen(
            [*said, str(Path(__file__).resolve()), *where],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment,
            text=True,
            bufsize=1,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._child.kill()
        self._child.wait()
        self._listener.join()
        for stream in (self._child.stdin, self._child.stdout, self._errors):
            assert stream
            with suppress(BrokenPipeError):  # told something it never read
                stream.close()

    def tell(self, line: str) -> None:
        """Write a line to its standard input."""
        assert self._child.stdin
        self._child.stdin.write(f"{line}\n")

    def line(self, *, timeout_s: float = PATIENCE_S) -> str:
        """Return the next line it prints.

        Raises:
            AssertionError: it ended, or said nothing for so long; holds what it wrote to stderr.
        """
        try:
            said = None if self._ended else self._lines.get(timeout=timeout_s)
        except queue.Empty:
            raise AssertionError(
                f"{self._name} is silent for {timeout_s} s{self._told()}"
            ) from None
        if said is None:
            self._ended = True
            raise AssertionError(f"{self._name} ended with {self._child.wait()}{self._told()}")
        return said

    def result(self, *, timeout_s: float = PATIENCE_S) -> Any:
        """Return what the function returned; lines it printed before are passed over.

        Raises:
            AssertionError: it raised, crashed, or its process did not end; holds its stderr.
        """
        while not (said := self.line(timeout_s=timeout_s)).startswith(RESULT):
            pass
        try:
            status = self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self._name} returned but lives on{self._told()}") from None
        assert status == 0, f"{self._name} returned, then ended with {status}{self._told()}"
        return json.loads(said.removeprefix(RESULT))

    def _listen(self) -> None:
        assert self._child.stdout
        for line in self._child.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def _told(self) -> str:
        self._errors.seek(0)
        return f"; it wrote:\n{self._errors.read()}"


class Turns:
    """A process in which functions take turns; a new one when one of them fails.

    Args:
        python: Which Python runs them.
        environment: The process's whole environment.
    """

    def __init__(self, python: Path, environment: dict[str, str]) -> None:
        self._python, self._environment = python, environment
        self._child: Child | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._child is not None:
            with self._child as child:
                child.tell("")
                assert child.result() is None

    def call(self, function: Callable[..., Any], *, timeout_s: float, **arguments: Any) -> Any:
        """Return what a function returns, called there.

        Raises:
            AssertionError: it raised, crashed, or took too long; holds the process's stderr.
        """
        child = self._child
        if child is None:
            child = Child(self._python, serve, environment=self._environment, arguments={})
        self._child = None
        with ExitStack() as failed:
            failed.enter_context(child)
            child.tell(json.dumps([function.__module__, function.__qualname__, arguments]))
            while not (said := child.line(timeout_s=timeout_s)).startswith(RETURNED):
                pass
            failed.pop_all()
        self._child = child
        return json.loads(said.removeprefix(RETURNED))


def serve() -> None:
    """Call what each line of standard input names, until an empty one."""
    while line := sys.stdin.readline().strip():
        module, function, arguments = json.loads(line)
        called = getattr(importlib.import_module(module), function)
        say(f"{RETURNED}{json.dumps(called(**arguments))}")


def say(line: str) -> None:
    """Print a line the test may wait for, from within the function."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(module: str, function: str, arguments: str) -> None:
    """Call the function, in the child."""
    # As pytest names the modules of tests, and without the checkout's folders on the path.
    tests = types.ModuleType("tests")
    tests.__path__ = [str(TESTS)]
    sys.modules["tests"] = tests
    sys.path.remove(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    called = getattr(importlib.import_module(module), function)
    returned = json.dumps(called(**json.loads(arguments)))
    say(f"{RESULT}{returned}")


if __name__ == "__main__":
    main(*sys.argv[1:])
