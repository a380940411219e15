from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper
from PIL import Image

from tests.reconstruct.cameras.brought_models import EYE, MOUTH, affine, brought, image, left_half
from unvisor.headset.clock import NS_PER_MS, NS_PER_S
from unvisor.headset.errors import ModelError
from unvisor.headset.expressions import angles_from_gaze, arkit_from_unified
from unvisor.headset.frame import EyeSample, FaceSample, Origin
from unvisor.headset.names import ARKIT_INDEX, UNIFIED_INDEX
from unvisor.reconstruct.cameras.camera_model import PAIR_NS, CameraModel

GREY = np.full((40, 60), 51, np.uint8)  # a fifth of white
NAN, INF = math.nan, math.inf


def face(model: CameraModel, pixels: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> FaceSample:
    (sample,) = model.samples(image(pixels))
    assert isinstance(sample, FaceSample)
    return sample


def eyes(model: CameraModel, camera: str, time_ns: int, grey: int = 51) -> EyeSample:
    (sample,) = model.samples(image(np.full((40, 60), grey, np.uint8), camera, time_ns))
    assert isinstance(sample, EyeSample)
    return sample


def test_brightness_becomes_the_jaw_and_arkits_names_spread_to_unified(tmp_path: Path) -> None:
    model = CameraModel(brought(tmp_path, affine([1, 2, 9], [0, 0.1, 0]), MOUTH), "mouth")
    sample = face(model, GREY)
    assert model.cameras == ("mouth",)
    assert sample.time_ns == NS_PER_S
    assert sample.source == "mouth-model"
    assert sample.weights[UNIFIED_INDEX["JawOpen"]] == pytest.approx(0.2, abs=1e-6)
    funnel = [UNIFIED_INDEX[f"LipFunnel{row}{side}"] for row in ("Upper", "Lower")
              for side in ("Left", "Right")]  # fmt: skip
    assert sample.weights[funnel] == pytest.approx(0.5, abs=1e-6)
    arkit = arkit_from_unified(sample.weights, np.full((2, 3), np.nan), np.full(2, np.nan))
    assert arkit[ARKIT_INDEX["mouthFunnel"]] == pytest.approx(0.5, abs=1e-6)
    known = np.isfinite(sample.weights)
    assert known.sum() == 5
    assert (sample.origin[known] == Origin.MEASURED).all()
    assert (sample.origin[~known] == Origin.ABSENT).all()
    assert np.array_equal(sample.confidence, known.astype(float))


@pytest.mark.parametrize("wrong", [NAN, INF, -INF, 1e6])
def test_a_number_that_no_face_has_is_missing(tmp_path: Path, wrong: float) -> None:
    model = CameraModel(brought(tmp_path, affine([0, 1, 0], [wrong, 0, 0]), MOUTH), "mouth")
    weights = face(model, GREY).weights
    assert np.isnan(weights[UNIFIED_INDEX["JawOpen"]])
    assert weights[UNIFIED_INDEX["LipFunnelUpperLeft"]] == pytest.approx(0.2, abs=1e-6)
    none = CameraModel(
        brought(tmp_path, affine([0, 0, 0], [wrong, wrong, 0.5]), MOUTH, "none"), "mouth"
    )
    with pytest.raises(ModelError, match=r"none\.onnx: gives no number"):
        none.samples(image(GREY))


def test_a_unified_shape_of_its_own_goes_before_arkits_share(tmp_path: Path) -> None:
    description = MOUTH.replace('"JawOpen"', '"LipFunnelUpperLeft"')
    model = CameraModel(brought(tmp_path, affine([0, 0, 0], [0.9, 0.3, 0]), description), "mouth")
    weights = face(model, GREY).weights
    assert weights[UNIFIED_INDEX["LipFunnelUpperLeft"]] == pytest.approx(0.9)
    assert weights[UNIFIED_INDEX["LipFunnelUpperRight"]] == pytest.approx(0.3)


def test_the_crop_the_scale_and_the_channels_are_as_described(tmp_path: Path) -> None:
    pixels = np.zeros((40, 60), np.uint8)
    pixels[10:20, 15:45] = 200
    crop = "crop = [0.25, 0.25, 0.5, 0.25]\nmean = 100.0\nscale = 0.01\nchannels = 3\n"
    path = brought(tmp_path, affine([1, 1, 1], [0, 0, 0], shape=(1, 3, 4, 8)), crop + MOUTH)
    jaw = face(CameraModel(path, "mouth"), pixels).weights[UNIFIED_INDEX["JawOpen"]]
    assert jaw == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("shape", [(1, 4, 8, 1), ("batch", "rows", "columns", 1)])
def test_another_layout_and_sizes_left_open_are_taken(
    tmp_path: Path, shape: tuple[int | str, ...]
) -> None:
    path = brought(tmp_path, affine([1, 1, 1], [0, 0, 0], shape=shape), 'layout="NHWC"\n' + MOUTH)
    jaw = face(CameraModel(path, "mouth"), GREY).weights[UNIFIED_INDEX["JawOpen"]]
    assert jaw == pytest.approx(0.2, abs=1e-6)


def test_left_stays_left_and_resizing_averages(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (40, 64), dtype=np.uint8)
    pixels[:, :32] //= 4
    model = CameraModel(brought(tmp_path, left_half(), MOUTH), "mouth")
    jaw = face(model, pixels).weights[UNIFIED_INDEX["JawOpen"]]
    resized = np.asarray(Image.fromarray(pixels).resize((8, 4), Image.Resampling.BILINEAR))
    assert jaw == pytest.approx(resized[:, :4].mean() / 255, abs=1e-5)
    assert jaw == pytest.approx(pixels[:, :32].mean() / 255, abs=0.05)


def test_each_eye_is_told_with_the_other_while_that_is_fresh(tmp_path: Path) -> None:
    path = brought(tmp_path, affine([50, 0, 1], [0, 0.1, 0]), EYE)
    model = CameraModel(path, "eye")
    alone = eyes(model, "left_eye", NS_PER_S)
    assert np.isnan(alone.openness[1])
    assert alone.confidence.tolist() == [1.0, 0.0]
    both = eyes(model, "right_eye", NS_PER_S + 8 * NS_PER_MS, grey=102)
    yaw_rad, pitch_rad = angles_from_gaze(both.gaze)
    # The right eye is shown mirrored, so its yaw comes the other way round.
    assert np.degrees(yaw_rad) == pytest.approx([10.0, -20.0], abs=1e-4)
    assert pitch_rad == pytest.approx([0.1, 0.1], abs=1e-6)
    assert both.openness == pytest.approx([0.8, 0.6], abs=1e-6)
    assert np.linalg.norm(both.gaze, axis=1) == pytest.approx([1.0, 1.0])
    assert both.time_ns == NS_PER_S + 8 * NS_PER_MS
    assert np.isnan(both.pupil_mm).all()
    later = eyes(model, "right_eye", NS_PER_S + PAIR_NS + 1)
    assert np.isnan(later.gaze[0]).all()
    assert later.confidence.tolist() == [0.0, 1.0]


def test_the_right_eye_is_shown_mirrored_where_the_model_was_made_for_left_ones(
    tmp_path: Path,
) -> None:
    pixels = np.zeros((40, 60), np.uint8)
    pixels[:, 30:] = 255  # bright on the right
    path = brought(tmp_path, left_half(), EYE.replace("yaw_deg", "yaw_rad"))
    left, right = (
        CameraModel(path, "eye").samples(image(pixels, camera))[0]
        for camera in ("left_eye", "right_eye")
    )
    assert isinstance(left, EyeSample)
    assert isinstance(right, EyeSample)
    assert left.openness[0] == pytest.approx(1.0, abs=0.05)
    assert right.openness[1] == pytest.approx(0.0, abs=0.05)


def test_a_model_of_the_other_organ_names_its_option(tmp_path: Path) -> None:
    path = brought(tmp_path, affine([1, 1, 1], [0, 0, 0]), EYE)
    with pytest.raises(ModelError, match="sees eye: give it as --eye-model"):
        CameraModel(path, "mouth")


UNFIT = {
    "another size": (affine([1, 1, 1], [0, 0, 0], shape=(1, 1, 8, 8)), "1x1x8x8.*1x1x4x8.*correct"),
    "another rank": (affine([1, 1, 1], [0, 0, 0], shape=(4, 8)), "shape 4x8"),
    "another count": (affine([1, 1], [0, 0]), "output has 2 numbers, its TOML names 3"),
    "other numbers": (affine([1, 1, 1], [0, 0, 0], kind=TensorProto.DOUBLE), "not float32"),
}


@pytest.mark.parametrize("case", UNFIT)
def test_a_graph_that_is_not_as_described_is_refused(tmp_path: Path, case: str) -> None:
    proto, words = UNFIT[case]
    path = brought(tmp_path, proto, MOUTH)
    with pytest.raises(ModelError, match=words) as caught:
        CameraModel(path, "mouth")
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_output_or_a_second_input_is_named(tmp_path: Path) -> None:
    proto = affine([1, 1, 1], [0, 0, 0])
    path = brought(tmp_path, proto, MOUTH.replace("output =", "weights ="))
    with pytest.raises(ModelError, match="no output weights: it has output"):
        CameraModel(path, "mouth")
    proto.graph.input.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1]))
    with pytest.raises(ModelError, match=r"2 inputs \(input, more\)"):
        CameraModel(brought(tmp_path, proto, MOUTH), "mouth")


