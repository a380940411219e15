from __future__ import annotations

import json

import pytest
from rich.console import Console

from unvisor.headset.frame import Health
from unvisor.tools.status import as_json, brief, line, ordered, table

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


def many(count: int) -> dict[str, Health]:
    """Sensors of which two speak, one has something to tell, and the others are silent."""
    rows = {f"from {number}": Health(state="waiting", remedy="start it") for number in range(count)}
    rows["from openxr"] = Health(state="off", note="no runtime")
    rows["from alvr"] = Health(state="waiting", note="its port is taken", remedy="tried again")
    return rows | ROWS | {"loop": LIVE, "to vrchat": LIVE}


def test_outputs_come_first_and_silent_sensors_are_only_named() -> None:
    shown, folded = ordered(many(5))
    assert list(shown) == ["to vrchat", "from alvr", *ROWS, "loop"]
    assert folded == {"waiting": ["0", "1", "2", "3", "4"], "off": ["openxr"]}
    told = brief(many(5))
    assert told.startswith("to vrchat: live, 120.0 Hz")
    assert told.endswith("| waiting: 0, 1, 2, 3, 4 | off: openxr")
    few = {"from babble": Health(state="waiting", remedy="start it")}
    assert ordered(few) == (few, {})


@pytest.mark.parametrize("width", [80, 200])
@pytest.mark.parametrize("speaking", [0, 12, 60])
def test_the_table_fits_a_terminal(width: int, speaking: int) -> None:
    rows = many(15) | {f"from phone {number}": LIVE for number in range(speaking)}
    console = Console(width=width, height=24)
    with console.capture() as captured:
        console.print(table(rows))
    lines = captured.get().splitlines()
    assert len(lines) <= 23
    assert all(len(one) <= width for one in lines)
    assert lines[1].split()[:3] == ["to", "vrchat", "live"]


@pytest.mark.parametrize("word", ["live", "120.0 Hz", "4 ms", "3", "-0.0123 s ± 2.1 ms", "switch"])
def test_the_table_shows_it_all(word: str) -> None:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(table(ROWS))
    assert word in captured.get()
