"""Whose face a run infers: where their profile comes from, and what takes a better one while it runs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..calibration import profile
from ..calibration.fit import fit
from ..headset.errors import CalibrationError, ConsentError
from ..headset.frame import Face, Reconstructor, SensorFrame
from . import sealing
from .logbook import LOG
from .terminal import CONSOLE

if TYPE_CHECKING:
    from ..calibration.profile import Profile
    from ..datasets.recording import Recording
    from ..reconstruct.reconstructor import FaceReconstructor
    from ..reconstruct.wearing import Wearing

CALIBRATION_S: Final = 8.0
"""Of a recording that is played without a profile, how much its wearer is calibrated from."""

_UNKNOWN: Final = "no profile, so the hidden face stayed at rest: see `unvisor calibrate`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a wearer.

    Attributes:
        profile: Theirs, None where there is none.
        words: Where it came from.
        path: Its file, None where it has none.
    """

    profile: Profile | None = None
    words: str = _UNKNOWN
    path: Path | None = None


def known(options: argparse.Namespace, recording: Recording | None, *, live: bool) -> Known:
    """Return what is known of a run's wearer.

    That is the profile that was named; of a recording one fitted from its first seconds, for it may be
    anybody's; of a live wearer the one that `unvisor calibrate` saved.

    Raises:
        CalibrationError: A profile was named that cannot be used.
        ConsentError: It is sealed, and may not be opened.
    """
    if options.profile:
        found = sealing.profile_of(options.profile)
        words = f"profile {options.profile}{_poor(found)}"
        return Known(profile=found, words=words, path=options.profile)
    if recording is not None:
        fitted = fit(recording.without_truth().first(CALIBRATION_S).frames())
        words = f"no --profile: calibrated from {fitted.seconds:.0f} s of the recording"
        return Known(profile=fitted, words=words)
    place = profile.profile_place()
    if not live or not place.exists():
        return Known()
    try:
        found = sealing.profile_of(place)
    except (CalibrationError, ConsentError) as error:  # nobody named it: the run goes on without
        LOG.warning("%s", error)
        CONSOLE.print(f"{error}", markup=False, soft_wrap=True)
        return Known(words=f"no profile, for {error}")
    LOG.info("profile %s", place)
    if not options.json:
        CONSOLE.print(f"profile {place}", style="dim", markup=False, soft_wrap=True)
    return Known(profile=found, words=f"profile {place}{_poor(found)}", path=place)


def _poor(known: Profile) -> str:
    """Say that too little is known, where it is."""
    from ..reconstruct.reconstructor import calibrated

    if calibrated(known):
        return ""
    return f" of quality {known.quality:.0%}, so the hidden face stayed at rest: calibrate again"


Wears = Callable[["FaceReconstructor", Known], "Wearing"]


class Wearer:
    """A `Reconstructor` of one wearer, who may become better known while it runs.

    Attributes:
        known: What is known of them.
        runs_on: What the model runs on.
        wearing: Keeps up with how the headset sits; None where nobody wears it now.
    """

    def __init__(
        self,
        known: Known,
        make: Callable[[Profile | None], FaceReconstructor],
        wears: Wears | None = None,
    ) -> None:
        """Begin with what is known.

        Args:
            known: Of the wearer.
            make: Makes a reconstructor for a profile; on whatever thread it is learnt on.
            wears: Has it keep up with how the headset sits; None for what is played.
        """
        self._make, self._wears = make, wears
        self.wearing: Wearing | None = None
        self.learn(known)

    def learn(self, known: Known) -> None:
        """Take a new profile into use with the next frame; from any thread."""
        inner = self._make(known.profile)
        before, self.runs_on = self.wearing, inner.runs_on
        self.wearing = None if self._wears is None else self._wears(inner, known)
        self._infers: Reconstructor = self.wearing or inner
        self.known = known
        if before is not None:
            before.cease()

    @property
    def profile(self) -> Profile | None:
        """What is known of them now, with how the headset sits."""
        return self.known.profile if self.wearing is None else self.wearing.profile

    def recentre(self) -> None:
        """Fit how the headset sits anew from the next seconds; from any thread."""
        if self.wearing is not None:
            self.wearing.recentre()

    def close(self) -> None:
        """Keep what was learnt of how the headset sits."""
        if self.wearing is not None:
            self.wearing.close()

    def words(self) -> str:
        """Return what is learnt of how the headset sits; empty where there is nothing to say."""
        if self.wearing is None:
            return ""
        if self.wearing.learning:
            return "learning how the headset sits"
        return self.wearing.trouble or self.wearing.summary

    def reconstruct(self, frame: SensorFrame) -> Face:
        """Return the face for `frame.time_ns`."""
        return self._infers.reconstruct(frame)

    def reset(self) -> None:
        """Forget the past: after a gap, or when the headset goes on again."""
        self._infers.reset()
