"""How a face moves on: what it does over the next moment, told from its last tenth of a second.

What moved over the last thirtieth of a second goes on by half over the next; a lid by as much as it
still has to go, for a blink's two ways are short and end where they end. Where a sensor trembles,
this would throw its tremor ahead: so each channel is tried at several thresholds, below which a
change counts as tremor, and the one is used that would have erred least of late. A sensor without
noise then has next to none, and a noisy one the threshold of its noise.
"""

from __future__ import annotations

from bisect import bisect_right
from math import exp
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..headset.clock import NS_PER_MS, NS_PER_S
from ..headset.names import UNIFIED

Floats = NDArray[np.float64]

AHEAD_NS: Final = 30 * NS_PER_MS
"""From a frame to when it is seen (FIDELITY); a rate is the change over this, per second."""

GAP_NS: Final = NS_PER_S // 2
"""After a longer gap the past says nothing of the motion."""

STEP_NS: Final = NS_PER_S // 30
"""The past is read at even steps of this, whatever the sensor's rate: that of the slowest."""

# Fitted by absolute error (NOTES, *Seen ahead*): of the change over the last step, how much comes
# over the next.
_ON: Final = 0.56
_JAW_ON: Final = 0.65
_LID_ON: Final = 0.27
_LID_TO_GO: Final = 1.155
"""Of a lid, more of it by the share of its way that is left: up to open or down to shut."""
_LID_BRAKES: Final = 0.40
"""Of the change a step earlier, what a closing lid has already spent."""

_REACH_AT: Final = (0.0, 1.0, 2.0, 3.0, 4.0, 8.0)  # steps
_REACH: Final = (0.0, 1.0, 1.71, 2.15, 2.42, 0.0)
_LID_REACH: Final = (0.0, 1.0, 1.45, 1.45, 1.45, 0.0)
"""How far it comes over so many steps, in what comes over one. A sensor silent for longer than its
past tells of is not carried on."""

_TREMOR: Final = np.array([0.0, 0.003, 0.01, 0.02, 0.04, 0.08, 0.16])
"""Thresholds that are tried: a change of this is all tremor, one of twice this by a quarter."""
_TREMBLES: Final = 0.015
"""A sensor whose threshold is above this is carried on by one step at most, whatever its age: what
is carried twice as far errs by more than it gains."""
_REMEMBERED_S: Final = 30.0
"""For how long what was tried counts."""

_N: Final = len(UNIFIED)
_COLUMNS: Final = _N + 2
_LIDS: Final = slice(_N, _COLUMNS)
_STEPS: Final = 3
_ROWS: Final = 48
"""Of the past: three steps and more at 400 frames a second."""
_KEEP: Final = np.full(_COLUMNS, _ON)
_KEEP[[k for k, name in enumerate(UNIFIED) if name.startswith("Jaw")]] = _JAW_ON
_TREMOR_2: Final = _TREMOR[:, None] ** 2
_NEVER_0: Final = 1e-12
_PER_S: Final = NS_PER_S / AHEAD_NS


