"""Rigs: which sensors a headset has, and so which channels are hidden.

For scores the rigs are exact: `mouth` observes the 28 channels jaw*, mouth* and tongueOut and
nothing else; `eyes` observes gaze (the 8 eyeLook*) and openness (1 - eyeBlink). Source: FIDELITY.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .names import ARKIT, BLINK_2, LOOK_8, MOUTH_28


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """A set of sensors."""

    name: str
    mouth: bool = False
    eyes: bool = False
    audio: bool = False
    """Microphone and head pose."""

    @property
    def observed(self) -> tuple[str, ...]:
        """The ARKit channels it senses, in ARKit's order."""
        seen = set(MOUTH_28 if self.mouth else ()) | set(LOOK_8 + BLINK_2 if self.eyes else ())
        return tuple(name for name in ARKIT if name in seen)

    @property
    def hidden(self) -> tuple[str, ...]:
        """The ARKit channels that must be inferred or synthesised, in ARKit's order."""
        seen = set(self.observed)
        return tuple(name for name in ARKIT if name not in seen)


RIGS: Final[dict[str, Rig]] = {
    rig.name: rig
    for rig in (
        Rig(name="mouth+eyes", mouth=True, eyes=True),
        Rig(name="mouth", mouth=True),
        Rig(name="eyes", eyes=True),
        Rig(name="audio", audio=True),
        Rig(name="mouth+audio", mouth=True, audio=True),
        Rig(name="mouth+eyes+audio", mouth=True, eyes=True, audio=True),
        Rig(name="none"),
    )
}
"""Every rig by name."""
