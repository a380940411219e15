"""The film of a reconstruction: what the sensors saw | the face inferred | the true face.

Beneath, hidden channels as curves: truth, what was sent, and the interval that is stated. Colours say
where each value comes from. All three faces move relative to the wearer's rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures

from ...calibration.fit import fit
from ...datasets.recording import Recording, interpolate
from ...datasets.streams import Truth
from ...headset.clock import NS_PER_S, now_ns, seconds
from ...headset.compositor.avatar import Avatar
from ...headset.compositor.baked import default_head, light_of
from ...headset.compositor.camera import Camera
from ...headset.compositor.demo_page import PICTURE_SIZE, SIZE, Curve, DemoPage
from ...headset.compositor.film import Film
from ...headset.compositor.palette import by_origin
from ...headset.compositor.renderer import Renderer
from ...headset.compositor.visor import build_visor, fitted
from ...headset.errors import OutputError, RecordingError
from ...headset.expressions import FROM_ARKIT, IN_ARKIT, gaze_from_arkit
from ...headset.files import replacing
from ...headset.frame import FORWARD, Face, Origin
from ...headset.names import ARKIT, ARKIT_INDEX, BLINK_2, HIDDEN_14, LOOK_8, mirrored
from ...headset.rig import RIGS
from ..features import Features
from ..models import reconstructor
from ..offline import gathered

Floats = NDArray[np.float64]

FPS: Final = 24
"""Of the film, as cinema has it: a smile takes some eight frames to form, and each frame is three
renders, a tenth of a second of two slow cores."""

CURVES: Final = (
    "browInnerUp", "cheekSquintLeft", "eyeSquintLeft", "browDownLeft", "noseSneerLeft", "eyeWideLeft",
)  # fmt: skip
"""The hidden channels drawn beneath."""

_TITLES: Final = ("what the sensors saw", "reconstructed", "truth")
_TINT: Final = 0.5
_GAP_NS: Final = NS_PER_S // 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One frame of the film: ARKit weights (52,) relative to rest and gaze (2, 3), three times.

    `origin` (52,) is that of the reconstructed channels.
    """

    sensed: Floats
    sensed_gaze: Floats
    face: Face
    inferred: Floats
    origin: NDArray[np.uint8]
    truth: Floats
    truth_gaze: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """What is to be shown, before any of it is drawn.

    Attributes:
        time_s: Shape (T,), from the clip's start.
        shots: One a frame of film.
        low: Shape (T, 52), lower end of the stated interval.
        high: Shape (T, 52).
        scores: Per hidden channel that the capture has, its error, the resting face's, and how much
            truth moved.
        caption: Whose face, which model.
    """

    time_s: Floats
    shots: list[Shot]
    low: Floats
    high: Floats
    scores: dict[str, dict[str, float]]
    caption: str


