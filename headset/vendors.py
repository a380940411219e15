"""How each vendor numbers the face: every index table that a reader needs, once.

Names as the vendor's own headers spell them, without the prefix; the position in the tuple is the
index on the wire. What the numbers mean is in `vendor_maps.py`. `L` and `R` are the wearer's own.

Source: PROTOCOLS 3.14.2 and 3.14.3, from the OpenXR registry and, for the legacy order, WiVRn.
"""

from __future__ import annotations

from typing import Final

FB2: Final[tuple[str, ...]] = tuple(
    """
    BROW_LOWERER_L BROW_LOWERER_R CHEEK_PUFF_L CHEEK_PUFF_R CHEEK_RAISER_L CHEEK_RAISER_R
    CHEEK_SUCK_L CHEEK_SUCK_R CHIN_RAISER_B CHIN_RAISER_T DIMPLER_L DIMPLER_R EYES_CLOSED_L
    EYES_CLOSED_R EYES_LOOK_DOWN_L EYES_LOOK_DOWN_R EYES_LOOK_LEFT_L EYES_LOOK_LEFT_R
    EYES_LOOK_RIGHT_L EYES_LOOK_RIGHT_R EYES_LOOK_UP_L EYES_LOOK_UP_R INNER_BROW_RAISER_L
    INNER_BROW_RAISER_R JAW_DROP JAW_SIDEWAYS_LEFT JAW_SIDEWAYS_RIGHT JAW_THRUST LID_TIGHTENER_L
    LID_TIGHTENER_R LIP_CORNER_DEPRESSOR_L LIP_CORNER_DEPRESSOR_R LIP_CORNER_PULLER_L
    LIP_CORNER_PULLER_R LIP_FUNNELER_LB LIP_FUNNELER_LT LIP_FUNNELER_RB LIP_FUNNELER_RT
    LIP_PRESSOR_L LIP_PRESSOR_R LIP_PUCKER_L LIP_PUCKER_R LIP_STRETCHER_L LIP_STRETCHER_R
    LIP_SUCK_LB LIP_SUCK_LT LIP_SUCK_RB LIP_SUCK_RT LIP_TIGHTENER_L LIP_TIGHTENER_R LIPS_TOWARD
    LOWER_LIP_DEPRESSOR_L LOWER_LIP_DEPRESSOR_R MOUTH_LEFT MOUTH_RIGHT NOSE_WRINKLER_L
    NOSE_WRINKLER_R OUTER_BROW_RAISER_L OUTER_BROW_RAISER_R UPPER_LID_RAISER_L
    UPPER_LID_RAISER_R UPPER_LIP_RAISER_L UPPER_LIP_RAISER_R TONGUE_TIP_INTERDENTAL
    TONGUE_TIP_ALVEOLAR TONGUE_FRONT_DORSAL_PALATE TONGUE_MID_DORSAL_PALATE
    TONGUE_BACK_DORSAL_VELAR TONGUE_OUT TONGUE_RETREAT
    """.split()
)
"""XR_FB_face_tracking2: Quest Pro, Virtual Desktop, Steam Link, ALVR's `Face2Fb`."""

FB2_CONFIDENCES: Final = ("LOWER_FACE", "UPPER_FACE")
"""XR_FB_face_tracking2's confidence regions, in order."""

ANDROID: Final[tuple[str, ...]] = (
    *FB2[:63], "TONGUE_OUT", "TONGUE_LEFT", "TONGUE_RIGHT", "TONGUE_UP", "TONGUE_DOWN",
)  # fmt: skip
"""XR_ANDROID_face_tracking: Meta's face, another tongue."""

ANDROID_CONFIDENCES: Final = ("LOWER_FACE", "LEFT_UPPER_FACE", "RIGHT_UPPER_FACE")
"""XR_ANDROID_face_tracking's confidence regions, in order."""

