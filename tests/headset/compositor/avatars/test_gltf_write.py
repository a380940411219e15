from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unvisor.headset.compositor.avatar import Target
from unvisor.headset.compositor.avatars.file import load
from unvisor.headset.compositor.avatars.gltf_container import Container
from unvisor.headset.compositor.avatars.gltf_write import WrittenMaterial, WrittenMesh, write_glb
from unvisor.headset.errors import HeadsetError

from .gltf_made import ball

SKIN = WrittenMaterial(name="Skin", colour=(0.5, 0.25, 0.125), roughness=0.5, double_sided=True)
TEETH = WrittenMaterial(name="Teeth", colour=(0.75, 0.75, 0.75), roughness=0.25)


def mesh() -> WrittenMesh:
    points, corners = ball([0, 0, 0], 0.1)
    triangles = corners.reshape(-1, 3).astype(np.uint32)
    rng = np.random.default_rng(3)
    return WrittenMesh(
        name="Face",
        positions=points.astype(np.float32),
        uv=rng.random((len(points), 2), np.float32),
        triangles={0: triangles[:30], 1: triangles[30:]},
        targets={
            "jawOpen": Target(
                index=np.array([7, 2, 40], np.uint32),
                delta=rng.random((3, 3), np.float32),
            ),
            "tongueOut": Target(index=np.zeros(0, np.uint32), delta=np.zeros((0, 3), np.float32)),
        },
        pivot=(0.0, 1.5, 0.0),
    )


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    made, path = mesh(), tmp_path / "face.glb"
    write_glb(path, [made], [SKIN, TEETH], copyright_line="(c) nobody")
    avatar = load(path)
    expected = np.concatenate([made.positions[t] for t in made.triangles.values()]) + np.array(
        made.pivot
    )
    np.testing.assert_allclose(avatar.positions[avatar.triangles], expected, atol=1e-6)
    assert avatar.uv is not None
    uv = np.concatenate([made.uv[t] for t in made.triangles.values() if made.uv is not None])
    np.testing.assert_allclose(avatar.uv[0][avatar.triangles], uv)
    assert [(m.name, m.colour[:3], m.roughness, m.double_sided) for m in avatar.materials[:2]] == [
        (m.name, m.colour, m.roughness, m.double_sided) for m in (SKIN, TEETH)
    ]
    assert avatar.targets.keys() == {"jawOpen"}
    moved = {tuple(d) for d in avatar.targets["jawOpen"].delta.tolist()}
    assert moved == {tuple(d) for d in made.targets["jawOpen"].delta.tolist()}


def test_bounds_and_sparse_indices_are_as_the_standard_asks(tmp_path: Path) -> None:
    """What the Khronos validator would look at."""
    path = tmp_path / "face.glb"
    write_glb(path, [mesh()], [SKIN, TEETH])
    tree = Container(path).tree
    assert tree.asset.version == "2.0"
    for view in tree.buffer_views:
        assert view.byte_offset % 4 == 0
        assert view.byte_offset + view.byte_length <= tree.buffers[0].byte_length
    sparse = [accessor for accessor in tree.accessors if accessor.sparse is not None]
    assert [a.sparse.count for a in sparse if a.sparse is not None] == [3]
    assert path.stat().st_size % 4 == 0


def test_what_is_no_measure_is_not_written(tmp_path: Path) -> None:
    made = mesh()
    made.positions[3, 1] = np.nan
    with pytest.raises(HeadsetError, match="Face"):
        write_glb(tmp_path / "face.glb", [made], [SKIN, TEETH])
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(HeadsetError, match="no folder"):
        write_glb(tmp_path / "none" / "face.glb", [mesh()], [SKIN, TEETH])
