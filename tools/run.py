"""The live loop.

    unvisor run --status --vrchat --consent-reference "form 2, 2026-05-01"
    unvisor run --sensor live-link-face:host=0.0.0.0 --status
    unvisor run --source demo --vrchat 127.0.0.1:9000
    unvisor run --source X.h5 --live-link-face 127.0.0.1:11111 --record Y.h5
    unvisor run --bundle help.zip --consent-reference "form 2, 2026-05-01"
    unvisor run --source help.zip --record Z.h5

The settings file's sensors and outputs are used as well; what the command line says goes first.
`live_sensors.py` says which sensors are opened.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .. import __version__
from ..calibration import consent, profile
from ..calibration.fit import fit
from ..headset import settings
from ..headset.clock import NS_PER_S, now_ns, seconds
from ..headset.errors import OutputError, RecordingError, UnvisorError
from ..headset.frame import Health, Sink
from ..headset.outputs.udp import LOOPBACK, UdpTarget
from ..headset.permit import Basis, Permit
from ..headset.plug import SINK_PLUGS, Settings
from ..headset.sensors.playback import Playback
from . import bundle, live, logbook
from .live import Start
from .live_sensors import RATE_HZ
from .logbook import LOG
from .run_options import SINK, add_arguments
from .status import Pulse, Remembered, View, as_json, watched
from .stopping import stopping
from .terminal import WEEK_S, ready, within

__all__ = ["add_arguments", "run"]

if TYPE_CHECKING:
    from ..calibration.profile import Profile
    from ..datasets.recording import Recording
    from ..headset.room import Room
    from ..reconstruct.camera_model_file import Sees
    from ..reconstruct.pipeline import Counts

CALIBRATION_S: Final = 8.0
"""Of a recording that is played without a profile, how much its wearer is calibrated from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run did, how each part was doing at its end, and how the wearer was calibrated."""

    counts: Counts
    rows: Mapping[str, Health]
    calibration: str


def run(options: argparse.Namespace) -> int:
    """Run until the source ends, the time is over, or Ctrl-C."""
    with logbook.kept(), ExitStack() as stack:
        _check(options)
        LOG.info("run %s, source %s", __version__, options.source)
        chosen = settings.load(options.settings or settings.settings_path())
        outputs = _outputs(options, chosen)
        start = live.start(
            options.source,
            chosen=chosen,
            words=options.sensor,
            consent_reference=options.consent_reference,
            rate_hz=options.rate_hz,
            loop=options.loop or (options.source == "demo" and options.duration_s is not None),
            keep_packets=options.bundle is not None,
            taken=_ports_here(outputs.values()),
            models=_models(options),
            room=(lambda: stack.enter_context(_room(options, outputs))) if options.room else None,
        )
        permit = consent.Stated(basis=start.about.basis)
        sinks = _sinks(options, outputs, permit, start)
        _summarise(options, _loop(options, start, sinks))
    return 0


def _check(options: argparse.Namespace) -> None:
    within("--rate-hz", options.rate_hz, 1000.0)
    within("--duration-s", options.duration_s, WEEK_S)
    ready(options.bundle, OutputError, word="--bundle")
    if options.bundle is not None and options.bundle.exists():
        raise OutputError(
            f"{options.bundle}: is there already, and may be the one that shows the fault: "
            "choose another --bundle"
        )
    if options.room and options.headless:
        raise UnvisorError("--room draws in the headset and --headless nothing: leave one out")
    if options.sensor and options.source != "devices":
        raise UnvisorError(f"--sensor: is one of the devices: leave --source {options.source} out")
    if options.source not in live.DEVICES:
        for word in ("room", "bundle", "mouth_model", "eye_model"):
            if getattr(options, word):
                option = word.replace("_", "-")
                raise UnvisorError(
                    f"--{option}: needs sensors: leave --source {options.source} out"
                )


def _models(options: argparse.Namespace) -> dict[Sees, Path]:
    given: dict[Sees, Path | None] = {"mouth": options.mouth_model, "eye": options.eye_model}
    return {sees: path for sees, path in given.items() if path is not None}


def _room(options: argparse.Namespace, outputs: Mapping[str, Settings]) -> Room:
    """Return the headset process, not yet open, where nothing else will be refused."""
    permit = consent.Stated(basis=Basis(kind="reference", text=options.consent_reference))
    for name in (*outputs, *filter(None, (options.bundle, options.record))):
        consent.require(permit, str(name))
    from ..headset.room import Room

    return Room(rate_hz=options.rate_hz or RATE_HZ)


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

    def rows() -> dict[str, Health]:
        states = {f"from {name}": health for name, health in start.source.health().items()}
        states["loop"] = pulse.health()
        return states | {f"to {name}": sink.health() for name, sink in sinks.items()}

    pulse, source = Pulse(), Remembered(start.source, rows)
    if options.bundle is not None:
        sinks = {
            **sinks,
            "bundle": bundle.Keeper(
                options.bundle,
                rings=start.rings,
                basis=start.about.basis,
                settings_file=options.settings or settings.settings_path(),
                rows=lambda: source.final,
            ),
        }
    everything: tuple[Sink, ...] = (*sinks.values(), pulse)
    with stopping() as stop, watched(rows, _view(options)):
        duration_s = options.duration_s
        until_ns = None if duration_s is None else now_ns() + round(duration_s * NS_PER_S)
        counts = pipeline.run(source, reconstructor, everything, until_ns=until_ns, stop=stop)
    return Ran(counts=counts, rows=source.final, calibration=words)


def _outputs(options: argparse.Namespace, chosen: settings.Chosen) -> dict[str, Settings]:
    wanted = dict(chosen.outputs)
    for name in SINK_PLUGS.names():
        words = getattr(options, SINK + name)
        if words is not None:
            wanted[name] = settings.from_words(SINK_PLUGS.load(name), words, wanted.get(name))
    return wanted


def _ports_here(outputs: Iterable[Settings]) -> frozenset[int]:
    """Return the ports of this machine that outputs send to."""
    here = [one.port for one in outputs if isinstance(one, UdpTarget) and one.host in LOOPBACK]
    return frozenset(here)


def _sinks(
    options: argparse.Namespace, outputs: Mapping[str, Settings], permit: Permit, start: Start
) -> dict[str, Sink]:
    for name in outputs:
        consent.require(permit, name)
    sinks: dict[str, Sink] = {n: SINK_PLUGS.load(n).make(given) for n, given in outputs.items()}
    sinks |= start.sinks
    if options.bundle is not None:
        consent.require(permit, str(options.bundle))
    if options.record is not None:
        ready(options.record, RecordingError, word="--record")
        if options.record.exists():
            raise RecordingError(
                f"{options.record}: is there already, and a take is never replaced: "
                "choose another --record"
            )
        consent.require(permit, str(options.record))
        from ..datasets.recorder import Recorder

        recorder = Recorder(options.record, about=start.about, permit=permit)
        if not isinstance(start.source, Playback):
            start.source.tap(recorder.listen)
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
