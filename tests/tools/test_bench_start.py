"""`unvisor bench --start`: a real run, started as a wearer starts it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from rich.console import Console

from unvisor.headset.errors import OutputError
from unvisor.tools import bench_start, bench_start_inside


def test_a_run_without_torch_shows_a_face_and_says_what_it_held() -> None:
    done: list[str] = []
    starts = bench_start.measured(done.append, times=1, runs_s=0.2)
    assert len(done) == bench_start.steps(1)
    assert [row.source for row in starts] == ["demo", "devices"]
    for row in starts:
        assert 0.0 < row.first_face_s[0] < 60.0
        if sys.platform in ("linux", "win32"):
            assert 20.0 < row.most_resident_mb[0] < 2000.0
    console = Console(width=120)
    with console.capture() as shown:
        console.print(bench_start.table(starts))
    assert "--source devices" in shown.get()


def test_torch_cannot_be_imported_there() -> None:
    program = f"""
import sys
from {bench_start_inside.__name__} import _Without
sys.meta_path.insert(0, _Without("torch"))
import numpy
try:
    import torch
except ModuleNotFoundError as error:
    print(error.name)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "torch"


def test_a_run_that_does_not_start_is_told_of() -> None:
    with pytest.raises(OutputError, match=r"did not start .*none\.h5.*unvisor doctor"):
        bench_start.measured(lambda _: None, sources=["none.h5"])
