"""Who ends a process that serves another: that other alone."""

from __future__ import annotations

import signal
import sys


def by_parent_alone() -> None:
    """Ignore what ends a whole terminal or service: Ctrl-C, a closed terminal, a polite kill.

    Each of these reaches every process of a run at once. The first of them answers it, and closes the
    standard input of those it started, in its own order: so what they write is whole.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if sys.platform != "win32":
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
