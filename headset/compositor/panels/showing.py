"""When a wearer sees which panel: how sensors do at first and when one is lost, not all the time."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Final

from ...clock import NS_PER_S
from ...frame import Health
from .content import Condition, Content, MirrorSwitch, Prompt, SensorRow, SensorStatus, Target

STATUS_NS: Final = 8 * NS_PER_S
"""Long enough to turn one's head to it and read eight rows."""

AWAY_NS: Final = 10 * NS_PER_S
"""After this long without a frame the headset was off, or is new: what follows is a beginning."""

SWITCH_NS: Final = 4 * NS_PER_S


class Showing:
    """Decides, look by look, which panels are shown.

    Attributes:
        prompt: What the wearer is to do now, shown as long as it stands here.
        target: What they are to look at, likewise.
        how: How the mirror is turned on and off, in a few words.
    """

    def __init__(self, named: Set[str] = frozenset(), *, how: str = "") -> None:
        """Begin with nothing shown.

        Args:
            named: Sensors that were asked for by name: told of even while nothing came from them.
            how: How the mirror is turned on and off, in a few words.
        """
        self.prompt: Prompt | None = None
        self.target: Target | None = None
        self.how = how
        self._named = named
        self._seen_ns: int | None = None
        self._mirror = True
        self._known: dict[str, Condition] = {}
        self._status_until_ns: int | None = None
        self._switch_until_ns: int | None = None

    def contents(
        self, sensors: Mapping[str, Health], *, mirror: bool, drawn: bool, now_ns: int
    ) -> list[Content]:
        """Return what is to be shown now.

        Args:
            sensors: How each is doing.
            mirror: Whether the mirror is shown.
            drawn: Whether anything is: the time a panel is shown begins with the first frame.
            now_ns: Host clock.
        """
        states: dict[str, Condition] = {name: health.state for name, health in sensors.items()}
        changed = any(
            "lost" in (before, state) and before != state
            for name, state in states.items()
            if (before := self._known.get(name)) is not None
        )
        began = drawn and (self._seen_ns is None or now_ns - self._seen_ns > AWAY_NS)
        if changed or began:
            self._status_until_ns = now_ns + STATUS_NS
        if drawn or (self._seen_ns is not None and not mirror):  # hidden, it is not away
            self._seen_ns = now_ns
        if mirror != self._mirror:
            self._switch_until_ns = now_ns + SWITCH_NS
        self._known, self._mirror = states, mirror
        shown: list[Content] = [one for one in (self.prompt, self.target) if one is not None]
        if _still(self._status_until_ns, now_ns):
            shown.append(SensorStatus(rows=self._rows(sensors)))
        if _still(self._switch_until_ns, now_ns):
            shown.append(MirrorSwitch(shown=mirror, how=self.how))
        return shown

    def _rows(self, sensors: Mapping[str, Health]) -> tuple[SensorRow, ...]:
        """Return those that say something; that a sensor nobody has is silent is no news."""
        return tuple(
            SensorRow.of(name, health)
            for name, health in sensors.items()
            if health.state in {"live", "lost"} or name in self._named
        )


def _still(until_ns: int | None, now_ns: int) -> bool:
    return until_ns is not None and now_ns < until_ns
