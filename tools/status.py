"""How a run is doing: a live table on a terminal, lines elsewhere, state changes in the log."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from threading import Event, Thread
from types import TracebackType
from typing import Final, Literal, Self

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from ..headset.clock import now_ns
from ..headset.frame import Face, Health, SensorFrame
from ..headset.meter import Meter
from .logbook import LOG

EVERY_S: Final = 1.0
_DRAWN_HZ: Final = 4
_COLOURS: Final = {"waiting": "yellow", "live": "green", "lost": "red", "off": "dim"}

View = Literal["table", "lines", "json", "none"]
Rows = Callable[[], Mapping[str, Health]]


class Pulse:
    """A `Sink` that only counts: how many faces a second the loop gives.

    Named last, it is closed before the other sinks: what they were like while all ran is kept then.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._meter = Meter()
        self.final: Mapping[str, Health] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self.final = self._rows()

    def put(self, frame: SensorFrame, face: Face) -> None:  # noqa: ARG002
        """Count one face."""
        self._meter.tick(now_ns())

    def health(self) -> Health:
        """Return the loop's rate."""
        return self._meter.health()


def as_json(rows: Mapping[str, Health]) -> dict[str, dict[str, object]]:
    """Return states as JSON has them: a missing age is null."""
    plain = {name: asdict(health) for name, health in rows.items()}
    for row in plain.values():
        row["age_s"] = None if math.isnan(row["age_s"]) else round(row["age_s"], 4)
        row["rate_hz"] = round(row["rate_hz"], 2)
    return plain


def line(name: str, health: Health) -> str:
    """Return one state as one line of plain text."""
    parts = [f"{name}: {health.state}", f"{health.rate_hz:.1f} Hz"]
    if not math.isnan(health.age_s):
        parts.append(f"age {1000 * health.age_s:.0f} ms")
    if health.dropped:
        parts.append(f"{health.dropped} dropped")
    parts += [text for text in (health.note, health.remedy) if text]
    return ", ".join(parts)


def table(rows: Mapping[str, Health]) -> Table:
    """Return states as a table."""
    drawn = Table("", "state", "rate", "age", "drops", "note", "what to do", box=None)
    for name, health in rows.items():
        age = "" if math.isnan(health.age_s) else f"{1000 * health.age_s:.0f} ms"
        colour = _COLOURS[health.state]
        drawn.add_row(
            escape(name),
            f"[{colour}]{health.state}[/]",
            f"{health.rate_hz:.1f} Hz",
            age,
            str(health.dropped),
            escape(health.note),
            escape(health.remedy),
        )
    return drawn


@dataclass
class _Watcher:
    """Looks at the states each second: prints them where asked, logs what changed."""

    rows: Rows
    view: View
    stop: Event

    def watch(self) -> None:
        known: dict[str, str] = {}
        while not self.stop.wait(EVERY_S):
            rows = self.rows()
            for name, health in rows.items():
                if known.get(name) != health.state:
                    LOG.info("%s", line(name, health))
                    known[name] = health.state
            if self.view == "json":
                print(json.dumps(as_json(rows)), flush=True)
            elif self.view == "lines":
                print(" | ".join(line(*row) for row in rows.items()), flush=True)


@contextmanager
def watched(rows: Rows, view: View) -> Generator[None]:
    """Show states meanwhile.

    Args:
        rows: Gives every source's and sink's state, from any thread.
        view: `table` (a terminal), `lines`, `json` (a line a second), or `none` (the log alone).
    """
    stop = Event()
    watcher = Thread(target=_Watcher(rows, view, stop).watch, daemon=True, name="status")
    watcher.start()
    try:
        if view == "table":
            with Live(
                console=Console(),
                get_renderable=lambda: table(rows()),
                refresh_per_second=_DRAWN_HZ,
            ):
                yield
        else:
            yield
    finally:
        stop.set()
        watcher.join()
