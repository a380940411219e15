"""Samples of trackers that name ARKit's channels, in whatever order and completeness."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from ..errors import SensorError
from ..expressions import gaze_from_arkit, openness_from_arkit, unified_from_arkit
from ..frame import EyeSample, Floats, Sample
from ..names import ARKIT, ARKIT_INDEX, UNIFIED_INDEX
from .sample import observed

LARGEST: Final = 4.0
"""Weights reach 1.08; beyond this they are not a face's."""

_UNSENSED: Final = np.full(2, np.nan)
_OWN: Final = {f"browInnerUp{side}": f"BrowInnerUp{side}" for side in ("Left", "Right")}

KNOWN: Final[frozenset[str]] = frozenset((*ARKIT, *_OWN))
"""What is looked at: ARKit's channels, and the two halves of browInnerUp that some send."""


def weight(name: str, value: float) -> float:
    """Return a weight, unclipped.

    Raises:
        SensorError: NaN, an infinity, or a number that no face has.
    """
    if not abs(value) <= LARGEST:
        raise SensorError(f"{name} is {value:g}, which no face has")
    return value


def arkit_weights(named: Mapping[str, float]) -> Floats:
    """Return ARKit weights, shape (52,), NaN where not named.

    Raises:
        SensorError: None is named.
    """
    weights = np.full(len(ARKIT), np.nan)
    for name, value in named.items():
        if name in ARKIT_INDEX:
            weights[ARKIT_INDEX[name]] = value
    if np.isnan(weights).all():
        raise SensorError("names none of ARKit's channels")
    return weights


def samples(
    source: str,
    named: Mapping[str, float],
    *,
    received_ns: int,
    gaze: Floats | None = None,
    openness: Floats | None = None,
) -> list[Sample]:
    """Return the face, and the eyes where anything is known of them.

    Args:
        source: The reader's name.
        named: Channel of `KNOWN` -> weight; what is missing is not observed.
        received_ns: When it reached us.
        gaze: Shape (2, 3); without it, what the eyeLook channels say.
        openness: Shape (2,); without it, what the eyeBlink channels say.

    Raises:
        SensorError: No channel of ARKit is named.
    """
    arkit = arkit_weights(named)
    unified = unified_from_arkit(arkit)
    for name, shape in _OWN.items():
        if name in named:
            unified[UNIFIED_INDEX[shape]] = named[name]
    found: list[Sample] = []
    if not np.isnan(unified).all():
        found.append(observed(source, unified, received_ns=received_ns))
    gaze = gaze_from_arkit(arkit) if gaze is None else gaze
    openness = openness_from_arkit(arkit) if openness is None else openness
    known = ~(np.isnan(gaze).any(axis=1) & np.isnan(openness))
    if known.any():
        found.append(
            EyeSample(
                time_ns=received_ns,
                received_ns=received_ns,
                gaze=gaze,
                openness=openness,
                pupil_mm=_UNSENSED,
                confidence=known.astype(np.float64),
            )
        )
    return found
