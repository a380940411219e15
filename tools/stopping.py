"""Ending in order: what a person, a service manager or a closed terminal asks by a signal."""

from __future__ import annotations

import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager
from threading import Event


@contextmanager
def stopping() -> Generator[Event]:
    """Give an event that Ctrl-C and a polite kill set, so that everything is closed in order."""
    stop = Event()
    signals = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32":  # a closed terminal hangs up: the recording is to be whole then too
        signals.append(signal.SIGHUP)

    def asked(_number: int, _frame: object) -> None:
        stop.set()

    before = [signal.signal(number, asked) for number in signals]
    try:
        yield stop
    finally:
        for number, old in zip(signals, before, strict=True):
            signal.signal(number, old)
