from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from unvisor.headset import expressions as ex
from unvisor.headset.names import ARKIT, ARKIT_INDEX, HIDDEN_14, LOOK_8, UNIFIED
from unvisor.headset.rig import RIGS

weights52 = arrays(np.float64, (52,), elements=st.floats(0.0, 1.0))
weights88 = arrays(np.float64, (88,), elements=st.floats(0.0, 1.0))
angle = st.floats(-1.2, 1.2)


def without_opposing_looks(arkit: ex.Floats) -> ex.Floats:
    """Keep of each pair of opposing looks only the stronger, as an eye can only look one way."""
    arkit = arkit.copy()
    for side in ("Left", "Right"):
        for one, other in (("In", "Out"), ("Up", "Down")):
            a, b = ARKIT_INDEX[f"eyeLook{one}{side}"], ARKIT_INDEX[f"eyeLook{other}{side}"]
            arkit[a if arkit[a] < arkit[b] else b] = 0.0
    return arkit


def there_and_back(arkit: ex.Floats) -> ex.Floats:
    return ex.arkit_from_unified(
        ex.unified_from_arkit(arkit), ex.gaze_from_arkit(arkit), ex.openness_from_arkit(arkit)
    )


@given(weights52)
def test_arkit_to_unified_and_back_is_the_identity(arkit: ex.Floats) -> None:
    arkit = without_opposing_looks(arkit)
    np.testing.assert_allclose(there_and_back(arkit), arkit, atol=1e-6)


def test_overshoot_of_a_capture_survives() -> None:
    arkit = without_opposing_looks(np.full(52, 1.08))
    np.testing.assert_allclose(there_and_back(arkit), arkit, atol=1e-9)


@given(weights52, weights88, arrays(np.float64, (2,), elements=angle))
def test_mirroring_twice_is_the_identity(
    arkit: ex.Floats, unified: ex.Floats, yaw_rad: ex.Floats
) -> None:
    gaze = ex.gaze_from_angles(yaw_rad, np.array([0.1, -0.3]))
    np.testing.assert_array_equal(ex.mirror_arkit(ex.mirror_arkit(arkit)), arkit)
    np.testing.assert_array_equal(ex.mirror_unified(ex.mirror_unified(unified)), unified)
    np.testing.assert_array_equal(ex.mirror_gaze(ex.mirror_gaze(gaze)), gaze)


@given(weights52)
def test_mirroring_commutes_with_the_maps(arkit: ex.Floats) -> None:
    np.testing.assert_array_equal(
        ex.unified_from_arkit(ex.mirror_arkit(arkit)),
        ex.mirror_unified(ex.unified_from_arkit(arkit)),
    )
    np.testing.assert_allclose(
        ex.gaze_from_arkit(ex.mirror_arkit(arkit)),
        ex.mirror_gaze(ex.gaze_from_arkit(arkit)),
        atol=1e-12,
    )


@given(angle, angle)
def test_gaze_angles_there_and_back(yaw_rad: float, pitch_rad: float) -> None:
    gaze = ex.gaze_from_angles(np.array(yaw_rad), np.array(pitch_rad))
    assert np.isclose(np.linalg.norm(gaze), 1.0)
    np.testing.assert_allclose(ex.angles_from_gaze(gaze), (yaw_rad, pitch_rad), atol=1e-9)


def test_the_left_eye_looking_out_looks_left_and_up_is_up() -> None:
    arkit = np.zeros(52)
    arkit[ARKIT_INDEX["eyeLookOutLeft"]] = 1.0
    arkit[ARKIT_INDEX["eyeLookInRight"]] = 1.0
    arkit[ARKIT_INDEX["eyeLookUpLeft"]] = 1.0
    gaze = ex.gaze_from_arkit(arkit)
    assert (gaze[:, 0] < 0).all()
    assert gaze[0, 1] > 0
    assert gaze[1, 1] == 0
    assert (gaze[:, 2] < 0).all()


def test_what_is_not_observed_stays_missing_and_halves_are_not_zero() -> None:
    weights = np.full(len(UNIFIED), np.nan)
    weights[UNIFIED.index("CheekPuffLeft")] = 0.6  # a tracker that sees one cheek
    arkit = ex.arkit_from_unified(weights, np.full((2, 3), np.nan), np.array([0.25, np.nan]))
    assert arkit[ARKIT_INDEX["cheekPuff"]] == 0.6
    assert arkit[ARKIT_INDEX["eyeBlinkLeft"]] == 0.75
    observed = {ARKIT[i] for i in np.flatnonzero(~np.isnan(arkit))}
    assert observed == {"cheekPuff", "eyeBlinkLeft"}


def test_batches_equal_single_rows() -> None:
    rows = np.random.default_rng(1).uniform(0, 1, (5, 52))
    np.testing.assert_allclose(
        there_and_back(rows), np.stack([there_and_back(row) for row in rows]), atol=1e-12
    )


def test_rigs_split_the_face_as_fidelity_says() -> None:
    assert set(RIGS["mouth+eyes"].hidden) == set(HIDDEN_14)
    assert len(RIGS["mouth"].observed) == 28
    assert set(RIGS["eyes"].observed) == {*LOOK_8, "eyeBlinkLeft", "eyeBlinkRight"}
    assert RIGS["none"].observed == RIGS["audio"].observed == ()