HTC_EYE: Final[tuple[str, ...]] = tuple(
    """
    LEFT_BLINK LEFT_WIDE RIGHT_BLINK RIGHT_WIDE LEFT_SQUEEZE RIGHT_SQUEEZE LEFT_DOWN RIGHT_DOWN
    LEFT_OUT RIGHT_IN LEFT_IN RIGHT_OUT LEFT_UP RIGHT_UP
    """.split()
)
"""XR_HTC_facial_tracking, the eye tracker's expressions."""

HTC_LIP: Final[tuple[str, ...]] = tuple(
    """
    JAW_RIGHT JAW_LEFT JAW_FORWARD JAW_OPEN MOUTH_APE_SHAPE MOUTH_UPPER_RIGHT MOUTH_UPPER_LEFT
    MOUTH_LOWER_RIGHT MOUTH_LOWER_LEFT MOUTH_UPPER_OVERTURN MOUTH_LOWER_OVERTURN MOUTH_POUT
    MOUTH_RAISER_RIGHT MOUTH_RAISER_LEFT MOUTH_STRETCHER_RIGHT MOUTH_STRETCHER_LEFT
    CHEEK_PUFF_RIGHT CHEEK_PUFF_LEFT CHEEK_SUCK MOUTH_UPPER_UPRIGHT MOUTH_UPPER_UPLEFT
    MOUTH_LOWER_DOWNRIGHT MOUTH_LOWER_DOWNLEFT MOUTH_UPPER_INSIDE MOUTH_LOWER_INSIDE
    MOUTH_LOWER_OVERLAY TONGUE_LONGSTEP1 TONGUE_LEFT TONGUE_RIGHT TONGUE_UP TONGUE_DOWN
    TONGUE_ROLL TONGUE_LONGSTEP2 TONGUE_UPRIGHT_MORPH TONGUE_UPLEFT_MORPH TONGUE_DOWNRIGHT_MORPH
    TONGUE_DOWNLEFT_MORPH
    """.split()
)
"""XR_HTC_facial_tracking, the lip tracker's expressions."""

HTC_LIP_ALIASES: Final[dict[str, str]] = {
    "MOUTH_SMILE_RIGHT": "MOUTH_RAISER_RIGHT",
    "MOUTH_SMILE_LEFT": "MOUTH_RAISER_LEFT",
    "MOUTH_SAD_RIGHT": "MOUTH_STRETCHER_RIGHT",
    "MOUTH_SAD_LEFT": "MOUTH_STRETCHER_LEFT",
}
"""SRanipal's names of indices 12 to 15, which say better what they are."""

