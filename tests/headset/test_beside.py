from __future__ import annotations

import ast
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unvisor.headset import beside
from unvisor.headset.beside import Kind, Runtime
from unvisor.headset.beside_places import LARGEST_BYTES, bounded, manifest_path
from unvisor.headset.beside_ways import SENSES, ways
from unvisor.headset.errors import HeadsetError
from unvisor.headset.plug import READER_PLUGS

ROOT = Path(__file__).resolve().parents[2]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere: folders are Linux's way")

LIBRARIES: list[tuple[str, Kind]] = [
    ("/usr/lib/x86_64-linux-gnu/libopenxr_monado.so", "monado"),
    ("libopenxr_monado.so", "monado"),
    ("C:\\monado\\openxr_monado.dll", "monado"),
    ("../../../lib/wivrn/libopenxr_wivrn.so", "wivrn"),
    ("bin/linux64/vrclient.so", "steamvr"),
    (".\\bin\\vrclient_x64.dll", "steamvr"),
    ("virtualdesktop-openxr.dll", "virtual-desktop"),
    ("LibOVRRT64_1.dll", "meta"),
    ("MixedRealityRuntime.dll", "other"),
    ("libopenxr_monado_of_somebody.so", "other"),
    ("", "other"),
]


@pytest.fixture(autouse=True)
def _no_runtime(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("XR_RUNTIME_JSON", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", f"{tmp_path / 'first'}{os.pathsep}{tmp_path / 'second'}")
    monkeypatch.setenv("VR_PATHREG_OVERRIDE", str(tmp_path / "none.vrpath"))


def manifest(path: Path, library: str, name: str = "A runtime") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    runtime = {"library_path": library, "name": name, "functions": {"a": "b"}}
    path.write_text(json.dumps({"file_format_version": "1.0.0", "runtime": runtime}))
    return path


def runtime_of(kind: Kind) -> Runtime:
    library = next(library for library, of in LIBRARIES if of == kind)
    return Runtime(name=kind.title(), manifest=Path("x.json"), library=Path(library).name)


@pytest.mark.parametrize(("library", "kind"), LIBRARIES)
def test_the_library_says_which_runtime_it_is(tmp_path: Path, library: str, kind: Kind) -> None:
    # WiVRn's manifest has said "Monado"; anybody's may say anything.
    runtime = beside.read_manifest(manifest(tmp_path / "runtime.json", library, name="Monado"))
    assert runtime.kind == kind
    assert runtime.name == "Monado"


@LINUX
@pytest.mark.parametrize(
    "written",
    [
        ["second/openxr/1/active_runtime.json"],
        ["second/openxr/1/active_runtime.json", "first/openxr/1/active_runtime.json"],
        ["first/openxr/1/active_runtime.{}.json", "own/openxr/1/active_runtime.json"],
        ["own/openxr/1/active_runtime.json", "own/openxr/1/active_runtime.{}.json"],
        ["own/openxr/1/active_runtime.json", "elsewhere.json"],
    ],
)
def test_it_is_found_where_the_loader_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str]
) -> None:
    machine = platform.machine()
    paths = [manifest(tmp_path / place.format(machine), "libnone.so") for place in written]
    if paths[-1].name == "elsewhere.json":
        monkeypatch.setenv("XR_RUNTIME_JSON", str(paths[-1]))
    runtime = beside.active_runtime()
    assert runtime is not None
    assert runtime.manifest == paths[-1]
    assert str(paths[-1]) == asked_by_the_loader()


def asked_by_the_loader() -> str:
    """Return the manifest that the genuine OpenXR loader reads, as its own log has it."""
    package = find_spec("xr")
    assert package is not None
    assert package.origin is not None
    loader = Path(package.origin).parent / "library" / "libopenxr_loader.so"
    program = (
        "import ctypes, sys; n = ctypes.c_uint32();"
        "ctypes.CDLL(sys.argv[1]).xrEnumerateInstanceExtensionProperties(None, 0, ctypes.byref(n), None)"
    )
    said = subprocess.run(
        [sys.executable, "-c", program, str(loader)],
        env=os.environ | {"XR_LOADER_DEBUG": "all"}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    found = re.findall(r"attempting to load (.*\.json)", said.stdout + said.stderr)
    assert found, said.stdout + said.stderr
    return found[-1]


@LINUX
def test_without_any_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if any(Path(place, "openxr", "1").exists() for place in ("/usr/local/etc", "/etc")):
        pytest.skip("elsewhere: this machine has a runtime for all its users")
    assert manifest_path() is None
    assert beside.active_runtime() is None
    monkeypatch.setenv("XR_RUNTIME_JSON", str(tmp_path / "none.json"))
    assert beside.active_runtime() is None
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    path = manifest(tmp_path / ".config" / "openxr" / "1" / "active_runtime.json", "libx.so")
    monkeypatch.delenv("XR_RUNTIME_JSON")
    assert manifest_path() == path


@pytest.mark.parametrize(
    "written",
    [
        b"", b"{}", b"[]", b"null", b"\xff\xfe{", b"[" * 60_000, b'{"a":' * 10_000,
        b'{"file_format_version": "1.0.0"}',
        b'{"file_format_version": "1.0.0", "runtime": {"name": "Monado"}}',
        b'{"file_format_version": "1.0.0", "runtime": {"library_path": 1}}',
        b'{"runtime": {"library_path": "libopenxr_monado.so"}}',
        b" " * (LARGEST_BYTES + 1),
    ],
)  # fmt: skip
def test_what_is_no_manifest_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: bytes
) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(written)
    with pytest.raises(HeadsetError, match=r"broken.json: .+: \w+"):
        beside.read_manifest(path)
    monkeypatch.setenv("XR_RUNTIME_JSON", str(path))
    assert beside.active_runtime() is None


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
def test_any_bytes_are_a_runtime_or_refused(tmp_path: Path, written: bytes) -> None:
    path = tmp_path / "any.json"
    path.write_bytes(written)
    with suppress(HeadsetError):
        beside.read_manifest(path)


