from __future__ import annotations

import os
import subprocess
import sys

import pytest

from unvisor.headset.compositor import gl
from unvisor.headset.compositor.context import PACKAGES, Context, GlReport, probe
from unvisor.headset.errors import HeadsetError

pytestmark = pytest.mark.gl


def test_it_says_what_draws(drawing: GlReport):
    assert drawing.version >= (4, 1)
    assert drawing.renderer
    assert drawing.software == any(name in drawing.renderer for name in ("llvmpipe", "softpipe"))
    assert drawing == probe()  # and leaves nothing behind that would change it


def test_two_contexts_live_side_by_side(drawing: GlReport):
    with Context() as first, Context() as second:
        first.make_current()
        name = gl.buffer(64)
        second.make_current()
        assert not gl.api().glIsBuffer(name)
        first.make_current()
        assert gl.api().glIsBuffer(name)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X11")
def test_no_way_to_draw_names_the_packages(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(HeadsetError, match=rf"no DISPLAY.*apt-get install {PACKAGES}"):
        Context(("window",))


def test_another_kind_of_context_in_one_process_is_refused(drawing: GlReport):
    other = "glx" if drawing.route.startswith("egl") else "egl"
    with pytest.raises(HeadsetError, match="one kind of context"):
        gl.load(other)


def test_a_refused_shader_says_why(drawing: GlReport):
    with Context(), pytest.raises(HeadsetError, match=r"refuses a fragment shader.*nonsense"):
        gl.program(fragment="#version 410 core\nvoid main() { nonsense(); }")


def test_an_error_of_opengl_is_not_lost(drawing: GlReport):
    with Context():
        gl.api().glEnable(0xFFFF)
        with pytest.raises(HeadsetError, match="0x0500 during a test"):
            gl.check("a test")


def test_it_draws_with_opengl_4_1_as_with_newer(drawing: GlReport):
    """Without compute shaders, explicit bindings and persistent mapping, as on macOS."""
    if "Mesa" not in drawing.vendor:
        pytest.skip("only Mesa pretends to be older than it is")
    code = (
        "import numpy as np\n"
        "from unvisor.headset.compositor.floor import small_head\n"
        "from unvisor.headset.compositor.renderer import Renderer\n"
        "with Renderer(small_head(), size=(32, 32)) as renderer:\n"
        "    for _ in range(10):\n"
        "        renderer.draw(np.zeros(52), np.zeros((2, 3)))\n"
        "    print(renderer.report.version, np.ptp(renderer.read()) > 50)\n"
    )
    environment = {**os.environ, "MESA_GL_VERSION_OVERRIDE": "4.1"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "(4, 1) True", done.stderr
