from __future__ import annotations

import pytest

from unvisor.headset.compositor.avatars.shape_names import Tier, meaning
from unvisor.headset.names import ARKIT, CHANNELS, UNIFIED

STEMS = [name.removesuffix("Left") for name in ARKIT if name.endswith("Left")]
WAYS = {"jaw", "mouth"}  # jawLeft is a way to go


def drive(name: str) -> dict[str, float] | None:
    found = meaning(name)
    return None if found is None else dict(found.drive)


@pytest.mark.parametrize(
    "spelling",
    [
        "{}",
        "{0[0]}{0}",
        "blendShape1.{}",
        "Face|{}",
        "head_geo:{}",
        "ARKit_{}",
        "v2/{}",
        "{}.001",
        "bs_{}",
    ],
)
def test_every_arkit_name_is_known_behind_what_tools_put_before_it(spelling: str) -> None:
    for name in ARKIT:
        spelt = name[0].upper() + name[1:] if spelling == "{0[0]}{0}" else spelling.format(name)
        assert drive(spelt) == {name: 1.0}, spelt


@pytest.mark.parametrize(
    "spelling",
    [
        "{0}_L",
        "{0}.L",
        "{0}-L",
        "{0} L",
        "{0}L",
        "{0}_Left",
        "{0}_left",
        "L_{0}",
        "left_{0}",
        "blendShape2.{0}_L",
    ],
)
def test_a_side_is_known_by_its_letter_and_its_place(spelling: str) -> None:
    for stem in set(STEMS) - WAYS:
        left = spelling.format(stem)
        right = left.replace("Left", "Right").replace("left", "right").replace("L_", "R_", 1)
        right = right[:-1] + "R" if left.endswith("L") else right
        assert drive(left) == {f"{stem}Left": 1.0}, left
        assert drive(right) == {f"{stem}Right": 1.0}, right


def test_every_unified_expression_is_known_and_is_arkits_where_both_have_it() -> None:
    arkit = {name.lower(): name for name in ARKIT}
    for name in UNIFIED:
        assert drive(name) == {arkit.get(name.lower(), name): 1.0}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("EyeClosedLeft", {"eyeBlinkLeft": 1.0}),
        ("Eye_Left_Blink", {"eyeBlinkLeft": 1.0}),
        ("MouthSmile", {"mouthSmileLeft": 0.5, "mouthSmileRight": 0.5}),
        ("LipSuckUpper", {"LipSuckUpperLeft": 0.5, "LipSuckUpperRight": 0.5}),
        ("browInnerUp_L", {"BrowInnerUpLeft": 1.0}),
        ("cheekPuff_R", {"CheekPuffRight": 1.0}),
        ("viseme_aa", {"jawOpen": 1.0}),
        ("vrc.v_ou", {"mouthPucker": 1.0}),
        ("viseme_O", {"mouthFunnel": 1.0}),
        ("A", {"jawOpen": 1.0}),
        ("viseme_sil", {}),
        ("Face.M_F00_000_00_Fcl_MTH_A", {"jawOpen": 1.0}),
        ("Face.M_F00_000_00_Fcl_EYE_Close_L", {"eyeBlinkLeft": 1.0}),
        ("Fcl_BRW_Angry", {"browDownLeft": 0.5, "browDownRight": 0.5}),
        ("Blink_R", {"eyeBlinkRight": 1.0}),
        ("LookUp", {"eyeLookUpLeft": 0.5, "eyeLookUpRight": 0.5}),
    ],
)
def test_other_spellings(name: str, expected: dict[str, float]) -> None:
    assert drive(name) == expected


@pytest.mark.parametrize(
    "name",
    ["", "Key 1", "target 3", "Body.A", "Cape_L", "Fat", "Smile", "jaw", "mouth", "Fcl_HA_Hide", "あ",
     "x" * 10_000, "not_u", "MouthUpper"],
)  # fmt: skip
def test_what_says_nothing_of_a_face_means_nothing(name: str) -> None:
    assert meaning(name) is None


def test_all_that_is_driven_is_a_channel() -> None:
    for name in (*ARKIT, *UNIFIED, "happy", "sad", "angry", "surprised", "lookLeft", "viseme_PP"):
        assert set(drive(name) or {}) <= set(CHANNELS)


def test_what_follows_most_closely_comes_first() -> None:
    names = ["jawOpen", "LipSuckUpperLeft", "MouthSmile", "Fcl_MTH_Fun", "aa", "happy"]
    tiers = [found.tier for name in names if (found := meaning(name)) is not None]
    assert tiers == list(Tier)
