"""What a model costs: its numbers, its file, its time."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from math import prod
from pathlib import Path
from typing import Final

from ..bench.benchmark import hot_loop, performed
from ..models import SHIPPED, model_path

FRAMES: Final = 1000
"""So many are timed: ten decide the 99th percentile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCost:
    """Of one model, on this machine, beside whatever else it was doing.

    Attributes:
        model: Its name.
        parameters: Numbers in its file's graph; None where the package `onnx` is missing.
        file_bytes: Size of its file; 0 where it has none.
        p50_ms: Frame to face, one core, frame after frame; median.
        p99_ms: 99th percentile.
    """

    model: str
    parameters: int | None
    file_bytes: int
    p50_ms: float
    p99_ms: float


def model_cost(name: str, model: str) -> ModelCost:
    """Measure a model by `models.predictor`'s name or file; `unvisor bench` measures paced runs.

    Raises:
        ModelError: It cannot be loaded.
    """
    path = model_path(model) if model in SHIPPED else Path(model)
    has_file = path.suffix == ".onnx"
    whole = hot_loop(performed(), model, frames=FRAMES)[-1]
    return ModelCost(
        model=name,
        parameters=_parameters(path) if has_file else 0,
        file_bytes=path.stat().st_size if has_file else 0,
        p50_ms=whole.p50_ms,
        p99_ms=whole.p99_ms,
    )


def _parameters(path: Path) -> int | None:
    if find_spec("onnx") is None:
        return None
    import onnx

    graph = onnx.ModelProto.FromString(path.read_bytes()).graph
    return sum(prod(tensor.dims) for tensor in graph.initializer)
