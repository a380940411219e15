from __future__ import annotations

import re
from pathlib import Path

import pytest

from unvisor.headset.names import ARKIT
from unvisor.headset.vendors import (
    ANDROID,
    ANDROID_CONFIDENCES,
    BD,
    BD_ARKIT,
    BD_VISEMES,
    FB2,
    FB2_CONFIDENCES,
    HTC_EYE,
    HTC_LIP,
    HTC_LIP_ALIASES,
    META_VISEMES,
    PICO_LEGACY,
)


@pytest.mark.parametrize(
    ("names", "length"),
    [
        (FB2, 70), (ANDROID, 68), (HTC_EYE, 14), (HTC_LIP, 37), (BD, 52), (PICO_LEGACY, 52),
        (BD_VISEMES, 20), (META_VISEMES, 15), (FB2_CONFIDENCES, 2), (ANDROID_CONFIDENCES, 3),
    ],
)  # fmt: skip
def test_every_index_has_one_name_of_its_own(names: tuple[str, ...], length: int) -> None:
    assert len(names) == len(set(names)) == length


def test_android_is_meta_but_for_the_tongue() -> None:
    assert ANDROID[:63] == FB2[:63]
    assert ANDROID[63:] == tuple(f"TONGUE_{way}" for way in ("OUT", "LEFT", "RIGHT", "UP", "DOWN"))
    assert FB2.index("TONGUE_OUT") == 68


def test_picos_two_orders_are_arkit_in_another_order() -> None:
    assert set(BD_ARKIT.values()) == set(PICO_LEGACY) == set(ARKIT)


def test_a_blink_is_elsewhere_in_picos_two_orders() -> None:
    # ALVR reads 28 and 38 as blinks whichever order it gets; in BD's these are mouth shapes.
    assert (PICO_LEGACY[28], PICO_LEGACY[38]) == ("eyeBlinkLeft", "eyeBlinkRight")
    assert (BD[28], BD[38]) == ("MOUTH_R", "MOUTH_ROLL_UPPER")
    assert (BD[5], BD[12]) == ("EYE_BLINK_L", "EYE_BLINK_R")


def test_bds_names_say_what_arkits_do() -> None:
    spelled = {"DROP": "DOWN", "UPWARDS": "UP", "L": "LEFT", "R": "RIGHT"}
    for name, arkit in BD_ARKIT.items():
        words = [spelled.get(word, word) for word in name.split("_")]
        if words[1:2] == ["LOOK"] and words[2] in ("SQUINT", "WIDE"):
            del words[1]  # BD calls a squint a look
        assert "".join(words) == arkit.upper()


def test_htcs_aliases_stand_for_12_to_15() -> None:
    assert [HTC_LIP.index(name) for name in HTC_LIP_ALIASES.values()] == [12, 13, 14, 15]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("names", "heading"),
    [
        (FB2, "- **XR_FB_face_tracking2"),
        (HTC_EYE, "- **XR_HTC_facial_tracking eye"),
        (HTC_LIP, "- **XR_HTC_facial_tracking lip"),
        (BD, "- **XR_BD_facial_simulation"),
        (BD_VISEMES, "- **BD lip/visemes"),
        (META_VISEMES, "- **FB2 confidences"),
        (PICO_LEGACY, "0 EYELOOKDOWN_L"),
    ],
)
def test_the_tables_are_those_of_the_reference(
    shared: Path, names: tuple[str, ...], heading: str
) -> None:
    lines = (shared / "PROTOCOLS.md").read_text("utf-8").splitlines()
    (line,) = (line for line in lines if line.startswith(heading))
    for before in ("**:", "visemes: "):  # numbers there are not indices
        line = line.partition(before)[2] or line
    pairs = re.findall(r"(\d+) ([A-Z][A-Z0-9_]*)", line.partition(", chained")[0])
    assert [int(index) for index, _ in pairs] == list(range(len(names)))
    if names is PICO_LEGACY:  # which we keep by ARKit's names
        names = tuple(
            re.sub("(?<=[a-z])(Left|Right)$", lambda side: f"_{side[0][0]}", name)
            if name not in ("mouthLeft", "mouthRight", "jawLeft", "jawRight")
            else name
            for name in names
        )
    assert [name for _, name in pairs] == [name.upper() for name in names]
