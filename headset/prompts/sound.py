"""Tones through the system's default output, which a headset is while it is worn."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from ..sensors.portaudio import Player
from .prompt import Prompt, Signal
from .tones import RATE_HZ, tone


class Tones:
    """A `Way`: plays each prompt's tone."""

    name = "tones"
    counts_down = False
    shows_targets = False

    def __init__(self, *, pips: Callable[[], bool] = lambda: True) -> None:
        """Prepare; nothing is opened.

        Args:
            pips: Says whether *get ready* counts out which pose is meant: where nothing speaks.
        """
        self._pips = pips
        self._player: Player | None = None

    def __enter__(self) -> Self:
        """Open the output.

        Raises:
            OutputError: There is none, or PortAudio is not installed.
        """
        self._player = Player(RATE_HZ)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        if self._player is not None:
            self._player.finish()
            self._player.close()
            self._player = None

    def tell(self, prompt: Prompt) -> None:
        """Play its tone after those still being played.

        Raises:
            OutputError: The device is gone.
        """
        if self._player is not None:
            counted = prompt.number if prompt.signal is Signal.READY and self._pips() else 0
            self._player.play(tone(prompt.signal, prompt.group, counted))
