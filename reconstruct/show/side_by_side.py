"""The film of a report: truth | ours | today's rules, of one take, its worst ten seconds included.

Two scenes, each named in its caption: framed in red, the ten seconds in which our error is largest; and
before it, of the rest of the take, those in which hidden truth moves most. Nothing is chosen by how well
it looks. All three faces move
relative to the wearer's rest; beneath, hidden channels: truth, ours, and the interval that is stated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures

from ...datasets.recording import Recording, interpolate
from ...datasets.streams import FaceTrack, Truth
from ...headset.clock import NS_PER_S
from ...headset.compositor.baked import default_head, light_of
from ...headset.compositor.camera import Camera
from ...headset.compositor.demo_page import PICTURE_SIZE, SIZE, Curve, DemoPage
from ...headset.compositor.film import Film
from ...headset.compositor.renderer import Renderer
from ...headset.errors import OutputError, RecordingError
from ...headset.expressions import gaze_from_arkit
from ...headset.files import replacing
from ...headset.frame import Origin
from ...headset.names import ARKIT_INDEX
from ...headset.rig import RIGS
from ..judge.replay import reconstruct
from ..judge.worst import STRETCH_S, Worst
from .showcase import CURVES, FPS, liveliest_start, truth_at

Floats = NDArray[np.float64]

TITLES: Final = ("truth", "ours", "today's rules")
_ALARM: Final = (224, 72, 72)
_FRAME_PX: Final = 6
_GAP_NS: Final = NS_PER_S // 5
_LEAST_NS: Final = 2 * NS_PER_S  # a shorter scene shows nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One stretch of a take, T frames of film.

    Attributes:
        time_s: Shape (T,), from the scene's start.
        faces: Of `TITLES`, ARKit weights (T, 52) relative to rest; NaN where truth is not known.
        gazes: Of the same, (T, 2, 3).
        low: Shape (T, 52), lower end of our interval.
        high: Shape (T, 52).
        caption: What is shown.
        worst: Whether it is the worst stretch.
    """

    time_s: Floats
    faces: tuple[Floats, ...]
    gazes: tuple[Floats, ...]
    low: Floats
    high: Floats
    caption: str
    worst: bool


