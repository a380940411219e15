"""What a stored stream is made of: its columns, their shapes, names and units.

The one description that files (`store.py`) and journals (`journal.py`) are both written and checked
by. Beside these columns every part has `time_ns (T,)`, a sensor's stream `received_ns (T,)` too.

Version 2 adds the kinds `worn` and `speech`; a file is marked with it only where it holds one of
them, so that a program that knows version 1 reads every other. A face's `origin` needs no version:
who does not know it takes the face as measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..headset.clock import NS_PER_S
from ..headset.errors import RecordingError
from ..headset.frame import EVENTS, VISEMES
from ..headset.names import ARKIT, UNIFIED
from .streams import (
    AudioStream,
    EyesStream,
    FaceStream,
    FaceTrack,
    HeadStream,
    SpeechStream,
    Stream,
    Times,
    Truth,
    WornStream,
)

VERSION: Final = 2
"""The newest layout. One that is newer than this is refused by name."""

VERSION_OF: Final[dict[type[Stream], int]] = {WornStream: 2, SpeechStream: 2}
"""The version that first had a stream's kind, where that was not 1."""

MAX_SPAN_NS: Final = 2 * 86_400 * NS_PER_S
"""Two days: longer than any session. Bounds the frames that nonsense times could ask for."""

MAX_NAMES: Final = 256
"""Of the sources, or of the lists of events, in one recording."""
MAX_LINES: Final = 1 << 16
"""Of text in one list of events, and `MAX_LINES_TEXT` characters together."""
MAX_LINES_TEXT: Final = 1 << 24
MAX_AUDIO_HZ: Final = 384_000


@dataclass(frozen=True, slots=True)
class Column:
    """One array of a part.

    Attributes:
        row: Shape of one row; None where rows are of one length, whichever.
        units: For whoever reads the file.
        names: Of the last axis, empty where it has none.
        dtype: As held in memory.
        optional: Whether it may be missing.
    """

    row: tuple[int, ...] | None
    units: str
    names: tuple[str, ...] = ()
    dtype: DTypeLike = np.float64
    optional: bool = False


_WEIGHT: Final = "weight, 0 to 1, not clipped"
_GAZE: Final = "unit vector, head space: +x right, +y up, -z forward"
_ORIGIN: Final = "0 measured, 1 inferred, 2 synthesised, 3 held, 255 absent"
_SIDES: Final = ("left", "right")
_ANGLES: Final = ("yaw", "pitch", "roll")

Part = Stream | Truth | FaceTrack

LAYOUT: Final[dict[type[Part], dict[str, Column]]] = {
    FaceStream: {
        "weights": Column((len(UNIFIED),), _WEIGHT, UNIFIED),
        "confidence": Column((len(UNIFIED),), "0 to 1", UNIFIED),
        "origin": Column((len(UNIFIED),), _ORIGIN, UNIFIED, np.uint8, optional=True),
    },
    EyesStream: {
        "gaze": Column((2, 3), _GAZE, ("x", "y", "z")),
        "openness": Column((2,), "0 shut to 1 open", _SIDES),
        "pupil_mm": Column((2,), "mm", _SIDES),
        "confidence": Column((2,), "0 to 1", _SIDES),
    },
    HeadStream: {
        "orientation_xyzw": Column((4,), "unit quaternion, local space", ("x", "y", "z", "w")),
        "position_m": Column((3,), "m, local space", ("x", "y", "z")),
    },
    AudioStream: {"samples": Column(None, "-1 to 1", dtype=np.float32)},
    WornStream: {"worn": Column((), "1 worn, 0 not", dtype=np.uint8)},
    SpeechStream: {
        "level": Column((), "0 to 1"),
        "visemes": Column((len(VISEMES),), "probability", VISEMES),
        "muted": Column((), "1 muted, 0 not"),
    },
    Truth: {
        "arkit": Column((len(ARKIT),), _WEIGHT, ARKIT),
        "eyes_rad": Column((2, 3), "rad", _ANGLES, optional=True),
        "head_rad": Column((3,), "rad", _ANGLES, optional=True),
    },
    FaceTrack: {
        "arkit": Column((len(ARKIT),), _WEIGHT, ARKIT),
        "arkit_median": Column((len(ARKIT),), _WEIGHT, ARKIT),
        "arkit_low": Column((len(ARKIT),), _WEIGHT, ARKIT),
        "arkit_high": Column((len(ARKIT),), _WEIGHT, ARKIT),
        "unified": Column((len(UNIFIED),), _WEIGHT, UNIFIED),
        "origin": Column((len(UNIFIED),), _ORIGIN, UNIFIED, np.uint8),
        "events": Column((len(EVENTS),), "probability", EVENTS),
    },
}
"""The columns of each part, by name."""


def check_times(place: str, time_ns: Times, received_ns: Times | None = None) -> None:
    """Refuse times that no clock of ours gives.

    Args:
        place: What to name in an error: file and group.
        time_ns: Shape (T,); never decreasing, and strictly increasing where there is no received_ns.
        received_ns: Shape (T,), never decreasing, of a stream.

    Raises:
        RecordingError: They are negative, out of order or further apart than any session lasts.
    """
    strict = received_ns is None
    for name, times in (("time_ns", time_ns), ("received_ns", received_ns)):
        if times is None or not len(times):
            continue
        if len(times) != len(time_ns):
            raise RecordingError(f"{place}/{name}: {len(times)} rows beside {len(time_ns)} times")
        steps = np.diff(times)
        if times[0] < 0 or np.any(steps < 0) or (strict and np.any(steps == 0)):
            row = int(np.argmax(steps < strict)) + 1 if times[0] >= 0 else 0
            raise RecordingError(
                f"{place}/{name}: row {row} is negative or not after the row before: "
                "times must go forward from 0, sort the rows or import again"
            )
        if times[-1] - times[0] > MAX_SPAN_NS:
            raise RecordingError(
                f"{place}/{name}: spans {(times[-1] - times[0]) / NS_PER_S:.0f} s: "
                "its times are not nanoseconds of one session, import again"
            )


def check_values(place: str, values: NDArray[Any], column: Column, rows: int) -> None:
    """Refuse an array that is not what its column says, or holds an infinity (NaN is missing).

    Args:
        place: What to name in an error: file, part and column.
        values: The array.
        column: What it should be.
        rows: How many rows it should have.

    Raises:
        RecordingError: Naming the place.
    """
    row = values.shape[1:2] if column.row is None else column.row
    if values.shape != (rows, *row) or values.dtype != column.dtype:
        raise RecordingError(
            f"{place}: holds {values.dtype} of shape {values.shape}: "
            f"should be {np.dtype(column.dtype)} of {(rows, *row)}"
        )
    if np.isinf(values).any():
        raise RecordingError(f"{place}: holds an infinite value: a missing one is NaN")


def exactly(array: NDArray[np.float64]) -> NDArray[Any]:
    """Return the same numbers as float32 where that loses nothing, else as they are."""
    with np.errstate(over="ignore"):
        narrow = array.astype(np.float32)
    same = (narrow == array) | np.isnan(array)
    return narrow if same.all() else array
