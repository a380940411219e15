"""How often the display shows something new, and how often it could: XR_FB_display_refresh_rate."""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from ...sensors.openxr.loader import OpenXrError
from ...sensors.openxr.session import Session

EXTENSION: Final = "XR_FB_display_refresh_rate"

_LOG: Final = logging.getLogger("unvisor")
_ALIKE_HZ: Final = 0.5  # 89.98 is meant where 90 is asked for


class Refresh:
    """A session's display.

    Attributes:
        offered_hz: What it can do, as the runtime lists it; empty where it does not say.
    """

    def __init__(self, session: Session) -> None:
        """Ask what there is.

        Raises:
            OpenXrError: Session or instance are lost.
        """
        self._session = session
        self.offered_hz: tuple[float, ...] = ()
        kinds = session.instance.xr.StructureType
        self._changed: int = kinds.EVENT_DATA_DISPLAY_REFRESH_RATE_CHANGED_FB.value
        self._heard = 0
        if EXTENSION in session.instance.extensions:
            with _passed_over("what it can do is"):
                self.offered_hz = self._offered()
            self._tell()

    def ask(self, most_hz: float) -> None:
        """Ask for the highest rate up to one; without such a rate all stays as the wearer set it.

        Args:
            most_hz: No more than that.

        Raises:
            OpenXrError: Session or instance are lost.
        """
        rate_hz = max((hz for hz in self.offered_hz if hz <= most_hz + _ALIKE_HZ), default=None)
        if rate_hz is None:
            return
        with _passed_over(f"{rate_hz:.0f} Hz are"):
            self._session.instance.call(
                "xrRequestDisplayRefreshRateFB", self._session.handle, ctypes.c_float(rate_hz)
            )

    def hear(self) -> None:
        """Say so where the rate has changed; after each `Session.poll`.

        Raises:
            OpenXrError: Session or instance are lost.
        """
        heard = self._session.heard(self._changed)
        if heard != self._heard:
            self._heard = heard
            self._tell()

    def now_hz(self) -> float:
        """Return the rate it has now.

        Raises:
            OpenXrError: It does not say, or session or instance are lost.
        """
        rate = ctypes.c_float()
        self._session.instance.call(
            "xrGetDisplayRefreshRateFB", self._session.handle, ctypes.byref(rate)
        )
        return rate.value

    def _tell(self) -> None:
        offered = ", ".join(f"{hz:.0f}" for hz in self.offered_hz)
        with _passed_over("its rate is"):
            _LOG.info("display: %.0f Hz of %s", self.now_hz(), offered)

    def _offered(self) -> tuple[float, ...]:
        call, count = "xrEnumerateDisplayRefreshRatesFB", ctypes.c_uint32()
        instance, session = self._session.instance, self._session.handle
        instance.call(call, session, 0, ctypes.byref(count), None)
        rates = (ctypes.c_float * count.value)()
        instance.call(call, session, count, ctypes.byref(count), rates)
        return tuple(sorted(rates[: count.value]))


@contextmanager
def _passed_over(what: str) -> Generator[None]:
    """Say that something was refused, unless all is lost: a face can be shown at any rate."""
    try:
        yield
    except OpenXrError as error:
        if error.gone:
            raise
        _LOG.info("display: %s refused: %s", what, error)
