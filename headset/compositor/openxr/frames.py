"""The frame loop of a session with graphics: wait, begin, locate, draw, end.

    frames = Frames(session, binding)
    while session.poll() is not State.EXITING:
        if session.running:
            beat = frames.wait()                # paces: returns as a frame begins
            frames.show(beat, scene, panels)    # or nothing, where nothing would be seen

What OpenXR is told each frame lies in structures that are made once and rewritten in place. Everything
here is of one thread, whose context is current.
"""

from __future__ import annotations

import ctypes
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ...errors import HeadsetError
from ...sensors.openxr.loader import checked
from ...sensors.openxr.session import Session
from .. import gl
from ..stage import Scene, StageBeat
from ..stereo.views import EYES, NEAR_M
from .binding import Binding
from .quad import Panels
from .swapchain import Swapchain, chosen_depth_format, chosen_format

Floats32 = NDArray[np.float32]

DEPTH_EXTENSION: Final = "XR_KHR_composition_layer_depth"

_FLOATS: Final = 11  # of a view: pose (7) and field of view (4)
_LOCATED: Final = 3  # orientation and position are valid
_WIDEST_PX: Final = 1 << 14


class Frames:
    """A session's frames; needs the context it is bound to.

    Attributes:
        size: Width and height of one eye's image, pixels.
        image_format: OpenGL's number of their format.
        depth_format: OpenGL's number of the depth images' format, None where none are handed over.
        views: Shape (2, 11), what `Scene.draw` is given, as last located.
        xr_time: When the frame that was begun will be seen, XrTime.
        drawn: Frames with something in them so far.
    """

    def __init__(
        self,
        session: Session,
        binding: Binding,
        *,
        depth: bool = False,
        transparent: bool = False,
    ) -> None:
        """Have the images made.

        Args:
            session: Of that binding.
            binding: Whose context is current.
            depth: Whether depth is handed over too, where the runtime takes it: to reproject by. The
                session's instance needs `DEPTH_EXTENSION`.
            transparent: Whether what is behind is seen where a picture has no opacity.

        Raises:
            HeadsetError: The runtime or the driver refuses.
        """
        self._session, self._binding = session, binding
        instance, xr = session.instance, session.instance.xr
        self.drawn, self.xr_time = 0, 0
        self.size = self._recommended()
        self.image_format = chosen_format(session)
        self._chains = [Swapchain(session, self.size, self.image_format) for _ in range(EYES)]
        depth = depth and DEPTH_EXTENSION in instance.extensions
        self.depth_format = chosen_depth_format(session) if depth else None
        self._depths: list[Swapchain] = []
        if self.depth_format is not None:
            self._depths = [
                Swapchain(session, self.size, self.depth_format, depth=True) for _ in range(EYES)
            ]
        self._wait = instance.function("xrWaitFrame")
        self._begin = instance.function("xrBeginFrame")
        self._locate = instance.function("xrLocateViews")
        self._end = instance.function("xrEndFrame")
        self._state = xr.FrameState()
        self._asked = xr.ViewLocateInfo(
            view_configuration_type=xr.ViewConfigurationType.PRIMARY_STEREO, space=session.local
        )
        self._view_state, self._count = xr.ViewState(), ctypes.c_uint32()
        self._views = (xr.View * EYES)(*(xr.View() for _ in range(EYES)))
        self.views = _rows(self._views, xr.View)
        self._layer_views, self._layer = self._projection(xr, transparent=transparent)
        self._shown = _rows(self._layer_views, xr.CompositionLayerProjectionView)
        # C's array of pointers, as plain numbers: the first is the projection's, panels' follow.
        self._layers = (ctypes.c_void_p * (1 + Panels.MOST))()
        self._ending = xr.FrameEndInfo(environment_blend_mode=xr.EnvironmentBlendMode.OPAQUE)
        pointer: Any = ctypes.POINTER  # untyped, for it is of an untyped structure
        self._ending._layers = ctypes.cast(
            self._layers, pointer(pointer(xr.CompositionLayerBaseHeader))
        )
        self._located_in = (
            ctypes.byref(self._asked), ctypes.byref(self._view_state), EYES,
            ctypes.byref(self._count), self._views,
        )  # fmt: skip

    def stand_in(self, space: Any) -> None:
        """Have views, and what is drawn from them, be in an XrSpace from now on."""
        self._asked.space = self._layer.space = space

    def wait(self) -> StageBeat:
        """Wait for a frame to begin, and begin it.

        Raises:
            OpenXrError: The session is lost.
        """
        state = self._state
        checked("xrWaitFrame", self._wait(self._session.handle, None, ctypes.byref(state)))
        checked("xrBeginFrame", self._begin(self._session.handle, None))
        self.xr_time = state.predicted_display_time
        return StageBeat(
            display_ns=self._session.offset.ours(self.xr_time),
            period_ns=state.predicted_display_period,
            seen=bool(state.should_render),
        )

    def show(self, beat: StageBeat, scene: Scene | None, panels: Panels | None = None) -> None:
        """End the frame that was begun: with a scene, panels, both or nothing.

        Nothing is what a runtime is given that shows nothing, or does not know where the eyes are.

        Raises:
            OpenXrError: The session is lost.
            HeadsetError: OpenGL refuses the runtime's images.
        """
        count, layers = 0, self._layers
        if beat.seen and self._located():
            self._binding.make_current()
            if scene is not None:
                self._draw(scene, beat.display_ns)
                layers[0] = ctypes.addressof(self._layer)
                count = 1
            if panels is not None:
                panels.follow(self.views[:, 4:7].mean(axis=0))
                for address in panels.addresses:
                    layers[count] = address
                    count += 1
        ending = self._ending
        ending.display_time, ending.layer_count = self.xr_time, count
        checked("xrEndFrame", self._end(self._session.handle, ctypes.byref(ending)))
        gl.api().glGetError()  # some drivers flush for it; what the runtime did is not ours to judge

    def _draw(self, scene: Scene, display_ns: int) -> None:
        scene.draw(self.views, display_ns)
        for eye, chain in enumerate(self._chains):
            texture = chain.acquire()
            depth = self._depths[eye].acquire() if self._depths else None
            scene.resolve(eye, texture, self.size, self.image_format, depth=depth, encode=False)
            chain.release()
            if self._depths:
                self._depths[eye].release()
        self._shown[:] = self.views
        self.drawn += 1

    def _located(self) -> bool:
        """Ask where the eyes will be; say whether the runtime knows."""
        self._asked.display_time = self.xr_time
        checked("xrLocateViews", self._locate(self._session.handle, *self._located_in))
        flags: int = self._view_state._view_state_flags
        return flags & _LOCATED == _LOCATED

    def _recommended(self) -> tuple[int, int]:
        """Return the size the runtime would have one eye's image be."""
        instance, xr = self._session.instance, self._session.instance.xr
        views = (xr.ViewConfigurationView * EYES)(
            *(xr.ViewConfigurationView() for _ in range(EYES))
        )
        instance.call(
            "xrEnumerateViewConfigurationViews", instance.handle, instance.system_id,
            xr.ViewConfigurationType.PRIMARY_STEREO.value, EYES,
            ctypes.byref(ctypes.c_uint32()), views,
        )  # fmt: skip
        width = max(int(one.recommended_image_rect_width) for one in views)
        height = max(int(one.recommended_image_rect_height) for one in views)
        if not (0 < width <= _WIDEST_PX and 0 < height <= _WIDEST_PX):
            raise HeadsetError(
                f"{instance.runtime}: wants images of {width} x {height}: lower its resolution"
            )
        return width, height

    def _projection(self, xr: Any, *, transparent: bool) -> tuple[Any, Any]:
        """Return the layer that shows both images, and its views."""
        extent = xr.Rect2Di(xr.Offset2Di(0, 0), xr.Extent2Di(*self.size))

        def image(chain: Swapchain) -> Any:
            return xr.SwapchainSubImage(swapchain=chain.handle, image_rect=extent)

        views = (xr.CompositionLayerProjectionView * EYES)(
            *(xr.CompositionLayerProjectionView(sub_image=image(chain)) for chain in self._chains)
        )
        # Reversed: 0 is infinitely far off. Source: XR_KHR_composition_layer_depth.
        self._chained = [
            xr.CompositionLayerDepthInfoKHR(
                sub_image=image(depth), min_depth=0.0, max_depth=1.0,
                near_z=float("inf"), far_z=NEAR_M,
            )
            for depth in self._depths
        ]  # fmt: skip
        for view, chained in zip(views, self._chained, strict=False):
            view.next = ctypes.cast(ctypes.pointer(chained), ctypes.c_void_p)
        flags = xr.CompositionLayerFlags
        return views, xr.CompositionLayerProjection(
            layer_flags=flags.BLEND_TEXTURE_SOURCE_ALPHA_BIT if transparent else flags.NONE,
            space=self._session.local,
            views=views,
        )


def _rows(views: Any, kind: Any) -> Floats32:
    """Return poses and fields of view of structures that have them, as (2, 11), in their memory."""
    raw = np.frombuffer(views, np.uint8).reshape(EYES, ctypes.sizeof(kind))
    start = kind.pose.offset
    assert kind.fov.offset == start + 28  # 7 floats on
    return raw[:, start : start + 4 * _FLOATS].view(np.float32)
