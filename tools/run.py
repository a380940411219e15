"""The live loop.

    unvisor run --source demo --vrchat 127.0.0.1:9000
    unvisor run --sensor live-link-face:host=0.0.0.0 --status --consent-reference "form 2, 2026-05-01"
    unvisor run --source X.h5 --live-link-face 127.0.0.1:11111 --record Y.h5

The settings file's sensors and outputs are used as well; what the command line says goes first.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .. import __version__
from ..calibration import consent, profile
from ..calibration.fit import fit
from ..headset import settings
from ..headset.clock import NS_PER_S, now_ns, seconds
from ..headset.errors import HeadsetError, RecordingError, SensorError
from ..headset.frame import Health, Sink
from ..headset.permit import Basis, Permit
from ..headset.plug import READER_PLUGS, SINK_PLUGS
from ..headset.sensors.assemble import Devices
from ..headset.sensors.playback import Playback
from . import logbook
from .logbook import LOG
from .status import Pulse, View, as_json, watched
from .stopping import stopping
from .terminal import WEEK_S, ready, within

if TYPE_CHECKING:
    from ..calibration.profile import Profile
    from ..datasets.recording import Recording
    from ..datasets.streams import About
    from ..reconstruct.pipeline import Counts

RATE_HZ: Final = 90.0
"""Of live sensors: the rate of most headsets' displays."""

CALIBRATION_S: Final = 8.0
"""Of a recording that is played without a profile, how much its wearer is calibrated from."""

_SINK: Final = "sink:"  # sets an output's option apart from ours of the same name


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options, one for each output that is known here."""
    add = parser.add_argument
    add(
        "--source", default="devices", metavar="devices|demo|X.h5", help="where the face comes from"
    )
    add(
        "--sensor", action="append", default=[], metavar="NAME[:key=value,…]",
        help=f"a sensor of --source devices, again for each: {', '.join(READER_PLUGS.names())}",
    )  # fmt: skip
    for name in SINK_PLUGS.names():
        add(
            f"--{name}", dest=_SINK + name, nargs="?", const="", metavar="HOST:PORT[,key=value,…]",
            help=f"send the face to {name}; without an address to the one it is known by",
        )  # fmt: skip
    add("--record", type=Path, metavar="X.h5", help="store what is sensed and what is inferred")
    add("--profile", type=Path, metavar="P.json", help="the wearer's, from `unvisor calibrate`")
    add("--model", metavar="NAME|M.onnx", help="what infers the hidden face (robust)")
    add(
        "--rate-hz",
        type=float,
        metavar="N",
        help=f"faces a second ({RATE_HZ:g}; a recording's own)",
    )
    add(
        "--duration-s",
        type=float,
        metavar="N",
        help="end after this long; the demo repeats until then",
    )
    add("--loop", action="store_true", help="start a recording or the demo again at its end")
    add("--headless", action="store_true", help="draw nothing; this version never does")
    add("--status", action="store_true", help="show how each sensor and output is doing")
    add("--json", action="store_true", help="print states and the summary as JSON")
    add("--settings", type=Path, metavar="FILE", help=f"instead of {settings.settings_path()}")
    add("--consent-reference", default="", metavar="TEXT", help="form, version and date signed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where frames come from, and on what ground they may go anywhere."""

    source: Devices | Playback
    about: About
    recording: Recording | None = None
    """What is played back; its wearer can be calibrated from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run did, how each part was doing at its end, and how the wearer was calibrated."""

    counts: Counts
    rows: Mapping[str, Health]
    calibration: str


def run(options: argparse.Namespace) -> int:
    """Run until the source ends, the time is over, or Ctrl-C."""
    with logbook.kept():
        _check(options)
        LOG.info("run %s, source %s", __version__, options.source)
        chosen = settings.load(options.settings or settings.settings_path())
        start = _start(options, chosen)
        permit = consent.Stated(basis=start.about.basis)
        sinks = _sinks(options, chosen, permit, start)
        _summarise(options, _loop(options, start, sinks))
    return 0


def _check(options: argparse.Namespace) -> None:
    within("--rate-hz", options.rate_hz, 1000.0)
    within("--duration-s", options.duration_s, WEEK_S)


def _wearer(options: argparse.Namespace, recording: Recording | None) -> tuple[Profile | None, str]:
    """Return the wearer's profile, and where it came from in words.

    It is the one that was named, or one fitted from the first seconds of what is played.
    """
    if options.profile:
        return profile.load(options.profile), f"profile {options.profile}"
    if recording is None:
        return None, "no --profile, so the hidden face stayed at rest: see `unvisor calibrate`"
    fitted = fit(recording.without_truth().first(CALIBRATION_S).frames())
    return fitted, f"no --profile: calibrated from its first {fitted.seconds:.0f} s"


