"""The log: one rotating file of what happened, without anything of a face."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

import platformdirs

from ..headset.errors import UnvisorError

LARGEST_BYTES: Final = 1 << 20
KEPT: Final = 3

LOG: Final = logging.getLogger("unvisor")
"""What the commands write to. States, counts and errors; never weights, images or sound."""


def log_path() -> Path:
    """Return where the log belongs on this system; it need not exist."""
    return platformdirs.user_log_path("unvisor", appauthor=False) / "unvisor.log"


@contextmanager
def kept() -> Generator[None]:
    """Write the log to its file meanwhile; where that cannot be written, say so and go on.

    A fault of this program goes into it too, and where it ended a thread: who is asked for help
    sees the log alone.
    """
    path = log_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = RotatingFileHandler(path, maxBytes=LARGEST_BYTES, backupCount=KEPT, encoding="utf-8")
    except OSError as cause:
        print(f"{path}: no log is kept ({cause.strerror})", file=sys.stderr)
        yield
        return
    formatter = logging.Formatter("%(asctime)sZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    file.setFormatter(formatter)
    LOG.setLevel(logging.INFO)
    LOG.addHandler(file)
    shown = threading.excepthook

    def ended(fault: threading.ExceptHookArgs) -> None:
        name = "" if fault.thread is None else fault.thread.name
        LOG.error("thread %s ended", name, exc_info=fault.exc_value)
        shown(fault)

    threading.excepthook = ended
    try:
        yield
    except (UnvisorError, OSError) as error:  # what is told in one line
        LOG.error("%s", error)
        raise
    except Exception:
        LOG.exception("a fault of this program")
        raise
    finally:
        threading.excepthook = shown
        LOG.removeHandler(file)
        file.close()
