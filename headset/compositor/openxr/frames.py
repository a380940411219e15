"""The frame loop of a session with graphics: wait, begin, locate, draw, end.

    with Frames(session, binding, samples=4) as frames:
        while session.poll() is not State.EXITING:
            if session.running:
                beat = frames.wait()                # paces: returns as a frame begins
                frames.show(beat, scene)            # or nothing, where nothing would be seen

A `Scene` draws one view into the framebuffer that is bound. Everything here is of one thread.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from ...errors import HeadsetError
from ...sensors.openxr.loader import checked
from ...sensors.openxr.session import Session
from .. import gl
from .binding import Binding
from .swapchain import Swapchain, Target, chosen_format

Floats32 = NDArray[np.float32]

SAMPLES: Final = 4
"""To a pixel, on a GPU; without one a sample costs as much as a pixel, so there ask for one."""

_EYES: Final = 2
_FLOATS: Final = 11  # of a view: pose (7) and field of view (4)
_LOCATED: Final = 3  # orientation and position are valid


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameBeat:
    """What the runtime says as a frame begins.

    Attributes:
        display_time: When it will be seen, XrTime.
        period_ns: How long frames are.
        seen: Whether anything that is drawn would be shown.
    """

    display_time: int
    period_ns: int
    seen: bool


class Scene(Protocol):
    """What is drawn."""

    background: Floats32
    """Shape (4,), linear."""

    def pose(self, views: Floats32) -> None:
        """Prepare for a frame.

        Args:
            views: Shape (2, 11), each eye's orientation xyzw and position in local space, and the
                angles of its field of view in radians: left, right, up, down.
        """
        ...

    def draw(self, view: Floats32) -> None:
        """Draw what one eye, a row of `views`, sees into the framebuffer that is bound."""
        ...


class Frames:
    """A session's frames; needs the context it is bound to.

    Attributes:
        size: Width and height of one eye's image, pixels.
        image_format: OpenGL's number of their format.
        drawn: Frames with something in them so far.
    """

    def __init__(self, session: Session, binding: Binding, *, samples: int = SAMPLES) -> None:
        """Have the images made.

        Args:
            session: Of that binding.
            binding: Whose context is current.
            samples: To a pixel, at most.

        Raises:
            HeadsetError: The runtime or the driver refuses.
        """
        self._session, self._binding = session, binding
        instance, xr = session.instance, session.instance.xr
        self.drawn = 0
        self.size = self._recommended()
        self.image_format = chosen_format(session)
        self._target = Target(self.size, self.image_format, samples=samples)
        self._chains = [Swapchain(session, self.size, self.image_format) for _ in range(_EYES)]
        self._wait = instance.function("xrWaitFrame")
        self._begin = instance.function("xrBeginFrame")
        self._locate = instance.function("xrLocateViews")
        self._end = instance.function("xrEndFrame")
        self._state = xr.FrameState()
        self._asked = xr.ViewLocateInfo(
            view_configuration_type=xr.ViewConfigurationType.PRIMARY_STEREO, space=session.local
        )
        self._view_state, self._count = xr.ViewState(), ctypes.c_uint32()
        self._views = (xr.View * _EYES)(*(xr.View() for _ in range(_EYES)))
        self._floats = _rows(self._views, xr.View)
        self._layer_views, self._layer = self._projection(xr)
        self._shown = _rows(self._layer_views, xr.CompositionLayerProjectionView)
        opaque = xr.EnvironmentBlendMode.OPAQUE
        self._ends = [
            xr.FrameEndInfo(environment_blend_mode=opaque, layers=layers)
            for layers in ([], [ctypes.pointer(self._layer)])
        ]

    def wait(self) -> FrameBeat:
        """Wait for a frame to begin, and begin it.

        Raises:
            OpenXrError: The session is lost.
        """
        checked("xrWaitFrame", self._wait(self._session.handle, None, ctypes.byref(self._state)))
        checked("xrBeginFrame", self._begin(self._session.handle, None))
        return FrameBeat(
            display_time=self._state.predicted_display_time,
            period_ns=self._state.predicted_display_period,
            seen=bool(self._state.should_render),
        )

    def show(self, beat: FrameBeat, scene: Scene | None) -> None:
        """End the frame that was begun: with what a scene draws, or with nothing.

        Raises:
            OpenXrError: The session is lost.
            HeadsetError: OpenGL has something to complain of.
        """
        drawn = scene is not None and beat.seen and self._located(beat.display_time)
        if scene is not None and drawn:
            self._binding.make_current()
            scene.pose(self._floats)
            for eye, chain in enumerate(self._chains):
                self._target.begin(scene.background)
                scene.draw(self._floats[eye])
                self._target.blit(chain.acquire())
                chain.release()
            self._shown[:] = self._floats
            self.drawn += 1
        ending = self._ends[drawn]
        ending.display_time = beat.display_time
        checked("xrEndFrame", self._end(self._session.handle, ctypes.byref(ending)))
        gl.api().glGetError()  # some drivers flush for it; what the runtime did is not ours to judge

    def close(self) -> None:
        """Give our part back; images go with the session."""
        self._binding.make_current()
        self._target.close()
        for chain in self._chains:
            chain.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self.close()

    def _located(self, display_time: int) -> bool:
        """Ask where the eyes will be; say whether the runtime knows."""
        self._asked.display_time = display_time
        result = self._locate(
            self._session.handle, ctypes.byref(self._asked), ctypes.byref(self._view_state),
            _EYES, ctypes.byref(self._count), self._views,
        )  # fmt: skip
        checked("xrLocateViews", result)
        flags: int = self._view_state._view_state_flags
        return flags & _LOCATED == _LOCATED

    def _recommended(self) -> tuple[int, int]:
        """Return the size the runtime would have one eye's image be."""
        instance, xr = self._session.instance, self._session.instance.xr
        views = (xr.ViewConfigurationView * _EYES)(
            *(xr.ViewConfigurationView() for _ in range(_EYES))
        )
        instance.call(
            "xrEnumerateViewConfigurationViews", instance.handle, instance.system_id,
            xr.ViewConfigurationType.PRIMARY_STEREO.value, _EYES,
            ctypes.byref(ctypes.c_uint32()), views,
        )  # fmt: skip
        width = max(int(one.recommended_image_rect_width) for one in views)
        height = max(int(one.recommended_image_rect_height) for one in views)
        if not (0 < width <= _WIDEST and 0 < height <= _WIDEST):
            raise HeadsetError(
                f"{instance.runtime}: wants images of {width} x {height}: lower its resolution"
            )
        return width, height

    def _projection(self, xr: Any) -> tuple[Any, Any]:
        """Return the layer that shows both images, and its views."""
        extent = xr.Rect2Di(xr.Offset2Di(0, 0), xr.Extent2Di(*self.size))
        views = (xr.CompositionLayerProjectionView * _EYES)(
            *(
                xr.CompositionLayerProjectionView(
                    sub_image=xr.SwapchainSubImage(swapchain=chain.handle, image_rect=extent)
                )
                for chain in self._chains
            )
        )
        return views, xr.CompositionLayerProjection(space=self._session.local, views=views)


_WIDEST: Final = 1 << 14


def _rows(views: Any, kind: Any) -> Floats32:
    """Return poses and fields of view of structures that have them, as (2, 11), in their memory."""
    raw = np.frombuffer(views, np.uint8).reshape(_EYES, ctypes.sizeof(kind))
    start = kind.pose.offset
    assert kind.fov.offset == start + 28  # 7 floats on
    return raw[:, start : start + 4 * _FLOATS].view(np.float32)
