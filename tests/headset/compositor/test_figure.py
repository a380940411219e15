from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from unvisor.headset.compositor.avatar import Avatar
from unvisor.headset.compositor.avatars.clips import ColourBind, TextureBind
from unvisor.headset.compositor.avatars.drive import Draft, clips_of
from unvisor.headset.compositor.avatars.material import (
    Material,
    Opacity,
    OutlineWidth,
    Shading,
    TextureUse,
    Toon,
)
from unvisor.headset.compositor.camera import Camera
from unvisor.headset.compositor.context import GlReport
from unvisor.headset.compositor.morph import Morph
from unvisor.headset.compositor.renderer import Renderer
from unvisor.headset.compositor.stereo.views import reach
from unvisor.headset.expressions import gaze_from_angles
from unvisor.headset.frame import FORWARD
from unvisor.headset.names import ARKIT_INDEX, CHANNELS

from .figure_made import body, clip, squares, texture

pytestmark = pytest.mark.gl

AHEAD = Camera(position_m=(0.0, 0.0, 0.6), target_m=(0.0, 0.0, 0.0))
BEHIND = Camera(position_m=(0.0, 0.0, -0.6), target_m=(0.0, 0.0, 0.0))
SIZE = (64, 64)
RED, GREEN, BLUE = (255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255)
FLAT = Material(shading=Shading.UNLIT)
JAW = np.zeros(len(CHANNELS))
JAW[ARKIT_INDEX["jawOpen"]] = 1.0

Picture = NDArray[np.int64]


def drawn(
    avatar: Avatar,
    *,
    face: NDArray[np.float64] | None = None,
    camera: Camera = AHEAD,
    time_s: float = 0.0,
) -> Picture:
    """Return a picture (64, 64, 3), one sample to a pixel."""
    with Renderer(avatar, size=SIZE, samples=1, background=(0, 0, 0), light=lit) as renderer:
        weights = np.zeros(len(CHANNELS)) if face is None else face
        renderer.draw(weights, FORWARD, camera=camera, time_ns=round(time_s * 1e9))
        return renderer.read().astype(np.int64)


def lit(avatar: Avatar) -> NDArray[np.float32]:
    """Return a light that reaches everywhere: none has to be baked."""
    return np.tile(np.array([1, 1, 1, 0], np.float32), (len(avatar.positions), 1))


def unlit(use: TextureUse, **more: object) -> Material:
    return replace(FLAT, colour_texture=use, **more)


@pytest.mark.parametrize("seed", range(4))
def test_the_gpu_poses_a_body_with_clips_as_the_cpu_does(
    drawing: GlReport, ball: Avatar, seed: int
):
    if drawing.version < (4, 3):
        pytest.skip("no compute shaders here: the CPU poses")
    avatar, random = body(ball), np.random.default_rng(seed)
    face = random.uniform(-0.2, 1.4, len(CHANNELS))
    gaze = gaze_from_angles(random.uniform(-0.5, 0.5, 2), random.uniform(-0.4, 0.4, 2))
    head = Rotation.from_rotvec(random.uniform(-0.7, 0.7, 3)).as_matrix()
    with Renderer(avatar, size=(16, 16), samples=1) as renderer:
        renderer.draw(face, gaze, head=head)
        positions, normals = renderer.posed()
    expected, expected_normals = Morph(avatar).pose(face, gaze, head)
    assert np.abs(positions - expected).max() < 5e-5  # 0.05 mm
    cosine = np.clip((normals * expected_normals).sum(axis=1), -1.0, 1.0)
    assert np.degrees(np.arccos(cosine)).max() < 1.0
    assert np.abs(expected - avatar.positions).max() > 0.02, "nothing moved"
    corners = reach(avatar)
    assert (expected >= corners.min(axis=0) - 1e-6).all()
    assert (expected <= corners.max(axis=0) + 1e-6).all()


