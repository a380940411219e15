from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from unvisor.headset.compositor.avatars.gltf_accessor import Accessors
from unvisor.headset.compositor.avatars.gltf_container import Container
from unvisor.headset.compositor.avatars.gltf_nodes import placed
from unvisor.headset.compositor.avatars.gltf_scene import Piece, pieces_of
from unvisor.headset.errors import HeadsetError

from .gltf_made import TRIANGLE, Made


def pieces(made: Made, folder: Path) -> list[Piece]:
    container = Container(made.save(folder))
    nodes = placed(container.tree, np.eye(4))
    return pieces_of(container.tree, Accessors(container), nodes)


def test_nodes_move_what_hangs_below_them(tmp_path: Path) -> None:
    made = Made()
    made.mesh()
    quarter = [0, 0, math.sqrt(0.5), math.sqrt(0.5)]  # about z, x to y
    made.tree["nodes"] = [
        {"children": [1], "translation": [10, 0, 0]},
        {"children": [2], "rotation": quarter, "scale": [2, 2, 2]},
        {"mesh": 0, "matrix": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 5, 1]},
    ]
    (piece,) = pieces(made, tmp_path)
    np.testing.assert_allclose(piece.positions, [[10, 0, 10], [10, 2, 10], [8, 0, 10]], atol=1e-5)


def test_what_the_scene_does_not_show_is_left_out(tmp_path: Path) -> None:
    made = Made()
    made.mesh()
    made.tree["nodes"] = [{"mesh": 0}, {"mesh": 0, "translation": [1, 0, 0]}]
    assert [piece.node for piece in pieces(made, tmp_path)] == [0]
    del made.tree["scenes"]
    assert [piece.node for piece in pieces(made, tmp_path)] == [0, 1]


def test_vertices_no_triangle_uses_are_left_out_and_targets_follow(tmp_path: Path) -> None:
    made = Made()
    positions = [[9, 9, 9], *TRIANGLE, [9, 9, 9]]
    target = made.sparse(5, [0, 2, 4], [[7, 7, 7], [0, 0, 0.5], [7, 7, 7]])
    made.mesh(positions, [1, 2, 3], targets=[target, target], names=["jawOpen", "other"])
    made.tree["nodes"][0]["scale"] = [1, 1, 3]
    (piece,) = pieces(made, tmp_path)
    np.testing.assert_array_equal(piece.positions, np.multiply(TRIANGLE, [1, 1, 3]))
    np.testing.assert_array_equal(piece.triangles, [[0, 1, 2]])
    assert piece.names == ("jawOpen", "other")
    np.testing.assert_array_equal(piece.targets[0].index, [1])
    np.testing.assert_allclose(piece.targets[0].delta, [[0, 0, 1.5]])


def test_a_mirroring_node_keeps_the_outside_outside(tmp_path: Path) -> None:
    made = Made()
    made.mesh(attributes={"NORMAL": made.accessor([[0, 0, 1]] * 3)})
    made.tree["nodes"][0]["scale"] = [-1, 1, 1]
    (piece,) = pieces(made, tmp_path)
    a, b, c = piece.positions[piece.triangles[0]]
    np.testing.assert_allclose(np.cross(b - a, c - a), [0, 0, 1], atol=1e-6)
    assert piece.normals is not None
    np.testing.assert_allclose(piece.normals, [[0, 0, 1]] * 3)


@pytest.mark.parametrize(
    ("mode", "corners", "expected"),
    [
        (4, [0, 1, 2, 2, 1, 3, 3], [[0, 1, 2], [2, 1, 3]]),
        (5, [0, 1, 2, 3], [[0, 1, 2], [1, 3, 2]]),
        (6, [0, 1, 2, 3], [[1, 2, 0], [2, 3, 0]]),
        (5, [0, 1, 2, 2, 3, 3, 1], [[0, 1, 2]]),
    ],
)
def test_lists_strips_and_fans_become_triangles(
    tmp_path: Path, mode: int, corners: list[int], expected: list[list[int]]
) -> None:
    made = Made()
    made.mesh([*TRIANGLE, [1, 1, 0]], corners, mode=mode)
    (piece,) = pieces(made, tmp_path)
    used = sorted({corner for triangle in expected for corner in triangle})
    assert piece.triangles.tolist() == [[used.index(c) for c in t] for t in expected]


