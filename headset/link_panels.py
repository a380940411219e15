"""What the headset process is told beside faces: panels, and whether the mirror is shown and where.

Pictures are drawn by the face process, which has a font. They cross as they are, each kind in a ring
of its own; which of them are seen, and whether the mirror is, crosses apart, so hiding costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .compositor.panels.content import PLATES, Content
from .link_layout import PICTURES, WISHES
from .link_ring import LinkFile, RingReader, RingWriter

Picture = NDArray[np.uint8]
Pictures = Mapping[type[Content], Picture]
"""What panels show, by their kind, each (H, W, 4) of its plate; a kind left out is not seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the wearer asked of the mirror.

    Attributes:
        mirror: Whether it is shown.
        recentre: How often it was asked to stand before the wearer anew.
    """

    mirror: bool = True
    recentre: int = 0


class PanelsWriter:
    """The face process's end; of one thread at a time."""

    def __init__(self, file: LinkFile) -> None:
        """Begin with the mirror shown and no panels.

        Args:
            file: Of the direction `panels`.
        """
        self._wishes = RingWriter(file, WISHES)
        self._rings = {kind: RingWriter(file, ring) for kind, ring in PICTURES.items()}
        self._sent: dict[type[Content], Picture] = {}
        self._shown: frozenset[type[Content]] = frozenset()
        self.wishes = Wishes()
        self._tell()

    def show(self, pictures: Pictures) -> None:
        """Show these panels and no others; the very same array as before costs nothing."""
        for kind, picture in pictures.items():
            if self._sent.get(kind) is not picture:
                self._rings[kind].record["picture"] = picture
                self._rings[kind].publish()
                self._sent[kind] = picture
        shown = frozenset(pictures)
        if shown != self._shown:
            self._shown = shown
            self._tell()

    def mirror(self, *, on: bool) -> None:
        """Show the mirror, or hide it."""
        self.wishes = replace(self.wishes, mirror=on)
        self._tell()

    def recentre(self) -> None:
        """Have the mirror stand before where the wearer looks now."""
        self.wishes = replace(self.wishes, recentre=(self.wishes.recentre + 1) % _TURNS_OVER)
        self._tell()

    def _tell(self) -> None:
        record = self._wishes.record
        record["mirror"], record["recentre"] = self.wishes.mirror, self.wishes.recentre
        record["panels"] = [kind in self._shown for kind in PLATES]
        self._wishes.publish()


_TURNS_OVER: Final = 1 << 32


class PanelsReader:
    """The headset process's end. One that was started anew finds what stands already."""

    def __init__(self, file: LinkFile) -> None:
        """Look at a file of the direction `panels`."""
        self._asked = RingReader(file, WISHES, standing=True)
        self._rings = {
            kind: RingReader(file, ring, standing=True) for kind, ring in PICTURES.items()
        }
        self._newest: dict[type[Content], Picture] = {}
        self._shown: frozenset[type[Content]] = frozenset()
        self._wishes = Wishes()
        self._pictures: dict[type[Content], Picture] = {}

    def wishes(self) -> Wishes:
        """Return what is asked of the mirror: the very same object while that is unchanged."""
        self._look()
        return self._wishes

    def pictures(self) -> Pictures:
        """Return what panels show: the very same mapping, and arrays, while that is unchanged.

        An unchanged look takes some microseconds, a new picture 1 ms; arrays are read-only.
        """
        changed = self._look()
        for kind in self._shown:
            record = self._rings[kind].newest()
            if record is not None:
                self._newest[kind] = record["picture"]
                changed = True
        if changed:
            shown = self._shown
            self._pictures = {kind: one for kind, one in self._newest.items() if kind in shown}
        return self._pictures

    def _look(self) -> bool:
        """Take over what is asked; return whether other panels are seen now."""
        record = self._asked.newest()
        if record is None:
            return False
        asked = Wishes(mirror=bool(record["mirror"]), recentre=int(record["recentre"]))
        if asked != self._wishes:
            self._wishes = asked
        before = self._shown
        flags = record["panels"].tolist()
        self._shown = frozenset(kind for kind, shown in zip(PLATES, flags, strict=True) if shown)
        return self._shown != before
