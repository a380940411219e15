"""The channels of a face, named once.

Two vocabularies. A `Face` is *Unified Expressions*: 88 shapes, because a lower-face tracker knows
tongue and lip quadrants that ARKit merges; its order here is also the order on VRChat's wire.
*ARKit-52* is what faces are captured with, what a model predicts and what avatars carry. Left and
right are the wearer's own.
"""

from __future__ import annotations

from typing import Final

UNIFIED: Final[tuple[str, ...]] = tuple(
    """
    EyeSquintRight EyeSquintLeft EyeWideRight EyeWideLeft BrowPinchRight BrowPinchLeft
    BrowLowererRight BrowLowererLeft BrowInnerUpRight BrowInnerUpLeft BrowOuterUpRight
    BrowOuterUpLeft NasalDilationRight NasalDilationLeft NasalConstrictRight NasalConstrictLeft
    CheekSquintRight CheekSquintLeft CheekPuffRight CheekPuffLeft CheekSuckRight CheekSuckLeft
    JawOpen JawRight JawLeft JawForward JawBackward JawClench JawMandibleRaise MouthClosed
    LipSuckUpperRight LipSuckUpperLeft LipSuckLowerRight LipSuckLowerLeft LipSuckCornerRight
    LipSuckCornerLeft LipFunnelUpperRight LipFunnelUpperLeft LipFunnelLowerRight
    LipFunnelLowerLeft LipPuckerUpperRight LipPuckerUpperLeft LipPuckerLowerRight
    LipPuckerLowerLeft MouthUpperUpRight MouthUpperUpLeft MouthUpperDeepenRight
    MouthUpperDeepenLeft NoseSneerRight NoseSneerLeft MouthLowerDownRight MouthLowerDownLeft
    MouthUpperRight MouthUpperLeft MouthLowerRight MouthLowerLeft MouthCornerPullRight
    MouthCornerPullLeft MouthCornerSlantRight MouthCornerSlantLeft MouthFrownRight
    MouthFrownLeft MouthStretchRight MouthStretchLeft MouthDimpleRight MouthDimpleLeft
    MouthRaiserUpper MouthRaiserLower MouthPressRight MouthPressLeft MouthTightenerRight
    MouthTightenerLeft TongueOut TongueUp TongueDown TongueRight TongueLeft TongueRoll
    TongueBendDown TongueCurlUp TongueSquish TongueFlat TongueTwistRight TongueTwistLeft
    SoftPalateClose ThroatSwallow NeckFlexRight NeckFlexLeft
    """.split()
)
"""The 88 Unified Expressions, in wire order (right before left).

Source: VRCFaceTracking's UnifiedExpressions enum.
"""

ARKIT: Final[tuple[str, ...]] = tuple(
    """
    eyeBlinkLeft eyeLookDownLeft eyeLookInLeft eyeLookOutLeft eyeLookUpLeft eyeSquintLeft
    eyeWideLeft eyeBlinkRight eyeLookDownRight eyeLookInRight eyeLookOutRight eyeLookUpRight
    eyeSquintRight eyeWideRight jawForward jawLeft jawRight jawOpen mouthClose mouthFunnel
    mouthPucker mouthLeft mouthRight mouthSmileLeft mouthSmileRight mouthFrownLeft
    mouthFrownRight mouthDimpleLeft mouthDimpleRight mouthStretchLeft mouthStretchRight
    mouthRollLower mouthRollUpper mouthShrugLower mouthShrugUpper mouthPressLeft mouthPressRight
    mouthLowerDownLeft mouthLowerDownRight mouthUpperUpLeft mouthUpperUpRight browDownLeft
    browDownRight browInnerUp browOuterUpLeft browOuterUpRight cheekPuff cheekSquintLeft
    cheekSquintRight noseSneerLeft noseSneerRight tongueOut
    """.split()
)
"""The 52 ARKit blend shapes, in the order of Live Link Face's columns.

Source: Apple ARFaceAnchor.BlendShapeLocation.
"""

UNIFIED_INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(UNIFIED)}
ARKIT_INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(ARKIT)}

CHANNELS: Final[tuple[str, ...]] = ARKIT + UNIFIED
"""What drives an avatar: both vocabularies, ARKit's 52 first. Spelt differently, none twice."""

CHANNEL_INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(CHANNELS)}

MOUTH_28: Final[tuple[str, ...]] = tuple(
    name for name in ARKIT if name.startswith(("jaw", "mouth", "tongue"))
)
"""What a lower-face tracker observes (FIDELITY)."""

LOOK_8: Final[tuple[str, ...]] = tuple(name for name in ARKIT if name.startswith("eyeLook"))
"""Gaze, as ARKit spells it."""

BLINK_2: Final[tuple[str, ...]] = ("eyeBlinkLeft", "eyeBlinkRight")
"""Lid closure: 1 - openness."""

BROW_5: Final[tuple[str, ...]] = (
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
)  # fmt: skip
"""The free channels: little that is seen tells of them (FIDELITY)."""

COUPLED_9: Final[tuple[str, ...]] = (
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "eyeSquintLeft", "eyeSquintRight",
    "eyeWideLeft", "eyeWideRight", "noseSneerLeft", "noseSneerRight",
)  # fmt: skip
"""The coupled channels: they follow what is seen (FIDELITY)."""

HIDDEN_14: Final[tuple[str, ...]] = BROW_5 + COUPLED_9
"""What stays hidden when mouth and eyes are sensed."""


def mirrored(name: str) -> str:
    """Return the name of the same channel on the other side of the face, or the name itself."""
    if "Left" in name:
        return name.replace("Left", "Right")
    return name.replace("Right", "Left")


UNIFIED_MIRROR: Final[tuple[int, ...]] = tuple(UNIFIED_INDEX[mirrored(name)] for name in UNIFIED)
ARKIT_MIRROR: Final[tuple[int, ...]] = tuple(ARKIT_INDEX[mirrored(name)] for name in ARKIT)
