from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.headset.compositor.avatar import Avatar
from unvisor.headset.compositor.avatars.file import load
from unvisor.headset.compositor.stereo.views import reach

from .gltf_made import Made

Floats = NDArray[np.float64]

MIXAMO = [
    f"mixamorig:{side}{part}" for side in ("Left", "Right") for part in ("Arm", "ForeArm", "Hand")
]
SHOULDER, HAND, RIGHT = 0, 2, 6
"""Vertices: each arm has four, at its joints and halfway along its forearm; 4 and 5 are the head's."""


def arm(
    slope_deg: float = 0.0, *, heading_deg: float = 0.0, bend_deg: float = 0.0, side: float = 1.0
) -> Floats:
    """Return an arm's joints (3, 3), given how it slopes down, points ahead, and its elbow bends up."""
    shoulder = np.array([0.15 * side, 1.4, 0.0])
    joints = [shoulder]
    for length, slope in ((0.3, slope_deg), (0.25, slope_deg - bend_deg)):
        down, ahead = math.radians(slope), math.radians(heading_deg)
        along = (
            math.cos(down) * math.cos(ahead) * side,
            -math.sin(down),
            math.cos(down) * math.sin(ahead),
        )
        joints.append(joints[-1] + length * np.array(along))
    return np.array(joints)


def body(left: Floats, right: Floats | None = None, names: list[str] | None = None) -> Made:
    """Return a body of two arms and a head, each vertex its bone's; a target lifts every vertex."""
    right = arm(side=-1.0) if right is None else right
    names = names or MIXAMO
    points: list[Floats] = []
    for joints in (left, right):
        points += [*joints, (joints[1] + joints[2]) / 2.0]
    points[4:4] = [np.array([0.0, 1.5, 0.1]), np.array([0.1, 1.7, 0.1])]
    owners = [1, 2, 3, 2, 0, 0, 4, 5, 6, 5]
    made = Made()
    joints = made.accessor([[owner, 0, 0, 0] for owner in owners], "u1")
    weights = made.accessor([[1, 0, 0, 0]] * 10)
    normals = made.accessor([[0, 1, 0]] * 10)
    lift = made.accessor([[0, 0.01, 0]] * 10)
    made.mesh(
        points,
        [0, 1, 2, 1, 2, 3, 4, 5, 0, 6, 7, 8, 7, 8, 9],
        targets=[lift],
        names=["jawOpen"],
        attributes={"JOINTS_0": joints, "WEIGHTS_0": weights, "NORMAL": normals},
    )
    nodes: list[dict[str, object]] = [
        {"mesh": 0, "skin": 0},
        {"name": "Head", "translation": [0, 1.5, 0]},
    ]
    worlds = [np.array([0, 1.5, 0])]
    for first, joint in ((2, left), (5, right)):
        for number in range(3):
            from_there = joint[number] - (joint[number - 1] if number else 0.0)
            node: dict[str, object] = {
                "name": names[first - 2 + number],
                "translation": from_there.tolist(),
            }
            nodes.append(node | ({"children": [first + number + 1]} if number < 2 else {}))
            worlds.append(joint[number])
    binds: list[Floats] = []
    for world in worlds:
        matrix = np.eye(4)
        matrix[3, :3] = -world  # column by column
        binds.append(matrix.ravel())
    made.tree["skins"] = [
        {"joints": list(range(1, 8)), "inverseBindMatrices": made.accessor(binds)}
    ]
    made.tree["nodes"] = nodes
    made.tree["scenes"] = [{"nodes": [0, 1, 2, 5]}]
    return made


def loaded(made: Made, folder: Path) -> Avatar:
    return load(made.save(folder))


def slope_deg(avatar: Avatar, first: int = SHOULDER) -> float:
    """Return how far below the horizontal the arm points whose vertices begin there."""
    x, y, z = (avatar.positions[first + 1] - avatar.positions[first]).tolist()
    return math.degrees(math.atan2(-y, math.hypot(x, z)))


