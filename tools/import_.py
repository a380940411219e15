"""`unvisor import FORMAT FILE… --out X.h5`: a face capture becomes a recording's truth."""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict
from pathlib import Path

from ..datasets.importers import IMPORTERS, import_files
from ..datasets.store import save
from ..headset.errors import RecordingError
from .terminal import ready


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its options."""
    parser.add_argument("format", choices=IMPORTERS, metavar="FORMAT", help=", ".join(IMPORTERS))
    parser.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="a capture; several are takes of one session, joined in order of time",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="X.h5", help="the recording")
    parser.add_argument(
        "--person", default="", metavar="ID", help="whose face: splits keep a person whole"
    )
    parser.add_argument(
        "--licence", default="", metavar="L", help="what the capture is published under"
    )
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")


def run(options: argparse.Namespace) -> int:
    """Import, save, say what was found."""
    ready(options.out, RecordingError, inputs=options.files)
    recording, counts = import_files(
        options.format, options.files, person=options.person, licence=options.licence
    )
    save(options.out, recording)
    rate_hz = None if math.isnan(counts.rate_hz) else round(counts.rate_hz, 3)
    if options.json:
        print(json.dumps({"out": str(options.out), **asdict(counts), "rate_hz": rate_hz}))
        return 0
    rate = "" if rate_hz is None else f" at {rate_hz:.1f} Hz"
    faces = "1 face" if counts.rows == 1 else f"{counts.rows} faces"
    print(f"{options.out}: {faces}{rate}, {counts.minutes:.2f} min")
    if counts.omitted:
        print(f"  {counts.omitted} rows without weights left out: the tracker saw no face")
    if counts.gaps:
        print(f"  gaps kept as they are: {counts.gaps}")
    if not options.person:
        print("  no --person given: evaluation refuses a recording without one")
    if not recording.about.basis.text:
        print("  no --licence given: `unvisor run` sends and records no face without one")
    return 0
