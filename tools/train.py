"""`unvisor train robust Y.h5… --out M.onnx`: fit a model on recordings with truth and sensors."""

from __future__ import annotations

import argparse
import shlex
from importlib.util import find_spec
from pathlib import Path

from ..datasets.store import load
from ..headset.clock import now_ns, seconds
from ..headset.errors import ModelError
from ..reconstruct.sheets import CALIBRATION_S
from .terminal import WEEK_S, named, ready, within, working


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its options."""
    parser.add_argument("kind", choices=("ridge", "robust"), help="which closed form to fit")
    parser.add_argument("recordings", nargs="+", type=Path, metavar="Y.h5",
                        help="with truth, a person, and the sensors of rig mouth+eyes")  # fmt: skip
    parser.add_argument("--calibration-s", type=float, default=CALIBRATION_S, metavar="S",
                        help="calibrate each wearer from so much (default %(default)s)")  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="M.onnx", help="the model")


def run(options: argparse.Namespace) -> int:
    """Fit, export, say how long it took."""
    if find_spec("onnx") is None:
        raise ModelError("train: the package onnx is missing: pip install 'unvisor[train]'")
    within("--calibration-s", options.calibration_s, WEEK_S)
    ready(options.out, ModelError, inputs=options.recordings)
    from ..reconstruct.training import train

    recordings = {name: load(path) for name, path in named(options.recordings).items()}
    began_ns = now_ns()
    words = ["train", options.kind, *(path.name for path in options.recordings)]
    with working(f"fitting {options.kind} on {len(recordings)} recordings"):
        train(
            options.kind,
            recordings,
            options.out,
            calibration_s=options.calibration_s,
            made_by=f"unvisor {shlex.join(words)}",
        )
    print(f"{options.out}: {options.kind}, fitted in {seconds(now_ns() - began_ns):.1f} s")
    return 0
