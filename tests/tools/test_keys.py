"""Keys on a real terminal: another process has it as its own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("elsewhere: terminals of POSIX", allow_module_level=True)

assert sys.platform != "win32"  # for the type checker, which has none of it there

import pty  # noqa: E402
import termios  # noqa: E402

PROGRAM = """
    from threading import Event
    from unvisor.tools.keys import listening

    quit = Event()
    with listening({"m": lambda: print("mirror", flush=True), "q": quit.set}) as heard:
        print(f"heard {heard}", flush=True)
        assert not heard or quit.wait(30)
    print("end", flush=True)
"""


def until(terminal: int, words: bytes, times: int = 1) -> None:
    """Read what a terminal shows until it has shown these words so often."""
    shown = b""
    deadline_s = time.monotonic() + 30
    while shown.count(words) < times:
        assert time.monotonic() < deadline_s, shown
        shown += os.read(terminal, 4096)


def test_keys_act_at_once_and_the_terminal_is_given_back_as_it_was() -> None:
    terminal, its_side = pty.openpty()
    # A session of its own takes the first terminal that it opens for its own.
    opens = f"import os; os.dup2(os.open({os.ttyname(its_side)!r}, os.O_RDWR), 0)\n"
    child = subprocess.Popen(
        [sys.executable, "-c", opens + textwrap.dedent(PROGRAM)],
        stdin=subprocess.DEVNULL, stdout=its_side, stderr=its_side, start_new_session=True,
    )  # fmt: skip
    before = termios.tcgetattr(terminal)
    until(terminal, b"heard True\r\n")
    assert not termios.tcgetattr(terminal)[3] & (termios.ICANON | termios.ECHO)
    assert termios.tcgetattr(terminal)[3] & termios.ISIG, "Ctrl-C is a signal as before"
    # An F2 and a cursor key end in letters that are nobody's wish.
    for key in (b"m", b"M", b"x", b"\x1bOQ\x1b[1;2M", b"\xff", b"\x1b[Mm"):
        os.write(terminal, key)
    until(terminal, b"mirror\r\n", times=3)
    os.write(terminal, b"q")
    until(terminal, b"end\r\n")
    assert termios.tcgetattr(terminal) == before
    assert child.wait(30) == 0
    os.close(terminal)
    os.close(its_side)


def test_without_a_terminal_no_key_is_heard(tmp_path: Path) -> None:
    (tmp_path / "keys").write_bytes(b"mmm")
    with (tmp_path / "keys").open("rb") as keys:
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(PROGRAM)],
            stdin=keys, capture_output=True, text=True, check=True,
        )  # fmt: skip
    assert done.stdout == "heard False\nend\n"
