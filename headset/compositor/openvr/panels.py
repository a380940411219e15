"""Panels over a game: each an overlay of its own, with a picture that is sent only when it changes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..mirror import rigid
from ..panels.content import PLATES, Content, Plate
from .handle import Overlay
from .images import Image, Images

Floats = NDArray[np.float64]

_ORDER: Final = 1  # over the mirror's
_COUNT: Final = 2  # textures a panel: it changes seldom, so SteamVR is done with the one before


class Panel:
    """One panel; nothing is made before it first shows something."""

    def __init__(self, name: str, plate: Plate) -> None:
        self._name, self._plate = name, plate
        self._place: Floats = rigid(plate.pose().astype(np.float32))
        self._made = ExitStack()
        self._parts: tuple[Overlay, Images] | None = None
        self._shown: Image | None = None

    def show(self, picture: Image | None) -> None:
        """Show a picture or none; the very same array as before costs nothing.

        Raises:
            HeadsetError: It has another shape, or SteamVR refuses.
        """
        if picture is self._shown:
            return
        if picture is None:
            if self._parts is not None:
                self._parts[0].hide()
        else:
            overlay, images = self._parts or self._make()
            if self._plate.locked:
                overlay.place_on_head(self._place)
            overlay.show(images.written(picture))
        self._shown = picture

    def follow(self, origin: Floats, head_m: Floats) -> None:
        """Go along with the head without turning with it, so that the mirror stays uncovered.

        What is locked to the head goes along by itself.

        Args:
            origin: Shape (4, 4), the stage's space to the standing universe.
            head_m: Shape (3,), in the stage's space.

        Raises:
            HeadsetError: SteamVR refuses.
        """
        if self._shown is not None and self._parts is not None and not self._plate.locked:
            place = self._place.copy()
            place[:3, 3] += head_m
            self._parts[0].place(origin @ place)

    def close(self) -> None:
        """Give it back, the context being current."""
        self._made.close()
        self._parts = self._shown = None

    def _make(self) -> tuple[Overlay, Images]:
        overlay = self._made.enter_context(
            Overlay(
                f"panel.{self._name}", f"unvisor: {self._name}",
                width_m=self._plate.size_m[0], stereo=False, order=_ORDER,
            )
        )  # fmt: skip
        images = Images(self._plate.size, count=_COUNT)
        self._made.callback(images.close)
        self._parts = overlay, images
        return self._parts


class Panels:
    """All panels."""

    def __init__(self) -> None:
        self._panels = {kind: Panel(kind.__name__, plate) for kind, plate in PLATES.items()}

    def show(self, pictures: Mapping[type[Content], Image]) -> None:
        """Show these and no others.

        Raises:
            HeadsetError: A picture is not of its panel's shape, or SteamVR refuses.
        """
        for kind, panel in self._panels.items():
            panel.show(pictures.get(kind))

    def follow(self, origin: Floats, head_m: Floats) -> None:
        """Have all follow the head; see `Panel.follow`."""
        for panel in self._panels.values():
            panel.follow(origin, head_m)

    def close(self) -> None:
        """Give all back, the context being current."""
        for panel in self._panels.values():
            panel.close()
