"""Panels and the mirror's switch, from the face process's side: drawn here, handed over the link."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from .compositor.panels.content import Content
from .link import opened
from .link_panels import PanelsWriter


class RoomPanels:
    """What the wearer is shown beside the face; a context manager, to be called from any thread.

    Before it is entered and after, what is asked of it is let go.
    """

    def __init__(self, folder: Path) -> None:
        """Prepare; nothing is opened.

        Args:
            folder: The link's.
        """
        self._folder = folder
        self._lock = Lock()
        self._writer: PanelsWriter | None = None

    def __enter__(self) -> Self:
        """Begin, with the mirror shown and no panels.

        Raises:
            HeadsetError: The link cannot be opened.
        """
        from .compositor.panels.draw import Painter  # Pillow: not for the headset process to load

        self._painter = Painter()
        self._file = opened(self._folder, "panels", writing=True)
        self._writer = PanelsWriter(self._file)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        with self._lock:
            self._writer = None
            self._file.close()

    @property
    def mirror_shown(self) -> bool:
        """Whether the mirror is asked for."""
        writer = self._writer
        return writer is not None and writer.wishes.mirror

    def tell(self, contents: Sequence[Content]) -> None:
        """Show these panels and no others; what says the same as before costs nothing.

        Args:
            contents: At most one of a kind; of several the last.
        """
        with self._lock:
            if self._writer is not None:
                self._writer.show({type(one): self._painter.picture(one) for one in contents})

    def mirror(self, *, on: bool) -> None:
        """Show the mirror, or hide it."""
        with self._lock:
            if self._writer is not None:
                self._writer.mirror(on=on)

    def recentre(self) -> None:
        """Have the mirror stand before where the wearer looks now."""
        with self._lock:
            if self._writer is not None:
                self._writer.recentre()
