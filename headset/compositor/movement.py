"""What moves an avatar, and how strongly a face plays it.

The default head has ARKit's targets and nothing else; what comes from a file has clips with rules of
their own. To the GPU, and to the CPU that stands in for it, both are rows of sparse displacements and
one weight for each.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..names import ARKIT, CHANNELS
from .avatar import Avatar, Floats32

Floats = NDArray[np.floating]
Indices = NDArray[np.uint32]

HIGHEST_WEIGHT: Final = 1.2
"""Captures reach 1.08; beyond this a mesh tears."""

_ARKIT: Final = len(ARKIT)


def clipped(weights: Floats, out: Floats32) -> Floats32:
    """Write weights to `out` as drawn: NaN is rest, the range 0 to `HIGHEST_WEIGHT`."""
    np.fmax(weights, 0.0, out=out, casting="same_kind")  # of NaN and 0, fmax takes 0
    return np.minimum(out, HIGHEST_WEIGHT, out=out)


class Movements:
    """M rows of displacements.

    Attributes:
        starts: Shape (M + 1,): row m moves the vertices `index[starts[m] : starts[m + 1]]`.
        index: Shape (E,), vertices, each once within a row.
        delta: Shape (E, 3), displacements at weight 1, metres.
        limit: Shape (M,), the highest weight a face can give; 0 where no face plays a row.
    """

    def __init__(self, avatar: Avatar) -> None:
        """Gather an avatar's clips, or else its targets, a row for each of ARKit's names."""
        self._clips = avatar.clips
        self.starts: Indices
        if avatar.clips is None:
            rows = [avatar.targets.get(name) for name in ARKIT]
            sizes = [0 if row is None else row.index.size for row in rows]
            self.starts = np.cumsum([0, *sizes]).astype(np.uint32)
            moved = [row for row in rows if row is not None]
            self.index = np.concatenate([np.zeros(0, np.uint32), *(row.index for row in moved)])
            self.delta = np.concatenate(
                [np.zeros((0, 3), np.float32), *(row.delta for row in moved)]
            )
            self.limit = np.full(_ARKIT, HIGHEST_WEIGHT, np.float32)
        else:
            self.starts, self.index = avatar.clips.starts, avatar.clips.index
            self.delta = avatar.clips.delta
            self.limit = np.where(avatar.clips.drive.any(axis=1), avatar.clips.limit, 0.0)
            from .avatars.drive import arkit_drive

            self._by_arkit = arkit_drive(avatar.clips)
        self._drawn = np.zeros(len(self.limit), np.float32)
        self._face = np.zeros(len(CHANNELS), np.float32)

    def __len__(self) -> int:
        """Return M."""
        return len(self.limit)

    def played(self, face: Floats) -> Floats32:
        """Return how strongly each row plays (M,); overwritten by the next call.

        Args:
            face: Shape (52,), ARKit order, or (140,), that of `names.CHANNELS`; NaN is rest.
        """
        if self._clips is None:
            return clipped(face[:_ARKIT], self._drawn)
        shown = self._face[: len(face)]
        np.copyto(shown, face, casting="same_kind")
        shown[np.isnan(shown)] = 0.0
        # ARKit's channels alone say of the others what they can.
        drive = self._clips.drive if len(face) > _ARKIT else self._by_arkit
        np.matmul(drive, shown, out=self._drawn)
        self._drawn[:] = self._clips.ruled(self._drawn)
        return self._drawn

    def entries_by_row(self) -> NDArray[np.uint32]:
        """Return the row (E,) that each entry is of."""
        sizes = np.diff(self.starts.astype(np.int64))
        return np.repeat(np.arange(len(self), dtype=np.uint32), sizes)
