"""Light baked at load: how much of the sky, and of the key light, each vertex sees.

The head is looked at from many directions; a vertex that is nearest to the lamp there is lit. In the
picture that costs nothing: no shadow map, no screen-space pass, and it works for any avatar.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..names import ARKIT, ARKIT_INDEX
from . import gl
from .avatar import Avatar
from .morph import Morph
from .shading import batches

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]

KEY: Final = (0.52, 0.50, 0.69)
"""Towards the key light, unit, avatar space: above, and to the picture's right of a camera in front."""

_SKY_DIRECTIONS: Final = 48
_FEWER: Final = 60_000
"""Triangles beyond which fewer directions do, down to half: their corners lie so close that smoothing
hides it, and each direction takes its time where there is no GPU (llvmpipe, 118,000: 45 ms)."""
_KEY_SHARE: Final = 4  # directions of the sky to one of the key light
_KEY_SPREAD: Final = 0.11  # half-width of a soft box as seen from the face, radians
_PIXELS: Final = 256  # a head of 0.35 m: 1.4 mm a pixel, about a vertex's spacing
_BIAS_M: Final = 0.0018  # a vertex is looked for this far outside itself
_BIAS_PIXELS: Final = 0.9  # or this far, where pixels are coarser than a head's
_OPEN: Final = 0.6  # of jawOpen: the mouth is seen into, and the chin is not yet at the neck
_STRETCH_M: Final = 0.001
_OPEN_EYE: Final = 0.9  # of its vertices are not seen better at rest than what is seen of them
_LIDS_AND_JAW: Final = frozenset({"eyeBlinkLeft", "eyeBlinkRight", "jawOpen"})


def baked_light(avatar: Avatar) -> Floats32:
    """Return what each vertex sees of the light at rest (V, 4); needs a current context.

    Columns are the sky seen at rest, the sky seen with the mouth open, the key light seen, each 0 to 1,
    and curvature, 1/m. The key light is that at rest: the chin's shadow stays when the jaw drops.
    A body's head is looked at from close by, the rest of it from farther off. What is drawn without
    shadows, a toon, is not looked at.

    Raises:
        HeadsetError: The driver refuses.
    """
    solid = _solid(avatar)
    if not solid.size:
        return np.tile(np.array([1.0, 1.0, 1.0, 0.0], np.float32), (len(avatar.positions), 1))
    ahead, weights = np.zeros((2, 3)), np.zeros(len(ARKIT))
    triangles, morph = avatar.triangles, Morph(avatar)
    baker = Baker(triangles[solid], len(avatar.positions))
    head = avatar.head
    box = None if head is None else (head.low_m, head.high_m)
    positions, normals = morph.pose(weights, ahead)
    sky, key = baker.bake(positions, normals, box)
    if head is not None and (beyond := head.share < 0.5).any():
        far_sky, far_key = baker.bake(positions, normals)
        sky, key = np.where(beyond, far_sky, sky), np.where(beyond, far_key, key)
    bend = curvature(positions, normals, triangles)
    open_sky = sky
    if _LIDS_AND_JAW & avatar.targets.keys():
        for name in _LIDS_AND_JAW:
            weights[ARKIT_INDEX[name]] = _OPEN if name == "jawOpen" else 1.0
        moved, moved_key = baker.bake(*morph.pose(weights, ahead), box)
        # Lids are folded away at rest: what they see then is not what they see when they are seen.
        lids = _moved_by(avatar, "eyeBlinkLeft") | _moved_by(avatar, "eyeBlinkRight")
        sky = np.where(lids, np.maximum(sky, moved), sky)
        key = np.where(lids, np.maximum(key, moved_key), key)
        # Eyes are shut in that pose, and a body was not looked at.
        still = avatar.eye >= 0 if head is None else (avatar.eye >= 0) | (head.share < 0.5)
        open_sky = np.where(still | lids, sky, moved)
    baker.close()
    even = [smoothed(layer, triangles, rounds=2) for layer in (sky, open_sky, key)]
    for side in range(2):  # an eye that turns brings into the light what its socket hid
        turns = avatar.eye == side
        if turns.any():
            for layer in even:
                layer[turns] = np.quantile(layer[turns], _OPEN_EYE)
    return np.ascontiguousarray(np.column_stack([*even, bend]), np.float32)


def _moved_by(avatar: Avatar, name: str) -> NDArray[np.bool_]:
    """Return which vertices (V,) a target moves by more than skin stretches."""
    found = np.zeros(len(avatar.positions), np.bool_)
    target = avatar.targets.get(name)
    if target is not None:
        found[target.index] = np.linalg.norm(target.delta, axis=1) > _STRETCH_M
    return found


