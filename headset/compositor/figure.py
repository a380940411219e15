"""An avatar on the GPU: its buffers, its two compute passes, its materials.

`pose` moves it, once a frame; `shade` draws it into whatever framebuffer is bound, once a view. Both
allocate nothing that stays. Vertices of all parts lie in one buffer, triangles are sorted by what shades
them, and each shading is a small program.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..names import ARKIT, ARKIT_INDEX
from . import gl, occlusion
from .avatar import Avatar
from .gpu_morph import GpuMorph
from .morph import Morph, eyes_drawn
from .movement import Movements, clipped
from .programs import Draw, Programs, batch_order
from .shading import FLESH, batches
from .surfaces import Surfaces
from .uniforms import POSE_BINDING, VIEW_BINDING, UniformBlock, pose_layout, view_layout

Floats = NDArray[np.floating]
Floats32 = NDArray[np.float32]

_UNTURNED: Final = np.eye(3)
_PLANES: Final = 4  # of vertex.glsl

LAYER_EXTENSIONS: Final = ("GL_ARB_shader_viewport_layer_array", "GL_AMD_vertex_shader_layer")
"""Either lets a vertex say into which layer of a target its triangle goes: two views in one draw."""

_JAW, *_LIPS = (
    ARKIT_INDEX[name]
    for name in (
        "jawOpen", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    )
)  # fmt: skip


def layer_extension() -> str | None:
    """Return which of `LAYER_EXTENSIONS` the current context has, if any."""
    return next(filter(gl.has, LAYER_EXTENSIONS), None)


def compute_works() -> bool:
    """Say whether the current context has compute shaders (OpenGL 4.3)."""
    return gl.at_least(4, 3)


class Figure:
    """One avatar, or one thing without targets, in the current context.

    Attributes:
        avatar: Who.
        texture_bytes: What its textures take up on the GPU.
        sees_through: Whether what is behind is seen through some of it, and is to be drawn before it.
    """

    def __init__(
        self,
        avatar: Avatar,
        *,
        plain: bool = False,
        compute: bool = True,
        layers: str | None = None,
        light: Floats32 | None = None,
    ) -> None:
        """Send it to the GPU, at rest.

        Args:
            avatar: What to draw.
            plain: Whether it is a thing, drawn in one glossy material whatever its regions say.
            compute: False poses on the CPU even where the GPU could.
            layers: A `layer_extension`: two views are drawn at once, into two layers. By default one.
            light: Shape (V, 4), `occlusion.baked_light` of it, where it is known already.

        Raises:
            HeadsetError: The driver refuses, or a texture is damaged.
        """
        self.avatar = avatar
        self._vertices = len(avatar.positions)
        self._views = 2 if layers else 1
        self._moves = Movements(avatar)
        rows = max(1, -(-len(self._moves) // 4))
        self._view = UniformBlock(view_layout(self._views), VIEW_BINDING)
        self._pose = UniformBlock(pose_layout(rows), POSE_BINDING)
        self._face = np.zeros(len(ARKIT), np.float32)
        self._morph = Morph(avatar)
        self._posed = gl.buffer(self._vertices * 32, dynamic=True)
        self._staging = np.zeros((self._vertices, 8), np.float32)
        self._defines = {"ROWS": str(rows), "VIEWS": str(self._views)}
        draws = self._prepared(plain, layers)
        self._draws = [
            (draw, draw.like(last)) for draw, last in zip(draws, (None, *draws), strict=False)
        ]
        self._highlight = gl.buffer(np.zeros((self._vertices, 4), np.float32), dynamic=True)
        self._rest = gl.buffer(np.column_stack([avatar.positions, avatar.eye]).astype(np.float32))
        self._colour = gl.buffer(self._own_colours(plain))
        lit = occlusion.baked_light(avatar) if light is None else light
        self._light = gl.buffer(np.ascontiguousarray(lit, np.float32))
        self._uv = 0 if avatar.uv is None else gl.buffer(np.concatenate(avatar.uv, axis=1))
        self._array = self._vertex_array()
        self._gpu: GpuMorph | None = None
        if compute and compute_works():
            self._gpu = GpuMorph(
                avatar, self._morph, rest=self._rest, posed=self._posed, defines=self._defines
            )
        self.pose(self._face, np.zeros((2, 3)))
        self.sees_through = any(draw.blends for draw in draws)
        self.texture_bytes = self._surfaces.textures.nbytes
        gl.check("sending an avatar to the GPU")

    def pose(
        self, face: Floats, gaze: Floats, *, head: Floats | None = None, time_ns: int = 0
    ) -> None:
        """Move it.

        Args:
            face: Shape (52,), ARKit order, or (140,), that of `names.CHANNELS`, which an avatar with
                clips for more than ARKit's shapes shows in full; drawn from 0 to 1.2, NaN is rest.
            gaze: Shape (2, 3), head space (OpenXR axes), (left, right); NaN is straight ahead.
            head: Shape (3, 3), how far a body's head has turned on it, avatar space; None is none, and
                what has no body stays as it is.
            time_ns: When it will be seen, host clock: where textures drift by themselves, how far.
        """
        avatar = self.avatar
        drawn = self._moves.played(face)
        arkit = clipped(face[: len(ARKIT)], self._face)
        axes, centre = eyes_drawn(avatar, gaze, head)
        block = self._pose.next()
        block["weights"].reshape(-1)[: len(drawn)] = drawn
        block["eye_axes"][:, :3] = axes.reshape(6, 3)
        block["eye_centre"][:, :3] = centre
        block["eye_centre"][:, 3] = avatar.eye_radius_m
        block["eye_rest"][:, :3] = avatar.eye_centre
        body = avatar.head
        block["head"][:, :3] = _UNTURNED if body is None or head is None else head
        block["pivot"][:3] = 0.0 if body is None else body.pivot_m
        lips = sum(float(arkit[lip]) for lip in _LIPS)
        block["mouth"][0] = min(1.0, 2.0 * float(arkit[_JAW]) + 0.25 * lips)
        self._surfaces.change(drawn, time_ns * 1e-9)
        self._pose.bind()
        if self._gpu is not None:
            self._gpu.run()
        else:
            self._staging[:, 0:3], self._staging[:, 4:7] = self._morph.pose(face, gaze, head)
            gl.rewrite(self._posed, self._staging)

    def shade(
        self,
        view_projection: Floats32,
        camera: tuple[float, float, float] | Floats32,
        *,
        highlight: float = 0.0,
        opacity: float = 1.0,
        within: Floats32 | None = None,
    ) -> None:
        """Draw it into the bound framebuffer.

        Args:
            view_projection: Shape (4, 4), avatar space to clip space; (2, 4, 4) of two layers.
            camera: Where it is seen from, avatar space, metres; (2, 3) of two layers.
            highlight: How much of `set_highlight` shows, 0 to 1.
            opacity: 0 to 1.
            within: Shape (4, 4), planes in clip space: what is on the other side of one is cut off; of
                two layers (2, 4, 4). By default nothing is.
        """
        api = gl.api()
        block = self._view.next()
        block["view_projection"][:] = view_projection
        block["camera"][:, :3] = camera
        block["look"][:2] = highlight, opacity
        if within is not None:
            block["within"][:] = within
            for plane in range(_PLANES):
                api.glEnable(api.GL_CLIP_DISTANCE0 + plane)
        self._view.bind()
        self._pose.bind()
        faint = opacity < 1.0
        if faint or self.sees_through:
            # The picture's own alpha stays premultiplied, for what is behind it on a transparent stage.
            api.glBlendFuncSeparate(
                api.GL_SRC_ALPHA, api.GL_ONE_MINUS_SRC_ALPHA, api.GL_ONE, api.GL_ONE_MINUS_SRC_ALPHA
            )
        api.glBindVertexArray(self._array)
        program, material = 0, -1
        for draw, alike in self._draws:
            if not alike:
                (api.glEnable if draw.blends or faint else api.glDisable)(api.GL_BLEND)
                api.glDepthMask(draw.writes_depth)
                (api.glEnable if draw.culled else api.glDisable)(api.GL_CULL_FACE)
                if draw.culled:
                    api.glCullFace(draw.culled)
            if draw.material != material:
                material = draw.material
                self._surfaces.bind(material)
                for unit, texture in draw.textures:
                    api.glActiveTexture(api.GL_TEXTURE0 + unit)
                    api.glBindTexture(api.GL_TEXTURE_2D, texture)
            if draw.program != program:
                program = draw.program
                api.glUseProgram(program)
            api.glDrawElementsInstanced(
                api.GL_TRIANGLES, draw.count, api.GL_UNSIGNED_INT, draw.start, self._views
            )
        if within is not None:
            for plane in range(_PLANES):
                api.glDisable(api.GL_CLIP_DISTANCE0 + plane)
        api.glActiveTexture(api.GL_TEXTURE0)
        api.glCullFace(api.GL_BACK)
        api.glDepthMask(True)
        api.glDisable(api.GL_BLEND)

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
        self._programs.close()
        self._surfaces.close()
        gl.delete_buffers(
            self._posed, self._indices, self._highlight, self._rest, self._colour, self._light,
            self._uv,
        )  # fmt: skip
        if self._gpu is not None:
            self._gpu.close()
        api.glDeleteVertexArrays(1, np.array([self._array], np.uint32))
        self._view.close()
        self._pose.close()

    def _prepared(self, plain: bool, layers: str | None) -> tuple[Draw, ...]:
        """Return what to draw, in order; its indices are sent."""
        avatar = self.avatar
        given = batches(avatar, plain=plain)
        defines = {"KEY": "normalize(vec3({:.4f}, {:.4f}, {:.4f}))".format(*occlusion.KEY)}
        self._programs = Programs(defines={**self._defines, **defines}, layers=layers)
        flesh = frozenset(batch.material for batch in given if batch.shader in FLESH)
        self._surfaces = Surfaces(avatar, flesh)
        order = [batch_order(batch, avatar.triangles) for batch in given]
        self._indices = gl.buffer(
            np.ascontiguousarray(avatar.triangles[np.concatenate(order)], np.uint32)
        )
        draws: list[Draw] = []
        first = 0
        for batch in given:
            material = None if batch.material < 0 else avatar.materials[batch.material]
            draws += self._programs.draws(batch, self._surfaces, material, first)
            first += len(batch.triangles)
        return tuple(draws)

    def _own_colours(self, plain: bool) -> Floats32:
        """Return what vertices bring to their colour (V, 4): all of it, or a tint of a material's."""
        avatar = self.avatar
        if plain or not avatar.parts:
            return avatar.colours
        return np.ones((self._vertices, 4), np.float32) if avatar.tints is None else avatar.tints

    def _vertex_array(self) -> int:
        """Describe the vertex to the GPU: the locations of vertex.glsl."""
        api = gl.api()
        array = int(api.glGenVertexArrays(1))
        api.glBindVertexArray(array)
        attributes = [
            (self._posed, 3, 32, 0),
            (self._posed, 3, 32, 16),
            (self._rest, 4, 16, 0),
            (self._colour, 4, 16, 0),
            (self._light, 4, 16, 0),
            (self._highlight, 4, 16, 0),
        ]
        if self._uv:
            attributes.append((self._uv, 4, 16, 0))
        for place, (name, width, stride, start) in enumerate(attributes):
            api.glBindBuffer(api.GL_ARRAY_BUFFER, name)
            api.glVertexAttribPointer(place, width, api.GL_FLOAT, False, stride, gl.offset(start))
            api.glEnableVertexAttribArray(place)
        api.glBindBuffer(api.GL_ELEMENT_ARRAY_BUFFER, self._indices)
        return array
