"""What `unvisor run` asks of an OpenXR runtime when nobody named a sensor: nothing with graphics."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ...testbed.monado import Monado
from .conftest import RunXr

pytestmark = pytest.mark.openxr


LONGEST_S = 40.0


def default_run(state: str, calls: str) -> int:
    """Run as a wearer who names nothing, until the headset was asked where it is; return the status."""
    import os
    import signal
    import time
    from threading import Thread

    os.environ["XDG_STATE_HOME"] = os.environ["XDG_CONFIG_HOME"] = state
    from unvisor.tools.main import main

    def stop_when_asked() -> None:
        written, ends_s = Path(calls), time.monotonic() + LONGEST_S
        while time.monotonic() < ends_s:
            if written.exists() and written.read_bytes().count(b"XrResult xrLocateSpace\n") > 10:
                break
            time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)

    Thread(target=stop_when_asked, daemon=True).start()
    words = ["run", "--duration-s", str(LONGEST_S), "--model", "neutral"]
    return main(words)


def dump_layer(into: Path) -> dict[str, str]:
    """Return an environment in which Khronos' own layer writes down every call to the runtime."""
    import xr

    assert xr.__file__
    return {
        "XR_API_LAYER_PATH": str(Path(xr.__file__).parent / "api_layer" / "linux_x86_64"),
        "XR_ENABLE_API_LAYERS": "XR_APILAYER_LUNARG_api_dump",
        "XR_API_DUMP_EXPORT_TYPE": "text",
        "XR_API_DUMP_FILE_NAME": str(into),
    }


def test_no_default_path_opens_a_session_with_graphics(
    monado: Monado, run_xr: RunXr, tmp_path: Path
) -> None:
    calls = tmp_path / "calls.txt"
    environment = dump_layer(calls)
    status = run_xr(default_run, environment=environment, state=str(tmp_path), calls=str(calls))
    assert status == 0
    # A call is its name at the margin, and below it what it was given.
    made = re.findall(r"^XrResult (xr\w+)\n((?: .*\n)*)", calls.read_text(errors="replace"), re.M)
    asked = {name for name, _ in made}
    assert {"xrCreateInstance", "xrCreateSession", "xrLocateSpace"} <= asked
    assert not asked & {"xrCreateSwapchain", "xrWaitFrame", "xrBeginFrame", "xrEndFrame"}
    for name, given in made:
        if name == "xrCreateInstance":
            extensions = re.findall(r"enabledExtensionNames\[\d+\] = (\w+)", given)
            assert "XR_MND_headless" in extensions
            assert not [one for one in extensions if re.search("opengl|vulkan|D3D|egl", one)]
        if name == "xrCreateSession":
            assert re.search(r"Info->next = 0x0+$", given, re.M), "graphics are bound"
