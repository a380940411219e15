"""Keys of the terminal, heard one by one while something else runs.

Only where standard input is a terminal and this program has it: one in the background that asked for a
key, or for the terminal to be set, would be stopped by it. Ctrl-C stays what it was.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from threading import Event, Thread
from typing import Final

Actions = Mapping[str, Callable[[], object]]
"""What each key does, on a thread of its own; "" is the end of the terminal."""

Now = Callable[[], Actions]
"""Gives what keys do at this moment."""

_LOOK_S: Final = 0.2
_ESCAPED: Final = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|O.|.)?", re.DOTALL)
"""What an arrow or a function key sends: its last letter is nobody's wish.

Source: ECMA-48, 5.4 (control sequences); xterm's "Control Sequences", SS3.
"""

if sys.platform == "win32":
    import msvcrt

    @contextmanager
    def _single(*, afresh: bool) -> Generator[bool]:
        heard = sys.stdin.isatty()
        while heard and afresh and msvcrt.kbhit():
            msvcrt.getwch()
        yield heard

    def _pressed(stop: Event) -> str:
        while True:
            while not msvcrt.kbhit():
                if stop.wait(_LOOK_S):
                    return ""
            key = msvcrt.getwch()
            if key not in "\0\xe0":
                return key
            msvcrt.getwch()  # the second half of an arrow or a function key

else:
    import select
    import termios
    import tty

    @contextmanager
    def _single(*, afresh: bool) -> Generator[bool]:
        """Have the terminal hand over each key at once and not show it; False where it is not ours."""
        if not _ours():
            yield False
            return
        before = termios.tcgetattr(0)
        tty.setcbreak(0, termios.TCSAFLUSH if afresh else termios.TCSADRAIN)
        try:
            yield True
        finally:
            if _ours():
                termios.tcsetattr(0, termios.TCSADRAIN, before)

    def _ours() -> bool:
        try:
            return os.isatty(0) and os.tcgetpgrp(0) == os.getpgrp()
        except OSError:  # not the terminal of this session, or hung up
            return False

    def _pressed(stop: Event) -> str:
        while not stop.is_set():
            if not _ours():  # in the background for now
                stop.wait(_LOOK_S)
            elif select.select([0], [], [], _LOOK_S)[0]:
                return os.read(0, 64).decode(errors="replace")
        return ""


@contextmanager
def listening(actions: Actions | Now, *, afresh: bool = False) -> Generator[bool]:
    """Do what keys ask for meanwhile; yields whether any can be heard.

    Args:
        actions: By key, in lower case, or what gives that anew for each key; others are ignored.
        afresh: Whether keys that were pressed before are let go: they answer no question that is
            yet to be read.
    """
    with _single(afresh=afresh) as heard:
        if not heard:
            yield False
            return
        stop = Event()
        thread = Thread(target=_listen, args=(actions, stop), daemon=True, name="keys")
        thread.start()
        try:
            yield True
        finally:
            stop.set()
            thread.join()


def _listen(actions: Actions | Now, stop: Event) -> None:
    while not stop.is_set():
        try:
            pressed = _pressed(stop)
        except OSError:  # the terminal has gone
            pressed = ""
        for key in _ESCAPED.sub("", pressed) if pressed else ("",):
            now = actions() if callable(actions) else actions
            act = now.get(key.lower())
            if act is not None and not stop.is_set():
                act()
        if not pressed:
            return
