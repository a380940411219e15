from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from unvisor.headset.compositor.avatar import Avatar, Region, Target
from unvisor.headset.compositor.avatars.material import Material, Opacity, Shading, Toon
from unvisor.headset.compositor.shading import authored_normals, batches
from unvisor.headset.names import ARKIT

from .figure_made import squares, texture

CLEAR = Material(name="clear", opacity=Opacity.BLEND)


def later(order: int) -> Material:
    return Material(
        opacity=Opacity.BLEND, shading=Shading.TOON, toon=Toon(draw_order=order, writes_depth=True)
    )


def test_what_is_seen_through_comes_last_in_its_authors_order():
    avatar = squares(later(2), CLEAR, Material(opacity=Opacity.MASK), later(-1), Material(), CLEAR)
    drawn = batches(avatar)
    assert [batch.material for batch in drawn] == [4, 2, 3, 1, 5, 0]
    assert [batch.blends for batch in drawn] == [False, False, True, True, True, True]
    assert [batch.writes_depth for batch in drawn] == [True, True, True, False, False, True]
    everything = np.sort(np.concatenate([batch.triangles for batch in drawn]))
    np.testing.assert_array_equal(everything, np.arange(len(avatar.triangles)))


def test_one_material_is_drawn_at_once():
    avatar = squares(Material(), Material(double_sided=True))
    parts = (*avatar.parts, replace(avatar.parts[0], name="more"))
    sizes = [len(batch.triangles) for batch in batches(replace(avatar, parts=parts))]
    assert sizes == [4, 2]
    assert [batch.closed for batch in batches(avatar)] == [True, False]


@pytest.mark.parametrize(
    ("material", "region", "shader"),
    [
        (Material(), None, "lit"),
        (Material(), Region.HAIR, "hair"),
        (Material(), Region.TEETH, "mouth"),
        (Material(), Region.EYE, "eye"),
        (Material(opacity=Opacity.BLEND), Region.EYE, "lit"),
        (Material(shading=Shading.TOON, toon=Toon()), Region.HAIR, "toon"),
        (Material(shading=Shading.UNLIT), Region.EYE, "unlit"),
    ],
)
def test_flesh_by_its_name_and_all_else_by_its_material(
    material: Material, region: Region | None, shader: str
):
    assert [batch.shader for batch in batches(squares(material, region=region))] == [shader]


def test_an_eye_that_is_no_ball_is_drawn_as_it_is_painted():
    avatar = squares(Material(), region=Region.EYE)
    flat = replace(avatar, region=np.full(4, Region.SKIN, np.uint8))
    assert batches(flat)[0].shader == "lit"


def moved(avatar: Avatar, shapes: int) -> Avatar:
    """Return it with its first square moved by so many of ARKit's shapes."""
    target = Target(index=np.arange(4, dtype=np.uint32), delta=np.full((4, 3), 0.01, np.float32))
    return replace(avatar, targets=dict.fromkeys(ARKIT[:shapes], target))


def test_what_most_of_a_face_moves_is_its_skin_though_nothing_says_so():
    shirt = Material(colour_texture=texture(np.full((1, 1, 4), 90)))
    avatar = squares(Material(), Material(), shirt)
    # The back of the head is of the face's mesh and looks like it; the shirt does not.
    parts = tuple(replace(part, name="one mesh") for part in avatar.parts)
    avatar = replace(avatar, parts=parts)
    assert [b.shader for b in batches(moved(avatar, 30))] == ["lit", "skin", "skin"]
    assert {b.shader for b in batches(moved(avatar, 3))} == {"lit"}, "glasses ride on a nose"


def test_an_authors_normals_stay_but_on_flesh():
    avatar = squares(Material(), Material(), region=None)
    bent = np.tile(np.array([0.6, 0.0, 0.8], np.float32), (8, 1))
    faces = np.tile(np.array([0.0, 0.0, 1.0], np.float32), (8, 1))
    kept = authored_normals(replace(moved(avatar, 30), normals=bent), faces)
    assert kept is not None
    np.testing.assert_array_equal(kept[:4], faces[:4])
    np.testing.assert_array_equal(kept[4:], bent[4:])
    assert authored_normals(replace(avatar, normals=None), faces) is None
