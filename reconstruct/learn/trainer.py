"""Trains the network: steps, epochs, and what is kept of them."""

# torch types itself in part only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...headset.errors import ModelError
from ..fit.closed_form import ClosedForm
from .checkpoint import Arrays, Checkpoint, Epoch, Header, together
from .judging import Judgement, judge
from .losses import cost
from .network import Network
from .options import Options
from .ranks import Ranks
from .shards import FACE
from .standing import as_arrays
from .windows import Batch, Loader, cut, shuffled

_STEEPEST: Final = 1.0
"""Longer gradients are shortened to this: one grimace must not undo an epoch."""

_LEAST_RATE: Final = 0.1  # of the learning rate, at the end


class Trainer:
    """One run on one rank: the same everywhere, but for the windows each step takes.

    Attributes:
        network: As it is now.
        curve: Of all epochs so far; the first is before any training.
        best: The network's numbers at the best epoch.
    """

    def __init__(
        self,
        closed: ClosedForm,
        learnt: Loader,
        held_out: Loader,
        options: Options,
        ranks: Ranks,
    ) -> None:
        """Start anew; `resume` puts it where another run was.

        Args:
            closed: What the network stands on; only the first rank's counts.
            learnt: Rows of the training people.
            held_out: Rows of the people who decide when to stop.
            options: Of the run.
            ranks: All that train together.
        """
        self._closed, self._options, self._ranks = closed, options, ranks
        self._learnt, self._held_out = learnt, held_out
        network = Network(
            closed, units=options.units, expressions=options.expressions, seed=options.seed
        )
        self.network = network.to(ranks.device)
        ranks.share(self.network.state_dict().values())
        self._optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay
        )
        self._windows = cut(learnt.shards, options)
        self._judged = cut(held_out.shards, options, judged_alone=True)
        self._steps = 0
        self.curve: list[Epoch] = []
        self.best: Arrays = {}

    def run_epoch(self) -> Epoch:
        """Train one epoch (none, the first time) and judge; return the curve's new line."""
        number = len(self.curve)
        loss = self._learn(number) if number else None
        score = self._judge().score
        best = not self.curve or score < min(line.held_out for line in self.curve)
        if best:
            self.best = _numbers(self.network)
        self.curve.append(Epoch(epoch=number, loss=loss, held_out=score, best=best))
        return self.curve[-1]

    @property
    def over(self) -> bool:
        """Whether all epochs are done, or the last ones brought nothing better."""
        since = next((i for i, line in enumerate(reversed(self.curve)) if line.best), 0)
        return len(self.curve) > self._options.epochs or since >= self._options.patience

    def settle(self) -> None:
        """Take the best epoch's network, and the gains that serve the people held out."""
        _put(self.network, self.best)
        gains = torch.as_tensor(self._judge().gains(), dtype=torch.float32)
        self.network.gain.copy_(gains)

    def checkpoint(self, keys: tuple[str, ...]) -> Checkpoint:
        """Return all that `resume` needs."""
        moments: dict[str, Arrays] = {"mean": {}, "square": {}}
        for name, parameter in self.network.named_parameters():
            state: dict[str, Any] = self._optimiser.state.get(parameter, {})
            if state:
                moments["mean"][name] = _array(state["exp_avg"])
                moments["square"][name] = _array(state["exp_avg_sq"])
        header = Header(
            options=self._options, keys=keys, curve=tuple(self.curve), steps=self._steps
        )
        arrays = {"last": _numbers(self.network), "best": self.best, **moments}
        return Checkpoint(header, together({**arrays, "closed": as_arrays(self._closed)}))

    def resume(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint of this very run.

        Raises:
            ModelError: Its numbers are not this network's.
        """
        means, squares = checkpoint.under("mean"), checkpoint.under("square")
        parameters = dict(self.network.named_parameters())
        for moments in (means, squares):
            if moments or checkpoint.header.steps:  # there are none before the first
                _alike(parameters, moments)
        self.best = checkpoint.under("best")
        _alike(self.network.state_dict(), self.best)
        _put(self.network, checkpoint.under("last"))
        self.curve, self._steps = list(checkpoint.header.curve), checkpoint.header.steps
        for name, parameter in parameters.items():
            if means:
                self._optimiser.state[parameter] = {
                    "step": torch.tensor(float(self._steps)),
                    "exp_avg": torch.from_numpy(means[name]).to(parameter.device),
                    "exp_avg_sq": torch.from_numpy(squares[name]).to(parameter.device),
                }

    def _judge(self) -> Judgement:
        batches = self._held_out.batches(
            self._judged,
            range(len(self._judged)),
            rank=self._ranks.rank,
            ranks=self._ranks.count,
        )
        return judge(self.network, batches, self._held_out.shards, self._ranks)

    def _learn(self, epoch: int) -> float:
        """Take every step of an epoch; return the mean cost."""
        self.network.train()
        order = shuffled(len(self._windows), self._options, epoch)
        per_epoch = math.ceil(len(order) / self._options.batch_windows)
        costs, weights = 0.0, 0.0
        for batch in self._learnt.batches(
            self._windows, order, rank=self._ranks.rank, ranks=self._ranks.count, epoch=epoch
        ):
            done = min(1.0, self._steps / (per_epoch * self._options.epochs))
            share = _LEAST_RATE + (1.0 - _LEAST_RATE) * 0.5 * (1.0 + math.cos(math.pi * done))
            for group in self._optimiser.param_groups:
                group["lr"] = self._options.learning_rate * share
            step_cost, step_weight = self._step(batch)
            costs, weights = costs + step_cost, weights + step_weight
            self._steps += 1
        return costs / weights

    def _step(self, batch: Batch | None) -> tuple[float, float]:
        """Take a step with this rank's part; return all ranks' summed cost and weight."""
        device = self._ranks.device
        self._optimiser.zero_grad(set_to_none=True)
        total = torch.zeros(2, device=device)
        if batch is not None:
            rows = torch.from_numpy(batch.rows).to(device)
            seen = rows[..., : 3 * FACE].unflatten(-1, (3, FACE))
            anchors = [torch.from_numpy(a).to(device) for a in (batch.anchors, batch.anchor_mask)]
            each = cost(
                self.network(seen, *anchors), rows, torch.from_numpy(batch.judged).to(device)
            )
            weight = torch.from_numpy(batch.weight).to(device)
            weighed = (each * weight).sum()
            weighed.backward()
            total = torch.stack([weighed.detach(), weight.sum()])
        parameters = list(self.network.parameters())
        slopes = [_slope(parameter).flatten() for parameter in parameters]
        every = self._ranks.sum(torch.cat([*slopes, total]))
        slope = every[:-2] / every[-1]
        slope = slope * (_STEEPEST / slope.norm().clamp(min=_STEEPEST))
        sizes = [parameter.numel() for parameter in parameters]
        for parameter, part in zip(parameters, slope.split(sizes), strict=True):
            parameter.grad = part.view_as(parameter).clone()
        self._optimiser.step()
        return float(every[-2]), float(every[-1])


def _slope(parameter: Tensor) -> Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


def _array(tensor: Tensor) -> NDArray[np.float32]:
    return np.array(tensor.detach().cpu().numpy(), dtype=np.float32)


def _numbers(network: Network) -> Arrays:
    return {name: _array(tensor) for name, tensor in network.state_dict().items()}


def _put(network: Network, arrays: Arrays) -> None:
    """Give a network its numbers back.

    Raises:
        ModelError: They are another network's.
    """
    _alike(network.state_dict(), arrays)
    network.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})


def _alike(own: Mapping[str, Tensor], arrays: Arrays) -> None:
    """Refuse numbers of other names or shapes than a network's own.

    Raises:
        ModelError: They are.
    """
    wrong = [
        name
        for name in {*own, *arrays}
        if name not in own or name not in arrays or tuple(own[name].shape) != arrays[name].shape
    ]
    if wrong:
        raise ModelError(
            f"checkpoint: {min(wrong)} is not as in this network: train without --resume"
        )
