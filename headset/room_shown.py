"""What the headset process is to show, as its command line says it, and what its exit status says."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

import msgspec

from .compositor.stage import Show
from .errors import HeadsetError

CLOSED: Final = 3
"""The wearer, the runtime or whoever closed the window asked it to quit: it is not brought back."""

USELESS: Final = 4
"""What it was given cannot be used, and could not the next time: it is not brought back."""


_STOP_WITHIN_S: Final = 4.0
_FILM_WITHIN_S: Final = 16.0


class Shown(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to show, and where.

    Attributes:
        show: On which stage.
        avatar: The file of whoever is seen; the default head without.
        film: The .mp4 or .png that what the wearer sees goes to.
        mirror_window: Whether a window on the desktop shows it beside the headset.
        refresh_hz: What the headset's display is asked for, at most; by default it stays as it is.
    """

    show: Show = "room"
    avatar: str | None = None
    film: str | None = None
    mirror_window: bool = False
    refresh_hz: float | None = None

    @property
    def stop_within_s(self) -> float:
        """How long the process may take to end once it is asked to: then it is ended, in the middle.

        What was filmed last is still in the encoder then, which has the lowest priority.
        """
        return _STOP_WITHIN_S if self.film is None else _FILM_WITHIN_S

    def words(self) -> str:
        """Return it as one argument of a command line."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def of(cls, words: str) -> Shown:
        """Return what `words` says.

        Raises:
            HeadsetError: It is not what `words` wrote.
        """
        try:
            return msgspec.json.decode(words, type=cls)
        except msgspec.MsgspecError as cause:
            raise HeadsetError(
                f"headset process: it was told {words[:80]!r} ({cause}): start `unvisor run`"
            ) from cause


def free_film(asked: Path, taken: Collection[Path]) -> Path:
    """Return where a film goes: to the place that was asked for, or beside what is there.

    Args:
        asked: Where the first goes.
        taken: Where others go, which may not be there yet: an encoder outlives who filmed.
    """
    path, number = asked, 1
    while path in taken or path.exists():
        number += 1
        path = asked.with_stem(f"{asked.stem}-{number}")
    return path
