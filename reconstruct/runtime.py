"""The one home of ONNX Runtime: loads a model file, checks it against the contract, runs it."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..headset.errors import ModelError
from ..headset.frame import EVENTS
from ..headset.names import ARKIT
from .contract import ANCHORS, CONTRACT, FEATURES, INPUTS, NEXT, OUTPUTS, STATE, Metadata
from .graph_digest import graph_digest

# Nothing leaves this machine but what the wearer names. Its import alone would make an id for this
# machine and queue an event, so it is told before; `disable_telemetry_events` comes too late.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime

ort: Any = onnxruntime  # it has no types
ort.disable_telemetry_events()
Floats32 = NDArray[np.float32]

LARGEST_BYTES: Final = 256 << 20
"""A larger file is no model of ours, and is not handed to the parser."""

LARGEST_STATE: Final = 1 << 20
"""Floats in all states together: 4 MiB."""

_CPU: Final = ("CPUExecutionProvider",)
_CUDA_LIBRARIES: Final = ("libcudart.so.13", "libcudnn.so.9")


def providers(*, gpu: bool = False) -> tuple[list[str], str]:
    """Return the execution providers to ask for, and why.

    `get_available_providers` names CUDA wherever the wheel was built with it; whether it can run is
    known by its libraries alone.

    Args:
        gpu: Ask for CUDA where it can run; the CPU alone is faster for our small graphs.
    """
    if not gpu:
        return [*_CPU], "CPU: the graphs are small"
    if "CUDAExecutionProvider" not in ort.get_available_providers():
        return [*_CPU], "CPU: this ONNX Runtime has no CUDA in it"
    for library in _CUDA_LIBRARIES:
        try:
            ctypes.CDLL(library)
        except OSError:
            return [*_CPU], f"CPU: {library} is missing: install CUDA 13, cuDNN 9"
    return ["CUDAExecutionProvider", *_CPU], "CUDA: its libraries are here"


class Model:
    """A model file, ready to run one frame at a time.

    Input buffers are written in place, then `run` fills the outputs: nothing is allocated a frame
    but what ONNX Runtime allocates inside.

    Attributes:
        metadata: What the file says of itself.
        inputs: Buffers (1, n) by name, to be written before `run`.
        outputs: Buffers (1, n) by name, filled by `run`.
        seen: Shape (3, F), the inputs observed, mask and age_s in one.
        faces: Shape (3, 52), the outputs median, low and high in one.
        runs_on: Where it runs, and why, in words.
    """

    metadata: Metadata
    inputs: dict[str, Floats32]
    outputs: dict[str, Floats32]
    seen: Floats32
    faces: Floats32
    runs_on: str

    def __init__(self, path: Path, *, gpu: bool = False) -> None:
        """Load a file.

        Args:
            path: Its place.
            gpu: Let CUDA run it where it can. Else no context is opened on a GPU that a game needs.

        Raises:
            ModelError: Unreadable, no ONNX graph, or not as the contract says.
        """
        self.path = path
        asked, self.runs_on = providers(gpu=gpu)
        content = _content(path)
        session = _session(path, content, asked=asked)
        self._session = session
        self.metadata = _metadata(path, session)
        if self.metadata.digest and self.metadata.digest != graph_digest(content):
            raise ModelError(f"{path}: damaged, its graph is not what was exported: fetch it again")
        width = {
            "anchors": len(ANCHORS),
            "anchor_mask": len(ANCHORS),
            "horizon_s": 1,
            "median": len(ARKIT),
            "low": len(ARKIT),
            "high": len(ARKIT),
            "events": len(EVENTS),
        }
        features = len(self.metadata.features)
        given = {node.name: _shape(path, node) for node in session.get_inputs()}
        made = {node.name: _shape(path, node) for node in session.get_outputs()}
        for name in INPUTS:
            _expect(path, "input", name, given.get(name), (1, width.get(name, features)))
        for name in OUTPUTS:
            _expect(path, "output", name, made.get(name), (1, width[name]))
        states = {name: shape for name, shape in given.items() if name.startswith(STATE)}
        for name, shape in states.items():
            _expect(path, "output", name + NEXT, made.get(name + NEXT), shape)
        _refuse_unknown(path, given, {*INPUTS, *states})
        _refuse_unknown(path, made, {*OUTPUTS, *(name + NEXT for name in states)})
        if sum(int(np.prod(shape)) for shape in states.values()) > LARGEST_STATE:
            raise ModelError(f"{path}: its state is too large: export it smaller")
        self.seen = np.zeros((3, features), np.float32)
        self.faces = np.zeros((3, len(ARKIT)), np.float32)
        whole = {name: np.zeros(shape, np.float32) for name, shape in (given | made).items()}
        whole |= dict(zip(INPUTS[:3] + OUTPUTS[:3], (*self.seen, *self.faces), strict=True))
        self.inputs = {name: whole[name].reshape(given[name]) for name in INPUTS}
        self.outputs = {name: whole[name].reshape(made[name]) for name in OUTPUTS}
        self._state = {name: np.zeros(shape, np.float32) for name, shape in states.items()}
        self._next = {name: np.zeros(shape, np.float32) for name, shape in states.items()}
        self._binding: Any = session.io_binding()
        for name, buffer in {**self.inputs, **self._state}.items():
            self._binding.bind_input(name, "cpu", 0, np.float32, buffer.shape, buffer.ctypes.data)
        for name, buffer in self.outputs.items():
            self._binding.bind_output(name, "cpu", 0, np.float32, buffer.shape, buffer.ctypes.data)
        for name, buffer in self._next.items():
            self._binding.bind_output(
                name + NEXT, "cpu", 0, np.float32, buffer.shape, buffer.ctypes.data
            )

    def run(self) -> None:
        """Run one frame: inputs and state in, outputs and the next state out.

        Raises:
            ModelError: The graph failed.
        """
        try:
            self._session.run_with_iobinding(self._binding)
        except (RuntimeError, ValueError) as cause:
            raise ModelError(f"{self.path}: failed to run ({cause}): use another model") from cause
        for name, buffer in self._state.items():
            np.copyto(buffer, self._next[name])

    def reset(self) -> None:
        """Forget the past."""
        for buffer in self._state.values():
            buffer.fill(0.0)


class Graph:
    """A model file under no contract of ours: one array in, named ones out.

    Attributes:
        inputs: Shape by name; None where any size will do.
        outputs: Likewise.
    """

    def __init__(self, path: Path) -> None:
        """Load a file.

        Raises:
            ModelError: Unreadable, no ONNX graph, or of other numbers than float32.
        """
        self.path = path
        remedy = "name an ONNX file of standard operators"
        self._session = session = _session(path, _content(path, remedy), remedy)
        self.inputs = {node.name: _loose_shape(path, node) for node in session.get_inputs()}
        self.outputs = {node.name: _loose_shape(path, node) for node in session.get_outputs()}

    def run(self, name: str, array: Floats32, wanted: Sequence[str]) -> list[Floats32]:
        """Return the outputs wanted, for an array given to the one input; from any thread.

        Raises:
            ModelError: The graph failed.
        """
        try:
            return self._session.run(list(wanted), {name: array})
        except Exception as cause:  # its exceptions share no base but Exception
            raise ModelError(
                f"{self.path}: failed to run ({_first_line(cause)}): use another model"
            ) from cause


_TRAINED: Final = "name one that train wrote"


def _content(path: Path, remedy: str = _TRAINED) -> bytes:
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= LARGEST_BYTES else b""
    except OSError as cause:
        raise ModelError(f"{path}: cannot be read ({cause.strerror}): name a model file") from cause
    if not content:
        raise ModelError(f"{path}: empty or too large for a model: {remedy}")
    return content


def _session(
    path: Path, content: bytes, remedy: str = _TRAINED, *, asked: Sequence[str] = _CPU
) -> Any:
    settings = ort.SessionOptions()
    settings.intra_op_num_threads = 1  # a small graph loses more to waking threads than it gains
    settings.inter_op_num_threads = 1
    settings.log_severity_level = 4  # what it would print is in what it raises
    try:
        return ort.InferenceSession(content, settings, providers=list(asked))
    except Exception as cause:  # its exceptions share no base but Exception
        raise ModelError(f"{path}: not an ONNX model ({_first_line(cause)}): {remedy}") from cause


def _first_line(cause: Exception) -> str:
    return (str(cause).splitlines() or [""])[0][:120]


def _metadata(path: Path, session: Any) -> Metadata:
    properties: Mapping[str, str] = session.get_modelmeta().custom_metadata_map
    text = properties.get("unvisor")
    if text is None:
        raise ModelError(f"{path}: no `unvisor` metadata: name a model that train wrote")
    try:
        metadata = msgspec.json.decode(text, type=Metadata)
    except msgspec.DecodeError as cause:
        raise ModelError(f"{path}: damaged metadata ({cause}): export it again") from cause
    if metadata.contract != CONTRACT:
        raise ModelError(
            f"{path}: contract version {metadata.contract}, this program runs {CONTRACT}: "
            "update unvisor or export it again"
        )
    for given, ours, what in (
        (metadata.channels, ARKIT, "channels"),
        (metadata.events, EVENTS, "events"),
    ):
        if tuple(given) != ours:
            raise ModelError(f"{path}: other {what} than ours: export it again")
    for numbers in (metadata.mean, *metadata.send_gain.values()):
        if len(numbers) != len(ARKIT) or not np.isfinite(numbers).all():
            raise ModelError(
                f"{path}: its mean or send_gain is not {len(ARKIT)} numbers: export it again"
            )
    unknown = [name for name in metadata.features if name not in FEATURES]
    if unknown or len(set(metadata.features)) != len(metadata.features):
        raise ModelError(
            f"{path}: features this program does not have ({', '.join(unknown[:3]) or 'doubled'}): "
            "update unvisor"
        )
    return metadata


def _shape(path: Path, node: Any) -> tuple[int, ...]:
    if node.type != "tensor(float)" or not all(isinstance(n, int) and n > 0 for n in node.shape):
        raise ModelError(
            f"{path}: {node.name} is {node.type} {node.shape}, not float32 of a fixed shape: "
            "export it again"
        )
    return tuple(node.shape)


def _loose_shape(path: Path, node: Any) -> tuple[int | None, ...]:
    if node.type != "tensor(float)":
        raise ModelError(f"{path}: {node.name} is {node.type}, not float32: export it so")
    return tuple(size if isinstance(size, int) else None for size in node.shape)


def _expect(
    path: Path, what: str, name: str, got: tuple[int, ...] | None, wanted: tuple[int, ...]
) -> None:
    if got is None:
        raise ModelError(f"{path}: has no {what} `{name}`: export it by the contract")
    if got != wanted:
        raise ModelError(f"{path}: {what} `{name}` has shape {got}, not {wanted}: export it again")


def _refuse_unknown(path: Path, got: Mapping[str, object], wanted: set[str]) -> None:
    extra = sorted(set(got) - wanted)
    if extra:
        raise ModelError(f"{path}: unknown tensor `{extra[0]}`: export it by the contract")
