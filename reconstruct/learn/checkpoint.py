"""A training run on the disk: numbers by name and one JSON header, in an .npz without pickle."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...headset.errors import ModelError
from ...headset.files import replacing
from .options import Options

Arrays = dict[str, NDArray[np.float32]]

LARGEST_BYTES: Final = 256 << 20
_HEADER: Final = "header"


class Epoch(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the curve.

    Attributes:
        epoch: 0 is before any training: the closed form.
        loss: Mean cost of the training windows as they were varied; NaN (null) at 0.
        held_out: The score of `judging`, on the people held out.
        best: Whether it is the best so far.
    """

    epoch: int
    loss: float | None
    held_out: float
    best: bool


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a run is, and how far it has come.

    Attributes:
        version: Of the layout; another is refused.
        options: What it was told.
        keys: Of the shards: the SHA-256 of every recording, in order.
        curve: So far.
        steps: Of the optimiser.
    """

    version: Literal[1] = 1
    options: Options
    keys: tuple[str, ...]
    curve: tuple[Epoch, ...]
    steps: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A run after an epoch.

    Attributes:
        header: What it is.
        arrays: `last/NAME`, `best/NAME`: weights and buffers; `mean/NAME`, `square/NAME`: AdamW's;
            `closed/FIELD`: the closed form's.
    """

    header: Header
    arrays: Arrays

    def under(self, word: str) -> Arrays:
        """Return the arrays whose name starts with `word/`, without it."""
        return {
            name.removeprefix(f"{word}/"): array
            for name, array in self.arrays.items()
            if name.startswith(f"{word}/")
        }


def together(parts: Mapping[str, Arrays]) -> Arrays:
    """Return arrays of several words under one roof: the opposite of `Checkpoint.under`."""
    return {f"{word}/{name}": a for word, arrays in parts.items() for name, a in arrays.items()}


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, whole or not at all.

    Raises:
        ModelError: The place cannot be written.
    """
    header = np.frombuffer(msgspec.json.encode(checkpoint.header), dtype=np.uint8)
    arrays: dict[str, NDArray[np.float32] | NDArray[np.uint8]] = {
        _HEADER: header,
        **checkpoint.arrays,
    }
    with replacing(path, ModelError) as draft, zipfile.ZipFile(draft, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def read(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        ModelError: Missing, damaged or not one of ours.
    """
    remedy = "train without --resume"
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > LARGEST_BYTES:
                raise ModelError(f"{path}: too large for a checkpoint: {remedy}")
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: np.asarray(archive[name]) for name in archive.files}
        header = msgspec.json.decode(arrays.pop(_HEADER).tobytes(), type=Header)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as cause:
        raise ModelError(f"{path}: no checkpoint ({cause}): {remedy}") from cause
    if strange := [name for name, array in arrays.items() if array.dtype != np.float32]:
        raise ModelError(f"{path}: {strange[0]} is not float32: {remedy}")
    return Checkpoint(header, arrays)
