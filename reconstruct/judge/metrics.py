"""How far a reconstructed face is from the true one: arrays in, numbers out.

Every metric takes `truth` and `guess` of one shape, (T,) or (T, C), frames first, and returns one
number per channel: shape () or (C,). A frame is judged where both are finite; NaN is *not judged*.
Where a metric has no meaning (a channel that never moves, no frame to judge) it is NaN, never an
infinity and never a warning. Motion is relative to rest: 0 is the wearer's resting face.

Frames are evenly spaced, and a hole in time is a run of NaN frames (`ground_truth.py` sees to both),
so that nothing here looks across one.

Source: FIDELITY "Metrics per channel and pooled per person"; SCIENCE 3.4.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MOVES: Final = 0.01
"""Least standard deviation of a truth that moves: below it is a capture's own flutter at rest (up to
.01), of which a ratio or a correlation would say anything."""

CONSTANT: Final = 1e-6
"""A guess whose standard deviation is below this does not move: far above a mean's rounding."""

WINDOW: Final = 5
"""Frames of the moving mean that jitter is measured against (FIDELITY)."""

STILL: Final = 0.02
"""Truth is still where it spans less than this over `WINDOW` frames: twice the flutter of an ARKit
capture at rest, and a tenth of the least expression that counts."""

AT_REST: Final = 0.05
"""Truth is at rest where it is still and no further than this from zero."""

ACTIVE: Final = 0.15
"""A guess above this, where truth is at rest, is a false activation (FIDELITY)."""

LONGEST_DELAY_S: Final = 0.5
"""How far `delay_ms` looks either way; beyond it a rise is matched to another one."""

LEAST_R: Final = 0.2
"""Below this correlation at its best lag a delay is read out of noise."""


def mae(truth: Floats, guess: Floats) -> Floats:
    """Return the mean absolute error."""
    return _mean(np.abs(guess - truth))


def pearson(truth: Floats, guess: Floats) -> Floats:
    """Return Pearson's r, -1 to 1; NaN where truth does not move.

    A guess that does not move where truth does scores 0: it tells nothing of the channel, and
    leaving the channel out of an average would reward silence.
    """
    _, _, std_truth, std_guess, together = _moments(truth, guess)
    r = _ratio(together, std_truth * std_guess)
    r = np.where(std_guess > CONSTANT, np.clip(r, -1.0, 1.0), 0.0)
    return np.where(std_truth >= MOVES, r, np.nan)


def ccc(truth: Floats, guess: Floats) -> Floats:
    """Return Lin's concordance, -1 to 1: r that also pays for gain and offset; NaN as `pearson`."""
    mean_truth, mean_guess, std_truth, std_guess, together = _moments(truth, guess)
    spread = std_truth**2 + std_guess**2 + (mean_truth - mean_guess) ** 2
    return np.where(std_truth >= MOVES, _ratio(2.0 * together, spread), np.nan)


def dynamics(truth: Floats, guess: Floats) -> Floats:
    """Return std(guess) / std(truth): 1 is as lively as the wearer; NaN as `pearson`."""
    _, _, std_truth, std_guess, _ = _moments(truth, guess)
    return np.where(std_truth >= MOVES, _ratio(std_guess, std_truth), np.nan)


def fdd(truth: Floats, guess: Floats) -> Floats:
    """Return std(truth) - std(guess): positive where motion is missing. |FDD| is its absolute."""
    _, _, std_truth, std_guess, _ = _moments(truth, guess)
    return std_truth - std_guess


