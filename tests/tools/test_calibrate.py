"""`unvisor calibrate` from a recording, its undoing, and what it refuses."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from unvisor.calibration import profile
from unvisor.datasets import store
from unvisor.datasets.performance import performance
from unvisor.datasets.simulate import simulate
from unvisor.headset.rig import RIGS
from unvisor.tools.main import main

pytestmark = pytest.mark.usefixtures("own_folders")


@pytest.fixture
def take(tmp_path: Path) -> Path:
    path = tmp_path / "take.h5"
    store.save(path, simulate(performance(), RIGS["mouth+eyes"]))
    return path


def test_a_recording_is_calibrated_from_its_first_seconds(
    take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "p.json"
    words = ["calibrate", "--recording", str(take), "--until-s", "8", "--out", str(out), "--json"]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["out"] == str(out)
    assert told["seconds"] == pytest.approx(8.0, abs=0.2)
    assert profile.load(out).quality == pytest.approx(0.8, abs=0.02)


def test_without_out_it_goes_to_the_wearers_own_place(take: Path, tmp_path: Path) -> None:
    assert main(["calibrate", "--recording", str(take)]) == 0
    place = profile.profile_place()
    assert place.is_relative_to(tmp_path)
    assert profile.load(place).quality == 1.0
    if sys.platform != "win32":
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700


def test_the_last_calibration_can_be_undone(take: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "--undo"]) == 1
    for until_s in ("4", "20"):
        assert main(["calibrate", "--recording", str(take), "--until-s", until_s]) == 0
    assert main(["calibrate", "--undo"]) == 0
    assert capsys.readouterr().out.endswith(
        "from 4.0 s, quality 40%\n  only 4.0 s were seen: give 10 s or more\n"
    )
    assert profile.load(profile.profile_place()).seconds == pytest.approx(4.0, abs=0.1)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--until-s", "8"], "--until-s: is a recording's"),
        (["--room", "--overlay"], "--overlay and --room: show the same in two places"),
        (["--recording", "x.h5", "--overlay"], "--overlay: a recording asks nobody"),
        (["--recording", "x.h5"], "x.h5"),
        (["--overlay", "--yes"], "--overlay: "),
        (["--sensor", "babble::0"], "run `unvisor consent give --for calibrate --store profile"),
        (["--recording", "x.h5", "--yes"], "--yes: a recording asks nobody"),
        (["--undo", "--room"], "--undo: calibrates nothing"),
        (["--source", "openxr"], "--source openxr: OpenXR: no runtime is active here"),
    ],
)
def test_what_does_not_go_together_is_refused(
    words: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", "--out", str(tmp_path / "p.json"), *words]) == 1
    told = capsys.readouterr().err
    assert says in told
    assert told.count("\n") == 1
    assert not (tmp_path / "p.json").exists()


def test_ones_own_face_teaches_the_profile_and_can_be_undone(
    take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "p.json"
    own = tmp_path / "own.h5"
    store.save(own, performance())
    assert main(["calibrate", "--own-face", str(own), "--out", str(out)]) == 1
    assert "no profile yet to teach" in capsys.readouterr().err
    assert main(["calibrate", "--recording", str(take), "--out", str(out)]) == 0
    before = profile.load(out)
    capsys.readouterr()
    assert main(["calibrate", "--own-face", str(own), "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["summary"].startswith("from 26 s")
    assert "s of your face: brows" in told["summary"]
    taught = profile.load(out)
    assert (taught.rest == before.rest)[~np.isnan(before.rest)].all()
    assert main(["calibrate", "--undo", "--out", str(out)]) == 0
    assert profile.load(out).notes == before.notes
    assert main(["calibrate", "--own-face", str(own), "--room", "--out", str(out)]) == 1
    assert "--own-face and --room" in capsys.readouterr().err


def test_a_withdrawal_finds_former_profiles_whatever_replaced_them(take: Path) -> None:
    """What was made under a consent is deleted where a recording's profile has put it aside, too."""
    words = ["--for", "calibrate", "--store", "profile", "--no-synthesis", "--yes"]
    assert main(["consent", "give", *words]) == 0
    place = profile.profile_place()
    for until_s in ("4", "8", "20"):
        assert main(["calibrate", "--recording", str(take), "--until-s", until_s]) == 0
    assert main(["calibrate", "--undo"]) == 0
    (former,) = profile.former(place)
    assert main(["consent", "withdraw", "--yes"]) == 0
    assert not place.exists()
    assert not former.exists()
