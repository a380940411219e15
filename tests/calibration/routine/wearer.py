"""A wearer who makes what faces they are asked for, and the frames that trackers give of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from unvisor.calibration.routine.captures import eyes_target_rad
from unvisor.calibration.routine.machine import Routine, Wish
from unvisor.calibration.routine.plan import Plan, Seen, plan
from unvisor.headset.clock import NS_PER_S
from unvisor.headset.expressions import gaze_from_angles
from unvisor.headset.frame import (
    NO_WEIGHTS,
    EyeSample,
    FaceSample,
    Origin,
    SensorFrame,
    WornSample,
)  # fmt: skip
from unvisor.headset.names import UNIFIED, UNIFIED_INDEX
from unvisor.headset.prompts.prompt import Prompt, Signal

RATE_HZ = 20
LATE_S = 0.6
"""From a prompt to the face: to hear it, and to make it."""

_MOUTHS = (
    "Jaw", "TongueOut", "MouthCornerPull", "LipPucker", "CheekPuff", "MouthPress",
)  # fmt: skip
MOUTH = tuple(name for name in UNIFIED if name.startswith(_MOUTHS))
BROWS = tuple(
    name for name in UNIFIED if name.startswith(("BrowInner", "BrowOuter", "BrowL", "BrowP"))
)
LIDS = tuple(name for name in UNIFIED if name.startswith(("EyeWide", "EyeSquint")))

CERTAIN = np.ones(len(UNIFIED))
MEASURED = np.full(len(UNIFIED), Origin.MEASURED, np.uint8)

RISES = {
    "Open your mouth wide": ("JawOpen",),
    "Smile": ("MouthCornerPullLeft", "MouthCornerPullRight"),
    "Blow a kiss": tuple(name for name in MOUTH if name.startswith("LipPucker")),
    "Puff your cheeks": ("CheekPuffLeft", "CheekPuffRight"),
    "Stick out your tongue": ("TongueOut",),
    "Open your eyes wide": ("EyeWideLeft", "EyeWideRight"),
    "Squint": ("EyeSquintLeft", "EyeSquintRight"),
    "Raise your brows": tuple(name for name in BROWS if "Up" in name),
    "Frown": tuple(name for name in BROWS if "Up" not in name),
}
SHUT = {
    "Close your eyes": (1.0, 1.0),
    "Close your left eye only": (1.0, 0.3),
    "Close your right eye only": (0.25, 1.0),
}


@dataclass
class Wearer:
    """What they do, and what senses it.

    `amount` is how far they go with a face; `disobeys` what they do not make.
    """

    mouth: bool = True
    eyes: bool = False
    brows: bool = False
    amount: float = 0.7
    disobeys: tuple[str, ...] = ()
    rest: float = 0.1
    openness_rest: float = 0.8
    gaze_off_rad: tuple[float, float] = (0.03, -0.02)
    noise: float = 0.02
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(1))
    off: Callable[[float], bool] = lambda _: False
    mute: Callable[[float], bool] = lambda _: False
    blind: Callable[[float], bool] = lambda _: False
    told: list[tuple[float, Prompt]] = field(default_factory=list[tuple[float, Prompt]])

    @property
    def shapes(self) -> dict[str, frozenset[str]]:
        sources = {"babble": MOUTH if self.mouth else (), "brows": BROWS if self.brows else ()}
        if self.eyes:
            sources["lids"] = LIDS
        return {name: frozenset(seen) for name, seen in sources.items() if seen}

    @property
    def seen(self) -> Seen:
        return Seen(shapes=self.shapes, lids=self.eyes, gaze=self.eyes)

    def planned(self, *, targets: bool = True) -> Plan:
        return plan(self.seen, targets=targets)

    def frame(self, at_s: float, prompt: Prompt) -> SensorFrame:
        """Return what is sensed of them, who were told this prompt some time ago."""
        rng = self.rng
        time_ns = round(at_s * NS_PER_S)
        asked = prompt.words if prompt.signal is Signal.READY else prompt.hint
        making = prompt.signal in {Signal.READY, Signal.HOLD} and asked not in self.disobeys
        faces: list[FaceSample] = []
        for source, names in self.shapes.items():
            if self.mute(at_s):
                break
            weights = NO_WEIGHTS.copy()
            rising = RISES.get(asked, ()) if making else ()
            for name in names:
                weights[UNIFIED_INDEX[name]] = self.rest + self.amount * (name in rising)
            weights += self.noise * rng.standard_normal(len(UNIFIED))
            faces.append(
                FaceSample(
                    time_ns=time_ns, received_ns=time_ns, source=source, weights=weights,
                    confidence=CERTAIN,
                    origin=MEASURED,
                )
            )  # fmt: skip
        eyes = None
        if self.eyes and not self.blind(at_s):
            shut = np.array(SHUT.get(asked, (0.0, 0.0)) if making else (0.0, 0.0))
            openness = self.openness_rest * (1.0 - shut)
            target = prompt.target_rad if making and prompt.target_rad else (0.0, 0.0)
            angles = eyes_target_rad(np.array(target)) + self.gaze_off_rad
            angles += 0.005 * rng.standard_normal((2, 2))
            gaze = gaze_from_angles(angles[:, 0], angles[:, 1])
            gaze[shut > 0.9] = np.nan
            eyes = EyeSample(
                time_ns=time_ns, received_ns=time_ns, gaze=gaze, openness=openness,
                pupil_mm=np.full(2, np.nan), confidence=np.ones(2),
            )  # fmt: skip
        worn = WornSample(time_ns=time_ns, received_ns=time_ns, worn=not self.off(at_s))
        return SensorFrame(time_ns=time_ns, faces=tuple(faces), eyes=eyes, worn=worn)

    def times(self, seconds: float) -> Iterator[float]:
        return (index / RATE_HZ for index in range(round(seconds * RATE_HZ)))


NONE: Mapping[float, Wish] = {}


def done(
    wearer: Wearer,
    routine: Routine,
    *,
    within_s: float = 300.0,
    wishes: Mapping[float, Wish] = NONE,
) -> float:
    """Do a routine to its end; return how long it took. Wishes are by the time they come at."""
    left = dict(wishes)
    for at_s in wearer.times(within_s):
        heard = [prompt for told_s, prompt in wearer.told if told_s <= at_s - LATE_S]
        for wish_s in [one for one in left if one <= at_s]:
            routine.wish(left.pop(wish_s))
        routine.step(wearer.frame(at_s, heard[-1] if heard else Prompt(
            turn=0, signal=Signal.PLAN, words=""
        )))  # fmt: skip
        if not wearer.told or wearer.told[-1][1] != routine.prompt:
            wearer.told.append((at_s, routine.prompt))
        if routine.done:
            return at_s
    raise AssertionError(f"not done: {routine.prompt}")


def turns(wearer: Wearer) -> list[tuple[Signal, str]]:
    """Return what they were told, countdowns left out."""
    by_turn = {prompt.turn: (prompt.signal, prompt.words) for _, prompt in wearer.told}
    return list(by_turn.values())