def still(truth: Floats) -> Flags:
    """Return where truth is still: it spans under `STILL` in the `WINDOW` frames around."""
    quiet = np.zeros(truth.shape, dtype=np.bool_)
    if len(truth) >= WINDOW:
        around = sliding_window_view(truth, WINDOW, axis=0)
        # A comparison with NaN is false: a window that meets a hole is not still.
        quiet[WINDOW // 2 : -(WINDOW // 2)] = np.ptp(around, axis=-1) < STILL
    return quiet


def jitter(truth: Floats, guess: Floats) -> Floats:
    """Return the mean |guess - its moving mean over `WINDOW` frames| where truth is still."""
    shake = np.full(guess.shape, np.nan)
    if len(guess) >= WINDOW:
        inside = slice(WINDOW // 2, -(WINDOW // 2))
        around = sliding_window_view(guess, WINDOW, axis=0)
        shake[inside] = np.abs(guess[inside] - around.mean(axis=-1))
    return _mean(np.where(still(truth), shake, np.nan))


def false_activation(truth: Floats, guess: Floats) -> Floats:
    """Return the share of frames, of those where truth is at rest, on which the guess is active."""
    judged = still(truth) & (np.abs(truth) <= AT_REST) & np.isfinite(guess)
    return _mean(np.where(judged, np.where(judged, guess, 0.0) > ACTIVE, np.nan))


def coverage(truth: Floats, low: Floats, high: Floats) -> Floats:
    """Return the share of frames whose truth lies in the stated interval [low, high]."""
    judged = np.isfinite(truth) & np.isfinite(low) & np.isfinite(high)
    return _mean(np.where(judged, (low <= truth) & (truth <= high), np.nan))


def width(truth: Floats, low: Floats, high: Floats) -> Floats:
    """Return the mean width of the stated interval over judged frames."""
    return _mean(np.where(np.isfinite(truth), high - low, np.nan))


def selective_risk(truth: Floats, guess: Floats, uncertainty: Floats, shares: Floats) -> Floats:
    """Return the error kept when only the surest frames are, against that of all.

    Frames of equal uncertainty count as one lot, by their mean error: a constant interval claims
    nothing and scores 1.

    Args:
        truth: Shape (T, C).
        guess: Shape (T, C).
        uncertainty: Shape (T, C), larger is less sure: the width of an interval.
        shares: Shape (K,), each above 0 and at most 1: the share of frames kept.

    Returns:
        Shape (K, C): MAE over the surest share, divided by MAE over all. Below 1 is useful.
    """
    error = np.abs(guess - truth)
    result = np.full((len(shares), truth.shape[1]), np.nan)
    for channel in range(truth.shape[1]):
        judged = np.isfinite(error[:, channel]) & np.isfinite(uncertainty[:, channel])
        lots, lot = np.unique(uncertainty[judged, channel], return_inverse=True)
        if len(lots) == 0:
            continue
        sizes = np.bincount(lot)
        sums = np.bincount(lot, weights=error[judged, channel])
        kept = np.concatenate([[0.0], np.cumsum(sizes)])
        risk = np.concatenate([[0.0], np.cumsum(sums)])
        wanted: Floats = shares * kept[-1]
        kept_risk = np.interp(wanted, kept, risk) / wanted
        result[:, channel] = _ratio(kept_risk, np.asarray(risk[-1] / kept[-1]))
    return result


def delay_ms(truth: Floats, guess: Floats, rate_hz: float) -> Floats:
    """Return how late the guess is, by the peak of the cross-correlation.

    Positive is late. The peak between frames is that of a parabola through three lags. NaN where the
    best r is under `LEAST_R` or lies at the end of the search.

    Args:
        truth: Shape (T, C), evenly spaced.
        guess: Shape (T, C), on the same frames.
        rate_hz: Frames per second, positive.

    Returns:
        Shape (C,), milliseconds.
    """
    late = np.full(truth.shape[1], np.nan)
    reach = int(LONGEST_DELAY_S * rate_hz)
    if reach < 1 or len(truth) <= 2 * reach:
        return late
    from_truth, from_guess = truth - _mean(truth), guess - _mean(guess)
    from_truth, from_guess = (np.where(np.isfinite(x), x, 0.0) for x in (from_truth, from_guess))
    for channel in range(truth.shape[1]):
        inner, whole = from_truth[reach:-reach, channel], from_guess[:, channel]
        power = np.concatenate([[0.0], np.cumsum(whole**2)])  # of the guess, up to each frame
        scale = np.sqrt((inner @ inner) * (power[len(inner) :] - power[: -len(inner)]))
        r = np.correlate(whole, inner, mode="valid")  # r[reach] is that of no delay
        r = np.where(scale > CONSTANT**2 * len(inner), r / np.maximum(scale, CONSTANT**2), 0.0)
        peak = int(r.argmax())
        if r[peak] < LEAST_R or peak in (0, 2 * reach):
            continue
        before, top, after = r[peak - 1 : peak + 2]
        bend = before - 2.0 * top + after
        between = 0.5 * (before - after) / bend if bend < 0.0 else 0.0
        late[channel] = (peak + between - reach) / rate_hz * 1000.0
    return late


def bootstrap(values: Floats, *, seed: int, draws: int = 2000) -> tuple[Floats, Floats]:
    """Return the 95 % interval of the mean over people, by drawing people again.

    Args:
        values: Shape (P, M): P people, M metrics, NaN where a person has none.
        seed: Of the drawing; the same for all metrics, so that they stay comparable.
        draws: How often people are drawn.

    Returns:
        Lower and upper ends, each of shape (M,); NaN where fewer than two people have a value.
    """
    people, metrics = len(values), int(values.shape[1])
    if people < 2:
        return np.full(metrics, np.nan), np.full(metrics, np.nan)
    drawn = np.random.default_rng(seed).multinomial(people, np.full(people, 1 / people), draws)
    times, has = drawn.astype(np.float64), np.isfinite(values)
    means = _ratio(times @ np.where(has, values, 0.0), times @ has.astype(np.float64))
    # A draw that has none of a metric's few people says nothing of it: NaN, sorted to the end.
    means.sort(axis=0)
    last = np.isfinite(means).sum(axis=0) - 1
    enough = has.sum(axis=0) >= 2
    low, high = np.full(metrics, np.nan), np.full(metrics, np.nan)
    for end, share in ((low, 0.025), (high, 0.975)):
        at = np.rint(share * last[enough]).astype(np.intp)
        end[enough] = means[at, np.flatnonzero(enough)]
    return low, high


def mean_over(values: Floats) -> Floats:
    """Return the mean over the first axis of what is finite, NaN where nothing is."""
    return _mean(values)


def _mean(values: Floats) -> Floats:
    has = np.isfinite(values)
    return _ratio(np.where(has, values, 0.0).sum(axis=0), has.sum(axis=0).astype(np.float64))


def _ratio(above: Floats, below: Floats) -> Floats:
    """Divide; NaN where the divisor is (next to) nothing."""
    result = np.full(np.broadcast_shapes(np.shape(above), np.shape(below)), np.nan)
    return np.divide(above, below, out=result, where=np.abs(below) > 1e-12)


def _moments(truth: Floats, guess: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return means, standard deviations and covariance over the frames both have."""
    judged = np.isfinite(truth) & np.isfinite(guess)
    truth, guess = np.where(judged, truth, np.nan), np.where(judged, guess, np.nan)
    mean_truth, mean_guess = _mean(truth), _mean(guess)
    from_truth, from_guess = truth - mean_truth, guess - mean_guess
    std_truth, std_guess = np.sqrt(_mean(from_truth**2)), np.sqrt(_mean(from_guess**2))
    return mean_truth, mean_guess, std_truth, std_guess, _mean(from_truth * from_guess)
