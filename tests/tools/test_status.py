from __future__ import annotations

import json

import pytest
from rich.console import Console

from unvisor.headset.frame import Health
from unvisor.tools.status import as_json, line, table

LIVE = Health(
    state="live",
    rate_hz=119.96,
    age_s=0.0042,
    dropped=3,
    offset_s=-0.01234,
    offset_error_s=0.0021,
    note="192.168.1.9 sends too",
)
LOST = Health(state="lost", remedy="switch the phone on")
ROWS = {"from live-link-face": LIVE, "from babble": LOST}


def test_a_line_tells_state_rate_age_drops_clock_and_remedy() -> None:
    assert line("from live-link-face", LIVE) == (
        "from live-link-face: live, 120.0 Hz, age 4 ms, 3 dropped, "
        "clock -0.0123 s ± 2.1 ms, 192.168.1.9 sends too"
    )
    assert line("from babble", LOST) == "from babble: lost, 0.0 Hz, switch the phone on"


def test_json_has_the_same_and_null_for_what_is_missing() -> None:
    told = json.loads(json.dumps(as_json(ROWS), allow_nan=False))
    assert told["from live-link-face"] == {
        "state": "live", "rate_hz": 119.96, "age_s": 0.0042, "dropped": 3, "offset_s": -0.01234,
        "offset_error_s": 0.0021, "note": "192.168.1.9 sends too", "remedy": "",
    }  # fmt: skip
    assert [told["from babble"][key] for key in ("age_s", "offset_s", "offset_error_s")] == [
        None
    ] * 3


@pytest.mark.parametrize("word", ["live", "120.0 Hz", "4 ms", "3", "-0.0123 s ± 2.1 ms", "switch"])
def test_the_table_shows_it_all(word: str) -> None:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(table(ROWS))
    assert word in captured.get()
