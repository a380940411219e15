"""The options of `unvisor run`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from ..headset import settings
from ..headset.plug import READER_PLUGS, SINK_PLUGS
from .live_sensors import RATE_HZ

SINK: Final = "sink:"
"""Sets an output's option apart from ours of the same name."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options, one for each output that is known here."""
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
        "--bundle", type=Path, metavar="X.zip",
        help="at the end, put the last minute's raw packets, states, versions and the log into a "
        "file for whoever helps you; it is of a face and needs the same consent as --record",
    )  # fmt: skip
    add("--profile", type=Path, metavar="P.json", help="the wearer's, from `unvisor calibrate`")
    for sees, whose in (("mouth", "mouth's camera"), ("eye", "eyes' cameras")):
        add(
            f"--{sees}-model", type=Path, metavar="M.onnx",
            help=f"a model of your own that looks at the {whose}; M.toml beside it describes it",
        )  # fmt: skip
    add("--model", metavar="NAME|M.onnx", help="what infers the hidden face (robust)")
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
        "--room", action="store_true",
        help="draw in the headset, with a session that owns it: refused while a game runs",
    )  # fmt: skip
    add("--headless", action="store_true", help="draw nothing, which without --room is so anyway")
    add("--status", action="store_true", help="show how each sensor and output is doing")
    add("--json", action="store_true", help="print states and the summary as JSON")
    add("--settings", type=Path, metavar="FILE", help=f"instead of {settings.settings_path()}")
    add("--consent-reference", default="", metavar="TEXT", help="form, version and date signed")
