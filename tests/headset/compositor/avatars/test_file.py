from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from unvisor.headset.compositor.avatar import Avatar, Floats32, Region
from unvisor.headset.compositor.avatars.file import load
from unvisor.headset.compositor.morph import Morph, face_table, morph_table
from unvisor.headset.errors import HeadsetError
from unvisor.headset.names import ARKIT, ARKIT_INDEX

from .gltf_made import TRIANGLE, Made, ball

NOT_GLTF = "not a glTF file"
LOADS: dict[str, tuple[int, int, int, int]] = {
    "gltf_morph/AnimatedMorphCube/glTF/AnimatedMorphCube.gltf": (24, 12, 0, 2),
    "gltf_morph/AnimatedMorphSphere/glTF/AnimatedMorphSphere.gltf": (1876, 960, 0, 2),
    "gltf_morph/MorphPrimitivesTest/glTF/MorphPrimitivesTest.gltf": (30, 32, 0, 1),
    "gltf_morph/MorphStressTest/glTF/MorphStressTest.gltf": (1528, 2412, 0, 8),
    "gltf_morph/SimpleMorph/glTF/SimpleMorph.gltf": (3, 1, 0, 2),
    "heads/facecap/facecap_plain_png.glb": (4368, 8042, 51, 51),
    "heads/ict_facekit/ict_head_arkit52_sparse.glb": (28151, 50996, 51, 51),
    "heads/ict_facekit/ict_head_perfectsync_vrm0.vrm": (28151, 50996, 51, 59),
    "heads/ict_facekit/ict_head_perfectsync_vrm1.vrm": (28151, 50996, 51, 59),
    "heads/readyplayerme/brunette-t_meshopt.glb": (8026, 13317, 52, 66),
    "heads/readyplayerme/brunette-t_quantize.glb": (8026, 13317, 52, 66),
    "vrm/three_vrm_examples/cube.gltf": (432, 216, 3, 4),
    "vrm/vrm_addon_tests/Example.vrm": (4828, 1612, 0, 0),
    "vrm/vrm_addon_tests/expression_migration.vrm": (6, 2, 4, 9),
    "vrm/vrm_addon_tests/modifier_shapekey_vrm0.vrm": (3, 1, 1, 1),
    "vrm/vrm_addon_tests/modifier_shapekey_vrm1.vrm": (3, 1, 1, 1),
    "vrm/vrm_addon_tests/pose_rotation_scale_shape_key_skinned.vrm": (3, 1, 1, 1),
    "vrm/vrm_addon_tests/simple_morph.vrm": (3, 1, 1, 1),
    "vrm/vrm_samples/VRMC_materials_mtoon_UV_Animation_Test.vrm": (12, 6, 0, 0),
    "vrm/vrm_samples/VRMC_vrm_expressions_isBinary_Overridden.vrm": (16, 8, 0, 2),
    "vrm/vrm_samples/VRMC_vrm_expressions_isBinary_Overrides.vrm": (16, 8, 0, 2),
}
"""Every avatar beside the checkout: vertices, triangles, ARKit shapes shown, clips."""

REFUSED: dict[str, str] = {
    "heads/facecap/facecap.glb": "KTX2.*gltf-transform/cli ktxdecompress",
    "heads/readyplayerme/brunette-t_draco.glb": "Draco.*gltf-transform/cli copy",
    "vrm/three_vrm_examples/test.vrma": "nothing to draw",
    "vrm/vrm_addon_tests/basic_armature.vrm": "nothing to draw",
    "vrm/vrm_addon_tests/basic_armature_vrm1.vrm": "nothing to draw",
}


@pytest.mark.shared
def test_every_file_beside_the_checkout_loads_or_is_refused_for_what_it_is(shared: Path) -> None:
    folder = shared / "assets"
    seen: set[str] = set()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        seen.add(name)
        if name in LOADS:
            avatar = load(path)
            assert avatar.clips is not None
            found = (
                len(avatar.positions),
                len(avatar.triangles),
                len(avatar.targets),
                len(avatar.clips.names),
            )
            assert found == LOADS[name], name
            sound(avatar)
        else:
            with pytest.raises(HeadsetError, match=REFUSED.get(name, NOT_GLTF)) as error:
                load(path)
            assert str(error.value).startswith(f"{path.name}: ")
    assert seen >= LOADS.keys() | REFUSED.keys()


