"""Where each eye turns to see a target, and what a capture keeps of frames."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unvisor.calibration.routine.captures import EYES_APART_M, Rows, eyes_target_rad
from unvisor.headset.compositor.panels.content import TARGET_AWAY_M
from unvisor.headset.expressions import gaze_from_angles
from unvisor.headset.frame import Origin
from unvisor.headset.prompts.prompt import Prompt, Signal

from .wearer import Wearer

NOTHING = Prompt(turn=0, signal=Signal.PLAN, words="")
angles = st.floats(-0.3, 0.3)


@given(angles, angles)
def test_both_eyes_look_at_one_spot_on_the_targets_plane(yaw_rad: float, pitch_rad: float) -> None:
    target = np.array([yaw_rad, pitch_rad])
    eyes = eyes_target_rad(target)
    gaze = gaze_from_angles(eyes[:, 0], eyes[:, 1])
    middle = gaze_from_angles(target[:1], target[1:])[0]
    for x_m, looks in zip((-EYES_APART_M / 2, EYES_APART_M / 2), gaze, strict=True):
        spot = np.array([x_m, 0.0, 0.0]) + looks * (TARGET_AWAY_M / -looks[2])
        np.testing.assert_allclose(spot, middle * (TARGET_AWAY_M / -middle[2]), atol=1e-9)


def test_a_sample_counts_once_however_many_frames_show_it() -> None:
    wearer, rows = Wearer(eyes=True), Rows()
    for at_s in (1.0, 1.1, 1.2):
        frame = wearer.frame(at_s, NOTHING)
        rows.add(frame)
        rows.add(replace(frame, time_ns=frame.time_ns + 10_000_000))
    capture = rows.capture("neutral", None)
    assert capture.weights.shape == (3, 88)
    assert capture.seconds == 0.2


def test_what_a_runtime_guessed_is_kept_out() -> None:
    frame = Wearer().frame(1.0, NOTHING)
    (face,) = frame.faces
    guessed = np.full(88, Origin.INFERRED, np.uint8)
    rows = Rows()
    rows.add(replace(frame, faces=(replace(face, origin=guessed),)))
    assert np.isnan(rows.capture("neutral", None).weights).all()
