"""What a run tells of itself at its end."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..headset.clock import seconds
from ..headset.frame import Health
from .logbook import LOG
from .status import as_json

if TYPE_CHECKING:
    from ..reconstruct.pipeline import Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run did.

    Attributes:
        counts: Of its loop.
        rows: How each part was doing at its end.
        calibration: How the wearer was calibrated, in words.
        runs_on: What the model runs on, and why, in words.
        undrawn: Why nothing was drawn that should have been, empty where all is well.
        unfilmed: Why the film ended early, likewise.
        films: Where films went, if anything was seen.
        avatar_notes: What is odd about the avatar.
    """

    counts: Counts
    rows: Mapping[str, Health]
    calibration: str
    runs_on: str
    undrawn: str = ""
    unfilmed: str = ""
    films: tuple[Path, ...] = ()
    avatar_notes: tuple[str, ...] = ()


def summarise(options: argparse.Namespace, ran: Ran) -> None:
    """Print it, and log it; once all files are whole."""
    counts, rows = ran.counts, ran.rows
    duration_s = seconds(counts.duration_ns)
    rate_hz = (counts.frames - 1) / duration_s if duration_s > 0 else 0.0
    dropped = {name: health.dropped for name, health in rows.items() if health.dropped}
    lost = "".join(f", {count} dropped {name}" for name, count in dropped.items())
    text = f"{counts.frames} faces in {duration_s:.1f} s, {rate_hz:.1f} a second{lost}"
    text = f"{text}; {ran.calibration}"
    if ran.undrawn:
        text = f"{text}; nothing was drawn: {ran.undrawn}"
    if ran.unfilmed:
        text = f"{text}; the film ended early: {ran.unfilmed}"
    LOG.info("%s", text)
    asked: list[Path | None] = [options.record, options.bundle, *ran.films]
    wrote = [str(path) for path in asked if path is not None and path.exists()]
    if options.json:
        summary = {
            "faces": counts.frames,
            "duration_s": round(duration_s, 3),
            "rate_hz": round(rate_hz, 2),
            "calibration": ran.calibration,
            "runs_on": ran.runs_on,
            "avatar_notes": ran.avatar_notes,
            "undrawn": ran.undrawn,
            "unfilmed": ran.unfilmed,
            "wrote": wrote,
            "parts": as_json(rows),
        }
        print(json.dumps(summary))
        return
    for path in wrote:
        print(f"wrote {path}")
    print(text)
