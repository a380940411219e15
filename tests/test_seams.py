"""What only one operating system has stands in a few named files, the seams; nowhere else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("headset", "datasets", "calibration", "reconstruct", "tools")

SEAMS: dict[str, str] = {
    "headset/lock.py": "file locks: flock and Windows' own",
    "headset/beside_places.py": "VR runtimes: files on Linux, the registry on Windows",
    "headset/compositor/egl.py": "a context without a screen, on Linux; GLFW serves the others",
    "headset/compositor/filming_child.py": "how eagerly an encoder runs: nice, on POSIX",
    "headset/compositor/openxr/binding.py": "the handles of a context: GLX, EGL and WGL",
    "headset/ending.py": "a terminal that hangs up: Windows has no such signal",
    "headset/ports.py": "who owns a port: /proc/net on Linux",
    "headset/sensors/openxr/time.py": "the clock a runtime converts from: each system's own",
    "headset/sensors/camera/linux.py": "cameras' names, owners and extension units, on Linux",
    "headset/sensors/windows_map.py": "memory shared by a name, on Windows; elsewhere there is none",
    "tools/keys.py": "a terminal's keys, one by one: termios and Windows' console",
    "tools/stopping.py": "a terminal that hangs up: Windows has no such signal",
    "reconstruct/resident.py": "how much memory this program has: /proc on Linux, Windows' own",
    "reconstruct/runtime.py": "CUDA's libraries by their name on each system",
}
"""File -> what it bridges. Each answers on the other system too, if only by saying that it cannot."""

POSIX = {
    "fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty",
    "asyncio.add_signal_handler", "multiprocessing.resource_tracker",
    "os.chown", "os.eventfd", "os.fork", "os.geteuid", "os.getloadavg", "os.getpriority",
    "os.getuid", "os.killpg", "os.mkfifo", "os.nice", "os.pipe2", "os.posix_fallocate",
    "os.posix_spawn", "os.sched_getaffinity", "os.sched_setaffinity", "os.sched_setscheduler",
    "os.setpriority", "os.setsid", "os.statvfs", "os.uname",
    "select.epoll", "select.poll",
    "signal.SIGALRM", "signal.SIGHUP", "signal.SIGKILL", "signal.SIGPIPE", "signal.SIGQUIT",
    "signal.SIGUSR1", "signal.SIGUSR2", "signal.alarm", "signal.pause", "signal.pthread_kill",
    "signal.pthread_sigmask", "signal.setitimer", "signal.sigwait",
    "socket.AF_NETLINK", "socket.AF_UNIX", "socket.SO_REUSEPORT",
    "time.clock_gettime", "time.clock_gettime_ns", "time.tzset",
}  # fmt: skip
WINDOWS = {
    "msvcrt", "winreg", "winsound", "_winapi", "ctypes.WinDLL", "ctypes.WinError",
    "ctypes.oledll", "ctypes.windll", "ctypes.wintypes", "os.startfile", "os.add_dll_directory",
    "signal.CTRL_BREAK_EVENT", "signal.CTRL_C_EVENT",
}  # fmt: skip
PLACES = re.compile(r"^(/(proc|dev|sys|run|usr|etc)/|[A-Z]:\\|HKEY_)|\.(so(\.\d+)*|dll|dylib)$")
"""Texts that are a path, a key or a library of one system."""


def one_systems_own(module: Path) -> Iterator[str]:
    """Yield "line: what" for everything in a module that one system lacks."""
    tree = ast.parse(module.read_text("utf-8"))
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"{node.module}.{name.name}" for name in node.names]
        elif isinstance(node, ast.Attribute):
            names = [ast.unparse(node)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names = [node.value] if PLACES.search(node.value) and id(node) not in prose else []
        for name in names:
            known = any(name == word or name.startswith(f"{word}.") for word in POSIX | WINDOWS)
            if known or PLACES.search(name):
                yield f"{getattr(node, 'lineno', 0)}: {name}"


def test_one_systems_own_stands_in_a_seam() -> None:
    found = {
        path.relative_to(ROOT).as_posix(): list(one_systems_own(path))
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
    }
    assert {name: what for name, what in found.items() if what and name not in SEAMS} == {}
    assert {name for name in SEAMS if not found.get(name)} == set(), (
        "no seams any more: unlist them"
    )
