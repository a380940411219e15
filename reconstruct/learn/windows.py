"""Which rows a step learns from: every row of the training people once an epoch, in a seeded order.

A rank takes every n-th window of a step, so a step sees the same windows however many ranks there
are. What is drawn for a window depends on the seed, the epoch and the window alone: a run that is
resumed, or spread over more machines, draws the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .augment import vary
from .options import Options
from .shards import FACE, WIDTH, Shard, rows_of

Floats32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Window:
    """Rows `first` to `end` of a shard, seen from `lead` on."""

    shard: int
    lead: int
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Batch:
    """B windows side by side, padded to T rows.

    Attributes:
        rows: Shape (B, T, WIDTH), 0 with NaN truth in the padding.
        judged: Shape (B, T), whether a row is learnt from.
        weight: Shape (B,), how much each window counts.
        anchors: Shape (B, 176).
        anchor_mask: Shape (B, 176).
        shard: Shape (B,), where each is from.
    """

    rows: Floats32
    judged: NDArray[np.bool_]
    weight: Floats32
    anchors: Floats32
    anchor_mask: Floats32
    shard: NDArray[np.intp]


def cut(shards: Sequence[Shard], options: Options, *, judged_alone: bool = False) -> list[Window]:
    """Cut shards into windows that share no row but their lead.

    Args:
        shards: Of the people in question.
        options: Length and lead.
        judged_alone: Whether the wearer's calibration is left out.
    """
    return [
        Window(
            i, max(start, first - options.lead_rows), first, min(end, first + options.window_rows)
        )
        for i, shard in enumerate(shards)
        for start, end in shard.segments
        for first in range(
            max(start, shard.judged_from) if judged_alone else start, end, options.window_rows
        )
    ]


def shuffled(count: int, options: Options, epoch: int) -> list[int]:
    """Return the order of an epoch's windows."""
    return np.random.default_rng([options.seed, epoch]).permutation(count).tolist()


class Loader:
    """Reads and pads batches of windows from mapped shards."""

    def __init__(self, shards: Sequence[Shard], folder: Path, options: Options) -> None:
        self.shards = shards
        self._rows = [rows_of(shard, folder) for shard in shards]
        self._options = options

    def batches(
        self,
        windows: Sequence[Window],
        order: Sequence[int],
        *,
        rank: int,
        ranks: int,
        epoch: int | None = None,
    ) -> Iterator[Batch | None]:
        """Yield a rank's part of every step; None where it has none in one.

        Args:
            windows: All of them.
            order: Their order.
            rank: Which rank asks.
            ranks: Of how many.
            epoch: Decides with the seed how windows are varied; None leaves them as they are.
        """
        size = self._options.batch_windows
        for start in range(0, len(order), size):
            mine = order[start : start + size][rank::ranks]
            yield self._batch(windows, mine, epoch) if mine else None

    def _batch(self, windows: Sequence[Window], mine: Sequence[int], epoch: int | None) -> Batch:
        parts = [self._part(windows[i], i, epoch) for i in mine]
        longest = max(len(rows) for rows, _ in parts)
        padded = np.zeros((len(parts), longest, WIDTH), dtype=np.float32)
        padded[:, :, 3 * FACE :] = np.nan
        judged = np.zeros((len(parts), longest), dtype=np.bool_)
        for rows, into, (part, lead) in zip(padded, judged, parts, strict=True):
            rows[: len(part)] = part
            into[lead : len(part)] = True
        shards = [self.shards[windows[i].shard] for i in mine]
        lengths = np.array([windows[i].end - windows[i].first for i in mine])
        motion = np.array([shard.motion for shard in shards])
        return Batch(
            rows=padded,
            judged=judged,
            weight=np.asarray(lengths / (motion + 0.01), dtype=np.float32),
            anchors=np.array([shard.anchors for shard in shards], dtype=np.float32),
            anchor_mask=np.array([shard.anchor_mask for shard in shards], dtype=np.float32),
            shard=np.array([windows[i].shard for i in mine], dtype=np.intp),
        )

    def _part(self, window: Window, index: int, epoch: int | None) -> tuple[Floats32, int]:
        """Return a window's rows and how many of them are its lead."""
        rows = np.array(self._rows[window.shard][window.lead : window.end])
        lead = window.first - window.lead
        if epoch is None or not self._options.augment:
            return rows, lead
        rng = np.random.default_rng([self._options.seed, epoch, index])
        varied, pace = vary(rows, self.shards[window.shard].rate_hz, rng)
        return varied, min(round(lead / pace), len(varied) - 1)
