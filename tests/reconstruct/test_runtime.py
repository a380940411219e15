from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from unvisor.calibration.fit import fit
from unvisor.headset.clock import NS_PER_MS
from unvisor.headset.errors import ModelError
from unvisor.headset.frame import EVENTS, SensorFrame, WornSample
from unvisor.headset.names import ARKIT
from unvisor.reconstruct.contract import ANCHORS, CONTRACT, Metadata
from unvisor.reconstruct.features import Observation
from unvisor.reconstruct.guess import MEDIAN
from unvisor.reconstruct.models import (
    SHIPPED,
    OnnxPredictor,
    metadata,
    model_path,
    predictor,
    reconstructor,
)
from unvisor.reconstruct.offline import track
from unvisor.reconstruct.runtime import Model, providers

from .faces import sensed

FEATURES = ("jawOpen", "mouthClose")
WIDTH = {"anchors": len(ANCHORS), "anchor_mask": len(ANCHORS), "horizon_s": 1}


def counting_model() -> onnx.ModelProto:
    """A model whose median counts the frames since its reset, in its state, and adds jawOpen."""

    def tensor(name: str, width: int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, width])

    def zeros(name: str, width: int) -> onnx.TensorProto:
        return helper.make_tensor(name, TensorProto.FLOAT, [1, width], [0.0] * width)

    graph = helper.make_graph(
        [
            helper.make_node("Add", ["state_count", "one"], ["state_count_next"]),
            helper.make_node("Slice", ["observed", "start", "stop", "axis"], ["jaw"]),
            helper.make_node("Add", ["state_count_next", "jaw"], ["sum"]),
            helper.make_node("Add", ["sum", "zeros"], ["median"]),
            helper.make_node("Identity", ["median"], ["low"]),
            helper.make_node("Identity", ["median"], ["high"]),
            helper.make_node("Identity", ["no_events"], ["events"]),
        ],
        "counting",
        [tensor(name, WIDTH.get(name, len(FEATURES))) for name in
         ("observed", "mask", "age_s", "anchors", "anchor_mask", "horizon_s")]
        + [tensor("state_count", 1)],
        [tensor(name, len(ARKIT)) for name in ("median", "low", "high")]
        + [tensor("events", len(EVENTS)), tensor("state_count_next", 1)],
        initializer=[
            helper.make_tensor("one", TensorProto.FLOAT, [1, 1], [1.0]),
            zeros("zeros", len(ARKIT)), zeros("no_events", len(EVENTS)),
            helper.make_tensor("start", TensorProto.INT64, [1], [0]),
            helper.make_tensor("stop", TensorProto.INT64, [1], [1]),
            helper.make_tensor("axis", TensorProto.INT64, [1], [1]),
        ],
    )  # fmt: skip
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    describe(proto, features=list(FEATURES))
    return proto


def describe(proto: onnx.ModelProto, **changes: object) -> None:
    about = Metadata(
        contract=CONTRACT,
        kind="counting",
        features=list(FEATURES),
        channels=list(ARKIT),
        events=list(EVENTS),
        rate_hz=0.0,
        send_gain={},
        mean=[0.0] * len(ARKIT),
        people=[],
        takes=[],
        licence="a test's own",
    )
    about = msgspec.structs.replace(about, **changes)
    del proto.metadata_props[:]
    helper.set_model_props(proto, {"unvisor": msgspec.json.encode(about).decode()})


def written(path: Path, proto: onnx.ModelProto) -> Path:
    path.write_bytes(proto.SerializeToString())
    return path


def test_a_model_with_other_features_and_a_state_of_its_own_drops_in(tmp_path: Path) -> None:
    model = Model(written(tmp_path / "m.onnx", counting_model()))
    guesses = OnnxPredictor(model, None)
    seen = Observation()
    seen.observed[ARKIT.index("jawOpen")] = 0.25
    seen.observed[ARKIT.index("mouthClose")] = 100.0
    counted = [float(guesses.predict(seen, 0.0).faces[MEDIAN][0]) for _ in range(3)]
    assert counted == [1.25, 2.25, 3.25]
    guesses.reset()
    assert guesses.predict(seen, 0.0).faces[MEDIAN][0] == 1.25


