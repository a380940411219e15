"""A profile as JSON: one file that a wearer can read, versioned, bounded, without pickle.

What lasts stands under `person`, what changes each time the headset goes on under `donnings`. Parts
that nothing was fitted for are left out. Version 1, which had neither, is read and becomes version 2
when it is next written.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..headset.errors import CalibrationError
from ..headset.names import ARKIT, ARKIT_INDEX, UNIFIED, UNIFIED_INDEX
from .profile_layout import (
    LARGEST_WEIGHT,
    VERSION,
    DonningPart,
    FirstFile,
    PersonPart,
    ProfileFile,
    Weights,
)
from .profile_types import KEPT_DONNINGS, Donning, Profile, straight, unmixed

Floats = NDArray[np.float64]

LARGEST_BYTES: Final = 1 << 20
"""A profile is some 10 kB; a file above this is something else."""

LARGEST_CONDITION: Final = 10.0
"""An unmix above it makes noise of what it unmixes. Source: SCIENCE 2.2 (QFT+)."""

_PLACES: Final = 5  # of a weight or a radian: a thousandth of what any tracker tells apart

_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec says of bytes that are no JSON, no text, or nested without end."""


def written(profile: Profile) -> bytes:
    """Return a profile as the bytes of its file.

    Raises:
        CalibrationError: It holds what no file may: it could not be read again.
    """
    person = PersonPart(
        rest=_by_name(profile.rest, UNIFIED),
        reach=_by_name(profile.reach, UNIFIED),
        openness_rest=_listed(profile.openness_rest),
        gaze_rest_rad=_listed(profile.gaze_rest_rad),
        gaze_rest_sd_rad=_unless(profile.gaze_rest_sd_rad, np.full((2, 2), np.nan)),
        openness_shut=_unless(profile.openness_shut, np.zeros(2)),
        lids_unmix=_unless(profile.lids_unmix, unmixed()),
        cheeks_unmix=_unless(profile.cheeks_unmix, unmixed()),
        gaze_offset_rad=_unless(profile.gaze_offset_rad, np.zeros((2, 2))),
        gaze_matrix=_unless(profile.gaze_matrix, straight()),
        habit_offset=_by_name(profile.habit_offset, ARKIT, but=0.0),
        habit_gain=_by_name(profile.habit_gain, ARKIT, but=1.0),
    )
    file = ProfileFile(
        wearer=profile.wearer,
        headset=profile.headset,
        consent=profile.consent,
        made_utc=profile.made_utc,
        seconds=round(profile.seconds, 3),
        quality=round(profile.quality, 3),
        notes=list(profile.notes),
        person=person,
        donnings=[_written(donning) for donning in profile.donnings[-KEPT_DONNINGS:]],
    )
    content = (json.dumps(msgspec.to_builtins(file), indent=2) + "\n").encode()
    parse(Path("profile"), content)
    return content


def _written(donning: Donning) -> DonningPart:
    return DonningPart(
        utc=donning.utc,
        seconds=round(donning.seconds, 3),
        notes=list(donning.notes),
        rest_offset=_by_name(donning.rest_offset, UNIFIED, but=0.0),
        openness_ratio=_listed(donning.openness_ratio),
        gaze_offset_rad=_listed(donning.gaze_offset_rad),
        gaze_matrix=_unless(donning.gaze_matrix, straight()),
    )


def parse(path: Path, content: bytes) -> Profile:
    """Return the profile in a file's bytes, of this version or an older one.

    Args:
        path: Where they came from, for messages.
        content: The whole file.

    Raises:
        CalibrationError: Not a profile, of a newer version, or holding nonsense.
    """
    if len(content) > LARGEST_BYTES:
        raise CalibrationError(f"{path}: too large for a profile: calibrate again")
    version = _version(path, content)
    try:
        if version == 1:
            file = msgspec.json.decode(content, type=FirstFile).migrated()
        else:
            file = msgspec.json.decode(content, type=ProfileFile)
    except _UNREADABLE as cause:
        raise CalibrationError(
            f"{path}: damaged profile ({_short(cause)}): calibrate again"
        ) from cause
    person = file.person
    return Profile(
        rest=_from_names(path, person.rest, UNIFIED_INDEX, np.nan),
        reach=_from_names(path, person.reach, UNIFIED_INDEX, np.nan),
        openness_rest=_array(person.openness_rest),
        gaze_rest_rad=_array(person.gaze_rest_rad),
        seconds=file.seconds,
        quality=file.quality,
        notes=tuple(file.notes),
        gaze_rest_sd_rad=_or(person.gaze_rest_sd_rad, np.full((2, 2), np.nan)),
        openness_shut=_or(person.openness_shut, np.zeros(2)),
        lids_unmix=_sound(path, "lids_unmix", _or(person.lids_unmix, unmixed())),
        cheeks_unmix=_sound(path, "cheeks_unmix", _or(person.cheeks_unmix, unmixed())),
        gaze_offset_rad=np.nan_to_num(_or(person.gaze_offset_rad, np.zeros((2, 2)))),
        gaze_matrix=_upright(path, _or(person.gaze_matrix, straight())),
        habit_offset=_from_names(path, person.habit_offset, ARKIT_INDEX, 0.0),
        habit_gain=_from_names(path, person.habit_gain, ARKIT_INDEX, 1.0),
        donnings=tuple(_donning(path, donning) for donning in file.donnings),
        wearer=file.wearer,
        headset=file.headset,
        consent=file.consent,
        made_utc=file.made_utc,
    )


