"""Puts the face together: measured channels pass through, hidden ones come from the guess.

Lids that tremble with their tracker's noise are steadied (`steady`); where it has none to speak of
they pass to the bit, as all else that is measured does.

When a sensor dies or comes back its channels change hands between measurement and guess. The step
this would make is kept as an offset and let go over a moment, so the face eases over and never
jumps; while it lasts the channel's origin says *held*.

Life, where there is any, is laid over the composed face and never enters it: with or without, what is
measured or inferred is the same to the bit.
"""

from __future__ import annotations

from math import exp
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..headset.clock import NS_PER_S
from ..headset.expressions import FROM_ARKIT, IN_ARKIT
from ..headset.frame import AT_REST, FORWARD, Face, Origin
from ..headset.names import ARKIT, ARKIT_INDEX, UNIFIED
from .features import Observation
from .guess import HIGH, LOW, Guess
from .life.life import ADDED_SHAPES, Living
from .motion import Motion
from .steady import Steady

Floats = NDArray[np.float64]

LET_GO_S: Final = 0.35
"""Time constant by which a lost sensor's last value gives way to the guess: a lost smile fades over
a second, and at 30 Hz no step is more than a tenth of the way."""

TAKE_UP_S: Final = 0.12
"""The same for a sensor that comes back: quicker, because it is the truth, but at 30 Hz no step is
more than a quarter of the way."""

_N: Final = len(UNIFIED)
_LIDS: Final = slice(_N, _N + 2)  # columns are the 88 shapes, then the two lids
_NONE: Final = np.flatnonzero(~IN_ARKIT)
_CHANNEL: Final = np.append(
    np.where(IN_ARKIT, FROM_ARKIT, 0), [ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]
)

# Where a column's four rows stand in `Guess.faces` laid flat; a lid opens as its blink falls, so its
# interval's ends change places.
_AT: Final = len(ARKIT) * np.arange(4)[:, None] + _CHANNEL
_AT[LOW, _LIDS], _AT[HIGH, _LIDS] = _AT[HIGH, _LIDS].copy(), _AT[LOW, _LIDS].copy()

# A column is offset + sign x its ARKit channel: NaN where ARKit has none, 1 - blink for a lid.
_OFFSET: Final = np.append(np.where(IN_ARKIT, 0.0, np.nan), [1.0, 1.0])
_SIGN: Final = np.append(np.ones(_N), [-1.0, -1.0])

_INFERRED: Final = np.full(_N + 2, Origin.INFERRED, dtype=np.uint8)
_HELD: Final = np.full(_N + 2, Origin.HELD, dtype=np.uint8)
_INFERRED[_NONE] = _HELD[_NONE] = Origin.ABSENT
_EYES_MEASURED: Final = np.full(2, Origin.MEASURED, dtype=np.uint8)
_EYES_HELD: Final = np.full(2, Origin.HELD, dtype=np.uint8)


