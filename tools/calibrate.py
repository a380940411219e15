"""What is true of one wearer: their rest and range.

    unvisor calibrate                                    # live: asks for the faces that sensors can see
    unvisor calibrate --overlay                          # over a game, with targets for the eyes
    unvisor calibrate --undo                             # back to the profile before
    unvisor calibrate --encrypt                          # a profile that its wearer alone opens
    unvisor calibrate --recording Y.h5 --until-s 20 --out P.json
    unvisor calibrate --own-face take.csv                # a phone's capture of the whole face

Live, prompts go out by every way there is: tones and speech, panels in the headset, XSOverlay, the
terminal.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..calibration import profile
from ..calibration.consent import require
from ..calibration.consent import utc as universal
from ..headset.errors import CalibrationError, ConsentError, UnvisorError
from ..headset.permit import Permit
from . import accounting, consenting, sealing
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
    add(
        "--encrypt", action="store_true",
        help="seal the profile and the former ones: they open under your consent alone, for your own "
        "commands; what is sealed stays so",
    )  # fmt: skip
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
        undone = profile.undo(out, unseal=sealing.opened)
        if (held := _held(out)) is not None:
            accounting.note_profile(held, out)
        return _say(options, out, undone)
    if options.own_face:
        from .calibrate_own_face import teach

        ready(out, CalibrationError, inputs=options.own_face)
        permit = _permit(options, out)
        taught, became = teach(options.own_face, out)
        sealing.keep_profile(out, taught, permit, encrypt=options.encrypt)
        return _say(options, out, taught, became)
    if options.out is None:
        make_place(out)
    ready(out, CalibrationError, inputs=[options.recording] if options.recording else [])
    if options.recording is None:
        return _say(options, out, *_live(options, out))
    permit = _permit(options, out)
    fitted = _offline(options)
    sealing.keep_profile(out, fitted, permit, encrypt=options.encrypt)
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
    if not options.undo and profile.former(out):
        place = f" --out {out}" if options.out else ""
        print(f"  the one it replaced is kept: `unvisor calibrate --undo{place}` goes back")
    return 0


def _check(options: argparse.Namespace) -> None:
    """Refuse what does not go together."""
    if options.undo and (
        options.recording is not None or options.room or options.overlay or options.encrypt
    ):
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
        if getattr(options, word) and not (word == "yes" and options.encrypt):
            option = word.replace("_", "-")
            raise UnvisorError(f"--{option}: a recording asks nobody: leave it out")


def _offline(options: argparse.Namespace) -> Profile:
    from ..calibration.fit import fit
    from ..datasets.store import load

    recording = load(options.recording).without_truth()
    until_s = _UNTIL_S if options.until_s is None else options.until_s
    return fit(recording.first(until_s).frames())


def _permit(options: argparse.Namespace, out: Path) -> Permit | None:
    """Return the permit under which a profile made of files is sealed; a plain one needs none.

    It is noted all the same under a consent that holds: what it replaces was made under that, and stays
    beside it as a former profile, which a withdrawal has to find.
    """
    if not sealing.stays_sealed(out, encrypt=options.encrypt):
        return _held(out)
    permit = consenting.permit_for(
        consenting.use("calibrate", {}, stored={"profile": out}, synthesis=False),
        yes=options.yes,
        terminal=sys.stdin.isatty(),
    )
    require(permit, "profile")
    return permit


def _held(out: Path) -> Permit | None:
    """Return the permit to keep a profile, where the wearer has given one; nobody is asked."""
    asked = consenting.use("calibrate", {}, stored={"profile": out}, synthesis=False)
    try:
        return consenting.permit_for(asked, yes=False, terminal=False)
    except ConsentError:
        return None


def _live(options: argparse.Namespace, out: Path) -> tuple[Profile, str]:
    """Save and return the wearer's profile, and what became of each step in one line."""
    from ..calibration.fitting.posed import fit_captures
    from .calibrate_live import captured

    captures, permit = captured(options, out)
    base = _former(out)  # a sealed one may open only since it was agreed to
    fitted = fit_captures(captures.taken, base=base, missed=captures.missed)
    require(permit, "profile")  # it may have been withdrawn meanwhile
    # By its time a run that follows knows that the headset has not been off since.
    made = replace(fitted.profile, made_utc=universal.text(consenting.utc()))
    sealing.keep_profile(out, made, permit, encrypt=options.encrypt)
    return made, fitted.summary


def _former(out: Path) -> Profile | None:
    """Return the profile that is there, on which one goes on; none where it cannot be read."""
    try:
        return sealing.profile_of(out) if out.exists() else None
    except (CalibrationError, ConsentError) as error:
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
