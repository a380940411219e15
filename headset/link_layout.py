"""What passes between the face process and the headset process, as records of `link_ring`.

Samples cross exactly as they are, so a recording made behind the link equals one made before it. All
times are on the host clock, which is one for all processes of a machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, cast

import numpy as np
from numpy.typing import NDArray

from .clock import NS_PER_S
from .compositor.panels.content import PLATES, Content
from .expressions import arkit_from_unified
from .frame import VISEMES, EyeSample, FaceSample, HeadSample, Sample, SpeechSample, WornSample
from .link_ring import Record, Ring
from .names import UNIFIED

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]

SOURCE_BYTES: Final = 32
NOTE_BYTES: Final = 240
_SHAPES: Final = len(UNIFIED)
_TIMES: Final[list[Any]] = [("time_ns", np.int64), ("received_ns", np.int64)]


def _ring(name: str, fields: list[Any], slots: int) -> Ring:
    return Ring(name, np.dtype(fields, align=True), slots)


_SECOND: Final = (
    128  # of samples at the fastest display, 120 Hz: what a stalled loop may catch up on
)

SAMPLES: Final[dict[type[Sample], Ring]] = {
    EyeSample: _ring(
        "eyes",
        [
            *_TIMES,
            ("gaze", np.float64, (2, 3)),
            ("openness", np.float64, 2),
            ("pupil_mm", np.float64, 2),
            ("confidence", np.float64, 2),
        ],
        _SECOND,
    ),
    FaceSample: _ring(
        "face",
        [
            *_TIMES,
            ("weights", np.float64, _SHAPES),
            ("confidence", np.float64, _SHAPES),
            ("source", f"S{SOURCE_BYTES}"),
            ("origin", np.uint8, _SHAPES),
        ],
        _SECOND,
    ),
    HeadSample: _ring(
        "head",
        [*_TIMES, ("orientation_xyzw", np.float64, 4), ("position_m", np.float64, 3)],
        _SECOND,
    ),
    WornSample: _ring("worn", [*_TIMES, ("worn", np.uint8)], 16),
    SpeechSample: _ring(
        "speech",
        [
            *_TIMES,
            ("level", np.float64),
            ("visemes", np.float64, len(VISEMES)),
            ("source", f"S{SOURCE_BYTES}"),
            ("muted", np.int8),
        ],
        _SECOND,
    ),
}
"""Headset to face: the ring of each kind of sample. Images and sound do not come from OpenXR."""

DISPLAY: Final = _ring(
    "display",
    [
        ("time_ns", np.int64),
        ("display_ns", np.int64),
        ("period_ns", np.int64),
        ("drawn", np.uint64),
        ("late", np.uint64),
    ],
    8,
)
"""Headset to face, once a frame: when it began, when it will be seen, how long frames are, how many
were drawn before it, and of how many our own work took longer than a frame."""

STATE: Final = _ring(
    "state",
    [
        ("time_ns", np.int64),
        ("state", "S16"),
        ("note", f"S{NOTE_BYTES}"),
        ("unfilmed", f"S{NOTE_BYTES}"),
    ],
    8,
)
"""Headset to face, at each change: the session's state, as OpenXR names it, what is odd, and why the
film goes no further."""

FACE: Final = _ring(
    "drawn",
    [
        ("time_ns", np.int64),
        ("weights", np.float32, _SHAPES),
        ("rate", np.float32, _SHAPES),
        ("gaze", np.float32, (2, 3)),
        ("openness", np.float32, 2),
        ("openness_rate", np.float32, 2),
        ("origin", np.uint8, _SHAPES),
        ("eye_origin", np.uint8, 2),
        ("openness_origin", np.uint8, 2),
    ],
    4,
)
"""Face to headset: the fields of a `Face` that are drawn, under their names."""

WISHES: Final = _ring(
    "wishes",
    [("mirror", np.uint8), ("recentre", np.uint32), ("panels", np.uint8, len(PLATES))],
    8,
)
"""Face to headset, at each change: whether the mirror is shown, how often it was asked to stand before
the wearer anew, and which of `PLATES` are seen."""

PICTURES: Final[dict[type[Content], Ring]] = {
    kind: _ring(kind.__name__, [("picture", np.uint8, (plate.size[1], plate.size[0], 4))], 3)
    for kind, plate in PLATES.items()
}
"""Face to headset: what each panel shows, whenever that changes; 1 MB or less each."""

FROM_HEADSET: Final = (*SAMPLES.values(), DISPLAY, STATE)
FROM_FACE: Final = (FACE,)
FROM_PANELS: Final = (WISHES, *PICTURES.values())

Direction = Literal["face", "headset", "panels"]
"""What a file carries: each has one writer, and only `headset` is the headset process's."""

