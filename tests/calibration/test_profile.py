from __future__ import annotations

import json
import math
import re
import stat
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from unvisor.calibration import profile
from unvisor.calibration.correction import Correction
from unvisor.calibration.fit import fit
from unvisor.calibration.profile import Donning, Profile
from unvisor.calibration.profile_file import written
from unvisor.headset.errors import CalibrationError

from ..reconstruct.faces import sensed


@pytest.fixture
def fitted() -> Profile:
    return fit(sensed("mouth+eyes", seconds=12.0).frames())


@pytest.mark.parametrize("rig", ["mouth+eyes", "mouth", "eyes", "none"])
def test_a_profile_comes_back_as_it_was(tmp_path: Path, rig: str) -> None:
    fitted, path = fit(sensed(rig, seconds=12.0).frames()), tmp_path / "wearer.json"
    profile.save(path, fitted)
    back = profile.load(path)
    for name in ("rest", "reach", "openness_rest", "gaze_rest_rad"):
        np.testing.assert_allclose(getattr(back, name), getattr(fitted, name), atol=1e-5)
    assert back.notes == fitted.notes
    assert back.seconds == pytest.approx(fitted.seconds, abs=1e-3)


def test_the_file_can_be_read_by_a_person_and_by_nobody_else(
    tmp_path: Path, fitted: Profile
) -> None:
    path = tmp_path / "wearer.json"
    profile.save(path, fitted)
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["person"]["rest"]["JawOpen"] == pytest.approx(fitted.rest[22], abs=1e-4)
    assert "TongueRoll" not in content["person"]["rest"]
    assert "gaze_matrix" not in content["person"]  # nothing was fitted: nothing is said
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


Floats = NDArray[np.float64]
Change = dict[str, Any]
SQUARE = [[1.0, 0.0], [0.0, 1.0]]
BROKEN: dict[str, tuple[Change, str]] = {
    "a newer version": ({"version": 9}, "version 9"),
    "no version": ({"version": True}, "version True"),
    "another format": ({"format": "x"}, "not an unvisor profile"),
    "no rest": ({"person": {"rest": None}}, "rest"),
    "an unknown channel": ({"person": {"rest": {"Nostril": 1.0}}}, "Nostril"),
    "words for numbers": ({"person": {"rest": {"JawOpen": "wide"}}}, "damaged"),
    "an absurd weight": ({"person": {"rest": {"JawOpen": 1e30}}}, "JawOpen"),
    "eyes turned round": ({"person": {"gaze_matrix": [SQUARE, [[-1, 0], [0, 1]]]}}, "gaze_matrix"),
    "cheeks that are one": ({"person": {"cheeks_unmix": [[1, 1], [1, 1]]}}, "cheeks_unmix"),
    "lids of no size": ({"person": {"openness_shut": [1e9, 0]}}, "openness_shut"),
    "a gaze beyond the head": ({"person": {"gaze_rest_rad": [[9, 0], [0, 0]]}}, "gaze_rest_rad"),
    "a habit of nothing known": ({"person": {"habit_gain": {"browUp": 1}}}, "browUp"),
    "quality over 1": ({"quality": 3}, "quality"),
    "something more": ({"extra": 1}, "extra"),
    "donnings without end": ({"donnings": [{}] * 9}, "donnings"),
    "a day that is none": ({"donnings": [{"utc": "yesterday"}]}, "donnings"),
    "notes without end": ({"notes": ["x"] * 101}, "notes"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_damaged_profile_is_refused_by_name(tmp_path: Path, fitted: Profile, case: str) -> None:
    path = tmp_path / "wearer.json"
    profile.save(path, fitted)
    content = json.loads(path.read_text(encoding="utf-8"))
    change, words = BROKEN[case]
    if "person" in change:
        change = {"person": content["person"] | change["person"]}
    path.write_text(json.dumps(content | change), encoding="utf-8")
    with pytest.raises(CalibrationError, match=words) as caught:
        profile.load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "calibrate" in str(caught.value) or "update" in str(caught.value)


def everything() -> Profile:
    """Return a profile in which no part is as it was when nothing was fitted."""
    rng = np.random.default_rng(0)

    def near(value: float, *shape: int) -> Floats:
        return value + rng.uniform(-0.05, 0.05, shape)

    donning = Donning(
        utc="2026-11-25T20:05:54Z",
        rest_offset=near(0.0, 88),
        openness_ratio=near(1.0, 2),
        gaze_offset_rad=near(0.0, 2, 2),
        gaze_matrix=np.eye(2) + near(0.0, 2, 2, 2),
        seconds=6.0,
        notes=("gaze: no",),
    )
    return Profile(
        rest=near(0.1, 88),
        reach=near(0.8, 88),
        openness_rest=near(0.8, 2),
        gaze_rest_rad=near(0.0, 2, 2),
        seconds=60.0,
        quality=0.9,
        notes=("cheeks: not seen",),
        gaze_rest_sd_rad=near(0.1, 2, 2),
        openness_shut=near(0.1, 2),
        lids_unmix=np.eye(2) + near(0.0, 2, 2),
        cheeks_unmix=np.eye(2) + near(0.0, 2, 2),
        gaze_offset_rad=near(0.0, 2, 2),
        gaze_matrix=np.eye(2) + near(0.0, 2, 2, 2),
        habit_offset=near(0.0, 52),
        habit_gain=near(1.0, 52),
        donnings=(Donning(), donning),
        wearer="me",
        headset="Valve Index",
        consent="a1b2",
        made_utc="2026-11-25T20:05:54Z",
    )


def same(one: object, other: object) -> None:
    """Compare two profiles or donnings field by field."""
    for field in fields(one):  # pyright: ignore[reportArgumentType]
        mine, yours = getattr(one, field.name), getattr(other, field.name)
        if field.name == "donnings":
            assert len(mine) == len(yours)
            for first, second in zip(mine, yours, strict=True):
                same(first, second)
        elif isinstance(mine, np.ndarray):
            mine = cast("Floats", mine)
            np.testing.assert_allclose(yours, mine, atol=1e-5, err_msg=field.name)
        else:
            assert mine == yours, field.name


def test_every_part_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "wearer.json"
    profile.save(path, everything())
    same(everything(), profile.load(path))


def test_only_the_last_donnings_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "wearer.json"
    many = tuple(Donning(seconds=float(number)) for number in range(20))
    profile.save(path, replace(everything(), donnings=many))
    back = profile.load(path)
    assert [one.seconds for one in back.donnings] == [12.0 + number for number in range(8)]
    assert back.donning.seconds == 19.0


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e9])
def test_what_could_not_be_read_again_is_not_written(tmp_path: Path, bad: float) -> None:
    path = tmp_path / "wearer.json"
    profile.save(path, everything())
    before = path.read_bytes()
    with pytest.raises(CalibrationError):
        profile.save(path, replace(everything(), openness_shut=np.array([bad, bad])))
    assert path.read_bytes() == before


