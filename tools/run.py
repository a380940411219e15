"""The live loop.

    unvisor run --status --vrchat --consent-reference "form 2, 2026-05-01"
    unvisor run --sensor live-link-face:host=0.0.0.0 --status
    unvisor run --source demo --vrchat 127.0.0.1:9000
    unvisor run --source X.h5 --live-link-face 127.0.0.1:11111 --record Y.h5
    unvisor run --source demo --window
    unvisor run --room --avatar me.vrm --consent-reference "form 2, 2026-05-01" --film X.mp4
    unvisor run --bundle help.zip --consent-reference "form 2, 2026-05-01"
    unvisor run --source help.zip --record Z.h5

The settings file's sensors and outputs are used as well; what the command line says goes first.
`live_sensors.py` says which sensors are opened.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .. import __version__
from ..calibration import consent, profile
from ..calibration.fit import fit
from ..headset import settings
from ..headset.clock import NS_PER_S, now_ns, seconds
from ..headset.frame import Health, Sink
from ..headset.outputs.udp import LOOPBACK, UdpTarget
from ..headset.permit import Basis, Permit
from ..headset.plug import SINK_PLUGS, Settings
from ..headset.sensors.packet_replay import PacketReplay
from ..headset.sensors.playback import Playback
from . import bundle, live, logbook
from .live import Start
from .logbook import LOG
from .run_check import check
from .run_options import SINK, UNWORN, add_arguments, show
from .run_room import Attention, avatar_notes, await_drawing, room
from .status import Pulse, Remembered, View, as_json, watched
from .stopping import stopping
from .terminal import settings_file

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
    """What a run did.

    Attributes:
        counts: Of its loop.
        rows: How each part was doing at its end.
        calibration: How the wearer was calibrated, in words.
        undrawn: Why nothing was drawn that should have been, empty where all is well.
        unfilmed: Why the film ended early, likewise.
        films: Where films went, if anything was seen.
        avatar_notes: What is odd about the avatar.
    """

    counts: Counts
    rows: Mapping[str, Health]
    calibration: str
    undrawn: str = ""
    unfilmed: str = ""
    films: tuple[Path, ...] = ()
    avatar_notes: tuple[str, ...] = ()


def run(options: argparse.Namespace) -> int:
    """Run until the source ends, the time is over, or Ctrl-C."""
    with logbook.kept():
        check(options)
        LOG.info("run %s, source %s", __version__, options.source)
        with ExitStack() as stack:
            ran = _run(options, stack)
        _summarise(options, ran)  # now all files are whole
    return 0


def _run(options: argparse.Namespace, stack: ExitStack) -> Ran:
    chosen = settings.load(settings_file(options.settings))
    outputs = _outputs(options, chosen)
    asked = show(options)
    avatar = None if asked is None else options.avatar or chosen.avatar
    notes = () if avatar is None else avatar_notes(avatar)
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
        room=None
        if asked is None
        else lambda basis: stack.enter_context(_room(options, avatar, outputs, basis)),
        senses=asked not in UNWORN,
    )
    sinks = _sinks(options, outputs, consent.Stated(basis=start.about.basis), start)
    for note in notes:
        LOG.info("avatar %s: %s", avatar, note)
        if not options.json:
            print(f"avatar {avatar}: {note}", flush=True)
    return replace(_loop(options, start, sinks), avatar_notes=notes)


def _models(options: argparse.Namespace) -> dict[Sees, Path]:
    given: dict[Sees, Path | None] = {"mouth": options.mouth_model, "eye": options.eye_model}
    return {sees: path for sees, path in given.items() if path is not None}


def _room(
    options: argparse.Namespace,
    avatar: Path | None,
    outputs: Mapping[str, Settings],
    basis: Basis,
) -> Room:
    """Return the headset process, not yet open, where nothing else will be refused."""
    permit = consent.Stated(basis=basis)
    for name in (*outputs, *filter(None, (options.bundle, options.record, options.film))):
        consent.require(permit, str(name))
    return room(options, avatar)


def _wearer(options: argparse.Namespace, recording: Recording | None) -> tuple[Profile | None, str]:
    """Return the wearer's profile, and where it came from in words.

    It is the one that was named, or one fitted from the first seconds of what is played.
    """
    if options.profile:
        return profile.load(options.profile), f"profile {options.profile}"
    if recording is None:
        return None, "no --profile, so the hidden face stayed at rest: see `unvisor calibrate`"
    fitted = fit(recording.without_truth().first(CALIBRATION_S).frames())
    return fitted, f"no --profile: calibrated from {fitted.seconds:.0f} s of the recording"


def _loop(options: argparse.Namespace, start: Start, sinks: Mapping[str, Sink]) -> Ran:
    # ONNX Runtime takes its time: after all refusals.
    from ..reconstruct import models, pipeline
    from ..reconstruct.life.life import Life

    wearer, words = _wearer(options, start.recording)
    life = Life(secrets.randbits(32), gestures=options.gestures) if options.life == "on" else None
    reconstructor = models.reconstructor(
        options.model or models.DEFAULT, wearer, life, gpu=options.gpu
    )

    def rows() -> dict[str, Health]:
        states = {f"from {name}": health for name, health in start.source.health().items()}
        states["loop"] = pulse.health()
        return states | {f"to {name}": sink.health() for name, sink in sinks.items()}

    pulse, source = Pulse(), Remembered(start.source, rows)
    attention: Attention | None = None
    if options.bundle is not None:
        sinks = {
            **sinks,
            "bundle": bundle.Keeper(
                options.bundle,
                rings=start.rings,
                basis=start.about.basis,
                settings_file=settings_file(options.settings),
                rows=lambda: source.final,
            ),
        }
    everything: tuple[Sink, ...] = (*sinks.values(), pulse)
    with ExitStack() as stack:
        stop = stack.enter_context(stopping())
        if start.room is not None:
            attention = Attention(start.room, start.source.health, start.named, stop)
            attention.panels = options.panels != "off"
            attention.alone = options.window and len(sinks) == 1
            stack.enter_context(attention)
            if isinstance(start.source, Playback | PacketReplay) and show(options) in UNWORN:
                await_drawing(start.room, stop)
        stack.enter_context(watched(rows, _view(options)))
        duration_s = options.duration_s
        until_ns = None if duration_s is None else now_ns() + round(duration_s * NS_PER_S)
        counts = pipeline.run(source, reconstructor, everything, until_ns=until_ns, stop=stop)
    return Ran(
        counts=counts,
        rows=source.final,
        calibration=words,
        undrawn="" if attention is None else attention.undrawn,
        unfilmed="" if start.room is None else start.room.unfilmed,
        films=() if start.room is None else tuple(start.room.films),
    )


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
