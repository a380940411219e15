"""What a training run may be told; saved with its checkpoint."""

from __future__ import annotations

import msgspec

from ..fit.sheets import CALIBRATION_S


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of one run; with the same recordings they say everything about what comes out.

    Attributes:
        epochs: At most so many passes over the training people's rows; 0 or more.
        patience: Stop after so many epochs without a better score on the people held out.
        seed: Of the first weights, the order of windows and every augmentation.
        held_out: People who are not trained on but decide when to stop; the person with the fewest
            rows where none is named.
        calibration_s: How much of each recording its wearer is calibrated from.
        window_rows: Rows that are learnt from at a time.
        lead_rows: Rows before them that the network sees but is not judged on.
        batch_windows: Windows a step, over all ranks together.
        units: Width of the recurrent state.
        expressions: Rank of the expression space that all people share.
        learning_rate: Of AdamW at the start; it falls to a tenth along a half cosine.
        weight_decay: Of AdamW.
        augment: Whether windows are varied (`augment.py`).
    """

    epochs: int = 40
    patience: int = 8
    seed: int = 0
    held_out: tuple[str, ...] = ()
    calibration_s: float = CALIBRATION_S
    window_rows: int = 90
    lead_rows: int = 30
    batch_windows: int = 32
    units: int = 48
    expressions: int = 12
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    augment: bool = True
