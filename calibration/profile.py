"""What is true of one wearer, under one headset: the profile, and its file.

A profile is fitted from a few seconds of ordinary use (`fit.py`) and read by the reconstructor. It is
one JSON file a wearer can read, versioned, without pickle.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..headset.errors import CalibrationError
from ..headset.files import replacing
from ..headset.names import UNIFIED, UNIFIED_INDEX

Floats = NDArray[np.float64]

VERSION = 1
"""Of the file's layout; a newer one is refused by name, an older one is migrated."""

LARGEST_WEIGHT: Final = 10.0
"""Captures reach 1.08; a weight above this is no weight."""

_LARGEST_BYTES: Final = 1 << 20
"""A profile is some 6 kB; a file above this is something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One wearer's resting face and range.

    Attributes:
        rest: Shape (88,), Unified weights of the resting face as the tracker reports them, NaN where
            the tracker does not see.
        reach: Shape (88,), robust largest weight seen (99th percentile), NaN where not seen.
        openness_rest: Shape (2,), the tracker's openness when the lids are at rest, NaN if unsensed.
        gaze_rest_rad: Shape (2, 2), (yaw, pitch) of each eye's usual gaze, NaN if unsensed.
        seconds: How much of the wearer it was fitted from, not negative.
        quality: 0 (nothing known) to 1 (enough, and consistent).
        notes: Why a step was refused or what to do better; for the wearer to read.
    """

    rest: Floats
    reach: Floats
    openness_rest: Floats
    gaze_rest_rad: Floats
    seconds: float
    quality: float
    notes: tuple[str, ...] = ()


Pair = Annotated[tuple[float | None, float | None], "left, right"]


class _File(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The JSON file: one wearer's numbers by name, null or left out where not sensed."""

    format: str = "unvisor-profile"
    version: int = VERSION
    seconds: Annotated[float, msgspec.Meta(ge=0)]
    quality: Annotated[float, msgspec.Meta(ge=0, le=1)]
    notes: list[str] = []
    rest: dict[str, float]
    reach: dict[str, float]
    openness_rest: Pair
    gaze_rest_rad: tuple[Pair, Pair]


def save(path: Path, profile: Profile) -> None:
    """Write a profile as JSON, atomically, readable by its owner alone.

    Raises:
        CalibrationError: The place cannot be written.
    """
    file = _File(
        seconds=round(profile.seconds, 3),
        quality=round(profile.quality, 3),
        notes=list(profile.notes),
        rest=_by_name(profile.rest),
        reach=_by_name(profile.reach),
        openness_rest=_pair(profile.openness_rest),
        gaze_rest_rad=(_pair(profile.gaze_rest_rad[0]), _pair(profile.gaze_rest_rad[1])),
    )
    text = json.dumps(msgspec.to_builtins(file), indent=2) + "\n"
    with replacing(path, CalibrationError) as draft:
        draft.write_text(text, encoding="utf-8")


def load(path: Path) -> Profile:
    """Read a profile.

    Raises:
        CalibrationError: Missing, not a profile, of a newer version, or holding nonsense.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise CalibrationError(f"{path}: too large for a profile: calibrate again")
        content = path.read_bytes()
    except OSError as cause:
        raise CalibrationError(
            f"{path}: cannot be read ({cause.strerror}): calibrate with `unvisor calibrate`"
        ) from cause
    return parse(path, content)


def parse(path: Path, content: bytes) -> Profile:
    """Return the profile in a file's bytes.

    Args:
        path: Where they came from, for messages.
        content: The whole file.

    Raises:
        CalibrationError: As `load`, but for a missing file.
    """
    _refuse_foreign(path, content)
    try:
        file = msgspec.json.decode(content, type=_File)
    except msgspec.DecodeError as cause:
        raise CalibrationError(f"{path}: damaged profile ({cause}): calibrate again") from cause
    return Profile(
        rest=_from_names(path, file.rest),
        reach=_from_names(path, file.reach),
        openness_rest=_array(file.openness_rest),
        gaze_rest_rad=np.stack([_array(eye) for eye in file.gaze_rest_rad]),
        seconds=file.seconds,
        quality=file.quality,
        notes=tuple(file.notes),
    )


def _refuse_foreign(path: Path, content: bytes) -> None:
    """Say what the file is, before saying what is wrong inside it."""
    try:
        head: Any = msgspec.json.decode(content)
    except msgspec.DecodeError as cause:
        raise CalibrationError(f"{path}: not a profile ({cause}): calibrate again") from cause
    if not isinstance(head, dict) or head.get("format") != "unvisor-profile":  # pyright: ignore[reportUnknownMemberType]
        raise CalibrationError(f"{path}: not an unvisor profile: name one that calibrate wrote")
    version: object = head.get("version")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if version != VERSION:
        raise CalibrationError(
            f"{path}: profile version {version}, this program reads {VERSION}: "
            "update unvisor or calibrate again"
        )


def _by_name(weights: Floats) -> dict[str, float]:
    return {
        name: round(value, 5)
        for name, value in zip(UNIFIED, weights.tolist(), strict=True)
        if math.isfinite(value)
    }


def _from_names(path: Path, weights: dict[str, float]) -> Floats:
    row = np.full(len(UNIFIED), np.nan)
    for name, value in weights.items():
        if name not in UNIFIED_INDEX:
            raise CalibrationError(f"{path}: unknown channel {name}: calibrate again")
        if not abs(value) <= LARGEST_WEIGHT:
            raise CalibrationError(f"{path}: {name} is {value:g}, no weight: calibrate again")
        row[UNIFIED_INDEX[name]] = value
    return row


def _pair(values: Floats) -> Pair:
    left, right = (round(value, 5) if math.isfinite(value) else None for value in values.tolist())
    return left, right


def _array(pair: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in pair])
