"""`unvisor calibrate` live: a tracker's real packets, a real terminal and its keys, the real time."""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from unvisor.calibration import profile
from unvisor.calibration.consent.store import Store
from unvisor.headset.names import UNIFIED_INDEX
from unvisor.tools.main import main

if sys.platform == "win32":
    pytest.skip("elsewhere: terminals of POSIX", allow_module_level=True)

assert sys.platform != "win32"  # for the type checker, which has none of it there

from .wearer import Wearer  # noqa: E402


@pytest.fixture
def wearer(tmp_path: Path, own_folders: Path) -> Generator[Wearer]:
    out = str(tmp_path / "me.json")
    words = "calibrate", "--sensor", "babble:port=PORT", "--out", out, "--sound", "off"
    with Wearer(*words) as made:
        yield made


def test_a_live_wearer_is_asked_for_what_their_tracker_sees(wearer: Wearer, tmp_path: Path) -> None:
    wearer.until("makes nothing up, and stores a profile of your face")
    wearer.until("Agree? [y/n]")
    wearer.press(b"y")
    wearer.until("mouth tracker only: 2 poses, 6 s")
    wearer.press(b" ")
    wearer.until("Open your mouth wide")
    wearer.press(b"\r")
    wearer.until("rest accepted, mouth accepted")
    assert wearer.program.wait(30) == 0
    jaw = UNIFIED_INDEX["JawOpen"]
    made = profile.load(tmp_path / "me.json")
    assert made.rest[jaw] == pytest.approx(0.1, abs=0.02)
    assert made.reach[jaw] == pytest.approx(0.8, abs=1e-3)
    assert Store().check().faults == ()
    assert main(["consent", "withdraw", "--yes"]) == 0
    assert not (tmp_path / "me.json").exists(), "what was kept under it is deleted"


def test_who_does_not_agree_is_not_calibrated(wearer: Wearer, tmp_path: Path) -> None:
    wearer.until("Agree? [y/n]")
    wearer.press(b"n")
    wearer.until("profile: the answer was no: run `unvisor consent give --for calibrate")
    assert wearer.program.wait(30) == 1
    assert not (tmp_path / "me.json").exists()


def test_who_stops_before_anything_was_seen_has_no_profile(wearer: Wearer, tmp_path: Path) -> None:
    wearer.until("Agree? [y/n]")
    wearer.press(b"y")
    wearer.until("mouth tracker only")
    wearer.press(b"q")
    wearer.until("routine: no face was seen (stopped): calibrate again")
    assert wearer.program.wait(30) == 1
    assert not (tmp_path / "me.json").exists()