def _donning(path: Path, file: DonningPart) -> Donning:
    return Donning(
        utc=file.utc,
        rest_offset=_from_names(path, file.rest_offset, UNIFIED_INDEX, 0.0),
        openness_ratio=_array(file.openness_ratio),
        gaze_offset_rad=np.nan_to_num(_array(file.gaze_offset_rad)),
        gaze_matrix=_upright(path, _or(file.gaze_matrix, straight())),
        seconds=file.seconds,
        notes=tuple(file.notes),
    )


def _version(path: Path, content: bytes) -> int:
    """Say what the file is, before saying what is wrong inside it."""
    try:
        head: Any = msgspec.json.decode(content)
    except _UNREADABLE as cause:
        raise CalibrationError(
            f"{path}: not a profile ({_short(cause)}): calibrate again"
        ) from cause
    fields: Mapping[str, object] = {}
    if isinstance(head, dict):
        fields = cast("Mapping[str, object]", head)
    if fields.get("format") != "unvisor-profile":
        raise CalibrationError(f"{path}: not an unvisor profile: name one that calibrate wrote")
    version = fields.get("version")
    if isinstance(version, int) and 1 <= version <= VERSION and version is not True:
        return version
    raise CalibrationError(
        f"{path}: profile version {_short(version)}, this program reads up to {VERSION}: "
        "update unvisor or calibrate again"
    )


def _short(words: object) -> str:
    """Return what may hold a stranger's text as part of one line."""
    return str(words).encode("unicode_escape", "replace").decode("ascii")[:160]


def _sound(path: Path, name: str, matrix: Floats) -> Floats:
    if np.linalg.cond(matrix) < LARGEST_CONDITION:
        return matrix
    raise CalibrationError(f"{path}: {name} cannot be told apart: calibrate again")


def _upright(path: Path, matrices: Floats) -> Floats:
    """Refuse a gaze correction that no eye tracker needs."""
    off = np.abs(matrices - np.eye(2)).max()
    if off <= 0.5:
        return matrices
    raise CalibrationError(f"{path}: gaze_matrix is {off:.3g} off straight: calibrate again")


def _by_name(weights: Floats, names: Sequence[str], *, but: float = math.nan) -> dict[str, float]:
    """Return numbers by channel, leaving out NaN and those that say nothing (`but`)."""
    rounded = ((name, round(x, _PLACES)) for name, x in zip(names, weights.tolist(), strict=True))
    return {name: x for name, x in rounded if math.isfinite(x) and x != but}


def _from_names(path: Path, weights: Weights, index: Mapping[str, int], absent: float) -> Floats:
    row = np.full(len(index), absent)
    for name, value in weights.items():
        if name not in index:
            raise CalibrationError(f"{path}: unknown channel {_short(name)}: calibrate again")
        if not abs(value) <= LARGEST_WEIGHT:
            raise CalibrationError(f"{path}: {name} is {value:g}, no weight: calibrate again")
        row[index[name]] = value
    return row


def _listed(values: Floats) -> Any:
    """Return an array as nested tuples, None for NaN, as the structs have them."""
    if values.ndim > 1:
        return tuple(_listed(row) for row in values)
    return tuple(round(x, _PLACES) if math.isfinite(x) else None for x in values.tolist())


def _unless(values: Floats, same: Floats) -> Any:
    return None if np.array_equal(values, same, equal_nan=True) else _listed(values)


def _array(values: Sequence[Any]) -> Floats:
    return np.array(values, dtype=np.float64)  # None becomes NaN


def _or(values: Sequence[Any] | None, absent: Floats) -> Floats:
    return absent if values is None else _array(values)
