"""The wearer's face in a mirror that stands before them: what is drawn, on whichever stage.

The mirror's plane stands upright half of `AWAY_M` ahead of where the stage is centred, so the image of a
wearer who stays there is that far off, their left on the left, and nods as they nod.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..clock import now_ns
from ..link_layout import DrawnFace
from ..names import CHANNELS
from . import gl
from .avatar import Avatar
from .liveliness import Liveliness
from .posture import Posture
from .renderer import BACKGROUND
from .stereo.renderer import SAMPLES, StereoRenderer
from .stereo.views import EYES, EyeViews
from .window import picture

Floats = NDArray[np.floating]
Floats32 = NDArray[np.float32]
Matrix = NDArray[np.float64]

Newest = Callable[[], DrawnFace | None]
"""Returns the newest face, None where none came since it was asked last."""

AWAY_M: Final = 0.7
"""How far off the image is: a little more than people talk at, the whole head in view."""

_HERE: Final = np.eye(4)
_NOTHING: Final = (0.0, 0.0, 0.0, 0.0)

_TURNED: Final = np.diag([-1.0, 1.0, -1.0, 1.0])
"""Between a wearer who looks along -z and an avatar's face, along +z."""

_MIRRORED: Final = np.diag([-1.0, 1.0, 1.0, 1.0])
"""From where the wearer's own head would be, were they turned round, to its image: through the plane."""
_MIRRORED[2, 3] = -AWAY_M


class Mirror:
    """A `Scene` of one avatar; needs a current context."""

    def __init__(
        self,
        avatar: Avatar,
        newest: Newest,
        *,
        size: tuple[int, int],
        image_format: int,
        depth_format: int | None = None,
        transparent: bool = False,
        head: Floats32 | None = None,
        light: Floats32 | None = None,
        room: bool = False,
        samples: int = SAMPLES,
    ) -> None:
        """Send the avatar to the GPU.

        Args:
            avatar: Who is seen.
            newest: Asked in each frame as late as can be, just before the GPU is set to work.
            size: `Stage.size`.
            image_format: `Stage.image_format`.
            depth_format: That of depth images, where the stage hands them over.
            transparent: `Stage.transparent`: there is nothing behind the image then.
            head: `Stage.head`.
            light: Shape (V, 4), the avatar's own: `baked.light_of`; baked anew without.
            room: Whether a room is seen around it and in it, where nothing is behind.
            samples: To a pixel, at most; without a GPU a sample costs as much as a pixel.

        Raises:
            HeadsetError: The driver refuses.
        """
        self._newest = newest
        self._head = head
        self._renderer = StereoRenderer(
            avatar,
            size=size,
            image_format=image_format,
            depth_format=depth_format,
            samples=samples,
            light=light,
            room=room and not transparent,
            background=_NOTHING if transparent else (*BACKGROUND, 1.0),
        )
        self._views = EyeViews()
        self._around = EyeViews() if room and not transparent else None
        self._posture = Posture(avatar)
        self._face: DrawnFace | None = None
        self._liveliness = Liveliness()

    def hide(self, eye: int, corners: Floats32, triangles: NDArray[np.integer]) -> None:
        """Hear what one eye cannot see: `Scene.hide`."""
        self._renderer.hide(eye, corners, triangles)

    def draw(self, views: Floats32, display_ns: int) -> None:
        """Draw both eyes' pictures of the image, opposite to the head: `Scene.draw`."""
        head = head_pose(views) if self._head is None else rigid(self._head)
        model, turn = image(self._posture, head)
        self._views.place(views, model)
        if self._around is not None:
            self._around.place(views, _HERE)
        self._renderer.draw_latched(
            self._views, self._latch, display_ns, head=turn, around=self._around
        )

    def resolve(
        self,
        eye: int,
        texture: int,
        size: tuple[int, int],
        image_format: int,
        *,
        at: tuple[int, int] = (0, 0),
        depth: int | None = None,
        encode: bool = True,
    ) -> None:
        """Write one eye's picture into a texture: `Scene.resolve`."""
        self._renderer.resolve(eye, texture, size, image_format, at=at, depth=depth, encode=encode)

    def rehearse(self) -> None:
        """Draw it once where nobody sees it: drivers translate a shader when it is first drawn with.

        That takes a second without a GPU, which no frame has.
        """
        self.draw(_FACING, now_ns())
        size, image_format = self._renderer.size, self._renderer.image_format
        texture = picture(size, image_format)
        for eye in range(EYES):
            self.resolve(eye, texture, size, image_format)
        gl.api().glFinish()
        self._renderer.forget()
        gl.api().glDeleteTextures(1, np.array([texture], np.uint32))
        gl.check("drawing the mirror for the first time")

    def close(self) -> None:
        """Give the avatar back."""
        self._renderer.close()

    def _latch(self, display_ns: int) -> tuple[Floats, Floats]:
        """Return the newest face as it will be then; at rest where faces stay away."""
        newest = self._newest()
        self._face = newest or self._face
        self._liveliness.step(display_ns, new=newest is not None)
        if self._face is None:
            return _REST
        return self._liveliness.eased(*self._face.at(display_ns))


_FACING: Final = np.array(
    [(0, 0, 0, 1, aside_m, 0, 0, -0.8, 0.8, 0.8, -0.8) for aside_m in (-0.032, 0.032)], np.float32
)
"""Views of a wearer where a stage is centred, who look at the mirror."""

_REST: Final = np.zeros(len(CHANNELS)), np.full((2, 3), np.nan)


def head_pose(views: Floats32) -> Matrix:
    """Return where the head is, (4, 4) head to stage: midway between eyes (2, 11)."""
    middle = rigid(views[0, :7])
    middle[:3, 3] = views[:, 4:7].mean(axis=0)
    return middle


def image(posture: Posture, head: Matrix) -> tuple[Matrix, Matrix | None]:
    """Return where the mirror shows an avatar whose wearer's head is here.

    Args:
        posture: The avatar's.
        head: Shape (4, 4), head to stage.

    Returns:
        The matrix (4, 4) from avatar space to the stage's, which turns left into right, and how the
        avatar's head is turned on its body, as `Posture.placed` has it.
    """
    stance, turn = posture.placed(_TURNED @ head @ _TURNED)
    return _MIRRORED @ stance, turn


def rigid(pose: Floats32) -> Matrix:
    """Return a pose (7,), quaternion xyzw and position, as a matrix (4, 4)."""
    x, y, z, w, *position = pose.tolist()
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w), position[0]],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w), position[1]],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y), position[2]],
            [0.0, 0.0, 0.0, 1.0],
        ]
    )
