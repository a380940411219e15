"""Draws an avatar's face into an image: context, canvas and figures in one.

with Renderer(build_head(), size=(408, 440)) as renderer:
    renderer.draw(weights, gaze, camera=Camera.facing(head))
    image = renderer.read()
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from ..errors import HeadsetError
from .avatar import Avatar
from .camera import Camera
from .canvas import Canvas, Image
from .context import Context, GlReport
from .figure import Figure
from .occlusion import baked_light

Floats = NDArray[np.floating]
Floats32 = NDArray[np.float32]

BACKGROUND: Final = (0.016, 0.018, 0.022)
"""Linear; a dark neutral that leaves skin its colour."""

SOFTWARE_SCALE: Final = 1.5
"""Without a GPU edges are smoothed by drawing larger: four samples cost five times a plain picture
there (llvmpipe, 408 x 440, 19k triangles: 96 ms against 18), this less than twice."""


class Renderer:
    """An offscreen renderer of one avatar, and of things beside it.

    It belongs to the thread that made it, as OpenGL contexts do.

    Attributes:
        report: What draws.
        size: Width and height of the picture.
    """

    def __init__(
        self,
        avatar: Avatar,
        *,
        size: tuple[int, int],
        samples: int = 4,
        background: tuple[float, float, float] = BACKGROUND,
        compute: bool = True,
        light: Callable[[Avatar], Floats32] = baked_light,
    ) -> None:
        """Open a context and send the avatar to it.

        Args:
            avatar: The face to draw.
            size: Width and height, pixels.
            samples: To a pixel, against jagged edges; 1 is fastest. See `SOFTWARE_SCALE`.
            background: Linear rgb.
            compute: False poses on the CPU even where the GPU could; for tests.
            light: Asked for the avatar's, (V, 4), once a context is current: `baked.light_of` asks the
                user's cache first.

        Raises:
            HeadsetError: No OpenGL here, or the driver refuses; the message names the remedy.
        """
        self._context = Context()
        self.report: GlReport = self._context.report
        self.size = size
        try:
            if self.report.software and samples > 1:
                self._canvas = Canvas(size, scale=SOFTWARE_SCALE)
            else:
                self._canvas = Canvas(size, samples=samples)
            self._figure = Figure(avatar, compute=compute, light=light(avatar))
        except HeadsetError:
            self._context.close()
            raise
        self._props: dict[int, Figure] = {}
        self._background = np.array((*background, 1.0), np.float32)
        self._camera = Camera.facing(avatar)

    def draw(
        self,
        weights: Floats,
        gaze: Floats,
        *,
        camera: Camera | None = None,
        highlight: float = 0.0,
        head: Floats | None = None,
        time_ns: int = 0,
    ) -> None:
        """Start a picture with the avatar in it.

        Args:
            weights: Shape (52,), ARKit order, or (140,), that of `names.CHANNELS`; drawn from 0 to 1.2,
                NaN is rest.
            gaze: Shape (2, 3), head space (OpenXR axes), (left, right); NaN is straight ahead.
            camera: By default before the face.
            highlight: How much of `set_highlight` shows, 0 to 1.
            head: Shape (3, 3), how far a body's head has turned on it: see `Figure.pose`.
            time_ns: When it will be seen.
        """
        self._context.make_current()
        self._camera = camera or self._camera
        self._canvas.begin(self._background)
        self._figure.pose(weights, gaze, head=head, time_ns=time_ns)
        self._shade(self._figure, highlight, 1.0)

    def draw_prop(self, prop: Avatar, *, opacity: float = 1.0) -> None:
        """Add a thing to the picture, as the last `draw` saw it; kept on the GPU from then on.

        Args:
            prop: A mesh without targets, in avatar space, e.g. a headset.
            opacity: 0 to 1; translucent things are drawn last.
        """
        self._context.make_current()
        figure = self._props.get(id(prop))
        if figure is None:
            figure = self._props[id(prop)] = Figure(prop, plain=True)
            self._canvas.resume()
        self._shade(figure, 0.0, opacity)

    def set_highlight(self, colours: Floats32) -> None:
        """Colour the skin over: (V, 4), linear rgb and the share that covers it, 0 to 1."""
        self._context.make_current()
        self._figure.set_highlight(colours)

    def read(self) -> Image:
        """Return the picture (H, W, 3), sRGB, first row at the top."""
        self._context.make_current()
        return self._canvas.read()

    def read_previous(self) -> Image | None:
        """Return the picture before this one without waiting; None the first time."""
        self._context.make_current()
        return self._canvas.read_previous()

    def posed(self) -> tuple[Floats32, Floats32]:
        """Return positions (V, 3) in metres and normals (V, 3) of the last pose."""
        self._context.make_current()
        return self._figure.posed()

    def close(self) -> None:
        """Give everything back."""
        self._context.make_current()
        for figure in (self._figure, *self._props.values()):
            figure.close()
        self._canvas.close()
        self._context.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _shade(self, figure: Figure, highlight: float, opacity: float) -> None:
        camera = self._camera
        aspect = self.size[0] / self.size[1]
        figure.shade(
            camera.view_projection(aspect),
            camera.position_m,
            highlight=highlight,
            opacity=opacity,
        )
