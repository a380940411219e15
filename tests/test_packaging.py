"""What is installed: the packages and files of a wheel, and what it asks for."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatch
from importlib import import_module
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import unvisor

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("headset", "datasets", "calibration", "reconstruct", "tools")
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = SETTINGS["project"]
NEVER_SHIPPED = {".py", ".pyc", ".md"}


def required(lines: list[str]) -> set[str]:
    """Return the distributions' names, normalised."""
    names = (re.split(r"[\[<>=!~; ]", line, maxsplit=1)[0] for line in lines)
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}


def test_packages_are_those_on_the_disk() -> None:
    on_disk = {
        ".".join(("unvisor", *path.parent.relative_to(ROOT).parts))
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("__init__.py")
    }
    with_code = {
        ".".join(("unvisor", *path.parent.relative_to(ROOT).parts))
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
    }
    listed = SETTINGS["tool"]["setuptools"]["packages"]
    assert set(listed) == on_disk | {"unvisor"}
    assert len(listed) == len(set(listed))
    assert with_code == on_disk, "a folder with code needs an __init__.py"


def test_every_file_beside_the_code_is_shipped() -> None:
    patterns = SETTINGS["tool"]["setuptools"]["package-data"]
    shipped = {
        path
        for package, globs in patterns.items()
        for glob in globs
        for path in ROOT.joinpath(*package.split(".")[1:]).glob(glob)
    }
    beside = {
        path
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix not in NEVER_SHIPPED and "__pycache__" not in path.parts
    }
    assert beside <= shipped
    assert ROOT / "py.typed" in shipped


def test_nothing_large_is_kept_in_the_repository() -> None:
    large = [
        path.relative_to(ROOT).as_posix()
        for folder in (*FOLDERS, "tests")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.stat().st_size > 2_000_000
    ]
    assert not large


def test_the_version_is_said_once_the_same() -> None:
    assert unvisor.__version__ == PROJECT["version"]


def test_the_command_exists() -> None:
    module, _, function = PROJECT["scripts"]["unvisor"].partition(":")
    assert callable(getattr(import_module(module), function))


def test_the_core_is_without_training_and_tests() -> None:
    core, extras = required(PROJECT["dependencies"]), PROJECT["optional-dependencies"]
    assert not core & {"torch", "onnx", "onnxscript", "mediapipe", "rerun-sdk"}
    assert not core & (required(extras["dev"]) - {"numpy", "scipy"})
    assert "torch" in required(extras["train"])
    assert not any("torch" in required(extras[name]) for name in set(extras) - {"train"})


@pytest.mark.parametrize("system", ["linux", "win32", "darwin"])
@pytest.mark.parametrize("machine", ["x86_64", "AMD64", "aarch64", "arm64"])
def test_one_onnx_runtime_a_platform(system: str, machine: str) -> None:
    """Two of them share an import name: the second overwrites the first's files."""
    lists: list[list[str]] = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    runtimes = [
        one.name
        for one in map(Requirement, chain.from_iterable(lists))
        if one.name.startswith("onnxruntime")
        and (
            one.marker is None
            or one.marker.evaluate({"sys_platform": system, "platform_machine": machine})
        )
    ]
    with_cuda = system in {"linux", "win32"} and machine in {"x86_64", "AMD64"}
    assert runtimes == ["onnxruntime-gpu" if with_cuda else "onnxruntime"]


def test_data_patterns_each_match_something() -> None:
    for package, globs in SETTINGS["tool"]["setuptools"]["package-data"].items():
        folder = ROOT.joinpath(*package.split(".")[1:])
        names = [path.relative_to(folder).as_posix() for path in folder.rglob("*")]
        assert all(any(fnmatch(name, glob) for name in names) for glob in globs), package