FILES: Final[dict[Direction, tuple[Ring, ...]]] = {
    "face": FROM_FACE,
    "headset": FROM_HEADSET,
    "panels": FROM_PANELS,
}

FARTHEST_S: Final = 0.1
"""A face is carried no farther by its rate; a twitch lasts that long."""


def fill(record: Record, value: object) -> None:
    """Copy into a record the attributes of a value that it has fields for."""
    for name in record.dtype.names:
        given = getattr(value, name)
        if isinstance(given, str):
            given = given.encode()
        elif given is None:  # `muted`, where nobody says
            given = -1
        record[name] = given


_SCALARS: Final[Mapping[str, Callable[[Any], object]]] = {
    "time_ns": int,
    "received_ns": int,
    "level": float,
    "worn": bool,
    "muted": lambda value: None if value < 0 else bool(value),
    "source": lambda value: text(value),
}


def sample(kind: type[Sample], record: Record) -> Sample:
    """Return the sample that a record was filled from; its arrays are read-only."""
    build = cast("Callable[..., Sample]", kind)
    return build(
        **{
            name: _SCALARS[name](record[name]) if name in _SCALARS else record[name]
            for name in record.dtype.names
        }
    )


def text(value: bytes) -> str:
    """Return a text field; one cut in the middle of a letter loses that letter."""
    return bytes(value).decode(errors="ignore")


class DrawnFace:
    """A face as the headset process has it: converted once, as it comes; `at` is a multiplication.

    Attributes:
        record: Of `FACE`.
        time_ns: The instant it was meant for.
    """

    __slots__ = ("_channels", "_gaze", "_rate", "record", "time_ns")

    def __init__(self, record: Record) -> None:
        """Convert a record of `FACE`."""
        self.record = record
        self.time_ns = int(record["time_ns"])
        weights = _now_and_a_second_on(record["weights"], record["rate"])
        openness = _now_and_a_second_on(record["openness"], record["openness_rate"])
        gaze = record["gaze"].astype(np.float64)
        # While the gaze rests, ARKit's weights are a sum of the others: they change as steadily.
        arkit = arkit_from_unified(weights, np.broadcast_to(gaze, (2, 2, 3)), openness)
        now, later = np.concatenate([arkit, weights], axis=-1)
        self._channels = now.astype(np.float32)
        self._rate = np.nan_to_num(later - now).astype(np.float32)  # absent stays absent by `now`
        self._gaze: Floats32 = record["gaze"]

    def at(self, time_ns: int) -> tuple[Floats32, Floats32]:
        """Return it carried on to an instant.

        Args:
            time_ns: When it will be seen, host clock; farther than `FARTHEST_S` away counts as that.

        Returns:
            The weights of `names.CHANNELS` (140,), and gaze (2, 3) in head space; NaN where absent.
        """
        ahead_s = (time_ns - self.time_ns) / NS_PER_S
        ahead_s = min(max(ahead_s, -FARTHEST_S), FARTHEST_S)
        return self._channels + np.float32(ahead_s) * self._rate, self._gaze


def _now_and_a_second_on(values: Floats32, rate: Floats32) -> Floats:
    """Return values (N,) as they are and as their rate would have them, (2, N)."""
    now = values.astype(np.float64)
    return np.stack([now, now + np.nan_to_num(rate)])
