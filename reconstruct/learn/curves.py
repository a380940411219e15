"""The curve of a run: a table, and a picture of it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from ...headset.errors import ModelError
from ...headset.files import replacing
from .checkpoint import Epoch

_SIZE_PX: Final = (900, 420)
_LEFT_PX, _RIGHT_PX, _TOP_PX, _BOTTOM_PX = 70, 70, 56, 50
_PAPER, _INK, _FAINT = (255, 255, 255), (40, 40, 40), (222, 222, 222)
_LOSS, _HELD_OUT = (120, 120, 120), (196, 78, 30)
_LINES: Final = 4


def write_curve(folder: Path, curve: Sequence[Epoch]) -> None:
    """Write `curve.csv` and `curve.png`.

    Raises:
        ModelError: The place cannot be written.
    """
    with (
        replacing(folder / "curve.csv", ModelError) as draft,
        draft.open("w", newline="", encoding="utf-8") as file,
    ):
        table = csv.writer(file)
        table.writerow(["epoch", "training_loss", "held_out_error_over_rest", "best_so_far"])
        table.writerows(
            [line.epoch, "" if line.loss is None else line.loss, line.held_out, int(line.best)]
            for line in curve
        )
    with replacing(folder / "curve.png", ModelError) as draft:
        draw_curve(curve).save(draft)


def draw_curve(curve: Sequence[Epoch]) -> Image.Image:
    """Return the picture: held-out error on the left axis, training loss on the right."""
    image = Image.new("RGB", _SIZE_PX, _PAPER)
    pen = ImageDraw.Draw(image)
    font, large = ImageFont.load_default(13), ImageFont.load_default(15)
    width, height = _SIZE_PX
    last = max(1, curve[-1].epoch)

    def across(epoch: int) -> float:
        return _LEFT_PX + (width - _LEFT_PX - _RIGHT_PX) * epoch / last

    def up(value: float, low: float, high: float) -> float:
        return height - _BOTTOM_PX - (height - _TOP_PX - _BOTTOM_PX) * (value - low) / (high - low)

    held_out = [(line.epoch, line.held_out) for line in curve]
    loss = [(line.epoch, line.loss) for line in curve if line.loss is not None]
    for points, colour, x, anchor in (
        (held_out, _HELD_OUT, _LEFT_PX - 8, "rm"),
        (loss, _LOSS, width - _RIGHT_PX + 8, "lm"),
    ):
        if not points:
            continue
        low, high = _span([value for _, value in points])
        for line in range(_LINES + 1):
            value = low + (high - low) * line / _LINES
            y = up(value, low, high)
            if colour is _HELD_OUT:
                pen.line([(_LEFT_PX, y), (width - _RIGHT_PX, y)], fill=_FAINT)
            pen.text((x, y), f"{value:.4g}", fill=colour, font=font, anchor=anchor)
        places = [(across(epoch), up(value, low, high)) for epoch, value in points]
        pen.line(places, fill=colour, width=2)
        if colour is _HELD_OUT:
            best = min(range(len(points)), key=lambda i: points[i][1])
            x_px, y_px = places[best]
            pen.ellipse((x_px - 5, y_px - 5, x_px + 5, y_px + 5), outline=colour, width=2)
            told = f"best {points[best][1]:.3f}, epoch {points[best][0]}"
            side = "rt" if x_px > width / 2 else "lt"
            pen.text((x_px, y_px + 9), told, fill=colour, font=font, anchor=side)
    for epoch in sorted({0, last // 4, last // 2, 3 * last // 4, last}):
        y = height - _BOTTOM_PX + 8
        pen.text((across(epoch), y), str(epoch), fill=_INK, font=font, anchor="mt")
    pen.text((width / 2, height - 8), "epoch", fill=_INK, font=font, anchor="mb")
    pen.text(
        (_LEFT_PX, 16), "held-out people: error over rest, hidden 14", fill=_HELD_OUT, font=large
    )
    pen.text((width - _RIGHT_PX, 16), "training loss", fill=_LOSS, font=large, anchor="ra")
    return image


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = max((high - low) * 0.12, 1e-3)
    return low - room, high + room