def test_a_count_that_shows_only_in_running_is_refused_then(tmp_path: Path) -> None:
    proto = affine([1, 1, 1], [0, 0, 0])
    del proto.graph.node[:]
    proto.graph.node.append(helper.make_node("NonZero", ["input"], ["where"]))  # (4, how many)
    proto.graph.node.append(helper.make_node("Cast", ["where"], ["output"], to=TensorProto.FLOAT))
    proto.graph.output[0].CopyFrom(
        helper.make_tensor_value_info("output", TensorProto.FLOAT, [4, "count"])
    )
    model = CameraModel(brought(tmp_path, proto, MOUTH), "mouth")
    with pytest.raises(ModelError, match="output has 128 numbers, its TOML names 3"):
        model.samples(image(GREY))


def test_operators_that_are_not_standard_are_refused(tmp_path: Path) -> None:
    proto = affine([1, 1, 1], [0, 0, 0])
    proto.graph.node[0].domain = "somebody.own"
    proto.opset_import.append(helper.make_opsetid("somebody.own", 1))
    with pytest.raises(ModelError, match="standard operators"):
        CameraModel(brought(tmp_path, proto, MOUTH), "mouth")


def test_weights_in_another_file_are_not_fetched(tmp_path: Path) -> None:
    proto = affine([1, 1, 1], [0, 0, 0])
    (tmp_path / "secret.bin").write_bytes(np.zeros(3, np.float32).tobytes())
    factors = proto.graph.initializer[0]
    factors.ClearField("float_data")
    factors.data_location = TensorProto.EXTERNAL
    entry = factors.external_data.add()
    entry.key, entry.value = "location", str(tmp_path / "secret.bin")
    with pytest.raises(ModelError, match=r"mine\.onnx"):
        CameraModel(brought(tmp_path, proto, MOUTH), "mouth")


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x07" * 100])
def test_a_file_that_is_no_graph_is_refused(tmp_path: Path, content: bytes) -> None:
    path = brought(tmp_path, affine([1], [0]), MOUTH)
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"mine\.onnx: .*model"):
        CameraModel(path, "mouth")


def test_a_graph_that_fails_at_an_image_says_so(tmp_path: Path) -> None:
    proto = affine([1, 1, 1], [0, 0, 0], shape=("b", 1, 4, 8))
    rows = helper.make_tensor("rows", TensorProto.INT64, [1], [7])
    proto.graph.initializer.append(rows)
    proto.graph.node[0].input[0] = "reshaped"
    proto.graph.node.insert(0, helper.make_node("Reshape", ["input", "rows"], ["reshaped"]))
    model = CameraModel(brought(tmp_path, proto, MOUTH), "mouth")
    with pytest.raises(ModelError, match="failed to run"):
        model.samples(image(GREY))
