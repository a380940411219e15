"""Several face trackers, one face: the preferred one's word, gaps filled by those after it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .frame import FaceSample

Floats = NDArray[np.float64]


def merge(faces: Sequence[FaceSample], weights: Floats, origin: NDArray[np.uint8]) -> None:
    """Fill in what the sources say together.

    Args:
        faces: In order of preference, at least one.
        weights: Shape (88,), overwritten: each shape as the first source that sees it has it.
        origin: Shape (88,), overwritten: `Origin` of each.
    """
    np.copyto(weights, faces[0].weights)
    np.copyto(origin, faces[0].origin)
    for other in faces[1:]:
        gap = np.isnan(weights)
        weights[gap] = other.weights[gap]
        origin[gap] = other.origin[gap]