def sound(avatar: Avatar) -> None:
    """What the renderer takes for granted."""
    vertices = len(avatar.positions)
    clips = avatar.clips
    assert clips is not None
    for array, shape, kind in (
        (avatar.positions, (vertices, 3), np.float32),
        (avatar.triangles, (len(avatar.triangles), 3), np.uint32),
        (avatar.colours, (vertices, 4), np.float32),
        (avatar.region, (vertices,), np.uint8),
        (avatar.eye, (vertices,), np.int8),
        (avatar.eye_centre, (2, 3), np.float32),
        (clips.delta, (clips.index.size, 3), np.float32),
        (clips.index, (clips.index.size,), np.uint32),
        (clips.starts, (len(clips.names) + 1,), np.uint32),
    ):
        assert (array.shape, array.dtype) == (shape, kind)
        assert np.isfinite(array).all()
    assert avatar.triangles.max(initial=0) < vertices
    assert clips.index.max(initial=0) < vertices
    assert clips.starts[-1] == clips.index.size
    assert avatar.eye_centre[0, 0] > avatar.eye_centre[1, 0]  # the wearer's left is +x
    assert (avatar.colours >= 0).all()
    assert (avatar.colours <= 1).all()
    assert sum(part.count for part in avatar.parts) == len(avatar.triangles)
    assert {part.material for part in avatar.parts} <= set(range(len(avatar.materials)))
    if avatar.normals is not None:
        np.testing.assert_allclose(np.linalg.norm(avatar.normals, axis=1), 1.0, atol=1e-4)
    assert len(morph_table(avatar)[0]) == vertices + 1
    assert len(face_table(avatar)[0]) == vertices
    positions, normals = Morph(avatar).pose(np.full(len(ARKIT), 0.5), np.full((2, 3), np.nan))
    assert np.isfinite(positions).all()
    assert np.isfinite(normals).all()


@pytest.mark.shared
def test_the_heads_are_what_their_source_says(shared: Path) -> None:
    """Against the kit's own arrays, parsed by other code: positions and every displacement."""
    folder = shared / "assets" / "heads" / "ict_facekit"
    source = np.load(folder / "ict_facekit_f16.npz", allow_pickle=False)
    rest = source["vertices"] / 100.0
    moves = (
        np.einsum("as,svi->avi", source["arkit_from_ict"], source["deltas"].astype(np.float64))
        / 100.0
    )
    for name, lift in (
        ("arkit52_sparse.glb", 0.0),
        ("perfectsync_vrm0.vrm", 1.63),
        ("perfectsync_vrm1.vrm", 1.63),
    ):
        avatar = load(folder / f"ict_head_{name}")
        place = nearest(avatar.positions - np.array([0, lift, 0], np.float32), rest)
        for shape, target in avatar.targets.items():
            expected = moves[ARKIT_INDEX[shape]][place]
            expected[avatar.eye >= 0] = 0.0  # theirs stand still; ours turn
            found = np.zeros_like(expected)
            found[target.index] = target.delta
            assert np.abs(found - expected).max() < 5e-5, (name, shape)