def clip(recording: Recording, model: str, *, calibration_s: float, seconds_most: float) -> Clip:
    """Reconstruct a recording's face after its wearer's calibration, beside its truth.

    Args:
        recording: With sensors and truth.
        model: As `models.predictor` takes it.
        calibration_s: How much of its start to calibrate from; the clip begins after it.
        seconds_most: Length of the clip at most.

    Raises:
        RecordingError: It holds no truth, no known rig, or nothing after the calibration.
        ModelError: The model cannot be loaded.
    """
    truth, rig = recording.truth, RIGS.get(recording.about.rig)
    if truth is None or rig is None:
        raise RecordingError(
            f"{recording.about.source}: no truth or no rig to show beside: import a capture and "
            "simulate its sensors"
        )
    blind = recording.without_truth()
    profile = fit(blind.first(calibration_s).frames())
    features, infers = Features(profile), reconstructor(model, profile)
    calibrated_ns = recording.span_ns[0] + round(calibration_s * NS_PER_S)
    start_ns = liveliest_start(truth, calibrated_ns, round(seconds_most * NS_PER_S))
    end_ns = min(recording.span_ns[1], start_ns + round(seconds_most * NS_PER_S))
    sensed: list[tuple[Floats, Floats]] = []
    faces: list[Face] = []
    for frame in blind.frames(FPS):
        if frame.time_ns > end_ns:
            break
        seen = features.observe(frame)
        face = infers.reconstruct(frame)
        if frame.time_ns >= start_ns:
            sensed.append(
                (seen.observed.copy(), np.where(np.isfinite(seen.gaze), seen.gaze, FORWARD))
            )
            faces.append(face)
    if not faces:
        raise RecordingError(
            f"{recording.about.source}: nothing left after {calibration_s:g} s of calibration: "
            "calibrate shorter or record longer"
        )
    track = gathered(faces)
    shown, gaze = truth_at(truth, track.time_ns, calibrated_ns)
    origin = np.array([_arkit_origin(face) for face in faces])
    shots = [
        Shot(sensed=seen[0], sensed_gaze=seen[1], face=face, inferred=arkit, origin=whence,
             truth=true, truth_gaze=look)
        for seen, face, arkit, whence, true, look in zip(
            sensed, faces, track.arkit, origin, shown, gaze, strict=True
        )
    ]  # fmt: skip
    generated = recording.about.basis.kind == "generated"
    return Clip(
        time_s=(track.time_ns - track.time_ns[0]) / NS_PER_S,
        shots=shots,
        low=track.arkit_low,
        high=track.arkit_high,
        scores=_scores(track.arkit_median, shown, rig.hidden),
        caption=(
            ("a generated performance, nobody's face" if generated else "a real performance")
            + f"   ·   sensors, simulated: {rig.name}   ·   model: {Path(model).stem}"
            + f"   ·   calibrated from {calibration_s:g} s"
        ),
    )


