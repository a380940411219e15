"""From recordings to a model file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ...datasets.recording import Recording
from ...headset.errors import ModelError, RecordingError
from ...headset.rig import RIGS
from .closed_form import fit_closed_form
from .event_odds import fit_event_odds
from .export import export
from .linear import Kind
from .sheets import CALIBRATION_S, fingerprint, sheet

KINDS: Final[tuple[Kind, ...]] = ("ridge", "robust", "anatomy")
_WHOLE: Final = RIGS["mouth+eyes"]


def train(
    kind: Kind,
    recordings: Mapping[str, Recording],
    out: Path,
    *,
    calibration_s: float = CALIBRATION_S,
    made_by: str = "",
) -> None:
    """Fit a closed form on recordings and write it as a model file.

    Args:
        kind: Which one.
        recordings: By name; each with truth, a person, and the streams of a rig that senses mouth
            and eyes. Simulating one capture several times (exact, and with noise of several seeds)
            teaches the model what sensors do to it.
        out: The ONNX file, replaced atomically.
        calibration_s: How much of each recording its wearer is calibrated from.
        made_by: The command, for the file's metadata.

    Raises:
        RecordingError: A recording lacks truth, person or sensors.
        ModelError: There is nothing to train on, or the place cannot be written.
    """
    if not recordings:
        raise ModelError(f"{out}: no recordings to train on: name some")
    takes: dict[str, str] = {}
    licences: dict[str, None] = {}
    for name, recording in recordings.items():
        rig = RIGS.get(recording.about.rig)
        if rig is None or not set(_WHOLE.observed) <= set(rig.observed):
            raise RecordingError(
                f"{name}: its rig {recording.about.rig!r} does not sense mouth and eyes: "
                "simulate --rig mouth+eyes; smaller rigs are learnt from it"
            )
        if recording.truth is None:
            raise RecordingError(f"{name}: holds no truth: train on an imported capture")
        takes[fingerprint(recording.truth)] = name
        licences[recording.about.basis.words] = None
    sheets = [sheet(recording, calibration_s=calibration_s) for recording in recordings.values()]
    export(
        out,
        fit_closed_form(kind, sheets),
        fit_event_odds(sheets),
        takes=tuple(takes),
        licence="; ".join(licences),
        made_by=made_by,
    )
