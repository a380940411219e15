"""From a camera's image to the numbers that a model's description names."""

from __future__ import annotations

from math import prod
from pathlib import Path

import numpy as np
from PIL import Image

from ...headset.errors import ModelError
from ...headset.frame import Bytes, Floats
from ..runtime import Floats32, Graph
from .camera_model_file import CameraModelFile


class ImageGraph:
    """A graph that fits its description; may be run from any thread."""

    def __init__(self, path: Path, about: CameraModelFile) -> None:
        """Load a graph.

        Raises:
            ModelError: It cannot be loaded, or is not as described.
        """
        self._about = about
        self._graph = graph = Graph(path)
        self._input = _input(path, graph, about)
        _check_outputs(path, graph, about)

    def values(self, image: Bytes, *, mirrored: bool = False) -> Floats:
        """Return the numbers described, in order and as the graph gives them.

        Args:
            image: Shape (h, w), 0 to 255.
            mirrored: Show it the other way round.

        Raises:
            ModelError: The graph failed, or gave other numbers than described.
        """
        outputs = self._about.outputs
        shown = _shown(image, self._about, mirrored=mirrored)
        found = self._graph.run(self._input, shown, list(outputs))
        for (name, names), numbers in zip(outputs.items(), found, strict=True):
            if numbers.size != len(names):
                raise ModelError(_miscounted(self._graph.path, name, str(numbers.size), names))
        return np.concatenate([numbers.ravel() for numbers in found]).astype(np.float64)


def _shown(image: Bytes, about: CameraModelFile, *, mirrored: bool) -> Floats32:
    """Return what the graph is given: cropped, resized (antialiased, bilinear) and scaled."""
    rows, columns = image.shape
    left, top, width, height = about.crop
    x, y = min(round(left * columns), columns - 1), min(round(top * rows), rows - 1)
    cropped = image[y : y + max(1, round(height * rows)), x : x + max(1, round(width * columns))]
    resized = Image.fromarray(cropped).resize(
        (about.width, about.height), Image.Resampling.BILINEAR
    )
    pixels = np.asarray(resized, np.float32)
    pixels = (pixels[:, ::-1] if mirrored else pixels) - np.float32(about.mean)
    pixels *= np.float32(about.scale)
    axis = 0 if about.layout == "NCHW" else 2
    stacked = np.repeat(np.expand_dims(pixels, axis), about.channels, axis=axis)
    return np.ascontiguousarray(stacked[None])


def _input(path: Path, graph: Graph, about: CameraModelFile) -> str:
    """Return the graph's input, once it is sure to take such images."""
    if len(graph.inputs) != 1:
        raise ModelError(
            f"{path}: has {len(graph.inputs)} inputs ({', '.join(graph.inputs)}), not one image: "
            "export it with one"
        )
    name, shape = next(iter(graph.inputs.items()))
    if not _fits(shape, about.input_shape):
        raise ModelError(
            f"{path}: input {name} has shape {_words(shape)}, its TOML says "
            f"{_words(about.input_shape)}: correct width, height, channels or layout"
        )
    return name


def _check_outputs(path: Path, graph: Graph, about: CameraModelFile) -> None:
    for name, names in about.outputs.items():
        if name not in graph.outputs:
            raise ModelError(f"{path}: has no output {name}: it has {', '.join(graph.outputs)}")
        shape = graph.outputs[name]
        sizes = [size for size in shape if size is not None]
        if len(sizes) == len(shape) and prod(sizes) != len(names):
            raise ModelError(_miscounted(path, name, _words(shape), names))


def _miscounted(path: Path, name: str, given: str, names: list[str]) -> str:
    return (
        f"{path}: {name} has {given} numbers, its TOML names {len(names)}: "
        "name each, - for those left out"
    )


def _fits(shape: tuple[int | None, ...], wanted: tuple[int, ...]) -> bool:
    return len(shape) == len(wanted) and all(
        size in (None, want) for size, want in zip(shape, wanted, strict=True)
    )


def _words(shape: tuple[int | None, ...]) -> str:
    return "x".join("?" if size is None else str(size) for size in shape)
