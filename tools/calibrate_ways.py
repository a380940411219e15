"""The ways prompts go out by, as a command line has them."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ..headset.prompts.prompt import Prompt, Way
from .terminal import CONSOLE

if TYPE_CHECKING:
    from ..headset.prompts.panels import Show
    from ..headset.room import Room


class Terminal:
    """A `Way`: a line for each prompt, on standard error."""

    name = "terminal"
    counts_down = False
    shows_targets = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        return

    def tell(self, prompt: Prompt) -> None:
        """Print it."""
        line = f"{prompt.words} ({prompt.hint})" if prompt.hint else prompt.words
        CONSOLE.print(line, markup=False, highlight=False, soft_wrap=True)


def notices(*, sound: bool) -> Sequence[Way]:
    """Return what may tell a wearer of one thing while they do another.

    Args:
        sound: Whether a tone is wanted.
    """
    from ..headset.prompts.sound import Tones
    from ..headset.prompts.xsoverlay import XSOverlay

    found: list[Way] = [Terminal(), XSOverlay()]
    return [*found, Tones()] if sound else found


def ways(
    room: Room | None, *, sound: bool, show: Show | None = None, worn: bool = True
) -> Sequence[Way]:
    """Return all that may reach a wearer, not yet open.

    Args:
        room: The headset process, open, where panels are shown.
        sound: Whether tones and speech are wanted.
        show: Shows panels beside others; by default they are alone.
        worn: Whether the room is in a headset, not on a desktop.
    """
    found = list(notices(sound=False))
    if room is not None:
        from ..headset.prompts.panels import Panels

        found.append(
            Panels(
                show or room.panels.tell,
                headset=worn and room.ever_drawn,
                mirror=lambda shown: room.panels.mirror(on=shown),
            )
        )
    if sound:
        from ..headset.prompts.sound import Tones
        from ..headset.prompts.speech import Speech

        speech = Speech()
        found += [speech, Tones(pips=lambda: not speech.speaks)]
    return found
