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

from unvisor.headset.errors import ModelError
from unvisor.headset.frame import EVENTS
from unvisor.headset.names import ARKIT
from unvisor.reconstruct.contract import ANCHORS, CONTRACT, Metadata
from unvisor.reconstruct.features import Observation
from unvisor.reconstruct.guess import MEDIAN
from unvisor.reconstruct.models import SHIPPED, OnnxPredictor, metadata, model_path, predictor
from unvisor.reconstruct.runtime import Model, providers

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


def _rename(proto: onnx.ModelProto) -> None:
    for node in proto.graph.node:
        node.output[:] = ["medium" if name == "median" else name for name in node.output]
        node.input[:] = ["medium" if name == "median" else name for name in node.input]
    proto.graph.output[0].name = "medium"


def _widen(proto: onnx.ModelProto) -> None:
    proto.graph.input[3].type.tensor_type.shape.dim[1].dim_value = 3


def _loosen(proto: onnx.ModelProto) -> None:
    proto.graph.input[0].type.tensor_type.shape.dim[1].dim_param = "F"


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
    assert models[1].runs_on == providers(gpu=True)[1]
    np.testing.assert_allclose(models[0].faces, models[1].faces, atol=1e-4)


def test_nothing_is_kept_of_this_machine_for_others(tmp_path: Path) -> None:
    """ONNX Runtime 1.31 makes an id and queues events in the cache folder, unless told not to."""
    program = "from unvisor.reconstruct import models; models.reconstructor('robust', None)"
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", program], env=os.environ | home, check=True, timeout=60)
    assert not [path for path in tmp_path.rglob("*") if "onnxruntime" in str(path)]