FIRST = {
    "format": "unvisor-profile", "version": 1, "seconds": 12.0, "quality": 1.0, "notes": ["n"],
    "rest": {"JawOpen": 0.1}, "reach": {"JawOpen": 0.9}, "openness_rest": [0.8, None],
    "gaze_rest_rad": [[0.1, -0.2], [None, None]],
}  # fmt: skip


def test_a_file_of_version_1_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "wearer.json"
    path.write_text(json.dumps(FIRST), encoding="utf-8")
    read = profile.load(path)
    assert read.rest[22] == 0.1
    assert read.openness_rest[0] == 0.8
    assert np.isnan(read.openness_rest[1])
    assert read.notes == ("n",)
    assert read.donnings == ()
    profile.save(path, read)
    assert json.loads(path.read_text(encoding="utf-8"))["version"] == 2
    same(read, profile.load(path))
    profile.undo(path)
    assert json.loads(path.read_text(encoding="utf-8"))["version"] == 1


def test_a_calibration_can_be_undone_as_often_as_profiles_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "wearer.json"
    for number in range(10):
        profile.save(path, replace(everything(), seconds=float(number)))
    assert len(profile.former(path)) == profile.KEPT
    for number in range(8, 8 - profile.KEPT, -1):
        assert profile.undo(path).seconds == number
        assert profile.load(path).seconds == number
    with pytest.raises(CalibrationError, match="no earlier profile"):
        profile.undo(path)
    assert profile.load(path).seconds == 9 - profile.KEPT


def test_former_profiles_are_their_owners_alone_and_each_files_own(tmp_path: Path) -> None:
    one, other = tmp_path / "me.json", tmp_path / "me.000001.json"
    for path in (one, one, other, other, other):
        profile.save(path, everything())
    assert len(profile.former(one)) == 1
    assert len(profile.former(other)) == 2
    if sys.platform != "win32":
        kept = profile.former(one)[0]
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


def test_a_former_profile_that_is_damaged_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "wearer.json"
    for _ in range(2):
        profile.save(path, everything())
    profile.former(path)[-1].write_bytes(b"{")
    before = path.read_bytes()
    with pytest.raises(CalibrationError, match="not a profile"):
        profile.undo(path)
    assert path.read_bytes() == before


def test_a_donning_is_written_without_a_former_profile(tmp_path: Path) -> None:
    path = tmp_path / "wearer.json"
    profile.save(path, everything())
    profile.update(path, replace(everything(), donnings=()))
    assert not profile.former(path)
    assert profile.load(path).donnings == ()


def test_each_wearer_and_headset_has_a_place() -> None:
    names = [
        ("me", ""), ("me", "quest-3"), ("Me", ""), ("../../etc/passwd", ""), ("a/b", ""), ("a-b", ""),
        ("", ""), ("é", ""), ("ê", ""), ("x" * 5000, ""), ("me", "Valve Index"), ("me@quest-3", ""),
    ]  # fmt: skip
    places = [profile.profile_place(*name) for name in names]
    assert len(set(places)) == len(places)
    assert len({str(place).lower() for place in places}) == len(places)
    assert {place.parent for place in places} == {profile.profile_place().parent}
    assert all(len(place.name) < 120 for place in places)


