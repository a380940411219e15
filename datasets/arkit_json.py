"""ARKit weights as JSON, in the two shapes that apps and data sets write.

    {"names": ["eyeBlinkLeft", …], "frames": [{"weights": [0.02, …], "time": 0.016}, …]}
    [{"timestamp": 0.016, "blendShapes": {"eyeBlink_L": 0.02, …}}, …]

Times (`time` or `timestamp`) are in seconds. Channels are matched by name: upper and lower case are
alike, and so are `eyeBlinkLeft`, `eyeBlink_L` and `eye_blink_left`. A channel that is absent or
null is NaN: not captured. MediaPipe's `_neutral`, which is no channel, is skipped.

Source: BEAT (Liu et al. 2022) for the first shape.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from ..headset.clock import NS_PER_S
from ..headset.errors import RecordingError
from ..headset.names import ARKIT, ARKIT_INDEX
from .streams import Floats, Times, Truth
from .take import LARGEST_WEIGHT, Take, read_bounded

TRACKER: Final = "ARKit (JSON)"

_NOT_A_CHANNEL: Final = -1
_KNOWN: Final = {name.casefold(): index for name, index in ARKIT_INDEX.items()} | {
    "neutral": _NOT_A_CHANNEL
}
_SIDE: Final = re.compile(r"_([lr])$", re.IGNORECASE)
_LATEST_S: Final = 9e9  # int64 nanoseconds end at 9.2e9 s; seconds since 1970 are 2e9


class _Timed(msgspec.Struct, kw_only=True):
    time: float | None = None
    timestamp: float | None = None


class _Row(_Timed, kw_only=True):
    weights: list[float | None]


class _Table(msgspec.Struct, kw_only=True):
    names: list[str]
    frames: list[_Row]


class _Named(_Timed, kw_only=True):
    # `blendShapes` is Apple's spelling, `blendshapes` that of many exporters.
    shapes: dict[str, float | None] | None = msgspec.field(name="blendShapes", default=None)
    shapes_lower: dict[str, float | None] | None = msgspec.field(name="blendshapes", default=None)


_DECODER: Final = msgspec.json.Decoder(_Table | list[_Named])


def read(path: Path) -> Take:
    """Return a take.

    Raises:
        RecordingError: The file cannot be read or is not of either shape; the message says where.
    """
    try:
        content = _DECODER.decode(read_bounded(path))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        raise RecordingError(
            f"{path}: {cause}: this reads {{names, frames}} or a list of {{time, blendShapes}}"
        ) from cause
    frames = content.frames if isinstance(content, _Table) else content
    if not frames:
        raise RecordingError(f"{path}: has no frames: export the take again")
    time_ns = _times(path, frames)
    arkit = _of_table(path, content) if isinstance(content, _Table) else _of_named(path, content)
    wrong = ~np.isnan(arkit) & ~((arkit >= 0.0) & (arkit <= LARGEST_WEIGHT))
    if wrong.any():
        at, channel = (int(index[0]) for index in np.nonzero(wrong))
        raise RecordingError(
            f"{path}: frame {at}, channel {ARKIT[channel]}: {arkit[at, channel]:g} is no weight "
            "(0 to about 1): divide percentages by 100, or remove the frame"
        )
    kept = ~np.isnan(arkit).all(axis=1)
    if not kept.any():
        raise RecordingError(f"{path}: no frame has weights: export the take again")
    return Take(
        file=path.name,
        tracker=TRACKER,
        omitted=int(np.count_nonzero(~kept)),
        truth=Truth(time_ns=time_ns[kept], arkit=arkit[kept]),
    )


def _channels(path: Path, names: Iterable[str]) -> list[int]:
    """Return each name's place in ARKit's order, or -1 for what is no channel."""
    places: list[int] = []
    for name in names:
        full = _SIDE.sub(lambda side: "Left" if side[1] in "lL" else "Right", name)
        place = _KNOWN.get(full.replace("_", "").casefold())
        if place is None:
            raise RecordingError(
                f"{path}: channel {name[:40]!r} is not one of ARKit's 52: rename or remove it"
            )
        if place in places:
            raise RecordingError(f"{path}: channel {name[:40]!r} is named twice: keep one")
        places.append(place)
    return places


def _of_table(path: Path, table: _Table) -> Floats:
    channels = _channels(path, table.names)
    for at, frame in enumerate(table.frames):
        if len(frame.weights) not in (0, len(channels)):  # none at all: the face was lost
            raise RecordingError(
                f"{path}: frame {at}: {len(frame.weights)} weights for {len(channels)} names: "
                "remove the frame or export the take again"
            )
    lost = [None] * len(channels)
    weights = np.array([frame.weights or lost for frame in table.frames], np.float64)
    arkit = np.full((len(table.frames), len(ARKIT)), np.nan)
    shapes = [at for at, channel in enumerate(channels) if channel != _NOT_A_CHANNEL]
    arkit[:, [channels[at] for at in shapes]] = weights[:, shapes]
    return arkit


def _of_named(path: Path, frames: Sequence[_Named]) -> Floats:
    arkit = np.full((len(frames), len(ARKIT)), np.nan)
    known: dict[tuple[str, ...], list[int]] = {}  # frames of one file name the same channels
    for at, frame in enumerate(frames):
        shapes = frame.shapes if frame.shapes is not None else frame.shapes_lower
        if shapes is None:
            raise RecordingError(f"{path}: frame {at}: no blendShapes: remove the frame")
        names = tuple(shapes)
        if names not in known:
            known = {names: _channels(path, names)}
        for channel, value in zip(known[names], shapes.values(), strict=True):
            if channel != _NOT_A_CHANNEL and value is not None:
                arkit[at, channel] = value
    return arkit


def _times(path: Path, frames: Sequence[_Timed]) -> Times:
    time_s = np.empty(len(frames))
    for at, frame in enumerate(frames):
        value = frame.time if frame.time is not None else frame.timestamp
        if value is None:
            raise RecordingError(f"{path}: frame {at}: no time: add `time` in seconds")
        if not (math.isfinite(value) and 0.0 <= value < _LATEST_S):
            raise RecordingError(f"{path}: frame {at}: time {value:g} s: must be 0 or more seconds")
        time_s[at] = value
    time_ns = np.round(time_s * NS_PER_S).astype(np.int64)
    late = np.flatnonzero(np.diff(time_ns) <= 0)
    if late.size:
        raise RecordingError(
            f"{path}: frame {int(late[0]) + 1}: not later than the frame before: "
            "remove it, or import the takes it was joined from"
        )
    return time_ns