def test_a_name_is_one_short_line(tmp_path: Path) -> None:
    path = manifest(tmp_path / "runtime.json", "libx.so", name="Evil\n\x1b[2J" + "x" * 1000)
    runtime = beside.read_manifest(path)
    assert runtime.name.startswith("Evil[2Jx")
    assert len(runtime.name) == 60
    assert beside.read_manifest(manifest(path, "lib/libx.so", name="\x07")).name == "libx.so"


def test_a_pipe_does_not_keep_it_waiting(tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("elsewhere: Windows has no such files")
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(HeadsetError, match="no such file"):
        bounded(tmp_path / "pipe.json")


def test_only_the_known_may_be_opened_beside_a_game() -> None:
    kinds: list[Kind] = ["monado", "wivrn"]
    for refusal in (beside.headless_refusal, beside.overlay_refusal):
        assert {of for _, of in LIBRARIES if refusal(runtime_of(of)) is None} == set(kinds)
        for refused in (runtime_of("steamvr"), runtime_of("other"), None):
            words = refusal(refused)
            assert words is not None
            assert re.fullmatch(r"[^:]+: [^:]+: [^:]+", words)
    words = beside.headless_refusal(runtime_of("steamvr"))
    assert words is not None
    assert words.startswith("Steamvr: a second OpenXR session may end the running game")


@pytest.mark.parametrize("runtime", [None, *(runtime_of(kind) for _, kind in LIBRARIES)])
def test_every_sense_has_its_ways(runtime: Runtime | None) -> None:
    by = ways(runtime)
    assert tuple(by) == SENSES
    for way in (way for some in by.values() for way in some):
        assert way.path
        assert way.switch
        if way.sensor:
            assert way.sensor in READER_PLUGS.names()
    openxr = any(way.sensor == "openxr" for some in by.values() for way in some)
    assert openxr == (beside.headless_refusal(runtime) is None)
    assert any(way.path == "XR_EXTX_overlay" for way in by["overlay"]) == (
        beside.overlay_refusal(runtime) is None
    )


GRAPHICS = re.compile(
    r"XR_(KHR_(opengl|vulkan|D3D1)|MNDX_egl|MNDX_xlib)\w*|GraphicsBinding|[gG]raphics_?[rR]equirements"
)
ROOM = re.compile(r"headset\.(room\w*|compositor\.(overlay|openxr|openvr)(\.\w+)*)")


def modules() -> dict[str, ast.Module]:
    """Return every module of ours by its dotted name."""
    folders = ("headset", "datasets", "calibration", "reconstruct", "tools")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): ast.parse(path.read_text("utf-8"))
        for path in paths
    }


def names(tree: ast.AST) -> set[str]:
    """Return what a module's code names: its words and texts, not its prose."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in prose:
                found.add(text)
            case ast.Attribute(attr=name) | ast.Name(id=name) | ast.alias(name=name):
                found.add(name)
            case _:
                pass
    return found


def imports_of(module: str, statements: list[ast.stmt] | ast.AST) -> set[str]:
    """Return our modules that are imported there, in functions too where a tree is given."""
    nodes = statements if isinstance(statements, list) else ast.walk(statements)
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [*module.split(".")[: -node.level], *(node.module or "").split(".")]
            whole = ".".join(filter(None, base))
            found |= {whole, *(f"{whole}.{alias.name}" for alias in node.names)}
    return found


def test_only_the_room_names_graphics() -> None:
    naming = {
        module
        for module, tree in modules().items()
        if any(GRAPHICS.search(name) for name in names(tree))
    }
    assert {module for module in naming if not ROOM.fullmatch(module)} == set()


def test_only_a_command_leads_to_the_room_and_not_by_loading_it() -> None:
    inside = ROOM.fullmatch
    for module, tree in modules().items():
        if inside(module):
            continue
        leads = {name for name in imports_of(module, tree) if inside(name)}
        assert not leads or module.startswith("tools."), f"{module} imports {leads}"
        assert not {n for n in imports_of(module, tree.body) if inside(n)}, f"{module} loads it"


DEFAULT_RUN = """
import sys
from unvisor.tools.main import main
assert main(["run", "--duration-s", "0.5", "--model", "neutral", "--settings", sys.argv[1]]) == 0
print("loaded", *sorted(name for name in sys.modules if name.startswith("unvisor.")))
"""


@pytest.fixture
def default_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    (tmp_path / "none.toml").touch()

    def run() -> str:
        done = subprocess.run(
            [sys.executable, "-c", DEFAULT_RUN, str(tmp_path / "none.toml")],
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_a_run_without_words_loads_nothing_that_draws_in_the_headset(
    default_run: Callable[[], str],
) -> None:
    loaded = default_run().splitlines()[-1].split()
    assert "unvisor.tools.run" in loaded
    assert not [name for name in loaded if ROOM.fullmatch(name.removeprefix("unvisor."))]