def _solid(avatar: Avatar) -> NDArray[np.intp]:
    """Return the triangles that keep light off; none where nothing that is drawn asks for it."""
    given = batches(avatar)
    if all(batch.shader in {"toon", "unlit"} for batch in given):
        return np.zeros(0, np.intp)
    return np.concatenate([np.zeros(0, np.intp), *(b.triangles for b in given if not b.blends)])


class Baker:
    """Bakes poses of one mesh; needs a current context. Closing gives its buffers back."""

    def __init__(self, triangles: NDArray[np.uint32], vertices: int) -> None:
        """Make a depth target for a mesh of so many vertices."""
        api = gl.api()
        self._count = triangles.size
        source = gl.shader_text("depth", defines={}, version=410)
        self._program = gl.program(vertex=source, fragment="#version 410 core\nvoid main() {}")
        self._place = api.glGetUniformLocation(self._program, b"projection")
        self._vertices = gl.buffer(vertices * 12, dynamic=True)
        self._indices = gl.buffer(triangles)
        self._array = int(api.glGenVertexArrays(1))
        api.glBindVertexArray(self._array)
        api.glBindBuffer(api.GL_ARRAY_BUFFER, self._vertices)
        api.glVertexAttribPointer(0, 3, api.GL_FLOAT, False, 12, gl.NULL)
        api.glEnableVertexAttribArray(0)
        api.glBindBuffer(api.GL_ELEMENT_ARRAY_BUFFER, self._indices)
        self._depth = int(api.glGenRenderbuffers(1))
        api.glBindRenderbuffer(api.GL_RENDERBUFFER, self._depth)
        api.glRenderbufferStorage(api.GL_RENDERBUFFER, api.GL_DEPTH_COMPONENT32F, _PIXELS, _PIXELS)
        self._frame = int(api.glGenFramebuffers(1))
        api.glBindFramebuffer(api.GL_FRAMEBUFFER, self._frame)
        api.glFramebufferRenderbuffer(
            api.GL_FRAMEBUFFER, api.GL_DEPTH_ATTACHMENT, api.GL_RENDERBUFFER, self._depth
        )
        api.glDrawBuffer(api.GL_NONE)

    def bake(
        self, positions: Floats32, normals: Floats32, box: tuple[Floats32, Floats32] | None = None
    ) -> tuple[Floats32, Floats32]:
        """Return what each vertex sees of the sky (V,) and of the key light (V,), 0 to 1.

        Args:
            positions: Shape (V, 3), metres.
            normals: Shape (V, 3), unit.
            box: Two corners (3,) of what is looked at; what lies beyond is lit. By default all.
        """
        gl.rewrite(self._vertices, positions)
        count = round(_SKY_DIRECTIONS * min(1.0, max(0.5, 3 * _FEWER / max(self._count, 1))))
        sky_directions = _sphere(count)
        facing = np.maximum(sky_directions.astype(np.float32) @ normals.T, 0.0)
        sky = (self._lit(positions, normals, sky_directions, box) * facing).sum(axis=0)
        sky /= np.maximum(facing.sum(axis=0), 1e-6)
        key = self._lit(positions, normals, _cone(count // _KEY_SHARE), box).mean(axis=0)
        return sky.astype(np.float32), key.astype(np.float32)

    def close(self) -> None:
        """Give buffers and program back."""
        api = gl.api()
        api.glDeleteFramebuffers(1, np.array([self._frame], np.uint32))
        api.glDeleteRenderbuffers(1, np.array([self._depth], np.uint32))
        api.glDeleteVertexArrays(1, np.array([self._array], np.uint32))
        gl.delete_buffers(self._vertices, self._indices)
        api.glDeleteProgram(self._program)

    def _lit(
        self,
        positions: Floats32,
        normals: Floats32,
        directions: Floats,
        box: tuple[Floats32, Floats32] | None,
    ) -> NDArray[np.bool_]:
        """Return whether each vertex is seen from each direction, (D, V)."""
        api: Any = gl.api()
        api.glBindFramebuffer(api.GL_FRAMEBUFFER, self._frame)
        api.glViewport(0, 0, _PIXELS, _PIXELS)
        api.glEnable(api.GL_DEPTH_TEST)
        api.glEnable(api.GL_DEPTH_CLAMP)  # what stands before the box keeps light off it too
        api.glDisable(api.GL_CULL_FACE)
        api.glUseProgram(self._program)
        api.glBindVertexArray(self._array)
        low, high = (positions.min(axis=0), positions.max(axis=0)) if box is None else box
        centre = (low + high) / 2.0
        radius = float(np.linalg.norm(high - low)) / 2.0 + 2.0 * _BIAS_M
        bias = max(_BIAS_M, _BIAS_PIXELS * 2.0 * radius / _PIXELS)
        outside = np.ascontiguousarray(((positions + bias * normals - centre) / radius).T)
        depth = np.empty((_PIXELS, _PIXELS), np.float32)
        lit = np.empty((len(directions), len(positions)), np.bool_)
        for direction, seen in zip(directions, lit, strict=True):
            turn = _facing(direction)
            matrix = np.eye(4, dtype=np.float32)
            matrix[:3, :3] = turn / radius
            matrix[2, :3] *= -1.0  # clip space looks along +z
            matrix[:3, 3] = -matrix[:3, :3] @ centre
            api.glUniformMatrix4fv(self._place, 1, True, matrix)
            api.glClear(api.GL_DEPTH_BUFFER_BIT)
            api.glDrawElements(api.GL_TRIANGLES, self._count, api.GL_UNSIGNED_INT, gl.NULL)
            api.glReadPixels(0, 0, _PIXELS, _PIXELS, api.GL_DEPTH_COMPONENT, api.GL_FLOAT, depth)
            # Summed by hand: a product so thin spends ten times its own time on waking BLAS's threads.
            across, up, back = (
                x * outside[0] + y * outside[1] + z * outside[2]
                for x, y, z in turn.astype(np.float32)
            )
            column, row = (
                np.clip((place + 1.0) * (_PIXELS / 2), 0, _PIXELS - 1).astype(np.int32)
                for place in (across, up)
            )
            near = np.maximum((1.0 - back) / 2.0, 0.0)  # clamped, as the picture is
            np.less_equal(near, depth.ravel()[row * _PIXELS + column] + 1e-4, out=seen)
            if box is not None:
                seen |= np.maximum(np.abs(across), np.abs(up)) > 1.0
        api.glDisable(api.GL_DEPTH_CLAMP)
        return lit


def _facing(direction: Floats) -> Floats:
    """Return rows right, up, direction: the axes of one who looks from there."""
    up = (0.0, 1.0, 0.0) if abs(direction[1]) < 0.9 else (1.0, 0.0, 0.0)
    right = np.cross(up, direction)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(direction, right), direction])


