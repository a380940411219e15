"""Life for one wearer: what eyes, mouth and brows do where no sensor tells, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, cos, degrees, radians, sin
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...headset.clock import NS_PER_S, seconds
from ...headset.frame import SensorFrame
from ...headset.names import UNIFIED_INDEX
from ..features import Observation
from ..sound import HOP_S, Heard, Sound
from .blinks import Blinks
from .brows import Brows
from .glances import Glances
from .head import HeadTurn
from .lids import Lids
from .mouth import MOUTH_SHAPES, ROWS, Mouth
from .person import Activity, Person
from .speech import Speech

Floats = NDArray[np.float64]

YIELD_S: Final = 0.25
"""How long life takes to give way to a sensor, or to take over from one: begun at once, and at 30 Hz
no step is more than .14."""

WAIT_S: Final = 0.5
"""How long an eye must be unsensed before life takes over: trackers lose the gaze in every blink."""

GAP_S: Final = 1.0
"""After a longer hole, or a step back, it begins anew: nobody knows what was done meanwhile."""

ALONE_S: Final = 3.0
"""After so long without any sensor's word nobody may be there, and the face comes to rest."""

_SHAPES: Final = tuple(
    UNIFIED_INDEX[name]
    for name in ("BrowInnerUpLeft", "BrowInnerUpRight", "BrowOuterUpLeft", "BrowOuterUpRight")
)


@dataclass(slots=True, kw_only=True)
class Living:
    """What is made up for one instant, and how much of it counts; valid until the next call.

    Attributes:
        gaze: Shape (2, 3), unit vectors in head space.
        gaze_share: How much of it is to be shown for both eyes, 0 to 1.
        closure: Shape (2,), how far each lid is shut of what it is open: 0 to 1, and a little below
            0 where the eye looks up.
        lid_share: How much of that is to be shown, 0 to 1.
        added: Shape (A,), added to `ADDED_SHAPES`.
        adding: Whether any of these differs from 0.
        brows: Shape (4,), the part of these that is added to `BROW_SHAPES`; a view.
        mouth: Shape (M,), that of `MOUTH_SHAPES`, likewise.
        gesturing: Whether brows are raised.
    """

    gaze: Floats
    gaze_share: float
    closure: Floats
    lid_share: float
    added: Floats
    adding: bool
    brows: Floats
    mouth: Floats
    gesturing: bool


BROW_SHAPES: Final = np.array(_SHAPES)
"""The Unified shapes that gestures move."""

ADDED_SHAPES: Final = np.concatenate([BROW_SHAPES, MOUTH_SHAPES])
"""The Unified shapes that gestures and speech move."""


