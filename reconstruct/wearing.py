"""A wearer's reconstructor that keeps up with how the headset sits: donnings, and slow changes of rest.

    wearing = Wearing(reconstructor, profile, keeps=save)
    face = wearing.reconstruct(frame)
    wearing.recentre()    # the wearer asks for it
    wearing.close()       # at the end: what was learnt slowly is kept, if it is worth it

While the headset is said to be off its sensors see no face, and the wearer's rest is sent. Once it is on
again the first seconds of ordinary use are fitted (`calibration.donning`, `calibration.fitting.refit`);
what comes of it is eased in, so that nothing steps. Without a profile nothing is fitted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Lock, Thread
from typing import Final

import numpy as np

from ..calibration.adaptation import RestTracker
from ..calibration.donning import Donnings, aimed, between, donned
from ..calibration.fitting.outcome import Outcome, summary
from ..calibration.fitting.refit import refit
from ..calibration.fitting.use import Use
from ..calibration.profile import Profile
from ..calibration.routine.captures import Capture
from ..calibration.routine.resting import EASED_S, rested
from ..headset.clock import seconds
from ..headset.errors import CalibrationError
from ..headset.frame import Face, SensorFrame
from ..headset.merge import merge
from ..headset.names import UNIFIED
from .life.speech import Speech
from .reconstructor import FaceReconstructor

TAKEN_UP_S: Final = 2.0
"""From one donning's corrections to the next one's: a degree of gaze goes by unseen."""

Keeps = Callable[[Profile], object]


def _nowhere(profile: Profile) -> None:
    """Keep nothing."""


class Wearing:
    """A `Reconstructor` around one wearer's.

    Attributes:
        runs_on: What the model runs on.
        profile: The wearer's, with the donning that counts; None where they are not known.
        outcomes: Of the last re-fit; empty before any.
        trouble: Why a profile could not be kept; empty where it could.
    """

    def __init__(
        self,
        inner: FaceReconstructor,
        profile: Profile | None,
        *,
        begins: bool = False,
        adapt: bool = False,
        keeps: Keeps = _nowhere,
        utc: Callable[[], str] = lambda: "",
        apart: bool = True,
    ) -> None:
        """Begin.

        Args:
            inner: Infers the face; made with the same profile.
            profile: The wearer's.
            begins: Whether the headset was put on for this run: its first seconds are fitted, too.
            adapt: Follow the rest as it creeps.
            keeps: Called with each profile that is to be kept, on the thread that made it; a
                `CalibrationError` of its is `trouble`.
            utc: Gives the time, for the donning.
            apart: Fit on a thread of its own, so that no frame waits for it (30 ms); else in place.
        """
        self.runs_on = inner.runs_on
        self.profile = profile
        self.outcomes: tuple[Outcome, ...] = ()
        self.trouble = ""
        self._inner = inner
        self._donnings = Donnings(begins=begins and profile is not None)
        self._adapt = adapt
        self._keeps, self._utc, self._apart = keeps, utc, apart
        self._fitting: Thread | None = None
        self._fitted: deque[tuple[Profile, object]] = deque()  # from any thread
        self._again = False
        self._donning = object()  # another each time: what was fitted for a former one is let go
        self._keeping = Lock()
        self._worn_as = self._from = profile
        self._to = profile
        self._eased = 1.0
        self._off = 0.0
        self._last_ns: int | None = None
        self._tracker = self._tracking()
        self._speech = Speech()

    @property
    def learning(self) -> bool:
        """Whether a donning is being learnt now."""
        return self._donnings.seen_s > 0.0 or self._fitting is not None

    @property
    def summary(self) -> str:
        """What became of the last re-fit, in one line; empty before any."""
        return summary(self.outcomes) if self.outcomes else ""

    def recentre(self) -> None:
        """Fit anew from the next seconds; from any thread."""
        self._donnings.recentre()

    def aim(self, captures: Sequence[Capture]) -> Outcome:
        """Put this donning's gaze right from targets the wearer has just looked at; from any thread.

        Seconds of ordinary use tell how far the eyes are apart, and not where both of them look.
        """
        if self.profile is None:
            return Outcome(step="gaze", accepted=False, reason="calibrate first")
        donning, outcome = aimed(self.profile, captures)
        if outcome.accepted:
            later = donned(self.profile, donning, again=True)
            self._donnings.settle()
            mark = self._donning = object()  # what is being fitted from use knows less
            self._found(later, mark)
        return outcome

    def reconstruct(self, frame: SensorFrame) -> Face:
        """Return the face for `frame.time_ns`."""
        passed_s = 0.0 if self._last_ns is None else seconds(max(0, frame.time_ns - self._last_ns))
        first, self._last_ns = self._last_ns is None, frame.time_ns
        began = self._donnings.began
        use = self._donnings.take(frame)
        if self._donnings.began != began:
            self._donning, self._again = object(), False
        if use is not None and self.profile is not None:
            self._fit(self.profile, use)
        self._take_up()
        self._ease(passed_s)
        face = self._inner.reconstruct(frame)
        if self._tracker is not None and self._donnings.worn:
            self._follow(frame, passed_s)
        off = frame.worn is not None and not frame.worn.worn
        return self._rest(face, passed_s, off=off, first=first)

    def reset(self) -> None:
        """Forget the past: after a gap, or when the headset goes on again."""
        self._inner.reset()

    def cease(self) -> None:
        """Keep nothing any more: another has taken over; from any thread."""
        self._keeps = _nowhere

    def close(self) -> None:
        """Wait for a fit under way, and keep what was learnt slowly where it proved right."""
        if self._fitting is not None:
            self._fitting.join()
        self._take_up()
        if self.profile is None or self._tracker is None or not self._tracker.outcome.accepted:
            return
        self.profile = self._crept(self.profile)
        self._keep(self.profile)

    def _fit(self, profile: Profile, use: Use) -> None:
        """Fit a donning, in place or apart; one that is still fitted goes on, and this one is let go."""
        if self._fitting is not None:
            return
        again, self._again, mark = self._again, True, self._donning
        moved = not self._donnings.asked

        def fit() -> None:
            found = refit(profile, use, utc=self._utc())
            self.outcomes = found.outcomes
            # What was true of the last donning is not of this one, even where nothing can be told.
            if moved or any(one.accepted for one in found.outcomes):
                self._found(donned(profile, found.donning, again=again), mark)

        if not self._apart:
            fit()
            return
        self._fitting = Thread(target=fit, daemon=True, name="donning")
        self._fitting.start()

    def _take_up(self) -> None:
        """Begin to ease in what a fit has found."""
        if self._fitting is not None and not self._fitting.is_alive():
            self._fitting = None
        while self._fitted:
            later, mark = self._fitted.popleft()
            if mark is self._donning:  # else the headset has been taken off since
                self.profile = later
                self._tracker = self._tracking()
                self._towards(later)

    def _towards(self, later: Profile) -> None:
        self._from, self._to, self._eased = self._worn_as, later, 0.0

    def _ease(self, passed_s: float) -> None:
        if self._eased >= 1.0 or self._from is None or self._to is None:
            return
        self._eased = min(1.0, self._eased + passed_s / TAKEN_UP_S)
        way = between(self._from, self._to, self._eased)
        self._worn_as = way
        self._inner.wear(way)

    def _tracking(self) -> RestTracker | None:
        if not self._adapt or self.profile is None:
            return None
        return RestTracker(self.profile.rest + self.profile.donning.rest_offset)

    def _follow(self, frame: SensorFrame, passed_s: float) -> None:
        assert self._tracker is not None
        at_s = seconds(frame.time_ns)
        self._speech.advance(at_s, passed_s, frame, self._inner.seen, None)
        if not frame.faces:
            return
        weights, origin = np.empty(len(UNIFIED)), np.empty(len(UNIFIED), dtype=np.uint8)
        merge(frame.faces, weights, origin)
        talking = self._speech.talking
        if self._tracker.take(frame.time_ns, weights, origin, talking=talking) and self.profile:
            self._towards(self._crept(self.profile))

    def _crept(self, profile: Profile) -> Profile:
        """Return a profile whose donning rests where the tracker has followed it to."""
        assert self._tracker is not None
        offset = profile.donning.rest_offset + self._tracker.drift
        return donned(profile, replace(profile.donning, rest_offset=offset), again=True)

    def _rest(self, face: Face, passed_s: float, *, off: bool, first: bool) -> Face:
        """Return the face, or on the way to rest while the headset is said to be off.

        Nothing sensed alone is no reason: not every wearer has a tracker, and `compose` rests then.
        """
        if first:
            self._off = 1.0 if off else 0.0
        step = passed_s / EASED_S
        self._off = min(1.0, max(0.0, self._off + (step if off else -step)))
        return face if self._off == 0.0 else rested(face, self._off)

    def _found(self, later: Profile, mark: object) -> None:
        """Keep what was fitted, and have it taken up, unless something newer counts by now."""
        with self._keeping:
            if mark is self._donning:
                self._keep(later)
                self._fitted.append((later, mark))

    def _keep(self, profile: Profile) -> None:
        try:
            self._keeps(profile)
        except CalibrationError as error:
            self.trouble = str(error)
        else:
            self.trouble = ""
