"""The rules of the house, read off the source: imports point down, heavy libraries stay at home."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = {
    "headset": {"headset"},
    "datasets": {"headset", "datasets"},
    "calibration": {"headset", "calibration"},
    "reconstruct": {"headset", "datasets", "calibration", "reconstruct"},
    "tools": {"headset", "datasets", "calibration", "reconstruct", "tools", ""},  # "": the root
}
"""What each folder may import of ours."""

ROOMS = {
    "cameras": set[str](),
    "life": set[str](),
    "fit": set[str](),
    "learn": {"fit"},
    "bench": {"life"},
    "judge": {"fit", "bench", "life"},
    "show": {"judge"},
    "": {"cameras", "life"},
}
"""What each folder of `reconstruct` may import of the others; "": what lies in none."""

HOMES = {
    "OpenGL": ("headset/compositor/*",),
    "glfw": ("headset/compositor/*",),
    "xr": ("headset/compositor/*", "headset/sensors/openxr*"),
    "cv2": ("headset/sensors/camera/uvc.py",),
    "serial": ("headset/sensors/camera/serial.py",),
    "openvr": ("headset/sensors/steamvr/client.py", "headset/compositor/openvr/handle.py"),
    "h5py": ("datasets/*",),
    "onnxruntime": ("reconstruct/runtime.py",),
    "onnx": ("reconstruct/*",),
    "torch": ("reconstruct/learn/*",),
    "cryptography": ("calibration/consent/*",),
    "keyring": ("calibration/consent/system_keyring.py",),
    "sounddevice": ("headset/sensors/portaudio.py",),
    "argparse": ("tools/*",),
    "rich": ("tools/*",),
}
"""Where a library may be imported; everything else goes through that place."""

RUNS_BYTES_FROM_OUTSIDE = {
    "pickle", "marshal", "shelve", "dill", "joblib", "eval", "exec", "os.system", "os.popen",
    "subprocess.getoutput", "subprocess.getstatusoutput",
}  # fmt: skip
READS_THE_WALL_CLOCK = {
    "time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.ctime", "datetime.now",
    "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now",
    "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today",
}  # fmt: skip
SLOW_TO_IMPORT = {"torch", "scipy.signal"}
VAGUE = {
    "data",
    "info",
    "manager",
    "handler",
    "helper",
    "helpers",
    "util",
    "utils",
    "common",
    "process",
}
VAGUE_ENDING = re.compile(
    r"([a-z0-9](Data|Info|Manager|Handler|Helper|Utils)|_(manager|handler|helper|utils|v\d+))$"
)


@cache
def nodes(module: str) -> tuple[ast.AST, ...]:
    """Return every node of a module, its path being from the root."""
    return tuple(ast.walk(ast.parse((ROOT / module).read_text("utf-8"), module)))


def modules() -> list[str]:
    paths = [path for floor in FLOORS for path in (ROOT / floor).rglob("*.py")]
    return sorted(path.relative_to(ROOT).as_posix() for path in paths)


def imported(node: ast.AST, module: str) -> list[str]:
    """Return the dotted names a statement imports; ours from the root, with a leading dot."""
    if isinstance(node, ast.Import):
        return [name.name for name in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    parts = list(Path(module).parts[: -node.level]) if node.level else []
    parts += node.module.split(".") if node.module else []
    return ["." * bool(node.level) + ".".join([*parts, name.name]) for name in node.names]


def dotted(node: ast.AST) -> str:
    """Return `a.b.c` for such an expression, else an empty text."""
    if isinstance(node, ast.Name):
        return node.id
    left = dotted(node.value) if isinstance(node, ast.Attribute) else ""
    return f"{left}.{node.attr}" if isinstance(node, ast.Attribute) and left else ""


def among(name: str, words: set[str]) -> bool:
    """Whether a dotted name is one of these or lies under one."""
    return any(name == word or name.startswith(f"{word}.") for word in words)


def where(wrong: Callable[[str, ast.AST], Iterator[str] | list[str]]) -> list[str]:
    """Return "module:line what" for everything a rule finds in our source."""
    return [
        f"{module}:{getattr(node, 'lineno', 0)} {what}"
        for module in modules()
        for node in nodes(module)
        for what in wrong(module, node)
    ]


def test_the_house_has_these_floors_only() -> None:
    assert {path.parent.name for path in ROOT.glob("*/*.py")} - {"tests"} == set(FLOORS)


def test_imports_point_down() -> None:
    def upward(module: str, node: ast.AST) -> Iterator[str]:
        allowed = FLOORS[module.split("/")[0]]
        for name in imported(node, module):
            first = name.removeprefix(".").split(".")[0]
            floor = first if first in FLOORS else ""
            # By its absolute name one module would be found twice, or not be ours at all.
            absolute = not name.startswith(".") and (first in FLOORS or first == "unvisor")
            if absolute or (name.startswith(".") and floor not in allowed):
                yield f"imports {name}"

    assert not where(upward)


def test_rooms_of_reconstruct_stand_one_on_another() -> None:
    def room(dotted_name: str) -> str:
        parts = dotted_name.split(".")
        return parts[1] if len(parts) > 1 and parts[1] in ROOMS else ""

    def backward(module: str, node: ast.AST) -> Iterator[str]:
        mine = room(module.replace("/", "."))
        for name in imported(node, module) if module.startswith("reconstruct/") else ():
            other = room(name.removeprefix(".")) if name.startswith(".reconstruct.") else mine
            if other not in {mine, "", *ROOMS[mine]}:
                yield f"imports {name}"

    assert {path.parent.name for path in (ROOT / "reconstruct").glob("*/*.py")} == {*ROOMS} - {""}
    assert not where(backward)


def test_a_heavy_library_has_one_home() -> None:
    def stray(module: str, node: ast.AST) -> Iterator[str]:
        for name in imported(node, module):
            homes = HOMES.get(name.split(".")[0], ("*",))
            if not any(fnmatch(module, home) for home in homes):
                yield f"imports {name}, whose home is {' and '.join(homes)}"

    assert not where(stray)


@pytest.mark.parametrize(
    ("forbidden", "floors"),
    [
        (RUNS_BYTES_FROM_OUTSIDE, set(FLOORS)),
        (READS_THE_WALL_CLOCK, set(FLOORS) - {"tools"}),
    ],
)
def test_nothing_uses(forbidden: set[str], floors: set[str]) -> None:
    def used(module: str, node: ast.AST) -> list[str]:
        names = [*imported(node, module), dotted(node)] if module.split("/")[0] in floors else []
        return [name for name in names if among(name, forbidden)]

    assert not where(used)


def test_no_shell_and_no_pickled_arrays() -> None:
    def opened(module: str, node: ast.AST) -> list[str]:
        if not isinstance(node, ast.keyword) or node.arg not in {"shell", "allow_pickle"}:
            return []
        off = isinstance(node.value, ast.Constant) and node.value.value is False
        return [] if off else [f"sets {node.arg}"]

    assert not where(opened)


def test_no_error_is_swallowed_unseen() -> None:
    def blind(module: str, node: ast.AST) -> list[str]:
        if not isinstance(node, ast.ExceptHandler):
            return []
        everything = node.type is None or dotted(node.type) in {"Exception", "BaseException"}
        raises = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
        return ["catches everything"] if everything and not raises else []

    assert not where(blind)


def test_names_say_what_they_name() -> None:
    def vague(module: str, node: ast.AST) -> list[str]:
        defines = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        name = node.name if defines else Path(module).stem if isinstance(node, ast.Module) else ""
        return [name] if name.lower().strip("_") in VAGUE or VAGUE_ENDING.search(name) else []

    assert not where(vague)


@pytest.mark.parametrize("verb", ["demo", "run", "doctor"])
def test_a_live_verb_starts_without_what_is_slow_to_import(verb: str) -> None:
    program = (
        "import sys; from unvisor.tools.main import parser; parser(sys.argv[1]);"
        "print(*sorted(set(sys.argv[2:]) & sys.modules.keys()))"
    )
    arguments = [sys.executable, "-c", program, verb, *SLOW_TO_IMPORT]
    loaded = subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=60)
    assert loaded.stdout.split() == []