class Life:
    """Made-up eyes, mouth and brows of one wearer; never on top of what is tracked.

    The same seed does the same in the same circumstances. Blinks and glances are scheduled in time,
    not in frames, so the frame rate does not matter.
    """

    def __init__(self, seed: int, *, gestures: bool = False) -> None:
        """Take who it is.

        Args:
            seed: Of the person, and of when they do what.
            gestures: Whether brows are raised in speech. Off, nothing is made up that might be read
                as an emotion: only lids, gaze, the small motions of every living eye, and a mouth
                that speaks what is heard.
        """
        self._seed, self._gestures = seed, gestures
        self.reset()

    def reset(self) -> None:
        """Forget the past."""
        self.person = Person.drawn(np.random.default_rng([self._seed, 0]))
        self._time_ns: int | None = None
        self._start_ns = 0
        added = np.zeros(len(ADDED_SHAPES))
        self._living = Living(
            gaze=np.zeros((2, 3)),
            gaze_share=0.0,
            closure=np.zeros(2),
            lid_share=0.0,
            added=added,
            adding=False,
            brows=added[: len(BROW_SHAPES)],
            mouth=added[len(BROW_SHAPES) :],
            gesturing=False,
        )
        self._brow_shares = [0.0] * 4
        self._mouth_share = 0.0
        self._began = 0
        self._begin()

    def _begin(self) -> None:
        """Start the clockwork, with another stretch of the same person's doings."""
        self._began += 1
        blinks, glances, brows = (
            np.random.default_rng([self._seed, self._began, part]) for part in (1, 2, 3)
        )
        self._blinks = Blinks(blinks, self.person)
        self._glances = Glances(glances, self.person)
        self._brows = Brows(brows, self.person)
        self._head, self._lids, self._speech = HeadTurn(), Lids(), Speech()
        self._sound, self._mouth = Sound(pitch=False, kept_s=ROWS * HOP_S), Mouth()
        self._told_s = self._gaze_s = self._lids_s = self._mouth_s = float("-inf")  # last sensed

    def advance(
        self,
        frame: SensorFrame,
        seen: Observation,
        heard: Heard | None = None,
        activity: Activity | None = None,
    ) -> Living:
        """Return what is done at `frame.time_ns`.

        Args:
            frame: What is sensed: head, sound and speech are taken from it.
            seen: What is observed of the face.
            heard: The newest row of sound, where somebody has made it: its pitch makes gestures.
            activity: What the wearer does, where that is known: else told from speech.
        """
        at_s, passed_s = self._pass(frame.time_ns)
        gaze_free, lids_free = self._free(at_s, seen)
        present = self._present(at_s, frame)
        head, speech, glances, living = self._head, self._speech, self._glances, self._living
        head.advance(passed_s, frame.head)
        speech.advance(at_s, passed_s, frame, seen, heard)
        if activity is None:
            activity = Activity.TALK if speech.talking else Activity.LOOK
        self._blinks.advance(
            at_s,
            passed_s,
            self.person.blinks_per_min[activity],
            paused=speech.paused,
            shifted=head.shifted,
        )
        glances.advance(at_s, activity, head.turned_deg, head.speed_deg_s)
        change = passed_s / YIELD_S
        living.gaze_share = _towards(living.gaze_share, gaze_free and present, change)
        living.lid_share = _towards(living.lid_share, lids_free and present, change)
        blink = self._blinks.closure(at_s)
        if living.gaze_share:
            pitch_deg = self._turn_eyes(at_s, blink if lids_free else 0.0)
        else:
            pitch_deg = _pitch_deg(seen)
        self._shut(passed_s, pitch_deg, blink)
        if self._gestures:
            self._raise(at_s, passed_s, change, seen)
        self._speak(at_s, passed_s, frame, seen, present=present)
        living.adding = living.gesturing or bool(living.mouth.any())
        return living

    def _pass(self, time_ns: int) -> tuple[float, float]:
        """Return the time since it began, and since the last call, seconds."""
        before_ns, self._time_ns = self._time_ns, time_ns
        passed_s = 0.0 if before_ns is None else seconds(time_ns - before_ns)
        if before_ns is None:
            self._start_ns = time_ns
        elif not 0.0 <= passed_s <= GAP_S:
            self._begin()
            self._start_ns, passed_s = time_ns, 0.0
        return (time_ns - self._start_ns) / NS_PER_S, passed_s

    def _free(self, at_s: float, seen: Observation) -> tuple[bool, bool]:
        """Tell whether (gaze, lids) are life's: neither eye's is sensed, and not only for a moment.

        One eye's word counts for both: eyes move, and lids blink, together.
        """
        left, right = seen.gaze_sensed
        if left or right:
            self._gaze_s = at_s
        left, right = seen.openness.tolist()
        if left == left or right == right:  # not NaN
            self._lids_s = at_s
        return at_s - self._gaze_s > WAIT_S, at_s - self._lids_s > WAIT_S

    def _present(self, at_s: float, frame: SensorFrame) -> bool:
        """Tell whether there is anybody: the headset is not known to be off, and something senses."""
        if frame.worn is not None and not frame.worn.worn:
            return False
        if frame.faces or frame.audio or frame.eyes or frame.head or frame.worn or frame.speech:
            self._told_s = at_s
        return at_s - self._told_s < ALONE_S

    def _turn_eyes(self, at_s: float, blink: float) -> float:
        """Write both eyes' gaze; return its pitch, degrees, without the blink's dip."""
        person, gaze = self.person, self._living.gaze
        yaw_deg, pitch_deg = self._glances.direction(at_s)
        nasal_deg = self._glances.nasal_deg(at_s) + person.blink_in_deg * blink
        pitch_rad = radians(pitch_deg - person.blink_down_deg * blink)
        level, up = cos(pitch_rad), sin(pitch_rad)
        left_rad, right_rad = radians(yaw_deg + nasal_deg), radians(yaw_deg - nasal_deg)
        gaze[0] = (sin(left_rad) * level, up, -cos(left_rad) * level)
        gaze[1] = (sin(right_rad) * level, up, -cos(right_rad) * level)
        return pitch_deg

    def _shut(self, passed_s: float, pitch_deg: float, blink: float) -> None:
        """Write how far the lids are shut: a blink shuts what following the eye leaves open."""
        opened = 1.0 - self._lids.follow(passed_s, pitch_deg)
        balance = self.person.lid_balance
        self._living.closure[:] = (
            1.0 - opened * (1.0 - blink * (1.0 - max(0.0, balance))),
            1.0 - opened * (1.0 - blink * (1.0 + min(0.0, balance))),
        )

    def _raise(self, at_s: float, passed_s: float, change: float, seen: Observation) -> None:
        """Write the brows' gesture, but for those that are sensed."""
        speech, living, shares = self._speech, self._living, self._brow_shares
        cue = speech.began or speech.stressed
        self._brows.advance(at_s, passed_s, talking=speech.talking, cue=cue)
        inner, outer = self._brows.weights(at_s)
        sensed = seen.weights[BROW_SHAPES]
        for brow, weight in enumerate(sensed.tolist()):
            shares[brow] = _towards(shares[brow], weight != weight, change)
            living.brows[brow] = shares[brow] * (inner if brow < 2 else outer)
        living.gesturing = inner > 0.0

    def _speak(
        self, at_s: float, passed_s: float, frame: SensorFrame, seen: Observation, *, present: bool
    ) -> None:
        """Write the mouth's speech; a sensor of any of it has all of it, and costs no listening."""
        if seen.mouth:
            self._mouth_s = at_s
        free = at_s - self._mouth_s > WAIT_S
        self._mouth_share = _towards(self._mouth_share, free and present, passed_s / YIELD_S)
        if not seen.mouth and frame.audio:
            self._sound.hear(frame.audio)
            self._mouth.listen(at_s, self._sound.heard(frame.time_ns, ROWS))
        if self._mouth_share:
            self._mouth.advance(at_s, passed_s, frame.speech)
        np.multiply(self._mouth.weights, self._mouth_share, out=self._living.mouth)


def _towards(share: float, wanted: bool, change: float) -> float:
    return min(1.0, share + change) if wanted else max(0.0, share - change)


def _pitch_deg(seen: Observation) -> float:
    """Return the sensed eyes' pitch, degrees up, 0 where neither is known."""
    heights = [height for height in seen.gaze[:, 1].tolist() if height == height]
    if not heights:
        return 0.0
    return degrees(asin(min(1.0, max(-1.0, sum(heights) / len(heights)))))
