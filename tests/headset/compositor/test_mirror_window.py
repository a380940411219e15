from __future__ import annotations

import pytest

from unvisor.headset.compositor.context import Context, GlReport
from unvisor.headset.compositor.mirror_window import MirrorWindow, fitting
from unvisor.headset.errors import HeadsetError


def test_a_view_fills_the_window_as_far_as_its_proportions_allow():
    assert fitting((400, 300), (200, 150)) == (0, 0, 200, 150)
    assert fitting((400, 300), (200, 350)) == (0, 100, 200, 250)
    assert fitting((400, 300), (600, 150)) == (200, 0, 400, 150)
    assert fitting((400, 300), (0, 0)) == (0, 0, 0, 0)


@pytest.mark.gl
def test_where_there_is_no_screen_it_says_so(drawing: GlReport):
    if not drawing.route.startswith("egl"):
        pytest.skip("elsewhere: here everything is drawn by way of a window")
    with Context(), pytest.raises(HeadsetError, match=r"no screen.*start from a desktop"):
        MirrorWindow((400, 300))
