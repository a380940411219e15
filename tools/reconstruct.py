"""`unvisor reconstruct Y.h5 --profile P.json --out Z.h5`: infer the whole face of a recording."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

from ..datasets.replay import MAX_RATE_HZ
from ..datasets.store import load, save_faces
from ..headset.clock import now_ns, seconds
from ..headset.errors import RecordingError
from ..reconstruct.models import DEFAULT, reconstructor
from ..reconstruct.offline import track
from ..reconstruct.reconstructor import calibrated
from . import sealing
from .inference import tell_place
from .terminal import ready, within


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its options."""
    parser.add_argument("recording", type=Path, metavar="Y.h5", help="with sensor streams")
    parser.add_argument("--profile", type=Path, metavar="P.json", help="the wearer's; without it "
                        "the hidden face stays at rest")  # fmt: skip
    parser.add_argument("--model", default=DEFAULT, metavar="NAME|M.onnx",
                        help="what infers the hidden face (default %(default)s)")  # fmt: skip
    parser.add_argument("--gpu", action="store_true", help="let CUDA run the model where it can")
    parser.add_argument("--rate-hz", type=float, metavar="HZ", help="faces a second (default: the "
                        "sensors' own times)")  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="Z.h5", help="the faces")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(options: argparse.Namespace) -> int:
    """Reconstruct, save, say how fast it went."""
    within("--rate-hz", options.rate_hz, MAX_RATE_HZ)
    read = [options.recording, *([options.profile] if options.profile else []), Path(options.model)]
    ready(options.out, RecordingError, inputs=read)
    recording = load(options.recording).without_truth()
    wearer = sealing.profile_of(options.profile) if options.profile else None
    infers = reconstructor(options.model, wearer, gpu=options.gpu)
    place = infers.runs_on
    tell_place(place, gpu=options.gpu, quiet=options.json)
    began_ns = now_ns()
    faces = track(recording.frames(options.rate_hz), infers)
    took_s = seconds(now_ns() - began_ns)
    notes = recording.about.notes | {"model": options.model}
    save_faces(options.out, replace(recording.about, notes=notes), faces)
    speed = recording.duration_s / took_s if took_s > 0.0 else float("nan")
    if options.json:
        print(
            json.dumps(
                {
                    "out": str(options.out),
                    "faces": len(faces.time_ns),
                    "took_s": round(took_s, 3),
                    "times_real_time": round(speed, 1),
                    "runs_on": place,
                }
            )
        )
        return 0
    print(f"{options.out}: {len(faces.time_ns)} faces, {speed:.0f} x real time")
    if not recording.streams:
        print("  it holds no sensor streams, so every face is at rest: see `unvisor simulate`")
    elif wearer is None:
        print("  no --profile: the hidden face stays at rest; calibrate first to have it inferred")
    elif not calibrated(wearer):
        print(
            f"  {options.profile}: quality {wearer.quality:.0%}, too little is known: the hidden face "
            "stays at rest; calibrate again"
        )
    return 0
