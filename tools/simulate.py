"""`unvisor simulate X.h5 --rig mouth+eyes --out Y.h5`: what a headset would have sensed of a face."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import cast, get_args

import numpy as np

from ..datasets.simulate import Noise, simulate
from ..datasets.store import load, save
from ..headset.errors import RecordingError
from ..headset.rig import RIGS
from ..reconstruct.judge.masking import lacking
from .terminal import ready


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its options."""
    parser.add_argument("recording", type=Path, metavar="X.h5", help="a recording with truth")
    parser.add_argument("--rig", required=True, choices=RIGS, help="which sensors the headset has")
    parser.add_argument(
        "--seed", type=_seed, default=0, metavar="N", help="0 or more; the same gives the same file"
    )
    parser.add_argument(
        "--noise",
        choices=get_args(Noise),
        default="model",
        help="model: as trackers err, the default; none: exact",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="Y.h5", help="the recording")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")


def run(options: argparse.Namespace) -> int:
    """Simulate, save, say what was made."""
    noise = cast("Noise", options.noise)
    ready(options.out, RecordingError, inputs=[options.recording])
    recording = simulate(load(options.recording), RIGS[options.rig], seed=options.seed, noise=noise)
    if missing := lacking(recording, RIGS[options.rig]):
        raise RecordingError(
            f"{options.recording}: holds no {missing}, which the rig {options.rig} senses: "
            "choose another --rig"
        )
    save(options.out, recording)
    counts = {name: int(np.size(stream.time_ns)) for name, stream in recording.streams.items()}
    if options.json:
        told = {"out": str(options.out), "rig": options.rig, "noise": noise, "seed": options.seed}
        print(json.dumps({**told, "duration_s": recording.duration_s, "samples": counts}))
        return 0
    made = ", ".join(f"{name} {count} samples" for name, count in counts.items())
    print(f"{options.out}: {made or 'no streams: this rig senses nothing'}")
    return 0


def _seed(text: str) -> int:
    seed = int(text)
    if seed < 0:
        raise argparse.ArgumentTypeError("must be 0 or more")
    return seed
