"""How a run is doing: a live table on a terminal, lines elsewhere, state changes in the log."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from threading import Event, Thread
from types import TracebackType
from typing import Final, Literal, Self

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ..headset.clock import now_ns
from ..headset.frame import Face, FrameSource, Health, SensorFrame
from ..headset.meter import Meter
from .logbook import LOG

EVERY_S: Final = 1.0
_DRAWN_HZ: Final = 4
_LINES: Final = 23  # of a terminal's 24: the last is the cursor's
_SILENT_ROWS: Final = 3
_COLOURS: Final = {"waiting": "yellow", "live": "green", "lost": "red", "off": "dim"}

View = Literal["table", "lines", "json", "none"]
Rows = Callable[[], Mapping[str, Health]]


class Pulse:
    """A `Sink` that only counts: how many faces a second the loop gives."""

    def __init__(self, note: str = "") -> None:
        """Prepare.

        Args:
            note: What else is to be known of the loop.
        """
        self._meter, self._note = Meter(), note

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        return

    def put(self, frame: SensorFrame, face: Face) -> None:  # noqa: ARG002
        """Count one face."""
        self._meter.tick(now_ns())

    def health(self) -> Health:
        """Return the loop's rate."""
        return self._meter.health(note=self._note)


class Remembered:
    """A `FrameSource` around another that keeps the states as they are just before it closes.

    Sources close before sinks, and some take half a second: what was true while all ran is asked
    for before that.
    """

    def __init__(self, source: FrameSource, rows: Rows) -> None:
        self._source = source
        self._rows = rows
        self.final: Mapping[str, Health] = {}

    def __enter__(self) -> Self:
        self._source.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        try:
            self.final = self._rows()
        finally:
            self._source.__exit__(kind, error, trace)

    def frames(self) -> Iterator[SensorFrame]:
        """Yield the source's frames."""
        return self._source.frames()


def as_json(rows: Mapping[str, Health]) -> dict[str, dict[str, object]]:
    """Return states as JSON has them: a missing age or clock is null."""
    plain = {name: asdict(health) for name, health in rows.items()}
    for row in plain.values():
        for key, digits in (("age_s", 4), ("offset_s", 6), ("offset_error_s", 6), ("rate_hz", 2)):
            row[key] = None if math.isnan(row[key]) else round(row[key], digits)
    return plain


def _age(health: Health) -> str:
    return "" if math.isnan(health.age_s) else f"{1000 * health.age_s:.0f} ms"


def _clock(health: Health) -> str:
    """Return how the sender's clock stands to ours, empty where it has none."""
    if math.isnan(health.offset_s):
        return ""
    return f"{health.offset_s:+.4f} s ± {1000 * health.offset_error_s:.1f} ms"


def line(name: str, health: Health) -> str:
    """Return one state as one line of plain text."""
    parts = [f"{name}: {health.state}", f"{health.rate_hz:.1f} Hz"]
    if age := _age(health):
        parts.append(f"age {age}")
    if health.dropped:
        parts.append(f"{health.dropped} dropped")
    if clock := _clock(health):
        parts.append(f"clock {clock}")
    parts += [text for text in (health.note, health.remedy) if text]
    return ", ".join(parts)


def ordered(rows: Mapping[str, Health]) -> tuple[dict[str, Health], dict[str, list[str]]]:
    """Return what is worth a row of its own, outputs first, and the rest's names by their state.

    Sensors that nobody has say nothing and are many: where more than a few rows are silent, those that
    have nothing odd to tell are only named.
    """
    shown = {name: rows[name] for name in sorted(rows, key=lambda name: not name.startswith("to "))}
    silent = [name for name, health in shown.items() if health.state in {"waiting", "off"}]
    folded: dict[str, list[str]] = {}
    if len(silent) > _SILENT_ROWS:
        for name in silent:
            health = shown[name]
            if name.startswith("from ") and not (health.state == "waiting" and health.note):
                folded.setdefault(health.state, []).append(name.removeprefix("from "))
                del shown[name]
    return shown, folded


def brief(rows: Mapping[str, Health]) -> str:
    """Return all states as one line, what to do left out where all is well."""
    shown, folded = ordered(rows)
    parts = [line(name, health) for name, health in shown.items()]
    parts += [f"{state}: {', '.join(names)}" for state, names in folded.items()]
    return " | ".join(parts)


def table(rows: Mapping[str, Health]) -> Group:
    """Return states as a table, what is odd and what to do below it; 24 lines of a terminal hold it."""
    shown, folded = ordered(rows)
    drawn = Table("", "state", "rate", "age", "drops", "clock", box=None)
    for column in drawn.columns:
        column.no_wrap = True
    below = [f"{state}: {', '.join(names)}" for state, names in folded.items()]
    for name, health in list(shown.items())[: _LINES - len(below) - 1]:
        colour = _COLOURS[health.state]
        drawn.add_row(
            escape(name),
            f"[{colour}]{health.state}[/]",
            f"{health.rate_hz:.1f} Hz",
            _age(health),
            str(health.dropped or ""),
            _clock(health),
        )
    below += [
        f"{name}: {words}"
        for name, health in shown.items()
        if (words := ": ".join(filter(None, (health.note, health.remedy))))
    ]
    room = _LINES - drawn.row_count - 1
    if len(below) > room:
        below[room - 1 :] = [f"and {len(below) - room + 1} notes more"]
    texts = (Text(words, no_wrap=True, overflow="ellipsis") for words in below[:room])
    return Group(drawn, *texts)


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
            try:
                self._print(rows)
            except BrokenPipeError:  # who read it has gone; the run goes on
                self.view = "none"

    def _print(self, rows: Mapping[str, Health]) -> None:
        if self.view == "json":
            print(json.dumps(as_json(rows)), flush=True)
        elif self.view == "lines":
            print(brief(rows), flush=True)


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
