"""What vendors' weights mean: each vendor's face as Unified Expressions, gaze and openness.

A table says which Unified shape is the sum of which of the vendor's weights; what is not a sum is a
small function beside it. What a vendor does not say is NaN. That includes what their own software
guesses of the hidden face (HTC's brows from its lids, cheeks from its smile): inferring it is our
model's work, and a guess that passes for measured could not be told from a measurement again.

Weights pass unclipped, except where a correction below says so. Everything works on any leading
axes.

Source: PROTOCOLS 3.14.1 (the master table) and 3.14.4 (what others got wrong).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .expressions import gaze_from_arkit, openness_from_arkit, unified_from_arkit
from .names import ARKIT, ARKIT_INDEX, UNIFIED, UNIFIED_INDEX
from .vendors import ANDROID, BD, BD_ARKIT, FB2, HTC_EYE, HTC_LIP, HTC_LIP_ALIASES, PICO_LEGACY

Floats = NDArray[np.float64]
Table = dict[str, dict[str, float]]
"""Target -> the vendor's weights that add up to it, each with its factor."""

_SIDES: Final = ("Left", "Right")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a vendor's weights say.

    Attributes:
        weights: Shape (..., 88), Unified Expressions, NaN where the vendor says nothing.
        gaze: Shape (..., 2, 3), unit vectors in head space (left, right), NaN likewise.
        openness: Shape (..., 2), 0 shut to 1 open (left, right), NaN likewise.
    """

    weights: Floats
    gaze: Floats
    openness: Floats


def _table(
    single: Mapping[str, str | Mapping[str, float]], paired: Mapping[str, str | Mapping[str, float]]
) -> Table:
    """Return a table from its rows; a name alone stands for itself, with factor 1.

    In paired rows {side} is Left or Right, {SIDE} LEFT or RIGHT, {S} L or R.
    """
    table: Table = {}
    for side in ("", *_SIDES):
        spelled = {"side": side, "SIDE": side.upper(), "S": side[:1]}
        for target, sources in (paired if side else single).items():
            terms = {sources: 1.0} if isinstance(sources, str) else sources
            table[target.format(**spelled)] = {
                source.format(**spelled): factor for source, factor in terms.items()
            }
    return table


_META_SUMS: Final = _table(
    {
        "JawOpen": "JAW_DROP",
        "JawRight": "JAW_SIDEWAYS_RIGHT",
        "JawLeft": "JAW_SIDEWAYS_LEFT",
        "JawForward": "JAW_THRUST",
        "MouthClosed": "LIPS_TOWARD",
        "MouthRaiserUpper": "CHIN_RAISER_T",
        "MouthRaiserLower": "CHIN_RAISER_B",
    },
    {
        "EyeWide{side}": "UPPER_LID_RAISER_{S}",
        "EyeSquint{side}": "LID_TIGHTENER_{S}",
        "BrowPinch{side}": "BROW_LOWERER_{S}",
        "BrowLowerer{side}": "BROW_LOWERER_{S}",
        "BrowInnerUp{side}": "INNER_BROW_RAISER_{S}",
        "BrowOuterUp{side}": "OUTER_BROW_RAISER_{S}",
        "NoseSneer{side}": "NOSE_WRINKLER_{S}",
        "CheekSquint{side}": "CHEEK_RAISER_{S}",
        "CheekPuff{side}": "CHEEK_PUFF_{S}",
        "CheekSuck{side}": "CHEEK_SUCK_{S}",
        "LipSuckUpper{side}": "LIP_SUCK_{S}T",
        "LipSuckLower{side}": "LIP_SUCK_{S}B",
        "LipFunnelUpper{side}": "LIP_FUNNELER_{S}T",
        "LipFunnelLower{side}": "LIP_FUNNELER_{S}B",
        "LipPuckerUpper{side}": "LIP_PUCKER_{S}",
        "LipPuckerLower{side}": "LIP_PUCKER_{S}",
        "MouthUpperUp{side}": {"UPPER_LIP_RAISER_{S}": 1.0, "NOSE_WRINKLER_{S}": -1.0},
        "MouthUpperDeepen{side}": {"UPPER_LIP_RAISER_{S}": 1.0, "NOSE_WRINKLER_{S}": -1.0},
        "MouthLowerDown{side}": "LOWER_LIP_DEPRESSOR_{S}",
        "MouthUpper{side}": "MOUTH_{SIDE}",
        "MouthLower{side}": "MOUTH_{SIDE}",
        "MouthCornerPull{side}": "LIP_CORNER_PULLER_{S}",
        "MouthCornerSlant{side}": "LIP_CORNER_PULLER_{S}",
        "MouthFrown{side}": "LIP_CORNER_DEPRESSOR_{S}",
        "MouthStretch{side}": "LIP_STRETCHER_{S}",
        "MouthDimple{side}": "DIMPLER_{S}",
        "MouthPress{side}": "LIP_PRESSOR_{S}",
        "MouthTightener{side}": "LIP_TIGHTENER_{S}",
    },
)

_FB2_TONGUE: Final[Table] = _table(
    {"TongueOut": "TONGUE_OUT", "TongueCurlUp": "TONGUE_TIP_ALVEOLAR"}, {}
)
_ANDROID_TONGUE: Final[Table] = _table(
    {"TongueOut": "TONGUE_OUT", "TongueUp": "TONGUE_UP", "TongueDown": "TONGUE_DOWN"},
    {"Tongue{side}": "TONGUE_{SIDE}"},
)

# What of Meta's face is read as ARKit's. Meta says left and right, ARKit in and out: the left eye
# looks out to the left.
_META_AS_ARKIT: Final = {
    "eyeLookDownLeft": "EYES_LOOK_DOWN_L", "eyeLookDownRight": "EYES_LOOK_DOWN_R",
    "eyeLookUpLeft": "EYES_LOOK_UP_L", "eyeLookUpRight": "EYES_LOOK_UP_R",
    "eyeLookOutLeft": "EYES_LOOK_LEFT_L", "eyeLookOutRight": "EYES_LOOK_RIGHT_R",
    "eyeLookInLeft": "EYES_LOOK_RIGHT_L", "eyeLookInRight": "EYES_LOOK_LEFT_R",
    "eyeBlinkLeft": "EYES_CLOSED_L", "eyeBlinkRight": "EYES_CLOSED_R",
    "mouthUpperUpLeft": "UPPER_LIP_RAISER_L", "mouthUpperUpRight": "UPPER_LIP_RAISER_R",
}  # fmt: skip

# SQUEEZE fires only while an eye closes; it is the nearest HTC has to a squint.
_HTC_EYE_SUMS: Final = _table(
    {}, {"EyeWide{side}": "{SIDE}_WIDE", "EyeSquint{side}": "{SIDE}_SQUEEZE"}
)

_HTC_AS_ARKIT: Final = {
    f"{arkit}{side}": f"{side.upper()}_{act}"
    for arkit, act in (
        ("eyeLookIn", "IN"), ("eyeLookOut", "OUT"), ("eyeLookUp", "UP"), ("eyeLookDown", "DOWN"),
        ("eyeBlink", "BLINK"),
    )
    for side in _SIDES
}  # fmt: skip

# The ape shape is an open jaw behind closed lips. The tongue's corners are half of each neighbour.
_HTC_LIP_SUMS: Final = _table(
    {
        "JawOpen": {"JAW_OPEN": 1.0, "MOUTH_APE_SHAPE": 1.0},
        "JawForward": "JAW_FORWARD",
        "MouthClosed": "MOUTH_APE_SHAPE",
        "MouthRaiserLower": "MOUTH_LOWER_OVERLAY",
        "TongueOut": {"TONGUE_LONGSTEP1": 0.5, "TONGUE_LONGSTEP2": 0.5},
        "TongueUp": {"TONGUE_UP": 1.0, "TONGUE_UPLEFT_MORPH": 0.5, "TONGUE_UPRIGHT_MORPH": 0.5},
        "TongueDown": {
            "TONGUE_DOWN": 1.0, "TONGUE_DOWNLEFT_MORPH": 0.5, "TONGUE_DOWNRIGHT_MORPH": 0.5,
        },
        "TongueRoll": "TONGUE_ROLL",
    },
    {
        "Jaw{side}": "JAW_{SIDE}",
        "CheekPuff{side}": "CHEEK_PUFF_{SIDE}",
        "CheekSuck{side}": "CHEEK_SUCK",
        "LipSuckUpper{side}": "MOUTH_UPPER_INSIDE",
        "LipSuckLower{side}": "MOUTH_LOWER_INSIDE",
        "LipFunnelUpper{side}": "MOUTH_UPPER_OVERTURN",
        "LipFunnelLower{side}": "MOUTH_LOWER_OVERTURN",
        "LipPuckerUpper{side}": "MOUTH_POUT",
        "LipPuckerLower{side}": "MOUTH_POUT",
        "MouthUpperUp{side}": {"MOUTH_UPPER_UP{SIDE}": 1.0, "MOUTH_UPPER_OVERTURN": -1.0},
        "MouthUpperDeepen{side}": {"MOUTH_UPPER_UP{SIDE}": 1.0, "MOUTH_UPPER_OVERTURN": -1.0},
        "MouthLowerDown{side}": "MOUTH_LOWER_DOWN{SIDE}",
        "MouthUpper{side}": "MOUTH_UPPER_{SIDE}",
        "MouthLower{side}": "MOUTH_LOWER_{SIDE}",
        "MouthCornerPull{side}": "MOUTH_SMILE_{SIDE}",
        "MouthCornerSlant{side}": "MOUTH_SMILE_{SIDE}",
        "MouthFrown{side}": "MOUTH_SAD_{SIDE}",
        "Tongue{side}": {
            "TONGUE_{SIDE}": 1.0, "TONGUE_UP{SIDE}_MORPH": 0.5, "TONGUE_DOWN{SIDE}_MORPH": 0.5,
        },
    },
)  # fmt: skip


def _places(index: Mapping[str, int], *stems: str) -> list[int]:
    """Return where paired names stand, left before right: as openness and gaze have it."""
    return [index[f"{stem}{side}"] for stem in stems for side in _SIDES]


UPPER_FACE: Final = np.array([
    name.startswith(("Eye", "Brow", "CheekSquint", "NoseSneer")) for name in UNIFIED
])  # fmt: skip
"""Shape (88,): which shapes a tracker's confidence in the upper face speaks of; the rest is the lower.

