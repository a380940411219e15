"""How different two pictures look to someone who flips between them.

As FLIP does: both are first blurred as far as the eye does at a headset's some 20 pixels a degree, so
that no one is disturbed by how an edge was smoothed; then compared in a space of even steps, CIELAB,
where 1 is just noticeable side by side.

Source: Andersson et al., FLIP: A Difference Evaluator for Alternating Images, 2020 (the order of
steps; the filter here is one Gaussian); CIE 15:2004 (CIELAB, D65).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, uniform_filter

Picture = NDArray[np.uint8]
Floats = NDArray[np.float64]

BLUR_PX = 0.8
PATCH_PX = 9
"""About as wide as an iris in these pictures: the least that may be wrong and is to be found."""

_XYZ = np.array([
    [0.4124564, 0.3575761, 0.1804375],
    [0.2126729, 0.7151522, 0.0721750],
    [0.0193339, 0.1191920, 0.9503041],
])  # fmt: skip
_WHITE = _XYZ.sum(axis=1)
_LAB = np.array([[0.0, 116.0, 0.0], [500.0, -500.0, 0.0], [0.0, 200.0, -200.0]])


@dataclass(frozen=True, slots=True)
class Difference:
    """Between two pictures, in steps of CIELAB.

    Attributes:
        mean: Over all pixels.
        most: What 99 % of the pixels are below.
        patch: Mean of the worst patch: something small that is wrong all over.
    """

    mean: float
    most: float
    patch: float

    def __str__(self) -> str:
        return f"mean {self.mean:.2f}, 99 % below {self.most:.2f}, worst patch {self.patch:.2f}"


def lab(srgb: Picture) -> Floats:
    """Return sRGB (..., 3) as CIELAB (..., 3), blurred on the way, while it is light."""
    c = srgb / 255.0
    light = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    light = gaussian_filter(light, (BLUR_PX, BLUR_PX, 0.0), mode="nearest")
    t: Floats = light @ _XYZ.T / _WHITE
    f: Floats = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return f @ _LAB.T - [16.0, 0.0, 0.0]


def steps(one: Picture, other: Picture) -> Floats:
    """Return how far apart each pixel looks, (H, W)."""
    return np.sqrt(((lab(one) - lab(other)) ** 2).sum(axis=-1))


def difference(one: Picture, other: Picture) -> Difference:
    """Compare two pictures (H, W, 3) of one size."""
    apart = steps(one, other)
    patches = uniform_filter(apart, PATCH_PX, mode="nearest")
    return Difference(float(apart.mean()), float(np.percentile(apart, 99.0)), float(patches.max()))


def beside(one: Picture, other: Picture) -> Picture:
    """Return both pictures and, brightened, where they differ: for whoever looks into a failure."""
    apart = np.clip(steps(one, other) * 12.0, 0.0, 255.0).astype(np.uint8)
    return np.concatenate([one, other, np.repeat(apart[..., None], 3, axis=-1)], axis=1)
