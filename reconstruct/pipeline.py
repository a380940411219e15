"""The data path: frames in, faces out, to every sink. The whole of unvisor is this loop."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from threading import Event

from ..headset.clock import NS_PER_S
from ..headset.frame import FrameSource, Reconstructor, SensorFrame, Sink

GAP_NS = NS_PER_S
"""After this long without a frame the past is forgotten: nothing eases over a second's hole."""


class Continuity:
    """Tells when what came before says nothing of a face any more.

    After a hole, and when the headset goes on again: perhaps on another head, and surely in another
    place on it.
    """

    def __init__(self) -> None:
        self._last_ns: int | None = None
        self._worn = True

    def broken_by(self, frame: SensorFrame) -> bool:
        """Return whether the past has to be forgotten before this frame; call it once for each."""
        worn = self._worn if frame.worn is None else frame.worn.worn
        hole = self._last_ns is not None and frame.time_ns - self._last_ns > GAP_NS
        donned = worn and not self._worn
        self._last_ns, self._worn = frame.time_ns, worn
        return hole or donned


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a run did."""

    frames: int
    duration_ns: int
    """From the first frame's time to the last one's."""


def run(
    source: FrameSource,
    reconstructor: Reconstructor,
    sinks: Sequence[Sink],
    *,
    until_ns: int | None = None,
    stop: Event | None = None,
) -> Counts:
    """Run the loop until the source ends, a frame's time reaches `until_ns`, or `stop` is set.

    Sources and sinks are opened here and closed on every way out, in the reverse order.

    Args:
        source: Where frames come from, in order of time.
        reconstructor: Infers the face of each.
        sinks: Each gets every frame and face, in this order.
        until_ns: On the source's clock.
        stop: Looked at once a frame.

    Returns:
        How many frames went through, and over what time.
    """
    count, first_ns, last_ns = 0, 0, 0
    continuity = Continuity()
    with ExitStack() as open_now:
        for sink in sinks:
            open_now.enter_context(sink)
        open_now.enter_context(source)
        for frame in source.frames():
            if (until_ns is not None and frame.time_ns >= until_ns) or (stop and stop.is_set()):
                break
            if count == 0:
                first_ns = frame.time_ns
            if continuity.broken_by(frame):
                reconstructor.reset()
            face = reconstructor.reconstruct(frame)
            for sink in sinks:
                sink.put(frame, face)
            count, last_ns = count + 1, frame.time_ns
    return Counts(frames=count, duration_ns=last_ns - first_ns)
