"""`unvisor calibrate --recording Y.h5 --until-s 20 --out P.json`: one wearer's rest and range."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ..calibration import profile
from ..calibration.fit import fit
from ..datasets.store import load
from ..headset.errors import CalibrationError
from .terminal import WEEK_S, ready, within


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its options."""
    parser.add_argument("--recording", type=Path, metavar="Y.h5", help="calibrate from its sensors")
    parser.add_argument(
        "--until-s",
        type=float,
        default=20.0,
        metavar="S",
        help="how many of its first seconds to use (default %(default)s)",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="P.json", help="the profile")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(options: argparse.Namespace) -> int:
    """Fit, save, say how good it is."""
    if options.recording is None:
        raise CalibrationError(
            "live sensors: not in this version yet: calibrate from a recording with --recording"
        )
    within("--until-s", options.until_s, WEEK_S)
    ready(options.out, CalibrationError, inputs=[options.recording])
    recording = load(options.recording).without_truth()
    fitted = fit(recording.first(options.until_s).frames())
    profile.save(options.out, fitted)
    if options.json:
        print(
            json.dumps(
                {
                    "out": str(options.out),
                    "seconds": round(fitted.seconds, 3),
                    "quality": round(fitted.quality, 3),
                    "notes": list(fitted.notes),
                }
            )
        )
        return 0
    print(f"{options.out}: from {fitted.seconds:.1f} s, quality {fitted.quality:.0%}")
    for note in fitted.notes:
        print(f"  {note}")
    return 0
