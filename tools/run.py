"""The live loop.

    unvisor run --status --vrchat
    unvisor run --sensor live-link-face:host=0.0.0.0 --status
    unvisor run --source demo --vrchat 127.0.0.1:9000
    unvisor run --source X.h5 --live-link-face 127.0.0.1:11111 --record Y.h5
    unvisor run --source demo --window
    unvisor run --room --avatar me.vrm --film X.mp4
    unvisor run --bundle help.zip --consent-reference "form 2, 2026-05-01"
    unvisor run --source help.zip --record Z.h5

The settings file's sensors and outputs are used as well; what the command line says goes first.
`live_sensors.py` says which sensors are opened, `run_consent.py` what is asked before that.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .. import __version__
from ..headset import settings
from ..headset.clock import NS_PER_S, now_ns
from ..headset.frame import Health, Sink
from ..headset.outputs.udp import LOOPBACK, UdpTarget
from ..headset.plug import SINK_PLUGS, Settings
from ..headset.sensors.playback import Playback
from . import bundle, live, logbook, sealing
from . import run_beside as beside
from .inference import tell_place
from .live import Start
from .logbook import LOG
from .run_check import check
from .run_consent import Consented
from .run_options import SINK, UNWORN, add_arguments, show
from .run_room import avatar_notes, await_drawing, room
from .run_summary import Ran, summarise
from .run_wearer import Wearer, known
from .status import Pulse, Remembered, View, watched
from .stopping import stopping
from .terminal import settings_file

__all__ = ["add_arguments", "run"]

if TYPE_CHECKING:
    from ..reconstruct.cameras.camera_model_file import (
        Sees,
    )


def run(options: argparse.Namespace) -> int:
    """Run until the source ends, the time is over, or Ctrl-C."""
    with logbook.kept():
        check(options)
        LOG.info("run %s, source %s", __version__, options.source)
        with ExitStack() as stack:
            ran = _run(options, stack)
        summarise(options, ran)  # now all files are whole
    return 0


def _run(options: argparse.Namespace, stack: ExitStack) -> Ran:
    chosen = settings.load(settings_file(options.settings))
    outputs = _outputs(options, chosen)
    consented = Consented(options, outputs)
    stack.callback(consented.settle)  # after all else is closed
    asked = show(options)
    avatar = None if asked is None else options.avatar or chosen.avatar
    notes = () if avatar is None else avatar_notes(avatar)
    start = live.start(
        options.source,
        chosen=chosen,
        words=options.sensor,
        agreed=consented.agreed,
        rate_hz=options.rate_hz,
        loop=options.loop or (options.source == "demo" and options.duration_s is not None),
        keep_packets=options.bundle is not None,
        taken=_ports_here(outputs.values()),
        models=_models(options),
        room=None if asked is None else lambda: stack.enter_context(room(options, avatar)),
        senses=asked not in UNWORN,
    )
    consented.room = start.room
    for note in notes:
        LOG.info("avatar %s: %s", avatar, note)
        if not options.json:
            print(f"avatar {avatar}: {note}", flush=True)
    return replace(
        _loop(options, start, consented, _sinks(options, outputs, consented, start)),
        avatar_notes=notes,
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


def _models(options: argparse.Namespace) -> dict[Sees, Path]:
    given: dict[Sees, Path | None] = {"mouth": options.mouth_model, "eye": options.eye_model}
    return {sees: path for sees, path in given.items() if path is not None}


def _sinks(
    options: argparse.Namespace,
    outputs: Mapping[str, Settings],
    consented: Consented,
    start: Start,
) -> dict[str, Sink]:
    """Return where faces go, each behind the consent to it."""
    sinks: dict[str, Sink] = {
        name: consented.gate(name, SINK_PLUGS.load(name).make(given))
        for name, given in outputs.items()
    }
    for name, sink in start.sinks.items():  # the headset: what stays in it needs no consent
        sinks[name] = sink if options.film is None else consented.gate("film", sink)
    if options.record is not None:
        from ..datasets.recorder import Recorder

        granted = consented.sealed
        recorder = Recorder(
            options.record,
            about=start.about,
            permit=start.permit,
            finish=None if granted is None else sealing.finish(options.record, granted),
        )
        if not isinstance(start.source, Playback):
            start.source.tap(recorder.listen)
        sinks["record"] = recorder
    return sinks


def _loop(
    options: argparse.Namespace, start: Start, consented: Consented, sinks: dict[str, Sink]
) -> Ran:
    # ONNX Runtime takes its time: after all refusals.
    from ..reconstruct import models, pipeline
    from ..reconstruct.life.life import Life
    from .run_donning import wearing

    model = options.model or models.DEFAULT
    life = Life(secrets.randbits(32), gestures=options.gestures) if options.life == "on" else None
    lives = options.source in live.DEVICES
    wearer = Wearer(
        known(options, start.recording, live=lives),
        lambda profile: models.reconstructor(model, profile, life, gpu=options.gpu),
        partial(wearing, options) if lives else None,
    )
    if start.vrchat is not None:
        start.vrchat.recentre = wearer.recentre
    tell_place(wearer.runs_on, gpu=options.gpu, quiet=options.json)

    def rows() -> dict[str, Health]:
        states = {f"from {name}": health for name, health in start.source.health().items()}
        notes = (f"the model runs on the {wearer.runs_on}", wearer.words())
        states["loop"] = replace(pulse.health(), note="; ".join(filter(None, notes)))
        if learning is not None and learning.session.under_way:
            states["routine"] = learning.session.health()
        states |= {f"to {name}": sink.health() for name, sink in sinks.items()}
        return states | consented.log_health()

    pulse, source = Pulse(), Remembered(start.source, rows)
    if options.bundle is not None:
        sinks["bundle"] = bundle.Keeper(
            options.bundle,
            rings=start.rings,
            permit=start.permit,
            settings_file=settings_file(options.settings),
            rows=lambda: source.final,
        )
    with ExitStack() as stack:
        stop = stack.enter_context(stopping())
        stack.callback(wearer.close)
        attention = beside.attention(options, start, consented, stop)
        learning = beside.learning(options, start, consented, wearer, attention) if lives else None
        beside.hear(stack, attention, learning, stop)
        if attention is not None:
            attention.alone = options.window and len(sinks) == 1
            stack.enter_context(attention)
        if start.room is not None and not lives and show(options) in UNWORN:
            await_drawing(start.room, stop)
        stack.enter_context(watched(rows, _view(options)))
        stack.enter_context(consented.watched())
        duration_s = options.duration_s
        counts = pipeline.run(
            source,
            wearer if learning is None else learning.resting,
            (
                *consented.keep_log(_file(model), wearer.known.path),  # opens first, closes last
                *sinks.values(),
                *(() if learning is None else (learning.session,)),
                pulse,
            ),
            until_ns=None if duration_s is None else now_ns() + round(duration_s * NS_PER_S),
            stop=stop,
        )
    return Ran(
        counts=counts,
        rows=source.final,
        calibration=wearer.known.words,
        runs_on=wearer.runs_on,
        undrawn="" if attention is None else attention.undrawn,
        unfilmed="" if start.room is None else start.room.unfilmed,
        films=() if start.room is None else tuple(start.room.films),
    )


def _file(model: str) -> Path:
    """Return a model's file; one that is not there where it has none."""
    from ..reconstruct import models

    return models.model_path(model) if model in models.SHIPPED else Path(model)


def _view(options: argparse.Namespace) -> View:
    if not options.status:
        return "none"
    if options.json:
        return "json"
    return "table" if sys.stdout.isatty() else "lines"
