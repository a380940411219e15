"""What is measured on is what it says it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unvisor.headset.compositor.avatar import Avatar
from unvisor.headset.compositor.avatars.file import load
from unvisor.headset.compositor.head.build import build_head
from unvisor.headset.errors import HeadsetError
from unvisor.headset.names import ARKIT
from unvisor.reconstruct.bench.benchmark_avatars import finer, harmful, write


def test_a_finer_head_is_the_same_head(tmp_path: Path) -> None:
    head = build_head()
    fine = finer(head, 12_345)
    assert len(fine.positions) == 12_345
    edges = np.sort(fine.triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    mended, borders = (
        np.unique(np.sort(mesh[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1), axis=0,
                  return_counts=True)[1]
        for mesh in (fine.triangles, head.triangles)
    )  # fmt: skip
    assert edges.max() < 12_345
    assert mended.max() <= borders.max(), "triangles lie upon each other"
    np.testing.assert_allclose(area(fine), area(head), rtol=1e-5)
    for name in ARKIT:  # between two that move, or one that does, it moves no farther
        coarse, now = head.targets[name], fine.targets[name]
        assert now.index.size >= coarse.index.size
        np.testing.assert_array_equal(abs(now.delta).max(), abs(coarse.delta).max())
    path = tmp_path / "head.glb"
    write(path, fine)
    read = load(path)
    assert len(read.triangles) == len(fine.triangles)
    assert read.targets.keys() == set(ARKIT)


def area(avatar: Avatar) -> float:
    positions, triangles = avatar.positions, avatar.triangles
    a, b, c = (positions[triangles[:, k]].astype(np.float64) for k in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum())


@pytest.mark.parametrize(("what", "content"), list(harmful()), ids=lambda word: str(word)[:30])
def test_a_harmful_file_is_refused(tmp_path: Path, what: str, content: bytes) -> None:
    path = tmp_path / "it.glb"
    path.write_bytes(content)
    with pytest.raises(HeadsetError, match=r"it\.glb: "):
        load(path)
