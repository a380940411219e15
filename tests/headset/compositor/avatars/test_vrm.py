from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from unvisor.headset.compositor.avatar import Avatar
from unvisor.headset.compositor.avatars.clips import ColourBind, Group, Override, TextureBind
from unvisor.headset.compositor.avatars.file import load
from unvisor.headset.names import ARKIT, ARKIT_INDEX

from .gltf_made import Made, ball

UP, FORWARD = [0.0, 0.1, 0.0], [0.0, 0.0, 0.1]


def face(*, names: tuple[str, ...] = ("first", "second")) -> Made:
    """One mesh of two targets at node 0; a head, and two eyeballs that hang at bones below it."""
    made = Made()
    targets = [made.accessor([[0, 0, 0], move, [0, 0, 0]]) for move in (UP, FORWARD)]
    made.mesh(targets=targets, names=names)
    nodes: list[object] = [{"mesh": 0}, {"children": [2, 3], "translation": [0, 1.5, 0]}]
    for side in (1, -1):
        points, corners = ball([0, 0, 0], 0.012)
        number = made.mesh(points, corners)
        nodes.append({"mesh": number, "translation": [0.03 * side, 0.1, 0.08]})
    made.tree["nodes"] = nodes
    made.tree["scenes"] = [{"nodes": [0, 1]}]
    made.tree["materials"] = [{"name": "Skin"}]
    return made


def vrm1(expressions: dict[str, object], **look: object) -> Made:
    made = face()
    made.tree["extensions"] = {
        "VRMC_vrm": {
            "specVersion": "1.0",
            "humanoid": {
                "humanBones": {"head": {"node": 1}, "leftEye": {"node": 2}, "rightEye": {"node": 3}}
            },
            "expressions": expressions,
            "lookAt": {"type": "bone"} | look,
        }
    }
    return made


def vrm0(*groups: dict[str, object], **first_person: object) -> Made:
    made = face()
    bones = [
        {"bone": "head", "node": 1},
        {"bone": "leftEye", "node": 3},
        {"bone": "rightEye", "node": 2},
    ]
    made.tree["extensions"] = {
        "VRM": {
            "humanoid": {"humanBones": bones},
            "firstPerson": {"firstPersonBone": -1} | first_person,
            "blendShapeMaster": {"blendShapeGroups": list(groups)},
            "materialProperties": [],
        }
    }
    return made


def moves(avatar: Avatar, name: str) -> dict[int, list[float]]:
    clips = avatar.clips
    assert clips is not None
    c = clips.names.index(name)
    rows = slice(int(clips.starts[c]), int(clips.starts[c + 1]))
    return dict(
        zip(
            clips.index[rows].tolist(),
            clips.delta[rows].astype(np.float64).round(6).tolist(),
            strict=True,
        )
    )


def test_an_expression_is_the_sum_of_what_it_binds(tmp_path: Path) -> None:
    binds = [
        {"node": 0, "index": 0, "weight": 0.5},
        {"node": 0, "index": 1},
        {"node": 9, "index": 0},
    ]
    made = vrm1({"preset": {"aa": {"morphTargetBinds": binds}}, "custom": {"jawLeft": {
        "morphTargetBinds": [{"node": 0, "index": 0, "weight": 0.25}]}}})  # fmt: skip
    avatar = load(made.save(tmp_path))
    assert moves(avatar, "aa") == {1: [0.0, 0.05, 0.1]}
    assert moves(avatar, "jawLeft") == {1: [0.0, 0.025, 0.0]}
    assert avatar.targets.keys() == {"jawOpen", "jawLeft"}
    assert avatar.clips is not None
    assert avatar.clips.names == ("aa", "jawLeft")  # bare targets that no face plays are left out


