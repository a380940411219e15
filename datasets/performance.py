"""A face nobody has: 26 s of performance, written as a script, so that a demo needs no capture.

The first eight seconds are rest and ordinary speech, as a calibration meets them; then come the
expressions a headset hides. Moves follow minimum-jerk curves and join without a step; what people's
faces do together is done together here (a smile lifts the cheeks, surprise widens the eyes).

Source:
    Blinks, saccades: SCIENCE 4. Minimum jerk: Flash & Hogan 1985. Speech: overlapping dominance of
    neighbouring sounds, Cohen & Massaro 1993. The shapes and the script are our own.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.random import default_rng

from ..headset.clock import NS_PER_S
from ..headset.expressions import LOOK_DOWN_RAD, LOOK_IN_RAD, LOOK_OUT_RAD, LOOK_UP_RAD
from ..headset.names import ARKIT, ARKIT_INDEX
from ..headset.permit import Basis
from .recording import Recording
from .streams import About, Floats, Truth

RATE_HZ: Final = 60
DURATION_S: Final = 26.0


def _sides(**channels: float) -> dict[str, float]:
    """Return channels named without their side, on both sides; the right a little less."""
    return {
        f"{name}{side}": weight * share
        for name, weight in channels.items()
        for side, share in (("Left", 1.0), ("Right", 0.94))
    }


REST: Final = _sides(eyeSquint=0.04, mouthPress=0.05, browDown=0.02, mouthFrown=0.02) | {
    "browInnerUp": 0.03, "mouthClose": 0.02, "mouthShrugLower": 0.06,
}  # fmt: skip

EXPRESSIONS: Final[dict[str, dict[str, float]]] = {
    "smile": _sides(
        mouthSmile=0.75, mouthLowerDown=0.30, mouthUpperUp=0.30, noseSneer=0.15, cheekSquint=0.40,
        eyeSquint=0.30, mouthDimple=0.15, eyeBlink=0.20,
    ) | {"mouthShrugUpper": 0.15, "jawOpen": 0.08},
    "laugh": _sides(
        mouthSmile=0.85, cheekSquint=0.60, eyeSquint=0.50, mouthUpperUp=0.30, mouthLowerDown=0.50,
        mouthStretch=0.20, noseSneer=0.25, browDown=0.15, eyeBlink=0.30,
    ) | {"jawOpen": 0.40, "mouthShrugUpper": 0.20},
    "surprise": _sides(eyeWide=0.60, browOuterUp=0.60, mouthStretch=0.15) | {
        "browInnerUp": 0.65, "jawOpen": 0.25, "mouthFunnel": 0.15,
    },
    "frown": _sides(
        browDown=0.65, eyeSquint=0.25, mouthFrown=0.25, mouthPress=0.2, noseSneer=0.12, eyeBlink=0.15,
    ) | {"mouthShrugLower": 0.25},
    "wrinkle": _sides(
        noseSneer=0.65, mouthUpperUp=0.30, cheekSquint=0.50, browDown=0.85, eyeSquint=0.50,
        eyeBlink=0.50, mouthSmile=0.30, mouthDimple=0.20, mouthPress=0.15,
    ) | {"mouthShrugLower": 0.40, "mouthShrugUpper": 0.12, "mouthRollLower": 0.10},
    "puff": _sides(mouthPress=0.3, eyeWide=0.1) | {
        "cheekPuff": 0.8, "mouthPucker": 0.35, "mouthClose": 0.05, "mouthRollLower": 0.1,
    },
    "doubt": {
        "browOuterUpLeft": 0.7, "eyeWideLeft": 0.2, "browInnerUp": 0.3, "browDownRight": 0.4,
        "eyeSquintRight": 0.3, "mouthLeft": 0.25, "mouthPressLeft": 0.3, "mouthDimpleLeft": 0.3,
    },
    "tongue": _sides(mouthLowerDown=0.3, eyeSquint=0.1) | {"tongueOut": 0.8, "jawOpen": 0.35},
    "stress": _sides(browOuterUp=0.25, eyeWide=0.12) | {"browInnerUp": 0.35},
    "warmth": _sides(mouthSmile=0.25, cheekSquint=0.12, eyeSquint=0.08),
}  # fmt: skip
"""What a move does at its height.

