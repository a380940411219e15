"""How well a network does on the people held out, and how far its residual is to be believed there.

The error of every gain in `GAINS` is summed up in one pass, per rig, person and channel; a score is
read off it at full gain, and the gains that are kept are its minimum.
"""

# torch types itself in part only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from ...headset.names import ARKIT, ARKIT_INDEX, ARKIT_MIRROR, BLINK_2, HIDDEN_14, LOOK_8, MOUTH_28
from ..fit.closed_form import MAPS
from .network import Network
from .ranks import Ranks
from .shards import FACE, Shard
from .windows import Batch

Floats = NDArray[np.float64]

GAINS: Final = np.linspace(0.0, 1.0, 11)
SCORED: Final = ("mouth+eyes", "mouth")
"""The rigs whose mean is the score: those that wearers own first (FIDELITY)."""

_STILL: Final = 0.002  # as in `closed_form`: a channel that a person never moves says little
_HIDDEN: Final = [ARKIT_INDEX[name] for name in HIDDEN_14]
_LOST: Final = {
    rig: [
        (name in MOUTH_28 and "mouth" not in rig)
        or (name in LOOK_8 + BLINK_2 and "eyes" not in rig)
        for name in ARKIT
    ]
    for rig in MAPS
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """Mean errors of P people.

    Attributes:
        error: Shape (gains, 4, P, 52), NaN where nothing was judged.
        rest: Shape (4, P, 52), what their own rest would give.
    """

    error: Floats
    rest: Floats

    @property
    def score(self) -> float:
        """Hidden-14 error ÷ rest at full gain, over the rigs `SCORED` and people; lower is better."""
        rigs = [MAPS.index(name) for name in SCORED]
        error = np.nanmean(self.error[-1][rigs][..., _HIDDEN], axis=-1)
        return float(np.nanmean(error / np.nanmean(self.rest[rigs][..., _HIDDEN], axis=-1)))

    def gains(self) -> Floats:
        """Return per rig and channel, (4, 52), the gain that serves these people best.

        Both sides of the face get the same; where nothing was judged, none.
        """
        relative = np.nan_to_num(self.error / (self.rest + _STILL)).sum(axis=2)
        return GAINS[np.argmin(relative + relative[..., list(ARKIT_MIRROR)], axis=0)]


def judge(
    network: Network, batches: Iterable[Batch | None], shards: Sequence[Shard], ranks: Ranks
) -> Judgement:
    """Judge a network on windows as they are, under each rig by masking.

    Args:
        network: In any mode; its own gain plays no part.
        batches: This rank's windows of the people held out.
        shards: What `Batch.shard` points into.
        ranks: Sums are over all.
    """
    people = sorted({shard.person for shard in shards})
    person_of = np.array([people.index(shard.person) for shard in shards])
    shape = (len(MAPS), len(people), FACE)
    device = ranks.device
    error = torch.zeros((len(GAINS), *shape), dtype=torch.float64, device=device)
    rest, count = (torch.zeros(shape, dtype=torch.float64, device=device) for _ in range(2))
    network.eval()
    for batch in batches:
        if batch is None:
            continue
        rows = torch.from_numpy(batch.rows).to(device)
        judged = torch.from_numpy(batch.judged).to(device)
        anchors = [torch.from_numpy(a).to(device) for a in (batch.anchors, batch.anchor_mask)]
        owner = torch.from_numpy(person_of[batch.shard]).to(device)
        for index, rig in enumerate(MAPS):
            seen = rows[..., : 3 * FACE].unflatten(-1, (3, FACE)).clone()
            seen[..., torch.tensor(_LOST[rig], device=device)] = 0.0
            # Rest and reach are the mouth tracker's: who has none has no anchors.
            given = anchors if "mouth" in rig else [torch.zeros_like(a) for a in anchors]
            with torch.inference_mode():
                guess = network(seen, *given)
            truth = rows[..., 3 * FACE : 4 * FACE]
            counts = judged[..., None] & (seen[..., 1, :] == 0.0) & truth.isfinite()
            truth = torch.where(counts, truth, 0.0)
            off = truth - torch.where(counts, guess.base, 0.0)
            added = torch.where(counts, guess.residual, 0.0)
            for row, gain in enumerate(GAINS.tolist()):
                each = (off - gain * added).abs().sum(dim=1, dtype=torch.float64)
                error[row, index].index_add_(0, owner, each)
            rest[index].index_add_(0, owner, truth.abs().sum(dim=1, dtype=torch.float64))
            count[index].index_add_(0, owner, counts.sum(dim=1, dtype=torch.float64))
    for sums in (error, rest, count):
        ranks.sum(sums)
    known = torch.where(count > 0, count, torch.nan)
    return Judgement((error / known).cpu().numpy(), (rest / known).cpu().numpy())