MUTATIONS = 10_000


def test_no_mutation_of_a_file_does_more_than_be_refused() -> None:
    """Flipped, cut, doubled, swapped and rewritten bytes: one error, or bounded numbers."""
    content = written(everything())
    rng = np.random.default_rng(0)
    refusals: list[str] = []
    for _ in range(MUTATIONS):
        changed = mutated(content, rng)
        try:
            read = profile.parse(Path("wearer.json"), changed)
        except CalibrationError as error:
            refusals.append(str(error))
        else:
            bounded(read)
    assert 0.3 * MUTATIONS < len(refusals) < MUTATIONS
    assert max(map(len, refusals)) < 400
    assert not any("\n" in refusal for refusal in refusals)


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """Return the bytes with one to four changes."""
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 5))):
        at, to = sorted(rng.integers(0, len(changed) + 1, 2).tolist())
        kind = int(rng.integers(0, 7))
        if kind == 0 and at < len(changed):
            changed[at] ^= 1 << int(rng.integers(0, 8))
        elif kind == 1:
            del changed[at : min(to, at + 40)]
        elif kind == 2:
            del changed[max(at, 1) :]
        elif kind == 3:
            changed[at:at] = changed[at : min(to, at + 400)]
        elif kind == 4:
            changed[at:at] = ODD[int(rng.integers(0, len(ODD)))]
        elif kind == 5:
            numbers = list(re.finditer(rb"-?\d+\.?\d*", changed))
            if numbers:
                found = numbers[int(rng.integers(0, len(numbers)))]
                changed[found.start() : found.end()] = ODD[int(rng.integers(0, len(ODD)))]
        else:
            lines = bytes(changed).split(b"\n")
            one, other = rng.integers(0, len(lines), 2)
            lines[one], lines[other] = lines[other], lines[one]
            changed = bytearray(b"\n".join(lines))
        if not changed:
            break
    return bytes(changed)


ODD = (
    *(rb'1e999 -1e308 NaN Infinity null true [] {} "" -0.0 0 1e-400 \ud800 // , 2 -1'.split()),
    b"9" * 400, b"\x00", b"\xff\xfe", b"[" * 3000, b'{"a":' * 3000,
)  # fmt: skip


def bounded(read: Profile) -> None:
    """Fail where a profile or what it makes of a face is not finite and of a face's size."""
    for part in (read, *read.donnings):
        for field in fields(part):
            values = getattr(part, field.name)
            if isinstance(values, np.ndarray):
                values = cast("Floats", values)
                assert (np.abs(values[np.isfinite(values)]) <= profile.LARGEST_WEIGHT).all(), field
                assert not np.isinf(values).any(), field
    for field in ("openness_shut", "lids_unmix", "cheeks_unmix", "gaze_offset_rad", "gaze_matrix"):
        assert np.isfinite(getattr(read, field)).all(), field
    correction = Correction(read)
    weights, gaze = np.full(88, 0.5), np.array([[0.1, 0.2, -0.97], [0.0, 0.0, -1.0]])
    correction.weights(weights, weights)
    gaze = correction.gaze(gaze)
    assert np.isfinite(weights).all()
    np.testing.assert_allclose(np.linalg.norm(gaze, axis=1), 1.0, atol=0.05)
    assert np.isfinite(correction.openness(np.array([0.5, 0.5]))).all()


HOSTILE = {
    "deep lists": b"[" * 1_000_000,
    "deep objects": b'{"a":' * 150_000,
    "no text": b"\xff" * 100,
    "nothing": b"",
    "null": b"null",
    "a word": b'"unvisor-profile"',
    "a long number": b"1" * 900_000,
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_are_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(CalibrationError) as caught:
        profile.parse(Path("wearer.json"), content)
    assert len(str(caught.value)) < 400


@given(st.binary(max_size=300))
def test_bytes_that_are_no_profile_are_refused(content: bytes) -> None:
    with pytest.raises(CalibrationError):
        profile.parse(Path("wearer.json"), content)


def test_missing_and_huge_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match="unvisor calibrate"):
        profile.load(tmp_path / "none.json")
    huge = tmp_path / "huge.json"
    huge.write_bytes(b" " * (2 << 20))
    with pytest.raises(CalibrationError, match="too large"):
        profile.load(huge)


def test_a_failed_save_leaves_the_old_profile(tmp_path: Path, fitted: Profile) -> None:
    path = tmp_path / "wearer.json"
    profile.save(path, fitted)
    before = path.read_bytes()
    with pytest.raises(CalibrationError, match="no folder"):
        profile.save(tmp_path / "none" / "wearer.json", fitted)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["wearer.json"]
    assert not math.isnan(profile.load(path).quality)
