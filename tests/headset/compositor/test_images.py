"""The default head, against pictures that were looked at and kept.

To renew them: `python -m tests.headset.compositor.images`. Where a test fails, its temporary folder
has what is kept, what was drawn and where they differ, side by side.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from unvisor.headset.compositor import gl
from unvisor.headset.compositor.avatar import Avatar
from unvisor.headset.compositor.baked import prepared_head
from unvisor.headset.compositor.context import Context, GlReport
from unvisor.headset.compositor.renderer import Renderer
from unvisor.headset.frame import FORWARD

from ...testbed.installation import EGL, NoRuntimeError, find
from .images.difference import Difference, Picture, beside, difference
from .images.looks import (
    HERE,
    KEPT,
    LOOKS,
    ROOM,
    SIZE,
    STEREO,
    TOON,
    Light,
    Look,
    both_eyes,
    face,
    loaded,
    reference,
    room,
    toon,
)

pytestmark = pytest.mark.gl

SMILE = LOOKS["smile"].weights
MOST = Difference(mean=0.15, most=1.0, patch=1.0)
"""What is wrong differs by more in one of them. Between Mesa 22.3 and 25.0, both on a CPU, the worst
patch differs by 0.02."""


@pytest.fixture(scope="module")
def prepared(drawing: GlReport) -> tuple[Avatar, Light]:
    if not drawing.software:
        pytest.skip(
            "elsewhere: pictures are kept as a CPU draws them; how far GPUs differ is not known"
        )
    with Context():
        return prepared_head(cached=False)


@pytest.fixture(scope="module")
def head(prepared: tuple[Avatar, Light]) -> Avatar:
    return prepared[0]


@pytest.fixture(scope="module")
def light(prepared: tuple[Avatar, Light]) -> Light:
    return prepared[1]


@pytest.fixture(scope="module")
def renderer(head: Avatar, light: Light) -> Iterator[Renderer]:
    with Renderer(head, size=SIZE, light=lambda _: light) as made:
        yield made


def alike(one: Picture, other: Picture) -> bool:
    found = difference(one, other)
    return found.mean <= MOST.mean and found.most <= MOST.most and found.patch <= MOST.patch


def assert_as_kept(name: str, picture: Picture, folder: Path) -> None:
    kept = reference(name)
    if not alike(kept, picture):
        place = folder / f"{name}.png"
        Image.fromarray(beside(kept, picture)).save(place)
        pytest.fail(f"{name} does not look as kept ({difference(kept, picture)}): see {place}")


@pytest.mark.parametrize("name", LOOKS)
def test_it_looks_as_it_was_kept(name: str, renderer: Renderer, tmp_path: Path):
    assert_as_kept(name, LOOKS[name].drawn(renderer), tmp_path)


@pytest.mark.parametrize("layered", [True, False])
def test_so_it_does_to_two_eyes(layered: bool, head: Avatar, light: Light, tmp_path: Path):
    assert_as_kept(STEREO, both_eyes(head, light, layered=layered), tmp_path)


@pytest.mark.parametrize("layered", [True, False])
def test_so_it_does_in_the_room(layered: bool, head: Avatar, light: Light, tmp_path: Path):
    assert_as_kept(ROOM, room(head, light, layered=layered), tmp_path)


def test_so_does_a_drawn_face_with_textured_clothes(head: Avatar, tmp_path: Path):
    assert_as_kept(TOON, toon(head), tmp_path)


def test_posed_on_the_cpu_it_looks_the_same(head: Avatar, light: Light, tmp_path: Path):
    with Renderer(head, size=SIZE, compute=False, light=lambda _: light) as renderer:
        for name in ("near", "smile"):
            assert_as_kept(name, LOOKS[name].drawn(renderer), tmp_path)


def test_another_driver_draws_the_same(drawing: GlReport, root: Path, tmp_path: Path):
    try:
        other = find()
    except NoRuntimeError as error:
        pytest.skip(str(error))
    names = ("near", "tongue")
    vendor = other.manifest(EGL, into=tmp_path)
    module = "tests.headset.compositor.images"
    done = subprocess.run(
        [other.python, "-W", "error", "-m", module, *names, "--into", tmp_path],
        cwd=root,
        env={
            **os.environ,
            "__EGL_VENDOR_LIBRARY_FILENAMES": str(vendor),
            "LIBGL_ALWAYS_SOFTWARE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for name in names:
        assert_as_kept(name, loaded(tmp_path / f"{name}.png"), tmp_path)


def test_all_that_is_kept_is_looked_at():
    assert {place.stem for place in HERE.glob("*.png")} == set(KEPT)


def assert_seen(name: str, wrong: Picture) -> None:
    assert not alike(reference(name), wrong), difference(reference(name), wrong)


LESS: dict[str, tuple[str, Look]] = {
    "half a smile": ("smile", replace(LOOKS["smile"], weights=SMILE - face(mouthSmileLeft=0.9))),
    "a still cheek": ("smile", replace(LOOKS["smile"], weights=SMILE - face(cheekSquintLeft=0.5))),
    "an open eye": ("wink", replace(LOOKS["wink"], weights=face())),
    "no tongue": ("tongue", replace(LOOKS["tongue"], weights=face(jawOpen=0.5))),
    "each eye's gaze the other's": ("near", replace(LOOKS["near"], eyes=LOOKS["near"].eyes[::-1])),
    "eyes straight ahead": ("near", replace(LOOKS["near"], eyes=FORWARD)),
    "no visor": ("visor", replace(LOOKS["visor"], prop=None)),
}  # fmt: skip


@pytest.mark.parametrize("what", LESS)
def test_a_movement_that_is_missing_is_seen(what: str, renderer: Renderer):
    name, look = LESS[what]
    assert_seen(name, look.drawn(renderer))


def test_eyes_exchanged_are_seen():
    kept = reference(STEREO)
    assert_seen(STEREO, np.roll(kept, kept.shape[1] // 2, axis=1))


def test_a_picture_that_is_moved_or_of_other_colours_is_seen():
    kept = reference("rest")
    assert_seen("rest", np.roll(kept, 2, axis=0))
    assert_seen("rest", np.roll(kept, 2, axis=1))
    assert_seen("rest", np.ascontiguousarray(kept[..., ::-1]))
    assert_seen("rest", np.round(255.0 * (kept / 255.0) ** (1 / 2.2)).astype(np.uint8))  # twice


def test_a_face_turned_inside_out_is_seen(head: Avatar, light: Light):
    inside_out = replace(head, triangles=np.ascontiguousarray(head.triangles[:, ::-1]))
    with Renderer(inside_out, size=SIZE, light=lambda _: light) as renderer:
        assert_seen("rest", LOOKS["rest"].drawn(renderer))


@pytest.mark.parametrize("lamp", ["KEY", "FILL", "RIM"])
def test_a_lamp_that_is_off_is_seen(
    lamp: str, head: Avatar, light: Light, monkeypatch: pytest.MonkeyPatch
):
    written = gl.shader_text
    colour = f"const vec3 {lamp}_COLOUR = "

    def switched_off(*names: str, **rest: Any) -> str:
        text = written(*names, **rest)
        assert (colour in text) == ("light" in names)
        return text.replace(colour, f"{colour}0.0 * ")

    monkeypatch.setattr(gl, "shader_text", switched_off)
    with Renderer(head, size=SIZE, light=lambda _: light) as renderer:
        assert_seen("rest", LOOKS["rest"].drawn(renderer))
