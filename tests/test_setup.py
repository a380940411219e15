"""The set-up scripts, as far as they can be judged without installing anything."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="elsewhere: a POSIX shell's script")
TOOLS = ("cat", "cksum", "dirname", "id", "ln", "mkdir", "sed", "sh", "uname")


def checkout(folder: Path) -> Path:
    """Return a copy of what the script reads, in a folder with awkward characters in its name."""
    place = folder / "a visor's é"
    place.mkdir()
    for name in ("setup.sh", "pyproject.toml"):
        shutil.copy(ROOT / name, place)
    return place


def setup(place: Path, *arguments: str, python: str | None = None) -> tuple[int, str]:
    """Run it on a machine of few programs; return its exit code and what it said.

    Args:
        place: The checkout.
        arguments: Its arguments.
        python: The text of a shell script that stands for python3; None for no Python at all.
    """
    programs = place.parent / "bin"
    programs.mkdir(exist_ok=True)
    for name in TOOLS:
        found = shutil.which(name)
        if found and not (programs / name).exists():
            (programs / name).symlink_to(found)
    if python is not None:
        (programs / "python3").write_text(f"#!/bin/sh\n{python}\n", "utf-8")
        (programs / "python3").chmod(0o755)
    environment = {"PATH": str(programs), "HOME": str(place.parent), "LC_ALL": "C"}
    ran = subprocess.run(
        ["sh", str(place / "setup.sh"), *arguments], env=environment, cwd=place.parent,
        capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return ran.returncode, ran.stdout + ran.stderr


@POSIX
@pytest.mark.parametrize("arguments", [(), ("tests",), ("--help",)])
def test_without_a_known_verb_it_says_how_it_is_used(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    code, said = setup(checkout(tmp_path), *arguments)
    assert code == 2
    assert "sh setup.sh demo" in said
    assert "sh setup.sh test" in said
    assert "set -eu" not in said


@POSIX
def test_without_python_it_says_so_in_one_line(tmp_path: Path) -> None:
    code, said = setup(checkout(tmp_path), "demo")
    assert code == 1
    assert said.count("\n") == 1
    assert "Python 3.11 or newer" in said
    assert "no python3 here" in said
    assert "python3-venv" in said


@POSIX
def test_an_older_python_is_named_in_one_line(tmp_path: Path) -> None:
    old = 'case $1 in --version) echo "Python 3.9.2" ;; *) exit 1 ;; esac'
    code, said = setup(checkout(tmp_path), "test", python=old)
    assert code == 1
    assert said.count("\n") == 1
    assert "Python 3.9.2 here" in said


@POSIX
def test_a_python_without_venv_is_told_apart(tmp_path: Path) -> None:
    """Debian ships a Python whose venv is a package of its own."""
    bare = 'case $2 in *ensurepip*) exit 1 ;; esac; exec "$REAL" "$@"'.replace(
        "$REAL", sys.executable
    )
    place = checkout(tmp_path)
    code, said = setup(place, "demo", python=bare)
    assert code == 1
    assert "cannot make a virtual environment" in said
    assert not (place / ".venv").exists()


@POSIX
def test_the_gl_packages_are_those_the_program_names(root: Path) -> None:
    listed = re.search(r'^GL_PACKAGES="([^"]+)"', (root / "setup.sh").read_text("utf-8"), re.M)
    assert listed
    remedy = (root / "headset/compositor/context.py").read_text("utf-8")
    assert all(package in remedy for package in listed[1].split())


def test_a_skip_for_something_missing_fails_in_ci(tmp_path: Path) -> None:
    shutil.copy(ROOT / "tests/conftest.py", tmp_path)
    (tmp_path / "test_skips.py").write_text(
        "import pytest\n"
        "def test_missing(): pytest.skip('no OpenGL')\n"
        "@pytest.mark.skipif(True, reason='no torch')\n"
        "def test_absent(): pass\n"
        "@pytest.mark.skipif(True, reason='elsewhere: Windows')\n"
        "def test_elsewhere(): pass\n"
    )
    (tmp_path / "test_module.py").write_text("import pytest\npytest.importorskip('no_such')\n")
    tests = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", str(tmp_path)]
    said = {
        ci: subprocess.run(
            [*tests, "--continue-on-collection-errors"], cwd=tmp_path, capture_output=True,
            text=True, env={**os.environ, "UNVISOR_CI": ci}, timeout=60,
        ).stdout.splitlines()[-1]
        for ci in ("0", "1")
    }  # fmt: skip
    assert said["0"].startswith("4 skipped")
    assert said["1"].startswith("1 failed, 1 skipped, 2 errors")


SCRIPTS = ("setup.sh", "setup.ps1", ".ci/run", "pyproject.toml")


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_host_is_named(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"\b[\w-]+\.(com|org|io|net|sh/|dev/)\b", text)
    assert not re.search(r"(?<![\w$}\"'.])/(home|root|work|tmp)/", text)


def test_the_powershell_script_reads_in_any_code_page() -> None:
    source = (ROOT / "setup.ps1").read_bytes()
    assert source.isascii()
    assert b"\t" not in source


def test_the_powershell_script_closes_what_it_opens() -> None:
    source = (ROOT / "setup.ps1").read_text("ascii")
    code = re.sub(r"""'[^'\n]*'|"[^"\n]*"|(?<!`)#[^\n]*""", "", source)
    assert "'" not in code
    assert '"' not in code
    opened: list[str] = []
    for mark in re.findall(r"[(){}\[\]]", code):
        if mark in "({[":
            opened.append(mark)
        else:
            assert opened
            assert opened.pop() + mark in {"()", "{}", "[]"}
    assert not opened


def test_powershell_can_parse_it() -> None:
    shell = shutil.which("pwsh") or shutil.which("powershell")
    if shell is None:
        pytest.skip("elsewhere: no PowerShell here")
    program = (
        "$wrong = $null; [void][Management.Automation.Language.Parser]::ParseFile("
        "$env:SCRIPT, [ref]$null, [ref]$wrong); exit $wrong.Count"
    )
    environment = {**os.environ, "SCRIPT": str(ROOT / "setup.ps1")}
    ran = subprocess.run([shell, "-NoProfile", "-Command", program], env=environment, timeout=60)
    assert ran.returncode == 0
