"""`unvisor import FORMAT FILE… --out X`: a face capture becomes a recording's truth, a head an avatar.

unvisor import live-link-face take.csv --out X.h5
unvisor import ict-facekit ICT-FaceKit/ --out head.glb
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Final

from ..datasets.importers import IMPORTERS, import_files
from ..datasets.store import save
from ..headset.errors import HeadsetError, RecordingError
from .terminal import ready


def _ict_facekit(folder: Path, out: Path) -> None:
    from ..headset.compositor.avatars.gltf_from_ict import convert

    convert(folder, out)


HEADS: Final[dict[str, Callable[[Path, Path], None]]] = {"ict-facekit": _ict_facekit}
"""Formats of heads: what makes a GLB of a folder. A new one is a function here."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its options."""
    formats = (*IMPORTERS, *HEADS)
    parser.add_argument("format", choices=formats, metavar="FORMAT", help=", ".join(formats))
    parser.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="a capture; several are takes of one session, joined in order of time; of a head "
        "(ict-facekit) its folder",
    )
    parser.add_argument(
        "--out", required=True, type=Path, metavar="X", help="the recording, .h5; of a head, .glb"
    )
    parser.add_argument(
        "--person", default="", metavar="ID", help="whose face: splits keep a person whole"
    )
    parser.add_argument(
        "--licence", default="", metavar="L", help="what the capture is published under"
    )
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")


def run(options: argparse.Namespace) -> int:
    """Import, save, say what was found."""
    if options.format in HEADS:
        return _head(options)
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


def _head(options: argparse.Namespace) -> int:
    """Make an avatar of a head, and say what it can do."""
    from ..headset.compositor.avatars.file import load

    out: Path = options.out
    folder: Path = options.files[0]
    if len(options.files) != 1:
        raise HeadsetError(f"{options.format}: {len(options.files)} folders: name one")
    if not folder.is_dir():
        found = "a file, not a folder" if folder.exists() else "no such folder"
        raise HeadsetError(f"{folder}: {found}: name the one {options.format} was unpacked into")
    if options.person or options.licence:
        raise HeadsetError(
            f"{options.format}: a head, nobody's face: leave out --person, --licence"
        )
    if out.suffix != ".glb":
        raise HeadsetError(f"{out}: an avatar is a .glb: name one for --out")
    ready(out, HeadsetError)
    HEADS[options.format](folder, out)
    avatar = load(out)
    if options.json:
        found = {"out": str(out), "vertices": len(avatar.positions), "shapes": len(avatar.targets)}
        print(json.dumps(found))
        return 0
    print(f"{out}: {len(avatar.positions)} vertices, {len(avatar.targets)} shapes")
    for note in avatar.notes:
        print(f"  {note}")
    print(f"  see it: unvisor demo --avatar {out}")
    return 0
