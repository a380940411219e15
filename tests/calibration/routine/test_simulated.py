"""A routine on what the sensor simulator makes of a wearer who does as asked: with trackers' noise."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from unvisor.calibration.routine.captures import eyes_target_rad
from unvisor.calibration.routine.machine import PLAN_S, Routine
from unvisor.calibration.routine.plan import Plan, Seen, plan
from unvisor.calibration.routine.poses import POSES, Pose
from unvisor.datasets.performance import REST, performance
from unvisor.datasets.recording import Recording
from unvisor.datasets.simulate import simulate
from unvisor.datasets.streams import About, Truth
from unvisor.headset.clock import NS_PER_S
from unvisor.headset.expressions import ARKIT_TO_UNIFIED, arkit_from_unified, gaze_from_angles
from unvisor.headset.names import ARKIT, ARKIT_INDEX
from unvisor.headset.permit import Basis
from unvisor.headset.rig import RIGS

RATE_HZ = 60
LATE_S = 0.6
GOES = 0.6


def face(pose: Pose) -> np.ndarray:
    """Return a wearer's ARKit weights while they make it, (52,)."""
    row = np.zeros(len(ARKIT))
    for name, weight in REST.items():
        row[ARKIT_INDEX[name]] = weight
    for name, shapes in ARKIT_TO_UNIFIED.items():
        if set(shapes) & set(pose.rises):
            row[ARKIT_INDEX[name]] = GOES
    if pose.target_rad is not None:
        angles = eyes_target_rad(np.array(pose.target_rad))
        gaze = gaze_from_angles(angles[:, 0], angles[:, 1])
        looks = arkit_from_unified(np.full(88, np.nan), gaze, np.ones(2))
        found = [index for name, index in ARKIT_INDEX.items() if name.startswith("eyeLook")]
        row[found] = looks[found]
    shut: Mapping[str, tuple[float, float]] = {
        "lids_closed": (1.0, 1.0), "wink_left": (1.0, 0.3), "wink_right": (0.25, 1.0),
    }  # fmt: skip
    for side, blink in zip(("Left", "Right"), shut.get(pose.name, (0.0, 0.0)), strict=True):
        row[ARKIT_INDEX[f"eyeBlink{side}"]] = blink
    return row


def obedient(planned: Plan) -> Recording:
    """Return the truth of a wearer who makes each face a little after it is asked for."""
    rows = [face(POSES[0])] * round((PLAN_S + LATE_S) * RATE_HZ)
    for pose in planned.poses:
        rows += [face(pose)] * round(pose.seconds * RATE_HZ)
    time_ns = np.round(np.arange(len(rows)) * NS_PER_S / RATE_HZ).astype(np.int64)
    basis = Basis(kind="generated", text="a test")
    return Recording(
        about=About(person="obedient", basis=basis, source="routine"),
        truth=Truth(time_ns=time_ns, arkit=np.array(rows)),
    )


@pytest.mark.parametrize("rig", ["mouth", "mouth+eyes"])
def test_trackers_noise_hides_no_pose(rig: str) -> None:
    sensed = RIGS[rig]
    planned = plan(Seen.of(simulate(performance(), sensed).first(2.0).frames()), targets=True)
    for seed in range(4):
        routine = Routine(planned)
        for frame in simulate(obedient(planned), sensed, seed=seed).frames(RATE_HZ):
            routine.step(frame)
            if routine.done:
                break
        assert routine.captures.missed == {}, seed
        assert len(routine.captures.taken) == len(planned.poses)