@pytest.mark.parametrize(
    "names",
    [
        MIXAMO,
        ["LeftArm", "LeftForeArm", "LeftHand", "RightArm", "RightForeArm", "RightHand"],
        ["leftarm", "leftforearm", "lefthand", "rightarm", "rightforearm", "righthand"],
        ["upperarm_l", "lowerarm_l", "hand_l", "upperarm_r", "lowerarm_r", "hand_r"],
        ["DEF-upper_arm.L", "DEF-forearm.L", "DEF-hand.L",
         "DEF-upper_arm.R", "DEF-forearm.R", "DEF-hand.R"],
        ["J_Bip_L_UpperArm", "J_Bip_L_LowerArm", "J_Bip_L_Hand",
         "J_Bip_R_UpperArm", "J_Bip_R_LowerArm", "J_Bip_R_Hand"],
        ["Bip01 L UpperArm", "Bip01 L Forearm", "Bip01 L Hand",
         "Bip01 R UpperArm", "Bip01 R Forearm", "Bip01 R Hand"],
        ["Left arm", "Left elbow", "Left wrist", "Right arm", "Right elbow", "Right wrist"],
        ["lShldrBend", "lForearmBend", "lHand", "rShldrBend", "rForearmBend", "rHand"],
    ],
    ids=lambda names: names[0],
)  # fmt: skip
@pytest.mark.parametrize("slope", [0.0, 45.0])
def test_spread_arms_hang(tmp_path: Path, names: list[str], slope: float) -> None:
    avatar = loaded(body(arm(slope), arm(slope, side=-1.0), names), tmp_path)
    for first, side in ((SHOULDER, 1.0), (RIGHT, -1.0)):
        found = avatar.positions[first : first + 4]
        straight = arm(75.0, side=side)
        expected = [*straight, (straight[1] + straight[2]) / 2.0]
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_what_is_not_of_the_arms_stays_and_what_is_turns_whole(tmp_path: Path) -> None:
    avatar = loaded(body(arm(0.0)), tmp_path)
    np.testing.assert_allclose(avatar.positions[4:6], [[0, 1.5, 0.1], [0.1, 1.7, 0.1]], atol=1e-6)
    target = avatar.targets["jawOpen"]
    np.testing.assert_array_equal(target.index, np.arange(10))
    np.testing.assert_allclose(target.delta[4:6], [[0, 0.01, 0]] * 2, atol=1e-7)
    turned = [
        math.sin(math.radians(75)),
        math.cos(math.radians(75)),
        0,
    ]  # what was up on the left arm
    np.testing.assert_allclose(target.delta[:4], np.multiply([turned] * 4, 0.01), atol=1e-6)
    assert avatar.normals is not None
    np.testing.assert_allclose(avatar.normals[:6], [*[turned] * 4, *[[0, 1, 0]] * 2], atol=1e-6)


def test_the_heading_is_kept(tmp_path: Path) -> None:
    avatar = loaded(body(arm(10.0, heading_deg=-20.0)), tmp_path)
    np.testing.assert_allclose(avatar.positions[:3], arm(75.0, heading_deg=-20.0), atol=1e-5)


@pytest.mark.parametrize(
    "joints",
    [
        arm(62.0),
        arm(75.0),
        arm(89.0),
        arm(-60.0),
        arm(0.0, heading_deg=80.0),
        arm(20.0, bend_deg=60.0),
    ],
    ids=["slants", "hangs", "is beside the body", "is raised", "is held out ahead", "is bent"],
)
def test_an_arm_that_was_posed_stays_whatever_the_other_does(
    tmp_path: Path, joints: Floats
) -> None:
    avatar = loaded(body(joints), tmp_path)
    np.testing.assert_allclose(avatar.positions[:3], joints, atol=1e-5)
    assert slope_deg(avatar, RIGHT) == pytest.approx(75.0, abs=0.01)