What moves together is rounded from what moved together in range-of-motion captures (median of the
frames of a smile, a nose wrinkle and so on; the takes of `NOTICE`): a hard wrinkle half shuts the
eyes and pushes the lower lip up. The amounts are the script's own.
"""


class Move(NamedTuple):
    """One expression: when it begins, how long it rises, stays and falls, and how strong it is."""

    start_s: float
    rise_s: float
    hold_s: float
    fall_s: float
    expression: str
    amount: float = 1.0


SCRIPT: Final = (
    Move(3.1, 0.18, 0.15, 0.40, "stress", 0.8),
    Move(4.6, 0.40, 1.20, 0.60, "warmth"),
    Move(6.4, 0.16, 0.20, 0.40, "stress"),
    Move(8.2, 0.45, 1.20, 0.70, "smile"),
    Move(10.8, 0.20, 0.90, 0.55, "surprise"),
    Move(12.7, 0.40, 0.90, 0.50, "frown"),
    Move(14.7, 0.30, 0.70, 0.45, "wrinkle"),
    Move(16.4, 0.35, 0.80, 0.35, "puff"),
    Move(18.3, 0.20, 0.50, 0.45, "stress", 1.3),
    Move(19.8, 0.25, 0.40, 0.50, "frown", 0.35),
    Move(21.0, 0.35, 0.90, 0.70, "laugh"),
    Move(22.9, 0.30, 0.60, 0.40, "doubt"),
    Move(24.3, 0.25, 0.40, 0.35, "tongue"),
)

VISEMES: Final[dict[str, dict[str, float]]] = {
    ".": {},
    "a": {"jawOpen": 0.38} | _sides(mouthLowerDown=0.22, mouthUpperUp=0.10),
    "e": {"jawOpen": 0.20} | _sides(mouthStretch=0.18, mouthSmile=0.15, mouthLowerDown=0.25),
    "i": {"jawOpen": 0.10} | _sides(mouthStretch=0.22, mouthSmile=0.22, mouthDimple=0.10),
    "o": {"jawOpen": 0.26, "mouthFunnel": 0.45, "mouthPucker": 0.15},
    "u": {"jawOpen": 0.10, "mouthPucker": 0.60, "mouthFunnel": 0.20},
    "m": {"mouthClose": 0.10, "mouthRollLower": 0.20, "mouthRollUpper": 0.15}
    | _sides(mouthPress=0.30),
    "f": {"jawOpen": 0.06, "mouthRollLower": 0.40} | _sides(mouthUpperUp=0.18),
    "s": {"jawOpen": 0.05, "jawForward": 0.10} | _sides(mouthStretch=0.12, mouthLowerDown=0.20),
    "l": {"jawOpen": 0.22, "tongueOut": 0.05} | _sides(mouthLowerDown=0.18, mouthUpperUp=0.08),
    "w": {"jawOpen": 0.08, "mouthPucker": 0.50, "mouthShrugUpper": 0.08},
}
"""What the mouth does for a class of sounds."""

SOUND_S: Final = 0.12
SOUND_SD_S: Final = 0.06
"""A sound's spacing, and how far its dominance reaches into its neighbours."""
SPEECH: Final = (
    (2.0, "malo.iafis.welsoma"),
    (4.5, "aisiu.somafel.uilas.emo"),
    (18.1, "wosami.elufa.somei"),
)
"""When a phrase begins, and its sounds."""

BLINKS_S: Final = (1.1, 4.35, 7.3, 8.0, 10.6, 12.5, 14.45, 16.2, 18.0, 20.6, 22.7, 24.1, 25.4)
BLINK_DOWN_S: Final = 0.09
BLINK_SHUT_S: Final = 0.02
BLINK_UP_S: Final = 0.24

LOOKS_DEG: Final = (
    (0.5, 3.0, -1.0), (1.15, 0.0, 0.0), (2.6, -6.0, 1.0), (3.4, 1.0, -0.5), (4.4, 8.0, -4.0),
    (5.1, 0.0, 0.0), (6.1, -3.0, 4.0), (6.9, 0.5, 0.0), (8.05, 2.0, -1.0), (9.4, -1.0, 0.0),
    (10.75, 0.0, 3.0), (12.55, -2.0, -6.0), (13.6, 1.0, -2.0), (14.5, 10.0, -8.0), (15.6, 3.0, 0.0),
    (16.3, 0.0, 1.0), (17.4, -12.0, 2.0), (18.05, 0.0, 0.0), (19.0, 5.0, 3.0), (19.9, -1.0, -1.0),
    (21.1, 0.0, -4.0), (22.75, 9.0, 2.0), (23.8, 0.0, 0.0), (25.45, 0.0, -1.0),
)  # fmt: skip
"""When the eyes leave for somewhere, and where to: right, up."""
CONVERGED_DEG: Final = 1.6  # each eye half of it: a face two metres away, 63 mm between the eyes
LID_PER_DOWN: Final = 0.35
"""The lid goes down with the eye: eyeBlink for a full look down, as captures show."""

