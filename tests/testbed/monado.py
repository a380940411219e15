"""A real OpenXR runtime without a headset or a GPU: Monado's simulated one, drawn by Mesa."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from .installation import EGL, MONADO, VALIDATION, VULKAN, Installation, NoRuntimeError

XKBCOMP = Path("/usr/bin/xkbcomp")  # Xvfb has no other place for it
SCREEN = "1280x720x24"
STARTED = "The Monado service has started"
PATIENCE_S = 20.0  # 0.3 to 1.5 s are usual


class Monado:
    """`monado-service` in a runtime folder of its own, for as long as the context lasts.

    Without a display its null compositor gives 320×240 views at 20 Hz; with one, views of 896×1007
    at `framerate_hz`, side by side on a screen whose pixels can be read. `scale` makes views smaller, as
    the runtime's own setting does, for drawing them on a CPU.

    Attributes:
        environment: What a client's process needs in its environment.
        python: The tests' Python, able to be a client.
    """

    def __init__(
        self,
        installation: Installation,
        *,
        display: bool = False,
        framerate_hz: float = 60.0,
        scale: float = 1.0,
    ) -> None:
        self.python = installation.python
        self.environment: dict[str, str] = {}
        self._installation = installation
        self._display = display
        self._framerate_hz = framerate_hz
        self._scale = scale
        self._open = ExitStack()
        self._folder = Path()
        self._service: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What the service has said so far."""
        return (self._folder / "monado.log").read_text(errors="replace")

    def __enter__(self) -> Self:
        with self._open as opening:
            scratch = tempfile.TemporaryDirectory(prefix="unvisor-xr-")
            self._folder = Path(opening.enter_context(scratch))
            self.environment = self._describe()
            if self._display:
                self.environment["DISPLAY"] = self._start_screen()
            opening.callback(self._stop)
            self._start_service()
            self._open = opening.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    @property
    def is_running(self) -> bool:
        """Whether the service is alive."""
        return self._service is not None and self._service.poll() is None

    def kill(self) -> None:
        """End the service as a crash would: clients find their connection cut."""
        if self._service:
            self._service.kill()
        self._stop()

    def restart(self) -> None:
        """Start a service where the last one stood, as a wearer would after a crash."""
        self._stop()
        self._start_service()

    @property
    def validating(self) -> dict[str, str]:
        """A client's environment, in which the validation layer judges its calls: see `complaints`."""
        layers = self._folder / "layers"
        layers.mkdir(exist_ok=True)
        self._installation.manifest(VALIDATION, into=layers)
        return {
            **self.environment,
            "XR_API_LAYER_PATH": str(layers),
            "XR_ENABLE_API_LAYERS": "XR_APILAYER_LUNARG_core_validation",
            "XR_CORE_VALIDATION_EXPORT_TYPE": "text",
            "XR_CORE_VALIDATION_FILE_NAME": str(self._folder / "complaints.txt"),
        }

    @property
    def complaints(self) -> list[str]:
        """What the validation layer found wrong so far; that it was loaded is in its file too.

        Raises:
            AssertionError: It was loaded by nobody, so its silence says nothing.
        """
        path = self._folder / "complaints.txt"
        said = path.read_text(errors="replace").splitlines() if path.exists() else []
        assert any("is initialized" in line for line in said), "nobody loaded the validation layer"
        return [line for line in said if line.strip() and "VALID_DEBUG |" not in line]

    def screenshot(self) -> NDArray[np.uint8]:
        """Return the screen, shape (720, 1280, 3), RGB; its left half is what the left eye sees.

        The simulated headset bends nothing: pixels are as drawn.
        """
        raw = (self._folder / "screen" / "Xvfb_screen0").read_bytes()
        return _xwd(raw)

    def _describe(self) -> dict[str, str]:
        """Write the manifests; return the environment in which only these drivers are found."""
        manifests = {
            name: str(self._installation.manifest(path, into=self._folder))
            for name, path in {
                "VK_DRIVER_FILES": VULKAN,
                "__EGL_VENDOR_LIBRARY_FILENAMES": EGL,
                "XR_RUNTIME_JSON": MONADO,
            }.items()
        }
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("XR_", "XRT_"))
            and name not in {"DISPLAY", "WAYLAND_DISPLAY", "PYOPENGL_PLATFORM", "LD_LIBRARY_PATH"}
        }
        return {
            **inherited,
            **manifests,
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "XDG_RUNTIME_DIR": str(self._folder),  # the service's socket lies there
            # The user's own settings of Monado, and layers for every program, lie there.
            "XDG_CONFIG_HOME": str(self._folder),
            "XDG_DATA_HOME": str(self._folder),
        }

    def _start_screen(self) -> str:
        """Start an X server that keeps its pixels in a file; return its DISPLAY."""
        if not XKBCOMP.exists():
            raise NoRuntimeError("the X server starts xkbcomp: sudo apt-get install x11-xkb-utils")
        pixels = self._folder / "screen"
        pixels.mkdir()
        read, write = os.pipe()
        command = self._installation.command(
            "Xvfb",
            *("-displayfd", str(write), "-screen", "0", SCREEN, "-nolisten", "tcp"),
            *("-xkbdir", self._installation.place / "usr/share/X11/xkb", "-fbdir", pixels),
            *("-terminate", "30"),  # seconds after its last client, were these tests killed
        )
        with (self._folder / "screen.log").open("wb") as log, os.fdopen(read, "rb") as number:
            try:
                screen = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=self.environment,
                    pass_fds=[write],
                )
            finally:
                os.close(write)
            self._open.callback(screen.wait)
            self._open.callback(screen.terminate)
            shown = number.readline().strip()  # empty once Xvfb has ended without one
        if not shown:
            said = (self._folder / "screen.log").read_text(errors="replace")
            raise RuntimeError(f"Xvfb did not start:\n{said}")
        return f":{shown.decode()}"

    def _start_service(self) -> None:
        environment = {
            **self.environment,
            "SIMULATED_ENABLE": "1",
            "XRT_COMPOSITOR_DEFAULT_FRAMERATE": str(self._framerate_hz),
            "XRT_COMPOSITOR_SCALE_PERCENTAGE": str(round(140 * self._scale)),  # 140 by default
        }
        if not self._display:
            environment["XRT_COMPOSITOR_NULL"] = "1"
        with (self._folder / "monado.log").open("ab") as log:
            said = log.tell()
            # It stops when its input ends: were these tests killed, it would not outlive them.
            self._service = subprocess.Popen(
                self._installation.command("monado-service"),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=environment,
            )
        until = time.monotonic() + PATIENCE_S
        while STARTED not in self.log[said:]:
            if self._service.poll() is not None or time.monotonic() > until:
                self.kill()
                raise RuntimeError(f"monado-service did not start:\n{self.log[said:]}")
            time.sleep(0.02)

    def _stop(self) -> None:
        service, self._service = self._service, None
        if service is None:
            return
        assert service.stdin
        service.stdin.close()
        try:
            service.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            service.kill()
            service.wait()


def _xwd(raw: bytes) -> NDArray[np.uint8]:
    """Read an X window dump of 32 bits a pixel, blue first.

    Source:
        X11/XWDFile.h: a header of 25 big-endian uint32, 12 bytes a colour, then the rows.
    """
    header = np.frombuffer(raw, ">u4", 25)
    header_bytes, width, height, row_bytes, colours = (int(header[i]) for i in (0, 4, 5, 12, 19))
    start = header_bytes + 12 * colours
    rows = np.frombuffer(raw, np.uint8, row_bytes * height, start).reshape(height, row_bytes)
    return rows[:, : 4 * width].reshape(height, width, 4)[:, :, 2::-1].copy()
