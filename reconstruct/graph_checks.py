"""Whether a model file's graph and metadata are as the contract says, told by its name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from ..headset.errors import ModelError
from ..headset.frame import EVENTS
from ..headset.names import ARKIT
from .contract import CONTRACT, FEATURES, Metadata


def metadata(path: Path, session: Any) -> Metadata:
    """Return what a file says of itself.

    Raises:
        ModelError: It says nothing, or what this program does not run.
    """
    properties: Mapping[str, str] = session.get_modelmeta().custom_metadata_map
    text = properties.get("unvisor")
    if text is None:
        raise ModelError(f"{path}: no `unvisor` metadata: name a model that train wrote")
    try:
        about = msgspec.json.decode(text, type=Metadata)
    except msgspec.DecodeError as cause:
        raise ModelError(f"{path}: damaged metadata ({cause}): export it again") from cause
    if about.contract != CONTRACT:
        raise ModelError(
            f"{path}: contract version {about.contract}, this program runs {CONTRACT}: "
            "update unvisor or export it again"
        )
    for given, ours, what in (
        (about.channels, ARKIT, "channels"),
        (about.events, EVENTS, "events"),
    ):
        if tuple(given) != ours:
            raise ModelError(f"{path}: other {what} than ours: export it again")
    for numbers in (about.mean, *about.send_gain.values()):
        if len(numbers) != len(ARKIT) or not np.isfinite(numbers).all():
            raise ModelError(
                f"{path}: its mean or send_gain is not {len(ARKIT)} numbers: export it again"
            )
    unknown = [name for name in about.features if name not in FEATURES]
    if unknown or len(set(about.features)) != len(about.features):
        raise ModelError(
            f"{path}: features this program does not have ({', '.join(unknown[:3]) or 'doubled'}): "
            "update unvisor"
        )
    return about


def shape(path: Path, node: Any) -> tuple[int, ...]:
    """Return a float32 tensor's fixed shape.

    Raises:
        ModelError: It has none.
    """
    if node.type != "tensor(float)" or not all(isinstance(n, int) and n > 0 for n in node.shape):
        raise ModelError(
            f"{path}: {node.name} is {node.type} {node.shape}, not float32 of a fixed shape: "
            "export it again"
        )
    return tuple(node.shape)


def loose_shape(path: Path, node: Any) -> tuple[int | None, ...]:
    """Return a float32 tensor's shape, None where any size will do.

    Raises:
        ModelError: Of other numbers.
    """
    if node.type != "tensor(float)":
        raise ModelError(f"{path}: {node.name} is {node.type}, not float32: export it so")
    return tuple(size if isinstance(size, int) else None for size in node.shape)


def expect(
    path: Path, what: str, name: str, got: tuple[int, ...] | None, wanted: tuple[int, ...]
) -> None:
    """Refuse a tensor that is missing or of another shape.

    Raises:
        ModelError: It is.
    """
    if got is None:
        raise ModelError(f"{path}: has no {what} `{name}`: export it by the contract")
    if got != wanted:
        raise ModelError(f"{path}: {what} `{name}` has shape {got}, not {wanted}: export it again")


def refuse_unknown(path: Path, got: Mapping[str, object], wanted: set[str]) -> None:
    """Refuse tensors that the contract does not know.

    Raises:
        ModelError: There are some.
    """
    extra = sorted(set(got) - wanted)
    if extra:
        raise ModelError(f"{path}: unknown tensor `{extra[0]}`: export it by the contract")
