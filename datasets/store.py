"""Recordings as HDF5 files, schema versions 1 and 2 (`layout.py`).

Who and why stand in the root's attributes; `/sensors/<source>/` (attribute `kind`), `/truth/`, `/face/`
and `/events/<name>/` hold `time_ns` and the columns of `layout.py`. Channels are matched by the
attribute `names`, in whatever order a file has them; without it they are in ours.

Arrays are shuffled, deflated (level 1) and check-summed: filters every HDF5 library has. Ten minutes
of a 60 Hz face take 0.2 s and 4.4 MiB; bitshuffle+lz4 writes 3 to 10 times faster into half as much
again, but nobody could read that without a plug-in. Numbers are float32 where that is exact (what
trackers send) and else float64: what is read is what was written, to the bit.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..headset.errors import RecordingError
from ..headset.files import replacing
from . import hdf5
from .about import check_schema, read_about, read_span, write_about
from .journal import StillRecordedError, beside, claimed
from .layout import LAYOUT, MAX_AUDIO_HZ, VERSION_OF, Column, Part, check_times, check_values
from .recording import EventStream, Lazy, Recording
from .recovery import recover
from .streams import KINDS, About, AudioStream, FaceTrack, Stream, Times, Truth

NAME: Final = re.compile(r"(?!\.+$)[\w.+-]{1,64}", re.ASCII)
"""What a source or a list of events may be called: a word that HDF5 cannot take for a path."""

_LOG: Final = logging.getLogger("unvisor")
_KIND_OF: Final[dict[str, type[Stream]]] = {kind: part for part, kind in KINDS.items()}

P = TypeVar("P", bound=Part)


SEALED_LATER: Final = "sealed when whole"
"""Name of the note by which a recording says that it is to be sealed, should its recorder be cut off."""

Finish = Callable[[Path], None]
"""Does one thing more to a file that is whole, before it gets its name."""


def save(path: Path, recording: Recording, *, finish: Finish | None = None) -> None:
    """Write a recording whole, in one step.

    Raises:
        RecordingError: A part is not what it should be, or the file cannot be written.
    """
    with replacing(path, RecordingError) as draft:
        _save(path, draft, recording)
        if finish is not None:
            finish(draft)


def _save(path: Path, draft: Path, recording: Recording) -> None:
    with hdf5.writing(draft) as file:
        kinds = map(type, recording.streams.values())
        version = max((VERSION_OF.get(kind, 1) for kind in kinds), default=1)
        write_about(file, recording.about, recording.span_ns, version=version)
        if recording.streams:  # their order is one of preference
            file.create_group("sensors", track_order=True)
        for name, stream in recording.streams.items():
            group = file.create_group(f"sensors/{_checked_name(path, name)}")
            group.attrs["kind"] = KINDS[type(stream)]
            _write(group, f"{path}:/sensors/{name}", stream)
        if recording.truth is not None:
            _write(file.create_group("truth"), f"{path}:/truth", recording.truth)
        if recording.face is not None:
            _write(file.create_group("face"), f"{path}:/face", recording.face)
        for name, events in recording.events.items():
            group = file.create_group(f"events/{_checked_name(path, name)}")
            hdf5.put(group, "time_ns", events.time_ns, units="ns")
            hdf5.put(group, "text", events.text)


def load(path: Path) -> Recording:
    """Open a recording: its shape and times are checked now, arrays are read when asked for.

    Where a journal lies beside it, a recorder was cut off. The journal is first turned into the
    file if that is missing, and else into a recording of its own, so that neither is lost.

    Raises:
        RecordingError: The file is missing, damaged, foreign, newer than this program, or holds what
            no recording holds. Later too, where an array is damaged or the file has changed.
    """
    if not path.exists() and beside(path).exists():
        settle(beside(path), path)
    else:
        _rescue_and_tell(path)
    if path.suffix == beside(path).suffix:
        raise RecordingError(
            f"{path}: is the journal of a recording that was cut off: open {path.with_suffix('.h5')}, "
            "and it is recovered"
        )
    with hdf5.reading(path) as file:
        stamp = _stamp(path)
        check_schema(file)
        kinds = dict[str, type[Stream]]()
        for name in hdf5.members(file, "sensors"):
            group = hdf5.group(file, "sensors", name)
            kinds[name] = _kind(group)
            _check(group, kinds[name])
        for name, part in (("truth", Truth), ("face", FaceTrack)):
            if name in file:
                _check(hdf5.group(file, name), part)

        def later(part: type[P], *where: str) -> P:
            with hdf5.reading(path) as again:
                if _stamp(path) != stamp:
                    raise RecordingError(f"{path}: has changed since it was opened: open it again")
                return _read(hdf5.group(again, *where), part)

        return Recording(
            about=read_about(file),
            streams=Lazy(kinds, lambda name: later(kinds[name], "sensors", name)),
            truth=partial(later, Truth, "truth") if "truth" in file else None,
            face=partial(later, FaceTrack, "face") if "face" in file else None,
            events={
                n: _events(hdf5.group(file, "events", n)) for n in hdf5.members(file, "events")
            },
            span_ns=read_span(file),
        )


def save_faces(path: Path, about: About, track: FaceTrack) -> None:
    """Write reconstructed faces alone, as `/face`.

    Raises:
        RecordingError: As `save`.
    """
    save(path, Recording(about=about, face=track))


def load_faces(path: Path) -> FaceTrack:
    """Read the reconstructed faces of a file.

    Raises:
        RecordingError: As `load`; or the file holds none.
    """
    track = load(path).face
    if track is None:
        raise RecordingError(f"{path}: holds no /face: `unvisor reconstruct` writes one")
    return track


def settle(journal: Path, path: Path, *, finish: Finish | None = None) -> None:
    """Turn the journal of a recorder that has ended into a file, and remove it.

    Args:
        journal: What it wrote.
        path: Of the file.
        finish: Done to it before it has its name: sealing.

    Raises:
        RecordingError: A recorder still writes it, it holds no recording, or the file cannot be
            written; the journal is then kept.
    """
    with claimed(journal):
        try:
            recording = recover(journal)
            save(path, recording, finish=finish)
        except RecordingError as cause:
            raise RecordingError(
                f"{cause} (what was recorded is kept in {journal.name})"
            ) from cause
    journal.unlink(missing_ok=True)
    if finish is None and SEALED_LATER in recording.about.notes:
        _LOG.warning(
            "%s: is plain, for its recorder was cut off before sealing it: `unvisor consent seal %s`",
            path, path,
        )  # fmt: skip


def rescue(path: Path) -> Path | None:
    """Turn a journal that lies beside X.h5 into X-recovered-1.h5, or the next number that is free.

    Returns:
        What it is now, None where none lies there.

    Raises:
        RecordingError: As `settle`.
    """
    if beside(path) == path or not beside(path).exists():
        return None
    numbered = (path.with_stem(f"{path.stem}-recovered-{n}") for n in count(1))
    kept = next(other for other in numbered if not other.exists())
    settle(beside(path), kept)
    return kept


def _rescue_and_tell(path: Path) -> None:
    """Rescue what lies beside a recording; that recording can be read whether or not this succeeds."""
    try:
        kept = rescue(path)
    except StillRecordedError:  # it is being replaced; until then it is what it was
        return
    except RecordingError as cause:
        _LOG.warning("%s: an unfinished recording lies beside it: %s", path, cause)
        return
    if kept is not None:
        _LOG.warning("%s: a later recording of it was cut off: kept as %s", path, kept.name)


def _stamp(path: Path) -> tuple[int, int, int]:
    state = path.stat()
    return state.st_ino, state.st_size, state.st_mtime_ns


def _checked_name(path: Path, name: str) -> str:
    if not NAME.fullmatch(name):
        raise RecordingError(
            f"{path}: {name!r} cannot name a source: use up to 64 of a-z 0-9 . _ + -"
        )
    return name


def _kind(group: hdf5.Node) -> type[Stream]:
    kind = hdf5.text(group, "kind")
    if kind not in _KIND_OF:
        raise RecordingError(
            f"{hdf5.place(group)}: attribute kind {kind!r}: should be one of {', '.join(_KIND_OF)}"
        )
    return _KIND_OF[kind]


def _write(group: hdf5.Node, place: str, part: Part) -> None:
    received: Times | None = getattr(part, "received_ns", None)
    check_times(place, part.time_ns, received)
    hdf5.put(group, "time_ns", part.time_ns, units="ns")
    if received is not None:
        hdf5.put(group, "received_ns", received, units="ns")
    for name, column in LAYOUT[type(part)].items():
        values: NDArray[Any] | None = getattr(part, name)
        if values is not None:
            check_values(f"{place}/{name}", values, column, len(part.time_ns))
            named = {"names": list(column.names)} if column.names else {}
            hdf5.put(group, name, values, units=column.units, **named)
    if isinstance(part, AudioStream):
        group.attrs["sample_rate_hz"] = part.sample_rate_hz


def _check(group: hdf5.Node, part: type[Part]) -> None:
    """Refuse a group that is not the part it should be, without reading more than its times."""
    rows = len(_times(group, part)["time_ns"])
    for name, column in LAYOUT[part].items():
        _column(group, name, column, rows)
    if part is AudioStream:
        _sample_rate(group)


def _read(group: hdf5.Node, part: type[P]) -> P:
    arrays: dict[str, Any] = _times(group, part)
    rows = len(arrays["time_ns"])
    for name, column in LAYOUT[part].items():
        node = _column(group, name, column, rows)
        if node is not None:
            values = hdf5.values(node, column.dtype)
            order = _order(node, column)
            arrays[name] = values if order is None else values[..., order]
            check_values(hdf5.place(node), arrays[name], column, rows)
    if part is AudioStream:
        arrays["sample_rate_hz"] = _sample_rate(group)
    return part(**arrays)


def _times(group: hdf5.Node, part: type[Part]) -> dict[str, Times]:
    names = ("time_ns", "received_ns") if part in KINDS else ("time_ns",)
    times = {n: hdf5.values(hdf5.dataset(group, n, (), np.int64), np.int64) for n in names}
    check_times(hdf5.place(group), times["time_ns"], times.get("received_ns"))
    return times


def _column(group: hdf5.Node, name: str, column: Column, rows: int) -> hdf5.Node | None:
    if column.optional and name not in group:
        return None
    node = hdf5.dataset(group, name, column.row, column.dtype, rows=rows)
    _order(node, column)
    return node


def _order(node: hdf5.Node, column: Column) -> list[int] | None:
    """Return where each of our channels lies in the last axis, None where in our order."""
    names = hdf5.texts(node, "names")
    if names in ((), column.names):
        return None
    if sorted(names) != sorted(column.names):
        odd = sorted(set(names) ^ set(column.names)) or sorted(names)
        raise RecordingError(
            f"{hdf5.place(node)}: names {', '.join(odd)[:200]}: not in both the file and the "
            f"vocabulary, or twice: name its {len(column.names)} channels"
        )
    return [names.index(name) for name in column.names]


def _sample_rate(group: hdf5.Node) -> int:
    rate = hdf5.integer(group, "sample_rate_hz")
    if rate is None or not 0 < rate <= MAX_AUDIO_HZ:
        raise RecordingError(f"{hdf5.place(group)}: sample_rate_hz {rate}: record it again")
    return rate


def _events(group: hdf5.Node) -> EventStream:
    times = hdf5.values(hdf5.dataset(group, "time_ns", (), np.int64), np.int64)
    check_times(hdf5.place(group), times, times)
    text = hdf5.lines(hdf5.dataset(group, "text", (), str, rows=len(times)))
    return EventStream(time_ns=times, text=text)
