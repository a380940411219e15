"""What a verb says of where its model runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .logbook import LOG

if TYPE_CHECKING:
    from ..reconstruct.reconstructor import FaceReconstructor


def runs_on(reconstructor: FaceReconstructor, *, gpu: bool, quiet: bool) -> str:
    """Return what the model runs on, and why; say so once where `--gpu` was asked for in vain.

    Args:
        reconstructor: With the model.
        gpu: Whether it was asked for.
        quiet: Whether the terminal is for JSON alone: then only the log is told.
    """
    place = reconstructor.runs_on
    LOG.info("the model runs on the %s", place)
    if gpu and not place.startswith("CUDA"):
        LOG.warning("--gpu: %s", place)
        if not quiet:
            print(f"--gpu: the model runs on the {place}", flush=True)
    return place
