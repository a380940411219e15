"""What of `unvisor bench` is of drawing: the compositor's figures, and the GPU's time."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table

from ..headset.errors import OutputError
from .terminal import counting

if TYPE_CHECKING:
    from ..headset.compositor.gpu_times import GpuTimes
    from ..reconstruct.bench.benchmark import Cost
    from ..reconstruct.bench.drawing_benchmark import Measured

_SIZE: Final = re.compile(r"(\d{2,5})x(\d{2,5})")
_MOST_PX: Final = 8192
_GPU_FRAMES: Final = 500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--compositor", action="store_true", help="measure drawing instead: what a frame costs, "
        "starting, loading avatars, refusing harmful ones, how exactly faces are posed")  # fmt: skip
    add("--gpu", action="store_true", help="measure instead, or too, how long the GPU takes for each "
        "part of a frame")  # fmt: skip
    add("--size", metavar="WxH", help="of one eye's picture for --gpu, pixels (default 2064x2208; "
        "where a CPU draws 516x552)")  # fmt: skip
    add(
        "--samples",
        type=int,
        default=4,
        metavar="N",
        help="a pixel, for --gpu (default %(default)s)",
    )
    add("--avatar", type=Path, metavar="PATH", help="drawn by --gpu: .glb, .gltf or .vrm (default the "
        "default head, made finer: 26,000 vertices)")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What was measured of drawing."""

    figures: Sequence[Measured] = ()
    gpu: GpuTimes | None = None
    stages: Sequence[Cost] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it for `--json`."""
        gpu = self.gpu
        return {
            "drawing": [
                {"stage": row.stage, "value": row.value, "unit": row.unit, "goal": row.goal}
                for row in self.figures
            ],
            "gpu": gpu
            and {
                "renderer": gpu.report.renderer,
                "software": gpu.report.software,
                "size": gpu.size,
                "samples": gpu.samples,
                "vertices": gpu.vertices,
                "targets": gpu.targets,
                "layered": gpu.layered,
                "stages_ms": {
                    row.stage: {"p50": row.p50_ms, "p99": row.p99_ms} for row in self.stages
                },
            },
        }


def measured(options: argparse.Namespace) -> Drawn:
    """Measure what the options ask for."""
    size = _size(options.size)
    if not 1 <= options.samples <= 32:
        raise OutputError(f"--samples {options.samples}: give 1 to 32")
    from ..reconstruct.bench import drawing_benchmark as benchmark

    figures: list[Measured] = []
    gpu, stages = None, list[Any]()
    with counting("measuring", benchmark.STEPS * options.compositor + options.gpu) as step:
        if options.compositor:
            figures = benchmark.drawing(options.frames, step)
        if options.gpu:
            frames = min(options.frames, _GPU_FRAMES)
            gpu, stages = benchmark.on_gpu(options.avatar, size, options.samples, frames)
            step("GPU")
    return Drawn(figures=figures, gpu=gpu, stages=stages)


def _size(word: str | None) -> tuple[int, int] | None:
    if word is None:
        return None
    found = _SIZE.fullmatch(word)
    if found is None or max(int(found[1]), int(found[2])) > _MOST_PX:
        raise OutputError(f"--size {word}: give width and height, such as 2064x2208")
    return int(found[1]), int(found[2])


def tables(drawn: Drawn) -> list[Table | str]:
    """Return what to print, in order."""
    shown: list[Table | str] = []
    if drawn.figures:
        table = Table("drawing", "measured", "goal", "", box=None, pad_edge=False)
        for row in drawn.figures:
            goal = "" if row.goal is None else f"{row.goal:g} {row.unit}"
            over = row.goal is not None and row.value > row.goal
            table.add_row(row.stage, f"{row.value:.3g} {row.unit}", goal, "over" if over else "")
        shown.append(table)
    if (gpu := drawn.gpu) is not None:
        table = Table("GPU, both eyes", "p50 ms", "p99 ms", box=None, pad_edge=False)
        for row in drawn.stages:
            table.add_row(row.stage, f"{row.p50_ms:.3f}", f"{row.p99_ms:.3f}")
        shown += [
            table,
            f"{gpu.report.renderer}: 2 x {gpu.size[0]} x {gpu.size[1]}, {gpu.samples} samples, "
            f"{gpu.vertices} vertices, {gpu.targets} targets, "
            + ("both eyes at once" if gpu.layered else "one eye after the other"),
        ]
        if gpu.report.software:
            shown.append(
                "A CPU drew this, not a GPU: it works when it must, not call by call, so the parts "
                "mean nothing, and the whole is that of no graphics card."
            )
    return shown