BD_ARKIT: Final[dict[str, str]] = {
    "BROW_DROP_L": "browDownLeft",
    "BROW_DROP_R": "browDownRight",
    "BROW_INNER_UPWARDS": "browInnerUp",
    "BROW_OUTER_UPWARDS_L": "browOuterUpLeft",
    "BROW_OUTER_UPWARDS_R": "browOuterUpRight",
    "EYE_BLINK_L": "eyeBlinkLeft",
    "EYE_LOOK_DROP_L": "eyeLookDownLeft",
    "EYE_LOOK_IN_L": "eyeLookInLeft",
    "EYE_LOOK_OUT_L": "eyeLookOutLeft",
    "EYE_LOOK_UPWARDS_L": "eyeLookUpLeft",
    "EYE_LOOK_SQUINT_L": "eyeSquintLeft",
    "EYE_LOOK_WIDE_L": "eyeWideLeft",
    "EYE_BLINK_R": "eyeBlinkRight",
    "EYE_LOOK_DROP_R": "eyeLookDownRight",
    "EYE_LOOK_IN_R": "eyeLookInRight",
    "EYE_LOOK_OUT_R": "eyeLookOutRight",
    "EYE_LOOK_UPWARDS_R": "eyeLookUpRight",
    "EYE_LOOK_SQUINT_R": "eyeSquintRight",
    "EYE_LOOK_WIDE_R": "eyeWideRight",
    "NOSE_SNEER_L": "noseSneerLeft",
    "NOSE_SNEER_R": "noseSneerRight",
    "CHEEK_PUFF": "cheekPuff",
    "CHEEK_SQUINT_L": "cheekSquintLeft",
    "CHEEK_SQUINT_R": "cheekSquintRight",
    "MOUTH_CLOSE": "mouthClose",
    "MOUTH_FUNNEL": "mouthFunnel",
    "MOUTH_PUCKER": "mouthPucker",
    "MOUTH_L": "mouthLeft",
    "MOUTH_R": "mouthRight",
    "MOUTH_SMILE_L": "mouthSmileLeft",
    "MOUTH_SMILE_R": "mouthSmileRight",
    "MOUTH_FROWN_L": "mouthFrownLeft",
    "MOUTH_FROWN_R": "mouthFrownRight",
    "MOUTH_DIMPLE_L": "mouthDimpleLeft",
    "MOUTH_DIMPLE_R": "mouthDimpleRight",
    "MOUTH_STRETCH_L": "mouthStretchLeft",
    "MOUTH_STRETCH_R": "mouthStretchRight",
    "MOUTH_ROLL_LOWER": "mouthRollLower",
    "MOUTH_ROLL_UPPER": "mouthRollUpper",
    "MOUTH_SHRUG_LOWER": "mouthShrugLower",
    "MOUTH_SHRUG_UPPER": "mouthShrugUpper",
    "MOUTH_PRESS_L": "mouthPressLeft",
    "MOUTH_PRESS_R": "mouthPressRight",
    "MOUTH_LOWER_DROP_L": "mouthLowerDownLeft",
    "MOUTH_LOWER_DROP_R": "mouthLowerDownRight",
    "MOUTH_UPPER_UPWARDS_L": "mouthUpperUpLeft",
    "MOUTH_UPPER_UPWARDS_R": "mouthUpperUpRight",
    "JAW_FORWARD": "jawForward",
    "JAW_L": "jawLeft",
    "JAW_R": "jawRight",
    "JAW_OPEN": "jawOpen",
    "TONGUE_OUT": "tongueOut",
}
"""XR_BD_facial_simulation in its order (Pico under OpenXR), each with the ARKit channel it is."""

BD: Final[tuple[str, ...]] = tuple(BD_ARKIT)
"""XR_BD_facial_simulation's names."""

PICO_LEGACY: Final[tuple[str, ...]] = tuple(
    """
    eyeLookDownLeft noseSneerLeft eyeLookInLeft browInnerUp browDownRight mouthClose
    mouthLowerDownRight jawOpen mouthUpperUpRight mouthShrugUpper mouthFunnel eyeLookInRight
    eyeLookDownRight noseSneerRight mouthRollUpper jawRight browDownLeft mouthShrugLower
    mouthRollLower mouthSmileLeft mouthPressLeft mouthSmileRight mouthPressRight
    mouthDimpleRight mouthLeft jawForward eyeSquintLeft mouthFrownLeft eyeBlinkLeft
    cheekSquintLeft browOuterUpLeft eyeLookUpLeft jawLeft mouthStretchLeft mouthPucker
    eyeLookUpRight browOuterUpRight cheekSquintRight eyeBlinkRight mouthUpperUpLeft
    mouthFrownRight eyeSquintRight mouthStretchRight cheekPuff eyeLookOutLeft eyeLookOutRight
    eyeWideRight eyeWideLeft mouthRight mouthDimpleLeft mouthLowerDownLeft tongueOut
    """.split()
)
"""Pico's own order, before BD's, by ARKit's names; Pico writes eyeLookDownLeft EYELOOKDOWN_L."""

BD_VISEMES: Final[tuple[str, ...]] = tuple(
    "PP CH LO O I LU RR XX LAA LI FF U TH LKK SS LE DD E LNN SIL".split()
)
"""XR_BD_facial_simulation, the lip-sync part."""

META_VISEMES: Final[tuple[str, ...]] = tuple("SIL PP FF TH DD KK CH SS NN RR AA E IH OH OU".split())
"""XR_META_face_tracking_visemes: probabilities, 0 to 1."""
