"""Keeps a live wearer's face true as the headset goes off and on: what a run does about donnings."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..calibration.consent import utc as universal
from ..headset.errors import CalibrationError, ConsentError
from ..reconstruct.wearing import Wearing
from . import consenting
from .calibrate_live import storing
from .run_wearer import Known
from .sealing import keep_profile

if TYPE_CHECKING:
    from ..calibration.profile import Profile
    from ..reconstruct.reconstructor import FaceReconstructor

SAME_DONNING: Final = timedelta(minutes=10)
"""A profile fitted no longer ago than this is of the donning that a run begins with."""


def wearing(options: argparse.Namespace, inner: FaceReconstructor, known: Known) -> Wearing:
    """Return a reconstructor that fits each donning anew, and keeps it where that is agreed to.

    Args:
        options: Of the run.
        inner: Infers the face; made with the same profile.
        known: What is known of the wearer.
    """
    return Wearing(
        inner,
        known.profile,
        begins=known.profile is not None and _long_ago(known.profile),
        adapt=options.adapt,
        keeps=_keeping(options, known.path),
        utc=lambda: universal.text(consenting.utc()),
    )


def _long_ago(known: Profile) -> bool:
    stamps = [text for text in (known.made_utc, known.donning.utc) if text]
    if not stamps:
        return True
    return consenting.utc() - max(map(universal.instant, stamps)) > SAME_DONNING


def _keeping(options: argparse.Namespace, path: Path | None) -> Callable[[Profile], object]:
    """Return what keeps a donning in the wearer's profile; nothing does where nobody agreed to one."""
    if path is None:
        return lambda _: None
    try:
        permit = consenting.permit_for(
            storing(path),
            yes=False,
            terminal=False,
            basis=consenting.reference(options.consent_reference),
        )
    except ConsentError:
        return lambda _: None

    def keep(later: Profile) -> None:
        if permit.refusal("profile") is not None:
            return
        try:
            keep_profile(path, later, permit, encrypt=options.encrypt, donned=True)
        except ConsentError as error:
            raise CalibrationError(str(error)) from error

    return keep
