"""What a sensor or an output says of itself, and where they are found.

A *plug* is one file: settings, a parser or an encoder, and a golden packet: bytes whose meaning is
known, by which tests and `doctor` know that the two still understand each other. Ours are listed in
the tables `sensors.READERS` and `outputs.SINKS`, one line each; another package adds its own
through the entry points `unvisor.readers` and `unvisor.sinks`. Nothing is imported until it is
named: a camera's library costs nothing to someone who has no camera.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec
import numpy as np

from .errors import UnvisorError
from .frame import EVENTS, Face, Origin, Reader, Sample, SensorFrame, Sink
from .names import UNIFIED, UNIFIED_INDEX
from .outputs import SINKS
from .sensors import READERS


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be set of a plug; each adds its own fields, every one with a default."""

    enabled: bool = True
    """False keeps a table in the settings file without using it."""


Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
RateHz = Annotated[float, msgspec.Meta(gt=0, le=1000)]

Parse = Callable[[bytes, int], Sequence[Sample]]
"""(packet, received_ns) -> samples, pure. Empty where the packet says nothing of a face; raises
`SensorError`, ValueError, IndexError or struct.error where it cannot be read."""

Encode = Callable[[SensorFrame, Face], Sequence[bytes]]
"""(frame, face) -> packets to send. Empty where there is nothing honest to send."""

S = TypeVar("S", bound=Settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderPlug(Generic[S]):
    """A sensor.

    Attributes:
        name: As on the command line, in the settings file and in recordings: `live-link-face`.
        summary: What it is, in a few words.
        settings: Its settings' type.
        make: Makes a reader, not yet open.
        parse: Reads one packet; None where what it reads is not packets (a camera, a runtime).
        golden: A packet that `parse` turns into at least one sample.
        by_default: Opened when no sensor is named: it takes nothing from anyone, neither a camera
            nor the headset from a game.
    """

    name: str
    summary: str
    settings: type[S]
    make: Callable[[S], Reader]
    parse: Parse | None = None
    golden: bytes = b""
    by_default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkPlug(Generic[S]):
    """An output.

    Attributes:
        name: As on the command line (`--vrchat HOST:PORT`) and in the settings file.
        summary: What it is, in a few words.
        settings: Its settings' type.
        make: Makes a sink, not yet open.
        golden: The first packet it sends when shown `GOLDEN_FACE`, with settings as they come.
    """

    name: str
    summary: str
    settings: type[S]
    make: Callable[[S], Sink]
    golden: bytes


def _golden_face() -> Face:
    nothing = np.full(len(UNIFIED), np.nan)
    jaw = nothing.copy()
    jaw[UNIFIED_INDEX["JawOpen"]] = 0.5
    origin = np.where(np.isnan(jaw), Origin.ABSENT, Origin.MEASURED).astype(np.uint8)
    pair, absent = np.full(2, np.nan), np.full(2, Origin.ABSENT, np.uint8)
    return Face(
        time_ns=0, weights=jaw, median=jaw, low=jaw, high=jaw, rate=nothing, origin=origin,
        gaze=np.full((2, 3), np.nan), eye_origin=absent, pupil_mm=pair,
        openness=pair, openness_median=pair, openness_low=pair, openness_high=pair,
        openness_rate=pair, openness_origin=absent, events=np.full(len(EVENTS), np.nan),
    )  # fmt: skip


GOLDEN_FACE: Final = _golden_face()
"""A face of which one thing is known: the jaw is half open. The golden packets of outputs say it."""


P = TypeVar("P", ReaderPlug[Any], SinkPlug[Any])


@cache
def _installed(group: str, places: tuple[str, ...]) -> tuple[EntryPoint, ...]:  # noqa: ARG001
    """Return what installed packages offer; looked up once, for it reads all their metadata.

    Args:
        group: Of entry points.
        places: Where packages are looked for; another list is another answer.
    """
    return tuple(entry_points(group=group))


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue(Generic[P]):
    """All plugs of one kind: our table, and what installed packages add.

    Attributes:
        kind: `sensor` or `output`, for messages.
        group: The entry points' group.
        table: Ours: name -> `module:object`.
        plug: The type an entry must be of.
    """

    kind: str
    group: str
    table: Mapping[str, str]
    plug: type[P]

    def entries(self) -> dict[str, list[EntryPoint]]:
        """Return who offers each name, ours first; more than one is a clash."""
        ours = [EntryPoint(name, value, self.group) for name, value in self.table.items()]
        found: dict[str, list[EntryPoint]] = {}
        for entry in (*ours, *_installed(self.group, tuple(sys.path))):
            found.setdefault(entry.name, []).append(entry)
        return found

    def names(self) -> tuple[str, ...]:
        """Return every name, ours first."""
        return tuple(self.entries())

    def load(self, name: str) -> P:
        """Import the plug of a name.

        Raises:
            UnvisorError: No such name, offered twice, or the package that offers it is broken.
        """
        entries = self.entries()
        if name not in entries:
            raise UnvisorError(f"{name}: no such {self.kind}: {suggestion(name, entries)}")
        entry, *others = entries[name]
        if others:
            places = ", ".join(one.value for one in (entry, *others))
            raise UnvisorError(f"{name}: offered by {places}: keep one and uninstall the others")
        try:
            plug: object = entry.load()
        except Exception as cause:  # another's module may raise anything, also when nobody named it
            raise UnvisorError(
                f"{name}: {entry.value} cannot be imported ({cause}): reinstall its package"
            ) from cause
        if not isinstance(plug, self.plug) or plug.name != name:
            raise UnvisorError(
                f"{name}: {entry.value} is not a {self.plug.__name__} of that name: correct it there"
            )
        return plug


READER_PLUGS: Final[Catalogue[ReaderPlug[Any]]] = Catalogue(
    kind="sensor", group="unvisor.readers", table=READERS, plug=ReaderPlug
)
"""Every sensor that can be read here."""

SINK_PLUGS: Final[Catalogue[SinkPlug[Any]]] = Catalogue(
    kind="output", group="unvisor.sinks", table=SINKS, plug=SinkPlug
)
"""Every output that can be written here."""


def suggestion(word: str, known: Sequence[str] | Mapping[str, object]) -> str:
    """Return the remedy for a word that is not among those known."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]}?"
    return f"known are {', '.join(sorted(known)) or 'none'}"
