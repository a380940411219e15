"""The skin: a chart of azimuth and height, cast onto the field and slit at eye and mouth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..avatar import Region
from .field import EYE_CENTRE, MOUTH_HALF_WIDTH, MOUTH_Y, Floats, cast, settle
from .jaw import jaw_share
from .lids import lid_shares
from .mesh import HalfHead, Indices, Table, quads, vertices

COLLAR_Y: Final = -16.2
"""Where the skin goes under the shirt."""

_EYE_X: Final = (1.62, 4.72)
"""The eye's slit, inner and outer corner."""
_PARTING: Final = 0.006
"""Half the distance that keeps the edges of a closed slit apart, so that no renderer welds them."""

# Density of rows and columns along the chart, (where, density): fine at eye and mouth.
_COLUMNS: Final = (
    (0, 1.0), (16, 1.05), (35, 0.95), (50, 0.5), (75, 0.26), (110, 0.2), (180, 0.16),
)  # fmt: skip
_CHIN_ROWS: Final = (
    (-17.5, 0.3), (-12, 0.45), (-10.4, 0.8), (-9.2, 0.8), (-7.6, 1.9), (MOUTH_Y, 2.6),
)  # fmt: skip
_NOSE_ROWS: Final = (
    (MOUTH_Y, 2.6), (-5.9, 1.9), (-4.8, 1.6), (-3, 1.4), (-1.5, 1.2), (EYE_CENTRE[1] - 0.4, 2.0),
    (EYE_CENTRE[1], 2.1),
)  # fmt: skip
_BROW_ROWS: Final = ((EYE_CENTRE[1], 2.1), (0.9, 1.9), (2, 1.4), (3, 0.8), (5.5, 0.5), (9.0, 0.35))


@dataclass(frozen=True, slots=True, kw_only=True)
class Skin:
    """The skin of the left half.

    Attributes:
        table: Shape (N,) of `VERTEX`.
        ids: Shape (R, C): rows from the collar up, columns from the front midline to the back.
        mouth: Indices around the mouth's slit: upper edge from the midline to the corner, then the
            lower edge back to the midline.
        upper_lid: Indices along the upper lid's edge, from the inner corner to the outer.
        lower_lid: The same of the lower.
    """

    table: Table
    ids: Indices
    mouth: Indices
    upper_lid: Indices
    lower_lid: Indices


