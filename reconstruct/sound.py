"""What was heard up to an instant, and of which parts of the face it may tell.

`Sound` takes blocks as they come, of any sample rate, and gives rows (`sound_rows.py`), one each 10 ms,
each of nothing later than its own time. Where sound is missing, rows are; nothing is held.

Of the mouth sound tells much, of brows and eyes next to nothing (FIDELITY, SCIENCE 1.2). So it speaks
for the mouth alone, unless it is let.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..headset.clock import NS_PER_MS, NS_PER_S, seconds
from ..headset.errors import ModelError
from ..headset.frame import AudioBlock
from ..headset.names import ARKIT, BROW_5, MOUTH_28
from .sound_rows import COLUMNS, WINDOW_S, rows_of

Floats = NDArray[np.float64]

HOP_S: Final = 0.010
"""From one row to the next."""

KEPT_S: Final = 2.0
"""How far back rows are kept; a model looks back 0.8 s (SCIENCE 9.2)."""

STALE_NS: Final = 250 * NS_PER_MS
"""The newest row tells of now while no older than this; a block of 20 ms comes some 50 ms late."""

REGIONS: Final[dict[str, tuple[str, ...]]] = {
    "mouth": MOUTH_28,
    "cheeks": tuple(name for name in ARKIT if name.startswith(("cheek", "nose"))),
    "brows": BROW_5,
    "eyes": tuple(name for name in ARKIT if name.startswith("eye")),
}
"""Of the face; each ARKit channel is in one."""

_RATES_HZ: Final = range(8000, 192_001)
_HOP_NS: Final = round(HOP_S * NS_PER_S)
_UNBROKEN_NS: Final = 5 * NS_PER_MS  # stamps of blocks that follow on each other are far better
_AT_ONCE: Final = 64  # rows: bounds what a long block takes


def spoken_for(regions: Collection[str] = ("mouth",)) -> NDArray[np.bool_]:
    """Return the ARKit channels that sound may speak for, shape (52,).

    Args:
        regions: Of `REGIONS`; none of them where sound is switched off.

    Raises:
        ModelError: No such region.
    """
    for region in regions:
        if region not in REGIONS:
            raise ModelError(f"sound: no region {region}: choose from {', '.join(REGIONS)}")
    allowed = {name for region in regions for name in REGIONS[region]}
    return np.array([name in allowed for name in ARKIT])


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What was heard up to an instant.

    Attributes:
        rows: Shape (T, 43), `COLUMNS`, one each `HOP_S`, the newest last; NaN where missing.
        age_s: How long before the instant the newest row's sound ended, NaN where there is none.
    """

    rows: Floats
    age_s: float


class Sound:
    """Keeps the last seconds of rows."""

    def __init__(self, *, pitch: bool = True, kept_s: float = KEPT_S) -> None:
        """Say what of it is wanted.

        Args:
            pitch: Whether it is looked for, which costs as much again.
            kept_s: How far back rows are kept.
        """
        self._pitch, self._kept = pitch, round(kept_s / HOP_S)
        self.reset()

    def reset(self) -> None:
        """Forget the past."""
        self._times_ns = np.zeros(0, np.int64)
        self._rows = np.zeros((0, len(COLUMNS)))
        self._begin(0)

    def hear(self, blocks: Sequence[AudioBlock]) -> None:
        """Take blocks, oldest first; after a gap, a step back or at another rate it starts afresh.

        A block of no samples, or of a rate that no microphone has, is passed over.
        """
        for block in blocks:
            rate_hz = block.sample_rate_hz
            if rate_hz not in _RATES_HZ or not len(block.samples):
                continue
            broken = rate_hz != self._rate_hz or (
                abs(block.time_ns - self._start_ns - self._span_ns(len(self._samples)))
                > _UNBROKEN_NS
            )
            if broken:
                self._begin(rate_hz)
            self._start_ns = block.time_ns - self._span_ns(len(self._samples))
            self._samples = np.concatenate([self._samples, block.samples])
            self._add_rows()

    def heard(self, at_ns: int, rows: int = 1) -> Heard:
        """Return the newest rows at an instant.

        Args:
            at_ns: Nothing that ended later is used; host clock.
            rows: How many, `HOP_S` apart.
        """
        nothing = np.full((rows, len(COLUMNS)), np.nan)
        newest = int(np.searchsorted(self._times_ns, at_ns, side="right")) - 1
        if newest < 0 or at_ns - self._times_ns[newest] > STALE_NS:
            return Heard(rows=nothing, age_s=float("nan"))
        newest_ns = int(self._times_ns[newest])
        wanted_ns = newest_ns - _HOP_NS * np.arange(rows)[::-1]
        nearest = np.searchsorted(self._times_ns, wanted_ns - _HOP_NS // 2)
        known = np.abs(self._times_ns[nearest] - wanted_ns) <= _HOP_NS // 2
        nothing[known] = self._rows[nearest[known]]
        return Heard(rows=nothing, age_s=seconds(at_ns - newest_ns))

    def _begin(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._samples = np.zeros(0, np.float32)  # not yet done with
        self._start_ns = 0  # when the first of these was true
        self._skipped = 0  # how many came before them since sound was last broken
        self._made = 0  # how many rows were made of it

    def _span_ns(self, samples: int) -> int:
        return samples * NS_PER_S // self._rate_hz if self._rate_hz else 0

    def _starts(self, count: int) -> NDArray[np.intp]:
        """Return where the next rows' windows start in the samples at hand."""
        hops = self._made + np.arange(count)
        return np.rint(hops * HOP_S * self._rate_hz).astype(np.intp) - self._skipped

    def _add_rows(self) -> None:
        window = round(WINDOW_S * self._rate_hz)
        while True:
            starts = self._starts(_AT_ONCE)
            starts = starts[starts + window <= len(self._samples)]
            if not len(starts):
                break
            found = rows_of(
                self._samples[starts[:, None] + np.arange(window)], self._rate_hz, pitch=self._pitch
            )
            times_ns = self._start_ns + (starts + window) * NS_PER_S // self._rate_hz
            self._keep(times_ns.astype(np.int64), found)
            self._made += len(starts)
            if len(starts) < _AT_ONCE:
                break
        done = int(self._starts(1)[0])
        self._start_ns += self._span_ns(done)
        self._skipped += done
        self._samples = self._samples[done:].copy()

    def _keep(self, times_ns: NDArray[np.int64], rows: Floats) -> None:
        kept = self._kept
        # All there were, unless time stepped back.
        earlier = int(np.searchsorted(self._times_ns, int(times_ns[0])))
        begin = max(0, earlier + len(rows) - kept)
        self._times_ns = np.concatenate([self._times_ns[begin:earlier], times_ns[-kept:]])
        self._rows = np.concatenate([self._rows[begin:earlier], rows[-kept:]])
