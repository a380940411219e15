"""The whole of it, as a user runs it, in a headset: seconds of what `testbed.show` does for minutes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ...testbed.installation import Installation
from ...testbed.show import show, shows_a_face

pytestmark = pytest.mark.openxr


@pytest.mark.slow
def test_a_face_is_shown_and_shown_again_when_the_runtime_returns(
    installation: Installation, tmp_path: Path
) -> None:
    came = show(installation, duration_s=3.0, pictures=tmp_path)
    assert (came["status"], came["errors"]) == (0, "")
    assert came["complaints"] == []
    assert [life["frames"] > 0 for life in came["lives"]] == [True, True]
    pictures = [np.asarray(Image.open(path)) for path in came["pictures"]]
    assert len(pictures) == 8
    assert all(shows_a_face(picture) for picture in pictures)
    assert not np.array_equal(pictures[0], pictures[1]), "both eyes see it from one place"


def test_a_grey_picture_shows_no_face() -> None:
    grey = np.full((720, 640, 3), 90, np.uint8)
    assert not shows_a_face(grey)
    grey[300:450, 250:400] = 200, 140, 110
    assert shows_a_face(grey)