def _sphere(count: int) -> Floats:
    """Return unit vectors (count, 3), evenly spread (a Fibonacci spiral)."""
    steps = np.arange(count) + 0.5
    turn = math.pi * (1.0 + math.sqrt(5.0)) * steps
    height = 1.0 - 2.0 * steps / count
    across = np.sqrt(1.0 - height**2)
    return np.stack([np.cos(turn) * across, height, np.sin(turn) * across], axis=-1)


def _cone(count: int) -> Floats:
    """Return unit vectors (count, 3) over the face of the key light."""
    right, up, forward = _facing(np.array(KEY) / np.linalg.norm(KEY))
    steps = np.arange(count) + 0.5
    turn = math.pi * (1.0 + math.sqrt(5.0)) * steps
    away = _KEY_SPREAD * np.sqrt(steps / count)
    spread = forward + np.outer(away * np.cos(turn), right) + np.outer(away * np.sin(turn), up)
    return spread / np.linalg.norm(spread, axis=1, keepdims=True)


def curvature(positions: Floats32, normals: Floats32, triangles: NDArray[np.uint32]) -> Floats32:
    """Return how sharply the surface bends at each vertex (V,), 1/m, not negative, smoothed."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    start, end = edges.T
    length = np.linalg.norm(positions[start] - positions[end], axis=1)
    bend = np.linalg.norm(normals[start] - normals[end], axis=1) / np.maximum(length, 1e-5)
    return smoothed(_mean(start, bend, len(positions)), triangles, rounds=2)


def smoothed(values: Floats32, triangles: NDArray[np.uint32], *, rounds: int) -> Floats32:
    """Return values (V,) averaged with those of neighbouring vertices, so many times."""
    corner = triangles.reshape(-1)
    following = np.roll(triangles, -1, axis=1).reshape(-1)
    around = np.concatenate([corner, following])
    neighbour = np.concatenate([following, corner])
    joined = np.bincount(around, minlength=len(values)) > 0
    for _ in range(rounds):
        mean = _mean(around, values[neighbour], len(values))
        values = np.where(joined, (values + mean) / 2.0, values).astype(np.float32)
    return values


def _mean(keys: NDArray[np.uint32], values: NDArray[np.floating], count: int) -> Floats32:
    total = np.bincount(keys, values, count)
    return (total / np.maximum(np.bincount(keys, minlength=count), 1)).astype(np.float32)