def test_points_and_lines_are_no_part_of_a_face(tmp_path: Path) -> None:
    made = Made()
    for mode in (0, 1, 2, 3):
        made.mesh(mode=mode)
    made.tree["nodes"] = [{"mesh": number} for number in range(4)]
    made.tree["scenes"] = [{"nodes": [0, 1, 2, 3]}]
    assert pieces(made, tmp_path) == []


def skinned() -> Made:
    """Two joints, one moved up by 2 since it was bound; the middle vertex is half each's."""
    made = Made()
    joints = made.accessor([[0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0]], "u1")
    weights = made.accessor([[1, 0, 0, 0], [1, 0, 0, 0], [0.5, 0.5, 0, 0]])
    target = made.accessor([[0, 0, 0], [0, 0, 1], [0, 0, 1]])
    made.mesh(attributes={"JOINTS_0": joints, "WEIGHTS_0": weights}, targets=[target])
    unmoved = np.eye(4)
    binds = made.accessor([unmoved.T.ravel(), unmoved.T.ravel()])
    made.tree["skins"] = [{"joints": [1, 2], "inverseBindMatrices": binds}]
    made.tree["nodes"] = [
        {"mesh": 0, "skin": 0, "translation": [100, 100, 100]},
        {},
        {"translation": [0, 2, 0], "scale": [1, 1, 3]},
    ]
    made.tree["scenes"] = [{"nodes": [0, 1, 2]}]
    return made


def test_a_skin_lies_where_its_joints_put_it_and_its_targets_too(tmp_path: Path) -> None:
    (piece,) = pieces(skinned(), tmp_path)
    np.testing.assert_allclose(piece.positions, [[0, 0, 0], [1, 2, 0], [0, 2, 0]])
    np.testing.assert_allclose(piece.targets[0].delta, [[0, 0, 3], [0, 0, 2]])
    second = np.array([False, False, True])
    np.testing.assert_allclose(piece.carried.share_of(second, 3), [0, 1, 0.5])


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        (("nodes", 1, "children"), [1], "not roots"),
        (("nodes", 1, "children"), [2], "not roots"),
        (("nodes", 1, "children"), [2, 2], "not a tree"),
        (("nodes", 1, "children"), [9], "not a tree"),
        (("scenes", 0, "nodes"), [0, 0], "twice"),
        (("scenes", 0, "nodes"), [7], "not roots"),
        (("scene",), 3, r"scenes\[3\]"),
        (("nodes", 0, "mesh"), 5, r"meshes\[5\]"),
        (("nodes", 0, "skin"), 5, r"skins\[5\]"),
        (("skins", 0, "joints"), [1, 9], "joints are not in the scene"),
        (("skins", 0, "joints"), [1] * 5000, "more than any avatar has"),
        (("skins", 0, "joints"), [1], "joint too many"),
        (("skins", 0, "joints"), [1, 2, 0], "fewer matrices"),
        (("nodes", 2, "translation"), [1e9, 0, 0], "beyond all measure"),
        (("meshes", 0, "primitives", 0, "material"), 3, r"materials\[3\]"),
        (("meshes", 0, "primitives", 0, "attributes"), {}, "without positions"),
        (("accessors", 0, "count"), 2, "another length"),
        (("accessors", 3, "count"), 2, "vertices that are not there"),
    ],
)
def test_a_scene_that_contradicts_itself_is_refused(
    tmp_path: Path, place: tuple[str | int, ...], value: object, says: str
) -> None:
    made = skinned()
    made.change(place, value)
    with pytest.raises(HeadsetError, match=says):
        pieces(made, tmp_path)


def test_two_nodes_that_are_each_others_children_are_refused(tmp_path: Path) -> None:
    made = skinned()
    made.change(("nodes", 1, "children"), [2])
    made.change(("nodes", 2, "children"), [1])
    made.change(("scenes", 0, "nodes"), [0])
    with pytest.raises(HeadsetError, match="joints are not in the scene"):
        pieces(made, tmp_path)
