"""Where a run's faces come from: sensors (`live_sensors.py`), a bundle, a recording, the demo."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..calibration.consent.context import SENSED, Channel
from ..headset import settings
from ..headset.beside import active_runtime, headless_refusal
from ..headset.errors import HeadsetError, RecordingError
from ..headset.frame import Sink
from ..headset.permit import Basis, Permit
from ..headset.sensors.assemble import Devices
from ..headset.sensors.packet_replay import PacketReplay
from ..headset.sensors.playback import Playback
from ..headset.sensors.vrchat_in import VRChatReader
from .live_sensors import (
    OPENXR,
    RATE_HZ,
    Rings,
    channels,
    devices,
    in_step,
    made,
    seeing,
    tapped,
    wanted,
)

if TYPE_CHECKING:
    from ..datasets.recording import Recording
    from ..datasets.streams import About
    from ..headset.room import Room
    from ..reconstruct.cameras.camera_model_file import (
        Sees,
    )

Agreed = Callable[[Basis | None, Sequence[Channel]], Permit]
"""Gives the permit for faces of a basis (None: of a live wearer) and for what is sensed."""

DEVICES: Final = ("devices", OPENXR)
"""Sources that read sensors now."""
_BUNDLE: Final = ".zip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where frames come from, and on what ground they may go anywhere.

    Attributes:
        source: Gives the frames.
        permit: For what it gives.
        about: Of what is recorded from it.
        recording: What is played back; its wearer can be calibrated from it.
        rings: The last packets of each sensor that has some, where they are kept.
        sinks: Outputs that come with the source: the headset.
        named: Sensors that were asked for by name.
        room: The headset process, open, where the face is drawn.
        vrchat: The sensor that VRChat is: avatars have buttons for trackers.
    """

    source: Devices | PacketReplay | Playback
    permit: Permit
    about: About
    recording: Recording | None = None
    rings: Rings = field(default_factory=Rings)
    sinks: Mapping[str, Sink] = field(default_factory=dict[str, Sink])
    named: frozenset[str] = frozenset()
    room: Room | None = None
    vrchat: VRChatReader | None = None


def start(
    source: str,
    *,
    chosen: settings.Chosen,
    words: Sequence[str],
    agreed: Agreed,
    rate_hz: float | None,
    loop: bool,
    keep_packets: bool,
    taken: Set[int] = frozenset(),
    models: Mapping[Sees, Path] | None = None,
    room: Callable[[], Room] | None = None,
    senses: bool = True,
) -> Start:
    """Prepare a source; nothing is opened.

    Args:
        source: `devices`, `openxr`, `demo`, or a file: a recording or a bundle.
        chosen: What the settings file says.
        words: Sensors as the command line names them: `NAME[:key=value,…]`.
        agreed: Asks for consent, or refuses, once all else is known to be right.
        rate_hz: Frames a second, None for the source's own.
        loop: Whether what ends begins again.
        keep_packets: Whether sensors' last packets are kept.
        taken: Ports of this machine that outputs send to.
        models: ONNX files the wearer brings, for the pictures of the mouth's and the eyes' cameras.
        room: Opens the headset process; called last.
        senses: Whether it has a headset: then it senses for sensors' runs, and sets their pace.

    Raises:
        UnvisorError: A sensor, a file or a setting that is not what it should be.
    """
    from ..datasets.streams import About

    if source in DEVICES:
        if (
            source == OPENXR
            and (room is None or not senses)
            and (refusal := headless_refusal(active_runtime()))
        ):
            raise HeadsetError(f"--source {OPENXR}: {refusal}")
        sensors = wanted(chosen, words, only=OPENXR if source == OPENXR else None, taken=taken)
        readers = made(sensors)
        seen = seeing(readers, models or {})
        permit = agreed(None, channels(sensors))
        opened = None if room is None else room()
        vrchat = next((one for one in readers.values() if isinstance(one, VRChatReader)), None)
        return Start(
            source=devices(
                seen,
                sensors,
                room=opened if senses else None,
                steady_hz=rate_hz,
                in_step=in_step(readers),
            ),
            permit=permit,
            about=About(basis=permit.basis, source="run"),
            rings=tapped(readers, sensors) if keep_packets else Rings(),
            sinks=_drawn(opened),
            vrchat=vrchat,
            named=frozenset(name for name, sensor in sensors.items() if sensor.named),
            room=opened,
        )
    if Path(source).suffix.lower() == _BUNDLE:
        from ..headset.sensors import packet_log

        log = packet_log.load(Path(source))
        permit = agreed(log.basis, SENSED)
        opened = None if room is None else room()
        return Start(
            source=PacketReplay(log, rate_hz or RATE_HZ, loop=loop),
            permit=permit,
            about=About(basis=permit.basis, source=Path(source).name),
            sinks=_drawn(opened),
            named=frozenset(log.sensors),
            room=opened,
        )
    recording = _recording(source)
    played = Playback(Path(source).name, lambda: recording.frames(rate_hz), loop=loop)
    permit = agreed(recording.about.basis, SENSED)
    opened = None if room is None else room()
    return Start(
        source=played,
        permit=permit,
        about=replace(recording.about, basis=permit.basis),
        recording=recording,
        sinks=_drawn(opened),
        room=opened,
    )


def _drawn(room: Room | None) -> dict[str, Sink]:
    return {} if room is None else {"headset": room.sink}


def _recording(source: str) -> Recording:
    if source == "demo":
        from ..datasets.performance import performance
        from ..datasets.simulate import simulate
        from ..headset.rig import RIGS

        return simulate(performance(), RIGS["mouth+eyes"])
    from ..datasets.store import load

    recording = load(Path(source))
    if not recording.streams:
        raise RecordingError(
            f"{source}: holds no sensor streams to play: `unvisor simulate` makes some"
        )
    return recording
