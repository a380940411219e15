"""Our own panels: in a room of ours, or over the game that has the headset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from ..compositor.panels.content import Content, Target
from ..compositor.panels.content import Prompt as PromptPanel
from ..errors import HeadsetError
from .prompt import Prompt, Signal

Show = Callable[[Sequence[Content]], None]


class Panels:
    """A `Way`: shows each prompt with its countdown, and targets.

    Attributes:
        shows_targets: Whether it is a headset's: in a window on a desktop no angle is anybody's.
    """

    name = "panels"
    counts_down = True

    def __init__(self, show: Show, *, headset: bool, mirror: Callable[[bool], None]) -> None:
        """Prepare.

        Args:
            show: Shows these panels and no others: `RoomPanels.tell`, or what shares it with others.
            headset: Whether they stand in a headset.
            mirror: Shows the mirror or hides it: a face behind a target would draw the eyes to it.
        """
        self.shows_targets = headset
        self._show, self._mirror = show, mirror
        self._hidden = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self._hide(hidden=False)
        try:
            self._show([])
        except HeadsetError:
            if kind is None:
                raise

    def tell(self, prompt: Prompt) -> None:
        """Show it, or its target alone: two things cannot be looked at.

        Raises:
            HeadsetError: It cannot be drawn here.
        """
        self._hide(hidden=prompt.target_rad is not None)
        if prompt.target_rad is None:
            panel = PromptPanel(
                words=prompt.words, hint=prompt.hint, seconds_left=prompt.seconds_left
            )
            self._show([panel])
        else:
            yaw_rad, pitch_rad = prompt.target_rad
            held = prompt.signal in {Signal.HOLD, Signal.SEEN}
            self._show([Target(yaw_rad=yaw_rad, pitch_rad=pitch_rad, held=held)])

    def _hide(self, *, hidden: bool) -> None:
        if hidden != self._hidden:
            self._hidden = hidden
            self._mirror(not hidden)
