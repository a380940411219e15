"""An avatar on the GPU: its buffers, its two compute passes, its materials.

`pose` moves it, once a frame; `shade` draws it into whatever framebuffer is bound, once a view. Both
allocate nothing. Vertices of all regions lie in one buffer, triangles are sorted by region, and each
region is drawn by its own small program.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..names import ARKIT, ARKIT_INDEX
from . import gl, occlusion
from .avatar import Avatar, Region
from .morph import Morph, clipped, eye_axes, face_table, morph_table
from .uniforms import POSE, POSE_BINDING, VIEW_BINDING, UniformBlock, view_layout

Floats = NDArray[np.floating]
Floats32 = NDArray[np.float32]

LAYER_EXTENSIONS: Final = ("GL_ARB_shader_viewport_layer_array", "GL_AMD_vertex_shader_layer")
"""Either lets a vertex say into which layer of a target its triangle goes: two views in one draw."""

_MATERIALS: Final[dict[Region, str]] = {
    Region.SKIN: "skin",
    Region.EYE: "eye",
    Region.TEETH: "mouth",
    Region.MOUTH: "mouth",
    Region.HAIR: "hair",
}
_CLOSED: Final = frozenset({"skin", "eye", "plain"})
"""Materials of which only the outside is ever seen; hair and mouth are sheets seen from both sides."""

_GROUP: Final = 64  # local_size_x of the compute shaders
_JAW, *_LIPS = (
    ARKIT_INDEX[name]
    for name in (
        "jawOpen", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    )
)  # fmt: skip


class _Draw(NamedTuple):
    """The triangles of one material."""

    program: int
    closed: bool
    indices: int
    start: object


def layer_extension() -> str | None:
    """Return which of `LAYER_EXTENSIONS` the current context has, if any."""
    return next(filter(gl.has, LAYER_EXTENSIONS), None)


def compute_works() -> bool:
    """Say whether the current context has compute shaders (OpenGL 4.3)."""
    return gl.at_least(4, 3)


class Figure:
    """One avatar, or one thing without targets, in the current context."""

    def __init__(
        self,
        avatar: Avatar,
        *,
        plain: bool = False,
        compute: bool = True,
        layers: str | None = None,
    ) -> None:
        """Send it to the GPU, at rest, and bake its light.

        Args:
            avatar: What to draw.
            plain: Whether it is a thing, drawn in one glossy material whatever its regions say.
            compute: False poses on the CPU even where the GPU could.
            layers: A `layer_extension`: two views are drawn at once, into two layers. By default one.
        """
        self.avatar = avatar
        self._vertices = len(avatar.positions)
        self._views = 2 if layers else 1
        self._view = UniformBlock(view_layout(self._views), VIEW_BINDING)
        self._pose = UniformBlock(POSE, POSE_BINDING)
        self._weights = np.zeros(len(ARKIT), np.float32)
        self._eyes = np.column_stack([avatar.eye_centre, np.full(2, avatar.eye_radius_m)])
        self._morph = Morph(avatar)
        self._posed = gl.buffer(self._vertices * 32, dynamic=True)
        self._staging = np.zeros((self._vertices, 8), np.float32)
        order, self._draws = self._materials(plain, layers)
        self._indices = gl.buffer(np.ascontiguousarray(avatar.triangles[order]))
        self._highlight = gl.buffer(np.zeros((self._vertices, 4), np.float32), dynamic=True)
        self._rest = gl.buffer(np.column_stack([avatar.positions, avatar.eye]).astype(np.float32))
        self._colour = gl.buffer(avatar.colours)
        self._light = gl.buffer(self._baked())
        self._array = self._vertex_array()
        self._tables: list[int] = []
        if compute and compute_works():
            self._load_tables()
        self.pose(self._weights, np.zeros((2, 3)))
        gl.check("sending an avatar to the GPU")

    def pose(self, weights: Floats, gaze: Floats) -> None:
        """Move it.

        Args:
            weights: Shape (52,), ARKit order; drawn from 0 to 1.2, NaN is rest.
            gaze: Shape (2, 3), head space (OpenXR axes), (left, right); NaN is straight ahead.
        """
        drawn = clipped(weights, self._weights)
        block = self._pose.next()
        block["weights"][:] = drawn
        block["eye_axes"][:, :3] = eye_axes(gaze[0]) + eye_axes(gaze[1])
        block["eye_centre"][:] = self._eyes
        lips = sum(float(drawn[lip]) for lip in _LIPS)
        block["mouth"][0] = min(1.0, 2.0 * float(drawn[_JAW]) + 0.25 * lips)
        self._pose.bind()
        if self._tables:
            self._run()
        else:
            self._staging[:, 0:3], self._staging[:, 4:7] = self._morph.pose(drawn, gaze)
            gl.rewrite(self._posed, self._staging)

    def shade(
        self,
        view_projection: Floats32,
        camera: tuple[float, float, float] | Floats32,
        *,
        highlight: float = 0.0,
        opacity: float = 1.0,
    ) -> None:
        """Draw it into the bound framebuffer.

        Args:
            view_projection: Shape (4, 4), avatar space to clip space; (2, 4, 4) of two layers.
            camera: Where it is seen from, avatar space, metres; (2, 3) of two layers.
            highlight: How much of `set_highlight` shows, 0 to 1.
            opacity: 0 to 1.
        """
        api = gl.api()
        block = self._view.next()
        block["view_projection"][:] = view_projection
        block["camera"][:, :3] = camera
        block["look"][:2] = highlight, opacity
        self._view.bind()
        self._pose.bind()
        if opacity < 1.0:
            api.glEnable(api.GL_BLEND)
            api.glBlendFunc(api.GL_SRC_ALPHA, api.GL_ONE_MINUS_SRC_ALPHA)
        else:
            api.glDisable(api.GL_BLEND)
        api.glBindVertexArray(self._array)
        for made, closed, count, offset in self._draws:
            (api.glEnable if closed else api.glDisable)(api.GL_CULL_FACE)
            api.glUseProgram(made)
            api.glDrawElementsInstanced(
                api.GL_TRIANGLES, count, api.GL_UNSIGNED_INT, offset, self._views
            )

    def set_highlight(self, colours: Floats32) -> None:
        """Colour vertices over: (V, 4), linear rgb and the share that covers the skin, 0 to 1."""
        gl.rewrite(self._highlight, np.ascontiguousarray(colours, np.float32))

    def posed(self) -> tuple[Floats32, Floats32]:
        """Return positions (V, 3) and normals (V, 3) as the GPU has them; waits for it."""
        found = gl.contents(self._posed, self._vertices * 32).view(np.float32).reshape(-1, 8)
        return found[:, 0:3], found[:, 4:7]

    def close(self) -> None:
        """Give everything back."""
        api = gl.api()
        for made, *_ in self._draws:
            api.glDeleteProgram(made)
        gl.delete_buffers(
            self._posed, self._indices, self._highlight, self._rest, self._colour, self._light,
            *self._tables,
        )  # fmt: skip
        if self._tables:
            api.glDeleteProgram(self._morph_program)
            api.glDeleteProgram(self._normals_program)
        api.glDeleteVertexArrays(1, np.array([self._array], np.uint32))
        self._view.close()
        self._pose.close()

    def _run(self) -> None:
        """Morph, then normals, on the GPU."""
        api = gl.api()
        starts, entries, ranges, corners = self._tables
        storage = api.GL_SHADER_STORAGE_BUFFER
        groups = -(-self._vertices // _GROUP)
        api.glBindBufferBase(storage, 0, self._rest)
        api.glBindBufferBase(storage, 1, starts)
        api.glBindBufferBase(storage, 2, entries)
        api.glBindBufferBase(storage, 3, self._posed)
        api.glUseProgram(self._morph_program)
        api.glDispatchCompute(groups, 1, 1)
        api.glMemoryBarrier(api.GL_SHADER_STORAGE_BARRIER_BIT)
        api.glBindBufferBase(storage, 0, ranges)
        api.glBindBufferBase(storage, 1, corners)
        api.glUseProgram(self._normals_program)
        api.glDispatchCompute(groups, 1, 1)
        api.glMemoryBarrier(
            api.GL_VERTEX_ATTRIB_ARRAY_BARRIER_BIT
            | api.GL_SHADER_STORAGE_BARRIER_BIT
            | api.GL_BUFFER_UPDATE_BARRIER_BIT
        )

    def _load_tables(self) -> None:
        starts, entries = morph_table(self.avatar)
        ranges, corners = face_table(self.avatar)
        if not entries.size:
            entries = np.zeros(1, entries.dtype)  # a buffer may not be empty
        self._tables = [gl.buffer(table) for table in (starts, entries, ranges, corners)]
        source = gl.shader_text("blocks", "morph", defines={}, version=430)
        self._morph_program = gl.program(compute=source)
        gl.bind_block(self._morph_program, "Pose", POSE_BINDING)
        source = gl.shader_text("normals", defines={}, version=430)
        self._normals_program = gl.program(compute=source)

    def _materials(self, plain: bool, layers: str | None) -> tuple[NDArray[np.intp], list[_Draw]]:
        """Return the order of triangles, and what to draw of them, material by material."""
        defines = {"KEY": "normalize(vec3({:.4f}, {:.4f}, {:.4f}))".format(*occlusion.KEY)}
        defines["VIEWS"] = str(self._views)
        region = self.avatar.region[self.avatar.triangles[:, 0]]
        names = ["plain" if plain else _MATERIALS[Region(r)] for r in range(len(Region))]
        number = np.array([sorted(set(names)).index(name) for name in names])[region]
        draws: list[_Draw] = []
        offset = 0
        for k, name in enumerate(sorted(set(names))):
            count = 3 * int(np.count_nonzero(number == k))
            if count:
                made = gl.program(
                    vertex=gl.shader_text(
                        "blocks", "vertex", defines=defines, version=410, extension=layers
                    ),
                    fragment=gl.shader_text(
                        "blocks", "light", name, "fragment", defines=defines, version=410
                    ),
                )
                gl.bind_block(made, "View", VIEW_BINDING)
                gl.bind_block(made, "Pose", POSE_BINDING)
                draws.append(_Draw(made, name in _CLOSED, count, gl.offset(4 * offset)))
                offset += count
        # Within a material by first vertex: neighbours meet in the vertex cache (software: -12 %).
        return np.lexsort((self.avatar.triangles.min(axis=1), number)), draws

    def _baked(self) -> Floats32:
        """Return (V, 4): sky seen at rest and with the mouth open, key light seen, curvature."""
        ahead = np.zeros((2, 3))
        weights = np.zeros(len(ARKIT))
        triangles = self.avatar.triangles
        baker = occlusion.Baker(triangles, self._vertices)
        positions, normals = self._morph.pose(weights, ahead)
        sky, key = baker.bake(positions, normals)
        bend = occlusion.curvature(positions, normals, triangles)
        open_sky = sky
        if self.avatar.targets:
            weights[_JAW] = 0.6
            open_sky, _ = baker.bake(*self._morph.pose(weights, ahead))
        baker.close()
        even = [occlusion.smoothed(layer, triangles, rounds=2) for layer in (sky, open_sky, key)]
        return np.ascontiguousarray(np.column_stack([*even, bend]))

    def _vertex_array(self) -> int:
        """Describe the vertex to the GPU: the locations of vertex.glsl."""
        api = gl.api()
        array = int(api.glGenVertexArrays(1))
        api.glBindVertexArray(array)
        for place, (name, width, stride, start) in enumerate(
            (
                (self._posed, 3, 32, 0),
                (self._posed, 3, 32, 16),
                (self._rest, 4, 16, 0),
                (self._colour, 4, 16, 0),
                (self._light, 4, 16, 0),
                (self._highlight, 4, 16, 0),
            )
        ):
            api.glBindBuffer(api.GL_ARRAY_BUFFER, name)
            api.glVertexAttribPointer(place, width, api.GL_FLOAT, False, stride, gl.offset(start))
            api.glEnableVertexAttribArray(place)
        api.glBindBuffer(api.GL_ELEMENT_ARRAY_BUFFER, self._indices)
        return array
