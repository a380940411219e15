"""All of a frame's work is timed and named, and none of it once that is over."""

from __future__ import annotations

import pytest

from unvisor.headset.compositor import gl
from unvisor.headset.compositor.avatar import Avatar
from unvisor.headset.compositor.context import Context, GlReport
from unvisor.headset.compositor.gpu_times import WHOLE, gpu_times

pytestmark = pytest.mark.gl


def test_every_part_of_a_frame_has_its_time(drawing: GlReport, ball: Avatar) -> None:
    times = gpu_times(ball, size=(64, 48), samples=2, frames=5)
    assert {"clear", "morph", "normals", "skin", "eye", "resolve", WHOLE} <= times.stages_ns.keys()
    assert "unnamed" not in times.stages_ns
    assert all(len(ns) == 5 and min(ns) >= 0 for ns in times.stages_ns.values())
    assert min(times.stages_ns[WHOLE]) > 0
    parts = [ns for name, ns in times.stages_ns.items() if name != WHOLE]
    for whole, *work in zip(times.stages_ns[WHOLE], *parts, strict=True):
        assert sum(work) <= whole
    assert (times.vertices, times.targets) == (len(ball.positions), 3)
    assert times.report.renderer == drawing.renderer


def test_the_module_is_itself_again(drawing: GlReport) -> None:
    with Context():
        module = gl.api()
        with gl.seen_through(lambda module: [module]):
            assert gl.api() == [module]
        assert gl.api() is module