MICRO: Final = 0.012
MICRO_SINES: Final = 4
_STILL: Final = ("eyeBlink", "eyeLook", "tongue", "jaw")


def performance() -> Recording:
    """Return the performance as a recording with truth, the same to the bit each time."""
    count = round(DURATION_S * RATE_HZ)
    time_ns = np.round(np.arange(count) * (NS_PER_S / RATE_HZ)).astype(np.int64)
    time_s = time_ns / NS_PER_S
    layers = [_of(REST)[None, :], *(_moved(move, time_s) for move in SCRIPT)]
    layers += [_spoken(start_s, sounds, time_s) for start_s, sounds in SPEECH]
    layers += [_blinked(time_s), _micro(time_s)]
    # Two causes of one movement add up less than fully, and never over 1.
    arkit = 1.0 - np.prod([1.0 - layer for layer in np.broadcast_arrays(*layers)], axis=0)
    yaw_deg, pitch_deg = _looked(time_s)
    _turn_eyes(arkit, yaw_deg, pitch_deg)
    return Recording(
        about=About(
            person="performance",
            basis=Basis(kind="generated", text="unvisor's own script; nobody's face"),
            source="performance",
            tracker="generated",
            notes={"rate_hz": str(RATE_HZ)},
        ),
        truth=Truth(time_ns=time_ns, arkit=arkit, head_rad=_head(time_s, yaw_deg, pitch_deg)),
    )


def eased(part: Floats) -> Floats:
    """Return a minimum-jerk step: 0 up to 0, 1 from 1 on, still at both ends."""
    x = np.clip(part, 0.0, 1.0)
    return np.minimum(x**3 * (10.0 - 15.0 * x + 6.0 * x**2), 1.0)  # rounding may pass 1


def saccade_s(size_deg: float, *, vertical: bool) -> float:
    """Return how long a minimum-jerk saccade lasts to peak as the main sequence says.

    Source:
        SCIENCE 4: peak V = 462 (1 - e^(-A/9.1)) deg/s across, 418 (1 - e^(-A/7.5)) up and down. A
        minimum-jerk move peaks at 1.875 times its mean speed.
    """
    fastest, scale = (418.0, 7.5) if vertical else (462.0, 9.1)
    return 1.875 * size_deg / (fastest * -np.expm1(-size_deg / scale))


def _of(channels: dict[str, float]) -> Floats:
    weights = np.zeros(len(ARKIT))
    for name, weight in channels.items():
        weights[ARKIT_INDEX[name]] = weight
    return weights


def _moved(move: Move, time_s: Floats) -> Floats:
    since = time_s - move.start_s
    height = eased(since / move.rise_s) - eased((since - move.rise_s - move.hold_s) / move.fall_s)
    return move.amount * height[:, None] * _of(EXPRESSIONS[move.expression])


def _spoken(start_s: float, sounds: str, time_s: Floats) -> Floats:
    """Return a phrase: at each instant the blend of its sounds, each weighed by its nearness."""
    padded = f".{sounds}."
    centres_s = start_s + SOUND_S * np.arange(len(padded))
    apart = (time_s[:, None] - centres_s) / SOUND_SD_S
    nearest = np.abs(apart).min(axis=1, keepdims=True)
    weight = np.exp(-0.5 * (apart**2 - nearest**2))  # relative to the nearest: never all zero
    weight /= weight.sum(axis=1, keepdims=True)
    return weight @ np.stack([_of(VISEMES[sound]) for sound in padded])


