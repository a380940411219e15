"""What is asked for is what live sensors can see, said first."""

from __future__ import annotations

import numpy as np
import pytest

from unvisor.calibration.routine.plan import AT_MOST_S, NOWHERE_TO_SHOW, Seen, plan
from unvisor.datasets.performance import performance
from unvisor.datasets.simulate import simulate
from unvisor.headset.errors import CalibrationError
from unvisor.headset.frame import NO_WEIGHTS, FaceSample, Origin, SensorFrame
from unvisor.headset.names import UNIFIED, UNIFIED_INDEX
from unvisor.headset.rig import RIGS

from .wearer import Wearer


def names(seen: Seen, *, targets: bool = True) -> list[str]:
    return [pose.name for pose in plan(seen, targets=targets).poses]


def test_a_mouth_tracker_alone_gets_six_poses_in_twenty_seconds() -> None:
    made = Wearer().planned()
    assert [pose.name for pose in made.poses] == [
        "neutral", "jaw_open", "smile", "pucker", "puff", "tongue",
    ]  # fmt: skip
    assert made.sentence == "mouth tracker only: 6 poses, 19 s"
    assert made.seconds <= 20
    assert made.left_out == ()


def test_with_everything_it_takes_a_minute_at_most() -> None:
    made = Wearer(eyes=True, brows=True).planned()
    assert made.sentence == "mouth, eye and brow trackers: 13 poses, 9 gaze targets, 58 s"
    assert made.seconds <= AT_MOST_S
    asked = [pose.name for pose in made.poses]
    assert {"lids_closed", "lids_wide", "wink_left", "wink_right", "squint", "frown"} < set(asked)
    angles = {pose.target_rad for pose in made.poses if pose.target_rad is not None}
    assert len(angles) == 9
    assert asked[0] == "neutral"
    assert asked.index("gaze_centre") < asked.index("gaze_left")


def test_gaze_targets_that_nothing_can_show_are_left_out_for_a_reason() -> None:
    made = plan(Wearer(eyes=True).seen, targets=False)
    assert not any(pose.target_rad for pose in made.poses)
    assert made.left_out == (f"9 gaze targets: {NOWHERE_TO_SHOW}",)


def test_of_gaze_alone_only_targets_are_asked_for() -> None:
    made = plan(Wearer(eyes=True, brows=True).seen, targets=True, gaze_alone=True)
    assert len(made.poses) == 9
    assert all(pose.target_rad is not None for pose in made.poses)
    assert made.seconds <= 20


@pytest.mark.parametrize(
    ("eyes", "targets", "why"),
    [(True, False, NOWHERE_TO_SHOW), (False, True, "no sensor tells of gaze")],
)
def test_gaze_alone_is_refused_where_it_cannot_be(eyes: bool, targets: bool, why: str) -> None:
    with pytest.raises(CalibrationError, match=why[:20]):
        plan(Wearer(eyes=eyes).seen, targets=targets, gaze_alone=True)


def test_lids_without_the_shapes_of_wide_eyes_are_not_asked_for_them() -> None:
    asked = names(Seen(lids=True, gaze=True))
    assert {"lids_closed", "wink_left", "wink_right"} < set(asked)
    assert not {"lids_wide", "squint", "brows_up", "jaw_open"} & set(asked)


@pytest.mark.parametrize("rig", ["mouth", "eyes", "mouth+eyes"])
def test_it_is_read_off_what_a_headset_gives(rig: str) -> None:
    taken = simulate(performance(), RIGS[rig]).first(2.0)
    seen = Seen.of(taken.frames())
    assert bool(seen.shapes) == ("mouth" in rig)
    assert seen.lids == seen.gaze == ("eyes" in rig)
    asked = names(seen)
    assert ("smile" in asked) == ("mouth" in rig)
    assert "puff" not in asked, "this rig senses no cheeks"
    assert ("gaze_up" in asked) == ("eyes" in rig)


def test_what_a_runtime_guesses_is_not_sensed() -> None:
    weights = NO_WEIGHTS.copy()
    weights[UNIFIED_INDEX["JawOpen"]] = 0.3
    face = FaceSample(
        time_ns=0, received_ns=0, source="openxr", weights=weights,
        confidence=np.ones(len(UNIFIED)),
        origin=np.full(len(UNIFIED), Origin.INFERRED, np.uint8),
    )  # fmt: skip
    with pytest.raises(CalibrationError, match=r"none tells of a face.*start a tracker"):
        plan(Seen.of([SensorFrame(time_ns=0, faces=(face,))]), targets=True)