def _loop(options: argparse.Namespace, start: Start, sinks: Mapping[str, Sink]) -> Ran:
    from ..reconstruct import models, pipeline  # ONNX Runtime takes its time: after all refusals

    wearer, words = _wearer(options, start.recording)
    reconstructor = models.reconstructor(options.model or models.DEFAULT, wearer)
    source = start.source

    def rows() -> dict[str, Health]:
        states = {f"from {name}": health for name, health in source.health().items()}
        states["loop"] = pulse.health()
        return states | {f"to {name}": sink.health() for name, sink in sinks.items()}

    pulse = Pulse(rows)
    everything: tuple[Sink, ...] = (*sinks.values(), pulse)
    with stopping() as stop, watched(rows, _view(options)):
        duration_s = options.duration_s
        until_ns = None if duration_s is None else now_ns() + round(duration_s * NS_PER_S)
        counts = pipeline.run(source, reconstructor, everything, until_ns=until_ns, stop=stop)
    return Ran(counts=counts, rows=pulse.final, calibration=words)


def _start(options: argparse.Namespace, chosen: settings.Chosen) -> Start:
    from ..datasets.streams import About

    if options.source == "openxr":
        raise HeadsetError(
            "--source openxr: not in this version yet: "
            "use --source devices with --sensor NAME, --source demo, or a recording X.h5"
        )
    if options.source == "devices":
        basis = Basis(kind="reference", text=options.consent_reference)
        return Start(source=_devices(options, chosen), about=About(basis=basis, source="run"))
    if options.source == "demo":
        from ..datasets.performance import performance
        from ..datasets.simulate import simulate
        from ..headset.rig import RIGS

        recording = simulate(performance(), RIGS["mouth+eyes"])
    else:
        from ..datasets.store import load

        recording = load(Path(options.source))
        if not recording.streams:
            raise RecordingError(
                f"{options.source}: holds no sensor streams to play: `unvisor simulate` makes some"
            )
    repeat = options.loop or (options.source == "demo" and options.duration_s is not None)
    played = Playback(
        Path(options.source).name, lambda: recording.frames(options.rate_hz), loop=repeat
    )
    return Start(source=played, about=recording.about, recording=recording)


def _devices(options: argparse.Namespace, chosen: settings.Chosen) -> Devices:
    wanted = dict(chosen.readers)
    for text in options.sensor:
        name, _, words = text.partition(":")
        wanted[name] = settings.from_words(READER_PLUGS.load(name), words, wanted.get(name))
    if not wanted:
        raise SensorError(
            f"--source devices: no sensor named: add --sensor {READER_PLUGS.names()[0]}, "
            "or try --source demo"
        )
    readers = {name: READER_PLUGS.load(name).make(given) for name, given in wanted.items()}
    return Devices(readers, options.rate_hz or RATE_HZ)


def _sinks(
    options: argparse.Namespace, chosen: settings.Chosen, permit: Permit, start: Start
) -> dict[str, Sink]:
    source, about = start.source, start.about
    wanted = dict(chosen.outputs)
    for name in SINK_PLUGS.names():
        words = getattr(options, _SINK + name)
        if words is not None:
            wanted[name] = settings.from_words(SINK_PLUGS.load(name), words, wanted.get(name))
    for name in wanted:
        consent.require(permit, name)
    sinks: dict[str, Sink] = {n: SINK_PLUGS.load(n).make(given) for n, given in wanted.items()}
    if options.record is not None:
        ready(options.record, RecordingError, word="--record")
        if options.record.exists():
            raise RecordingError(
                f"{options.record}: is there already, and a take is never replaced: "
                "choose another --record"
            )
        consent.require(permit, str(options.record))
        from ..datasets.recorder import Recorder

        recorder = Recorder(options.record, about=about, permit=permit)
        if isinstance(source, Devices):
            source.tap(recorder.listen)
        sinks["record"] = recorder
    return sinks


def _view(options: argparse.Namespace) -> View:
    if not options.status:
        return "none"
    if options.json:
        return "json"
    return "table" if sys.stdout.isatty() else "lines"


def _summarise(options: argparse.Namespace, ran: Ran) -> None:
    counts, rows = ran.counts, ran.rows
    duration_s = seconds(counts.duration_ns)
    rate_hz = (counts.frames - 1) / duration_s if duration_s > 0 else 0.0
    dropped = {name: health.dropped for name, health in rows.items() if health.dropped}
    lost = "".join(f", {count} dropped {name}" for name, count in dropped.items())
    text = f"{counts.frames} faces in {duration_s:.1f} s, {rate_hz:.1f} a second{lost}"
    text = f"{text}; {ran.calibration}"
    LOG.info("%s", text)
    if options.json:
        summary = {
            "faces": counts.frames,
            "duration_s": round(duration_s, 3),
            "rate_hz": round(rate_hz, 2),
            "calibration": ran.calibration,
            "parts": as_json(rows),
        }
        print(json.dumps(summary))
    else:
        print(text)
