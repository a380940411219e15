from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from unvisor.headset.clock import NS_PER_S
from unvisor.headset.compositor.mirror import rigid
from unvisor.headset.compositor.panels.content import (
    PLATES,
    Plate,
    Prompt,
    SensorRow,
    SensorStatus,
    Target,
    seconds_left,
)
from unvisor.headset.compositor.panels.draw import Painter
from unvisor.headset.frame import Health


def test_a_countdown_stays_on_each_second_for_a_second():
    at_ns = 100 * NS_PER_S
    shown = [seconds_left(at_ns, at_ns - round(ago_s * NS_PER_S)) for ago_s in
             (3.0, 2.001, 2.0, 1.999, 0.001, 0.0, -5.0)]  # fmt: skip
    assert shown == [3, 3, 2, 2, 1, 0, 0]


@pytest.mark.parametrize(
    ("rate_hz", "shown"),
    [
        (89.7, "90 Hz"),
        (90.4, "90 Hz"),
        (9.96, "10 Hz"),
        (0.52, "0.5 Hz"),
        (0.0, ""),
        (math.nan, ""),
    ],
)
def test_a_rate_is_rounded_to_what_is_read(rate_hz: float, shown: str):
    row = SensorRow.of("openxr", Health(state="live", rate_hz=rate_hz))
    assert row == SensorRow(name="openxr", state="live", rate=shown)


def test_a_status_is_equal_while_nothing_that_is_shown_differs():
    def status(rate_hz: float) -> SensorStatus:
        health = Health(state="live", rate_hz=rate_hz, age_s=rate_hz / 1e4)
        return SensorStatus(rows=(SensorRow.of("openxr", health),))

    assert status(89.8) == status(90.2)
    assert status(89.8) != status(75.0)


@pytest.mark.parametrize(
    "plate", [*PLATES.values(), Plate(size=(9, 9), azimuth_rad=-1.0, elevation_rad=0.7)]
)
def test_a_panel_stands_at_its_distance_upright_and_faces_the_head(plate: Plate):
    place = rigid(plate.pose().astype(np.float32))
    right, up, towards, position = place[:3].T
    assert np.linalg.norm(position) == pytest.approx(plate.away_m, abs=1e-6)
    np.testing.assert_allclose(towards, -position / plate.away_m, atol=1e-6)
    assert right[1] == pytest.approx(0.0, abs=1e-6)
    assert up[1] > 0
    assert math.atan2(position[0], -position[2]) == pytest.approx(plate.azimuth_rad, abs=1e-6)
    assert math.asin(position[1] / plate.away_m) == pytest.approx(plate.elevation_rad, abs=1e-6)


def test_panels_cover_neither_each_other_nor_the_face():
    """The face, jaw open, is an ellipse: 15 degrees wide, from 13 below to 11 above eye level."""
    boxes: list[tuple[float, float, float, float]] = []
    for plate in PLATES.values():
        if plate.locked:  # a spot: the face is hidden while one looks at it
            continue
        width, height = plate.size_m
        edge = np.linspace(-0.5, 0.5, 41)
        x, y = (grid.ravel() for grid in np.meshgrid(edge * width, edge * height))
        points = (rigid(plate.pose().astype(np.float32)) @ [x, y, 0 * x, 0 * x + 1])[:3]
        azimuth = np.degrees(np.arctan2(points[0], -points[2]))
        elevation = np.degrees(np.arcsin(points[1] / np.linalg.norm(points, axis=0)))
        assert not ((azimuth / 7.5) ** 2 + ((elevation + 1.0) / 12.0) ** 2 < 1).any()
        assert np.hypot(azimuth, elevation).max() < 45.0, "outside of what headsets show"
        around = (azimuth.min(), azimuth.max(), elevation.min(), elevation.max())
        boxes.append((float(around[0]), float(around[1]), float(around[2]), float(around[3])))
    for a, b in combinations(boxes, 2):
        assert a[1] < b[0] or b[1] < a[0] or a[3] < b[2] or b[3] < a[2]


def test_a_prompt_is_equal_to_its_like():
    assert Prompt(words="Smile", seconds_left=3) == Prompt(words="Smile", seconds_left=3)
    assert Prompt(words="Smile", seconds_left=3) != Prompt(words="Smile", seconds_left=2)


@pytest.mark.parametrize("yaw_deg", [-15.0, 0.0, 15.0])
@pytest.mark.parametrize("pitch_deg", [-12.0, 0.0, 12.0])
def test_a_target_is_drawn_at_its_angle(yaw_deg: float, pitch_deg: float):
    """The middle of what is drawn, seen from midway between the eyes."""
    plate = PLATES[Target]
    target = Target(yaw_rad=math.radians(yaw_deg), pitch_rad=math.radians(pitch_deg))
    opacity = Painter().picture(target)[..., 3]
    assert not opacity[[0, -1]].any(), "cut by an edge"
    assert not opacity[:, [0, -1]].any(), "cut by an edge"
    y_px, x_px = np.argwhere(opacity > 127).mean(axis=0) + 0.5
    width, height = plate.size
    across_m, up_m = (x_px - width / 2) / plate.px_per_m, (height / 2 - y_px) / plate.px_per_m
    spot = np.array([across_m, up_m, 0.0, 1.0])
    x, y, z = (rigid(plate.pose().astype(np.float32)) @ spot)[:3]
    assert math.degrees(math.atan2(x, -z)) == pytest.approx(yaw_deg, abs=0.05)
    assert math.degrees(math.atan2(y, math.hypot(x, z))) == pytest.approx(pitch_deg, abs=0.05)