@pytest.mark.parametrize("version", [0, 1])
def test_vrm_says_which_bones_they_are(tmp_path: Path, version: int) -> None:
    made = body(arm(0.0), names=["a", "b", "c", "d", "e", "f"])
    parts = [
        f"{side}{part}" for side in ("left", "right") for part in ("UpperArm", "LowerArm", "Hand")
    ]
    bones = {part: number for number, part in enumerate(parts, start=2)}
    if version:
        humans = {bone: {"node": node} for bone, node in bones.items()}
        said = {"VRMC_vrm": {"specVersion": "1.0", "humanoid": {"humanBones": humans}}}
    else:  # it faces the other way: it is turned whole, its arms no less
        listed = [{"bone": bone, "node": node} for bone, node in bones.items()]
        said = {"VRM": {"humanoid": {"humanBones": listed}}}
    assert slope_deg(loaded(made, tmp_path)) == pytest.approx(0.0, abs=0.01)
    made.tree["extensions"] = said
    avatar = loaded(made, tmp_path)
    assert slope_deg(avatar) == pytest.approx(75.0, abs=0.01)
    assert slope_deg(avatar, RIGHT) == pytest.approx(75.0, abs=0.01)
    assert math.copysign(1.0, avatar.positions[HAND, 0]) == (1.0 if version else -1.0)


@pytest.mark.parametrize("wrong", [2, 1, 999])
def test_bones_that_are_no_arm_turn_nothing(tmp_path: Path, wrong: int) -> None:
    made = body(arm(0.0))
    humans = {"leftUpperArm": {"node": 2}, "leftLowerArm": {"node": wrong}, "leftHand": {"node": 2}}
    made.tree["extensions"] = {
        "VRMC_vrm": {"specVersion": "1.0", "humanoid": {"humanBones": humans}}
    }
    assert slope_deg(loaded(made, tmp_path)) == pytest.approx(0.0, abs=0.01)


def test_what_no_skin_is_carried_by_stays_as_it_was_put(tmp_path: Path) -> None:
    made = body(arm(0.0))
    del made.tree["nodes"][0]["skin"]
    made.tree["nodes"][4]["mesh"] = made.mesh()
    np.testing.assert_allclose(loaded(made, tmp_path).positions[10], arm(0.0)[2], atol=1e-6)


def test_what_hangs_at_an_arm_and_a_jacket_with_bones_of_its_own_go_with_it(tmp_path: Path) -> None:
    made = body(arm(0.0))
    nodes = made.tree["nodes"]
    nodes[4]["children"] = [8]
    nodes.append({"mesh": made.mesh([[0, 0, 0], [0, 0.01, 0], [0, 0, 0.01]])})  # a watch
    jacket = [{**nodes[number], "name": f"jacket {nodes[number]['name']}"} for number in (2, 3, 4)]
    for number, node in enumerate(jacket[:2]):
        node["children"] = [10 + number]
    del jacket[2]["children"]
    nodes += [*jacket, {"mesh": 0, "skin": 1}]
    made.tree["scenes"][0]["nodes"] += [9, 12]
    skin = made.tree["skins"][0]
    made.tree["skins"].append({**skin, "joints": [1, 9, 10, 11, 5, 6, 7]})
    avatar = loaded(made, tmp_path)
    hand = arm(75.0)[2]
    np.testing.assert_allclose(avatar.positions[[HAND, 10, 10 + 3 + HAND]], [hand] * 3, atol=1e-5)


def test_head_and_reach_are_those_of_arms_that_hung_before(tmp_path: Path) -> None:
    spread = loaded(body(arm(0.0)), tmp_path)
    hung = loaded(body(arm(75.0), arm(75.0, side=-1.0)), tmp_path)
    assert spread.head is not None
    assert hung.head is not None
    for name in ("pivot_m", "low_m", "high_m", "share"):
        np.testing.assert_allclose(getattr(spread.head, name), getattr(hung.head, name), atol=1e-6)
    np.testing.assert_allclose(spread.positions, hung.positions, atol=1e-5)
    # The arms' own lift has turned with them: within its 10 mm both reach as far.
    np.testing.assert_allclose(reach(spread), reach(hung), atol=0.0121)


@pytest.mark.shared
@pytest.mark.parametrize("variant", ["meshopt", "quantize"])
def test_a_body_people_wear_stands_at_ease(shared: Path, variant: str) -> None:
    avatar = load(shared / "assets" / "heads" / "readyplayerme" / f"brunette-t_{variant}.glb")
    width, height, _ = (avatar.positions.max(axis=0) - avatar.positions.min(axis=0)).tolist()
    assert 0.5 < width < 0.65
    assert height == pytest.approx(1.779, abs=0.002)
    assert avatar.head is not None
    np.testing.assert_allclose(
        avatar.head.high_m - avatar.head.low_m, [0.240, 0.394, 0.303], atol=0.002
    )
