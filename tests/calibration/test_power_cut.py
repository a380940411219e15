"""The power fails while a profile is written: the old one is there or the new one, never neither."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="elsewhere: needs fork and SIGKILL")

PROGRAM = Path(__file__).parent / "power_cut.py"


def ran(mode: str, folder: Path) -> dict[str, Any]:
    arguments = [sys.executable, str(PROGRAM), mode, str(folder)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("way", ["save", "sealed", "update", "undo"])
def test_at_every_call_the_old_or_the_new_one(tmp_path: Path, way: str) -> None:
    found = ran(way, tmp_path)
    assert found["faults"] == []
    assert found["calls"] >= 10
    assert found["old"] >= 10
    assert found["new"] >= 2


@pytest.mark.parametrize("way", ["naive", "unsynced"])
def test_a_write_that_is_not_safe_would_be_found_out(tmp_path: Path, way: str) -> None:
    assert ran(way, tmp_path)["faults"]


def test_at_any_moment_a_whole_one(tmp_path: Path) -> None:
    found = ran("moments", tmp_path)
    assert found["faults"] == []
    assert found["writes"] >= 10
