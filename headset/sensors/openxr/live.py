"""A session without graphics kept open for as long as it can be: what the reader's thread does.

Whatever goes wrong, all of it is closed and opened again: a session or an instance that is lost, a
service that was killed, a headset that was not connected. Destroying the lost ones is not only
polite: the loader allows one instance in a process, and a lost one counts until it is destroyed.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from threading import Event
from typing import Final

from ...beside import Runtime, active_runtime, headless_refusal
from ...clock import NS_PER_MS, NS_PER_S, Offset, now_ns, seconds
from ...errors import HeadsetError
from ...frame import Sample
from ...meter import Meter
from .face import Audio
from .instance import Instance
from .sensors import SENSOR_EXTENSIONS, Sensors
from .service import runs
from .session import REQUIRED, Session, State

_LOG: Final = logging.getLogger("unvisor")

_KEPT: Final = 1024  # samples between two reads: two seconds of head, eyes and face at 120 Hz
_LOOK_S: Final = 1.0  # how often a runtime is looked for: a manifest and a file or two are read
_SOONEST_S, _LATEST_S = 0.5, 5.0  # how long until one that failed is tried again, doubling
_WAKE_NS: Final = 100 * NS_PER_MS  # how long closing may take
_EVENTS_NS: Final = 100 * NS_PER_MS  # how often events are asked for: none is urgent here
_PATIENCE_NS: Final = NS_PER_S  # how long a session takes to begin, or a headset to find itself


class Live:
    """One thread's work, and what it says of it.

    Attributes:
        samples: What came, oldest first; the oldest goes where nobody reads.
        stop: Set to end it.
        off: Whether no session may be opened beside a game on this runtime.
        note: What is odd.
        remedy: What the wearer can do.
        offset: How the runtime's clock stands to ours; None while there is no session.
    """

    def __init__(self, rate_hz: float, audio: Audio, meter: Meter) -> None:
        """Prepare; nothing is loaded."""
        self.samples: deque[Sample] = deque(maxlen=_KEPT)
        self.stop = Event()
        self.off = False
        self.note = self.remedy = ""
        self.offset: Offset | None = None
        self._period_ns = round(NS_PER_S / rate_hz)
        self._audio: Audio = audio
        self._meter = meter

    def look(self) -> Runtime | None:
        """Return the runtime where a session may be opened now; nothing of it is loaded."""
        runtime = active_runtime()
        refusal = headless_refusal(runtime)
        self.off = refusal is not None
        if refusal is not None:
            self._say(refusal)
        elif runtime is not None and not runs(runtime):
            self._say(f"{runtime.name}: its service does not run: start it")
        else:
            return runtime
        return None

    def run(self) -> None:
        """Open a session whenever one may be had, until told to stop."""
        wait_s = _SOONEST_S
        while not self.stop.is_set():
            if self.look() is None:
                self.stop.wait(_LOOK_S)
                continue
            begun_ns, closed = now_ns(), False
            try:
                closed = self._hold()
            except HeadsetError as error:
                self._say(str(error))
            self.offset = None
            if closed:
                wait_s = _LATEST_S  # whoever closed it shall not have to do so twice a second
            elif seconds(now_ns() - begun_ns) > _LATEST_S:
                wait_s = _SOONEST_S  # it had been well
            self.stop.wait(wait_s)
            wait_s = min(_LATEST_S, 2 * wait_s)

    def _hold(self) -> bool:
        """Open a session and sample it until told to stop.

        Returns:
            Whether it was the runtime, or the wearer by it, that closed the session.

        Raises:
            HeadsetError: It could not be opened, or was lost.
        """
        with (
            Instance(SENSOR_EXTENSIONS, required=REQUIRED) as instance,
            Session(instance) as session,
        ):
            sensors = Sensors(session, audio=self._audio)
            _LOG.info("OpenXR: %s, %s: %s", instance.runtime, instance.headset, sensors.senses)
            heard_ns = next_ns = now_ns()
            events_ns = 0
            while not self.stop.is_set():
                at_ns = now_ns()
                if (left_ns := next_ns - at_ns) > 0:
                    time.sleep(seconds(min(left_ns, _WAKE_NS)))  # half of what waiting costs
                    continue
                next_ns = max(next_ns + self._period_ns, at_ns)
                if at_ns - events_ns >= _EVENTS_NS:
                    events_ns = at_ns
                    if session.poll() is State.EXITING:
                        self._say(f"{instance.runtime}: it closed the session: restart it")
                        return True
                if session.running and self._take(session, sensors):
                    heard_ns = at_ns
                elif at_ns - heard_ns > _PATIENCE_NS:
                    self._say(_silence(session, sensors))
        return False

    def _take(self, session: Session, sensors: Sensors) -> bool:
        """Take what is new; say whether there was anything."""
        dropped = sensors.dropped
        came = sensors.sample(session.now())
        self.offset = session.offset
        if came:
            self.note, self.remedy = "; ".join(filter(None, (*sensors.notes, sensors.trouble))), ""
            self._meter.tick(now_ns())
        dropped = sensors.dropped - dropped + max(0, len(self.samples) + len(came) - _KEPT)
        if dropped:
            self._meter.drop(dropped)
        self.samples.extend(came)
        return bool(came)

    def _say(self, message: str) -> None:
        """Note what is wrong, and log it once."""
        note, _, remedy = message.rpartition(": ")
        if note != self.note:
            _LOG.info("%s", message)
        self.note, self.remedy = note, remedy


def _silence(session: Session, sensors: Sensors) -> str:
    """Return why nothing is sensed, with the remedy."""
    if session.running and sensors.trouble:
        return sensors.trouble
    state = session.state.name.lower()
    return f"{session.instance.runtime}: nothing is sensed, it is {state}: put the headset on"
