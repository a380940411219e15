"""What a headset of the test layer says: fixed by a test, changed by it, or played from a recording."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SIZES: dict[str, tuple[int, ...]] = {
    "face": (70,),
    "face_confidence": (2,),
    "visemes": (15,),
    "htc_eye": (14,),
    "htc_lip": (37,),
    "gaze_xyzw": (2, 4),
    "combined_xyzw": (4,),
}
"""Everything a recording can play, and the shape of one row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Rows over time, as `.npz`.

    Attributes:
        time_ns: Shape (T,), int64, increasing from 0; T ≥ 2.
        rows: By names of `SIZES`, shape (T, …); a row with a NaN is one where that was not tracked.
    """

    time_ns: NDArray[np.int64]
    rows: dict[str, Floats]

    def __post_init__(self) -> None:
        for name, row in self.rows.items():
            assert row.shape == (len(self.time_ns), *SIZES[name]), name

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            rows = {name: arrays[name] for name in arrays.files if name != "time_ns"}
            return cls(time_ns=arrays["time_ns"], rows=rows)

    def save(self, path: Path) -> None:
        """Write it as `.npz`."""
        np.savez(path, time_ns=self.time_ns, allow_pickle=False, **self.rows)

    @classmethod
    def moving(cls, *, seconds: float, rate_hz: float = 72.0) -> Self:
        """Return one in which every weight of every vector moves, each with its own phase."""
        time_ns = (np.arange(round(seconds * rate_hz)) * 1e9 / rate_hz).astype(np.int64)
        turns = time_ns[:, None] / 1e9
        rows = {
            name: 0.5 + 0.5 * np.sin(2 * np.pi * (turns + np.arange(size[0]) / size[0]))
            for name, size in SIZES.items()
            if name.startswith(("face", "htc", "visemes"))
        }
        half_rad = 0.15 * np.sin(2 * np.pi * turns[:, 0])  # looks 17 degrees to either side
        turned = np.zeros((len(time_ns), 4))
        turned[:, 1], turned[:, 3] = np.sin(half_rad), np.cos(half_rad)
        rows["combined_xyzw"] = turned
        rows["gaze_xyzw"] = np.stack([turned, turned], axis=1)
        return cls(time_ns=time_ns, rows=rows)


def _ahead(*size: int) -> Floats:
    """Return rotations (*size, 4) by nothing, xyzw."""
    return np.broadcast_to([0.0, 0.0, 0.0, 1.0], (*size, 4)).copy()


@dataclass(slots=True, kw_only=True)
class Reported:
    """What the headset says now; a test may change any of it while a reader reads.

    Attributes:
        face: By `xr.FaceExpression2FB`.
        face_confidence: Lower face, upper face.
        visemes: By `xr.FaceTrackingVisemeMETA`.
        htc_eye: By `xr.EyeExpressionHTC`.
        htc_lip: By `xr.LipExpressionHTC`.
        gaze_xyzw: Rotation of each eye in the head, of XR_FB_eye_tracking_social.
        gaze_confidence: Of each eye.
        combined_xyzw: Rotation of the one gaze of XR_EXT_eye_gaze_interaction, in the head.
        worn: Whether someone wears it.
        events: What polling gives before anything else, as it lies in memory.
        supports: What the system says it has, by names of `CAPABILITIES`.
        tracked: What is tracked now, by names of `SIZES`; the rest is invalid or inactive.
        eyes_followed: Whether the weights of looking left, right, up and down are valid too.
        audio_only: Whether the face is guessed from sound.
        recording: What is played over the above, or None.
        started_ns: XrTime at which it started; None starts it when it is next asked for.
    """

    face: Floats = field(default_factory=lambda: np.zeros(70))
    face_confidence: Floats = field(default_factory=lambda: np.ones(2))
    visemes: Floats = field(default_factory=lambda: np.zeros(15))
    htc_eye: Floats = field(default_factory=lambda: np.zeros(14))
    htc_lip: Floats = field(default_factory=lambda: np.zeros(37))
    gaze_xyzw: Floats = field(default_factory=lambda: _ahead(2))
    gaze_confidence: Floats = field(default_factory=lambda: np.ones(2))
    combined_xyzw: Floats = field(default_factory=_ahead)
    worn: bool = True
    events: list[bytes] = field(default_factory=list[bytes])
    supports: set[str] = field(default_factory=lambda: set(CAPABILITIES))
    tracked: set[str] = field(default_factory=lambda: set(SIZES))
    eyes_followed: bool = True
    audio_only: bool = False
    recording: Recording | None = None
    started_ns: int | None = None

    def clear(self) -> None:
        """Say what a new one says."""
        new = Reported()
        for one in fields(self):
            setattr(self, one.name, getattr(new, one.name))

    def at(self, time_ns: int) -> int:
        """Take the recording's row of an instant, if one is played; return that row's own time.

        The recording starts when it is first asked for. After its end nothing it holds is tracked.

        Args:
            time_ns: XrTime.
        """
        if self.recording is None:
            return time_ns
        times_ns = self.recording.time_ns
        if self.started_ns is None:
            self.started_ns = time_ns
        past_ns = time_ns - self.started_ns
        row = int(np.searchsorted(times_ns, past_ns, side="right")) - 1
        over = past_ns > 2 * times_ns[-1] - times_ns[-2]  # the last row lasts as the one before
        for name, rows in self.recording.rows.items():
            if over or row < 0 or np.isnan(rows[row]).any():
                self.tracked.discard(name)
            else:
                self.tracked.add(name)
                setattr(self, name, rows[row])
        return self.started_ns + int(times_ns[max(row, 0)])


CAPABILITIES = ("face", "audio face", "visemes", "eyes", "gaze", "htc eye", "htc lip", "presence")
