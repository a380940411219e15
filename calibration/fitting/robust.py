"""Rest, range and errors that a blink, a gap or a lost eye does not move."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def quantile(rows: Floats, q: float) -> Floats:
    """Return the quantile along axis 0 over what is finite; NaN where nothing is."""
    if not len(rows):
        return np.full(rows.shape[1:], np.nan)
    known = np.isfinite(rows)
    ordered = np.sort(np.where(known, rows, np.nan), axis=0)  # NaN comes last
    last = np.maximum(known.sum(axis=0) - 1, 0)
    at = q * last
    low = np.floor(at).astype(np.intp)
    below, above = (
        np.take_along_axis(ordered, index[None], axis=0)[0]
        for index in (low, np.minimum(low + 1, last))
    )
    return below + (above - below) * (at - low)


def median(rows: Floats) -> Floats:
    """Return the median along axis 0 over what is finite; NaN where nothing is."""
    return quantile(rows, 0.5)


def scatter(rows: Floats) -> Floats:
    """Return half the distance of the 16th and 84th percentiles along axis 0: an SD's robust kin.

    A blink in six frames does not move it; something that is there half of the time does.
    """
    return (quantile(rows, 0.84) - quantile(rows, 0.16)) / 2.0


def shrunk(estimate: Floats, n: float, prior: Floats | float, k: float) -> Floats:
    """Return an estimate drawn towards what is usual, (n estimate + k prior) / (n + k).

    Args:
        estimate: From n of something.
        n: How much of it, in the unit of k; not negative.
        prior: What holds where nothing is known; k of it counts as much as k of the wearer.
        k: How strong that is, above 0.

    Source: SCIENCE 2.2.
    """
    return (n * estimate + k * prior) / (n + k)