def test_authored_normals_turn_with_their_surface(ball: Avatar):
    avatar, turn = body(ball), Rotation.from_rotvec([0.0, 0.6, 0.0])
    rest = Morph(avatar).pose(np.zeros(52), FORWARD)[1]
    assert avatar.normals is not None
    np.testing.assert_allclose(rest, avatar.normals, atol=1e-5)
    turned = Morph(avatar).pose(np.zeros(52), FORWARD, turn.as_matrix())[1]
    crown = (avatar.positions[:, 1] > 0.07) & (avatar.eye < 0)
    away = np.degrees(np.arccos(np.clip((turned * turn.apply(rest)).sum(axis=1), -1, 1)))
    assert away[crown].max() < 25.0  # by the least turn: what is left is about the normal itself
    assert np.median(away[crown]) < 10.0
    below = avatar.positions[:, 1] < -0.06
    np.testing.assert_allclose(turned[below], rest[below], atol=1e-4)


def test_a_texture_lies_as_its_file_says_and_keeps_its_colours(drawing: GlReport):
    picture = drawn(squares(unlit(texture([[RED, GREEN], [BLUE, (128, 128, 128, 255)]]))))
    for row, column, colour in ((20, 20, RED), (20, 44, GREEN), (44, 20, BLUE)):
        assert picture[row, column].tolist() == list(colour[:3])
    assert np.abs(picture[44, 44] - 128).max() <= 1  # sRGB in, sRGB out


def test_a_material_and_its_vertices_tint_a_texture(drawing: GlReport):
    white = texture([[(255, 255, 255, 255)]])
    avatar = squares(unlit(white, colour=(1.0, 0.0, 1.0, 1.0)))
    tints = np.tile(np.array([1.0, 1.0, 0.0, 1.0], np.float32), (4, 1))
    assert drawn(replace(avatar, tints=tints))[32, 32].tolist() == [255, 0, 0]


def test_a_mask_cuts_holes_and_what_blends_lets_through(drawing: GlReport):
    hole = texture([[(255, 255, 255, 100), (255, 255, 255, 200)]])
    mask = drawn(squares(unlit(hole, opacity=Opacity.MASK, cutoff=0.5)))
    assert mask[32, 20].max() == 0
    assert mask[32, 44].min() == 255
    opaque = drawn(squares(unlit(hole)))
    assert opaque[32, 20].min() == 255
    half = unlit(texture([[RED]]), opacity=Opacity.BLEND, colour=(1.0, 1.0, 1.0, 0.5))
    ground = unlit(texture([[BLUE]]))
    # Whichever the file lists first, the ground is drawn first.
    for picture in (
        drawn(squares(half, ground, z=(0.02, 0.0))),
        drawn(squares(ground, half, z=(0.0, 0.02))),
    ):
        assert np.abs(picture[32, 32] - [188, 0, 188]).max() <= 2  # half the light of each
    hidden = drawn(squares(half, ground, z=(-0.02, 0.0)))
    assert hidden[32, 32].tolist() == [0, 0, 255]


def test_a_back_is_seen_only_of_what_has_two_sides(drawing: GlReport):
    assert drawn(squares(FLAT), camera=BEHIND).max() == 0
    assert drawn(squares(replace(FLAT, double_sided=True)), camera=BEHIND).max() == 255


def toon(**more: object) -> Material:
    given = Toon(shade=(0.05, 0.05, 0.4), shading_toony=0.95, rim=(0.0, 0.0, 0.0))
    return Material(
        shading=Shading.TOON,
        colour=(0.9, 0.5, 0.3, 1.0),
        double_sided=True,
        toon=replace(given, **more),
    )


def lookalike(ball: Avatar, material: Material) -> Avatar:
    whole = body(ball)
    return replace(whole, materials=(material,), normals=None, head=None)


