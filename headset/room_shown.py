"""What the headset process is to show, as its command line says it, and what its exit status says."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from .compositor.stage import Show
from .errors import HeadsetError

CLOSED: Final = 3
"""The wearer, the runtime or whoever closed the window asked it to quit: it is not brought back."""

USELESS: Final = 4
"""What it was given cannot be used, and could not the next time: it is not brought back."""


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

    def film_of(self, start: int) -> str | None:
        """Return where the film of a start goes: what an earlier one has filmed is kept.

        Args:
            start: 1 for the first.
        """
        if self.film is None or start == 1:
            return self.film
        path = Path(self.film)
        return str(path.with_stem(f"{path.stem}-{start}"))
