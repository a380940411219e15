"""What a verb says of where its model runs."""

from __future__ import annotations

from .logbook import LOG


def tell_place(place: str, *, gpu: bool, quiet: bool) -> None:
    """Say what the model runs on, and why; aloud where `--gpu` was asked for in vain.

    Args:
        place: `FaceReconstructor.runs_on`.
        gpu: Whether it was asked for.
        quiet: Whether the terminal is for JSON alone: then only the log is told.
    """
    LOG.info("the model runs on the %s", place)
    if gpu and not place.startswith("CUDA"):
        LOG.warning("--gpu: %s", place)
        if not quiet:
            print(f"--gpu: the model runs on the {place}", flush=True)
