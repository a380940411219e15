"""Writes a trained network as an ONNX file that obeys the contract (`contract.py`).

The graph is `Network.step` written out node by node: torch's own exporter takes seconds and packages
of its own for these hundred nodes, and notes this machine's folders in the file. That graph and
network say the same is tested.
"""

# torch types itself in part only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import onnx
from numpy.typing import ArrayLike, NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from ...headset.errors import ModelError
from ...headset.files import replacing
from ...headset.frame import EVENTS
from ...headset.names import ARKIT
from ..contract import ANCHORS, CONTRACT, FEATURES, INPUTS, NEXT, OUTPUTS, Metadata
from ..events import ONSET
from ..fit.closed_form import ACTIVITY_FLOOR, MAPS, ClosedForm
from ..fit.export import AGEING_PER_S, HOLD
from ..graph_digest import graph_digest
from .network import MOST_WIDENING, OLDEST_S, SCALE_SPAN, Network

KIND: Final = "net"


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
    proto = helper.make_model(
        _graph(network),
        opset_imports=[helper.make_opsetid("", 17)],
        producer_name="unvisor",
        ir_version=9,
    )
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


class _Nodes:
    """Nodes and constants of a graph that grows; a call adds a node and returns its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, NDArray[Any]] = {}

    def __call__(self, op: str, *inputs: str, out: str = "", **attributes: Any) -> str:
        out = out or f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [out], **attributes))
        return out

    def keep(self, name: str, values: ArrayLike | Tensor, kind: type = np.float32) -> str:
        """Keep a constant and return its name."""
        array = values.detach().numpy() if isinstance(values, Tensor) else np.asarray(values)
        self.constants[name] = array.astype(kind)
        return name

    def linear(self, given: str, name: str, weight: Tensor, bias: Tensor | None) -> str:
        """Add what `nn.Linear` does."""
        out = self("MatMul", given, self.keep(f"{name}_weight", weight.T))
        return out if bias is None else self("Add", out, self.keep(f"{name}_bias", bias))

    def split(self, given: str, count: int, axis: int) -> list[str]:
        """Add a split into equal parts."""
        parts = [f"split_{len(self.nodes)}_{i}" for i in range(count)]
        self.nodes.append(helper.make_node("Split", [given], parts, axis=axis))
        return parts


def _graph(network: Network) -> onnx.GraphProto:
    """Return `Network.step` as a graph; shapes (views, ...) as there, the two views first."""
    n = _Nodes()
    one = n.keep("one", [[1.0]])
    mirror = n.keep("face_mirror", network.face_mirror, np.int64)
    fresh = n("Mul", "observed", "mask")
    unseen = n("Sub", one, "mask")
    faded = n("Mul", n("Mul", "state_seen", n.keep("hold", [[HOLD]])), unseen)
    held = n("Add", fresh, faded, out="state_seen_next")
    stale_s = n("Max", n("ReduceMax", "age_s", axes=[1], keepdims=1), "horizon_s")

    present = n("Sign", n("MatMul", "mask", n.keep("sensor_of", network.sensor_of)))
    number = n("MatMul", present, n.keep("bits", [[2.0], [1.0]]))
    rig = n("Reshape", n("Cast", number, to=TensorProto.INT64), n.keep("scalar", [], np.int64))

    def of_rig(name: str, values: Tensor) -> str:
        return n("Gather", n.keep(name, values), rig, axis=0)

    guess = n("MatMul", held, of_rig("map_of", network.weight))
    power = n("Mul", guess, guess)
    raised = n("Add", power, n.keep("floor_power", network.floor_power))
    base = n("Mul", n("Mul", guess, n("Div", power, raised)), unseen)

    # The face and its mirror, through the same recurrent layer.
    age = n("Min", stale_s, n.keep("oldest", [[OLDEST_S]]))
    parts = (held, "mask", base)
    turned = [n("Gather", part, mirror, axis=1) for part in parts]
    views = n("Concat", n("Concat", *parts, age, axis=1), n("Concat", *turned, age, axis=1), axis=0)
    given_w, known_w, given_b, known_b = network.recurrent.all_weights[0]
    given = n.split(n.linear(views, "given", given_w, given_b), 3, 1)
    known = n.split(n.linear("state_views", "known", known_w, known_b), 3, 1)
    reset, update = (n("Sigmoid", n("Add", given[i], known[i])) for i in (0, 1))
    new = n("Tanh", n("Add", given[2], n("Mul", reset, known[2])))
    kept = n("Mul", update, "state_views")
    fills = n("Mul", n("Sub", one, update), new)
    hidden = n("Add", fills, kept, out="state_views_next")

    # How large this wearer's expressions are.
    anchors = n("Mul", "anchors", "anchor_mask")
    anchor_mirror = n.keep("anchor_mirror", network.anchor_mirror, np.int64)
    known_of = n("Concat", anchors, "anchor_mask", axis=1)
    mirrored = [n("Gather", part, anchor_mirror, axis=1) for part in (anchors, "anchor_mask")]
    wearers = n("Concat", known_of, n("Concat", *mirrored, axis=1), axis=0)
    told = n("Tanh", n.linear(wearers, "wearer", network.wearer.weight, network.wearer.bias))
    scale = n("Exp", n("Mul", told, n.keep("scale_span", [[SCALE_SPAN]])))

    half = n.keep("half", [[0.5]])

    def together(both: str) -> str:
        ours, theirs = n.split(both, 2, 0)
        return n("Mul", n("Add", ours, n("Gather", theirs, mirror, axis=1)), half)

    express = n.linear(hidden, "express", network.express.weight, network.express.bias)
    expression = n("Mul", n("Tanh", express), scale)
    gate = n("Sigmoid", n.linear(hidden, "gate", network.gate.weight, network.gate.bias))
    shaped = n("Mul", n.linear(expression, "face", network.face.weight, None), gate)
    residual = n("Mul", together(shaped), unseen)
    gained = n("Mul", residual, of_rig("gain", network.gain))
    median = n("Add", n("Add", fresh, base), gained, out="median")

    moved = n("ReduceMean", n("Abs", fresh), axes=[1], keepdims=1)
    active = n("Add", moved, n.keep("activity_floor", [[ACTIVITY_FLOOR]]))
    ageing = n("Add", one, n("Mul", stale_s, n.keep("ageing", [[AGEING_PER_S]])))
    spread = n("Mul", n("Mul", active, ageing), unseen)
    reach = n("Tanh", n.linear(hidden, "reach", network.reach.weight, network.reach.bias))
    wider = n.split(n("Mul", reach, n.keep("most_widening", [[MOST_WIDENING]])), 2, 1)
    for end, side, rate in zip(("low", "high"), wider, (network.low, network.high), strict=True):
        size = n("Mul", spread, n("Exp", together(side)))
        n("Add", median, n("Mul", size, of_rig(f"{end}_of", rate)), out=end)

    each = n("Add", median, n.keep("event_of", network.event_of))
    strongest = n("Transpose", n("ReduceMax", each, axes=[1], keepdims=1))
    over = n("Sub", strongest, n.keep("onset", [[ONSET]]))
    steep = n("Mul", over, n.keep("sharpness", network.sharpness))
    happens = n.linear(hidden, "happens", network.happens.weight, network.happens.bias)
    usual = n("ReduceMean", happens, axes=[0], keepdims=1)
    n("Sigmoid", n("Add", steep, usual), out="events")

    def tensor(name: str, rows: int, width: int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [rows, width])

    face, units = len(ARKIT), network.recurrent.hidden_size
    width = {"anchors": len(ANCHORS), "anchor_mask": len(ANCHORS), "horizon_s": 1}
    states = {"state_seen": (1, face), "state_views": (2, units)}
    return helper.make_graph(
        n.nodes,
        "unvisor_net",
        [
            *(tensor(name, 1, width.get(name, len(FEATURES))) for name in INPUTS),
            *(tensor(name, *shape) for name, shape in states.items()),
        ],
        [
            *(tensor(name, 1, len(EVENTS) if name == "events" else face) for name in OUTPUTS),
            *(tensor(name + NEXT, *shape) for name, shape in states.items()),
        ],
        initializer=[numpy_helper.from_array(value, name) for name, value in n.constants.items()],
    )