def test_rules_of_vrm_1_are_kept(tmp_path: Path) -> None:
    bind = [{"node": 0, "index": 0}]
    made = vrm1(
        {
            "preset": {
                "happy": {
                    "morphTargetBinds": bind,
                    "isBinary": True,
                    "overrideBlink": "block",
                    "overrideLookAt": "blend",
                },
                "blinkLeft": {"morphTargetBinds": bind},
                "neutral": {},
                "sad": {
                    "materialColorBinds": [
                        {"material": 0, "type": "shadeColor", "targetValue": [0, 0, 1, 1]},
                        {"material": 0, "type": "unheard", "targetValue": [0, 0, 1, 1]},
                    ],
                    "textureTransformBinds": [
                        {"material": 0, "offset": [0.5, 0], "scale": [0.5, 1]}
                    ],
                },
            }
        }
    )
    clips = load(made.save(tmp_path)).clips
    assert clips is not None
    assert clips.names == ("happy", "blinkLeft", "sad")  # what shows nothing is no clip
    assert clips.binary.tolist() == [True, False, False]
    assert clips.group.tolist() == [Group.NONE, Group.BLINK, Group.NONE]
    assert clips.overrides[0].tolist() == [Override.BLOCK, Override.BLEND, Override.NONE]
    assert clips.colours[2] == (ColourBind(material=0, field="shade", colour=(0.0, 0.0, 1.0, 1.0)),)
    assert clips.textures[2] == (TextureBind(material=0, offset=(0.5, 0.0), scale=(0.5, 1.0)),)
    assert clips.limit.tolist() == [1.0, 1.0, 1.0]


def test_vrm_0_counts_to_a_hundred_by_mesh_and_has_names_of_its_own(tmp_path: Path) -> None:
    made = vrm0(
        {"name": "A", "presetName": "a", "binds": [{"mesh": 0, "index": 0, "weight": 50}]},
        {"name": "Blink_L", "presetName": "blink_l", "binds": [{"mesh": 0, "index": 1, "weight": 100}],
         "isBinary": True},
        {"name": "EyeWideLeft", "binds": [{"mesh": 0, "index": 1, "weight": 10}]},
        {"name": "Joy", "presetName": "joy", "binds": [], "materialValues": [
            {"materialName": "Skin", "propertyName": "_Color", "targetValue": [1, 0.5, 0, 1]},
            {"materialName": "Skin", "propertyName": "_MainTex_ST", "targetValue": [0.5, 0.5, 0.25, 0]},
            {"materialName": "None", "propertyName": "_Color", "targetValue": [1, 1, 1, 1]}]},
    )  # fmt: skip
    avatar = load(made.save(tmp_path))
    clips = avatar.clips
    assert clips is not None
    assert clips.names == ("aa", "blinkLeft", "EyeWideLeft", "happy")
    # It looks along -z: half a turn about y brings it round.
    assert moves(avatar, "aa") == {1: [0.0, 0.05, 0.0]}
    assert moves(avatar, "blinkLeft") == {1: [0.0, 0.0, -0.1]}
    assert clips.binary.tolist() == [False, True, False, False]
    (colour,), (place,) = clips.colours[3], clips.textures[3]
    assert (colour.field, colour.colour) == (
        "colour",
        (1.0, pytest.approx(0.21404, abs=1e-5), 0.0, 1.0),
    )
    assert place == TextureBind(material=0, offset=(0.25, 0.5), scale=(0.5, 0.5))


def test_a_vrm_0_is_turned_to_look_along_z(tmp_path: Path) -> None:
    avatar = load(vrm0().save(tmp_path))
    np.testing.assert_allclose(avatar.positions[:3], [[0, 0, 0], [-1, 0, 0], [0, 1, 0]], atol=1e-6)
    np.testing.assert_allclose(
        avatar.eye_centre, [[0.03, 1.6, -0.08], [-0.03, 1.6, -0.08]], atol=1e-5
    )


def test_eye_bones_turn_by_the_map(tmp_path: Path) -> None:
    made = vrm1({}, rangeMapHorizontalOuter={"inputMaxValue": 45, "outputScale": 12})
    avatar = load(made.save(tmp_path))
    assert avatar.look is not None
    assert avatar.look.outer.most_rad == pytest.approx(math.radians(45))
    assert avatar.look.outer.turn_rad == pytest.approx(math.radians(12))
    assert np.count_nonzero(avatar.eye == 0) == np.count_nonzero(avatar.eye == 1) == 48
    np.testing.assert_allclose(
        avatar.eye_centre, [[0.03, 1.6, 0.08], [-0.03, 1.6, 0.08]], atol=1e-5
    )
    assert avatar.eye_radius_m == pytest.approx(0.012, rel=1e-3)
    assert avatar.head is not None
    np.testing.assert_allclose(avatar.head.pivot_m, [0, 1.5, 0])
    np.testing.assert_array_equal(avatar.head.share, avatar.eye >= 0)