def nearest(points: Floats32, among: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return which of the points `among` each is, to 50 micrometres."""
    distance, place = cKDTree(among).query(points)
    assert np.max(distance) < 5e-5
    return np.asarray(place, np.intp)


@pytest.mark.shared
def test_a_head_ten_times_too_large_whose_eyes_an_onlooker_named(shared: Path) -> None:
    avatar = load(shared / "assets" / "heads" / "facecap" / "facecap_plain_png.glb")
    assert 0.05 < avatar.eye_centre[0, 0] - avatar.eye_centre[1, 0] < 0.08
    assert avatar.eye_radius_m == pytest.approx(0.0192, abs=2e-4)
    assert "its unit is not the metre: scaled by 0.1" in avatar.notes
    blink = avatar.targets["eyeBlinkLeft"]
    assert avatar.positions[blink.index, 0].mean() > 0
    for side in range(2):
        assert (np.sign(avatar.positions[avatar.eye == side, 0]) == 1 - 2 * side).all()
    assert np.bincount(avatar.region, minlength=5).tolist() == [2694, 1060, 614, 0, 0]


@pytest.mark.shared
def test_a_whole_body_has_a_head_and_eyes_that_are_no_balls_turn_too(shared: Path) -> None:
    avatar = load(shared / "assets" / "heads" / "readyplayerme" / "brunette-t_meshopt.glb")
    assert avatar.head is not None
    assert 1.3 < avatar.head.low_m[1] < avatar.head.high_m[1] < 1.8
    feet = avatar.positions[:, 1] < 1.0
    assert not avatar.head.share[feet].any()
    assert np.bincount(avatar.eye + 1).tolist() == [len(avatar.eye) - 240, 120, 120]
    assert (avatar.region[avatar.eye >= 0] == Region.SKIN).all()
    hair = [part for part in avatar.parts if part.region is Region.HAIR]
    assert [part.name for part in hair] == ["Wolf3D_Hair"]
    texture = avatar.materials[hair[0].material].colour_texture
    assert texture is not None
    assert texture.texture.decode(1024).shape[2] == 4
    assert (
        "14 of 66 clips are not played by a face" in avatar.notes
    )  # its visemes: ARKit does better


def eyed(scale: float = 1.0) -> Made:
    """A triangle of a face and two balls of an eye's material, without bones."""
    made = Made()
    made.tree["materials"] = [{"name": "Skin"}, {"name": "Eye_Mat"}]
    made.mesh(np.multiply(TRIANGLE, 0.2 * scale), material=0)
    nodes: list[object] = [{"mesh": 0}]
    for side in (1, -1):
        points, corners = ball([0.032 * side * scale, 0.05 * scale, 0.07 * scale], 0.012 * scale)
        nodes.append({"mesh": made.mesh(points, corners, material=1)})
    made.tree["nodes"], made.tree["scenes"] = nodes, [{"nodes": [0, 1, 2]}]
    return made


@pytest.mark.parametrize("scale", [1.0, 100.0, 1000.0, 0.1])
def test_eyes_are_found_by_their_material_and_tell_the_unit(tmp_path: Path, scale: float) -> None:
    avatar = load(eyed(scale).save(tmp_path))
    np.testing.assert_allclose(
        avatar.eye_centre, [[0.032, 0.05, 0.07], [-0.032, 0.05, 0.07]], atol=1e-6
    )
    assert avatar.eye_radius_m == pytest.approx(0.012, rel=1e-4)
    assert avatar.positions.max() == pytest.approx(0.2, rel=1e-4)
    assert np.bincount(avatar.region).tolist() == [3, 96]
    assert (avatar.notes[0].startswith("its unit is not")) == (scale != 1.0)


def test_without_eyes_or_known_shapes_the_notes_say_so(tmp_path: Path) -> None:
    made = Made()
    made.mesh(targets=[made.accessor(TRIANGLE)], names=["Key 1"])
    avatar = load(made.save(tmp_path))
    assert not (avatar.eye >= 0).any()
    assert not avatar.targets
    assert not avatar.moves
    assert avatar.notes[:2] == (
        "no eyes that turn were found: the gaze shows only in its shapes",
        "1 of 1 clips are not played by a face",
    )
    assert avatar.notes[2].startswith(
        "none of its shapes is known by name: the face does not move: "
    )


def test_a_face_that_moves_in_its_colours_alone_moves(tmp_path: Path) -> None:
    made = Made()
    made.mesh(material=0)
    made.tree["materials"] = [{"name": "Cheeks"}]
    blush = {"material": 0, "type": "color", "targetValue": [1, 0, 0, 1]}
    made.tree["extensions"] = {
        "VRMC_vrm": {
            "specVersion": "1.0",
            "humanoid": {"humanBones": {}},
            "expressions": {"preset": {"happy": {"materialColorBinds": [blush]}}},
        }
    }
    avatar = load(made.save(tmp_path))
    assert not avatar.targets
    assert avatar.moves
    assert not any("does not move" in note for note in avatar.notes)


def test_parts_that_are_seen_through_come_last_and_keep_their_own(tmp_path: Path) -> None:
    made = Made()
    made.tree["materials"] = [
        {
            "name": "Glass",
            "alphaMode": "BLEND",
            "pbrMetallicRoughness": {"baseColorFactor": [0, 0, 1, 0.5]},
        },
        {"name": "Teeth"},
    ]
    uv = made.accessor([[0, 0], [0.5, 0.25], [1, 1]])
    colours = made.accessor([[0.5, 0.5, 0.5]] * 3)
    made.mesh(attributes={"TEXCOORD_0": uv, "COLOR_0": colours}, material=0)
    made.mesh(np.add(TRIANGLE, [0, 0, 5]), material=1)
    made.tree["nodes"] = [{"mesh": 0}, {"mesh": 1}]
    made.tree["scenes"] = [{"nodes": [0, 1]}]
    avatar = load(made.save(tmp_path))
    assert [avatar.materials[part.material].name for part in avatar.parts] == ["Teeth", "Glass"]
    assert [(part.first, part.count, part.region) for part in avatar.parts] == [
        (0, 1, Region.TEETH),
        (1, 1, None),
    ]
    assert avatar.triangles.tolist() == [[0, 1, 2], [3, 4, 5]]
    np.testing.assert_allclose(avatar.colours[3], [0, 0, 0.5, 1.0])
    assert avatar.uv is not None
    np.testing.assert_allclose(avatar.uv[0, 3:], [[0, 0], [0.5, 0.25], [1, 1]])


def test_shapes_of_one_name_move_together_over_all_meshes(tmp_path: Path) -> None:
    made = Made()
    for lift in (0, 5):
        target = made.accessor(np.full((3, 3), 0.01))
        made.mesh(np.add(TRIANGLE, [0, 0, lift]), targets=[target], names=["jawOpen"])
    made.tree["nodes"] = [{"mesh": 0}, {"mesh": 1}]
    made.tree["scenes"] = [{"nodes": [0, 1]}]
    avatar = load(made.save(tmp_path))
    np.testing.assert_array_equal(avatar.targets["jawOpen"].index, np.arange(6))


def test_what_moves_less_than_is_seen_is_dropped(tmp_path: Path) -> None:
    made = Made()
    target = made.accessor([[0, 0, 9e-6], [0, 0, 1.1e-5], [0, 0, 0]])
    made.mesh(targets=[target], names=["jawOpen"])
    assert load(made.save(tmp_path)).targets["jawOpen"].index.tolist() == [1]


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(HeadsetError, match=r"^none\.glb: no such file"):
        load(tmp_path / "none.glb")


def test_a_folder_without_a_name_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(HeadsetError, match=r"^\.: a folder, not a file: "):
        load(Path())
