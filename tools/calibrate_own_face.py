"""`unvisor calibrate --own-face TAKE…`: a capture made without the headset teaches the wearer's habits.

A take is a recording with truth (.h5), a Live Link Face capture (.csv) or ARKit frames (.json).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ..calibration.fitting.outcome import summary
from ..headset.errors import CalibrationError
from ..headset.rig import RIGS, Rig
from .sealing import profile_of
from .terminal import named, working

if TYPE_CHECKING:
    from ..calibration.profile import Profile
    from ..datasets.recording import Recording

_FORMATS: Final = {".csv": "live-link-face", ".json": "arkit-json"}


def teach(takes: Sequence[Path], out: Path) -> tuple[Profile, str]:
    """Teach the profile that is there; it is not saved.

    Args:
        takes: Files.
        out: The profile.

    Returns:
        It, and what became of each part of the face in one line.

    Raises:
        UnvisorError: There is no profile yet, or a take shows no whole face.
    """
    from ..reconstruct import teaching
    from ..reconstruct.models import DEFAULT

    if not out.exists():
        raise CalibrationError(
            f"{out}: no profile yet to teach: `unvisor calibrate` with the headset on makes one"
        )
    known = profile_of(out)
    seen = {name: _take(path) for name, path in named(takes).items()}
    with working("your own face"):
        taught = teaching.teach(known, seen, model=DEFAULT, rig=_rig(known))
    return taught.profile, f"from {taught.seconds:.0f} s of your face: {summary(taught.outcomes)}"


def _take(path: Path) -> Recording:
    from ..datasets.importers import import_files
    from ..datasets.store import load

    form = _FORMATS.get(path.suffix.lower())
    return load(path) if form is None else import_files(form, [path])[0]


def _rig(known: Profile) -> Rig:
    """Return what the wearer's headset senses, by what is known of it."""
    eyes, mouth = np.isfinite(known.openness_rest).any(), np.isfinite(known.rest).any()
    name = {(True, True): "mouth+eyes", (True, False): "mouth", (False, True): "eyes"}.get(
        (bool(mouth), bool(eyes))
    )
    if name is None or name not in RIGS:
        raise CalibrationError("the profile knows no sensor: calibrate with the headset on first")
    return RIGS[name]
