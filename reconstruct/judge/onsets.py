"""Onsets: when a channel rises, whether the rise was found, and what chance would find.

An *onset* is a rise to `events.ONSET` or above by a channel that was at or under `events.REARM`
before; a rise within `REFRACTORY_NS` of the last counts as the same one. A channel that is already up
when it is first seen, or after a hole, has no onset until it was down.

Source: FIDELITY "event F1" (onset level, tolerances, one-to-one); SCIENCE 3.4 (chance beside it).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...headset.clock import NS_PER_MS, NS_PER_S
from ..events import up_or_down

Floats = NDArray[np.float64]
Times = NDArray[np.int64]

REFRACTORY_NS: Final = 200 * NS_PER_MS
"""Shortest time between two onsets of one channel: no blink or brow flash comes again sooner."""

TOLERANCES_MS: Final = (50, 100, 200)
"""How far apart a true and a given onset may lie to be one (FIDELITY)."""

SHIFTS: Final = 20
"""Turns of the given train that chance is averaged over; with 100 onsets its F1 is known to .01."""


def onsets(time_ns: Times, weight: Floats) -> Times:
    """Return the times of a channel's onsets.

    Args:
        time_ns: Shape (T,), increasing.
        weight: Shape (T,), relative to rest, NaN where not seen.

    Returns:
        Shape (N,), the frames on which `ONSET` was reached, on the clock of time_ns.
    """
    state = up_or_down(weight)
    found: list[int] = []
    for at_ns in time_ns[1:][(state[:-1] < 0) & (state[1:] > 0)].tolist():
        if not found or at_ns - found[-1] >= REFRACTORY_NS:
            found.append(at_ns)
    return np.array(found, dtype=np.int64)


def matches(true_ns: Times, given_ns: Times, within_ns: int) -> int:
    """Return how many true onsets are found, one-to-one.

    Greedy in time: each true onset takes the earliest given one that is near enough and not yet
    taken, which on a line is also the most pairs that can be made.

    Args:
        true_ns: Shape (N,), increasing.
        given_ns: Shape (M,), increasing.
        within_ns: Largest distance of a pair.
    """
    hits, given = 0, iter(given_ns.tolist())
    candidate = next(given, None)
    for true in true_ns.tolist():
        while candidate is not None and candidate < true - within_ns:
            candidate = next(given, None)
        if candidate is None:
            break
        if candidate <= true + within_ns:
            hits += 1
            candidate = next(given, None)
    return hits


def chance_matches(
    true_ns: Times, given_ns: Times, within_ns: int, *, span_ns: tuple[int, int], seed: int
) -> float:
    """Return how many onsets a train that knows only how often, not when, would find.

    The given train is turned round the span by `SHIFTS` random amounts, which keeps its rate and its
    rhythm; turns under a second are left out, since a true match might survive them.

    Args:
        true_ns: Shape (N,), increasing, within the span.
        given_ns: Shape (M,), increasing, within the span.
        within_ns: Largest distance of a pair.
        span_ns: Start and end of what is judged.
        seed: Of the turns.

    Returns:
        The mean number of pairs; NaN where the span is under three seconds.
    """
    start, length = span_ns[0], span_ns[1] - span_ns[0]
    if length < 3 * NS_PER_S:
        return float("nan")
    if not len(true_ns) or not len(given_ns):
        return 0.0
    turns = np.random.default_rng(seed).integers(NS_PER_S, length - NS_PER_S, SHIFTS)
    found = [
        matches(true_ns, np.sort((given_ns - start + turn) % length + start), within_ns)
        for turn in turns
    ]
    return float(np.mean(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """How many onsets there were, were given and were found; sums over channels and takes add up.

    Attributes:
        true: Onsets in truth.
        given: Onsets in the guess.
        hits: Pairs at each of `TOLERANCES_MS`.
        chance: Pairs that chance would make at each, NaN where not known.
    """

    true: int
    given: int
    hits: tuple[int, ...]
    chance: tuple[float, ...]

    def f1(self, tolerance: int) -> float:
        """Return F1 at the tolerance of this index; NaN where there is no event on either side."""
        return self._f1(self.hits[tolerance])

    def chance_f1(self, tolerance: int) -> float:
        """Return the F1 that chance would reach."""
        return self._f1(self.chance[tolerance])

    def recall(self, tolerance: int) -> float:
        """Return the share of true onsets that were found; NaN where there are none."""
        return self.hits[tolerance] / self.true if self.true else float("nan")

    def _f1(self, hits: float) -> float:
        both = self.true + self.given
        return 2.0 * hits / both if both else float("nan")


def find(
    time_ns: Times, truth: Floats, guess: Floats, *, seed: int = 0, delay_ns: int = 0
) -> Found:
    """Compare the onsets of one channel's guess with the true ones.

    Args:
        time_ns: Shape (T,), increasing.
        truth: Shape (T,), relative to rest, NaN where not judged.
        guess: Shape (T,), likewise.
        seed: Of the chance level.
        delay_ns: A delay known to be the sensors', taken off the guess's onsets first.
    """
    judged = np.isfinite(truth) & np.isfinite(guess)
    true_ns = onsets(time_ns, np.where(judged, truth, np.nan))
    given_ns = onsets(time_ns, np.where(judged, guess, np.nan)) - delay_ns
    span_ns = (int(time_ns[0]), int(time_ns[-1])) if len(time_ns) else (0, 0)
    within = [tolerance * NS_PER_MS for tolerance in TOLERANCES_MS]
    return Found(
        true=len(true_ns),
        given=len(given_ns),
        hits=tuple(matches(true_ns, given_ns, near_ns) for near_ns in within),
        chance=tuple(
            chance_matches(true_ns, given_ns, near_ns, span_ns=span_ns, seed=seed)
            for near_ns in within
        ),
    )


def together(found: Sequence[Found]) -> Found:
    """Return the sum of several channels' or takes' counts; an unknown chance level adds nothing."""
    zero = (0,) * len(TOLERANCES_MS)
    return Found(
        true=sum(each.true for each in found),
        given=sum(each.given for each in found),
        hits=tuple(map(sum, zip(zero, *(each.hits for each in found), strict=True))),
        chance=tuple(np.nansum([zero, *(each.chance for each in found)], axis=0).tolist()),
    )
