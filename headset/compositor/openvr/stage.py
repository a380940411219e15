"""The mirror over a game on SteamVR: a stereo overlay that both eyes look through, as by a pane.

    with Context() as context, OpenVrStage(context) as stage:
        scene = …                               # of stage.size
        …                                       # the loop of `compositor.stage`

SteamVR is joined as a background program: that never starts it, and takes nothing from the game. The
pane stands as far off as the image in the mirror, so that what SteamVR shows of it between two of our
frames is right where it matters. How the headset's lenses are turned does not matter to a pane.

All of this is tested against a stand-in for SteamVR by the genuine OpenVR library. A real SteamVR, on
Windows or Linux, has not been seen with it yet.

Source: openvr.h 2.12.14; for the time a frame is seen, IVRSystem's `GetTimeSinceLastVsync` and the
properties named there.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from ...clock import NS_PER_S, now_ns, seconds
from ...errors import HeadsetError
from ...frame import Sample
from ...sensors.steamvr import client as steamvr_client
from ...sensors.steamvr.pose import quaternion
from .. import gl
from ..context import Context
from ..mirror import AWAY_M
from ..stage import Pictures, Scene, StageBeat, StageState
from .handle import Overlay
from .images import Images
from .pane import Pane, upright
from .panels import Panels

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]

PANE_M: Final = (0.46, 0.56)
"""Width and height: the whole head, with room to move it 10 cm to any side before an edge cuts it."""

_WIDEST_PX: Final = 2048  # of one eye's picture
_TEXTURES: Final = 3  # one shown, one under way, one drawn into
_ASK_EVERY_NS: Final = NS_PER_S
_SILENT_NS: Final = 5 * NS_PER_S
_EYES: Final = (0, 1)


class OpenVrStage:
    """A `Stage` over whatever game SteamVR runs; a context manager that takes its overlays away.

    It senses nothing: the head and whether the headset is worn, the `steamvr` reader has already.

    Attributes:
        size: Width and height of one eye's picture, pixels.
        image_format: OpenGL's number of sRGB bytes, what scenes are drawn in; the overlay's textures
            hold the same bytes under a name that says nothing of light.
        transparent: Always: the game is behind.
        drawn: Frames with something in them so far.
        head: Shape (7,), as `Stage.head`: the views are turned as the pane is.
    """

    def __init__(self, context: Context) -> None:
        """Join SteamVR, and have its overlay made; it stays hidden until something is drawn.

        Args:
            context: It is made current.

        Raises:
            HeadsetError: SteamVR is not installed, does not run, or refuses.
        """
        refusal = steamvr_client.refusal()
        if refusal is not None:
            raise HeadsetError(refusal)
        context.make_current()
        self._context = context
        self.transparent, self.drawn = True, 0
        self.head: Floats32 = np.array([0, 0, 0, 1, 0, 0, 0], np.float32)
        self.image_format = int(gl.api().GL_SRGB8_ALPHA8)
        with ExitStack() as opening:
            self._client = opening.enter_context(steamvr_client.joined())
            display = self._client.display()
            if display is None:
                raise HeadsetError("SteamVR: shows no headset: connect it")
            self._display = display
            self.size = _size(display.px_per_tangent)
            self._overlay = opening.enter_context(
                Overlay("mirror", "unvisor: mirror", width_m=PANE_M[0], stereo=True, order=0)
            )
            width, height = self.size
            self._images = Images((2 * width, height), count=_TEXTURES)
            opening.callback(self._images.close)
            self._panels = Panels()
            opening.callback(self._panels.close)
            opening.callback(context.make_current)
            self._open = opening.pop_all()
        place = np.eye(4)
        place[2, 3] = -AWAY_M
        self._pane = Pane(PANE_M, place)
        self._origin: Floats | None = None
        """Shape (4, 4), the stage's space to the standing universe; None until there is a head."""
        self._position_m = np.zeros(3)  # of the head, as last known
        self._tracked = self._visible = self._faced = self._before = False
        self._hidden = True
        self._worn: bool | None = None
        self._inverse: Floats = np.eye(4)
        self._asked_ns = self._polled_ns = self._heard_ns = self._begun_ns = now_ns()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def poll(self) -> StageState:
        """Hear what happened; never waits.

        Returns:
            WAITING until the headset was tracked once: there is nowhere to stand before.

        Raises:
            HeadsetError: SteamVR quits, or gives neither frames nor poses for long.
        """
        if self._client.quits():
            raise HeadsetError(steamvr_client.QUITTING)
        at_ns = now_ns()
        if at_ns - self._polled_ns > _ASK_EVERY_NS:
            self._heard_ns = at_ns  # nobody listened meanwhile: the scene was being built
        self._polled_ns = at_ns
        if at_ns - self._asked_ns > _ASK_EVERY_NS:
            self._asked_ns = at_ns
            self._ask()
        if self._origin is None:
            self._tracked = self._take_head(0.0)
            self._heard_ns = at_ns if self._tracked else self._heard_ns
        if at_ns - self._heard_ns > _SILENT_NS:
            raise HeadsetError("SteamVR: gives neither frames nor poses: start it again")
        return StageState.WAITING if self._origin is None else StageState.RUNNING

    def said(self) -> tuple[str, str]:
        """Return `focused`, `hidden` or `waiting`, and what is odd, or nothing.

        Hidden is what SteamVR hides, as under its dashboard; or what was not asked for.
        """
        if not self._tracked:
            return "waiting", "SteamVR: its headset is not tracked"
        return ("focused" if self._visible else "hidden"), ""

    def wait(self) -> StageBeat:
        """Wait for a frame of SteamVR's to begin, or for as long as one lasts.

        Raises:
            HeadsetError: SteamVR refuses.
        """
        period_s = 1.0 / self._display.rate_hz
        told = self._overlay.wait(max(1, round(1000.0 * period_s)))
        spent_s = seconds(now_ns() - self._begun_ns)
        if spent_s < period_s / 4.0:  # one that is dying does not wait; we are not to spin then
            time.sleep(period_s / 4.0 - spent_s)
        at_ns = self._begun_ns = now_ns()
        since = self._client.since_vsync()
        since_s = 0.0 if since is None else max(0.0, since[0]) % period_s
        ahead_s = period_s - since_s + self._display.to_photons_s
        self._tracked = self._take_head(ahead_s)
        if told or self._tracked:
            self._heard_ns = at_ns
        self._visible = self._overlay.visible()
        return StageBeat(
            display_ns=at_ns + round(ahead_s * NS_PER_S),
            period_ns=round(period_s * NS_PER_S),
            seen=self._tracked and self._faced and self._before and (self._visible or self._hidden),
        )

    def show(self, beat: StageBeat, scene: Scene | None) -> None:
        """End the frame: with a scene, or with nothing but panels.

        Raises:
            HeadsetError: SteamVR or the driver refuses.
        """
        if self._origin is None:
            return
        self._panels.follow(self._origin, self.head[4:].astype(np.float64))
        if scene is None or not self._faced:
            self._overlay.hide()
            self._hidden = True
        elif beat.seen:
            self._context.make_current()
            scene.draw(self._pane.views, beat.display_ns)
            texture, (width, _) = self._images.next(), self.size
            for eye in _EYES:
                scene.resolve(
                    eye, texture, self.size, self._images.image_format, at=(eye * width, 0)
                )
            self._overlay.show(texture)
            self._hidden = False
            self.drawn += 1
        gl.api().glFlush()  # no swap does it, and SteamVR reads in another process

    def show_panels(self, pictures: Pictures) -> None:
        """Show these panels and no others; the very same array as before costs nothing.

        Raises:
            HeadsetError: A picture is not of its panel's shape, or SteamVR refuses.
        """
        self._context.make_current()
        self._panels.show(pictures)

    def recentre(self) -> None:
        """Have all that stands here stand before the wearer again: upright, where they look now."""
        self._origin = None

    def sample(self) -> Sequence[Sample]:
        """Return nothing: see the class."""
        return ()

    def _take_head(self, ahead_s: float) -> bool:
        """Find where the head and the eyes will be; say whether that is known."""
        matrix = self._client.head(ahead_s)
        if matrix is None:
            return False
        known = np.isfinite(matrix[:, 3])  # not where only turning is tracked: then it stays
        self._position_m = matrix[:, 3] = np.where(known, matrix[:, 3], self._position_m)
        if self._origin is None and not self._stand(matrix):
            return False
        head = self._inverse @ np.vstack([matrix, (0.0, 0.0, 0.0, 1.0)])
        turned = quaternion(head[:3, :3])
        if turned is None:
            return False
        self.head[:4], self.head[4:] = turned, head[:3, 3]
        eyes_m = self._client.eyes_m() @ head[:3, :3].T + head[:3, 3]
        self._faced, self._before = self._pane.look(eyes_m), self._pane.before(head)
        return True

    def _stand(self, head: Floats) -> bool:
        """Begin the stage's space at a head, (3, 4) in the standing universe, if it is one."""
        origin = upright(head)
        if origin is None:
            return False
        self._overlay.place(origin @ self._pane.place)
        self._origin = origin
        self._inverse = np.linalg.inv(origin).astype(np.float64)
        return True

    def _ask(self) -> None:
        """Ask what seldom changes: the display's rate, and whether the wearer has come back."""
        self._display = self._client.display() or self._display
        worn = self._client.worn()
        if worn and self._worn is False:
            self.recentre()
        self._worn = worn


def _size(px_per_tangent: float) -> tuple[int, int]:
    """Return one eye's picture's size, pixels: as sharp as the headset shows the pane's middle."""
    width, height = (2 * round(px_per_tangent * length_m / AWAY_M / 2.0) for length_m in PANE_M)
    scale = min(1.0, _WIDEST_PX / max(width, height))
    return max(2, int(width * scale)), max(2, int(height * scale))
