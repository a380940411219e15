"""Whether a runtime's service runs, seen without calling it.

To ask a sleeping runtime anything may start it (by socket activation), and to ask one that is not
there costs a screenful on the terminal; a game that starts it is waited for in silence instead.

Source: u_file_get_path_in_runtime_dir of Monado, its `monado_comp_ipc` and `monado.pid`; WiVRn's
`wivrn/comp_ipc`. WiVRn's own process number is inside its Flatpak.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from ...beside import Kind, Runtime
from ...ports import connections

_SOCKETS: Final[dict[Kind, str]] = {"monado": "monado_comp_ipc", "wivrn": "wivrn/comp_ipc"}
_PROCESSES: Final[dict[Kind, str]] = {"monado": "monado.pid"}


def runs(runtime: Runtime) -> bool:
    """Return whether a runtime's service seems to run; True where that cannot be seen."""
    if sys.platform == "win32" or runtime.kind not in _SOCKETS:
        return True
    with suppress(OSError, RuntimeError):  # a folder that is another's, after `su`; nobody's home
        folder = _runtime_folder()
        if (folder / _SOCKETS[runtime.kind]).is_socket():
            number = _PROCESSES.get(runtime.kind)
            return number is None or _lives(folder / number)
    return False


def clients(runtime: Runtime) -> int:
    """Return how many programs, ours among them, have a runtime's service; 0 where nobody can tell."""
    if sys.platform == "win32" or runtime.kind not in _SOCKETS:
        return 0
    with suppress(RuntimeError):
        return connections(_runtime_folder() / _SOCKETS[runtime.kind])
    return 0


def _runtime_folder() -> Path:
    """Return where services put their sockets, as Monado looks for it."""
    folder = os.environ.get("XDG_RUNTIME_DIR") or os.environ.get("XDG_CACHE_HOME")
    return Path(folder) if folder else Path.home() / ".cache"


def _lives(file: Path) -> bool:
    """Return whether the process lives whose number a file holds."""
    with suppress(OSError, ValueError, OverflowError):
        number = int(file.read_text("ascii")[:16])
        if number > 0:  # 0 and below are groups of processes
            os.kill(number, 0)  # sends nothing
            return True
    return False