The border runs across nose and cheek, and no vendor draws it finer; the muscles that wrinkle the nose
and raise the cheek lie above it.
"""
UPPER_FACE.flags.writeable = False

# Wrinkling the nose or turning the lip out raises the lip too, and is taken off. It may be more than
# there was: these sums end at 0.
_UPPER_UP: Final = _places(UNIFIED_INDEX, "MouthUpperUp", "MouthUpperDeepen")
_SUCK_UPPER: Final = _places(UNIFIED_INDEX, "LipSuckUpper")
_CHEEK_SQUINT: Final = _places(UNIFIED_INDEX, "CheekSquint")
_EYE_SQUINT: Final = _places(UNIFIED_INDEX, "EyeSquint")
_ARKIT_BLINK: Final = _places(ARKIT_INDEX, "eyeBlink")
_ARKIT_SQUINT: Final = _places(ARKIT_INDEX, "eyeSquint")
_ARKIT_UPPER_UP: Final = _places(ARKIT_INDEX, "mouthUpperUp")


class _Vendor:
    """One vendor's tables, compiled to what numpy does in a few steps."""

    def __init__(
        self,
        names: Sequence[str],
        *,
        sums: Table | None = None,
        as_arkit: Mapping[str, str] | None = None,
        aliases: Mapping[str, str] | None = None,
    ) -> None:
        index = {name: i for i, name in enumerate(names)}
        index |= {alias: index[name] for alias, name in (aliases or {}).items()}
        self._factors = np.zeros((len(names), len(UNIFIED)))
        for target, terms in (sums or {}).items():
            for source, factor in terms.items():
                self._factors[index[source], UNIFIED_INDEX[target]] = factor
        self._parts = self._factors != 0.0
        self._silent = ~self._parts.any(axis=0)
        self._sources = [index[source] for source in (as_arkit or {}).values()]
        self._channels = [ARKIT_INDEX[channel] for channel in as_arkit or {}]

    def unified(self, weights: Floats) -> Floats:
        """Return the sums (..., 88); NaN where there is nothing to sum, or a part of it is NaN."""
        missing = np.isnan(weights)
        sums = np.where(missing, 0.0, weights) @ self._factors
        return np.where((missing @ self._parts) | self._silent, np.nan, sums)

    def arkit(self, weights: Floats) -> Floats:
        """Return the ARKit channels (..., 52) that the vendor has by another name; NaN elsewhere."""
        arkit = np.full((*weights.shape[:-1], len(ARKIT)), np.nan)
        arkit[..., self._channels] = weights[..., self._sources]
        return arkit


