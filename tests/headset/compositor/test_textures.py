from __future__ import annotations

import logging

import numpy as np
import pytest

from unvisor.headset.compositor.avatars.material import Texture, Wrap
from unvisor.headset.compositor.context import Context, GlReport
from unvisor.headset.compositor.textures import MOST_BYTES, SIDE_PX, TexturePool

pytestmark = pytest.mark.gl


def large(asked: list[int]) -> Texture:
    """Return a texture that says it is large, and notes what side is asked of it."""

    def decode(side_px: int) -> np.ndarray:
        asked.append(side_px)
        return np.zeros((4, 8, 4), np.uint8)

    return Texture(
        name="", size_px=(4096, 4096), wrap=(Wrap.CLAMP, Wrap.MIRROR), smooth=True, decode=decode
    )


def test_textures_are_sent_once_and_no_finer_than_is_seen(drawing: GlReport):
    asked: list[int] = []
    one = large(asked)
    with Context():
        pool = TexturePool([one, one])
        assert pool.name(one, colour=True) == pool.name(one, colour=True)
        assert pool.name(one, colour=False) != pool.name(one, colour=True)  # read in two ways
        assert pool.nbytes == 2 * (4 * 8 * 4 * 4 // 3)
        pool.close()
    assert asked == [SIDE_PX] * 2


def test_many_textures_share_what_one_may_take(drawing: GlReport, caplog: pytest.LogCaptureFixture):
    asked: list[int] = []
    many = [large(asked) for _ in range(100)]
    with caplog.at_level(logging.WARNING, "unvisor"), Context():
        pool = TexturePool(many)
        pool.name(many[0], colour=True)
        pool.close()
    assert asked[0] ** 2 * 4 * 4 // 3 * len(many) <= MOST_BYTES
    assert f"{asked[0]} pixels to a side" in caplog.text
