"""VRChat as a sensor: whether its wearer is away from the headset, and what it hears of their voice.

It tells each parameter that the avatar has when it changes, and then no more. `AFK` and `MuteSelf`
are states, and so is a voice at rest (`Voice` 0, `Viseme` 0): they hold as long as VRChat is heard at
all, by whatever parameter, and `HELD_S` longer, for an avatar may stand still. A voice that is not at
rest never stands still: what was said of it and not again for `FRESH_S` is missing. With another
avatar all is forgotten, for it may lack what the one before had. `AFK` is set by the headset's own
sensor of being worn, or by a key; away is taken for not worn.

Avatars also carry buttons that ask a tracker to take the wearer's rest anew (`RECENTRE`). A press is
heard when one goes from off to on; what an avatar says of its buttons while it loads is no press.

Port 9001 is the one that programs beside VRChat listen at, and one alone can have it.

Source: PROTOCOLS 3.1, 3.5, 3.6, 3.17; VRChat's pages Animator Parameters (names, types, ranges, and
that a `Viseme` is a volume of 0 to 100 on avatars with a jaw flap) and OSC Avatar Parameters (sent as
they change).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from ..clock import NS_PER_S, now_ns
from ..errors import SensorError
from ..frame import VISEMES, Health, Sample, SpeechSample, WornSample
from ..meter import Meter
from ..plug import Port, ReaderPlug
from .osc_packets import messages
from .udp import UdpReader, UdpSettings

NAME: Final = "vrchat"

FRESH_S: Final = 0.25
"""How long a voice that is not at rest is believed: as long as `assemble` believes a sample."""

HELD_S: Final = 10.0
"""How long a state outlives the last packet: as long as VRChat itself believes a silent sender.

Source: PROTOCOLS 3.2.
"""

RECENTRE: Final = ("unvisor_recenter", "etvr_recenter", "babble_recalibrate")
"""Buttons of avatars: our own, and those that avatars carry for EyeTrackVR and Babble."""

LOADS_S: Final = 2.0
"""How long after a change of avatars, or after VRChat is first heard, a button that is heard of for the
first time is as the avatar has it: all is told as it loads (assumed)."""

_ROOT: Final = "/avatar/parameters/"
_CHANGE: Final = b"/avatar/change\0"
_LARGEST: Final = {"AFK": 1.0, "MuteSelf": 1.0, "Voice": 1.0, "Viseme": 100.0}
_READ: Final = _LARGEST | dict.fromkeys(RECENTRE, 1.0)
_FRESH_NS: Final = round(FRESH_S * NS_PER_S)
_HELD_NS: Final = round(HELD_S * NS_PER_S)
_AGAIN_NS: Final = NS_PER_S // 10
"""How often a state is said again in silence: often enough for a frame to hold it."""


class VRChatSettings(UdpSettings, frozen=True, kw_only=True):
    """VRChat sends to this port of its own machine; `--osc=9000:HOST:PORT` sets another there."""

    port: Port = 9001


class VRChat:
    """Reads packets, in the order they came.

    Attributes:
        heard: Whether VRChat was.
        presses: How often the wearer has asked to be taken anew.
    """

    def __init__(self) -> None:
        self._told: dict[str, tuple[float, int]] = {}
        """Each parameter's value, and when it was told."""
        self._jaw_flap = False
        self._heard_ns = 0
        self._loaded_ns = 0
        self.heard = False
        self.presses = 0

    def parse(self, packet: bytes, received_ns: int) -> list[Sample]:
        """Return what is known after this packet, whatever it told.

        Raises:
            SensorError: A value that the parameter cannot have. And as `osc_packets.messages`.
        """
        found = messages(packet)
        for name, value in _parameters(found):
            if not 0.0 <= value <= _READ[name]:
                raise SensorError(f"{name} is {value:g}")
        if _CHANGE in packet:
            self._told.clear()
            self._jaw_flap = False
            self._loaded_ns = received_ns
        elif not any(address.startswith("/avatar/") for address, _ in found):
            return []  # another program's
        if not self.heard:
            self._loaded_ns = received_ns  # it may be loading an avatar: who knows
        self.heard, self._heard_ns = True, received_ns
        for name, value in _parameters(found):
            self.presses += name in RECENTRE and self._pressed(name, value, received_ns)
            self._told[name] = value, received_ns
            self._jaw_flap |= name == "Viseme" and value >= len(VISEMES)
        return self.known(received_ns)

    def known(self, at_ns: int) -> list[Sample]:
        """Return what still holds at an instant."""
        if not self.heard or at_ns - self._heard_ns > _HELD_NS:
            return []
        samples: list[Sample] = []
        away, muted = self._state("AFK"), self._state("MuteSelf")
        if away is not None:
            samples.append(WornSample(time_ns=at_ns, received_ns=at_ns, worn=not away))
        level, viseme = self._voice("Voice", at_ns), self._voice("Viseme", at_ns)
        visemes = np.full(len(VISEMES), np.nan)
        if self._jaw_flap:
            level = viseme / 100.0 if np.isnan(level) else level
        elif viseme == viseme:
            visemes = np.zeros(len(VISEMES))
            visemes[int(viseme)] = 1.0
        if muted is not None or level == level or not np.isnan(visemes[0]):
            samples.append(
                SpeechSample(
                    time_ns=at_ns,
                    received_ns=at_ns,
                    source=NAME,
                    level=level,
                    visemes=visemes,
                    muted=muted,
                )
            )
        return samples

    def _pressed(self, name: str, value: float, at_ns: int) -> bool:
        if value <= 0.5:
            return False
        if name in self._told:
            return self._told[name][0] <= 0.5
        # VRChat tells of changes alone, so this is one; but for an avatar that loads.
        return at_ns - self._loaded_ns > LOADS_S * NS_PER_S

    def _state(self, name: str) -> bool | None:
        return bool(self._told[name][0]) if name in self._told else None

    def _voice(self, name: str, at_ns: int) -> float:
        value, told_ns = self._told.get(name, (np.nan, 0))
        return value if value == 0.0 or at_ns - told_ns <= _FRESH_NS else np.nan