_FB2: Final = _Vendor(FB2, sums=_META_SUMS | _FB2_TONGUE, as_arkit=_META_AS_ARKIT)
_ANDROID: Final = _Vendor(ANDROID, sums=_META_SUMS | _ANDROID_TONGUE, as_arkit=_META_AS_ARKIT)
_HTC_EYE: Final = _Vendor(HTC_EYE, sums=_HTC_EYE_SUMS, as_arkit=_HTC_AS_ARKIT)
_HTC_LIP: Final = _Vendor(HTC_LIP, sums=_HTC_LIP_SUMS, aliases=HTC_LIP_ALIASES)
_BD: Final = _Vendor(BD, as_arkit={arkit: name for name, arkit in BD_ARKIT.items()})
_PICO_LEGACY: Final = _Vendor(PICO_LEGACY, as_arkit={name: name for name in ARKIT})


def from_fb2(weights: Floats) -> Reading:
    """Read XR_FB_face_tracking2's weights (..., 70), in the order of `vendors.FB2`."""
    return _from_meta(weights, _FB2)


def from_android(weights: Floats) -> Reading:
    """Read XR_ANDROID_face_tracking's weights (..., 68), in the order of `vendors.ANDROID`."""
    return _from_meta(weights, _ANDROID)


def from_htc_eye(weights: Floats) -> Reading:
    """Read HTC's eye expressions (..., 14): gaze, lids, wide and squint; all else is NaN."""
    arkit = _HTC_EYE.arkit(weights)
    openness = openness_from_arkit(arkit)
    return Reading(_HTC_EYE.unified(weights), gaze_from_arkit(arkit), openness)