def scenes(
    recording: Recording, worst: Worst, model: str, *, calibration_s: float
) -> tuple[Scene, ...]:
    """Return the liveliest other and the worst stretch of a take; where it is short, the worst alone.

    Args:
        recording: With sensors and truth, the one `worst` is of.
        worst: Of our track.
        model: As `models.predictor` takes it.
        calibration_s: How much of its start the wearer is calibrated from; none of it is shown.

    Raises:
        RecordingError: It holds no truth.
        ModelError: The model cannot be loaded.
    """
    truth, rig = recording.truth, RIGS.get(worst.rig)
    if truth is None or rig is None:
        raise RecordingError(f"{worst.take}: no truth or no rig to show beside: import a capture")
    until_ns = recording.span_ns[0] + round(calibration_s * NS_PER_S)
    tracks = tuple(
        reconstruct(recording, each, calibration_s=calibration_s) for each in (model, "rules")
    )
    worst_ns = int(truth.time_ns[0]) + round(worst.start_s * NS_PER_S)
    lively = _liveliest_elsewhere(truth, until_ns, worst_ns, round(worst.length_s * NS_PER_S))
    about = (
        f"{worst.person}, {worst.take}   ·   sensed: {worst.rig}   ·   {worst.track}"
        "   ·   shaded: its 90 % interval"
    )

    def scene(start_ns: int, length_s: float, words: str, *, is_worst: bool) -> Scene:
        end_ns = min(start_ns + round(length_s * NS_PER_S), int(truth.time_ns[-1]))
        at_ns = np.arange(start_ns, end_ns, NS_PER_S // FPS, dtype=np.int64)
        true, look = truth_at(truth, at_ns, until_ns)
        shown = [_at(track, at_ns, track.arkit) for track in tracks]
        return Scene(
            time_s=(at_ns - start_ns) / NS_PER_S,
            faces=(true, *shown),
            gazes=(look, *(gaze_from_arkit(np.nan_to_num(face)) for face in shown)),
            low=_at(tracks[0], at_ns, tracks[0].arkit_low),
            high=_at(tracks[0], at_ns, tracks[0].arkit_high),
            caption=f"{words}   ·   {about}",
            worst=is_worst,
        )

    seconds = f"the worst {worst.length_s:.0f} s: error {worst.mae:.3f}, rest {worst.rest_mae:.3f}"
    found = [scene(worst_ns, worst.length_s, seconds, is_worst=True)]
    if lively is not None:
        start_ns, length_s = lively
        found.insert(0, scene(start_ns, length_s, f"a lively {length_s:.0f} s", is_worst=False))
    return tuple(found)


def film(shown: Sequence[Scene], folder: Path, name: str, progress: Callable[[str], None]) -> Path:
    """Draw scenes, one after the other, into `<name>.mp4`, and a picture of each beside it.

    Args:
        shown: What to draw.
        folder: Where the files go; made if missing.
        name: Of the files, without suffix.
        progress: Told after each frame.

    Raises:
        HeadsetError: Nothing draws here; the message names what to install.
        OutputError: The folder or a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise OutputError(f"{folder}: cannot be made ({cause.strerror}): name another") from cause
    head = default_head()
    camera = Camera.facing(head, yaw_rad=0.25, pitch_rad=0.04, fill=1.05)
    path = folder / f"{name}.mp4"
    with (
        Renderer(head, size=PICTURE_SIZE, light=light_of) as renderer,
        Film(path, SIZE, FPS) as out,
    ):
        for number, scene in enumerate(shown):
            page = DemoPage(
                titles=TITLES,
                curves=_curves(scene),
                duration_s=float(scene.time_s[-1]) + 0.1,
                legend=(Origin.INFERRED,),
            )
            best = int(np.argmax(np.nansum(np.abs(scene.faces[0] - scene.faces[1]), axis=1)))
            for row, at_s in enumerate(scene.time_s.tolist()):
                pictures: list[NDArray[np.uint8]] = []
                for face, gaze in zip(scene.faces, scene.gazes, strict=True):
                    renderer.draw(np.nan_to_num(face[row]), gaze[row], camera=camera)
                    pictures.append(renderer.read())
                picture = page.compose(pictures, at_s=at_s, caption=scene.caption)
                if scene.worst:
                    _frame(picture)
                out.add(picture)
                if row == best:
                    kind = "worst" if scene.worst else f"scene-{number + 1}"
                    with replacing(folder / f"{name}-{kind}.png", OutputError) as draft:
                        Pictures.fromarray(picture).save(draft, "PNG")
                progress("the worst" if scene.worst else "the liveliest")
    return path


def _liveliest_elsewhere(
    truth: Truth, from_ns: int, worst_ns: int, worst_length_ns: int
) -> tuple[int, float] | None:
    """Return start and seconds of the liveliest stretch on the longer side of the worst one."""
    end_ns = int(truth.time_ns[-1])
    sides = ((from_ns, worst_ns), (worst_ns + worst_length_ns, end_ns))
    start_ns, stop_ns = max(sides, key=lambda side: side[1] - side[0])
    if stop_ns - start_ns < _LEAST_NS:
        return None
    length_ns = min(stop_ns - start_ns, round(STRETCH_S * NS_PER_S))
    before = truth.time_ns < stop_ns
    side = Truth(time_ns=truth.time_ns[before], arkit=truth.arkit[before])
    return liveliest_start(side, start_ns, length_ns), length_ns / NS_PER_S


def _at(track: FaceTrack, at_ns: NDArray[np.int64], values: Floats) -> Floats:
    return interpolate(track.time_ns, values, at_ns, gap_ns=_GAP_NS)


def _curves(scene: Scene) -> list[Curve]:
    true, mine = scene.faces[:2]
    return [
        Curve(
            label=name.removesuffix("Left") + (" (left)" if name.endswith("Left") else ""),
            time_s=scene.time_s,
            truth=true[:, channel],
            value=mine[:, channel],
            origin=Origin.INFERRED,
            low=scene.low[:, channel],
            high=scene.high[:, channel],
        )
        for name, channel in ((name, ARKIT_INDEX[name]) for name in CURVES)
    ]


def _frame(picture: NDArray[np.uint8]) -> None:
    """Mark a picture (H, W, 3) at its edges."""
    for edge in (
        np.s_[:_FRAME_PX],
        np.s_[-_FRAME_PX:],
        np.s_[:, :_FRAME_PX],
        np.s_[:, -_FRAME_PX:],
    ):
        picture[edge] = _ALARM
