"""Which sensors a run opens, and how they are put together.

Without a sensor named, every one is opened that takes nothing from anyone: no camera, no microphone,
no headset from a game. Those wait for their ports, and are no error where they cannot be opened; one
that was named is. Beside sensors that were named, only those unnamed ones are opened that ask the
headset's own runtime and no port. `--sensor NAME:enabled=false` leaves one out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..calibration.consent.context import SENSED, Channel
from ..headset import settings
from ..headset.errors import SensorError, UnvisorError
from ..headset.frame import Reader
from ..headset.pace import OnArrival
from ..headset.plug import READER_PLUGS, ReaderPlug, Settings
from ..headset.sensors.assemble import Devices
from ..headset.sensors.packet_ring import PacketRing
from ..headset.sensors.patient import Patient
from ..headset.sensors.udp import UdpReader
from ..headset.sensors.vrchat_in import VRChatReader
from .logbook import LOG

if TYPE_CHECKING:
    from ..headset.room import Room
    from ..reconstruct.cameras.camera_model_file import (
        Sees,
    )

RATE_HZ: Final = 90.0
"""Of live sensors: the rate of most headsets' displays."""

OPENXR: Final = "openxr"
_CAMERAS: Final[dict[Sees, tuple[str, ...]]] = {
    "mouth": ("mouth-camera",),
    "eye": ("left-eye-camera", "right-eye-camera", "eyes-camera"),
}
"""Whose pictures a model is for."""

Rings = dict[str, tuple[Settings, PacketRing]]
"""By sensor, how it is read and the packets it received."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A sensor to be opened, and whether anybody named it."""

    plug: ReaderPlug[Any]
    settings: Settings
    named: bool


def wanted(
    chosen: settings.Chosen,
    words: Sequence[str],
    *,
    only: str | None = None,
    taken: Set[int] = frozenset(),
) -> dict[str, Wanted]:
    """Return the sensors to open, by name, in order of preference: first those that were named.

    Args:
        chosen: What the settings file says.
        words: What the command line says, which goes first.
        only: The one to open, whatever else is named.
        taken: Ports of this machine that outputs send to: who read there would read our own face.

    Raises:
        UnvisorError: A name or a setting that is not known, a sensor that would hear ourselves, or
            no sensor is left.
    """
    named = dict(chosen.readers)
    for text in [only] if only else words:
        name, _, said = text.partition(":")
        named[name] = settings.from_words(READER_PLUGS.load(name), said, named.get(name))
    found = {
        name: Wanted(plug=READER_PLUGS.load(name), settings=given, named=True)
        for name, given in named.items()
        if given.enabled and only in (None, name)
    }
    if only is None:
        unasked = _unasked(named.keys() | chosen.unwanted, alone=not found)
        found |= {name: one for name, one in unasked.items() if _port(one) not in taken}
    for name, sensor in found.items():
        if _port(sensor) in taken:
            raise SensorError(
                f"{name}: an output sends to port {_port(sensor)} of this machine, so it would hear "
                f"ourselves: set another, --sensor {name}:port=…"
            )
    if not found:
        raise SensorError("--source devices: every sensor is left out: leave --sensor out instead")
    return found


def _port(sensor: Wanted) -> int | None:
    return getattr(sensor.settings, "port", None)


def _unasked(known: Set[str], *, alone: bool) -> dict[str, Wanted]:
    """Return the sensors that are opened although nobody named them."""
    found: dict[str, Wanted] = {}
    for name in READER_PLUGS.names():
        if name in known:
            continue
        try:
            plug = READER_PLUGS.load(name)
        except UnvisorError as error:  # of a package that nobody asked for
            LOG.warning("%s", error)
            continue
        if plug.by_default and (alone or plug.parse is None):
            found[name] = Wanted(plug=plug, settings=plug.settings(), named=False)
    return found


def channels(sensors: Iterable[str]) -> tuple[Channel, ...]:
    """Return what sensors may sense, as a wearer is asked for it."""
    cameras = {name for names in _CAMERAS.values() for name in names}
    return SENSED if cameras.isdisjoint(sensors) else (*SENSED, "pictures")


def made(sensors: Mapping[str, Wanted]) -> dict[str, Reader]:
    """Return a reader of each sensor, not yet open."""
    return {name: sensor.plug.make(sensor.settings) for name, sensor in sensors.items()}


def tapped(readers: Mapping[str, Reader], sensors: Mapping[str, Wanted]) -> Rings:
    """Keep the last packets of each reader that has some."""
    rings = Rings()
    for name, reader in readers.items():
        if isinstance(reader, UdpReader):
            ring = PacketRing()
            reader.tap = ring.take
            rings[name] = sensors[name].settings, ring
    return rings


def seeing(readers: Mapping[str, Reader], models: Mapping[Sees, Path]) -> dict[str, Reader]:
    """Put models behind the cameras that they are for."""
    seeing = dict(readers)
    for sees, path in models.items():
        cameras = [name for name in _CAMERAS[sees] if name in readers]
        if not cameras:
            raise SensorError(
                f"--{sees}-model: no camera for it: add --sensor {_CAMERAS[sees][0]}:device=…"
            )
        from ..reconstruct.cameras.camera_model import (
            CameraModel,
        )
        from ..reconstruct.model_reader import ModelReader

        model = CameraModel(path, sees)
        seeing |= {name: ModelReader(readers[name], model) for name in cameras}
    return seeing


def in_step(readers: Mapping[str, Reader]) -> OnArrival:
    """Return a beat that trackers on the network ring."""
    beat = OnArrival(RATE_HZ)
    for reader in readers.values():
        if isinstance(reader, UdpReader) and not isinstance(reader, VRChatReader):  # it has no face
            reader.arrived = beat.ring
    return beat


def devices(
    readers: Mapping[str, Reader],
    sensors: Mapping[str, Wanted],
    *,
    room: Room | None,
    steady_hz: float | None,
    in_step: OnArrival,
) -> Devices:
    """Return the loop over readers, of which those that nobody named wait until they can be opened.

    Args:
        readers: By name, in order of preference.
        sensors: What is to be known of each.
        room: The headset process: its display sets the pace.
        steady_hz: Frames a second where that was asked for.
        in_step: What sets the pace else: see `in_step`.
    """
    patient = {n: one if sensors[n].named else Patient(one) for n, one in readers.items()}
    if room is not None:
        patient.pop(OPENXR, None)  # the room's session senses what that would
        return Devices({"room": room.reader} | patient, room.beat)
    return Devices(patient, steady_hz) if steady_hz else Devices(patient, in_step, pace=in_step)
