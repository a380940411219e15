"""Whether what sees a pose is there, and for how long it has been or not."""

from __future__ import annotations

import numpy as np

from ...headset.clock import seconds
from ...headset.frame import SensorFrame
from .captures import measured
from .plan import Plan, Seen
from .poses import NEUTRAL, Pose


class Glimpse:
    """What one frame tells of, looked at once."""

    def __init__(self, frame: SensorFrame) -> None:
        """Look at it."""
        self._shapes = np.isfinite(measured(frame))
        self._face = bool(self._shapes.any())
        eyes = frame.eyes
        self._lids = eyes is not None and bool(np.isfinite(eyes.openness).any())
        self._gaze = eyes is not None and bool(np.isfinite(eyes.gaze).any())

    def anything(self) -> bool:
        """Say whether it tells of a face or of eyes."""
        return self._face or self._lids or self._gaze

    def of(self, pose: Pose) -> bool:
        """Say whether it tells anything of what a pose moves."""
        if pose.rises:
            return self._face and bool(self._shapes[list(pose.shapes)].any())
        if pose.name == NEUTRAL:
            return self.anything()
        return self._lids if pose.target_rad is None else self._gaze


class Sight:
    """How long what sees one pose has been there, or away.

    Attributes:
        glimpse: Of the newest frame.
    """

    def __init__(self, plan: Plan) -> None:
        """Watch for the first pose of a plan."""
        self.glimpse: Glimpse | None = None
        self._needed: list[Pose] = []
        self._now_ns = self._there_ns = self._away_ns = 0
        self.watch(plan, plan.poses[0])

    def watch(self, plan: Plan, pose: Pose) -> None:
        """Watch for what sees another pose from now on; the face at rest needs all that comes."""
        if pose.name != NEUTRAL:
            self._needed = [pose]
            return
        # Of each group one: which trackers there are is all that matters.
        firsts = {(one.group, bool(one.rises)): one for one in reversed(plan.poses[1:])}
        self._needed = list(firsts.values())

    def look(self, frame: SensorFrame, *, off: bool) -> None:
        """Take a frame; while the headset is off, what is sensed does not count."""
        self._now_ns = frame.time_ns
        glimpse = self.glimpse = Glimpse(frame)
        if not off and all(glimpse.of(pose) for pose in self._needed):
            self._there_ns = frame.time_ns
        else:
            self._away_ns = frame.time_ns

    def begin(self) -> None:
        """Count from now how long it is away."""
        self._there_ns = self._now_ns

    @property
    def away_s(self) -> float:
        """For how long it has been away."""
        return seconds(self._now_ns - self._there_ns)

    @property
    def there_s(self) -> float:
        """For how long it has been there without a break."""
        return seconds(self._now_ns - self._away_ns)

    def whose(self, seen: Seen) -> str:
        """Return in words what it is that sees the pose."""
        sources = {source for pose in self._needed for source in seen.whose(pose)}
        if not all(pose.rises for pose in self._needed):
            sources.add("the eye tracker")
        return " or ".join(sorted(sources))
