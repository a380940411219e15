"""Rest, range and errors that a blink, a gap or a lost eye does not move."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def quantile(rows: Floats, q: float) -> Floats:
    """Return the quantile along axis 0 over what is finite; NaN where nothing is."""
    flat = rows.reshape(len(rows), -1)
    out = np.full(flat.shape[1], np.nan)
    for column, values in enumerate(flat.T):
        finite = values[np.isfinite(values)]
        if finite.size:
            out[column] = np.quantile(finite, q)
    return out.reshape(rows.shape[1:])


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
