from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.headset.compositor.avatar import Region
from unvisor.headset.compositor.avatars.file import load
from unvisor.headset.compositor.avatars.gltf_from_ict import convert, files_of
from unvisor.headset.errors import HeadsetError
from unvisor.headset.names import ARKIT

from .gltf_made import ball

MATERIALS = ("M_Face", "M_EyeOcclusion", "M_ScleraLeft", "M_ScleraRight")


def kit(folder: Path, *, left_out: str = "") -> NDArray[np.float64]:
    """Write a kit in small: a ball for a face, a film over it, two balls for eyes; centimetres."""
    folder.mkdir()
    centres = ([0, 0, 0], [0, 0, 1], [3, 3, 8], [-3, 3, 8])
    balls = [ball(centre, 10 if number < 2 else 1.2) for number, centre in enumerate(centres)]
    positions = np.concatenate([points for points, _ in balls])
    lines = [f"v {x:.9f} {y:.9f} {z:.9f}" for x, y, z in positions]
    lines += [f"vt {n / 200} {n / 400}" for n in range(len(positions))]
    start = 1
    for material, (points, corners) in zip(MATERIALS, balls, strict=True):
        lines.append(f"usemtl {material}")
        quads = corners.reshape(-1, 6) + start  # a b c | b d c: the quad a b d c
        lines += [f"f {a}/{a} {b}/{b} {d}/{d} {c}/{c}" for a, b, c, _, d, _ in quads.tolist()]
        start += len(points)
    (folder / "generic_neutral_mesh.obj").write_text("\n".join(lines))
    rng = np.random.default_rng(1)
    for name in (
        "jawOpen",
        "jawLeft",
        "browInnerUp_L",
        "browInnerUp_R",
        "cheekPuff_L",
        "eyeBlink_R",
    ):
        if name != left_out:
            moved = positions + rng.normal(size=positions.shape) * 0.1
            (folder / f"{name}.obj").write_text(
                "\n".join(f"v {x:.9f} {y:.9f} {z:.9f}" for x, y, z in moved)
            )
    return positions


def test_a_kit_becomes_a_head_with_arkits_shapes(tmp_path: Path) -> None:
    positions = kit(tmp_path / "FaceXModel")
    convert(tmp_path, tmp_path / "head.glb")
    avatar = load(tmp_path / "head.glb")
    # The film over the eyes is left out; one half of cheekPuff is missing, so all of it is.
    assert len(avatar.positions) == 3 * 48
    assert avatar.targets.keys() == {"jawOpen", "jawLeft", "browInnerUp", "eyeBlinkRight"}
    np.testing.assert_allclose(
        avatar.eye_centre, [[0.03, 0.03, 0.08], [-0.03, 0.03, 0.08]], atol=1e-6
    )
    face = avatar.region == Region.SKIN
    np.testing.assert_allclose(
        np.sort(avatar.positions[face], axis=0), np.sort(positions[:48] / 100, axis=0), atol=1e-6
    )
    assert avatar.uv is not None
    assert avatar.uv[0].max() <= 1.0


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("generic_neutral_mesh.obj", None, "name that of the ICT FaceKit"),
        ("generic_neutral_mesh.obj", "v 1 2", "damaged"),
        ("generic_neutral_mesh.obj", "v 1 2 nan", "damaged"),
        ("generic_neutral_mesh.obj", "v 1 2 x", "damaged"),
        ("generic_neutral_mesh.obj", "v 1 2 3\nvt 0 0\nusemtl M_Face\nf 1/1 2/1 3/1", "damaged"),
        ("generic_neutral_mesh.obj", "v 1 2 3\nvt 0 0\nusemtl M_Face\nf 1 1 1", "damaged"),
        ("generic_neutral_mesh.obj", "v 1 2 3\nvt 0 0", "no M_"),
        ("jawOpen.obj", "v 1 2 3", "not the neutral head's"),
    ],
)
def test_what_is_not_the_kit_is_refused(
    tmp_path: Path, name: str, text: str | None, says: str
) -> None:
    kit(tmp_path / "kit")
    if text is None:
        (tmp_path / "kit" / name).unlink()
    else:
        (tmp_path / "kit" / name).write_text(text)
        if name.startswith("generic"):
            for path in (tmp_path / "kit").glob("*_*.obj"):
                if path.name != name:
                    path.unlink()
            for shape in ("jawOpen", "jawLeft"):
                (tmp_path / "kit" / f"{shape}.obj").unlink()
    with pytest.raises(HeadsetError, match=says):
        convert(tmp_path / "kit", tmp_path / "head.glb")
    assert not (tmp_path / "head.glb").exists()


@pytest.mark.shared
def test_the_kits_own_names_give_all_of_arkit_but_the_tongue(shared: Path) -> None:
    source = shared / "assets" / "heads" / "ict_facekit" / "ict_facekit_f16.npz"
    stored = np.load(source, allow_pickle=False)
    files = set(stored["expression_names"].tolist())
    assert [name for name in ARKIT if not files >= set(files_of(name))] == ["tongueOut"]
    # Each sums what the kit's own table sums.
    for name, row in zip(stored["arkit_names"], stored["arkit_from_ict"], strict=True):
        summed = {
            str(file)
            for file, weight in zip(stored["expression_names"], row, strict=True)
            if weight
        }
        assert not summed or summed == set(files_of(str(name)))
