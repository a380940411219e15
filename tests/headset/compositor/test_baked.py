"""What is kept between starts equals what was built, and damage costs time alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from unvisor.headset.compositor import baked, kept
from unvisor.headset.compositor.avatar import Avatar
from unvisor.headset.compositor.context import Context, GlReport
from unvisor.headset.compositor.head.build import build_head


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    return kept.folder()


def same(one: Avatar, other: Avatar) -> None:
    for name in ("positions", "triangles", "colours", "region", "eye_centre", "eye"):
        mine, theirs = getattr(one, name), getattr(other, name)
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)
    assert one.eye_radius_m == other.eye_radius_m
    assert one.targets.keys() == other.targets.keys()
    for name, target in one.targets.items():
        np.testing.assert_array_equal(target.index, other.targets[name].index)
        np.testing.assert_array_equal(target.delta, other.targets[name].delta)


def written(cache: Path, kind: str) -> list[Path]:
    return sorted(cache.glob(f"{kind}-*.npz"))


def test_the_head_comes_back_as_it_was_built(cache: Path) -> None:
    head = build_head()
    same(baked.default_head(), head)
    (path,) = written(cache, "head")
    stamp = path.stat().st_ino
    same(baked.default_head(), head)
    assert [one.stat().st_ino for one in written(cache, "head")] == [stamp]  # read, not made anew


@pytest.mark.gl
def test_light_is_baked_once_for_each_avatar(drawing: GlReport, cache: Path, ball: Avatar) -> None:
    with Context():
        first = baked.light_of(ball)
        (path,) = written(cache, "light")
        stamp = path.stat().st_ino
        np.testing.assert_array_equal(baked.light_of(ball), first)
        assert [one.stat().st_ino for one in written(cache, "light")] == [stamp]
    assert first.shape == (len(ball.positions), 4)
    assert np.ptp(first[:, 0]) > 0.1


def damaged_by_a_bit(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def cut_short(content: bytes) -> bytes:
    return content[:100]


def empty(content: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("damage", [damaged_by_a_bit, cut_short, empty])
def test_a_damaged_file_is_made_anew(cache: Path, damage: Callable[[bytes], bytes]) -> None:
    made: list[int] = []

    def build() -> kept.Arrays:
        made.append(len(made))
        return {"rows": np.arange(12.0).reshape(3, 4)}

    for builds in (1, 1):  # made, then read
        np.testing.assert_array_equal(kept.kept("rows", "0", build, most=1)["rows"][1, 0], 4.0)
        assert len(made) == builds
    (path,) = written(cache, "rows")
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    np.testing.assert_array_equal(kept.kept("rows", "0", build, most=1)["rows"][1, 0], 4.0)
    assert len(made) == 2
    assert len(path.read_bytes()) == len(whole)


@pytest.mark.gl
def test_where_nothing_can_be_kept_it_is_made_every_time(
    drawing: GlReport, cache: Path, ball: Avatar
) -> None:
    cache.parent.mkdir()
    cache.write_text("a file, where the folder should be")
    with Context():
        assert baked.light_of(ball).shape == (len(ball.positions), 4)


def test_older_versions_are_deleted_and_others_files_are_not(cache: Path) -> None:
    cache.mkdir(parents=True)
    for name in ("head-0123.npz", "light-4567.npz", "notes.txt"):
        (cache / name).write_bytes(b"")
    baked.default_head()
    assert not (cache / "head-0123.npz").exists()
    assert (cache / "light-4567.npz").exists()
    assert (cache / "notes.txt").exists()
    assert len(written(cache, "head")) == 1
