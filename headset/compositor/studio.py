"""The room a face stands in: floor, wall and the mirror's frame, so that depth and scale read right.

A face before nothing hangs anywhere. Tiles of half a metre, the same on both sides of the mirror, say
how far and how large things are; what is seen through the frame is at once the room beyond and its
reflection. Nothing of it is a texture, and both eyes are one draw.

Space is that of the session: metres, +y up, -z ahead, the eyes near the origin when it began.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from . import gl, occlusion
from .renderer import BACKGROUND
from .stereo.views import EyeViews
from .uniforms import VIEW_BINDING, UniformBlock, view_layout

Floats = NDArray[np.floating]
Floats32 = NDArray[np.float32]
Indices = NDArray[np.intp]

FLOOR_M: Final = -1.6
"""How high the floor is, seen from the eyes: of one who stands, where nothing tells better."""
MIRROR_M: Final = -0.35
"""Where the mirror's plane is along z: half way to an image that is 0.7 m off."""
FRAME_M: Final = (0.36, 0.46)
"""Width and height of what is open of the mirror's frame: a head at 0.7 m, and room about it."""

_ENDS: Final = ((1, 1), (-1, 1), (-1, -1), (1, -1))
"""The frame's corners in turn, counter-clockwise as the wearer sees them."""

_SEGMENTS: Final = 40
# Radius and height of the floor's rings; the last run up the wall. The fade ends before them.
_RINGS: Final = (
    (0.3, 0.0), (0.8, 0.0), (1.5, 0.0), (2.3, 0.0), (3.0, 0.0), (3.6, 0.08), (4.0, 0.3), (4.2, 0.8),
    (4.25, 2.0),
)  # fmt: skip
_BAR_M: Final = 0.014
_DEPTH_M: Final = 0.010
_BEVEL_M: Final = 0.003
_WOOD: Final = (0.075, 0.046, 0.030)

_VERTEX: Final = np.dtype(
    [("position", np.float32, 3), ("normal", np.float32, 4), ("local", np.float32, 3)]
)


class Studio:
    """The room, in the current context."""

    def __init__(
        self,
        *,
        layers: str | None = None,
        floor_m: float = FLOOR_M,
        mirror_m: float | None = MIRROR_M,
        ground: tuple[float, float, float] = BACKGROUND,
    ) -> None:
        """Send it to the GPU.

        Args:
            layers: A `figure.layer_extension`: two views are drawn at once, into two layers.
            floor_m: Height of the floor.
            mirror_m: Where the mirror's plane is along z; None leaves its frame out.
            ground: Linear rgb that pictures are cleared to, and the room fades into.

        Raises:
            HeadsetError: The driver refuses.
        """
        self._views = 2 if layers else 1
        half_x, half_y = FRAME_M[0] / 2.0, FRAME_M[1] / 2.0
        self._opening = None if mirror_m is None else np.array(
            [(x * half_x, y * half_y, mirror_m, 1.0) for x, y in _ENDS]
        )  # fmt: skip
        self._view = UniformBlock(view_layout(self._views), VIEW_BINDING)
        defines = {"KEY": "normalize(vec3({:.4f}, {:.4f}, {:.4f}))".format(*occlusion.KEY)}
        defines["VIEWS"] = str(self._views)
        self._program = gl.program(
            vertex=gl.shader_text(
                "blocks", "studio_vertex", defines=defines, version=410, extension=layers
            ),
            fragment=gl.shader_text("blocks", "light", "studio", defines=defines, version=410),
        )
        gl.bind_block(self._program, "View", VIEW_BINDING)
        corners, triangles = room_mesh(floor_m, mirror_m)
        self._count = triangles.size
        self._vertices = gl.buffer(corners)
        self._indices = gl.buffer(triangles)
        self._array = self._vertex_array()
        api = gl.api()
        api.glUseProgram(self._program)
        api.glUniform3f(api.glGetUniformLocation(self._program, b"ground"), *ground)
        api.glUniform1f(api.glGetUniformLocation(self._program, b"mirror"), mirror_m or 0.0)
        gl.check("sending a room to the GPU")

    def draw(self, view_projection: Floats32, cameras: Floats32) -> None:
        """Draw it into the bound framebuffer; best after what stands in it, which hides most of it.

        Args:
            view_projection: Shape (4, 4), session space to clip space; (2, 4, 4) of two layers.
            cameras: Shape (3,), where it is seen from, session space, metres; (2, 3) of two layers.
        """
        api = gl.api()
        block = self._view.next()
        block["view_projection"][:] = view_projection
        block["camera"][:, :3] = cameras
        self._view.bind()
        api.glDisable(api.GL_BLEND)
        api.glDisable(api.GL_CULL_FACE)
        api.glUseProgram(self._program)
        api.glBindVertexArray(self._array)
        api.glDrawElementsInstanced(
            api.GL_TRIANGLES, self._count, api.GL_UNSIGNED_INT, gl.NULL, self._views
        )

    def seen_through(self, around: EyeViews) -> Floats32 | None:
        """Return what bounds each eye's view of the image, as `Figure.shade` takes it (2, 4, 4).

        The plane through an eye and an edge of the frame is, in clip space, the line between two of
        its corners. Without a frame there is None.

        Args:
            around: Both eyes in the session's space.
        """
        if self._opening is None:
            return None
        corners = (around.matrices[:, (0, 1, 3)] @ self._opening.T).swapaxes(1, 2)
        planes = np.zeros((len(corners), len(_ENDS), 4), np.float32)
        planes[..., (0, 1, 3)] = np.cross(corners, np.roll(corners, -1, axis=1))
        return planes

    def close(self) -> None:
        """Give it back."""
        api = gl.api()
        api.glDeleteProgram(self._program)
        api.glDeleteVertexArrays(1, np.array([self._array], np.uint32))
        gl.delete_buffers(self._vertices, self._indices)
        self._view.close()

    def _vertex_array(self) -> int:
        """Describe a corner to the GPU: the locations of studio_vertex.glsl."""
        api = gl.api()
        array = int(api.glGenVertexArrays(1))
        api.glBindVertexArray(array)
        api.glBindBuffer(api.GL_ARRAY_BUFFER, self._vertices)
        stride, start = _VERTEX.itemsize, 0
        for place, width in enumerate((3, 4, 3)):
            api.glVertexAttribPointer(place, width, api.GL_FLOAT, False, stride, gl.offset(start))
            api.glEnableVertexAttribArray(place)
            start += 4 * width
        api.glBindBuffer(api.GL_ELEMENT_ARRAY_BUFFER, self._indices)
        return array