def test_eyes_shown_by_expressions_do_not_turn(tmp_path: Path) -> None:
    bind = {"morphTargetBinds": [{"node": 0, "index": 0}]}
    made = vrm1(
        {"preset": {"lookUp": bind, "lookLeft": bind}},
        type="expression",
        rangeMapVerticalUp={"inputMaxValue": 30, "outputScale": 0.5},
        rangeMapHorizontalOuter={"inputMaxValue": 60, "outputScale": 1.0},
    )
    avatar = load(made.save(tmp_path))
    assert avatar.look is None
    assert (avatar.eye < 0).all()
    assert avatar.clips is not None
    arkit = np.zeros(len(ARKIT))
    # 0.45 rad at weight 1: half of it is 12.9 degrees of 30, which are half a weight.
    arkit[[ARKIT_INDEX["eyeLookUpLeft"], ARKIT_INDEX["eyeLookUpRight"]]] = 0.5
    np.testing.assert_allclose(
        avatar.clips.weights(arkit), [0.225 / math.radians(30) * 0.5, 0.0], rtol=1e-5
    )
    arkit[[ARKIT_INDEX["eyeLookUpLeft"], ARKIT_INDEX["eyeLookUpRight"]]] = 5.0
    assert avatar.clips.weights(arkit)[0] == pytest.approx(0.5)  # the map ends there


def test_looks_leave_alone_what_the_gaze_turns(tmp_path: Path) -> None:
    made = face(names=("eyeLookUpLeft", "jawOpen"))
    points, corners = ball([0, 0, 0], 0.012)
    target = made.accessor(np.full(points.shape, 0.01))
    made.tree["nodes"][2] = {
        "name": "LeftEye",
        "mesh": made.mesh(points, corners, targets=[target], names=["eyeLookUpLeft"]),
        "translation": [0.03, 0.1, 0.08],
    }
    made.tree["nodes"][3]["name"] = "RightEye"
    avatar = load(made.save(tmp_path))
    assert (avatar.eye >= 0).any()
    assert moves(avatar, "eyeLookUpLeft") == {1: [0.0, 0.1, 0.0]}


def test_a_file_of_both_versions_is_the_newer(tmp_path: Path) -> None:
    made = vrm1({"preset": {"aa": {"morphTargetBinds": [{"node": 0, "index": 0}]}}})
    made.tree["extensions"]["VRM"] = vrm0().tree["extensions"]["VRM"]
    assert load(made.save(tmp_path)).positions[1].tolist() == [1.0, 0.0, 0.0]


@pytest.mark.shared
@pytest.mark.parametrize("version", ["vrm0", "vrm1"])
def test_perfect_sync_plays_arkit_through_clips(shared: Path, version: str) -> None:
    avatar = load(
        shared / "assets" / "heads" / "ict_facekit" / f"ict_head_perfectsync_{version}.vrm"
    )
    clips = avatar.clips
    assert clips is not None
    assert {"blink", "blinkLeft", "aa", "happy"} <= set(clips.names)
    arkit = np.linspace(0.1, 0.9, len(ARKIT))
    weights = dict(zip(clips.names, clips.weights(arkit).tolist(), strict=True))
    for name, weight in zip(ARKIT, arkit, strict=True):
        spelt = name[0].upper() + name[1:] if version == "vrm0" else name
        expected = 0.0 if name == "tongueOut" else weight  # there, but it moves nothing
        assert weights.pop(spelt) == pytest.approx(expected), name
    assert not any(weights.values()), weights


@pytest.mark.shared
def test_the_specifications_samples_of_overrides(shared: Path) -> None:
    folder = shared / "assets" / "vrm" / "vrm_samples"
    overrides = load(folder / "VRMC_vrm_expressions_isBinary_Overrides.vrm").clips
    overridden = load(folder / "VRMC_vrm_expressions_isBinary_Overridden.vrm").clips
    assert overrides is not None
    assert overridden is not None
    rest = np.zeros(len(ARKIT))
    for clips, smile, blink, expected in (
        (overrides, 0.4, 0.8, [0.0, 0.8]),
        (overrides, 0.6, 0.8, [1.0, 0.0]),
        (overridden, 0.0, 0.8, [0.0, 1.0]),
        (overridden, 0.1, 0.8, [0.1, 0.0]),
    ):
        weights = clips.weights(rest, shown={"happy": smile, "blink": blink})
        np.testing.assert_allclose(weights, expected, atol=1e-6)