def test_a_toon_has_two_tones(drawing: GlReport, ball: Avatar):
    picture = drawn(lookalike(ball, toon()))
    skin = picture[picture.max(axis=2) > 0]
    colours, counts = np.unique(skin // 24, axis=0, return_counts=True)
    most = colours[np.argsort(counts)[-2:]]
    assert counts[np.argsort(counts)[-2:]].sum() > 0.8 * len(skin)
    warm = sorted((most[:, 0] > most[:, 2]).tolist())
    assert warm == [False, True]  # the lit tone, and the other


@pytest.mark.parametrize("measure", [OutlineWidth.METRES, OutlineWidth.SCREEN])
def test_an_outline_surrounds_a_toon(drawing: GlReport, ball: Avatar, measure: OutlineWidth):
    line = {"outline": measure, "outline_colour": (0.0, 1.0, 0.0), "outline_lighting_mix": 0.0}
    width = 0.008 if measure is OutlineWidth.METRES else 0.06
    bare = drawn(lookalike(ball, toon()))
    picture = drawn(lookalike(ball, toon(outline_width=width, **line)))
    green = (picture[..., 1] > 200) & (picture[..., 0] < 60)
    inside = bare.max(axis=2) > 0
    assert np.count_nonzero(green & ~inside) > 100
    assert np.count_nonzero(green & inside) < 0.1 * np.count_nonzero(inside)
    corners = reach(lookalike(ball, toon(outline_width=width, **line)))
    assert corners.max() > reach(lookalike(ball, toon())).max() + 0.007


def played(*drafts: Draft, vertices: int = 4) -> dict[str, object]:
    return {"clips": clips_of(drafts, vertices=vertices, keep_bare=True)}


def test_an_expression_colours_and_goes(drawing: GlReport):
    blush = ColourBind(material=0, field="colour", colour=(1.0, 0.0, 0.0, 1.0))
    avatar = replace(squares(FLAT), **played(clip("jawOpen", colours=(blush,))))
    assert drawn(avatar, face=JAW)[32, 32].tolist() == [255, 0, 0]
    assert np.abs(drawn(avatar, face=0.5 * JAW)[32, 32] - [255, 188, 188]).max() <= 1
    with Renderer(avatar, size=SIZE, samples=1) as renderer:
        for face in (JAW, 0.0 * JAW):
            renderer.draw(face, FORWARD, camera=AHEAD)
        assert renderer.read()[32, 32].tolist() == [255, 255, 255]


def test_an_expression_moves_a_texture(drawing: GlReport):
    bind = TextureBind(material=0, offset=(0.5, 0.0), scale=(1.0, 1.0))
    avatar = squares(unlit(texture([[RED, GREEN]])))
    avatar = replace(avatar, **played(clip("jawOpen", textures=(bind,))))
    assert drawn(avatar)[32, 20].tolist() == [255, 0, 0]
    assert drawn(avatar, face=JAW)[32, 20].tolist() == [0, 255, 0]


def test_a_toons_texture_drifts(drawing: GlReport):
    scroll = Toon(scroll_hz=(0.5, 0.0), shade=(1.0, 1.0, 1.0))
    stripes = replace(
        toon(), colour=(1, 1, 1, 1), colour_texture=texture([[RED, BLUE]]), toon=scroll
    )
    pictures = [drawn(squares(stripes), time_s=time_s) for time_s in (0.0, 1.0, 2.0)]
    assert pictures[0][32, 20, 0] > 200 > pictures[0][32, 20, 2]
    assert pictures[1][32, 20, 2] > 200
    assert np.array_equal(pictures[0], pictures[2])


def test_a_normal_map_turns_light_away(drawing: GlReport):
    clay = Material(metallic=0.0, roughness=1.0, colour=(0.5, 0.5, 0.5, 1.0))
    flat, right, left, up, down = (
        replace(clay, normal_texture=texture([[(*bump, 255)]]))
        for bump in (
            (128, 128, 255),
            (218, 128, 200),
            (38, 128, 200),
            (128, 218, 200),
            (128, 38, 200),
        )
    )
    light = [int(drawn(squares(m))[32, 32].sum()) for m in (clay, flat, right, left, up, down)]
    assert abs(light[0] - light[1]) <= 3
    assert light[2] > light[3] + 40  # the key light is on the picture's right
    assert light[4] > light[5] + 40  # and above


def test_metal_takes_its_colour_to_its_shine_and_nothing_else(drawing: GlReport):
    gold = Material(colour=(0.9, 0.6, 0.1, 1.0), roughness=0.6)
    metal, paint = (drawn(squares(replace(gold, metallic=m)))[32, 32] for m in (1.0, 0.0))
    assert metal.sum() < 0.9 * paint.sum()
    glow = replace(gold, emission=(0.0, 0.0, 1.0))
    assert drawn(squares(glow))[32, 32, 2] > metal[2] + 100
