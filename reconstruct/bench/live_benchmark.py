"""What a live run adds and costs on this machine: real sockets, trackers in a process of their own.

    sent ──network──▶ received ──wait──▶ woke ──work──▶ sensor frame ──work──▶ face

*Sent* is when a tracker gave the last packet of a frame of its to the system; *received* the stamp of
the newest sample in a sensor frame; *woke* when the loop began on it. What we add is all from received
on; the stamp itself may be late by what `udp` says, which sent tells of. The trackers run at 120 Hz,
one a little faster, so that they meet in every phase.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import process_time_ns
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ...calibration.fit import fit
from ...headset.clock import NS_PER_S, now_ns, seconds
from ...headset.frame import SensorFrame
from ...headset.names import UNIFIED_INDEX
from ...headset.pace import HOST, OnArrival, Pace, Steady
from ...headset.sensors import babble, eye_track_vr
from ...headset.sensors.assemble import Devices
from ...headset.sensors.osc_face import OscFace
from ...headset.sensors.udp import Packet, UdpReader, UdpSettings
from ..models import DEFAULT, reconstructor
from ..resident import resident_mb
from . import live_senders
from .benchmark import Cost, cost, performed
from .live_senders import NUMBERS

RATE_HZ: Final = 120.0

Paced = Literal["on arrival", "steady"]
"""When a frame is made: `pace.OnArrival` or `pace.Steady`."""
PACED: Final[tuple[Paced, ...]] = get_args(Paced)

FLOOD_HZ: Final = 50_000.0
"""Packets a second at one port."""

QUIET_S: Final = 30.0
"""At most so long is measured without the flood, to compare with."""

_WARM_UP_S: Final = 2.0
TONGUE: Final = UNIFIED_INDEX["TongueOut"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What a live run with one beat did.

    Attributes:
        paced: When its frames were made.
        rate_hz: Faces a second.
        cpu_share: Processor time of the whole process, of one core.
        unseen_share: Of the trackers' frames, those that no face shows, for the next had come.
        stages: Time between the moments that the module tells of.
    """

    paced: Paced
    rate_hz: float
    cpu_share: float
    unseen_share: float
    stages: tuple[Cost, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """What a flood at one port did to the rest.

    Attributes:
        duration_s: How long it was measured.
        sent_hz: Packets a second that were sent.
        kept_hz: Those that were read; the system drops the others, or we do.
        cpu_share: Processor time of the whole process, of one core.
        quiet: From sent to face, of a tracker at another port, before the flood.
        flooded: The same during it.
        resident_mb: Memory held at its start, at its end, and at most; None where not known.
    """

    duration_s: float
    sent_hz: float
    kept_hz: float
    cpu_share: float
    quiet: Cost
    flooded: Cost
    resident_mb: tuple[float, float, float] | None


def live(paced: Paced, duration_s: float) -> Live:
    """Run eye and mouth trackers through the whole loop.

    Args:
        paced: When frames are made.
        duration_s: How long is measured.
    """
    rig = _Rig(paced, duration_s)
    with (
        rig.devices,
        live_senders.trackers(
            live_senders.eyes(rig.eyes.port, RATE_HZ + 1.0 / duration_s),
            live_senders.mouth(rig.mouth.port, RATE_HZ),
        ) as sending,
    ):
        watch = rig.run()
        eyes_sent_ns, mouth_sent_ns = sending.stop()
    eyes = watch.since_sent_ns(watch.eyes, eyes_sent_ns)
    mouth = watch.since_sent_ns(watch.mouth, mouth_sent_ns)
    told = watch.received_ns > 0  # frames that show something new
    received, woke, framed, faced = (
        times[told] for times in (watch.received_ns, watch.woke_ns, watch.framed_ns, watch.faced_ns)
    )
    return Live(
        paced=paced,
        rate_hz=len(told) / duration_s,
        cpu_share=watch.cpu_s / duration_s,
        unseen_share=max(0.0, 1.0 - (len(eyes) + len(mouth)) / (2.0 * RATE_HZ * duration_s)),
        stages=(
            cost("received to sensor frame", (framed - received).tolist()),
            cost("received to face", (faced - received).tolist()),
            cost("work: woke to face", (faced - woke).tolist()),
            cost("sent to face, eyes", eyes),
            cost("sent to face, mouth", mouth),
        ),
    )


def flood(duration_s: float) -> Flood:
    """Run an eye tracker while another port is flooded.

    Args:
        duration_s: How long the flood is measured; before it, as long or `QUIET_S` without.
    """
    rig = _Rig("on arrival", min(duration_s, QUIET_S))
    with rig.devices, live_senders.trackers(live_senders.eyes(rig.eyes.port, RATE_HZ)) as eyes:
        watch = rig.run()
        quiet_ns = watch.since_sent_ns(watch.eyes, eyes.stop()[0])
    rig = _Rig("on arrival", duration_s)
    with (
        rig.devices,
        live_senders.trackers(live_senders.eyes(rig.eyes.port, RATE_HZ)) as eyes,
        live_senders.flood(rig.mouth.port, FLOOD_HZ) as flooding,
    ):
        began_ns = now_ns()
        watch = rig.run()
        ((count,),) = flooding.stop()
        flood_s = seconds(now_ns() - began_ns)
        flooded_ns = watch.since_sent_ns(watch.eyes, eyes.stop()[0])
    return Flood(
        duration_s=duration_s,
        sent_hz=count / flood_s,
        kept_hz=rig.kept / flood_s,
        cpu_share=watch.cpu_s / duration_s,
        quiet=cost("sent to face, quiet", quiet_ns),
        flooded=cost("sent to face, beside a flood", flooded_ns),
        resident_mb=watch.memory_mb,
    )


class _Rig:
    """Readers of an eye and of a mouth tracker, and the loop over them, without outputs."""

    def __init__(self, paced: Paced, duration_s: float) -> None:
        self.eyes = UdpReader(UdpSettings(), OscFace(eye_track_vr.DIALECT), remedy="")
        self.mouth = UdpReader(UdpSettings(), OscFace(babble.DIALECT), remedy="")
        self.mouth.tap = self._count
        self.kept = 0
        in_step = OnArrival(RATE_HZ)
        if paced == "on arrival":
            self.eyes.arrived = self.mouth.arrived = in_step.ring
        self._watch = _Stopwatch(in_step if paced == "on arrival" else HOST, duration_s)
        self.devices = Devices(
            {"eyes": self.eyes, "mouth": self.mouth},
            in_step if paced == "on arrival" else Steady(RATE_HZ),
            pace=self._watch,
        )
        self._reconstructor = reconstructor(DEFAULT, fit(performed().frames()))

    def run(self) -> _Stopwatch:
        """Run until enough is measured."""
        for frame in self.devices.frames():
            framed_ns = now_ns()
            self._reconstructor.reconstruct(frame)
            if self._watch.enough(frame, framed_ns, now_ns()):
                break
        return self._watch

    def _count(self, packet: Packet) -> None:  # noqa: ARG002
        self.kept += 1


class _Stopwatch:
    """A `Pace` that knows when the loop woke, and keeps the moments of every frame.

    Attributes:
        received_ns: Shape (N,), of the newest sample that the frame before did not show; 0 without.
        woke_ns: Shape (N,).
        framed_ns: Shape (N,), when the sensor frame was there.
        faced_ns: Shape (N,), when the face was.
        eyes: Shape (N,), number of the tracker's frame that is shown, -1 where none is.
        mouth: Likewise.
        cpu_s: Processor time of the process meanwhile.
        memory_mb: Its memory at the start, lately, and at most, looked at once a second.
    """

    def __init__(self, pace: Pace, duration_s: float) -> None:
        self._pace = pace
        self._duration_ns = round(duration_s * NS_PER_S)
        # All of it now, and written to: memory is watched meanwhile.
        self._rows = np.full((round(2.0 * RATE_HZ * (duration_s + 1.0)), 6), -1, np.int64)
        self._count = 0
        self._began_ns: int | None = None
        self._woke_ns = self._cpu_ns = 0
        self._shown: set[int] = set()  # arrivals of the samples in the frame before
        self.cpu_s = 0.0
        self._looked = 0
        self.memory_mb: tuple[float, float, float] | None = None

    def now_ns(self) -> int:
        """Return the time."""
        return self._pace.now_ns()

    def sleep_until(self, at_ns: int) -> None:
        """Sleep, and keep when that ended."""
        self._pace.sleep_until(at_ns)
        self._woke_ns = now_ns()

    def enough(self, frame: SensorFrame, framed_ns: int, faced_ns: int) -> bool:
        """Take one frame's moments; say whether it was the last."""
        shows = [*frame.faces, *filter(None, [frame.eyes])]
        received_ns = {sample.received_ns for sample in shows}
        newest_ns = max(received_ns - self._shown, default=0)
        self._shown = received_ns
        if self._began_ns is None:
            self._began_ns = faced_ns + round(_WARM_UP_S * NS_PER_S)
        if faced_ns < self._began_ns:
            self._cpu_ns = process_time_ns()
            return False
        tongue = frame.faces[0].weights[TONGUE] if frame.faces else np.nan
        lid = np.nan if frame.eyes is None else frame.eyes.openness[0]
        row = (newest_ns, self._woke_ns, framed_ns, faced_ns, _number(lid), _number(tongue))
        self._rows[self._count] = row
        self._count += 1
        measured_ns = faced_ns - self._began_ns
        if measured_ns >= self._looked * NS_PER_S:
            self._looked += 1
            self._look()
        if measured_ns < self._duration_ns and self._count < len(self._rows):
            return False
        self.cpu_s = seconds(process_time_ns() - self._cpu_ns)
        self.received_ns, self.woke_ns, self.framed_ns, self.faced_ns, self.eyes, self.mouth = (
            self._rows[: self._count].T
        )
        return True

    def _look(self) -> None:
        now_mb = resident_mb()
        if now_mb is not None:
            began_mb, _, most_mb = self.memory_mb or (now_mb, now_mb, now_mb)
            self.memory_mb = began_mb, now_mb, max(most_mb, now_mb)

    def since_sent_ns(self, numbers: NDArray[np.int64], sent_ns: Sequence[int]) -> list[int]:
        """Return the time from sent to face of each of a tracker's frames that was shown."""
        shown, first = np.unique(numbers, return_index=True)
        known = (shown >= 0) & (shown < len(sent_ns))
        return (self.faced_ns[first[known]] - np.array(sent_ns)[shown[known]]).tolist()[1:]


def _number(value: float) -> int:
    """Return the number of the tracker's frame that a value is of."""
    return -1 if value != value else round(value * NUMBERS)