def from_htc_lip(weights: Floats) -> Reading:
    """Read HTC's lip expressions (..., 37): the lower face; gaze and openness are NaN."""
    unified = _HTC_LIP.unified(weights)
    unified[..., _UPPER_UP] = np.maximum(unified[..., _UPPER_UP], 0.0)
    arkit = _HTC_LIP.arkit(weights)
    return Reading(unified, gaze_from_arkit(arkit), openness_from_arkit(arkit))


def from_bd(weights: Floats) -> Reading:
    """Read XR_BD_facial_simulation's weights (..., 52), in the order of `vendors.BD`."""
    return _from_pico(_BD.arkit(weights))


def from_pico_legacy(weights: Floats) -> Reading:
    """Read Pico's weights (..., 52) in Pico's own order, `vendors.PICO_LEGACY`."""
    return _from_pico(_PICO_LEGACY.arkit(weights))


def _from_meta(weights: Floats, vendor: _Vendor) -> Reading:
    unified, arkit = vendor.unified(weights), vendor.arkit(weights)
    unified[..., _UPPER_UP] = np.maximum(unified[..., _UPPER_UP], 0.0)
    suck = unified[..., _SUCK_UPPER]
    unified[..., _SUCK_UPPER] = suck_beside_raise(suck, arkit[..., _ARKIT_UPPER_UP])
    squeeze = unified[..., _CHEEK_SQUINT] * unified[..., _EYE_SQUINT]
    openness = openness_beside_squeeze(arkit[..., _ARKIT_BLINK], squeeze)
    return Reading(unified, gaze_from_arkit(arkit), openness)


def _from_pico(arkit: Floats) -> Reading:
    unified = unified_from_arkit(arkit)
    suck = unified[..., _SUCK_UPPER]
    unified[..., _SUCK_UPPER] = suck_beside_raise(suck, arkit[..., _ARKIT_UPPER_UP])
    blink = arkit[..., _ARKIT_BLINK]
    openness = openness_beside_squeeze(blink, blink * arkit[..., _ARKIT_SQUINT])
    return Reading(unified, gaze_from_arkit(arkit), openness)


def suck_beside_raise(suck: Floats, raised: Floats) -> Floats:
    """Return how far the upper lip is sucked in: a raised lip cannot be, whatever a tracker says.

    Args:
        suck: Any shape, the tracker's weight.
        raised: Same shape, how far that lip is raised.
    """
    return np.minimum(1.0 - np.maximum(raised, 0.0) ** (1 / 6), suck)


def openness_beside_squeeze(closed: Floats, squeeze: Floats) -> Floats:
    """Return lid openness, 0 to 1 (clipped): what squeezes an eye adds to what closes it.

    Args:
        closed: Any shape, 0 to 1.
        squeeze: Same shape; Meta's cheek raiser times lid tightener, or ARKit's blink times squint.
    """
    return 1.0 - np.clip(closed + squeeze, 0.0, 1.0)
