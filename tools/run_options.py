"""The options of `unvisor run`, and where by them the face is drawn."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from ..headset import settings
from ..headset.compositor.stage import Show
from ..headset.plug import READER_PLUGS, SINK_PLUGS
from .consenting import add_arguments as add_consent
from .live_sensors import RATE_HZ

SINK: Final = "sink:"
"""Sets an output's option apart from ours of the same name."""


KEYS: Final = (
    "In a terminal, of a live wearer: c calibrates them while outputs rest, g has them look at targets "
    "alone, d learns anew how the headset sits, q quits; while the face is drawn, m shows and hides the "
    "mirror, r has it stand before the wearer anew, and q quits."
)
UNWORN: Final[frozenset[Show]] = frozenset({"window", "film"})
"""Stages without a headset: nothing is sensed there, and no picture waits for a wearer."""


def show(options: argparse.Namespace) -> Show | None:
    """Return where the face is to be drawn, None where nowhere."""
    if options.room:
        return "room"
    if options.overlay:
        return "overlay"
    if options.window:
        return "window"
    return None if options.film is None else "film"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options, one for each output that is known here."""
    parser.epilog = KEYS
    add = parser.add_argument
    add(
        "--source", default="devices", metavar="devices|openxr|demo|X.h5|X.zip",
        help="where the face comes from: sensors (devices), OpenXR alone, the demo, a recording, or "
        "the packets that a bundle holds",
    )  # fmt: skip
    add(
        "--sensor", action="append", default=[], metavar="NAME[:key=value,…]",
        help="a sensor of --source devices, again for each; without any, all that take nothing from "
        "anyone, and beside any, those of them that need no port; NAME:enabled=false leaves one out; "
        f"known are {', '.join(READER_PLUGS.names())}",
    )  # fmt: skip
    for name in SINK_PLUGS.names():
        add(
            f"--{name}", dest=SINK + name, nargs="?", const="", metavar="HOST:PORT[,key=value,…]",
            help=f"send the face to {name}; without an address to the one it is known by",
        )  # fmt: skip
    add("--record", type=Path, metavar="X.h5", help="store what is sensed and what is inferred")
    add(
        "--encrypt", action="store_true",
        help="seal the recording at its end, and a profile made meanwhile: they open under your consent "
        "alone; `unvisor consent open` makes a plain copy",
    )  # fmt: skip
    add(
        "--bundle", type=Path, metavar="X.zip",
        help="at the end, put the last minute's raw packets, states, versions and the log into a "
        "file for whoever helps you; it is of a face and needs the same consent as --record",
    )  # fmt: skip
    add(
        "--profile", type=Path, metavar="P.json",
        help="the wearer's; of a live one that of `unvisor calibrate` is taken by itself",
    )  # fmt: skip
    add(
        "--sound", choices=("on", "off"), default="on",
        help="tones and speech while calibrating, and a tone where consent ends (on)",
    )  # fmt: skip
    for sees, whose in (("mouth", "mouth's camera"), ("eye", "eyes' cameras")):
        add(
            f"--{sees}-model", type=Path, metavar="M.onnx",
            help=f"a model of your own that looks at the {whose}; M.toml beside it describes it",
        )  # fmt: skip
    add("--model", metavar="NAME|M.onnx", help="what infers the hidden face (anatomy)")
    add(
        "--gpu", action="store_true",
        help="let CUDA run the model; by default nothing of it opens a GPU that a game needs",
    )  # fmt: skip
    add(
        "--life", choices=("on", "off"), default="on",
        help="blinks and glances where no sensor tells of eyes (on); VRChat makes its own",
    )  # fmt: skip
    add(
        "--gestures", action="store_true",
        help="brows that move with speech where no sensor tells: made up, so off by default",
    )  # fmt: skip
    add(
        "--adapt", action="store_true",
        help="follow the resting face as it creeps over minutes; pauses in speech, learns from sensors "
        "alone (off)",
    )  # fmt: skip
    add(
        "--rate-hz",
        type=float,
        metavar="N",
        help=f"faces a second (in step with the sensors, {RATE_HZ:g} without; a recording's own)",
    )
    add(
        "--duration-s",
        type=float,
        metavar="N",
        help="end after this long; the demo repeats until then",
    )
    add("--loop", action="store_true", help="start a recording or the demo again at its end")
    add(
        "--headless",
        action="store_true",
        help="draw nothing on any screen; a --film is made anyway",
    )
    _add_drawn(parser)
    add("--status", action="store_true", help="show how each sensor and output is doing")
    add("--json", action="store_true", help="print states and the summary as JSON")
    add("--settings", type=Path, metavar="FILE", help=f"instead of {settings.settings_path()}")
    add_consent(parser)


def _add_drawn(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--room", action="store_true",
        help="draw in the headset, with a session that owns it: refused while a game runs",
    )  # fmt: skip
    add("--overlay", action="store_true", help="draw in the headset over the game that runs there")
    add(
        "--window", action="store_true",
        help="draw in a window on the desktop, alone or beside --room and --overlay",
    )  # fmt: skip
    add("--avatar", type=Path, metavar="A.vrm", help="whose face is drawn: a .glb, .gltf or .vrm")
    add(
        "--film", type=Path, metavar="X.mp4|X.png",
        help="a film of what the wearer sees, or the last picture of it; without --room, --overlay or "
        "--window nothing else shows it; needs the same consent as --record",
    )  # fmt: skip
    add(
        "--panels", choices=("on", "off"),
        help="whether panels in the picture tell how sensors do, at first and when one is lost (on)",
    )  # fmt: skip
    add(
        "--refresh-hz", type=float, metavar="N",
        help="with --room, the highest rate that the headset's display is asked for",
    )  # fmt: skip
