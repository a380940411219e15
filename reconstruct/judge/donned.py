"""What automatic re-fits are worth on whole faces: takes in which the headset goes off and on again.

    unvisor evaluate --study donning TAKE.h5…

A take with truth is sensed by an eye tracker and a mouth tracker that err (`datasets.simulate`). In
its middle the headset comes off for `OFF_S`, and goes on as another donning of the same wearer. Their
profile was calibrated under the first, gaze from nine targets. Judged is the gaze that is sent, after
the last re-fit, against true gaze: without a re-fit, as `Wearing` does by itself, with nine targets
looked at again, and as an oracle would who knows what the donning changed. And the largest step that a
re-fit brings into anything that is sent, from one frame to the next.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ...calibration.donning import AFTER_S, SETTLES_S, donned
from ...calibration.fit import fit
from ...calibration.fitting.gaze import inverse
from ...calibration.fitting.posed import fit_captures
from ...calibration.profile import Donning, Profile
from ...calibration.routine.captures import Capture, eyes_target_rad
from ...calibration.routine.poses import POSES
from ...datasets.recording import Recording, interpolate
from ...datasets.simulate import simulate
from ...headset.clock import NS_PER_S
from ...headset.expressions import angles_from_gaze, gaze_from_angles, gaze_from_arkit
from ...headset.frame import Face, Origin, SensorFrame, WornSample
from ...headset.names import UNIFIED
from ...headset.rig import RIGS
from ..models import reconstructor
from ..pipeline import Continuity
from ..wearing import TAKEN_UP_S, Wearing

Floats = NDArray[np.float64]

OFF_S: Final = 3.0
SEEDS: Final = 4
"""Wearers that each take is worn by."""

_CALIBRATED_S: Final = 20.0
_HELD: Final = 45  # rows of a target that is looked at
_WAYS: Final = ("none", "by itself", "nine targets", "oracle")


@dataclass(frozen=True, slots=True, kw_only=True)
class Donned:
    """One wearer of one take.

    Attributes:
        error_deg: By way, mean error of an eye after the last re-fit.
        step: The largest step of a weight, of a lid, that the re-fit by itself brought in.
        step_deg: Likewise of gaze.
        after_s: From the headset going on until the last re-fit was wholly taken up.
    """

    error_deg: dict[str, float]
    step: float
    step_deg: float
    after_s: float


def donned_again(take: Recording, model: str, *, seed: int) -> Donned:
    """Return what becomes of one wearer.

    Args:
        take: With truth, half a minute at least on either side of its middle.
        model: As `models.predictor` takes it.
        seed: Of the wearer and of both donnings.
    """
    rng = np.random.default_rng(seed)
    other = replace(take.about, source=f"{take.about.source}, put on again")
    first = simulate(take, RIGS["mouth+eyes"], seed=seed)
    again = simulate(
        Recording(about=other, truth=take.truth, span_ns=take.span_ns),
        RIGS["mouth+eyes"],
        seed=seed,
    )
    (was, was_at), (now, now_at) = _tracker(first), _tracker(again)
    base = fit(first.first(_CALIBRATED_S).frames())
    profile = fit_captures(_looked(was, was_at, rng), base=base).profile
    profile = replace(profile, rest=base.rest, reach=base.reach, openness_rest=base.openness_rest)
    on_ns = (take.span_ns[0] + take.span_ns[1]) // 2
    frames = list(_spliced(first, again, on_ns))
    runs: dict[str, list[Face]] = {}
    for way in _WAYS:
        worn = profile
        if way == "oracle":
            back = was @ inverse(now)
            known = Donning(
                gaze_matrix=np.stack([back] * 2), gaze_offset_rad=was_at - now_at @ back.T
            )
            worn = donned(profile, known, again=False)
        runs[way] = _run(frames, worn, model, way, _looked(now, now_at, rng), on_ns)
    judged_ns = on_ns + round((SETTLES_S + AFTER_S[-1] + TAKEN_UP_S) * NS_PER_S)
    errors = {way: _error_deg(take, frames, faces, judged_ns) for way, faces in runs.items()}
    step, step_deg, last_ns = _steps(runs["none"], runs["by itself"])
    return Donned(
        error_deg=errors, step=step, step_deg=step_deg, after_s=(last_ns - on_ns) / NS_PER_S
    )


def _tracker(worn: Recording) -> tuple[Floats, Floats]:
    """Return what a simulated tracker makes of gaze: matrix (2, 2) and each eye's offset (2, 2)."""
    gaze = json.loads(worn.about.notes["simulation"])["gaze"]
    matrix = np.diag(gaze["gain"])
    matrix[[0, 1], [1, 0]] = gaze["cross_gain"]
    half = np.array(gaze["difference_deg"]) / 2.0
    both = np.array(gaze["bias_deg"])
    return matrix, np.radians(np.stack([both + half, both - half]))