def _blinked(time_s: Floats) -> Floats:
    arkit = np.zeros((time_s.size, len(ARKIT)))
    depths = default_rng(7).uniform(0.85, 1.0, (len(BLINKS_S), 2))
    for start_s, depth in zip(BLINKS_S, depths, strict=True):
        since = time_s - start_s
        opens = since - BLINK_DOWN_S - BLINK_SHUT_S
        shut = eased(since / BLINK_DOWN_S) - eased(opens / BLINK_UP_S)
        for side, deep in zip(("Left", "Right"), depth, strict=True):
            arkit[:, ARKIT_INDEX[f"eyeBlink{side}"]] += deep * shut
            arkit[:, ARKIT_INDEX[f"eyeSquint{side}"]] += 0.12 * shut  # the lower lid helps
    return arkit


def _micro(time_s: Floats) -> Floats:
    """Return the small motion of a living face: slow sines, each channel its own."""
    rng = default_rng(11)
    rate_hz = rng.uniform(0.1, 0.9, (MICRO_SINES, len(ARKIT)))
    phase = rng.uniform(0.0, 2.0 * np.pi, (MICRO_SINES, len(ARKIT)))
    waves = np.sin(2.0 * np.pi * rate_hz * time_s[:, None, None] + phase).mean(axis=1)
    moving = np.array([not name.startswith(_STILL) for name in ARKIT])
    return MICRO * moving * (0.5 + 0.5 * waves)


def _looked(time_s: Floats) -> tuple[Floats, Floats]:
    """Return where both eyes look together, (yaw right, pitch up) in degrees."""
    yaw_deg, pitch_deg = np.zeros(time_s.size), np.zeros(time_s.size)
    x_deg = y_deg = 0.0
    for start_s, to_x_deg, to_y_deg in LOOKS_DEG:
        across, up = to_x_deg - x_deg, to_y_deg - y_deg
        lasts_s = saccade_s(float(np.hypot(across, up)), vertical=abs(up) > abs(across))
        gone = eased((time_s - start_s) / lasts_s)
        yaw_deg += across * gone
        pitch_deg += up * gone
        x_deg, y_deg = to_x_deg, to_y_deg
    return yaw_deg, pitch_deg


def _turn_eyes(arkit: Floats, yaw_deg: Floats, pitch_deg: Floats) -> None:
    """Write the looks, and the lids that go along, into (T, 52) weights."""
    pitch = np.radians(pitch_deg)
    for side, outward in (("Left", -1.0), ("Right", 1.0)):
        out = np.radians(outward * yaw_deg - 0.5 * CONVERGED_DEG)
        for look, angle, reach in (
            ("Out", out, LOOK_OUT_RAD),
            ("In", -out, LOOK_IN_RAD),
            ("Up", pitch, LOOK_UP_RAD),
            ("Down", -pitch, LOOK_DOWN_RAD),
        ):
            arkit[:, ARKIT_INDEX[f"eyeLook{look}{side}"]] = np.maximum(angle, 0.0) / reach
        lid = arkit[:, ARKIT_INDEX[f"eyeBlink{side}"]]
        lowered = LID_PER_DOWN * arkit[:, ARKIT_INDEX[f"eyeLookDown{side}"]]
        lid[:] = 1.0 - (1.0 - lid) * (1.0 - lowered)


def _head(time_s: Floats, yaw_deg: Floats, pitch_deg: Floats) -> Floats:
    """Return (yaw right, pitch down, roll right) in radians: it follows the eyes, and sways."""
    lag = np.exp(-np.arange(RATE_HZ) / (0.3 * RATE_HZ))  # the head comes after, over 0.3 s
    lag *= 0.25 / lag.sum()  # and goes a quarter of the way

    def following(eyes_deg: Floats) -> Floats:
        return np.convolve(eyes_deg, lag).astype(np.float64)[: time_s.size]

    def sway(rate_hz: float, phase: float) -> Floats:
        return np.sin(2.0 * np.pi * rate_hz * time_s + phase)

    speaking = sum(
        eased((time_s - start_s) / 0.3) - eased((time_s - start_s - SOUND_S * len(sounds)) / 0.3)
        for start_s, sounds in SPEECH
    )
    nod = 1.2 * np.asarray(speaking) * sway(1.7, 0.4)
    yaw = following(yaw_deg) + 0.8 * sway(0.13, 0.0)
    pitch = following(-pitch_deg) + 0.5 * sway(0.21, 1.0) + nod
    roll = 0.6 * sway(0.17, 2.0) + 0.1 * following(yaw_deg)
    return np.radians(np.stack([yaw, pitch, roll], axis=-1))
