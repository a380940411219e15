from __future__ import annotations

import pytest

from unvisor.headset.compositor.context import Context, GlReport
from unvisor.headset.compositor.mirror_window import MirrorWindow
from unvisor.headset.errors import HeadsetError


@pytest.mark.gl
def test_where_there_is_no_screen_it_says_so(drawing: GlReport):
    if not drawing.route.startswith("egl"):
        pytest.skip("elsewhere: here everything is drawn by way of a window")
    with Context(), pytest.raises(HeadsetError, match=r"no screen.*start from a desktop"):
        MirrorWindow((400, 300))
