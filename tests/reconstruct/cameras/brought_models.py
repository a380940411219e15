"""Models as a wearer may bring them, tiny ones whose answers are known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import onnx
from onnx import TensorProto, helper

from unvisor.headset.clock import NS_PER_S
from unvisor.headset.frame import Bytes, ImageSample

MOUTH = """
sees = "mouth"
width = 8
height = 4
[outputs]
output = ["JawOpen", "mouthFunnel", "-"]
"""
EYE = """
sees = "eye"
width = 8
height = 4
mirror_right = true
[outputs]
output = ["yaw_deg", "pitch_rad", "closure"]
"""


def affine(
    factors: Sequence[float],
    offsets: Sequence[float],
    *,
    shape: Sequence[int | str] = (1, 1, 4, 8),
    kind: int = TensorProto.FLOAT,
) -> onnx.ModelProto:
    """Return a graph whose outputs are the mean of what it is shown, times factors, plus offsets."""
    count = [len(factors)]
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["input"], ["mean"], keepdims=0),
            helper.make_node("Mul", ["mean", "factors"], ["scaled"]),
            helper.make_node("Add", ["scaled", "offsets"], ["output"]),
        ],
        "affine",
        [helper.make_tensor_value_info("input", kind, list(shape))],
        [helper.make_tensor_value_info("output", kind, count)],
        initializer=[
            helper.make_tensor("factors", kind, count, list(factors)),
            helper.make_tensor("offsets", kind, count, list(offsets)),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def left_half(*, shape: Sequence[int] = (1, 1, 4, 8)) -> onnx.ModelProto:
    """Return a graph that gives the mean of the left half of what it is shown, thrice."""

    def numbers(name: str, values: list[int]) -> onnx.TensorProto:
        return helper.make_tensor(name, TensorProto.INT64, [len(values)], values)

    graph = helper.make_graph(
        [
            helper.make_node("Slice", ["input", "start", "stop", "axis"], ["half"]),
            helper.make_node("ReduceMean", ["half"], ["mean"], keepdims=0),
            helper.make_node("Expand", ["mean", "three"], ["output"]),
        ],
        "left half",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, list(shape))],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [3])],
        initializer=[
            numbers("start", [0]), numbers("stop", [shape[3] // 2]), numbers("axis", [3]),
            numbers("three", [3]),
        ],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def brought(folder: Path, proto: onnx.ModelProto, description: str, name: str = "mine") -> Path:
    path = folder / f"{name}.onnx"
    path.write_bytes(proto.SerializeToString())
    path.with_suffix(".toml").write_text(description, encoding="utf-8")
    return path


def image(pixels: Bytes, camera: str = "mouth", time_ns: int = NS_PER_S) -> ImageSample:
    assert camera in ("mouth", "left_eye", "right_eye")
    return ImageSample(
        time_ns=time_ns, received_ns=time_ns + NS_PER_S // 100, camera=camera, image=pixels
    )
