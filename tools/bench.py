"""`unvisor bench`: latency and throughput of each stage on this machine.

    unvisor bench                   # each stage by itself
    unvisor bench --start           # a run's first face and memory, without torch
    unvisor bench --live            # trackers in a process of their own, sockets, the whole loop
    unvisor bench --flood-s 600     # the same while 50,000 packets a second come to another port
    unvisor bench --compositor      # drawing: what a frame costs, and what else it is held to
    unvisor bench --gpu             # the GPU's time, part by part

Everything is measured on embedded input, so that two machines measure the same work. Medians are what
counts on a shared machine; the worst is shown because a wearer sees it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from ..headset.errors import HeadsetError, OutputError
from ..headset.files import replacing
from ..headset.pace import sleep_until
from ..reconstruct.bench import benchmark, live_benchmark
from ..reconstruct.life.life import Life
from ..reconstruct.models import DEFAULT
from . import bench_drawing, bench_start
from .bench_drawing import Drawn
from .terminal import counting, within

LIFE_SEED: Final = 7
"""One person's life on every machine."""

LONGEST_S: Final = 3600.0
"""Of a live measurement: the trackers' frames are numbered for two hours."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its options."""
    add = parser.add_argument
    add("--model", action="append", default=[], metavar="NAME|M.onnx", help="time this, again for "
        f"each (default {DEFAULT} and ridge)")  # fmt: skip
    add("--frames", type=int, default=5000, metavar="N", help="calls to time (default %(default)s)")
    add("--start", action="store_true", help="measure instead how soon `unvisor run` shows a first "
        "face, and how much memory it takes, without torch")  # fmt: skip
    add("--live", action="store_true", help="measure the live loop instead, with eye and mouth "
        "trackers at 120 Hz: what it adds between a sensor and the face, and what it costs")  # fmt: skip
    add("--live-s", type=float, default=30.0, metavar="N",
        help="how long each way of pacing it is measured (default %(default)g)")  # fmt: skip
    add("--flood-s", type=float, metavar="N", help="measure instead, or too, what a flood of 50,000 "
        "packets a second at one port does to a tracker at another, so long")  # fmt: skip
    bench_drawing.add_arguments(parser)
    add("--json", type=Path, metavar="OUT", help="write the figures as JSON")


@dataclass(kw_only=True)
class Figures:
    """What was measured."""

    costs: list[benchmark.Cost] = field(default_factory=list[benchmark.Cost])
    speeds: list[benchmark.Speed] = field(default_factory=list[benchmark.Speed])
    live: list[live_benchmark.Live] = field(default_factory=list[live_benchmark.Live])
    flood: live_benchmark.Flood | None = None
    starts: list[bench_start.Started] = field(default_factory=list[bench_start.Started])
    drawn: Drawn = field(default_factory=Drawn)
    notes: list[str] = field(default_factory=list[str])


def run(options: argparse.Namespace) -> int:
    """Measure, show, write."""
    if options.frames < 100:
        raise OutputError(f"--frames {options.frames}: give 100 or more for a 99th percentile")
    within("--live-s", options.live_s, LONGEST_S)
    within("--flood-s", options.flood_s, LONGEST_S)
    if options.start:
        with counting("starting", bench_start.steps()) as step:
            figures = Figures(starts=bench_start.measured(step))
    elif options.compositor or options.gpu:
        figures = Figures(drawn=bench_drawing.measured(options))
    elif options.live or options.flood_s is not None:
        figures = _live(options)
    else:
        figures = _stages(options.model or [DEFAULT, "ridge"], options.frames)
    if options.json is not None:
        content = {
            "machine": platform.machine(),
            "system": platform.system(),
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "costs_ms": [asdict(row) for row in figures.costs],
            "times_real_time": [asdict(row) for row in figures.speeds],
            "live": [asdict(row) for row in figures.live],
            "flood": figures.flood and asdict(figures.flood),
            "starts": [asdict(row) for row in figures.starts],
            **figures.drawn.as_json(),
            "notes": figures.notes,
        }
        with replacing(options.json, OutputError) as draft:
            draft.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    _show(figures)
    return 0


