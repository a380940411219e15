"""`unvisor train anatomy|robust|ridge|net Y.h5… --out M.onnx`: fit a model on recordings with truth.

`net` trains a recurrent network on top of `anatomy` with torch, and stops when people held out gain
no more. On several processes or hosts: `torchrun --nproc-per-node 4 --no-python unvisor train net …`.
"""

from __future__ import annotations

import argparse
import os
import shlex
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ..datasets.store import load
from ..headset.clock import now_ns, seconds
from ..headset.errors import ModelError
from ..reconstruct.learn.options import Options
from .terminal import WEEK_S, counting, named, ready, within, working

if TYPE_CHECKING:
    from ..reconstruct.learn.checkpoint import Epoch

_USUAL = Options()
_MOST = 1_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its options."""
    parser.add_argument("kind", choices=("anatomy", "robust", "ridge", "net"),
                        help="a closed form, or the network that stands on one")  # fmt: skip
    parser.add_argument("recordings", nargs="+", type=Path, metavar="Y.h5",
                        help="with truth, a person, and the sensors of rig mouth+eyes")  # fmt: skip
    parser.add_argument("--calibration-s", type=float, default=_USUAL.calibration_s, metavar="S",
                        help="calibrate each wearer from so much (default %(default)s)")  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="M.onnx", help="the model")
    net = parser.add_argument_group("net", "for `net` alone")
    add = net.add_argument
    add("--epochs", type=int, default=_USUAL.epochs, metavar="N",
        help="at most so many passes (default %(default)s)")  # fmt: skip
    add("--patience", type=int, default=_USUAL.patience, metavar="N",
        help="stop after so many without a gain on people held out (default %(default)s)")  # fmt: skip
    add("--held-out", action="append", default=[], metavar="PERSON", help="who decides when to "
        "stop, and is not learnt from; again for each (default: who has the least)")  # fmt: skip
    add("--units", type=int, default=_USUAL.units, metavar="N",
        help="width of the recurrent state (default %(default)s)")  # fmt: skip
    add("--batch", type=int, default=_USUAL.batch_windows, metavar="N",
        help="windows of 90 frames a step, over all processes (default %(default)s)")  # fmt: skip
    add("--seed", type=int, default=_USUAL.seed, metavar="N",
        help="the same gives the same model (default %(default)s)")  # fmt: skip
    add("--device", choices=("cpu", "cuda"), default="cpu", help="where (default %(default)s)")
    add("--resume", action="store_true", help="go on where the same command was cut off")


def run(options: argparse.Namespace) -> int:
    """Fit, export, say how long it took."""
    if find_spec("onnx") is None:
        raise ModelError("train: the package onnx is missing: pip install onnx")
    within("--calibration-s", options.calibration_s, WEEK_S)
    ready(options.out, ModelError, inputs=options.recordings)
    return _net(options) if options.kind == "net" else _closed_form(options)


def _closed_form(options: argparse.Namespace) -> int:
    from ..reconstruct.fit.training import train

    recordings = {name: load(path) for name, path in named(options.recordings).items()}
    began_ns = now_ns()
    with working(f"fitting {options.kind} on {len(recordings)} recordings"):
        train(
            options.kind,
            recordings,
            options.out,
            calibration_s=options.calibration_s,
            made_by=_made_by(options),
        )
    print(f"{options.out}: {options.kind}, fitted in {seconds(now_ns() - began_ns):.1f} s")
    return 0


def _net(options: argparse.Namespace) -> int:
    if find_spec("torch") is None:
        raise ModelError("train net: the package torch is missing: pip install 'unvisor[train]'")
    within("--epochs", options.epochs, _MOST, or_zero=True)
    within("--patience", options.patience, _MOST)
    within("--units", options.units, 4096)
    within("--batch", options.batch, _MOST)
    within("--seed", options.seed, 2**63 - 1, or_zero=True)
    from ..reconstruct.learn.train_net import train_net, training_folder

    settings = Options(
        epochs=options.epochs,
        patience=options.patience,
        seed=options.seed,
        held_out=tuple(options.held_out),
        calibration_s=options.calibration_s,
        units=options.units,
        batch_windows=options.batch,
    )
    began_ns = now_ns()
    with counting("training", options.epochs + 1) as step:

        def told(line: Epoch) -> None:
            step(f"held out {line.held_out:.3f} × rest{', best' if line.best else ''}")

        curve = train_net(
            options.recordings,
            options.out,
            settings,
            device=options.device,
            resume=options.resume,
            made_by=_made_by(options),
            progress=told,
        )
    if int(os.environ.get("RANK", "0")) == 0:  # one of many says it for all
        best = min(curve, key=lambda line: line.held_out)
        print(
            f"{options.out}: net, {len(curve) - 1} epochs in {seconds(now_ns() - began_ns):.1f} s; "
            f"people held out {best.held_out:.3f} × rest at epoch {best.epoch}, "
            f"{curve[0].held_out:.3f} before; curve in {training_folder(options.out)}"
        )
    return 0


def _made_by(options: argparse.Namespace) -> str:
    """Return the command that gives this model again, without folders."""
    words = ["train", options.kind, *(path.name for path in options.recordings)]
    if options.calibration_s != _USUAL.calibration_s:
        words += ["--calibration-s", f"{options.calibration_s:g}"]
    if options.kind == "net":
        for word in ("epochs", "patience", "units", "batch", "seed"):
            words += [f"--{word}", str(getattr(options, word))]
        for person in options.held_out:
            words += ["--held-out", person]
    return f"unvisor {shlex.join(words)}"
