from __future__ import annotations

import numpy as np
import pytest

from unvisor.headset.errors import SensorError
from unvisor.headset.sensors.camera.view import Flip, Turn, View, crop_from

PICTURE = np.arange(6, dtype=np.uint8).reshape(2, 3)  # 0 1 2 / 3 4 5


@pytest.mark.parametrize(
    ("rotate", "flip", "seen"),
    [
        (0, "none", [[0, 1, 2], [3, 4, 5]]),
        (90, "none", [[3, 0], [4, 1], [5, 2]]),  # clockwise: the left column becomes the top row
        (180, "none", [[5, 4, 3], [2, 1, 0]]),
        (270, "none", [[2, 5], [1, 4], [0, 3]]),
        (0, "horizontal", [[2, 1, 0], [5, 4, 3]]),
        (0, "vertical", [[3, 4, 5], [0, 1, 2]]),
        (0, "both", [[5, 4, 3], [2, 1, 0]]),
        (90, "horizontal", [[0, 3], [1, 4], [2, 5]]),
    ],
)
def test_turned_and_flipped(rotate: Turn, flip: Flip, seen: list[list[int]]) -> None:
    image = View(rotate=rotate, flip=flip).of(PICTURE)
    assert image.tolist() == seen
    assert image.flags.c_contiguous
    assert not image.flags.writeable


def test_cropped_before_it_is_halved_and_turned() -> None:
    wide = np.arange(32, dtype=np.uint8).reshape(4, 8)
    view = View(crop=(1, 1, 4, 2), half="right", rotate=90)
    assert view.of(wide).tolist() == [[19, 11], [20, 12]]
    assert View(half="left").of(PICTURE).tolist() == [[0], [3]]
    assert View(half="right").of(PICTURE).tolist() == [[2], [5]]


def test_what_lies_outside_is_refused() -> None:
    with pytest.raises(SensorError, match=r"crop 2,0,2,2 reaches beyond a picture of 3 x 2: "):
        View(crop=(2, 0, 2, 2)).of(PICTURE)
    with pytest.raises(SensorError, match="no halves"):
        View(half="left").of(PICTURE[:, :1])


def test_a_crop_is_read_with_commas_or_colons() -> None:
    assert crop_from("") is None
    assert (
        crop_from("1,2,30,40")
        == crop_from("1:2:30:40")
        == crop_from(" 1, 2, 30, 40")
        == (1, 2, 30, 40)
    )


@pytest.mark.parametrize(
    "words",
    ["1,2,3", "1,2,3,4,5", "a,b,c,d", "1,2,0,4", "1,2,3,0", "-1,2,3,4", "1,2,3,99999", "²,1,1,1"],
)
def test_no_rectangle(words: str) -> None:
    with pytest.raises(SensorError, match=r"write x,y,w,h"):
        crop_from(words)
