"""The tones of a routine, made of sines: told apart by their number, their direction and their height.

With tones alone the wearer still has to know which pose is meant. So the tone that says *get ready* is
followed by pips: as many as the pose's number in its group, at the group's height. Who hears speech
needs none of it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .prompt import Group, Signal

Sound = NDArray[np.float32]

RATE_HZ: Final = 48_000

_LOUD: Final = 0.25  # of full scale: over a game, and not startling in the quiet
_EDGE_S: Final = 0.008  # shorter, and a note begins and ends with a click
_BETWEEN_S: Final = 0.03

NOTES: Final[dict[Signal, tuple[tuple[float, float], ...]]] = {
    Signal.PLAN: ((440.0, 0.30),),
    Signal.READY: ((523.0, 0.10), (523.0, 0.10)),
    Signal.HOLD: ((784.0, 0.35),),
    Signal.SEEN: ((659.0, 0.09), (988.0, 0.14)),
    Signal.AGAIN: ((659.0, 0.12), (440.0, 0.22)),
    Signal.REFUSED: ((294.0, 0.16), (220.0, 0.16), (165.0, 0.26)),
    Signal.PAUSED: ((330.0, 0.20), (330.0, 0.20), (330.0, 0.20)),
    Signal.DONE: ((523.0, 0.12), (659.0, 0.12), (784.0, 0.30)),
}
"""Height in hertz and length in seconds of each note: between 160 and 1000 Hz, which small speakers and
old ears have alike. Up is well, down is not, level is neither."""

PIPS_HZ: Final[dict[Group, float]] = {"mouth": 587.0, "lids": 880.0, "brows": 392.0, "gaze": 698.0}
_PIP_S: Final = 0.06


def tone(signal: Signal, group: Group | None = None, pips: int = 0) -> Sound:
    """Return a signal's tone, with pips after it.

    Args:
        signal: Which.
        group: Of the pose: the pips' height.
        pips: How many; none without a group.

    Returns:
        Shape (N,), -1 to 1, mono, `RATE_HZ`.
    """
    notes = list(NOTES[signal])
    if group is not None:
        notes += [(PIPS_HZ[group], _PIP_S)] * pips
    pause = np.zeros(round(_BETWEEN_S * RATE_HZ), np.float32)
    parts = [part for hz, lasts_s in notes for part in (_note(hz, lasts_s), pause)]
    return np.concatenate(parts)


def _note(hz: float, lasts_s: float) -> Sound:
    time_s = np.arange(round(lasts_s * RATE_HZ)) / RATE_HZ
    to_an_end_s = np.minimum(time_s, lasts_s - time_s)
    rising = np.clip(to_an_end_s / _EDGE_S, 0.0, 1.0)
    envelope = 0.5 - 0.5 * np.cos(np.pi * rising)
    return (_LOUD * envelope * np.sin(2.0 * np.pi * hz * time_s)).astype(np.float32)