class Motion:
    """Follows the 88 shapes and the two lids of one wearer, in order of time."""

    def __init__(self) -> None:
        self._face_ns: list[int] = []
        self._lids_ns: list[int] = []
        self._values = np.zeros((2 * _ROWS, _COLUMNS))
        self._changes = np.zeros((_STEPS, _COLUMNS))
        self._error = np.zeros((len(_TREMOR), _COLUMNS))
        self.reset()

    def reset(self) -> None:
        """Forget the past."""
        self._face_ns.clear()
        self._lids_ns.clear()
        self._time_ns = self._tried_ns = 0
        self._error.fill(0.0)
        self._tremor_2 = np.zeros(_COLUMNS)
        self._reach = np.full(_COLUMNS, np.inf)
        self._trembling = False
        self._lids = ((0.0, np.inf), (0.0, np.inf))  # each lid's squared threshold and reach

    def rate(self, time_ns: int, face_age_s: float, lids_age_s: float, values: Floats) -> Floats:
        """Return the change per second that is expected from an instant until it is seen.

        Args:
            time_ns: Which.
            face_age_s: Of what is seen of the face (`Observation`), 0 where nothing is: it is guessed
                anew.
            lids_age_s: Of the lids, likewise.
            values: Shape (90,), the weights and then the openness; NaN where absent.

        Returns:
            Shape (90,); 0 where absent.
        """
        if not 0 <= time_ns - self._time_ns < GAP_NS:
            self.reset()
        self._time_ns = time_ns
        self._append(time_ns, round(face_age_s * NS_PER_S), round(lids_age_s * NS_PER_S), values)
        changes, rows = self._changes, len(self._face_ns)
        share, first = _shares(self._face_ns)
        np.matmul(share, self._values[first:rows], out=changes)
        if self._lids_ns[first:] != self._face_ns[first:]:
            share, first = _shares(self._lids_ns)
            changes[:, _LIDS] = share @ self._values[first:rows, _LIDS]
        np.copyto(changes, 0.0, where=changes != changes)  # NaN
        if time_ns - self._tried_ns >= STEP_NS:
            self._try(time_ns, values[_LIDS] - changes[0, _LIDS])
        far = _reach(_REACH, face_age_s)
        ahead = _KEEP * changes[0]
        if self._trembling:
            ahead *= _firm(changes[0], self._tremor_2)
            ahead *= np.minimum(self._reach, far)
        else:
            ahead *= far
        ahead *= _PER_S
        far = _reach(_LID_REACH, lids_age_s)
        now, before = changes[:2, _LIDS].tolist()
        openness = values[_LIDS].tolist()
        for lid, (tremor_2, reach) in enumerate(self._lids):
            goes = _lid_expected(now[lid], before[lid], openness[lid])
            goes *= max(1.0 - tremor_2 / (now[lid] * now[lid] + _NEVER_0), 0.0)
            goes *= min(far, reach)
            goes = max(goes, min(-openness[lid], 0.0))  # shut is shut
            ahead[_N + lid] = goes * _PER_S
        return ahead

    def _append(self, time_ns: int, face_ns: int, lids_ns: int, values: Floats) -> None:
        if len(self._face_ns) == len(self._values):
            self._values[:_ROWS] = self._values[_ROWS:]
            del self._face_ns[:_ROWS], self._lids_ns[:_ROWS]
        self._values[len(self._face_ns)] = values
        for times_ns, age_ns in ((self._face_ns, face_ns), (self._lids_ns, lids_ns)):
            # A sensor that comes back may tell of an earlier instant than it was missed at.
            times_ns.append(max(time_ns - age_ns, times_ns[-1] if times_ns else 0))

    def _try(self, time_ns: int, openness: Floats) -> None:
        """Learn from the last step what each threshold would have made of it a step ago."""
        passed_s = (time_ns - self._tried_ns) / NS_PER_S if self._tried_ns else 0.0
        self._tried_ns = time_ns
        tried = _firm(self._changes[1], _TREMOR_2)
        tried *= _expected(self._changes[1:], openness)
        tried -= self._changes[0]
        self._error *= exp(-passed_s / _REMEMBERED_S)
        self._error += np.abs(tried, out=tried)
        self._tremor_2 = _TREMOR_2[self._error.argmin(axis=0), 0]
        self._reach = np.where(self._tremor_2 > _TREMBLES**2, 1.0, np.inf)
        self._trembling = bool(self._tremor_2.any())
        (left_2, right_2), (left, right) = (
            of[_LIDS].tolist() for of in (self._tremor_2, self._reach)
        )
        self._lids = ((left_2, left), (right_2, right))


def _shares(times_ns: list[int]) -> tuple[Floats, int]:
    """Return what makes the changes over the last steps, newest first, out of values at times.

    Returns:
        Shape (3, K), the share of each of the last K values in each change, interpolated between
        them, the first held before it; and the index of the first of the K.
    """
    points: list[tuple[int, float]] = [(len(times_ns) - 1, 1.0)]
    for step in range(1, _STEPS + 1):
        at_ns = times_ns[-1] - step * STEP_NS
        after = bisect_right(times_ns, at_ns)
        if after == 0:
            points.append((0, 1.0))
            continue
        start_ns = times_ns[after - 1]
        points.append((after, (at_ns - start_ns) / (times_ns[after] - start_ns)))
    first = max(0, points[-1][0] - 1)
    share = np.zeros((_STEPS + 1, len(times_ns) - first))
    for step, (after, part) in enumerate(points):
        share[step, after - first] = part
        if part < 1.0:
            share[step, after - first - 1] = 1.0 - part
    return share[:-1] - share[1:], first


def _expected(changes: Floats, openness: Floats) -> Floats:
    """Return the change over the next step, (90,), from those over the last two and the lids."""
    ahead = _KEEP * changes[0]
    lids = zip(
        changes[0, _LIDS].tolist(), changes[1, _LIDS].tolist(), openness.tolist(), strict=True
    )
    ahead[_LIDS] = [_lid_expected(now, before, open_) for now, before, open_ in lids]
    return ahead


def _lid_expected(now: float, before: float, openness: float) -> float:
    """Return a lid's change over the next step, from those over the last two."""
    to_go = 1.0 - openness if now > 0.0 else openness
    share = _LID_ON + _LID_TO_GO * min(max(0.0, to_go), 1.0)
    return now * share - _LID_BRAKES * min(before, 0.0)


def _firm(change: Floats, tremor_2: Floats) -> Floats:
    """Return which share of a change is no tremor, of squared thresholds."""
    square = change * change
    square += _NEVER_0
    share = tremor_2 / square
    np.subtract(1.0, share, out=share)
    return np.maximum(share, 0.0, out=share)


def _reach(reach: tuple[float, ...], age_s: float) -> float:
    """Return how far it comes from a sample of an age until it is seen, in steps' worth."""
    steps = (age_s * NS_PER_S + AHEAD_NS) / STEP_NS
    if steps >= _REACH_AT[-1]:
        return 0.0
    after = bisect_right(_REACH_AT, steps)
    start = _REACH_AT[after - 1]
    part = (steps - start) / (_REACH_AT[after] - start)
    return reach[after - 1] + part * (reach[after] - reach[after - 1])
