"""The headset as a stage: a session with graphics, whose images, panels and senses are one thing.

    with Context(ROUTES) as context, OpenXrStage(context) as stage:
        scene = …                               # of stage.size, image_format, depth_format
        …                                       # the loop of `compositor.stage`

What stands on it stands where the wearer was as they first saw it, anew each time they put the headset
on, or ask for it here or by the runtime's own means.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Final, Self

from ...clock import NS_PER_MS
from ...frame import Sample
from ...sensors.openxr.instance import Instance
from ...sensors.openxr.sensors import SENSOR_EXTENSIONS, Sensors
from ...sensors.openxr.session import OVERLAY_EXTENSION, Session, State
from ...sensors.openxr.time import TIME_EXTENSION
from ..context import Context, Route
from ..stage import Pictures, Scene, StageBeat, StageState
from . import masks, refresh
from .binding import bound, extensions
from .centre import Centre
from .frames import DEPTH_EXTENSION, Frames
from .quad import Panels

ROUTES: Final[tuple[Route, ...]] = ("window", "egl")
"""To a context: GLX or WGL, which every runtime takes; EGL where there is no screen."""

_SETTLED_NS: Final = 250 * NS_PER_MS
"""A runtime tells of a new origin of the room a little ahead of it."""


class OpenXrStage:
    """A `Stage` on an OpenXR runtime; a context manager that gives its session back.

    Attributes:
        size: Width and height of one eye's picture, pixels.
        image_format: OpenGL's number of the format they end in.
        depth_format: OpenGL's number of the format their depth ends in; None where none is wanted.
        transparent: Whether what is behind is seen: as an overlay.
        head: None: it is midway between the views.
        session: For what only a session knows.
        refresh: Of its display.
    """

    def __init__(
        self,
        context: Context,
        *,
        overlay: bool = False,
        depth: bool = False,
        refresh_hz: float | None = None,
    ) -> None:
        """Open a session; nothing is shown before the runtime wants it.

        Args:
            context: By a route of `ROUTES`; it is made current.
            overlay: Whether it is drawn over another session, which keeps the headset.
            depth: Whether depth is handed to the runtime, so that it can reproject by it. Not by
                default: runtimes differ in what they make of it (some ignore, some misread a reversed
                one), and with one face before one colour there is little to gain.
            refresh_hz: Have the display be as fast as it can, up to this; by default as it is set.

        Raises:
            HeadsetError: There is no runtime or headset, or it refuses.
        """
        optional = (*SENSOR_EXTENSIONS, masks.EXTENSION, refresh.EXTENSION)
        required = (*extensions(context), TIME_EXTENSION)
        self.transparent, self.head = overlay, None
        with ExitStack() as opening:
            instance = opening.enter_context(
                Instance(
                    (*optional, *[DEPTH_EXTENSION] * depth),
                    required=(*required, *[OVERLAY_EXTENSION] * overlay),
                )
            )
            binding = bound(context, instance)
            session = self.session = opening.enter_context(
                Session(instance, binding, overlay=overlay)
            )
            self._sensors = Sensors(session)
            self._frames = Frames(session, binding, depth=depth, transparent=overlay)
            self._panels = Panels(session, binding, self._frames.image_format)
            self._centre = Centre(session)
            self._masks = masks.Masks(session)
            self.refresh = refresh.Refresh(session)
            if refresh_hz is not None:
                self.refresh.ask(refresh_hz)
            self._open = opening.pop_all()
        self.size, self.image_format = self._frames.size, self._frames.image_format
        self.depth_format = self._frames.depth_format
        kinds = instance.xr.StructureType
        self._moved: int = kinds.EVENT_DATA_REFERENCE_SPACE_CHANGE_PENDING.value
        self._moves = 0
        self._centre_ns: int | None = 0  # from when on it is to be centred; None where it is
        self._seen = False
        self._hidden: tuple[Scene | None, int] = None, 0  # who was told which masks

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self._open.close()

    @property
    def drawn(self) -> int:
        """Frames with something in them so far."""
        return self._frames.drawn

    def poll(self) -> StageState:
        """Hear what happened; never waits.

        Raises:
            OpenXrError: The session is lost.
        """
        state = self.session.poll()
        self.refresh.hear()
        if state is State.EXITING:
            return StageState.CLOSED
        return StageState.RUNNING if self.session.running else StageState.WAITING

    def said(self) -> tuple[str, str]:
        """Return the session's state, such as `focused`, and what is odd with its senses.

        While nothing is seen the state alone, for it is then the reason of that.
        """
        state, sensors = self.session.state.name.lower(), self._sensors
        if not self._seen:
            return state, ""
        return state, "; ".join(filter(None, (*sensors.notes, sensors.trouble)))

    def wait(self) -> StageBeat:
        """Wait for a frame to begin.

        Raises:
            OpenXrError: The session is lost.
        """
        beat = self._frames.wait()
        if beat.seen and not self._seen:
            self._centre_ns = beat.display_ns  # the wearer comes, or comes back
        self._seen = beat.seen
        moves = self.session.heard(self._moved)
        if moves != self._moves:
            self._moves, self._centre_ns = moves, beat.display_ns + _SETTLED_NS
        return beat

    def show(self, beat: StageBeat, scene: Scene | None) -> None:
        """End the frame: with a scene, or with nothing but panels.

        Raises:
            HeadsetError: The session is lost.
        """
        due = beat.seen and self._centre_ns is not None and beat.display_ns >= self._centre_ns
        if due and self._centre.here(self._frames.xr_time):
            self._centre_ns = None
            for standing in (self._frames, self._panels):
                standing.stand_in(self._centre.space)
        if scene is not None:
            self._hide(scene)
        self._frames.show(beat, scene, self._panels)

    def show_panels(self, pictures: Pictures) -> None:
        """Show these panels and no others; the very same array as before costs nothing.

        Raises:
            HeadsetError: A picture is not of its panel's shape, or the session is lost.
        """
        self._panels.show(pictures)

    def recentre(self) -> None:
        """Have all that stands here stand before the wearer again: upright, where they look now."""
        self._centre_ns = 0

    def sample(self) -> Sequence[Sample]:
        """Return what was sensed since the last call.

        Raises:
            OpenXrError: The session is lost.
        """
        return self._sensors.sample(self.session.now())

    def _hide(self, scene: Scene) -> None:
        """Tell a scene what cannot be seen, where it has not heard yet."""
        version = self._masks.version()
        if (scene, version) != self._hidden:
            self._hidden = scene, version
            for eye in (0, 1):
                scene.hide(eye, *self._masks.of(eye))
