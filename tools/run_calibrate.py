"""Calibrates the wearer while a run goes on, at a key: outputs rest, and the result is used at once."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..calibration import profile
from ..calibration.consent import require
from ..calibration.consent import utc as universal
from ..calibration.fitting.posed import fit_captures
from ..calibration.routine.resting import Resting
from ..headset.errors import ConsentError, UnvisorError
from ..headset.permit import Permit
from ..headset.prompts.prompt import Way
from . import consenting, sealing
from .calibrate import make_place
from .calibrate_live import storing
from .calibrate_session import HINT, Session
from .keys import Actions
from .logbook import LOG
from .run_wearer import Known, Wearer
from .terminal import CONSOLE

if TYPE_CHECKING:
    from ..calibration.consent.context import Context


class Learning:
    """A routine beside a run, from the key to the profile in use.

    Who has agreed to nothing is asked once, by one key more; with a no, what is learnt is used for this
    run alone.

    Attributes:
        resting: The run's reconstructor: rests while a routine is under way.
        session: A `Sink` of the run.
    """

    def __init__(
        self,
        options: argparse.Namespace,
        wearer: Wearer,
        *,
        ways: Callable[[], Sequence[Way]],
        saved: Callable[[Path], object],
    ) -> None:
        """Prepare.

        Args:
            options: Of the run.
            wearer: Who learns from it.
            ways: Makes the ways to the wearer.
            saved: Called with the place of a profile that was saved.
        """
        self.resting = Resting(wearer)
        self.session = Session(ways, resting=self.resting, ended=self._ended)
        self._options, self._wearer, self._saved = options, wearer, saved
        self._place: Path = wearer.known.path or profile.profile_place()
        self._permit: Permit | None = None
        self._asked: Context | None = None

    @property
    def keys(self) -> Actions:
        """What keys do now."""
        if self.session.under_way:
            return self.session.keys
        if self._asked is not None:
            return {
                "y": lambda: self._answered(agreed=True),
                "n": lambda: self._answered(agreed=False),
            }
        return {"c": self.begin, "g": self.aim, "d": self.recentre}

    def recentre(self) -> None:
        """Fit how the headset sits anew, from the next seconds of ordinary use."""
        self._wearer.recentre()
        _tell("learning how the headset sits from the next seconds")

    def aim(self) -> None:
        """Start a routine of gaze targets alone: what a donning cannot tell by itself."""
        LOG.info("looking at targets")
        CONSOLE.print(f"look at what is shown; {HINT}", style="dim")
        self.session.begin(gaze_alone=True)

    def begin(self) -> None:
        """Start a routine, or first ask whether a profile may be kept."""
        asked = storing(self._place)
        try:
            self._permit = consenting.permit_for(
                asked,
                yes=self._options.yes,
                terminal=False,  # its keys are the run's now: asked below
                basis=consenting.reference(self._options.consent_reference),
            )
        except ConsentError:
            self._asked = asked
            _tell(f"{asked.sentence} Agree? [y/n]")
            return
        self._start()

    def _answered(self, *, agreed: bool) -> None:
        asked, self._asked, self._permit = self._asked, None, None
        if agreed and asked is not None:
            from ..calibration.consent.store import Store

            try:
                Store().give(asked, now=consenting.utc(), how=consenting.KEY)
                self._permit = consenting.permit_for(asked, yes=False, terminal=False)
            except ConsentError as error:
                _tell(str(error))
        if self._permit is None:
            _tell("no profile is kept: what is learnt is for this run alone")
        self._start()

    def _start(self) -> None:
        LOG.info("calibrating")
        CONSOLE.print(f"calibrating: outputs rest; {HINT}", style="dim")
        self.session.begin()

    def _ended(self, session: Session) -> None:
        """Fit, use and keep what was seen; on the session's thread, while outputs still rest."""
        captures = session.captures
        if captures is None or not captures.taken:
            why = session.refused or "no face was seen"
            key = "g" if session.gaze_alone else "c"
            _tell(f"not calibrated: {why}: press {key} to try again")
            return
        if session.gaze_alone and self._wearer.wearing is not None:
            outcome = self._wearer.wearing.aim(captures.taken)
            told = "accepted" if outcome.accepted else "unchanged"
            _tell(f"gaze {told}: {outcome.reason}" if outcome.reason else f"gaze {told}")
            return
        base = self._wearer.profile
        fitted = fit_captures(captures.taken, base=base, missed=captures.missed)
        made = replace(fitted.profile, made_utc=universal.text(consenting.utc()))
        words = "calibrated while running"
        try:
            self._wearer.learn(Known(profile=made, words=words))
            if self._permit is not None:
                self._keep(made, self._permit)
                path = self._place
                self._wearer.known = Known(
                    profile=made, words=f"profile {path}, {words}", path=path
                )
        except UnvisorError as error:
            _tell(f"calibrated for this run alone: {error}")
        _tell(f"calibrated: {fitted.summary}")

    def _keep(self, fitted: profile.Profile, permit: Permit) -> None:
        require(permit, "profile")
        if self._place == profile.profile_place():
            make_place(self._place)
        sealing.keep_profile(self._place, fitted, permit, encrypt=self._options.encrypt)
        self._saved(self._place)


def _tell(words: str) -> None:
    LOG.info("%s", words)
    CONSOLE.print(words, markup=False, highlight=False, soft_wrap=True)
