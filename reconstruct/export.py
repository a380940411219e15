"""Writes a closed form as an ONNX graph that obeys the contract (`contract.py`).

The graph: choose the map by which sensors are present, multiply, add the interval. A channel that is
missing for a moment while its sensor lives on (a lost lip corner) is held and fades; that memory is
the graph's one state.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from ..headset.errors import ModelError
from ..headset.files import replacing
from ..headset.frame import EVENTS
from ..headset.names import ARKIT, BLINK_2, LOOK_8, MOUTH_28
from .closed_form import ACTIVITY_FLOOR, MAPS, ClosedForm
from .contract import ANCHORS, CONTRACT, FEATURES, INPUTS, Metadata

HOLD: Final = 0.9
"""Share of a missing channel's last value kept from frame to frame: gone in a quarter of a second
at 90 Hz."""

AGEING_PER_S: Final = 4.0
"""The interval widens by this share a second of the inputs' age and of the horizon: an expression
changes in some 0.25 s."""

EVENT_OVER: Final = 0.3
"""An event is under way where one of its channels is over this (FIDELITY's onset threshold)."""

BLINK_OVER: Final = 0.5

EVENT_CHANNELS: Final[dict[str, tuple[str, ...]]] = {
    "brow_raise": ("browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    "frown": ("browDownLeft", "browDownRight"),
    "cheek_raise": ("cheekSquintLeft", "cheekSquintRight"),
    "squint": ("eyeSquintLeft", "eyeSquintRight"),
    "wide": ("eyeWideLeft", "eyeWideRight"),
    "blink": BLINK_2,
}

_SURE: Final = 0.05
"""Standard deviation given to a measured channel when an event's probability is computed."""


def export(
    path: Path, model: ClosedForm, *, takes: tuple[str, ...], licence: str, made_by: str = ""
) -> None:
    """Write a model file, atomically.

    Raises:
        ModelError: The place cannot be written.
    """
    graph = _graph(model)
    proto = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="unvisor", ir_version=9
    )
    metadata = Metadata(
        contract=CONTRACT,
        kind=model.kind,
        features=list(FEATURES),
        channels=list(ARKIT),
        events=list(EVENTS),
        rate_hz=0.0,
        send_gain={name: _rounded(model.sent_gain[i]) for i, name in enumerate(MAPS)},
        mean=_rounded(model.mean),
        people=list(model.people),
        takes=list(takes),
        licence=licence,
        made_by=made_by,
    )
    helper.set_model_props(proto, {"unvisor": msgspec.json.encode(metadata).decode()})
    onnx.checker.check_model(proto)  # pyright: ignore[reportUnknownMemberType]
    with replacing(path, ModelError) as draft:
        draft.write_bytes(proto.SerializeToString())


def _rounded(values: NDArray[np.float64]) -> list[float]:
    return [round(value, 5) for value in values.tolist()]


def _membership(names: tuple[str, ...]) -> NDArray[np.float32]:
    return np.array([[1.0 if name in names else 0.0 for name in ARKIT]], dtype=np.float32)


def _graph(model: ClosedForm) -> onnx.GraphProto:
    channels, features, events = len(ARKIT), len(FEATURES), len(EVENTS)
    event_of = np.full((events, channels), -1e3, dtype=np.float32)  # a channel that does not count
    threshold = np.full((1, channels), EVENT_OVER, dtype=np.float32)
    for row, names in enumerate(EVENT_CHANNELS.values()):
        event_of[row, [ARKIT.index(name) for name in names]] = 0.0
    threshold[0, [ARKIT.index(name) for name in BLINK_2]] = BLINK_OVER
    constants: dict[str, NDArray[np.float32] | NDArray[np.int64]] = {
        "weight": model.weight.astype(np.float32),
        "low_of": model.low.astype(np.float32),
        "high_of": model.high.astype(np.float32),
        "spread_of": model.spread.astype(np.float32),
        "is_mouth": _membership(MOUTH_28),
        "is_eyes": _membership(LOOK_8 + BLINK_2),
        "hold": np.array([[HOLD]], dtype=np.float32),
        "one": np.ones((1, 1), dtype=np.float32),
        "two": np.full((1, 1), 2.0, dtype=np.float32),
        "half": np.full((1, 1), 0.5, dtype=np.float32),
        "floor": np.full((1, 1), ACTIVITY_FLOOR, dtype=np.float32),
        "ageing": np.full((1, 1), AGEING_PER_S, dtype=np.float32),
        "sure": np.full((1, 1), _SURE, dtype=np.float32),
        "root_half": np.full((1, 1), np.sqrt(0.5), dtype=np.float32),
        "threshold": threshold,
        "event_of": event_of,
        "vector": np.array([1], dtype=np.int64),
    }
    node = helper.make_node
    nodes = [
        # A channel that is missing keeps a fading share of what it was.
        node("Sub", ["one", "mask"], ["unseen"]),
        node("Mul", ["observed", "mask"], ["fresh"]),
        node("Mul", ["state_seen", "hold"], ["faded"]),
        node("Mul", ["faded", "unseen"], ["held"]),
        node("Add", ["fresh", "held"], ["state_seen_next"]),
        # Which sensors are present chooses the map: 2 x mouth + eyes.
        node("Mul", ["mask", "is_mouth"], ["mouth_mask"]),
        node("Mul", ["mask", "is_eyes"], ["eyes_mask"]),
        node("ReduceMax", ["mouth_mask"], ["mouth"], axes=[1], keepdims=1),
        node("ReduceMax", ["eyes_mask"], ["eyes"], axes=[1], keepdims=1),
        node("Mul", ["mouth", "two"], ["mouth_twice"]),
        node("Add", ["mouth_twice", "eyes"], ["rig_number"]),
        node("Cast", ["rig_number"], ["rig_column"], to=TensorProto.INT64),
        node("Reshape", ["rig_column", "vector"], ["rig"]),
        node("Gather", ["weight", "rig"], ["map_of_one"], axis=0),
        node("Squeeze", ["map_of_one"], ["map"]),
        node("Gather", ["low_of", "rig"], ["low_rate"], axis=0),
        node("Gather", ["high_of", "rig"], ["high_rate"], axis=0),
        node("Gather", ["spread_of", "rig"], ["spread_rate"], axis=0),
        # The guess; an observed channel is itself.
        node("MatMul", ["state_seen_next", "map"], ["guess"]),
        node("Mul", ["guess", "unseen"], ["guess_hidden"]),
        node("Add", ["fresh", "guess_hidden"], ["median"]),
        # The interval grows with activity, age and horizon.
        node("Abs", ["fresh"], ["moved"]),
        node("ReduceMean", ["moved"], ["moved_mean"], axes=[1], keepdims=1),
        node("Add", ["moved_mean", "floor"], ["activity"]),
        node("ReduceMax", ["age_s"], ["oldest_s"], axes=[1], keepdims=1),
        node("Max", ["oldest_s", "horizon_s"], ["stale_s"]),
        node("Mul", ["stale_s", "ageing"], ["ageing_share"]),
        node("Add", ["one", "ageing_share"], ["widening"]),
        node("Mul", ["activity", "widening"], ["scale_all"]),
        node("Mul", ["scale_all", "unseen"], ["scale"]),
        node("Mul", ["low_rate", "scale"], ["below"]),
        node("Mul", ["high_rate", "scale"], ["above"]),
        node("Add", ["median", "below"], ["low"]),
        node("Add", ["median", "above"], ["high"]),
        # The chance that a channel is over its threshold, were errors Gaussian; an event has the
        # greatest of its channels' chances.
        node("Mul", ["spread_rate", "scale"], ["spread"]),
        node("Add", ["spread", "sure"], ["deviation"]),
        node("Sub", ["median", "threshold"], ["over"]),
        node("Div", ["over", "deviation"], ["over_deviations"]),
        node("Add", ["over_deviations", "event_of"], ["per_event"]),
        node("ReduceMax", ["per_event"], ["surest_column"], axes=[1], keepdims=1),
        node("Transpose", ["surest_column"], ["surest"]),
        node("Mul", ["surest", "root_half"], ["surest_scaled"]),
        node("Erf", ["surest_scaled"], ["erf"]),
        node("Mul", ["erf", "half"], ["erf_half"]),
        node("Add", ["erf_half", "half"], ["events"]),
    ]

    def tensor(name: str, width: int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, width])

    width = {"anchors": len(ANCHORS), "anchor_mask": len(ANCHORS), "horizon_s": 1}
    return helper.make_graph(
        nodes,
        f"unvisor_{model.kind}",
        [
            *(tensor(name, width.get(name, features)) for name in INPUTS),
            tensor("state_seen", features),
        ],
        [
            *(tensor(name, channels) for name in ("median", "low", "high")),
            tensor("events", events),
            tensor("state_seen_next", features),
        ],
        initializer=[numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