def _looked(matrix: Floats, offset_rad: Floats, rng: Generator) -> list[Capture]:
    """Return nine targets, looked at through a tracker: each look with an error of its own."""
    captures: list[Capture] = []
    for pose in POSES:
        if pose.target_rad is None:
            continue
        shared = np.radians(rng.normal(0.0, (0.65, 0.59)))
        apart = np.radians(np.sqrt(0.5) * rng.normal(0.0, (1.7, 1.4)))
        errors = np.stack([shared + apart / 2.0, shared - apart / 2.0])
        target = np.array(pose.target_rad)
        seen = eyes_target_rad(target) @ matrix.T + offset_rad + errors
        looks = seen + np.radians(rng.normal(0.0, 0.1, (_HELD, 2, 2)))
        captures.append(
            Capture(
                pose=pose.name,
                weights=np.full((_HELD, len(UNIFIED)), np.nan),
                openness=np.ones((_HELD, 2)),
                gaze=gaze_from_angles(looks[..., 0], looks[..., 1]),
                target_rad=target,
                seconds=1.0,
            )
        )
    return captures


def _spliced(first: Recording, again: Recording, on_ns: int) -> Iterator[SensorFrame]:
    """Yield one donning's frames, then those of an empty headset, then the other's."""
    off_ns = on_ns - round(OFF_S * NS_PER_S)
    for one, two in zip(first.frames(60.0), again.frames(60.0), strict=False):
        at_ns = one.time_ns
        worn = WornSample(time_ns=at_ns, received_ns=at_ns, worn=not off_ns <= at_ns < on_ns)
        if off_ns <= at_ns < on_ns:
            yield SensorFrame(time_ns=at_ns, worn=worn)
        else:
            yield replace(one if at_ns < off_ns else two, worn=worn)


def _run(
    frames: Sequence[SensorFrame],
    profile: Profile,
    model: str,
    way: str,
    looked: Sequence[Capture],
    on_ns: int,
) -> list[Face]:
    inner = reconstructor(model, profile)
    wearing = Wearing(inner, profile if way in _WAYS[1:3] else None, apart=False)
    continuity, faces, aims = Continuity(), list[Face](), way == "nine targets"
    for frame in frames:
        if continuity.broken_by(frame):
            wearing.reset()
        if aims and frame.time_ns > on_ns + AFTER_S[0] * NS_PER_S + 2 * NS_PER_S:
            wearing.aim(looked)
            aims = False
        faces.append(wearing.reconstruct(frame))
    return faces


def _error_deg(
    take: Recording, frames: Sequence[SensorFrame], faces: Sequence[Face], from_ns: int
) -> float:
    assert take.truth is not None
    late = [
        (frame.eyes.time_ns, face.gaze)
        for frame, face in zip(frames, faces, strict=True)
        if frame.eyes is not None
        and frame.time_ns >= from_ns
        and np.isfinite(frame.eyes.gaze).all()
    ]
    true_rad = np.stack(angles_from_gaze(gaze_from_arkit(take.truth.arkit)), axis=-1)
    at_ns = np.array([one for one, _ in late], dtype=np.int64)
    true_rad = interpolate(take.truth.time_ns, true_rad, at_ns, gap_ns=NS_PER_S // 5)
    sent: Floats = np.array([gaze for _, gaze in late])
    sent_rad = np.stack(angles_from_gaze(sent), axis=-1)
    off: Floats = np.hypot(*np.moveaxis(sent_rad - true_rad, -1, 0))
    return float(np.degrees(off[np.isfinite(off)]).mean())


def _steps(without: Sequence[Face], faces: Sequence[Face]) -> tuple[float, float, int]:
    """Return the largest steps that one track has over the other, and when the last one ended."""

    def sent(track: Sequence[Face]) -> Floats:
        return np.array([np.concatenate([face.weights, face.openness]) for face in track])

    def looks(track: Sequence[Face]) -> Floats:
        return np.stack(angles_from_gaze(np.array([face.gaze for face in track])), axis=-1)

    steps = np.abs(np.diff(sent(faces) - sent(without), axis=0))
    turns = np.linalg.norm(np.diff(looks(faces) - looks(without), axis=0), axis=-1)
    # An eye that is lost follows the other, whose correction is another.
    seen = np.array([(face.eye_origin == Origin.MEASURED).all() for face in faces])
    turns[~(seen[1:] & seen[:-1])] = 0.0
    moved = np.flatnonzero(turns.max(axis=1) > np.radians(0.0005))
    last = faces[int(moved[-1])].time_ns if len(moved) else faces[0].time_ns
    return float(np.nanmax(steps)), float(np.degrees(turns.max())), last


def table(rows: Sequence[Donned]) -> str:
    """Return the study as text."""
    means = {way: float(np.mean([row.error_deg[way] for row in rows])) for way in _WAYS}
    words = [
        f"{way} {mean:.3f}° ({mean / means['oracle'] - 1.0:+.0%})" for way, mean in means.items()
    ]
    worse = np.mean([row.error_deg["by itself"] > row.error_deg["none"] + 1e-6 for row in rows])
    return (
        f"{len(rows)} wearers: {', '.join(words)}; worse by itself {worse:.0%}\n"
        f"taken up {np.median([row.after_s for row in rows]):.0f} s after it went on; largest step of a "
        f"re-fit {max(row.step for row in rows):.3f} of a weight, "
        f"{max(row.step_deg for row in rows):.2f}° of gaze"
    )
