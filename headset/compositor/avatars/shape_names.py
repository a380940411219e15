"""What a morph target's or clip's name means, in the usual spellings.

The same 52 shapes are written `eyeBlinkLeft`, `eyeBlink_L`, `EyeBlink.L`, `blendShape1.eyeBlink_L`;
the vowel *a* is `aa`, `A`, `vrc.v_aa`, `viseme_aa`, `Face.M_F00_000_00_Fcl_MTH_A`. A name is cut into
its last words until one reading is known; what is known is listed once, spelt without case or signs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import IntEnum
from functools import cache
from typing import Final, NamedTuple

from ...names import ARKIT, UNIFIED

_SIDES: Final = ("Left", "Right")


class Tier(IntEnum):
    """How closely a shape follows a channel; a lower one is left alone where a higher one exists."""

    ARKIT = 0
    UNIFIED = 1
    BOTH_SIDES = 2
    """One shape for left and right."""
    VROID = 3
    """Part of a face, as VRoid Studio names it."""
    SPEECH = 4
    """Vowels, visemes, VRM's looks and its blinks of one eye."""
    MOOD = 5
    """A whole expression; VRM's blink of both eyes."""


class Meaning(NamedTuple):
    """A shape's meaning.

    Attributes:
        tier: How closely it follows.
        drive: Channel (ARKit or Unified) to the share of it that plays the shape; empty for a known
            shape no face drives (silence).
        name: Of VRM's presets and Oculus' visemes, the canonical one; else empty.
    """

    tier: Tier
    drive: Mapping[str, float]
    name: str = ""


def meaning(name: str) -> Meaning | None:
    """Return what a name means, or None where it says nothing of a face."""
    if len(name) > 200:
        return None
    words = [word for word in re.split(r"[^0-9A-Za-z]+", re.sub(r"\.\d{3}$", "", name)) if word]
    known = _known()
    for first in range(len(words)):  # the whole name first, then without what precedes
        rest = words[first:]
        if first and len(rest) == 1 and len(rest[0]) < 3:
            break  # `Cape_L`, `Body.A`: too little to go by
        for spelt in _spellings(rest):
            if spelt in known:
                return known[spelt]
    return None


def _spellings(words: list[str]) -> list[str]:
    """Return keys to look a name up by: as it is, and with a side's letter or place made plain."""
    joined = "".join(words)
    found = [joined.lower()]
    for letter, side in (("l", "left"), ("r", "right")):
        if len(words) > 1 and words[-1].lower() == letter:
            found.append("".join(words[:-1]).lower() + side)
        elif len(words) == 1 and re.search(f"[a-z]{letter.upper()}$", joined):
            found.append(joined[:-1].lower() + side)
        if len(words) > 1 and words[0].lower() in {letter, side}:
            found.append("".join(words[1:]).lower() + side)
    return found


@cache
def _known() -> Mapping[str, Meaning]:
    known: dict[str, Meaning] = {}

    def add(tier: Tier, drive: Mapping[str, float], *names: str, name: str = "") -> None:
        for spelt in names:
            known.setdefault(spelt.lower(), Meaning(tier, drive, name))

    for channel in ARKIT:
        add(Tier.ARKIT, {channel: 1.0}, channel)
    for channel in UNIFIED:
        add(Tier.UNIFIED, {channel: 1.0}, channel)
    for side in _SIDES:
        # Unified Expressions' base shapes of the eye, and names of one channel that go about.
        for spelt, channel in _SIDED_ALIASES.items():
            add(
                Tier.ARKIT,
                {channel + side: 1.0},
                spelt + side,
                f"{spelt.replace('Eye', 'Eye' + side)}",
            )
    for spelt, channel in _ALIASES.items():
        add(Tier.ARKIT, {channel: 1.0}, spelt)
    for channel in ARKIT + UNIFIED:
        stem = channel.removesuffix("Left")
        if channel.endswith("Left") and stem not in _DIRECTED:
            add(Tier.BOTH_SIDES, {stem + side: 0.5 for side in _SIDES}, stem)
    for spelt, drive in _UNIFIED_WHOLES.items():
        add(Tier.BOTH_SIDES, {channel: 1 / len(drive) for channel in drive}, spelt)
    for name, drive in _SPEECH.items():
        add(Tier.SPEECH, drive, name, f"viseme{name}", f"v{name}", f"vrcv{name}", name=name)
        add(Tier.SPEECH, drive, f"vrcviseme{name}", f"mouth{name}", f"mth{name}", name=name)
    for spelt, name in _SPEECH_ALIASES.items():
        prefixed = (f"viseme{spelt}", f"v{spelt}", f"mouth{spelt}", f"mth{spelt}", f"fclmth{spelt}")
        add(Tier.SPEECH, _SPEECH[name], spelt, *prefixed, name=name)
    for name, (drive, *spelt) in _PRESETS.items():
        tier = Tier.SPEECH if name.startswith(("blinkL", "blinkR", "look")) else Tier.MOOD
        add(tier, drive, name, *spelt, name=name)
    for spelt, drive in _VROID.items():
        add(Tier.VROID, drive, f"Fcl{spelt}")
    return known


