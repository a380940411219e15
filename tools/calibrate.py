"""What is true of one wearer: their rest and range.

    unvisor calibrate                                    # live: asks for the faces that sensors can see
    unvisor calibrate --overlay                          # over a game, with targets for the eyes
    unvisor calibrate --undo                             # back to the profile before
    unvisor calibrate --recording Y.h5 --until-s 20 --out P.json
    unvisor calibrate --own-face take.csv                # a phone's capture of the whole face

Live, prompts go out by every way there is: tones and speech, panels in the headset, XSOverlay, the
terminal.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from ..calibration import profile
from ..calibration.consent import require
from ..headset.errors import CalibrationError, UnvisorError
from .consenting import add_arguments as add_consent
from .terminal import CONSOLE, WEEK_S, ready, within

if TYPE_CHECKING:
    from ..calibration.profile import Profile

_UNTIL_S = 20.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its options."""
    add = parser.add_argument
    parser.epilog = (
        "In a terminal: space goes on, r asks again, s skips, q stops; what was done counts. Without "
        "any key it goes on by itself."
    )
    add("--recording", type=Path, metavar="Y.h5", help="calibrate from its sensors, asking nobody")
    add(
        "--own-face", nargs="+", type=Path, default=[], metavar="TAKE",
        help="captures of your whole face without the headset teach the profile your habits: .csv of "
        "Live Link Face, .json of ARKit weights, .h5",
    )  # fmt: skip
    add(
        "--until-s", type=float, metavar="S",
        help=f"how many of the recording's first seconds to use (default {_UNTIL_S:g})",
    )  # fmt: skip
    add(
        "--out",
        type=Path,
        metavar="P.json",
        help=f"the profile (default {profile.profile_place()})",
    )
    add("--undo", action="store_true", help="go back to the profile that the last one replaced")
    add(
        "--source", default="devices", metavar="devices|openxr|X.zip",
        help="where a live face comes from, as `unvisor run` has it",
    )  # fmt: skip
    add(
        "--sensor", action="append", default=[], metavar="NAME[:key=value,…]",
        help="a sensor of --source devices, as `unvisor run` has it; again for each",
    )  # fmt: skip
    add("--overlay", action="store_true", help="show prompts and targets over the game that runs")
    add("--room", action="store_true", help="show them in a room of ours, which takes the headset")
    add("--sound", choices=("on", "off"), default="on", help="tones and speech (on)")
    add("--settings", type=Path, metavar="FILE", help="instead of the settings file's own place")
    add_consent(parser)
    add("--json", action="store_true", help="print the result as JSON")


def run(options: argparse.Namespace) -> int:
    """Fit, save, say how good it is."""
    _check(options)
    out: Path = options.out or profile.profile_place()
    if options.undo:
        return _say(options, out, profile.undo(out))
    if options.own_face:
        from .calibrate_own_face import teach

        ready(out, CalibrationError, inputs=options.own_face)
        return _say(options, out, *teach(options.own_face, out))
    if options.out is None:
        make_place(out)
    ready(out, CalibrationError, inputs=[options.recording] if options.recording else [])
    if options.recording is None:
        return _say(options, out, *_live(options, out))
    fitted = _offline(options)
    profile.save(out, fitted)
    return _say(options, out, fitted)


def _say(options: argparse.Namespace, out: Path, fitted: Profile, became: str = "") -> int:
    if options.json:
        print(
            json.dumps(
                {
                    "out": str(out),
                    "seconds": round(fitted.seconds, 3),
                    "quality": round(fitted.quality, 3),
                    "notes": list(fitted.notes),
                    "summary": became,
                }
            )
        )
        return 0
    print(f"{out}: from {fitted.seconds:.1f} s, quality {fitted.quality:.0%}")
    if became:
        print(f"  {became}")
    for note in fitted.notes:
        print(f"  {note}")
    return 0


def _check(options: argparse.Namespace) -> None:
    """Refuse what does not go together."""
    if options.undo and (options.recording is not None or options.room or options.overlay):
        raise UnvisorError("--undo: calibrates nothing: leave the other options out")
    if options.own_face:
        for word in ("undo", "recording", "until_s", "room", "overlay", "sensor"):
            if getattr(options, word) not in (None, False, []):
                option = word.replace("_", "-")
                raise UnvisorError(f"--own-face and --{option}: one thing at a time: leave one out")
        return
    if options.recording is None:
        if options.until_s is not None:
            raise UnvisorError("--until-s: is a recording's: add --recording, or leave it out")
        if options.room and options.overlay:
            raise UnvisorError("--overlay and --room: show the same in two places: leave one out")
        return
    within("--until-s", options.until_s, WEEK_S)
    for word in ("room", "overlay", "sensor", "yes", "consent_reference"):
        if getattr(options, word):
            option = word.replace("_", "-")
            raise UnvisorError(f"--{option}: a recording asks nobody: leave it out")


def _offline(options: argparse.Namespace) -> Profile:
    from ..calibration.fit import fit
    from ..datasets.store import load

    recording = load(options.recording).without_truth()
    until_s = _UNTIL_S if options.until_s is None else options.until_s
    return fit(recording.first(until_s).frames())


def _live(options: argparse.Namespace, out: Path) -> tuple[Profile, str]:
    """Save and return the wearer's profile, and what became of each step in one line."""
    from ..calibration.fitting.posed import fit_captures
    from .accounting import note_profile
    from .calibrate_live import captured

    base = _former(out)
    captures, permit = captured(options, out)
    fitted = fit_captures(captures.taken, base=base, missed=captures.missed)
    require(permit, "profile")  # it may have been withdrawn meanwhile
    profile.save(out, fitted.profile)
    note_profile(permit, out)
    return fitted.profile, fitted.summary


def _former(out: Path) -> Profile | None:
    """Return the profile that is there, on which one goes on; none where it cannot be read."""
    try:
        return profile.load(out) if out.exists() else None
    except CalibrationError as error:
        CONSOLE.print(f"{error}: it is replaced", markup=False, soft_wrap=True)
        return None


def make_place(place: Path) -> None:
    """Make the folder of our own place, for its owner alone."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as cause:
        raise CalibrationError(
            f"{place.parent}: cannot be made ({cause.strerror}): name a file with --out"
        ) from cause
