"""Training rows: what a model sees beside what the face really did, of one recording.

Rows are made by the very code that runs live (`Features`), so that a model is trained on what it
will be given. The wearer is calibrated from the recording's first seconds, and the truth is taken
relative to its own median there, as FIDELITY judges it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...calibration.fit import fit
from ...calibration.profile import Profile
from ...datasets.recording import Recording, nearest
from ...datasets.streams import Truth
from ...headset.clock import NS_PER_S
from ...headset.errors import RecordingError
from ...headset.expressions import mirror_arkit
from ...headset.names import ARKIT
from ..features import Features

Floats = NDArray[np.float64]

CALIBRATION_S: Final = 20.0
"""How much of a recording its wearer is calibrated from, unless told otherwise (FIDELITY)."""

_MATCH_NS: Final = 10_000_000
"""A truth further than this from a frame is not its truth: half a 60 Hz frame, and some jitter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Rows of one recording; T frames that have a truth.

    Attributes:
        person: Whose face.
        name: Where it came from.
        rig: What was sensed.
        time_ns: Shape (T,).
        observed: Shape (T, 52), relative to rest, 0 where not observed.
        mask: Shape (T, 52), 1 where observed.
        truth: Shape (T, 52), relative to its median in the calibration's seconds.
    """

    person: str
    name: str
    rig: str
    time_ns: NDArray[np.int64]
    observed: Floats
    mask: Floats
    truth: Floats

    def mirrored(self) -> Sheet:
        """Return the rows of the mirrored face."""
        return Sheet(
            person=self.person,
            name=self.name,
            rig=self.rig,
            time_ns=self.time_ns,
            observed=mirror_arkit(self.observed),
            mask=mirror_arkit(self.mask),
            truth=mirror_arkit(self.truth),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A recording as a model is given it, T frames, and which truth lies beside each.

    Attributes:
        profile: The wearer's, from the calibration's seconds.
        time_ns: Shape (T,).
        rows: Shape (T, 3, 52): observed, mask and age_s, as `Features` gives them.
        truth: Shape (N, 52), all of it, relative to its median in the calibration's seconds; NaN
            where it is not known.
        closest: Shape (T,), row of `truth` beside each frame, -1 where none is near.
        calibrated_until_ns: The end of the calibration's seconds.
    """

    profile: Profile
    time_ns: NDArray[np.int64]
    rows: Floats
    truth: Floats
    closest: NDArray[np.intp]
    calibrated_until_ns: int


def fingerprint(truth: Truth) -> str:
    """Return the SHA-256 of a truth's weights, to six decimals: one take, whatever it is called."""
    return hashlib.sha256(np.round(truth.arkit, 6).astype("<f4").tobytes()).hexdigest()


def seen(name: str, recording: Recording, *, calibration_s: float) -> Seen:
    """Run a recording with truth through the features of its calibrated wearer.

    Raises:
        RecordingError: It has no truth, no person, none of its truth in the calibration's seconds,
            or no frame beside a truth.
    """
    truth = recording.truth
    if truth is None:
        raise RecordingError(f"{name}: has no truth: train on an imported capture")
    if not recording.about.person:
        raise RecordingError(f"{name}: names no person: import it with --person")
    until_ns = recording.span_ns[0] + round(calibration_s * NS_PER_S)
    if truth.time_ns[0] > until_ns:
        raise RecordingError(f"{name}: no truth in the first {calibration_s:g} s: calibrate longer")
    profile = fit(recording.first(calibration_s).frames())
    features = Features(profile)
    times: list[int] = []
    rows: list[Floats] = []
    for frame in recording.frames():
        times.append(frame.time_ns)
        rows.append(features.observe(frame).rows.copy())
    time_ns = np.array(times, dtype=np.int64)
    closest = nearest(truth.time_ns, time_ns, within_ns=_MATCH_NS)
    if not (closest >= 0).any():
        raise RecordingError(f"{name}: no frame lies beside a truth: simulate its sensors again")
    return Seen(
        profile=profile,
        time_ns=time_ns,
        rows=np.array(rows),
        truth=truth.arkit - truth.rest(until_ns),
        closest=closest,
        calibrated_until_ns=until_ns,
    )


def sheet(recording: Recording, *, calibration_s: float = CALIBRATION_S) -> Sheet:
    """Return the training rows of a recording with truth and sensors.

    Raises:
        RecordingError: As `seen`, or its truth lacks a channel somewhere.
    """
    about = recording.about
    name = about.source or "recording"
    found = seen(name, recording, calibration_s=calibration_s)
    missing = [name for name, row in zip(ARKIT, found.truth.T, strict=True) if np.isnan(row).any()]
    if missing:
        raise RecordingError(
            f"{name}: its truth lacks {missing[0]} (of {len(missing)} channels) in places: "
            "train on captures of the whole face"
        )
    near = found.closest >= 0
    observed, mask, _ = np.moveaxis(found.rows[near], 1, 0)
    return Sheet(
        person=about.person,
        name=name,
        rig=about.rig,
        time_ns=found.time_ns[near],
        observed=observed,
        mask=mask,
        truth=found.truth[found.closest[near]],
    )
