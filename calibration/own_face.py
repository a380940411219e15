"""What a capture of the wearer's whole face, without the headset, teaches their profile.

Which faces a model guesses for them too small or too large: `fitting.habits`. What is guessed is made by
`reconstruct.teaching`, from what a headset would have sensed of that face.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..headset.clock import NS_PER_S
from .fitting.habits import SEGMENT_S, Habits, fit_habits
from .fitting.outcome import reasons
from .profile_types import Profile

Floats = NDArray[np.float64]
Segment = tuple[Floats, Floats]

_OURS: Final = "own face: "


def segments(
    time_ns: NDArray[np.int64], guess: Floats, truth: Floats, hidden: NDArray[np.bool_]
) -> Iterator[Segment]:
    """Cut a take into stretches of `SEGMENT_S`, as `fit_habits` takes them.

    Args:
        time_ns: Shape (T,), rising.
        guess: Shape (T, 52), what a model would have sent, relative to rest.
        truth: Shape (T, 52), likewise.
        hidden: Shape (T, 52), what was not measured.
    """
    if not len(time_ns):
        return
    stretch = (time_ns - time_ns[0]) // round(SEGMENT_S * NS_PER_S)
    unseen = np.where(hidden, guess, np.nan)
    for one in np.unique(stretch):
        yield unseen[stretch == one], truth[stretch == one]


def learnt(
    profile: Profile, taught: Sequence[Segment], *, rate_hz: float
) -> tuple[Profile, Habits]:
    """Return the profile with the habits that its gate lets through, in place of any it had.

    Args:
        profile: The wearer's.
        taught: Stretches of all takes.
        rate_hz: Of their rows.
    """
    habits = fit_habits(taught, rate_hz=rate_hz)
    kept = tuple(note for note in profile.notes if not note.startswith(_OURS))
    mine = tuple(f"{_OURS}{reason}" for reason in reasons(habits.outcomes))
    better = replace(
        profile, habit_gain=habits.gain, habit_offset=habits.offset, notes=(*kept, *mine)
    )
    return better, habits
