"""The pictures that are guarded: what is drawn, how, and from where.

Small, and of as few pixels as show an iris: they are stored with the code.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unvisor.headset.compositor.avatar import Avatar, Part, Region
from unvisor.headset.compositor.avatars.material import (
    Material,
    OutlineWidth,
    Shading,
    Texture,
    TextureUse,
    Toon,
    Wrap,
)
from unvisor.headset.compositor.camera import Camera
from unvisor.headset.compositor.context import Context
from unvisor.headset.compositor.renderer import Renderer
from unvisor.headset.compositor.stereo.renderer import StereoRenderer
from unvisor.headset.compositor.stereo.views import EyeViews
from unvisor.headset.compositor.studio import MIRROR_M
from unvisor.headset.compositor.visor import build_visor
from unvisor.headset.expressions import gaze_from_angles
from unvisor.headset.frame import FORWARD
from unvisor.headset.names import ARKIT, ARKIT_INDEX

from ..stereo.stereo_made import looking, pictures
from .difference import Picture

Light = NDArray[np.float32]
"""As `occlusion.baked_light` returns it."""

HERE = Path(__file__).resolve().parent
SIZE = (200, 200)

FACE = Camera(position_m=(0.0, -0.03, 0.86), target_m=(0.0, -0.03, 0.03), fov_y_rad=0.34)
SIDE = Camera(position_m=(0.85, -0.03, 0.05), target_m=(0.0, -0.03, 0.0), fov_y_rad=0.36)
MOUTH = Camera(position_m=(0.10, -0.05, 0.42), target_m=(0.0, -0.065, 0.08), fov_y_rad=0.28)
EYES = Camera(position_m=(0.0, 0.01, 0.42), target_m=(0.0, 0.005, 0.07), fov_y_rad=0.34)


def face(**shapes: float) -> NDArray[np.float64]:
    """Return weights (52,); a name without a side means both."""
    weights = np.zeros(len(ARKIT))
    for name, weight in shapes.items():
        for one in (name,) if name in ARKIT_INDEX else (f"{name}Left", f"{name}Right"):
            weights[ARKIT_INDEX[one]] = weight
    return weights


def gaze(left_deg: float, right_deg: float, up_deg: float = 0.0) -> NDArray[np.float64]:
    """Return where the eyes look (2, 3): degrees to the wearer's right, each eye by itself."""
    up = np.array(math.radians(up_deg))
    return np.stack(
        [gaze_from_angles(np.array(math.radians(yaw)), up) for yaw in (left_deg, right_deg)]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One picture by the renderer of single pictures."""

    weights: NDArray[np.float64]
    eyes: NDArray[np.float64] = field(default_factory=lambda: FORWARD)
    camera: Camera = FACE
    prop: Callable[[], Avatar] | None = None

    def drawn(self, renderer: Renderer) -> Picture:
        """Return it."""
        renderer.draw(self.weights, self.eyes, camera=self.camera)
        if self.prop is not None:
            renderer.draw_prop(self.prop())
        return renderer.read()


def both_eyes(avatar: Avatar, light: Light, *, layered: bool = True) -> Picture:
    """Return what two eyes see of an avatar in its light, side by side, from a little aside."""
    width, height = SIZE
    fov = (-0.16, 0.16, 0.31, -0.31)
    views = EyeViews()
    views.place(
        looking(
            (0.218, 0.02, 0.55), (0.282, 0.02, 0.55), target_m=(0.0, -0.02, 0.0), fovs=(fov, fov)
        ),
        np.eye(4),
    )
    weights = face(mouthSmile=0.6, jawOpen=0.2)
    with (
        Context(),
        StereoRenderer(avatar, size=(width // 2, height), light=light, layered=layered) as renderer,
    ):
        renderer.draw(views, weights, FORWARD)
        return np.concatenate(pictures(renderer), axis=1).astype(np.uint8)


def room(avatar: Avatar, light: Light, *, layered: bool = True) -> Picture:
    """Return what two eyes see of the room, the mirror and the image in it, side by side."""
    width, height = SIZE
    fov = (-0.34, 0.34, 0.36, -0.88)
    eyes_m = ((-0.032, 0.02, 0.0), (0.032, 0.02, 0.0))
    axes = looking(*eyes_m, target_m=(0.0, 0.02, -1e6), fovs=(fov, fov))
    model = np.eye(4)
    model[:3, 3] = (0.0, 0.0, 2.0 * MIRROR_M) - avatar.eye_centre.mean(axis=0)
    views, around = EyeViews(), EyeViews()
    views.place(axes, model)
    around.place(axes, np.eye(4))
    with (
        Context(),
        StereoRenderer(
            avatar, size=(width // 2, height), light=light, layered=layered, room=True
        ) as renderer,
    ):
        renderer.draw(views, face(), FORWARD, around=around)
        return np.concatenate(pictures(renderer), axis=1).astype(np.uint8)


def as_toon(head: Avatar) -> Avatar:
    """Return a head as if it came from a file: drawn skin and hair, and a shirt of checks."""
    region = head.region[head.triangles[:, 0]]
    parts: list[Part] = []
    for number in Region:
        count = int(np.count_nonzero(region == number))
        parts.append(
            Part(
                name=number.name.lower(),
                material=int(number),
                first=int(np.count_nonzero(region < number)),
                count=count,
                region=None if number in (Region.SKIN, Region.CLOTH) else number,
            )
        )
    flesh = Material(metallic=0.0, double_sided=True)
    materials = dict.fromkeys(Region, flesh)
    outline = OutlineWidth.METRES
    materials[Region.SKIN] = Material(
        shading=Shading.TOON,
        colour=(1.0, 0.74, 0.58, 1.0),
        toon=Toon(
            shade=(0.72, 0.36, 0.30), shading_toony=0.9, outline=outline, outline_width=0.0012,
            outline_colour=(0.10, 0.03, 0.03),
        ),
    )  # fmt: skip
    materials[Region.HAIR] = Material(
        shading=Shading.TOON,
        colour=(0.20, 0.06, 0.24, 1.0),
        double_sided=True,
        toon=Toon(shade=(0.07, 0.02, 0.12), rim=(0.5, 0.3, 0.6), rim_fresnel_power=3.0),
    )
    checks = Texture(
        name="checks", size_px=(8, 8), wrap=(Wrap.REPEAT, Wrap.REPEAT), smooth=False, decode=_checks
    )
    materials[Region.CLOTH] = Material(
        roughness=0.8, metallic=0.0, colour_texture=TextureUse(texture=checks, scale=(6.0, 6.0))
    )
    around = np.arctan2(head.positions[:, 0], head.positions[:, 2]) / np.pi
    uv = np.stack([around, -10.0 * head.positions[:, 1]], axis=-1)
    return replace(
        head,
        triangles=head.triangles[np.argsort(region, kind="stable")],
        parts=tuple(part for part in parts if part.count),
        materials=tuple(materials[number] for number in Region),
        uv=np.stack([uv, uv]).astype(np.float32),
    )


def toon(head: Avatar) -> Picture:
    """Return a picture of `as_toon`."""
    with Renderer(as_toon(head), size=SIZE) as renderer:
        return Look(weights=face(mouthSmile=0.7, jawOpen=0.2, browInnerUp=0.6)).drawn(renderer)


def _checks(side: int) -> NDArray[np.uint8]:
    dark = (np.indices((8, 8)) // 4).sum(axis=0) % 2 == 0
    pixels = np.full((8, 8, 4), 255, np.uint8)
    pixels[dark] = 40, 90, 160, 255
    return pixels


LOOKS: dict[str, Look] = {
    "rest": Look(weights=face()),
    "smile": Look(weights=face(mouthSmile=0.9, cheekSquint=0.5, eyeSquint=0.3)),
    "wink": Look(weights=face(eyeBlinkLeft=1.0), eyes=gaze(20, 20), camera=EYES),
    "near": Look(weights=face(), eyes=gaze(14, -14), camera=EYES),
    "tongue": Look(weights=face(jawOpen=0.5, tongueOut=0.5), camera=MOUTH),
    "teeth": Look(weights=face(mouthSmile=0.8, jawOpen=0.25, mouthUpperUp=0.4), camera=MOUTH),
    "frown": Look(weights=face(browDown=0.9, mouthFrown=0.8)),
    "profile": Look(weights=face(), camera=SIDE),
    "visor": Look(weights=face(jawOpen=0.3), prop=build_visor),
}
"""What the pictures that are kept show of the default head, by their names."""

STEREO = "stereo"
"""The name of `both_eyes`."""
TOON = "toon"
"""The name of `toon`."""
ROOM = "room"
"""The name of `room`."""
KEPT = (*LOOKS, STEREO, TOON, ROOM)


def loaded(place: Path) -> Picture:
    """Return the picture in a file."""
    return np.asarray(Image.open(place).convert("RGB"))


def reference(name: str) -> Picture:
    """Return a picture that is kept."""
    return loaded(HERE / f"{name}.png")
