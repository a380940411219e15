"""What a reconstruction is judged on: one person's truth and every track, on the same even frames.

* Truth is relative to rest: its median per channel up to `Take.calibrated_until_ns` is subtracted.
  Sensed gaze is not: it is a direction, not a motion away from rest.
* A track is read at truth's times, linearly, across no gap over `BRIDGE_NS`.
* A frame is judged where truth is known, calibration is over and *every* track was running, so that
  all stand on the same frames. A track that was running and gave no value is judged as zero: an
  avatar that is sent nothing rests. How often that was is the metric `absent`.

Source: FIDELITY "Motion relative to rest" and "The baselines, in the same run on the same frames".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...datasets.recording import interpolate
from ...datasets.streams import FaceTrack, Truth
from ...headset.clock import NS_PER_S
from ...headset.errors import RecordingError
from ...headset.frame import EVENTS
from ...headset.names import ARKIT_INDEX, LOOK_8
from ...headset.rig import Rig

Floats = NDArray[np.float64]
Times = NDArray[np.int64]

BRIDGE_NS: Final = NS_PER_S // 10
"""Longest step of a track that is interpolated across: three frames at 30 Hz."""

HOLD_FRAMES: Final = 96
"""Frames that `hold` holds one true face for. Source: SCIENCE 0.1 (the open peer's baseline)."""

BASELINES: Final = ("neutral", "mean", "rules", "ridge", "robust")
"""Names of the tracks that every model stands beside (FIDELITY)."""

HOLD: Final = "hold"
"""Name of the baseline made here: it uses truth, so it is an alarm and no competitor."""

_FURTHEST: Final = 1000  # rows a hole is filled with at most: more than any metric looks across


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One capture of one person, with what each baseline and model made of it.

    Attributes:
        person: Whose face; people are never split.
        name: For messages.
        rig: What was sensed.
        truth: What the capture saw, not clipped, not yet relative to rest.
        tracks: By name of baseline or model, what it gave on the same clock.
        calibrated_until_ns: Frames up to here are not judged; truth's median over them is the rest.
            To compare calibrations of several lengths, give each its track and one common end.
        trained_on: By name of track, the people its weights saw (empty where it has none).
        tracker: What captured the truth.
        delay_ns: By sensed channel, its sensor's known delay (from a sample to its arrival), taken
            off before onsets are matched. None where absent.
    """

    person: str
    name: str
    rig: Rig
    truth: Truth
    tracks: Mapping[str, FaceTrack]
    calibrated_until_ns: int
    trained_on: Mapping[str, frozenset[str]]
    tracker: str = ""
    delay_ns: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One track at the times of truth: sent, median, low and high (T, 52), events (T, 6).

    `absent` (T, 52) is 1 where the track gave nothing sent on a judged frame, NaN where not judged.
    """

    sent: Floats
    median: Floats
    low: Floats
    high: Floats
    events: Floats
    absent: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One person's truth under one rig, all takes in a row with holes between.

    Attributes:
        time_ns: Shape (T,), even but for the step between takes; each take keeps its own spacing.
        truth: Shape (T, 52), relative to rest, NaN where not judged.
        parts: For each take its rows and its frames per second.
        seconds: How much is judged.
    """

    rig: Rig
    person: str
    takes: tuple[Take, ...]
    time_ns: Times
    truth: Floats
    parts: tuple[tuple[slice, float], ...]
    seconds: float
    _frames: tuple[tuple[Times, NDArray[np.intp]], ...]

    def answer(self, track: str) -> Answer:
        """Return one track on these frames; `HOLD` is made from truth."""
        judged = np.isfinite(self.truth)
        if track == HOLD:
            held, nothing = _held(self.truth, self.parts), np.full(self.truth.shape, np.nan)
            no_events = np.full((len(self.truth), len(EVENTS)), np.nan)
            absent = np.where(judged, 0.0, np.nan)
            return Answer(
                sent=held, median=held, low=nothing, high=nothing, events=no_events, absent=absent
            )
        tracks = [take.tracks[track] for take in self.takes]
        sent, median, low, high, events = (
            self._spread([interpolate(t.time_ns, getattr(t, column), at_ns, gap_ns=BRIDGE_NS)
                          for t, (at_ns, _) in zip(tracks, self._frames, strict=True)])
            for column in ("arkit", "arkit_median", "arkit_low", "arkit_high", "events")
        )  # fmt: skip
        return Answer(
            sent=np.where(judged, np.where(np.isfinite(sent), sent, 0.0), np.nan),
            median=np.where(judged, np.where(np.isfinite(median), median, 0.0), np.nan),
            low=np.where(np.isfinite(low), low, np.nan),
            high=np.where(np.isfinite(high), high, np.nan),
            events=events,
            absent=np.where(judged, ~np.isfinite(sent), np.nan),
        )

    def _spread(self, values: Sequence[Floats]) -> Floats:
        """Lay each take's rows on the even frames, NaN between."""
        result = np.full((len(self.time_ns), values[0].shape[1]), np.nan)
        for rows, (part, _), (_, place) in zip(values, self.parts, self._frames, strict=True):
            result[part][place] = rows
        return result


def models(tracks: Iterable[str]) -> list[str]:
    """Return which of some tracks are models: each once, neither a baseline nor `HOLD`."""
    return [name for name in dict.fromkeys(tracks) if name not in (*BASELINES, HOLD)]


def ground(takes: Sequence[Take]) -> Ground:
    """Put one person's takes under one rig on even frames.

    Raises:
        RecordingError: As `check`; or a take has no rest, or nothing to judge.
    """
    check(takes)
    times: list[Times] = []
    truths: list[Floats] = []
    parts: list[tuple[slice, float]] = []
    frames: list[tuple[Times, NDArray[np.intp]]] = []
    row, end_ns, judged_s = 0, 0, 0.0
    for take in takes:
        at_ns, truth = _relative(take)
        spread_ns, place, step_ns = _evenly(at_ns)
        shape = (len(spread_ns) + 1, truth.shape[1])  # one empty row parts it from the next take
        even = np.full(shape, np.nan)
        even[place] = truth
        times.append(np.append(spread_ns, spread_ns[-1] + 2 * NS_PER_S) - spread_ns[0] + end_ns)
        truths.append(even)
        parts.append((slice(row, row + len(even)), NS_PER_S / step_ns))
        frames.append((at_ns, place))
        judged_s += np.isfinite(truth).any(axis=1).sum() * step_ns / NS_PER_S
        row, end_ns = row + len(even), int(times[-1][-1]) + 2 * NS_PER_S
    return Ground(
        rig=takes[0].rig,
        person=takes[0].person,
        takes=tuple(takes),
        time_ns=np.concatenate(times),
        truth=np.concatenate(truths),
        parts=tuple(parts),
        seconds=float(judged_s),
        _frames=tuple(frames),
    )


def rest(take: Take) -> Floats:
    """Return the rest (52,) that is subtracted from a take's truth, NaN where it is never seen.

    Raises:
        RecordingError: Truth has no frame in the calibration window.
    """
    if not (take.truth.time_ns <= take.calibrated_until_ns).any():
        raise RecordingError(
            f"{take.name}: no truth in the calibration window, so no rest to judge motion from: "
            "let it reach at least one true frame"
        )
    resting = take.truth.rest(take.calibrated_until_ns)
    gaze = [ARKIT_INDEX[name] for name in LOOK_8 if name in take.rig.observed]
    resting[gaze] = 0.0
    return resting


def check(takes: Sequence[Take]) -> None:
    """Refuse takes that cannot be judged together.

    Raises:
        RecordingError: A take has no person, not the tracks of the first, or does not say what a
            track was trained on.
    """
    first = takes[0]
    for take in takes:
        if not take.person:
            raise RecordingError(
                f"{take.name}: no person stated, so it cannot be kept whole in a split: "
                "import it again with --person"
            )
        if set(take.tracks) != set(first.tracks):
            raise RecordingError(
                f"{take.name}: has the tracks {sorted(take.tracks)}, {first.name} has "
                f"{sorted(first.tracks)}: give every take the same"
            )
        if HOLD in take.tracks:
            raise RecordingError(f"{take.name}: {HOLD!r} is made from truth: leave that track out")
        if silent := sorted(set(take.tracks) - set(take.trained_on)):
            raise RecordingError(
                f"{take.name}: {', '.join(silent)}: not said whom it was trained on: name the "
                "people, or an empty set for a track without weights"
            )


def _relative(take: Take) -> tuple[Times, Floats]:
    """Return the times (T,) after calibration, and truth relative to rest where it is judged."""
    after = take.truth.time_ns > take.calibrated_until_ns
    at_ns = take.truth.time_ns[after]
    running = [
        interpolate(track.time_ns, np.zeros((len(track.time_ns), 1)), at_ns, gap_ns=BRIDGE_NS)
        for track in take.tracks.values()
    ]
    nowhere = reduce(np.add, running, np.zeros((len(at_ns), 1)))  # NaN where any is not running
    truth = take.truth.arkit[after] - rest(take) + nowhere
    if not np.isfinite(truth).any():
        raise RecordingError(
            f"{take.name}: no frame to judge after calibration on which every track runs: "
            "give a longer take, or reconstruct it whole"
        )
    return at_ns, truth


def _evenly(time_ns: Times) -> tuple[Times, NDArray[np.intp], float]:
    """Fill holes at the usual spacing; return all times, where the given ones are, the spacing."""
    steps = np.diff(time_ns)
    step_ns = float(np.median(steps)) if len(steps) else NS_PER_S / 60.0
    apart = np.clip(np.rint(steps / step_ns), 1, _FURTHEST).astype(np.intp)
    place = np.zeros(len(time_ns), dtype=np.intp)
    place[1:] = np.cumsum(apart)
    rows = np.arange(int(place[-1]) + 1, dtype=np.float64)
    start_ns = int(time_ns[0])
    even = np.interp(rows, place.astype(np.float64), (time_ns - start_ns).astype(np.float64))
    return np.rint(even).astype(np.int64) + start_ns, place, step_ns


def _held(truth: Floats, parts: Sequence[tuple[slice, float]]) -> Floats:
    """Return truth held from the first judged frame of each window of `HOLD_FRAMES`."""
    held = np.full(truth.shape, np.nan)
    for part, _ in parts:
        for start in range(part.start, part.stop, HOLD_FRAMES):
            window = slice(start, min(start + HOLD_FRAMES, part.stop))
            seen = np.isfinite(truth[window])
            first = np.take_along_axis(truth[window], seen.argmax(axis=0)[None], axis=0)
            held[window] = np.where(seen, first, np.nan)
    return held
