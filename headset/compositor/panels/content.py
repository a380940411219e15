"""What panels in the headset say: a prompt, a target, how sensors do, the mirror's switch.

Plain values, made anew as often as one likes: a panel is drawn again only when what it says is no
longer equal. So numbers are rounded here to what is shown of them.

    prompt = Prompt(words="Smile", seconds_left=seconds_left(at_ns, now_ns()))
    panels.show({Prompt: painter.picture(prompt)})
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from ...clock import NS_PER_S
from ...frame import Health

AWAY_M: Final = 0.7
"""Arm's length: how far panels are, and how far the mirror's image is, so that eyes need not refocus."""

PX_PER_M: Final = 2000
"""Of panels: 24 pixels a degree there, as headsets have, so that runtimes neither blur nor drop."""

TARGET_AWAY_M: Final = 2.0
"""How far targets are. Each eye turns in by 0.9° there, and for whose eyes are 4 mm nearer or wider than
most by 0.06° less or more; at arm's length it would be three times that."""

Condition = Literal["live", "waiting", "lost", "off"]
"""`Health.state`."""

_TENTHS_BELOW_HZ: Final = 9.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What the wearer is to do, and when.

    Attributes:
        words: In a few words, large.
        hint: In a few more, small; may be empty.
        seconds_left: Whole seconds until it counts, 0 to 99; None where nothing is counted down.
    """

    words: str
    hint: str = ""
    seconds_left: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorRow:
    """How one sensor is doing.

    Attributes:
        name: As in the settings.
        state: Shown as a word, a shape and a colour.
        rate: `90 Hz`, empty where there is none.
    """

    name: str
    state: Condition
    rate: str = ""

    @classmethod
    def of(cls, name: str, health: Health) -> SensorRow:
        """Return it of a sensor's health, the rate rounded so that it rests while the sensor does."""
        hz = health.rate_hz
        shown = "" if not hz > 0 else f"{hz:.1f} Hz" if hz < _TENTHS_BELOW_HZ else f"{hz:.0f} Hz"
        return cls(name=name, state=health.state, rate=shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorStatus:
    """How all sensors are doing; where not all have room, those that are well stay away first."""

    rows: tuple[SensorRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorSwitch:
    """Whether the mirror is shown, and how to turn it.

    Attributes:
        shown: Whether it is.
        how: `press Y to hide it`; may be empty.
    """

    shown: bool
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A spot to look at, which turns with the head: so the angle is the eyes' own.

    Attributes:
        yaw_rad: To the wearer's right of straight ahead, seen from midway between the eyes.
        pitch_rad: Up.
        held: Whether the look is being taken now.
    """

    yaw_rad: float
    pitch_rad: float
    held: bool = False


Content = Prompt | SensorStatus | MirrorSwitch | Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Plate:
    """How large a panel is and where it stands: upright, facing the head.

    Attributes:
        size: Width and height, pixels.
        azimuth_rad: To the right of straight ahead.
        elevation_rad: Above eye level.
        away_m: How far from the head.
        px_per_m: Pixels a metre.
        locked: Whether it turns with the head; others only go along with it.
    """

    size: tuple[int, int]
    azimuth_rad: float = 0.0
    elevation_rad: float = 0.0
    away_m: float = AWAY_M
    px_per_m: float = PX_PER_M
    locked: bool = False

    @property
    def size_m(self) -> tuple[float, float]:
        """Width and height, metres."""
        width, height = self.size
        return width / self.px_per_m, height / self.px_per_m

    def pose(self) -> NDArray[np.float64]:
        """Return its middle's place, (7,): quaternion xyzw, position in metres.

        In local space, for a head in its origin; elsewhere the position is as far from the head.
        """
        turn, lift = self.azimuth_rad, self.elevation_rad
        # Its +z faces the head: turned about y, then tipped about its own x.
        cos_y, sin_y = math.cos(-turn / 2), math.sin(-turn / 2)
        cos_x, sin_x = math.cos(lift / 2), math.sin(lift / 2)
        level = self.away_m * math.cos(lift)
        return np.array(
            [
                cos_y * sin_x, sin_y * cos_x, -sin_y * sin_x, cos_y * cos_x,
                level * math.sin(turn), self.away_m * math.sin(lift), -level * math.cos(turn),
            ]
        )  # fmt: skip


PLATES: Final[dict[type[Content], Plate]] = {
    Prompt: Plate(size=(760, 264), elevation_rad=math.radians(-19.0)),
    SensorStatus: Plate(size=(640, 432), azimuth_rad=math.radians(26.0)),
    MirrorSwitch: Plate(size=(480, 112), elevation_rad=math.radians(15.0)),
    Target: Plate(size=(544, 464), away_m=TARGET_AWAY_M, px_per_m=458.0, locked=True),
}
"""About the image of the face, which is 15° wide and reaches from 10° below to 11° above eye level.

A prompt stands below it, lower than an open jaw, not above: who looks up raises their brows.
Targets reach 16° to the sides and 13° up and down, at 16 pixels a degree: a spot has no letters.
"""


def target_px(target: Target) -> tuple[float, float]:
    """Return where on its plate, which faces the head, a target is, pixels from its top left."""
    plate = PLATES[Target]
    width, height = plate.size
    across_m = plate.away_m * math.tan(target.yaw_rad)
    up_m = plate.away_m * math.tan(target.pitch_rad) / math.cos(target.yaw_rad)
    return width / 2 + across_m * plate.px_per_m, height / 2 - up_m * plate.px_per_m


def seconds_left(at_ns: int, now_ns: int) -> int:
    """Return what a countdown shows: 3 for the whole third second, 0 from the instant on."""
    return max(0, -((now_ns - at_ns) // NS_PER_S))
