from __future__ import annotations

import numpy as np

from unvisor.datasets.faces import BLOCK, face_track
from unvisor.datasets.streams import FaceTrack
from unvisor.headset.expressions import arkit_from_unified
from unvisor.headset.frame import FORWARD
from unvisor.headset.names import ARKIT_INDEX, UNIFIED

RNG = np.random.default_rng(11)


def track(count: int) -> tuple[FaceTrack, dict[str, np.ndarray]]:
    weights = {name: RNG.random((count, len(UNIFIED))) for name in ("weights", "median")}
    weights |= {"low": weights["median"] - 0.1, "high": weights["median"] + 0.1}
    lids = {
        "openness": RNG.random((count, 2)),
        "openness_median": np.full((count, 2), 0.5),
        "openness_low": np.full((count, 2), 0.25),
        "openness_high": np.full((count, 2), 0.75),
    }
    gaze = np.broadcast_to(FORWARD, (count, 2, 3))
    made = face_track(
        time_ns=np.arange(count, dtype=np.int64),
        gaze=gaze,
        origin=np.ones((count, len(UNIFIED)), np.uint8),
        events=np.zeros((count, 6)),
        **weights,
        **lids,
    )
    return made, weights | lids | {"gaze": gaze}


def test_what_is_sent_is_in_both_vocabularies() -> None:
    made, given = track(BLOCK + 3)  # more than is worked on at once
    assert made.unified is given["weights"]
    expected = arkit_from_unified(given["weights"], given["gaze"], given["openness"])
    np.testing.assert_allclose(made.arkit, expected, atol=1e-12)
    expected = arkit_from_unified(given["median"], given["gaze"], given["openness_median"])
    np.testing.assert_allclose(made.arkit_median, expected, atol=1e-12)


def test_a_lid_that_may_be_less_open_may_blink_more() -> None:
    made, _ = track(4)
    blink = ARKIT_INDEX["eyeBlinkLeft"]
    assert made.arkit_low[:, blink].tolist() == [0.25] * 4
    assert made.arkit_median[:, blink].tolist() == [0.5] * 4
    assert made.arkit_high[:, blink].tolist() == [0.75] * 4
    assert (made.arkit_low <= made.arkit_high).all()


def test_no_faces_are_an_empty_track() -> None:
    made, _ = track(0)
    assert made.arkit.shape == (0, 52)
    assert made.unified.shape == (0, 88)
