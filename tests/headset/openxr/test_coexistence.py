"""A game keeps the headset while unvisor starts, runs and stops beside it."""

from __future__ import annotations

import pytest

from ...testbed.coexist import coexist
from ...testbed.installation import Installation

pytestmark = pytest.mark.openxr


def test_a_game_keeps_the_focus_and_its_frames(installation: Installation) -> None:
    """For five minutes, and with its times: `python -m tests.testbed.coexist`."""
    came = coexist(installation, duration_s=3.0, margin_s=1.0)
    assert (came["status"], came["errors"]) == (0, "")
    # unvisor was there: it read the headset, by a session of its own.
    assert came["openxr"]["state"] == "live"
    assert came["faces"] > 20
    # And the game's session never left where it was.
    assert came["states"][-1] == "FOCUSED"
    assert came["states"].count("FOCUSED") == 1
    for phase in (came["before"], came["during"], came["after"]):
        assert phase["states"] == ["FOCUSED"]
        assert (
            phase["frames"] > 5 * phase["duration_s"]
        )  # of 60 a second, on a machine that is free
