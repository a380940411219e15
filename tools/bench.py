"""`unvisor bench`: latency and throughput of each stage on this machine.

Everything is measured on the embedded performance, so that two machines measure the same work.
Medians are what counts on a shared machine; the worst is shown because a wearer sees it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ..headset.errors import HeadsetError, OutputError
from ..headset.files import replacing
from ..headset.pace import sleep_until
from ..reconstruct import benchmark
from ..reconstruct.models import DEFAULT
from .terminal import counting


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its options."""
    add = parser.add_argument
    add("--model", action="append", default=[], metavar="NAME|M.onnx", help="time this, again for "
        f"each (default {DEFAULT} and ridge)")  # fmt: skip
    add("--frames", type=int, default=5000, metavar="N", help="calls to time (default %(default)s)")
    add("--json", type=Path, metavar="OUT", help="write the figures as JSON")


def run(options: argparse.Namespace) -> int:
    """Measure, show, write."""
    if options.frames < 100:
        raise OutputError(f"--frames {options.frames}: give 100 or more for a 99th percentile")
    models: list[str] = options.model or [DEFAULT, "ridge"]
    costs: list[benchmark.Cost] = []
    speeds: list[benchmark.Speed] = []
    notes: list[str] = []
    with counting("measuring", 2 * len(models) + 3) as step:
        recording = benchmark.performed()
        for model in models:
            costs += benchmark.hot_loop(recording, model, frames=options.frames)
            step(model)
            costs.append(
                benchmark.paced(
                    recording, model, rate_hz=120.0, frames=options.frames // 4, wait=sleep_until
                )
            )
            step(f"{model}, paced")
        try:
            from ..headset.compositor.floor import cpu_cost_ms

            drawn_ns = (cpu_cost_ms(options.frames) * 1e6).astype(int).tolist()
            costs.append(benchmark.cost("draw, CPU alone (no-op driver)", drawn_ns))
        except HeadsetError as error:
            notes.append(f"drawing was not timed: {error}")
        step("drawing")
        speeds += benchmark.storage()
        step("import, simulate, store")
        speeds.append(benchmark.offline(recording, models[0]))
        step("reconstruct")
    machine = {
        "machine": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
    }
    if options.json is not None:
        content: dict[str, Any] = machine | {
            "costs_ms": [asdict(row) for row in costs],
            "times_real_time": [asdict(row) for row in speeds],
            "notes": notes,
        }
        with replacing(options.json, OutputError) as draft:
            draft.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    _show(costs, speeds, notes)
    return 0


def _show(costs: list[benchmark.Cost], speeds: list[benchmark.Speed], notes: list[str]) -> None:
    console = Console()
    table = Table("stage", "p50 ms", "p99 ms", "worst ms", "calls", box=None, pad_edge=False)
    for row in costs:
        table.add_row(
            row.stage,
            f"{row.p50_ms:.3f}",
            f"{row.p99_ms:.3f}",
            f"{row.worst_ms:.2f}",
            str(row.count),
        )
    console.print(table)
    rates = Table("offline", "x real time", box=None, pad_edge=False)
    for row in speeds:
        rates.add_row(row.stage, f"{row.times:.0f}")
    console.print(rates)
    for note in notes:
        console.print(note)
