from __future__ import annotations

import numpy as np
import pytest

from unvisor.headset.errors import SensorError
from unvisor.headset.expressions import angles_from_gaze
from unvisor.headset.frame import FaceSample
from unvisor.headset.names import UNIFIED_INDEX
from unvisor.headset.sensors.osc_face import OscFace
from unvisor.headset.sensors.steam_link import DIALECT, PLUG, parse
from unvisor.headset.vendor_maps import UPPER_FACE, from_fb2
from unvisor.headset.vendors import FB2

from .hostile import MANY, eyes_of, face_of, mutated, osc, shapes, survive


def spelt(name: str) -> str:
    """As Steam Link spells it, by its specification: BrowLowererL, LipSuckRB."""
    *words, last = name.split("_")
    return "".join(word.capitalize() for word in words) + (
        last if len(last) < 3 else last.capitalize()
    )


def whole_face(values: dict[str, float], confidences: dict[str, float]) -> bytes:
    weights = [(f"/sl/xrfb/facew/{spelt(name)}", values.get(name, 0.0)) for name in FB2]
    return osc(*weights, *((f"/sl/xrfb/facec/{name}", sure) for name, sure in confidences.items()))


def test_the_golden_packet_is_a_half_open_jaw() -> None:
    assert shapes(parse(PLUG.golden, 7)) == {"JawOpen": 0.5}
    face = face_of(parse(PLUG.golden, 7))
    assert (face.source, face.time_ns, face.received_ns) == ("steam-link", 7, 7)


def test_the_spelling() -> None:
    assert [spelt(name) for name in ("BROW_LOWERER_L", "LIP_SUCK_RB", "JAW_DROP", "LIPS_TOWARD")] == [
        "BrowLowererL", "LipSuckRB", "JawDrop", "LipsToward",
    ]  # fmt: skip


def test_a_whole_face_is_read_as_metas() -> None:
    values = np.random.default_rng(1).uniform(0.0, 1.0, len(FB2)).astype(np.float32)
    samples = parse(whole_face(dict(zip(FB2, map(float, values), strict=True)), {}), 7)
    reading = from_fb2(values.astype(np.float64))
    np.testing.assert_allclose(face_of(samples).weights, reading.weights)
    np.testing.assert_allclose(eyes_of(samples).gaze, reading.gaze)
    np.testing.assert_allclose(eyes_of(samples).openness, reading.openness)


def test_a_face_spread_over_packets_is_put_together_and_nothing_latches() -> None:
    face = OscFace(DIALECT)
    face.parse(osc(("/sl/xrfb/facew/JawDrop", 0.5)), 0)
    both = face.parse(osc(("/sl/xrfb/facew/LipsToward", 0.25)), 10_000_000)
    assert shapes(both) == {"JawOpen": 0.5, "MouthClosed": 0.25}
    later = face.parse(osc(("/sl/xrfb/facew/LipsToward", 0.25)), 300_000_000)
    assert shapes(later) == {"MouthClosed": 0.25}


@pytest.mark.parametrize("ahead", [-2.0, 2.0])  # OpenXR's sign and VRChat's
@pytest.mark.parametrize("address", ["/sl/eyeTrackedGazePoint", "/tracking/eye/CenterVecFull"])
def test_the_gaze_is_towards_its_point(address: str, ahead: float) -> None:
    yaw_rad, pitch_rad = angles_from_gaze(eyes_of(parse(osc((address, 0.5, -0.25, ahead)), 7)).gaze)
    np.testing.assert_allclose(np.tan(yaw_rad), [0.25, 0.25])
    assert (pitch_rad < 0.0).all()


def test_the_gaze_point_goes_before_the_looks() -> None:
    weights = whole_face({"EYES_LOOK_LEFT_L": 1.0, "EYES_LOOK_LEFT_R": 1.0}, {})
    assert (eyes_of(parse(weights, 7)).gaze[:, 0] < -0.3).all()
    face = OscFace(DIALECT)
    face.parse(osc(("/sl/eyeTrackedGazePoint", 1.0, 0.0, -2.0)), 7)
    assert (eyes_of(face.parse(weights, 8)).gaze[:, 0] > 0.3).all()


@pytest.mark.parametrize("point", [(0.0, 0.0, 0.0), (3.0, 4.0, 0.0)])
def test_a_point_that_is_not_ahead_is_no_gaze(point: tuple[float, float, float]) -> None:
    assert parse(osc(("/sl/eyeTrackedGazePoint", *point)), 7) == []


def test_lids_without_a_face() -> None:
    one = parse(osc(("/sl/xrfb/facew/EyesClosedL", 0.25)), 7)
    np.testing.assert_allclose(eyes_of(one).openness, [0.75, np.nan])
    assert not any(isinstance(sample, FaceSample) for sample in one)
    both = parse(osc(("/tracking/eye/EyesClosedAmount", 0.4)), 7)
    np.testing.assert_allclose(eyes_of(both).openness, [0.6, 0.6], atol=1e-6)
    assert np.isnan(eyes_of(both).gaze).all()


def test_a_region_without_any_confidence_is_not_observed() -> None:
    values = dict.fromkeys(FB2, 0.25)
    face = face_of(parse(whole_face(values, {"UpperFace": 0.0, "LowerFace": 0.75}), 7))
    assert np.isnan(face.weights[UPPER_FACE]).all()
    assert face.weights[UNIFIED_INDEX["JawOpen"]] == 0.25
    samples = parse(whole_face(values, {"UpperFace": 1.0, "LowerFace": 0.0}), 7)
    assert np.isnan(face_of(samples).weights[~UPPER_FACE]).all()
    assert face_of(samples).weights[UNIFIED_INDEX["EyeWideLeft"]] == 0.25
    np.testing.assert_array_less(eyes_of(samples).openness, 1.0)


@pytest.mark.parametrize("name", ["TongueOut", "ToungeOut"])
def test_tongues_are_found_however_they_are_spelt(name: str) -> None:
    assert shapes(parse(osc((f"/sl/xrfb/facew/{name}", 0.5)), 7)) == {"TongueOut": 0.5}


@pytest.mark.parametrize(
    "address", ["/sl/xrfb/facew/Nostril", "/sl/xrfb/facec/Ear", "/other", "/sl"]
)
def test_what_is_not_known_is_let_be(address: str) -> None:
    assert parse(osc((address, 0.5)), 7) == []


@pytest.mark.parametrize(
    ("address", "values"),
    [("/sl/xrfb/facew/JawDrop", [9.0]), ("/sl/eyeTrackedGazePoint", [9.0, 0.0, -1.0])],
)
def test_what_no_face_has_is_refused(address: str, values: list[float]) -> None:
    with pytest.raises(SensorError, match="which no face has"):
        parse(osc((address, *values)), 7)


def test_no_bytes_do_harm() -> None:
    golden = [
        PLUG.golden,
        osc(("/sl/eyeTrackedGazePoint", 0.1, 0.2, -1.0), ("/tracking/eye/EyesClosedAmount", 0.1)),
        osc(*((f"/sl/xrfb/facew/{spelt(name)}", 0.3) for name in FB2[:12])),
    ]
    assert survive(OscFace(DIALECT).parse, mutated(golden, seed=5)) > MANY // 20