def build_skin(half: HalfHead) -> Skin:
    """Add the skin to a half head."""
    chart, mouth_row, eye_row = _chart()
    rows, columns = len(chart), len(chart[0])
    ids: Indices = np.arange(rows * columns).reshape(rows, columns)
    rest = [chart.reshape(-1, 3)]

    # Below a slit its vertices are doubles of those above; the corners are shared.
    x = chart[..., 0]
    lips = np.flatnonzero(x[mouth_row, : columns // 2] < MOUTH_HALF_WIDTH)
    eye = np.flatnonzero(
        (x[eye_row, : columns // 2] > _EYE_X[0]) & (x[eye_row, : columns // 2] < _EYE_X[1])
    )
    below = ids[1:].copy()
    first = rows * columns
    doubles: list[Indices] = []
    for row, split in ((mouth_row, lips[:-1]), (eye_row, eye[1:-1])):
        double = first + np.arange(len(split))
        below[row - 1, split] = double
        rest.append(chart[row, split])
        doubles.append(double)
        first += len(split)

    positions = np.concatenate(rest)
    side = np.zeros(len(positions))
    lower_lips, lower_lid = doubles
    side[np.concatenate([ids[mouth_row, lips[:-1]], ids[eye_row, eye[1:-1]]])] = 1.0
    side[np.concatenate(doubles)] = -1.0
    mouth = np.concatenate([ids[mouth_row, lips], lower_lips[::-1]])
    positions[:, 1] += _PARTING * side
    corners = x[eye_row, eye[[0, -1]]]
    jaw, sealed = jaw_share(positions, side)
    table = vertices(
        positions,
        (0.47, 0.25, 0.175, 0.52),
        Region.SKIN,
        side=side,
        follow=1.0,
        jaw=jaw,
        sealed=sealed,
        across=(positions[:, 0] - corners.mean()) / (0.5 * np.ptp(corners)),
        lid=lid_shares(positions, side),
    )
    half.add(table)
    half.connect(quads(ids[:-1], below))
    corner_in, corner_out = ids[eye_row, eye[0]], ids[eye_row, eye[-1]]
    return Skin(
        table=table,
        ids=ids,
        mouth=mouth,
        upper_lid=ids[eye_row, eye],
        lower_lid=np.concatenate([[corner_in], lower_lid, [corner_out]]),
    )


def _chart() -> tuple[Floats, int, int]:
    """Return the chart (R, C, 3) and the rows of mouth and eye.

    It stops under the hair.
    """
    azimuth = np.radians(_spaced(_COLUMNS, 42))
    chin, nose, brow = _spaced(_CHIN_ROWS, 22), _spaced(_NOSE_ROWS, 29), _spaced(_BROW_ROWS, 16)
    heights = np.concatenate([chin, nose[1:], brow[1:]])
    around = np.stack([np.sin(azimuth), 0.0 * azimuth, np.cos(azimuth)], axis=-1)
    directions = np.broadcast_to(around, (len(heights), *around.shape))
    origins = np.zeros_like(directions)
    origins[..., 1] = heights[:, None]
    hits = cast(origins.reshape(-1, 3), directions.reshape(-1, 3))
    chart = hits.reshape(directions.shape)
    mouth_row, eye_row = len(chin) - 1, len(chin) + len(nose) - 2
    chart = _relaxed(chart)
    # The lips roll inwards to where they meet.
    lips = np.where(chart[mouth_row, :, 2] > 5.0, chart[mouth_row, :, 0], np.inf)
    roll = np.sqrt(np.clip(1.0 - (lips / (MOUTH_HALF_WIDTH * 1.08)) ** 2, 0.0, 1.0))
    chart[mouth_row, :, 2] -= 0.34 * roll
    chart[[mouth_row - 1, mouth_row + 1], :, 2] -= 0.07 * roll
    chart[mouth_row, :, 1] = MOUTH_Y
    chart[eye_row, :, 1] = EYE_CENTRE[1]
    return chart, mouth_row, eye_row


def _relaxed(chart: Floats) -> Floats:
    """Return the chart with evener spacing, still on the field; slits stay exactly in place."""
    for _ in range(8):
        x, y, z = np.moveaxis(chart, -1, 0)
        lid = np.exp(-(((y - EYE_CENTRE[1]) / 1.7) ** 4) - ((x - 3.2) / 2.2) ** 4)
        lip = np.exp(-(((y - MOUTH_Y) / 1.0) ** 4) - (x / 2.7) ** 4)
        free = 1.0 - np.maximum(lid, lip) * (z > 4.0)
        nose = (y > -4.6) & (y < -2.4) & (x < 2.0) & (z > 4.0)
        free: Floats = np.where(nose, 0.4 * free, free)
        mirror = chart[:, [1]] * [-1.0, 1.0, 1.0], chart[:, [-2]] * [-1.0, 1.0, 1.0]
        wide = np.concatenate([mirror[0], chart, mirror[1]], axis=1)
        mean = (chart[2:] + chart[:-2] + wide[1:-1, 2:] + wide[1:-1, :-2]) / 4.0
        chart = chart.copy()
        chart[1:-1] += 0.55 * free[1:-1, :, None] * (mean - chart[1:-1])
    x, y, z = np.moveaxis(chart, -1, 0)
    lip = np.exp(-(((y - MOUTH_Y) / 1.2) ** 4) - (x / 2.9) ** 4) * (z > 4.0)
    # In the crease beside the nose the field has no one slope: half way is smoother there.
    crease = 0.6 * np.exp(-(((y + 3.4) / 1.1) ** 4) - ((x - 1.6) / 0.9) ** 4) * (z > 4.0)
    off = settle(chart.reshape(-1, 3)).reshape(chart.shape) - chart
    chart = chart + off * (1.0 - np.maximum(lip, crease))[..., None]
    chart[:, [0, -1], 0] = 0.0
    return chart


def _spaced(density: tuple[tuple[float, float], ...], count: int) -> Floats:
    """Return `count` places, denser where the piecewise linear density is higher."""
    where, height = (np.array(column) for column in zip(*density, strict=True))
    fine = np.linspace(float(where[0]), float(where[-1]), 4000)
    rate: Floats = np.interp(fine, where, height)
    total = np.concatenate([[0.0], np.cumsum((rate[1:] + rate[:-1]) / 2.0)])
    even = np.linspace(0.0, float(total[-1]), count)
    return np.interp(even, total, fine)
