"""What `doctor` finds of the headset: its runtime, every sensor, and what comes beside a game."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from ..headset import beside
from ..headset.beside import Runtime
from ..headset.beside_places import manifest_path
from ..headset.beside_ways import Sense, Way, ways
from ..headset.errors import HeadsetError, UnvisorError
from ..headset.frame import EyeSample, FaceSample, HeadSample, Reader, Sample, WornSample
from ..headset.plug import READER_PLUGS, ReaderPlug, Settings
from ..headset.sensors.udp import UNREADABLE
from .finding import Finding, failed
from .status import line

_TELLS: Final[dict[type[Sample], Sense]] = {
    HeadSample: "head",
    EyeSample: "gaze",
    FaceSample: "face",
    WornSample: "worn",
}
_NOT_OPENED: Final = "not opened, for it may be another program's"


def look(chosen: Mapping[str, Settings], listen_s: float) -> Iterator[Finding]:
    """Yield what there is of a headset.

    Args:
        chosen: The sensors that the settings name.
        listen_s: How long to wait for sensors to say something.
    """
    runtime = beside.active_runtime()
    yield _runtime(runtime)
    try:
        app = beside.scene_app()
    except HeadsetError as error:
        yield failed("game", error)
    else:
        if app is not None:
            yield Finding(name="game", state="ok", found=f"{app} has the headset")
    heard: dict[Sense, list[str]] = {}
    yield from _sensors(chosen, listen_s, heard)
    for sense, by in ways(runtime).items():
        yield (
            _overlay(runtime, by) if sense == "overlay" else _sense(sense, by, heard.get(sense, []))
        )


def _runtime(runtime: Runtime | None) -> Finding:
    name = "openxr runtime"
    path = manifest_path()
    if path is None:
        return Finding(name=name, state="absent", found="none is active here")
    if runtime is None:
        try:
            runtime = beside.read_manifest(path)
        except HeadsetError as error:
            return failed(name, error)
    refusal = beside.headless_refusal(runtime)
    why = refusal and refusal.removeprefix(f"{runtime.name}: ").partition(": ")[0]
    told = f"not opened by itself: {why}" if why else "read beside a game"
    return Finding(name=name, state="ok", found=f"{runtime.name} ({runtime.manifest}), {told}")


def _sensors(
    chosen: Mapping[str, Settings], listen_s: float, heard: dict[Sense, list[str]]
) -> Iterator[Finding]:
    """Open every sensor, listen to all of them together, and say what was heard.

    A camera or a microphone has one owner, so one that the settings do not name is left alone.

    Args:
        chosen: The sensors that the settings name.
        listen_s: How long to listen.
        heard: Filled in: which sensors told of each sense.
    """
    opened: dict[str, Reader] = {}
    with ExitStack() as stack:
        for name in READER_PLUGS.names():
            try:
                plug = READER_PLUGS.load(name)
                _understood(plug)
                if plug.parse is None and not plug.by_default and name not in chosen:
                    yield Finding(name=f"sensor {name}", state="ok", found=_NOT_OPENED)
                    continue
                reader = plug.make(chosen.get(name) or plug.settings())
                opened[name] = stack.enter_context(reader)
            except (UnvisorError, *UNREADABLE) as error:
                yield failed(f"sensor {name}", error)
        if opened:
            time.sleep(listen_s)
        for name, reader in opened.items():
            samples = reader.read()
            told: set[Sense] = {_TELLS[type(one)] for one in samples if type(one) in _TELLS}
            for sense in told:
                heard.setdefault(sense, []).append(name)
            yield _sensor(name, reader, heard=bool(samples), wanted=name in chosen)


def _understood(plug: ReaderPlug[Any]) -> None:
    """Raise `UnvisorError` where a sensor of packets cannot read its own."""
    if plug.parse is not None and not plug.parse(plug.golden, 0):
        raise UnvisorError(f"{plug.name}: cannot read its own golden packet: report this")


def _sensor(name: str, reader: Reader, *, heard: bool, wanted: bool) -> Finding:
    health = reader.health()
    name = f"sensor {name}"
    if health.state == "off":
        found = health.note or "cannot work here"
        remedy = health.remedy if wanted else ""
        return Finding(name=name, state="absent", found=found, remedy=remedy)
    if heard:
        return Finding(name=name, state="ok", found=line("heard", health))
    note = f" ({health.note})" if health.note else ""
    return Finding(
        name=name,
        state="absent" if wanted else "ok",
        found=f"works here; nothing heard{note}",
        remedy=health.remedy if wanted else "",
    )


def _sense(sense: Sense, by: tuple[Way, ...], heard: list[str]) -> Finding:
    """Say whether a sense comes beside a game, by which path, and which switch turns it on."""
    name = f"{sense} beside a game"
    if heard:
        return Finding(name=name, state="ok", found=f"from {' and '.join(heard)} now")
    if not by:
        return Finding(name=name, state="absent", found="does not come by this runtime")
    paths = [f"{way.sensor} ({way.path})" if way.sensor else way.path for way in by]
    switches = [f"{way.sensor}: {way.switch}" if way.sensor else way.switch for way in by]
    return Finding(
        name=name,
        state="absent",
        found=f"would come by {' or '.join(paths)}; nothing now",
        remedy="; ".join(switches),
    )


def _overlay(runtime: Runtime | None, by: tuple[Way, ...]) -> Finding:
    """Say whether the face can be shown over a game now."""
    from ..headset.compositor.overlay import overlay_way

    name, paths = "overlay beside a game", " or ".join(way.path for way in by)
    try:
        overlay_way(runtime)
    except HeadsetError as error:
        why, _, remedy = str(error).rpartition(": ")
        return Finding(
            name=name, state="absent", found=f"would be shown by {paths}; {why}", remedy=remedy
        )
    return Finding(name=name, state="ok", found=f"unvisor run --overlay shows it by {paths}")


def avatar(path: Path) -> Finding:
    """Say whether an avatar can be drawn, and what is odd about it."""
    from ..headset.compositor.avatars.file import load

    try:
        found = load(path)
    except HeadsetError as error:
        return failed("avatar", error, essential=True)
    counts = [
        f"{len(found.positions)} vertices",
        f"{len(found.triangles)} triangles",
        f"{len(found.materials)} materials",
        f"{len(found.targets)} of ARKit's shapes",
    ]
    if found.clips is not None:
        counts.append(f"{len(found.clips.names)} clips")
    words = f"{path.name}: {'; '.join([', '.join(counts), *found.notes])}"
    if not found.moves:  # drawn, but for nothing: its last note says so, and what to do
        return failed("avatar", HeadsetError(words))
    return Finding(name="avatar", state="ok", found=words)
