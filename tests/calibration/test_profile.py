from __future__ import annotations

import json
import math
import stat
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unvisor.calibration import profile
from unvisor.calibration.fit import fit
from unvisor.calibration.profile import Profile
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
    assert content["rest"]["JawOpen"] == pytest.approx(fitted.rest[22], abs=1e-4)
    assert "TongueRoll" not in content["rest"]
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


Change = dict[str, Any]
BROKEN: dict[str, tuple[Change, str]] = {
    "a newer version": ({"version": 9}, "version 9"),
    "another format": ({"format": "x"}, "not an unvisor profile"),
    "no rest": ({"rest": None}, "rest"),
    "an unknown channel": ({"rest": {"Nostril": 1.0}}, "Nostril"),
    "words for numbers": ({"rest": {"JawOpen": "wide"}}, "damaged"),
    "an absurd weight": ({"rest": {"JawOpen": 1e30}}, "JawOpen"),
    "quality over 1": ({"quality": 3}, "quality"),
    "something more": ({"extra": 1}, "extra"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_damaged_profile_is_refused_by_name(tmp_path: Path, fitted: Profile, case: str) -> None:
    path = tmp_path / "wearer.json"
    profile.save(path, fitted)
    content = json.loads(path.read_text(encoding="utf-8"))
    change, words = BROKEN[case]
    path.write_text(json.dumps(content | change), encoding="utf-8")
    with pytest.raises(CalibrationError, match=words) as caught:
        profile.load(path)
    assert str(path) in str(caught.value)
    assert "calibrate" in str(caught.value) or "update" in str(caught.value)


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
