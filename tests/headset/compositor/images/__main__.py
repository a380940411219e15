"""Draws the pictures that are kept anew: `python -m tests.headset.compositor.images [NAME …]`.

To be run where there is no GPU, as CI is; to be looked at, all of them, before they are committed.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from unvisor.headset.compositor.baked import prepared_head
from unvisor.headset.compositor.context import Context
from unvisor.headset.compositor.renderer import Renderer

from .difference import Picture, difference
from .looks import HERE, KEPT, LOOKS, ROOM, SIZE, STEREO, TOON, both_eyes, loaded, room, toon

parser = argparse.ArgumentParser(description="Draw the pictures that are kept anew.")
parser.add_argument("name", nargs="*", choices=[*KEPT, []], default=[], help="by default all")
parser.add_argument("--into", type=Path, default=HERE, help="the folder they go to")
asked = parser.parse_args()
wanted = asked.name or KEPT
with Context():
    head, light = prepared_head(cached=False)
others: dict[str, Callable[[], Picture]] = {
    STEREO: lambda: both_eyes(head, light),
    TOON: lambda: toon(head),
    ROOM: lambda: room(head, light),
}
drawn = {name: draw() for name, draw in others.items() if name in wanted}
with Renderer(head, size=SIZE, light=lambda _: light) as renderer:
    drawn |= {name: LOOKS[name].drawn(renderer) for name in LOOKS if name in wanted}
for name, picture in drawn.items():
    place = asked.into / f"{name}.png"
    before = loaded(place) if place.exists() else None
    if before is None or before.shape != picture.shape:
        change = "new"
    else:
        change = str(difference(before, picture))
    Image.fromarray(picture).save(place, optimize=True)
    print(f"{name}: {change}; {place.stat().st_size / 1000:.0f} kB")  # noqa: T201