def _live(options: argparse.Namespace) -> Figures:
    figures = Figures()
    wanted = live_benchmark.PACED if options.live else ()
    with counting("measuring", len(wanted) + (options.flood_s is not None)) as step:
        for paced in wanted:
            figures.live.append(live_benchmark.live(paced, options.live_s))
            step(f"live, {paced}")
        if options.flood_s is not None:
            figures.flood = live_benchmark.flood(options.flood_s)
            step("flood")
    return figures


def _stages(models: list[str], frames: int) -> Figures:
    figures = Figures()
    with counting("measuring", 2 * len(models) + 5) as step:
        recording = benchmark.performed()
        for model in models:
            figures.costs += benchmark.hot_loop(recording, model, frames=frames)
            step(model)
            figures.costs.append(
                benchmark.paced(
                    recording, model, rate_hz=120.0, frames=frames // 4, wait=sleep_until
                )
            )
            step(f"{model}, paced")
        # As `run` has it by default; where the eyes are not sensed life has all of them to make up.
        model, alone = models[0], benchmark.performed("mouth")
        figures.costs += benchmark.hot_loop(alone, model, frames=frames, life=Life(LIFE_SEED))
        step(f"{model}, life")
        figures.costs.append(
            benchmark.paced(
                alone, model, rate_hz=120.0, frames=frames // 4, wait=sleep_until,
                life=Life(LIFE_SEED),
            )
        )  # fmt: skip
        step(f"{model}, life, paced")
        try:
            from ..headset.compositor.floor import cpu_cost_ms

            drawn_ns = (cpu_cost_ms(frames)[0] * 1e6).astype(int).tolist()
            figures.costs.append(benchmark.cost("draw, CPU alone (no-op driver)", drawn_ns))
        except HeadsetError as error:
            figures.notes.append(f"drawing was not timed: {error}")
        step("drawing")
        figures.speeds += benchmark.storage()
        step("import, simulate, store")
        figures.speeds.append(benchmark.offline(recording, models[0]))
        step("reconstruct")
    return figures


def _show(figures: Figures) -> None:
    console = Console()
    if figures.costs:
        console.print(_table("stage", figures.costs))
    if figures.speeds:
        rates = Table("offline", "x real time", box=None, pad_edge=False)
        for row in figures.speeds:
            rates.add_row(row.stage, f"{row.times:.0f}")
        console.print(rates)
    if figures.starts:
        console.print(bench_start.table(figures.starts))
    for live in figures.live:
        console.print(_table(f"live, {live.paced}", live.stages))
        console.print(
            f"{live.rate_hz:.1f} faces a second, {live.cpu_share:.1%} of one core; "
            f"{live.unseen_share:.1%} of the trackers' frames were overtaken by their next"
        )
    if (flood := figures.flood) is not None:
        console.print(_table("flood", [flood.quiet, flood.flooded]))
        console.print(
            f"{flood.sent_hz:.0f} packets a second sent, {flood.kept_hz:.0f} read, "
            f"{flood.cpu_share:.1%} of one core, for {flood.duration_s:.0f} s"
        )
        if flood.resident_mb is not None:
            began, ended, most = flood.resident_mb
            console.print(f"memory {began:.1f} to {ended:.1f} MB, at most {most:.1f}")
    for shown in (*bench_drawing.tables(figures.drawn), *figures.notes):
        console.print(shown, soft_wrap=isinstance(shown, str))


def _table(title: str, costs: Sequence[benchmark.Cost]) -> Table:
    table = Table(title, "p50 ms", "p99 ms", "worst ms", "count", box=None, pad_edge=False)
    for row in costs:
        table.add_row(
            row.stage,
            f"{row.p50_ms:.3f}",
            f"{row.p99_ms:.3f}",
            f"{row.worst_ms:.2f}",
            str(row.count),
        )
    return table