def room_mesh(
    floor_m: float, mirror_m: float | None
) -> tuple[NDArray[np.void], NDArray[np.uint32]]:
    """Return the room's corners, and its triangles (T, 3)."""
    corners, triangles = _cyclorama(floor_m)
    if mirror_m is not None:
        bars, faces = _frame(mirror_m)
        triangles = np.concatenate([triangles, faces + len(corners)])
        corners = np.concatenate([corners, bars])
    return corners, triangles.astype(np.uint32)


def _cyclorama(floor_m: float) -> tuple[NDArray[np.void], Indices]:
    """Return floor and wall: a disc whose rim bends up."""
    turn = np.linspace(0.0, 2.0 * np.pi, _SEGMENTS, endpoint=False)
    radius, height = np.array(_RINGS).T[..., None]
    points = np.stack(
        [radius * np.sin(turn), height + 0.0 * turn, radius * np.cos(turn)], axis=-1
    ).reshape(-1, 3)
    points = np.concatenate([np.zeros((1, 3)), points])
    made = np.zeros(len(points), _VERTEX)
    made["local"] = points
    made["position"] = points + np.array([0.0, floor_m, 0.0])
    made["normal"] = 0.0, 1.0, 0.0, 0.0
    ids = 1 + np.arange(len(points) - 1).reshape(len(_RINGS), _SEGMENTS)
    ids = np.concatenate([np.zeros((1, _SEGMENTS), np.intp), ids])
    following = np.roll(ids, -1, axis=1)
    a, b, c, d = ids[:-1], ids[1:], following[1:], following[:-1]
    faces = np.concatenate(
        [np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)]
    )
    return made, faces[faces[:, 0] != faces[:, 2]]


def _frame(mirror_m: float) -> tuple[NDArray[np.void], Indices]:
    """Return four bars with bevelled edges around the mirror, their corners mitred."""
    # Across a bar, from its inner edge out: how far out, how far towards the wearer.
    profile = np.array(
        [
            (0.0, -_DEPTH_M), (0.0, _DEPTH_M - _BEVEL_M), (_BEVEL_M, _DEPTH_M),
            (_BAR_M - _BEVEL_M, _DEPTH_M), (_BAR_M, _DEPTH_M - _BEVEL_M), (_BAR_M, -_DEPTH_M),
        ]
    )  # fmt: skip
    parts: list[NDArray[np.void]] = []
    faces: list[Indices] = []
    half = np.array(FRAME_M) / 2.0
    ends = np.array(_ENDS)
    for side in range(4):
        one, other = ends[side], ends[(side + 1) % 4]
        outwards = (one + other) / 2.0
        for (out_a, z_a), (out_b, z_b) in pairwise(profile):
            across = np.array([*(outwards * (z_a - z_b)), out_b - out_a])
            quad = np.zeros(4, _VERTEX)
            quad["position"] = [
                (*(one * (half + out_a)), mirror_m + z_a),
                (*(other * (half + out_a)), mirror_m + z_a),
                (*(other * (half + out_b)), mirror_m + z_b),
                (*(one * (half + out_b)), mirror_m + z_b),
            ]
            quad["normal"][:, :3] = across / np.linalg.norm(across)
            quad["normal"][:, 3] = 1.0
            quad["local"] = _WOOD
            first = 4 * len(parts)
            parts.append(quad)
            faces.append(first + np.array([[0, 2, 1], [0, 3, 2]]))
    return np.concatenate(parts), np.concatenate(faces)