def _both(stem: str, share: float = 0.5) -> dict[str, float]:
    return {stem + side: share for side in _SIDES}


_DIRECTED: Final = frozenset(
    {"jaw", "mouth", "Jaw", "MouthUpper", "MouthLower", "Tongue", "TongueTwist"}
)
"""Where left and right are ways to go, not halves of a face: both at once are nothing."""

_SIDED_ALIASES: Final = {"EyeClosed": "eyeBlink", "EyeBlink": "eyeBlink"}
_ALIASES: Final = {
    "tongue": "tongueOut", "browsInnerUp": "browInnerUp", "mouthRollUp": "mouthRollUpper",
    "mouthRollLow": "mouthRollLower", "mouthShrugUp": "mouthShrugUpper",
}  # fmt: skip

_UNIFIED_WHOLES: Final = {
    "LipPucker": [f"LipPucker{row}{side}" for row in ("Upper", "Lower") for side in _SIDES],
    "LipPuckerUpper": [f"LipPuckerUpper{side}" for side in _SIDES],
    "LipPuckerLower": [f"LipPuckerLower{side}" for side in _SIDES],
    "LipFunnel": [f"LipFunnel{row}{side}" for row in ("Upper", "Lower") for side in _SIDES],
    "LipFunnelUpper": [f"LipFunnelUpper{side}" for side in _SIDES],
    "LipFunnelLower": [f"LipFunnelLower{side}" for side in _SIDES],
    "LipSuck": [f"LipSuck{row}{side}" for row in ("Upper", "Lower") for side in _SIDES],
    "LipSuckUpper": [f"LipSuckUpper{side}" for side in _SIDES],
    "LipSuckLower": [f"LipSuckLower{side}" for side in _SIDES],
    "CheekPuffSuck": [f"CheekPuff{side}" for side in _SIDES],
}
"""Unified Expressions' blended shapes that are not a stem of two sides."""

_SPEECH: Final[dict[str, dict[str, float]]] = {
    "aa": {"jawOpen": 1.0},
    "ih": _both("mouthStretch"),
    "ou": {"mouthPucker": 1.0},
    "ee": _both("mouthLowerDown"),
    "oh": {"mouthFunnel": 1.0},
    "sil": {},
    "pp": _both("mouthPress"),
    "ff": {"mouthRollLower": 1.0},
    "th": {},
    "dd": {},
    "kk": {},
    "ch": {},
    "ss": {},
    "nn": {},
    "rr": {},
}
"""Vowels and visemes, by the movement they show most; a tongue's place inside the mouth shows in none.

They stand in where an avatar has no shapes of a tracked mouth: what is lost is its detail, not when it
opens and closes. Ours.
"""

_SPEECH_ALIASES: Final = {
    "a": "aa", "i": "ih", "u": "ou", "e": "ee", "o": "oh", "h": "sil",
}  # fmt: skip
"""VRM 0's and Oculus' letters."""

_PRESETS: Final[dict[str, tuple[dict[str, float], *tuple[str, ...]]]] = {
    "blinkLeft": ({"eyeBlinkLeft": 1.0}, "FclEyeCloseL", "FclEyeCloseLeft", "WinkLeft", "Wink"),
    "blinkRight": ({"eyeBlinkRight": 1.0}, "FclEyeCloseR", "FclEyeCloseRight", "WinkRight"),
    "blink": (_both("eyeBlink"), "FclEyeClose"),
    "lookUp": (_both("eyeLookUp"),),
    "lookDown": (_both("eyeLookDown"),),
    "lookLeft": ({"eyeLookOutLeft": 0.5, "eyeLookInRight": 0.5},),
    "lookRight": ({"eyeLookInLeft": 0.5, "eyeLookOutRight": 0.5},),
    "happy": (_both("mouthSmile"), "joy", "FclAllJoy"),
    "angry": (_both("browDown"), "FclAllAngry"),
    "sad": (_both("mouthFrown"), "sorrow", "FclAllSorrow"),
    "relaxed": ({}, "fun", "FclAllFun"),
    "surprised": ({"browInnerUp": 0.5, **_both("eyeWide", 0.25)}, "FclAllSurprised"),
    "neutral": ({}, "FclAllNeutral"),
}
"""VRM's presets, by their names of 1.0: what plays them, and other spellings. Ours."""

_VROID: Final[dict[str, dict[str, float]]] = {
    "MTHFun": _both("mouthSmile"),
    "MTHSorrow": _both("mouthFrown"),
    "BRWAngry": _both("browDown"),
    "BRWSurprised": {"browInnerUp": 0.5, **_both("browOuterUp", 0.25)},
    "EYESpread": _both("eyeWide"),
}
"""VRoid Studio's parts of a face that follow a channel of their own. Ours."""
