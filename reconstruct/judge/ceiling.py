"""How far any model could come: ceilings, beside which scores are to be read.

- *own other take*: `robust` fitted on the same person's other takes. Knowing the person is what a model
  of strangers cannot; FIDELITY's goal is what this gives. Takes of a minute with little in common teach
  less than strangers do (above 1 on two people with two such takes): then it is no ceiling.
- *another tracker*: what a second tracker says of the same frames, as if it were a guess. Below the
  disagreement of two trackers no error means anything.

Neither is a competitor: both know what no stranger's model may.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from ...datasets.recording import Recording
from ...datasets.streams import FaceTrack
from ...headset.errors import RecordingError
from ...headset.frame import EVENTS
from ...headset.names import UNIFIED
from .ground_truth import Take, rest
from .replay import fingerprint, reconstruct

OWN: Final = "own other take"
OTHER_TRACKER: Final = "another tracker"


def own_files(
    recordings: Mapping[str, Recording],
    folder: Path,
    *,
    calibration_s: float,
    progress: Callable[[str], None],
) -> dict[str, Path]:
    """Return by recording a model fitted on the same person's other takes.

    Takes are put in two halves, every other one, and each half is fitted on once: with two takes that
    is each other's. One capture simulated twice is one take. Who has one take alone is left out.

    Args:
        recordings: Of a rig that senses mouth and eyes.
        folder: Where the files go; it is there.
        calibration_s: How much of each recording its wearer is calibrated from.
        progress: Told after each person.
    """
    from ..fit.training import train  # brings in the package onnx

    files: dict[str, Path] = {}
    people = sorted({each.about.person for each in recordings.values()})
    for number, person in enumerate(people):
        captures = defaultdict[str, list[str]](list)
        for name, each in recordings.items():
            if each.about.person == person and each.truth is not None:
                captures[fingerprint(each.truth)].append(name)
        apart = list(captures.values())
        halves = tuple(
            [name for take in half for name in take] for half in (apart[::2], apart[1::2])
        )
        if halves[1]:
            for side, (mine, others) in enumerate((halves, halves[::-1])):
                path = folder / f"own-{number}-{side}.onnx"
                training = {name: recordings[name] for name in others}
                train("robust", training, path, calibration_s=calibration_s)
                files |= dict.fromkeys(mine, path)
        progress(person)
    return files


def own(take: Take, recording: Recording, model: Path, *, calibration_s: float) -> Take:
    """Return a take whose tracks are rest, and the wearer's own other take's fit.

    That the fit has seen the person is its point, so nobody counts as seen.
    """
    own_track = reconstruct(recording, str(model), calibration_s=calibration_s)
    return _beside_rest(take, OWN, own_track)


def second_tracker(take: Take, seconds: Sequence[Recording]) -> Take | None:
    """Return a take whose tracks are rest, and another tracker's truth relative to its own rest.

    Args:
        take: With the track `neutral`.
        seconds: Recordings with truth, on the clock of the takes they belong to.

    Returns:
        None where no recording is of the same person over the same time.
    """
    for each in seconds:
        truth = each.truth
        if truth is None or each.about.person != take.person:
            continue
        if truth.time_ns[0] <= take.calibrated_until_ns < truth.time_ns[-1]:
            relative = truth.arkit - rest(replace(take, truth=truth, name=each.about.source))
            count = len(truth.time_ns)
            nothing = np.full(relative.shape, np.nan)
            other = FaceTrack(
                time_ns=truth.time_ns,
                arkit=relative,
                arkit_median=relative,
                arkit_low=nothing,
                arkit_high=nothing,
                unified=np.full((count, len(UNIFIED)), np.nan),
                origin=np.zeros((count, len(UNIFIED)), dtype=np.uint8),
                events=np.full((count, len(EVENTS)), np.nan),
            )
            return _beside_rest(take, OTHER_TRACKER, other)
    return None


def _beside_rest(take: Take, name: str, given: FaceTrack) -> Take:
    if "neutral" not in take.tracks:
        raise RecordingError(f"{take.name}: no track 'neutral': reconstruct with it too")
    tracks = {"neutral": take.tracks["neutral"], name: given}
    return replace(take, tracks=tracks, trained_on=dict.fromkeys(tracks, frozenset[str]()))
