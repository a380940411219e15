"""`unvisor bench --compositor --gpu`: what it refuses, and what it writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from unvisor.headset.compositor.context import probe
from unvisor.headset.compositor.floor import small_head
from unvisor.headset.errors import HeadsetError
from unvisor.reconstruct.bench.benchmark_avatars import write
from unvisor.tools.main import main


@pytest.mark.parametrize("size", ["2064", "0x0", "99999x10", "2064 x 2208"])
def test_a_size_is_two_numbers(size: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--gpu", "--size", size]) == 1
    assert capsys.readouterr().err.startswith(
        f"unvisor bench: --size {size}: give width and height"
    )


@pytest.mark.gl
def test_the_gpu_is_timed_and_a_cpu_is_called_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        report = probe()
    except HeadsetError as error:
        pytest.skip(str(error))
    out = tmp_path / "figures.json"
    head, avatar = small_head(), tmp_path / "small.glb"
    write(avatar, head)
    words = ["--avatar", str(avatar), "--size", "64x48", "--frames", "100", "--json", str(out)]
    assert main(["bench", "--gpu", *words]) == 0
    gpu = json.loads(out.read_text())["gpu"]
    assert (gpu["renderer"], gpu["size"]) == (report.renderer, [64, 48])
    assert (gpu["vertices"], gpu["targets"]) == (len(head.positions), 52)
    assert {"morph", "normals", "skin", "whole frame"} <= gpu["stages_ms"].keys()
    shown = capsys.readouterr().out
    assert ("A CPU drew this" in shown) == report.software