def test_a_frame_is_run_in_place() -> None:
    """What is bound once is read and written at every frame: nothing is handed over anew."""
    model = Model(model_path("anatomy"))
    model.seen[1] = 1.0
    for given in (0.25, 0.5):
        model.inputs["observed"][:] = given
        model.run()
        np.testing.assert_allclose(model.made[1], given)  # what is observed is itself
        np.testing.assert_array_equal(model.outputs["median"][0], model.made[1])
    assert all(np.shares_memory(buffer, model.made) for buffer in model.outputs.values())
    assert all(np.shares_memory(model.inputs[n], model.seen) for n in ("observed", "mask", "age_s"))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere: threads are counted by /proc")
def test_a_model_starts_no_thread() -> None:
    """One intra-op thread, and that is ours: others would fight a game for its cores."""
    threads = Path("/proc/self/task")
    Model(model_path("ridge")).run()  # whatever the library itself starts
    before = {task.name for task in threads.iterdir()}
    models = [Model(model_path("anatomy")) for _ in range(3)]
    for model in models:
        model.run()
    assert {task.name for task in threads.iterdir()} <= before


def test_a_hole_and_a_headset_put_on_again_reset_the_models_state(tmp_path: Path) -> None:
    """The model counts frames since its reset: so does the hidden face."""
    path = written(tmp_path / "m.onnx", counting_model())
    wearer = fit(sensed().first(10.0).frames())

    def frame(at_ms: int, worn: bool | None = None) -> SensorFrame:
        at_ns = at_ms * NS_PER_MS
        told = None if worn is None else WornSample(time_ns=at_ns, received_ns=at_ns, worn=worn)
        return SensorFrame(time_ns=at_ns, worn=told)

    def counted(*frames: SensorFrame) -> list[float]:
        hidden = ARKIT.index("cheekSquintLeft")
        return track(frames, reconstructor(str(path), wearer)).arkit_median[:, hidden].tolist()

    assert counted(frame(0), frame(10), frame(20)) == [1.0, 2.0, 3.0]
    assert counted(frame(0), frame(10), frame(1000), frame(2001), frame(2010)) == [1, 2, 3, 1, 2]
    off_and_on = (frame(0), frame(10, worn=False), frame(20), frame(30, worn=True), frame(40))
    assert counted(*off_and_on) == [1, 2, 3, 1, 2]


def _rename(proto: onnx.ModelProto) -> None:
    for node in proto.graph.node:
        node.output[:] = ["medium" if name == "median" else name for name in node.output]
        node.input[:] = ["medium" if name == "median" else name for name in node.input]
    proto.graph.output[0].name = "medium"


def _widen(proto: onnx.ModelProto) -> None:
    proto.graph.input[3].type.tensor_type.shape.dim[1].dim_value = 3


def _loosen(proto: onnx.ModelProto) -> None:
    proto.graph.input[0].type.tensor_type.shape.dim[1].dim_param = "F"


def _swell(proto: onnx.ModelProto) -> None:
    """Its state has 2**64 numbers, which is 0 where 64 bits overflow."""
    for state in (proto.graph.input[-1], proto.graph.output[-1]):
        shape = state.type.tensor_type.shape
        del shape.dim[:]
        shape.dim.add().dim_value = shape.dim.add().dim_value = 1 << 32
    del proto.graph.node[0].input[:]
    proto.graph.node[0].op_type = "Identity"
    proto.graph.node[0].input.append("state_count")
    proto.graph.node[2].input[0] = "jaw"