def draw(
    shown: Clip,
    folder: Path,
    name: str,
    progress: Callable[[str], None],
    *,
    avatar: Avatar | None = None,
) -> dict[str, float]:
    """Draw a clip: `<name>.mp4`, and the liveliest frame as `<name>.png`.

    Args:
        shown: What to draw.
        folder: Where the files go; made if missing.
        name: Of both files, without suffix.
        progress: Told after each frame.
        avatar: Whose face moves; by default the program's own. The headset is put on it if it fits.

    Returns:
        Frames, and seconds spent drawing.

    Raises:
        HeadsetError: Nothing draws here; the message names what to install.
        OutputError: The folder or a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise OutputError(f"{folder}: cannot be made ({cause.strerror}): name another") from cause
    began_ns = now_ns()
    head = avatar or default_head()
    visor = fitted(build_visor(), default_head(), head)
    page = DemoPage(titles=_TITLES, curves=_curves(shown), duration_s=float(shown.time_s[-1]) + 0.1)
    camera = Camera.facing(head, yaw_rad=0.25, pitch_rad=0.04, fill=1.05)
    best = _liveliest(shown)
    tinted: bytes | None = None
    with (
        Renderer(head, size=PICTURE_SIZE, light=light_of) as renderer,
        Film(folder / f"{name}.mp4", SIZE, FPS) as film,
    ):
        for number, (at_s, shot) in enumerate(zip(shown.time_s.tolist(), shown.shots, strict=True)):
            if tinted != shot.origin.tobytes():
                tinted = shot.origin.tobytes()
                renderer.set_highlight(by_origin(head, shot.origin))
            renderer.draw(shot.sensed, shot.sensed_gaze, camera=camera)
            if visor is not None:
                renderer.draw_prop(visor)
            sensed = renderer.read()
            renderer.draw(shot.inferred, shot.face.gaze, camera=camera, highlight=_TINT)
            inferred = renderer.read()
            renderer.draw(shot.truth, shot.truth_gaze, camera=camera)
            picture = page.compose(
                (sensed, inferred, renderer.read()), at_s=at_s, caption=shown.caption
            )
            film.add(picture)
            if number == best:
                with replacing(folder / f"{name}.png", OutputError) as draft:
                    Pictures.fromarray(picture).save(draft)
            progress("")
    return {"frames": len(shown.shots), "drawing_s": round(seconds(now_ns() - began_ns), 2)}


def liveliest_start(truth: Truth, from_ns: int, length_ns: int) -> int:
    """Return where the stretch of that length begins in which the hidden truth moves most."""
    hidden = [ARKIT_INDEX[name] for name in HIDDEN_14]
    after = truth.time_ns >= from_ns
    time_ns = truth.time_ns[after]
    if not time_ns.size or time_ns[-1] - from_ns <= length_ns:
        return from_ns
    motion = np.nansum(np.abs(truth.arkit[after][:, hidden] - truth.rest(from_ns)[hidden]), axis=1)
    total = np.append(0.0, np.cumsum(motion))
    starts = np.flatnonzero(time_ns <= time_ns[-1] - length_ns)
    ends = np.searchsorted(time_ns, time_ns[starts] + length_ns)
    return int(time_ns[starts[np.argmax(total[ends] - total[starts])]])


def truth_at(truth: Truth, time_ns: NDArray[np.int64], rest_until_ns: int) -> tuple[Floats, Floats]:
    """Return truth at instants, relative to its rest (T, 52) but for gaze, and its gaze (T, 2, 3)."""
    at = interpolate(truth.time_ns, truth.arkit, time_ns, gap_ns=_GAP_NS)
    rest = truth.rest(rest_until_ns)
    rest[[ARKIT_INDEX[name] for name in LOOK_8]] = 0.0
    return at - rest, gaze_from_arkit(np.nan_to_num(at))


def _arkit_origin(face: Face) -> NDArray[np.uint8]:
    """Return the origin (52,) of each ARKit channel: that of the first shape it stands for."""
    origin = np.full(len(ARKIT), Origin.ABSENT, dtype=np.uint8)
    present = face.origin != Origin.ABSENT
    origin[FROM_ARKIT[IN_ARKIT & present]] = face.origin[IN_ARKIT & present]
    for side, name in enumerate(BLINK_2):
        origin[ARKIT_INDEX[name]] = face.openness_origin[side]
    for name in LOOK_8:
        origin[ARKIT_INDEX[name]] = face.eye_origin[0 if name.endswith("Left") else 1]
    return origin


def _scores(median: Floats, truth: Floats, hidden: tuple[str, ...]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for name in hidden:
        channel = ARKIT_INDEX[name]
        mine, real = median[:, channel], truth[:, channel]
        if np.isnan(real).all():
            continue  # this capture does not say
        found[name] = {
            "mae": round(float(np.nanmean(np.abs(mine - real))), 4),
            "mae_at_rest": round(float(np.nanmean(np.abs(real))), 4),
            "motion_std": round(float(np.nanstd(real)), 4),
        }
    return found


def _curves(shown: Clip) -> list[Curve]:
    rows: list[Curve] = []
    for name in CURVES:
        channel = ARKIT_INDEX[name]
        origins = np.array([shot.origin[channel] for shot in shown.shots])
        usual = int(np.bincount(origins).argmax())
        rows.append(
            Curve(
                label=name.removesuffix("Left") + (" (left)" if name != mirrored(name) else ""),
                time_s=shown.time_s,
                truth=np.array([shot.truth[channel] for shot in shown.shots]),
                value=np.array([shot.inferred[channel] for shot in shown.shots]),
                origin=Origin(usual),
                low=shown.low[:, channel],
                high=shown.high[:, channel],
            )
        )
    return rows


def _liveliest(shown: Clip) -> int:
    """Return the frame on which the hidden truth moves furthest from rest, eyes open."""
    hidden = [ARKIT_INDEX[name] for name in HIDDEN_14]
    blinks = [ARKIT_INDEX[name] for name in BLINK_2]
    life = [
        float(np.nansum(np.abs(shot.truth[hidden])) - 3.0 * np.nanmax(shot.truth[blinks]))
        for shot in shown.shots
    ]
    return int(np.argmax(life))
