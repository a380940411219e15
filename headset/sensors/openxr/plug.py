"""OpenXR beside a running game: a session without graphics, where the runtime is known to bear it.

Nothing of the kind is ever opened on another runtime: a second session may end the game, and on
SteamVR an instance alone would start it (`beside.py`). The session lives in a thread of its own
(`live.py`), for a runtime's calls may wait; the loop takes what has come.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from threading import Thread
from types import TracebackType
from typing import Final, Self

from ...clock import seconds
from ...errors import HeadsetError
from ...frame import Health, Sample
from ...meter import Meter
from ...plug import RateHz, ReaderPlug, Settings
from .face import Audio
from .live import Live
from .loader import openxr

_LOG: Final = logging.getLogger("unvisor")

_CLOSING_S: Final = 2.0
"""How long closing waits for a runtime that does not answer, because it was halted. Its thread is then
left behind, and ends when the runtime answers, or with this process."""


class OpenXrSettings(Settings, frozen=True, kw_only=True):
    """What to take of the headset."""

    rate_hz: RateHz = 120.0
    """How often it is asked; trackers of the face have 60 to 90 samples a second."""
    audio: Audio = "mouth"
    """Which regions a face may speak for that the runtime guessed from sound: none, mouth, all."""


class OpenXrReader:
    """Reads head, eyes, face, voice and worn, where a session without graphics may be had."""

    def __init__(self, settings: OpenXrSettings) -> None:
        """Prepare; nothing is loaded."""
        self._settings = settings
        self._meter = Meter()
        self._live = self._fresh()
        self._thread: Thread | None = None

    def __enter__(self) -> Self:
        self._live = self._fresh()
        if self._live.look() is not None:  # so that its health is known at once
            with suppress(HeadsetError):  # its thread will say so
                openxr()  # here, while nobody else imports anything
        self._thread = Thread(target=self._live.run, daemon=True, name="openxr")
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self._live.stop.set()
        if self._thread is not None:
            self._thread.join(_CLOSING_S)
            if self._thread.is_alive():
                _LOG.warning("OpenXR: the runtime does not answer: restart it")
        self._thread = None

    def read(self) -> Sequence[Sample]:
        """Return what came since the last call, oldest first; never waits or raises."""
        samples = self._live.samples
        return [samples.popleft() for _ in range(len(samples))]

    def health(self) -> Health:
        """Return how it is doing: `off` where no session may be had beside a game."""
        live = self._live
        if live.off:
            return Health(state="off", note=live.note, remedy=live.remedy)
        told = self._meter.health(note=live.note, remedy=live.remedy)
        if (offset := live.offset) is None:
            return told
        return replace(
            told, offset_s=seconds(offset.offset_ns), offset_error_s=seconds(offset.error_ns)
        )

    def _fresh(self) -> Live:
        """Return new work: a thread left behind keeps the old, where nobody looks."""
        return Live(self._settings.rate_hz, self._settings.audio, self._meter)


PLUG = ReaderPlug(
    name="openxr",
    summary="head, eyes and face of the headset in use, by OpenXR beside the game",
    settings=OpenXrSettings,
    make=OpenXrReader,
    by_default=True,
)
