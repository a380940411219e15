"""Recordings as rows on the disk, so that training streams windows and never holds a whole take.

One recording becomes one shard: `KEY.npy`, float32 rows that are mapped, not read, and `KEY.json`,
what is known of them, written last. KEY is the SHA-256 of the recording's bytes and of how the rows
were made, so a shard that is there is the right one.

Unlike `sheets.sheet`, a row here may lack truth in some channels (NaN: no target) or in all (it
still moves the network's state).
"""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...datasets.recording import Recording
from ...datasets.store import load
from ...headset.clock import NS_PER_S
from ...headset.errors import ModelError, RecordingError
from ...headset.files import replacing
from ...headset.frame import EVENTS
from ...headset.names import ARKIT, ARKIT_INDEX
from ..events import EVENT_CHANNELS, under_way
from ..fit.sheets import fingerprint, seen
from ..pipeline import GAP_NS

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]

FACE: Final = len(ARKIT)
WIDTH: Final = 4 * FACE + len(EVENTS)
"""Columns of a row: observed, mask, age_s and truth (52 each), then whether each event is under way."""

_LAYOUT: Final = 2


class Shard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of one recording's rows.

    Attributes:
        key: Names its files, and stands for the recording's bytes.
        name: Where it came from, for messages.
        person: Whose face.
        licence: What allows its use.
        take: SHA-256 of its truth (`sheets.fingerprint`).
        rows: How many.
        rate_hz: Rows a second.
        judged_from: First row after the wearer's calibration.
        segments: (first, end) rows without a hole in time; the network starts anew at each.
        anchors: The wearer's rest and reach (176,), 0 where not known.
        anchor_mask: 1 where known.
        motion: Mean size of true motion, so that a grimacer does not outweigh a talker.
    """

    key: str
    name: str
    person: str
    licence: str
    take: str
    rows: int
    rate_hz: float
    judged_from: int
    segments: tuple[tuple[int, int], ...]
    anchors: tuple[float, ...]
    anchor_mask: tuple[float, ...]
    motion: float


def shard_key(path: Path, calibration_s: float) -> str:
    """Return the key of a recording's shard.

    Raises:
        RecordingError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
    except OSError as cause:
        raise RecordingError(f"{path}: cannot be read ({cause.strerror}): name another") from cause
    digest.update(f"{_LAYOUT} {calibration_s!r}".encode())
    return digest.hexdigest()


def prepare(path: Path, folder: Path, *, calibration_s: float) -> None:
    """Make a recording's shard, unless it is there.

    Raises:
        RecordingError: No truth, no person, no sensors, or nothing true after calibration.
        ModelError: The folder cannot be written.
    """
    key = shard_key(path, calibration_s)
    if (folder / f"{key}.json").is_file():
        return
    rows, shard = _rows(key, path.stem, load(path), calibration_s)
    with replacing(folder / f"{key}.npy", ModelError) as draft, draft.open("wb") as file:
        np.save(file, rows, allow_pickle=False)
    with replacing(folder / f"{key}.json", ModelError) as draft:
        draft.write_bytes(msgspec.json.encode(shard))


def read_shard(path: Path, folder: Path, *, calibration_s: float) -> Shard:
    """Return what is known of a recording's prepared shard.

    Raises:
        ModelError: It is missing or damaged.
    """
    place = folder / f"{shard_key(path, calibration_s)}.json"
    try:
        return msgspec.json.decode(place.read_bytes(), type=Shard)
    except (OSError, msgspec.DecodeError) as cause:
        raise ModelError(f"{place}: cannot be read ({cause}): remove it and train again") from cause


def rows_of(shard: Shard, folder: Path) -> Floats32:
    """Return a shard's rows (rows, WIDTH), mapped: only what is touched is read.

    Raises:
        ModelError: The file is missing or not of this shard.
    """
    place = folder / f"{shard.key}.npy"
    try:
        rows = np.load(place, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as cause:
        raise ModelError(f"{place}: cannot be read ({cause}): remove it and train again") from cause
    if rows.shape != (shard.rows, WIDTH) or rows.dtype != np.float32:
        raise ModelError(f"{place}: holds other rows than {shard.name}: remove it and train again")
    return rows


def _rows(
    key: str, name: str, recording: Recording, calibration_s: float
) -> tuple[Floats32, Shard]:
    found = seen(name, recording, calibration_s=calibration_s)
    truth, time_ns, count = recording.truth, found.time_ns, len(found.time_ns)
    judged_from = int(np.searchsorted(time_ns, found.calibrated_until_ns, side="right"))
    true = found.closest >= 0
    beside = found.closest[true]
    if truth is None or not (np.isfinite(found.truth).any() and true[judged_from:].any()):
        raise RecordingError(
            f"{name}: no frame with a truth after the {calibration_s:g} s of calibration: "
            "name a longer take, or calibrate from less"
        )
    rows = np.full((count, WIDTH), np.nan, dtype=np.float32)
    rows[:, : 3 * FACE] = found.rows.reshape(count, 3 * FACE)
    rows[true, 3 * FACE : 4 * FACE] = found.truth[beside]
    rows[true, 4 * FACE :] = _events(found.truth)[beside]
    holes = np.flatnonzero(np.diff(time_ns) > GAP_NS) + 1
    edges = [0, *holes.tolist(), count]
    anchors = np.concatenate([found.profile.rest, found.profile.reach])
    known = np.isfinite(anchors)
    return rows, Shard(
        key=key,
        name=name,
        person=recording.about.person,
        licence=recording.about.basis.words,
        take=fingerprint(truth),
        rows=count,
        rate_hz=float(NS_PER_S / np.median(np.diff(time_ns))),
        judged_from=judged_from,
        segments=tuple(itertools.pairwise(edges)),
        anchors=tuple(np.where(known, anchors, 0.0).tolist()),
        anchor_mask=tuple(known.astype(float).tolist()),
        motion=float(np.nanmean(np.abs(found.truth))),
    )


def _events(truth: Floats) -> Floats:
    """Return whether each event is under way, (T, 6); NaN where a channel may hide it."""
    told = [[ARKIT_INDEX[name] for name in EVENT_CHANNELS[event]] for event in EVENTS]
    known = np.stack([np.isfinite(truth[:, channels]).all(axis=1) for channels in told], axis=1)
    happens = under_way(truth)
    return np.where(happens | known, happens, np.nan)