class Composer:
    """Makes faces out of observations and guesses, one wearer's, in order of time."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the past: the next face starts without easing from an earlier one."""
        self._time_ns: int | None = None
        self._shown = np.full(_N + 2, np.nan)
        self._sensed = np.zeros(_N + 2, dtype=bool).tobytes()
        self._offset = np.zeros(_N + 2)
        self._easing = False
        self._told = (b"", b"", False)
        self._origin = _HELD
        self._motion = Motion()
        self._steady = Steady()
        self._gaze = FORWARD
        self._gaze_origin = _EYES_HELD

    def compose(
        self, time_ns: int, seen: Observation, guess: Guess, living: Living | None = None
    ) -> Face:
        """Return the face for an instant.

        Args:
            time_ns: Which.
            seen: What is seen then.
            guess: What is guessed from it.
            living: What is made up where nothing is seen; None leaves eyes and brows to the guess.
        """
        before_ns = self._time_ns
        passed_s = 0.0 if before_ns is None else max(0, time_ns - before_ns) / NS_PER_S
        sensed, sensed_bytes = seen.sensed, seen.sensed.tobytes()
        rows = guess.faces.take(_AT)
        rows *= _SIGN
        rows += _OFFSET
        median, low, high, shown = rows
        np.copyto(rows, seen.measured, where=sensed)
        lids = self._steady.steady(time_ns - round(seen.lids_age_s * NS_PER_S), seen.openness)
        for lid, value in enumerate(lids, _N):
            if value == value:  # not NaN: it is sensed
                rows[:, lid] = value
        if before_ns is not None and sensed_bytes != self._sensed:
            self._change_hands(sensed, shown)
        if self._easing:
            shown += self._ease(passed_s, sensed)
            np.copyto(rows, shown, where=sensed)
            np.minimum(low, shown, out=low)  # what is held lies inside its own interval
            np.maximum(high, shown, out=high)
        origin = self._origins(seen, sensed_bytes)
        self._follow_gaze(seen, passed_s)
        sent, gaze, gaze_origin = shown, self._gaze, self._gaze_origin.copy()
        if living is not None:
            if living.lid_share > 0.0 or living.adding:
                sent = self._enliven(living, shown, origin, sensed)
                laid_over = sent != shown
                np.minimum(low, sent, out=low, where=laid_over)  # what is made up, too
                np.maximum(high, sent, out=high, where=laid_over)
            if living.gaze_share > 0.0:
                gaze = _between(gaze, living.gaze, living.gaze_share)
                gaze_origin.fill(_whose(bool(seen.gaze_sensed[0] or seen.gaze_sensed[1])))
        rate = self._motion.rate(time_ns, seen.face_age_s, seen.lids_age_s, sent)
        self._time_ns, self._shown, self._sensed = time_ns, shown, sensed_bytes
        return Face(
            time_ns=time_ns,
            weights=sent[:_N],
            gaze=gaze,
            openness=sent[_LIDS],
            pupil_mm=seen.pupil_mm.copy(),
            median=median[:_N],
            low=low[:_N],
            high=high[:_N],
            rate=rate[:_N],
            openness_median=median[_LIDS],
            openness_low=low[_LIDS],
            openness_high=high[_LIDS],
            openness_rate=rate[_LIDS],
            events=guess.events.copy(),
            origin=origin[:_N],
            eye_origin=gaze_origin,
            openness_origin=origin[_LIDS],
        )

    def _change_hands(self, sensed: NDArray[np.bool_], shown: Floats) -> None:
        """Keep the step of every channel that changes hands, and of every guess.

        With other sensors the hidden channels are guessed by another map, and would jump too.
        """
        passing = sensed & np.frombuffer(self._sensed, dtype=bool)
        step = np.where(passing, self._offset, self._shown - shown)
        self._offset = np.nan_to_num(step)
        self._easing = True

    def _ease(self, passed_s: float, sensed: NDArray[np.bool_]) -> Floats:
        """Let the kept steps go by as much as the time passed asks for."""
        self._offset *= np.where(sensed, exp(-passed_s / TAKE_UP_S), exp(-passed_s / LET_GO_S))
        self._offset[np.abs(self._offset) < AT_REST] = 0.0
        self._easing = bool(self._offset.any())
        return self._offset

    def _enliven(
        self,
        living: Living,
        shown: Floats,
        origin: NDArray[np.uint8],
        sensed: NDArray[np.bool_],
    ) -> Floats:
        """Return what is sent: life laid over what is shown, and say so in `origin`."""
        sent = shown.copy()
        if living.lid_share > 0.0:
            sent[_LIDS] *= 1.0 - living.lid_share * living.closure
            origin[_LIDS] = _whose(bool(sensed[_LIDS].any()))
        if living.adding:
            sent[ADDED_SHAPES] += living.added
            moved = ADDED_SHAPES[living.added != 0.0]
            origin[moved] = np.where(sensed[moved], Origin.HELD, Origin.SYNTHESISED)
        return sent

    def _origins(self, seen: Observation, sensed_bytes: bytes) -> NDArray[np.uint8]:
        sensed = seen.sensed
        blind = not (seen.mouth or seen.eyes or sensed.any())
        told = (sensed_bytes, seen.origin.tobytes(), blind)
        if told != self._told:  # rarely: sensors come and go
            self._told = told
            # A guess from nothing is no inference: the face is held at rest, or on its way there.
            self._origin = np.where(
                sensed, np.uint8(Origin.MEASURED), _HELD if blind else _INFERRED
            )
            np.copyto(self._origin[:_N], seen.origin, where=sensed[:_N])
        origin = self._origin.copy()
        if self._easing:
            origin[self._offset != 0.0] = Origin.HELD
        return origin

    def _follow_gaze(self, seen: Observation, passed_s: float) -> None:
        """Take what is sensed; an eye not sensed follows the other, or turns slowly to the front."""
        left, right = seen.gaze_sensed
        if left and right:
            self._gaze = seen.gaze.copy()
            self._gaze_origin = _EYES_MEASURED
            return
        if left or right:
            self._gaze = seen.gaze[[0, 0] if left else [1, 1]]
            self._gaze_origin = np.array(
                [Origin.MEASURED if eye else Origin.INFERRED for eye in (left, right)], np.uint8
            )
            return
        if self._gaze is FORWARD:  # never turned
            return
        keep = exp(-passed_s / LET_GO_S)
        turned = keep * self._gaze + (1.0 - keep) * FORWARD
        self._gaze = turned / np.linalg.norm(turned, axis=1, keepdims=True)
        self._gaze_origin = _EYES_HELD


def _whose(sensed: bool) -> Origin:
    """Return the origin of what life still has a share in: on its way out where it is sensed."""
    return Origin.HELD if sensed else Origin.SYNTHESISED


def _between(gaze: Floats, living: Floats, share: float) -> Floats:
    """Return directions (2, 3) that lie a share of the way from one to the other."""
    if share >= 1.0:
        return living.copy()
    mixed = gaze + share * (living - gaze)
    return mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
