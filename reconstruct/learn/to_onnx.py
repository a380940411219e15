"""Writes a trained network as an ONNX file that obeys the contract (`contract.py`)."""

# torch types itself in part only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any, cast

import msgspec
import onnx
import torch
from onnx import helper
from torch import Tensor, nn

from ...headset.errors import ModelError
from ...headset.files import replacing
from ...headset.frame import EVENTS
from ...headset.names import ARKIT
from ..closed_form import MAPS, ClosedForm
from ..contract import ANCHORS, CONTRACT, FEATURES, INPUTS, NEXT, OUTPUTS, Metadata
from ..graph_digest import graph_digest
from .network import Network

KIND = "net"
STATES = ("state_seen", "state_views")


class _Step(nn.Module):
    """One frame of a network, in the contract's order of inputs and outputs."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(
        self,
        observed: Tensor,
        mask: Tensor,
        age_s: Tensor,
        anchors: Tensor,
        anchor_mask: Tensor,
        horizon_s: Tensor,
        state_seen: Tensor,
        state_views: Tensor,
    ) -> tuple[Tensor, ...]:
        guess, state = self.network.step(
            (observed, mask, age_s), anchors, anchor_mask, horizon_s, (state_seen, state_views)
        )
        return guess.median, guess.low, guess.high, torch.sigmoid(guess.events), *state


def write_onnx(
    path: Path,
    network: Network,
    closed: ClosedForm,
    *,
    takes: tuple[str, ...],
    people: tuple[str, ...],
    licence: str,
    made_by: str = "",
) -> None:
    """Write a model file, replacing it atomically.

    Args:
        path: The file.
        network: Trained and settled, on the CPU.
        closed: What it stands on: what is sent ÷ the median, and the mean face, are its.
        takes: Fingerprints of every recording that was learnt from or decided anything.
        people: Whose faces they are.
        licence: What allows the weights to be used.
        made_by: The command that made it.

    Raises:
        ModelError: The place cannot be written.
    """
    width = {"anchors": len(ANCHORS), "anchor_mask": len(ANCHORS), "horizon_s": 1}
    units = network.recurrent.hidden_size
    given = [torch.zeros(1, width.get(name, len(FEATURES))) for name in INPUTS]
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # torchvision is missed by nobody
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter's own house
        program: Any = torch.onnx.export(
            _Step(network.eval()),
            (*given, torch.zeros(1, len(ARKIT)), torch.zeros(2, units)),
            input_names=[*INPUTS, *STATES],
            output_names=[*OUTPUTS, *(state + NEXT for state in STATES)],
            dynamo=True,
            verbose=False,
        )
    proto = cast("onnx.ModelProto", program.model_proto)
    proto.ir_version = 9
    _forget_where(proto)
    metadata = Metadata(
        contract=CONTRACT,
        kind=KIND,
        features=list(FEATURES),
        channels=list(ARKIT),
        events=list(EVENTS),
        rate_hz=0.0,
        send_gain={
            name: [round(gain, 5) for gain in closed.sent_gain[i].tolist()]
            for i, name in enumerate(MAPS)
        },
        mean=[round(weight, 5) for weight in closed.mean.tolist()],
        people=list(people),
        takes=list(takes),
        licence=licence,
        made_by=made_by,
        digest=graph_digest(proto.SerializeToString()) or "",
    )
    helper.set_model_props(proto, {"unvisor": msgspec.json.encode(metadata).decode()})
    onnx.checker.check_model(proto)  # pyright: ignore[reportUnknownMemberType]
    with replacing(path, ModelError) as draft:
        draft.write_bytes(proto.SerializeToString())


def _forget_where(proto: onnx.ModelProto) -> None:
    """Remove what the exporter notes of this machine: the folders and lines each node came from."""
    graph = proto.graph
    for part in (proto, graph, *graph.node, *graph.value_info, *graph.input, *graph.output):
        del part.metadata_props[:]
        part.ClearField("doc_string")
    for tensor in graph.initializer:
        del tensor.metadata_props[:]