def _parameters(
    found: Sequence[tuple[str, tuple[float | bool, ...]]],
) -> list[tuple[str, float]]:
    """Return the parameters that are read here, by name."""
    named = ((address.removeprefix(_ROOT), values) for address, values in found)
    return [
        (name, float(values[0])) for name, values in named if name in _READ and len(values) == 1
    ]


class VRChatReader(UdpReader):
    """A `UdpReader` that says in silence what still holds.

    Attributes:
        recentre: Called when the wearer asks for it by an avatar's button, on the thread that reads.
    """

    def __init__(self, settings: VRChatSettings) -> None:
        self._vrchat = VRChat()
        super().__init__(
            settings,
            self._vrchat.parse,
            remedy="in VRChat, enable OSC in the action menu, and close others at this port",
        )
        self._meter = Meter(lost_after_s=HELD_S)
        self._said_ns = 0
        self._presses = 0
        self.recentre: Callable[[], object] | None = None

    def read(self) -> Sequence[Sample]:
        """Return what arrived since the last call, or in silence what still holds."""
        samples, at_ns = super().read(), now_ns()
        if self._vrchat.presses != self._presses:
            self._presses = self._vrchat.presses
            if self.recentre is not None:
                self.recentre()
        if samples:
            self._said_ns = at_ns
        elif at_ns - self._said_ns >= _AGAIN_NS:
            self._said_ns = at_ns
            return self._vrchat.known(at_ns)
        return samples

    def health(self) -> Health:
        """Return how the port is doing, and whether the avatar tells what is read here."""
        health = super().health()
        if self._vrchat.heard and health.state == "waiting":
            note = f"VRChat is heard, but its avatar has none of {', '.join(_LARGEST)}"
            return replace(health, note=note, remedy="wear an avatar that has them")
        return health


def parse(packet: bytes, received_ns: int) -> list[Sample]:
    """Return what one packet, by itself, says."""
    return VRChat().parse(packet, received_ns)


PLUG: Final = ReaderPlug(
    name=NAME,
    summary="VRChat itself: away or not, muted or not, the voice it hears",
    settings=VRChatSettings,
    make=VRChatReader,
    parse=parse,
    golden=b"/avatar/parameters/AFK\0\0,F\0\0",
    by_default=True,
)
