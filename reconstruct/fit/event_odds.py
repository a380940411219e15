"""The chance that an expression is under way: what `Face.events` says of hidden channels.

The best single guess of a brow that moves rarely is rest, whatever is seen (`closed_form`), so it
cannot tell when the brow is *likelier* to be up. A mean can: events are told by a map of least
squares, hardly shrunk, whose largest guess among an event's channels is turned into a chance by a
logistic curve that was fitted on people the map had not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...headset.frame import EVENTS
from ...headset.names import ARKIT
from ...headset.rig import RIGS
from ..events import EVENT_CHANNELS, under_way
from .closed_form import MAPS, indices
from .linear import least_squares, stack, together
from .sheets import Sheet

Floats = NDArray[np.float64]

TOLD: Final = tuple(name for name in ARKIT if any(name in row for row in EVENT_CHANNELS.values()))
"""The channels that events are told by."""

_PENALTY: Final = 30.0
"""Added to the diagonal of the Gram matrix. A tenth of what is best for amplitude: an order is
wanted, and shrinking costs it the rarer channels (.82 AUC of brow raises at 30, .77 at 300)."""

_ROWS_EACH: Final = 2000.0
"""What a person weighs beside the curve's prior, however long they were seen."""

_SLOPE: Final = 10.0
_SLOPE_WEIGHT: Final = 20.0
"""The curve's prior: from one chance in four to three in four over .2 of a weight. People who never
have an event say nothing of its slope, and without a prior would make it a cliff."""

_NEVER: Final = -12.0
"""Log odds of what no training person did, and of events that are sensed."""

_STEPS: Final = 40
_SETTLED: Final = 1e-4
_LEAST_SCORE: Final = -10.0  # an event without a hidden channel


@dataclass(frozen=True, slots=True, kw_only=True)
class EventOdds:
    """For each of `closed_form.MAPS`, how to tell events of hidden channels.

    The chance is 1 / (1 + exp(-(offset + slope x score))), where an event's score is the largest
    among its hidden channels of observed @ weight.

    Attributes:
        weight: Shape (4, 52, len(TOLD)); columns of observed channels are 0.
        slope: Shape (4, 6), log odds per weight, not negative.
        offset: Shape (4, 6), log odds.
    """

    weight: Floats
    slope: Floats
    offset: Floats

    def chance(self, rig: int, observed: Floats) -> Floats:
        """Return the chance of each event under way on hidden channels.

        Args:
            rig: Which of `MAPS`.
            observed: Shape (T, 52), channels the rig does not see at 0.

        Returns:
            Shape (T, 6).
        """
        score = _scores(observed @ self.weight[rig], _hidden(rig))
        return _logistic(self.offset[rig] + self.slope[rig] * score)


def fit_event_odds(sheets: Sequence[Sheet]) -> EventOdds:
    """Fit on rows whose every hidden channel has a truth, as `fit_closed_form` takes them."""
    weight = np.zeros((len(MAPS), len(ARKIT), len(TOLD)))
    slope = np.zeros((len(MAPS), len(EVENTS)))
    offset = np.full((len(MAPS), len(EVENTS)), _NEVER)
    apart = together(sheets)
    for rig, name in enumerate(MAPS):
        seen, hidden = indices(RIGS[name].observed), _hidden(rig)
        weight[rig] = _map(sheets, seen, hidden)
        score: list[Floats] = []
        happens: list[Floats] = []
        counts: list[Floats] = []
        for inside in apart:
            outside = [sheet for group in apart if group is not inside for sheet in group] or inside
            fitted = _map(outside, seen, hidden)
            faces = np.concatenate([sheet.observed for sheet in inside])
            score.append(_scores(faces @ fitted, hidden))
            happens.append(
                np.concatenate([under_way(sheet.truth) for sheet in inside]).astype(np.float64)
            )
            counts.append(np.full(len(faces), _ROWS_EACH / len(faces)))
        scores, truths, count = map(np.concatenate, (score, happens, counts))
        for event, channels in enumerate(EVENT_CHANNELS.values()):
            if not set(channels).isdisjoint(RIGS[name].hidden):
                offset[rig, event], slope[rig, event] = _curve(
                    scores[:, event], truths[:, event], count
                )
    return EventOdds(weight=weight, slope=slope, offset=offset)


def _hidden(rig: int) -> NDArray[np.bool_]:
    """Return which of `TOLD` a rig hides."""
    return np.array([name in RIGS[MAPS[rig]].hidden for name in TOLD])


def _map(sheets: Sequence[Sheet], seen: NDArray[np.intp], hidden: NDArray[np.bool_]) -> Floats:
    """Return the map (52, len(TOLD)) of least squares; columns that are not hidden are 0."""
    weight = np.zeros((len(ARKIT), len(TOLD)))
    told = indices(TOLD)[hidden]
    if seen.size:
        weight[np.ix_(seen, hidden)] = least_squares(*stack(sheets, seen, told), _PENALTY)
    return weight


def _scores(guess: Floats, hidden: NDArray[np.bool_]) -> Floats:
    """Return the largest guess (T, len(TOLD)) among each event's hidden channels: (T, 6)."""
    columns = [
        [i for i, name in enumerate(TOLD) if name in channels and hidden[i]]
        for channels in EVENT_CHANNELS.values()
    ]
    nothing = np.full(len(guess), _LEAST_SCORE)
    return np.stack([guess[:, mine].max(axis=1) if mine else nothing for mine in columns], axis=-1)


def _logistic(log_odds: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(log_odds, -30.0, 30.0))))


def _curve(score: Floats, happens: Floats, count: Floats) -> tuple[float, float]:
    """Return offset and slope of the likeliest logistic curve under the slope's prior.

    Args:
        score: Shape (N,).
        happens: Shape (N,), 1 where the event is under way, else 0.
        count: Shape (N,), how often each row counts.
    """
    if not happens.any():
        return _NEVER, 0.0
    design = np.stack([np.ones_like(score), score], axis=1)
    prior, weight = np.array([0.0, _SLOPE]), np.diag([1e-6, _SLOPE_WEIGHT])
    share = float(np.average(happens, weights=count))
    usual = float(np.log(share / (1.0 - share))) if share < 1.0 else -_NEVER
    curve = np.array([usual, 0.0])
    for _ in range(_STEPS):  # Newton's method; the likelihood has one summit
        chance = _logistic(design @ curve)
        downhill = design.T @ (count * (chance - happens)) + weight @ (curve - prior)
        bend = (design * (count * np.maximum(chance * (1.0 - chance), 1e-6))[:, None]).T @ design
        step = np.linalg.solve(bend + weight, downhill)
        step *= min(1.0, 3.0 / max(float(np.abs(step).max()), 1e-12))
        curve = curve - step
        if np.abs(step).max() < _SETTLED:
            break
    offset, slope = curve.tolist()
    # A score that is higher where nothing happens tells nothing: the event's usual share then.
    return (offset, slope) if slope >= 0.0 else (usual, 0.0)
