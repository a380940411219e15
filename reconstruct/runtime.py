"""The one home of ONNX Runtime: loads a model file, checks it against the contract, runs it."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..headset.errors import ModelError
from ..headset.frame import EVENTS
from ..headset.names import ARKIT
from . import graph_checks
from .contract import ANCHORS, INPUTS, NEXT, OUTPUTS, STATE, Metadata
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
_CUDA_LIBRARIES: Final = (
    ("cudart64_13.dll", "cudnn64_9.dll")
    if sys.platform == "win32"
    else ("libcudart.so.13", "libcudnn.so.9")
)


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
    but what ONNX Runtime allocates inside. A state's next value becomes its value without a copy: the
    graph is bound twice, and what one binding writes the other reads.

    Attributes:
        metadata: What the file says of itself.
        inputs: Buffers (1, n) by name, to be written before `run`.
        outputs: Buffers (1, n) by name, filled by `run`.
        seen: Shape (3, F), the inputs observed, mask and age_s in one.
        made: Shape (4, 52), all outputs in one: events (the first of row 0), median, low, high.
        faces: Shape (3, 52), the last three of these.
        runs_on: Where it runs, and why, in words.
    """

    metadata: Metadata
    inputs: dict[str, Floats32]
    outputs: dict[str, Floats32]
    seen: Floats32
    made: Floats32
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
        content = _content(path)
        session, self.runs_on = _started(path, content, gpu=gpu)
        self._session = session
        self.metadata = graph_checks.metadata(path, session)
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
        given = {node.name: graph_checks.shape(path, node) for node in session.get_inputs()}
        made = {node.name: graph_checks.shape(path, node) for node in session.get_outputs()}
        for name in INPUTS:
            graph_checks.expect(
                path, "input", name, given.get(name), (1, width.get(name, features))
            )
        for name in OUTPUTS:
            graph_checks.expect(path, "output", name, made.get(name), (1, width[name]))
        states = {name: shape for name, shape in given.items() if name.startswith(STATE)}
        for name, shape in states.items():
            graph_checks.expect(path, "output", name + NEXT, made.get(name + NEXT), shape)
        graph_checks.refuse_unknown(path, given, {*INPUTS, *states})
        graph_checks.refuse_unknown(path, made, {*OUTPUTS, *(name + NEXT for name in states)})
        if sum(prod(shape) for shape in states.values()) > LARGEST_STATE:  # np.prod would overflow
            raise ModelError(f"{path}: its state is too large: export it smaller")
        self.seen = np.zeros((3, features), np.float32)
        self.made = np.zeros((4, len(ARKIT)), np.float32)
        self.faces = self.made[1:]
        whole = {name: np.zeros(shape, np.float32) for name, shape in given.items()}
        whole |= dict(zip(INPUTS[:3] + OUTPUTS[:3], (*self.seen, *self.faces), strict=True))
        whole["events"] = self.made[0, : len(EVENTS)]
        self.inputs = {name: whole[name].reshape(given[name]) for name in INPUTS}
        self.outputs = {name: whole[name].reshape(made[name]) for name in OUTPUTS}
        now, after = (
            {name: np.zeros(shape, np.float32) for name, shape in states.items()} for _ in range(2)
        )
        self._states = (now, after)
        self._bindings = (self._bound(now, after), self._bound(after, now))
        self._turn = 0

    def run(self) -> None:
        """Run one frame: inputs and state in, outputs and the next state out.

        Raises:
            ModelError: The graph failed.
        """
        try:
            self._session.run_with_iobinding(self._bindings[self._turn])
        except (RuntimeError, ValueError) as cause:
            raise ModelError(f"{self.path}: failed to run ({cause}): use another model") from cause
        self._turn ^= 1

    def reset(self) -> None:
        """Forget the past."""
        for state in self._states:
            for buffer in state.values():
                buffer.fill(0.0)

    def _bound(self, now: Mapping[str, Floats32], after: Mapping[str, Floats32]) -> Any:
        """Return a binding of all buffers, of states as they are and as they are to be."""
        binding = self._session.io_binding()
        for name, buffer in {**self.inputs, **now}.items():
            binding.bind_input(name, "cpu", 0, np.float32, buffer.shape, buffer.ctypes.data)
        for name, buffer in {**self.outputs, **{n + NEXT: a for n, a in after.items()}}.items():
            binding.bind_output(name, "cpu", 0, np.float32, buffer.shape, buffer.ctypes.data)
        return binding


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
        self.inputs = {
            node.name: graph_checks.loose_shape(path, node) for node in session.get_inputs()
        }
        self.outputs = {
            node.name: graph_checks.loose_shape(path, node) for node in session.get_outputs()
        }

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


def _started(path: Path, content: bytes, *, gpu: bool) -> tuple[Any, str]:
    """Return a session and what it runs on: the CPU where CUDA will not start, and says why."""
    asked, why = providers(gpu=gpu)
    if asked[0] not in _CPU:
        try:
            session = _session(path, content, asked=asked)
        except ModelError as error:
            why = f"CPU: CUDA would not start it ({error})"
        else:
            if asked[0] in session.get_providers():
                return session, why
            why = "CPU: CUDA would not start: see whether `nvidia-smi` lists a graphics card"
    return _session(path, content), why


def _session(
    path: Path, content: bytes, remedy: str = _TRAINED, *, asked: Sequence[str] = _CPU
) -> Any:
    settings = ort.SessionOptions()
    settings.intra_op_num_threads = 1  # a small graph loses more to waking threads than it gains
    settings.inter_op_num_threads = 1
    settings.log_severity_level = 4  # what it would print is in what it raises
    try:
        # Without its own fallback, which prints.
        return ort.InferenceSession(content, settings, providers=list(asked), enable_fallback=0)
    except Exception as cause:  # its exceptions share no base but Exception
        raise ModelError(f"{path}: not an ONNX model ({_first_line(cause)}): {remedy}") from cause


def _first_line(cause: Exception) -> str:
    return (str(cause).splitlines() or [""])[0][:120]
