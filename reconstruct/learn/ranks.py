"""One process of many that train together, as `torchrun` starts them; alone it is the first of one.

Sums over ranks are taken by hand instead of by DistributedDataParallel, which averages: the last
step of an epoch may give ranks unlike shares, and a mean over all windows must not depend on that.
"""

# torch types itself in part only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed

from ...headset.errors import ModelError


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process among all.

    Attributes:
        rank: Which one it is; 0 writes.
        count: How many there are.
        local_rank: Which one of this host.
        local_count: How many this host has.
        device: Where it computes.
    """

    rank: int
    count: int
    local_rank: int
    local_count: int
    device: torch.device

    def sum(self, tensor: Tensor) -> Tensor:
        """Return the sum over all ranks, which all get; the tensor is changed."""
        if self.count > 1:
            distributed.all_reduce(tensor)
        return tensor

    def share(self, tensors: Iterable[Tensor]) -> None:
        """Give the first rank's tensors to all, in place."""
        if self.count > 1:
            for tensor in tensors:
                distributed.broadcast(tensor, 0)

    def wait(self) -> None:
        """Wait until all are here."""
        if self.count > 1:
            distributed.barrier()


@contextmanager
def joined(device: str) -> Generator[Ranks]:
    """Join the other processes that `torchrun` started, where it did.

    Args:
        device: `cpu` or `cuda`; with several processes a host, each takes its own GPU.

    Raises:
        ModelError: No such device.
    """
    rank, count, local_rank, local_count = (
        int(os.environ.get(name, default))
        for name, default in (
            ("RANK", 0), ("WORLD_SIZE", 1), ("LOCAL_RANK", 0), ("LOCAL_WORLD_SIZE", 1),
        )
    )  # fmt: skip
    if device == "cuda":
        if torch.cuda.device_count() <= local_rank:
            raise ModelError(
                f"--device cuda: {torch.cuda.device_count()} GPUs here, {local_count} asked for: "
                "use --device cpu, or fewer processes"
            )
        torch.cuda.set_device(local_rank)
    place = torch.device(device, local_rank) if device == "cuda" else torch.device(device)
    if count > 1:
        distributed.init_process_group("nccl" if device == "cuda" else "gloo")
    try:
        yield Ranks(rank, count, local_rank, local_count, place)
    finally:
        if count > 1:
            distributed.destroy_process_group()
