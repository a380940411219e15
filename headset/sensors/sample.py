"""The samples that readers make most."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..frame import FaceSample, Origin

_ORIGIN: Final = np.array([Origin.ABSENT, Origin.MEASURED], np.uint8)  # by whether it is observed


def observed(
    source: str, weights: NDArray[np.float64], *, received_ns: int, time_ns: int | None = None
) -> FaceSample:
    """Return what a tracker without confidences says: sure of all it gives.

    Args:
        source: The reader's name.
        weights: Shape (88,), Unified Expressions, NaN where not observed.
        received_ns: When it reached us.
        time_ns: When it was true; without it, when it reached us: the tracker does not say.
    """
    seen = weights == weights  # not NaN
    return FaceSample(
        time_ns=received_ns if time_ns is None else time_ns,
        received_ns=received_ns,
        source=source,
        weights=weights,
        confidence=seen.astype(np.float64),
        origin=_ORIGIN[seen.view(np.uint8)],
    )
