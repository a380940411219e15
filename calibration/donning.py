"""Follows whether the headset is on, and gathers what a re-fit needs each time it goes on again.

    donnings = Donnings()
    use = donnings.take(frame)    # now and then a `Use`, for `fitting.refit`
    donnings.recentre()           # as if it had just gone on

Off is what a sensor or an app says (`SensorFrame.worn`), and else nothing sensed for `GONE_S`. What
sensors tell of an empty headset is no face and teaches nothing, nor does the moment in which it is put
on. No pose is asked for: ordinary use is enough for what `fitting.refit` lets through.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from ..headset.clock import NS_PER_S, seconds
from ..headset.frame import SensorFrame
from .fitting.looked import targets
from .fitting.outcome import Outcome
from .fitting.refit import refit_gaze
from .fitting.robust import Floats
from .fitting.use import Use, gathered
from .profile_types import KEPT_DONNINGS, Donning, Profile
from .routine.captures import Capture

GONE_S: Final = 5.0
"""Nothing sensed for so long is a headset taken off; a radio link's hiccup is shorter."""

SETTLES_S: Final = 1.0
"""The hands are still on it, and the eyes on nothing."""

AFTER_S: Final = (5.0, 20.0)
"""Of use, after which it is fitted, and again. A minute tells no more than 20 s (`NOTES.md`)."""

_EVERY_NS: Final = NS_PER_S // 32
"""Frames kept: a median needs no more, and a display's rate would be three times the work."""

_SOON_NS: Final = NS_PER_S // 4
"""A frame speaks of the time since the one before, if that was soon before."""


class Donnings:
    """One headset's, frame by frame, in order of time.

    Attributes:
        worn: Whether it is on a head now.
        seen_s: Of use behind the donning that is gathered; 0 where none is.
        began: How many donnings were begun.
        asked: Whether the newest was asked for, and the headset perhaps never moved.
    """

    def __init__(self, *, begins: bool = False) -> None:
        """Begin.

        Args:
            begins: Whether the first frame is a donning too, for all that is known.
        """
        self.worn = True
        self.seen_s = 0.0
        self.began = 0
        self.asked = False
        self._recentre = begins
        self._frames: list[SensorFrame] = []
        self._left: tuple[float, ...] = ()
        self._on_ns = self._last_ns = self._sensed_ns = self._kept_ns = 0
        self._first = True

    def recentre(self) -> None:
        """Take the next seconds for those of a donning; from any thread."""
        self._recentre = True

    def settle(self) -> None:
        """Gather no more of this donning: it is known better than use can tell."""
        self._left = ()

    def take(self, frame: SensorFrame) -> Use | None:
        """Take one frame; return what a donning can be fitted from, where it has just become enough."""
        at_ns = frame.time_ns
        sensed = bool(frame.faces) or frame.eyes is not None
        if self._first:
            self._first = False
            self._last_ns = self._sensed_ns = at_ns
        gone = at_ns - self._sensed_ns > GONE_S * NS_PER_S
        if sensed:
            self._sensed_ns = at_ns
        said = frame.worn is None or frame.worn.worn
        worn = said and (sensed or not gone)
        # A hole in the frames themselves (a machine that slept) is a headset taken off, too.
        again = worn and (gone or not self.worn)
        if again or (worn and self._recentre):
            self._begin(at_ns, asked=not again)
        self.worn = worn
        passed_ns, self._last_ns = at_ns - self._last_ns, at_ns
        if not worn:
            self._left, self._frames, self.seen_s = (), [], 0.0
            return None
        left = self._left
        if not left or not sensed or at_ns - self._on_ns < SETTLES_S * NS_PER_S:
            return None
        self.seen_s += seconds(min(max(0, passed_ns), _SOON_NS))
        if at_ns - self._kept_ns >= _EVERY_NS:
            self._kept_ns = at_ns
            # Sounds and pictures are large, and tell nothing of it.
            self._frames.append(SensorFrame(time_ns=at_ns, faces=frame.faces, eyes=frame.eyes))
        if self.seen_s < left[0]:
            return None
        self._left = left[1:]
        use = gathered(self._frames)
        if not self._left:
            self._frames, self.seen_s = [], 0.0
        return use

    def _begin(self, at_ns: int, *, asked: bool) -> None:
        self._recentre, self.asked = False, asked
        self.began += 1
        self._on_ns = self._kept_ns = at_ns
        self._frames, self.seen_s, self._left = [], 0.0, AFTER_S


def donned(profile: Profile, donning: Donning, *, again: bool) -> Profile:
    """Return a profile that wears a donning.

    Args:
        profile: The wearer's.
        donning: The one that counts from now on.
        again: Whether it is a better fit of the last one, which it then replaces.
    """
    before = profile.donnings[:-1] if again else profile.donnings
    return replace(profile, donnings=(*before, donning)[-KEPT_DONNINGS:])


def aimed(profile: Profile, captures: Iterable[Capture]) -> tuple[Donning, Outcome]:
    """Return the donning that counts with its gaze put right from targets, where the gate lets it.

    Args:
        profile: The wearer's.
        captures: Of a routine; poses without a target are passed over.
    """
    seen_rad, true_rad = targets(profile, captures)
    if not len(seen_rad):
        why = "no target was looked at"
        return profile.donning, Outcome(step="gaze", accepted=False, reason=why)
    return refit_gaze(profile, profile.donning, seen_rad, true_rad)


def between(former: Profile, later: Profile, share: float) -> Profile:
    """Return a profile on the way from one donning to another, the wearer's own part being `later`'s.

    Args:
        former: At share 0.
        later: At share 1.
        share: How far, 0 to 1.
    """
    a, b = former.donning, later.donning

    def mixed(one: Floats, other: Floats) -> Floats:
        return (1.0 - share) * one + share * other

    on_the_way = replace(
        b,
        rest_offset=mixed(a.rest_offset, b.rest_offset),
        openness_ratio=mixed(a.openness_ratio, b.openness_ratio),
        gaze_offset_rad=mixed(a.gaze_offset_rad, b.gaze_offset_rad),
        gaze_matrix=mixed(a.gaze_matrix, b.gaze_matrix),
    )
    return replace(later, donnings=(on_the_way,))
