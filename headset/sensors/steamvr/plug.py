"""SteamVR's head pose, and whether its headset is worn, beside any game.

A pose is asked for the very moment of asking and stamped with the middle of the call, so its time is
wrong by half the call at most. It stands in the standing universe: upright, the floor at 0. Where
SteamVR is not running, starts, quits or dies under us, we let go and look again every few seconds.

Source: PROTOCOLS 3.17; openvr.h.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from threading import Event, Thread
from types import TracebackType
from typing import Annotated, Final, Self

import msgspec
import numpy as np

from ...clock import NS_PER_S, now_ns, seconds
from ...errors import HeadsetError
from ...frame import HeadSample, Health, Sample, WornSample
from ...meter import Meter
from ...plug import RateHz, ReaderPlug, Settings
from . import client as steamvr_client
from .client import Client
from .pose import quaternion

NAME: Final = "steamvr"

_SILENT_NS: Final = NS_PER_S // 2

_WORN_EVERY_NS: Final = NS_PER_S // 10
"""Often enough for a frame to hold it, at a tolerance of 0.25 s."""

_APP_EVERY_NS: Final = NS_PER_S
_KEPT: Final = 256  # two seconds of poses

_CLOSING_S: Final = 2.0
"""How long closing waits for a SteamVR that does not answer; its thread is then left behind."""

_LOG: Final = logging.getLogger("unvisor")


class SteamVrSettings(Settings, frozen=True, kw_only=True):
    """How often SteamVR is asked."""

    rate_hz: RateHz = 90.0
    look_again_s: Annotated[float, msgspec.Meta(ge=0.1, le=60)] = 5.0
    """Between two tries to join it; and how long it may give no pose until it is joined anew, for
    it may have died unseen."""


class SteamVrReader:
    """Reads a running SteamVR on a thread of its own, for its calls may wait."""

    def __init__(self, settings: SteamVrSettings) -> None:
        self._period_s = 1.0 / settings.rate_hz
        self._look_again_s = settings.look_again_s
        self._meter = Meter()
        self._samples: deque[Sample] = deque(maxlen=_KEPT)
        self._stop = Event()
        self._thread: Thread | None = None
        self._installed = False
        self._state = "SteamVR: not asked yet: wait a moment"
        """What there is to say of SteamVR: "what is wrong: what to do", empty while all is well."""
        self._app: str | None = None
        self._error_ns = 0

    def __enter__(self) -> Self:
        self._stop = Event()  # a new one: a thread left behind keeps its own
        self._samples.clear()
        self._look()
        self._thread = Thread(target=self._attend, args=(self._stop,), daemon=True, name=NAME)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_CLOSING_S)
            if self._thread.is_alive():
                _LOG.warning("SteamVR: does not answer: start it again")
        self._thread = None

    def read(self) -> Sequence[Sample]:
        """Return what came since the last call, oldest first; never waits or raises."""
        samples: list[Sample] = []
        while self._samples:
            samples.append(self._samples.popleft())
        return samples

    def health(self) -> Health:
        """Return how SteamVR is doing, and which game it runs."""
        what, _, remedy = self._state.rpartition(": ")
        if not self._installed:
            return Health(state="off", note=what, remedy=remedy)
        app = self._app
        note = what or (f"beside {app}" if app else "")
        health = self._meter.health(note=note, remedy=remedy)
        return replace(health, offset_s=0.0, offset_error_s=seconds(self._error_ns))

    def _attend(self, stop: Event) -> None:
        """Join SteamVR whenever it runs, until told to stop."""
        while not stop.is_set():
            if self._look():
                try:
                    with steamvr_client.joined() as client:
                        self._follow(client, stop)
                except HeadsetError as error:
                    self._tell(str(error))
                self._app = None
            stop.wait(self._look_again_s)

    def _look(self) -> bool:
        """Find out whether SteamVR is installed."""
        refusal = steamvr_client.refusal()
        self._installed = refusal is None
        if refusal is not None:
            self._tell(refusal)
        return self._installed

    def _follow(self, client: Client, stop: Event) -> None:
        """Take samples until SteamVR quits, falls silent for long, or we are told to stop."""
        worn_ns = app_ns = posed_ns = now_ns()
        while not stop.wait(self._period_s):
            if client.quits():
                self._tell(steamvr_client.QUITTING)
                return
            at_ns = now_ns()
            if self._take_pose(client, at_ns):
                posed_ns = at_ns
                self._tell("")
            elif at_ns - posed_ns > self._look_again_s * NS_PER_S:
                return
            elif at_ns - posed_ns > _SILENT_NS:
                self._tell(
                    "SteamVR: its headset is not tracked: put it on, in sight of its trackers"
                )
            if at_ns >= worn_ns:
                worn_ns = at_ns + _WORN_EVERY_NS
                self._take_worn(client, at_ns)
            if at_ns >= app_ns:
                app_ns = at_ns + _APP_EVERY_NS
                self._app = client.scene_app()

    def _take_pose(self, client: Client, asked_ns: int) -> bool:
        matrix = client.head()
        if matrix is None:
            return False
        received_ns = now_ns()
        orientation = quaternion(matrix[:, :3])
        if orientation is None or np.isinf(matrix).any():
            self._meter.drop()
            return False
        self._error_ns = (received_ns - asked_ns) // 2
        if len(self._samples) == _KEPT:
            self._meter.drop()  # the oldest goes
        self._samples.append(
            HeadSample(
                time_ns=asked_ns + self._error_ns,
                received_ns=received_ns,
                orientation_xyzw=orientation,
                position_m=matrix[:, 3],
            )
        )
        self._meter.tick(received_ns)
        return True

    def _take_worn(self, client: Client, at_ns: int) -> None:
        worn = client.worn()
        if worn is not None:
            self._samples.append(WornSample(time_ns=at_ns, received_ns=now_ns(), worn=worn))

    def _tell(self, state: str) -> None:
        """Keep what there is to say, and log it where it is new."""
        if state != self._state:
            _LOG.info("%s", state or "SteamVR: its headset is tracked")
        self._state = state


PLUG: Final = ReaderPlug(
    name=NAME,
    summary="SteamVR: head pose, and whether the headset is worn, beside a game",
    settings=SteamVrSettings,
    make=SteamVrReader,
    by_default=True,
)
