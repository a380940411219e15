"""Varies a window of rows: what sensors, donnings and people do that a few recordings do not show.

Left and right need no varying: the network itself is mirror-equivariant.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...headset.names import ARKIT, BLINK_2, LOOK_8, MOUTH_28
from .shards import FACE

Floats32 = NDArray[np.float32]

LOST: Final = 0.3
"""Chance that a sensor is lost for a whole window (source: SCIENCE 3.1, modality dropout), and that
one is lost for a burst."""

_BURST_S: Final = (0.1, 2.0)
_SPEED: Final = (0.9, 1.1)
_RATES: Final = (0.5, 1.0, 2.0)
"""Rows a frame: a headset's frames may come at half or twice the recording's rate."""

_GAIN: Final = 0.1
"""Standard deviation of the logarithm of a channel's gain from one donning to the next. Assumed: no
study of lower-face trackers was found (SCIENCE 5.3)."""

_OFFSET: Final = 0.02
"""Standard deviation of a channel's offset, likewise."""

_SENSORS: Final = tuple(
    np.array([name in names for name in ARKIT])
    for names in (set(MOUTH_28), set(LOOK_8) | set(BLINK_2))
)


def vary(rows: Floats32, rate_hz: float, rng: np.random.Generator) -> tuple[Floats32, float]:
    """Return the window as another speed, donning and set of sensors would have given it.

    Args:
        rows: Shape (N, WIDTH), as a shard holds them; not changed.
        rate_hz: Rows a second.
        rng: Decides.

    Returns:
        Other rows, shape (M, WIDTH), and how many of the given rows one of them stands for.
    """
    pace = float(rng.choice(_RATES) * rng.uniform(*_SPEED))
    rows = at_pace(rows, pace)
    observed, mask = rows[:, :FACE], rows[:, FACE : 2 * FACE]
    gain = np.exp(rng.normal(0.0, _GAIN, FACE))
    observed[:] = mask * (gain * observed + rng.normal(0.0, _OFFSET, FACE))
    for sensor in _SENSORS:
        if rng.random() < LOST:
            _lose(rows, sensor, 0, len(rows))
        if rng.random() < LOST:
            length = max(1, round(rng.uniform(*_BURST_S) * rate_hz / pace))
            first = int(rng.integers(len(rows)))
            _lose(rows, sensor, first, first + length)
    return rows, pace


def at_pace(rows: Floats32, pace: float) -> Floats32:
    """Return rows read `pace` rows at a time, between two rows linearly.

    What is missing on either side is missing between; whether an event is under way is the earlier
    row's.
    """
    place = np.arange(0.0, len(rows) - 1 + 1e-9, pace)
    before = place.astype(np.intp)
    after = np.minimum(before + 1, len(rows) - 1)
    share = (place - before).astype(np.float32)[:, None]
    # A row's own value where it is hit exactly, though the next lacks it.
    later = np.where(share > 0.0, rows[after], rows[before])
    mixed = np.asarray((1.0 - share) * rows[before] + share * later, dtype=np.float32)
    mask = (rows[before, FACE : 2 * FACE] > 0.0) & (later[:, FACE : 2 * FACE] > 0.0)
    mixed[:, FACE : 2 * FACE] = mask
    for column in (0, 2):
        mixed[:, column * FACE : (column + 1) * FACE] *= mask
    mixed[:, 4 * FACE :] = rows[before, 4 * FACE :]
    return mixed


def _lose(rows: Floats32, sensor: NDArray[np.bool_], first: int, end: int) -> None:
    """Make a sensor's channels missing, in place: observed, mask and age are 0."""
    for column in range(3):
        rows[first:end, column * FACE : (column + 1) * FACE][:, sensor] = 0.0