BROKEN: dict[str, tuple[Callable[[onnx.ModelProto], object], str]] = {
    "another output": (_rename, "no output `median`"),
    "another width": (_widen, r"`anchors` has shape \(1, 3\)"),
    "a loose shape": (_loosen, "fixed shape"),
    "no metadata": (lambda proto: proto.ClearField("metadata_props"), "no `unvisor` metadata"),
    "a newer contract": (lambda proto: describe(proto, contract=99), "contract version 99"),
    "unknown features": (lambda proto: describe(proto, features=["nostril", "x"]), "nostril"),
    "fewer features": (lambda proto: describe(proto, features=["jawOpen"]), "`observed`"),
    "too few gains": (lambda proto: describe(proto, send_gain={"eyes": [1.0]}), "send_gain"),
    "a mean without end": (
        lambda proto: describe(proto, mean=[1e999] * 52),
        "damaged metadata|mean",
    ),
    "a state beyond any memory": (_swell, "its state is too large"),
    "other channels": (lambda proto: describe(proto, channels=["a"]), "other channels"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_model_that_breaks_the_contract_is_refused_by_name(tmp_path: Path, case: str) -> None:
    proto = counting_model()
    breaks, words = BROKEN[case]
    breaks(proto)
    path = written(tmp_path / "m.onnx", proto)
    with pytest.raises(ModelError, match=words) as caught:
        Model(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x07" * 100])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="model"):
        Model(path)


def test_a_truncated_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(counting_model().SerializeToString()[:-200])
    with pytest.raises(ModelError):
        Model(path)


def test_missing_files_and_unknown_names_say_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        predictor(str(tmp_path / "none.onnx"), None)
    with pytest.raises(ModelError, match="neutral, mean, rules, anatomy, robust, ridge"):
        predictor("genius", None)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_weights_say_what_they_are_made_of(name: str) -> None:
    about = metadata(name)
    assert model_path(name).is_file()
    assert about is not None
    assert about.kind == name
    assert about.people
    assert about.takes
    assert "MIT" in about.licence
    assert np.abs(about.mean).max() < 0.5


def test_the_cpu_runs_unless_asked_otherwise() -> None:
    assert providers()[0] == ["CPUExecutionProvider"]
    asked, why = providers(gpu=True)
    assert asked[-1] == "CPUExecutionProvider"
    assert why


def test_a_model_that_may_run_on_a_gpu_says_where_it_does_and_gives_the_same() -> None:
    models = [Model(model_path("robust"), gpu=gpu) for gpu in (False, True)]
    for model in models:
        model.inputs["observed"][:] = model.inputs["mask"][:] = 1.0
        model.run()
    assert models[0].runs_on.startswith("CPU")
    assert models[1].runs_on == providers(gpu=True)[1] or "would not start" in models[1].runs_on
    np.testing.assert_allclose(models[0].faces, models[1].faces, atol=1e-4)


WATCHED = """
import sys
opened = []
sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == "ctypes.dlopen" else None)
from unvisor.calibration.fit import fit
from unvisor.reconstruct.bench.benchmark import performed
from unvisor.reconstruct.models import reconstructor
take = performed().first(10.0)
wearer = fit(take.frames()) if "known" in sys.argv else None
infers = reconstructor("anatomy", wearer, gpu="gpu" in sys.argv)
for frame in take.first(0.2).frames():
    infers.reconstruct(frame)
maps = open("/proc/self/maps").read() if sys.platform == "linux" else ""
print(any("cuda" in name.lower() for name in (*opened, *maps.split())), infers.runs_on)
"""


@pytest.mark.parametrize(
    ("words", "looked"), [("known", False), ("gpu", False), ("known gpu", True)]
)
def test_nothing_of_cuda_is_opened_unless_asked(words: str, looked: bool) -> None:
    """No library of its is even looked for without the flag, nor for a wearer nobody knows."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *words.split()],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    has_cuda = (
        "CUDAExecutionProvider" in providers(gpu=True)[0] or "missing" in providers(gpu=True)[1]
    )
    told, _, place = done.stdout.partition(" ")
    assert told == str(looked and has_cuda)
    assert place.startswith("CPU") or looked


def test_nothing_is_kept_of_this_machine_for_others(tmp_path: Path) -> None:
    """ONNX Runtime 1.31 makes an id and queues events in the cache folder, unless told not to."""
    program = "from unvisor.reconstruct import models; models.reconstructor('robust', None)"
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", program], env=os.environ | home, check=True, timeout=60)
    assert not [path for path in tmp_path.rglob("*") if "onnxruntime" in str(path)]
