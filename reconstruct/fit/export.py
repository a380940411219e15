"""Writes a closed form as an ONNX graph that obeys the contract (`contract.py`).

The graph: choose the map by which sensors are present, multiply, add the interval. A channel that is
missing for a moment while its sensor lives on (a lost lip corner) is held and fades; that memory is
the graph's one state.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import onnx
from numpy.typing import ArrayLike, NDArray
from onnx import TensorProto, helper, numpy_helper

from ...headset.errors import ModelError
from ...headset.files import replacing
from ...headset.frame import EVENTS
from ...headset.names import ARKIT, BLINK_2, LOOK_8, MOUTH_28
from ..contract import ANCHORS, CONTRACT, FEATURES, INPUTS, Metadata
from ..events import EVENT_CHANNELS, ONSET
from ..graph_digest import graph_digest
from .closed_form import ACTIVITY_FLOOR, MAPS, ClosedForm
from .event_odds import TOLD, EventOdds

HOLD: Final = 0.9
"""Share of a missing channel's last value kept from frame to frame: gone in a quarter of a second
at 90 Hz."""

AGEING_PER_S: Final = 4.0
"""The interval widens by this share a second of the inputs' age and of the horizon: an expression
changes in some 0.25 s."""

_SURE: Final = 0.05
"""Standard deviation of a measured channel about the truth, when it tells of an event."""

TINY: Final = 1e-20
"""Keeps 0 / 0 out of channels without a floor."""

_NOT: Final = -1e3
"""Added to a channel that does not count, ahead of a maximum."""


def export(
    path: Path,
    model: ClosedForm,
    odds: EventOdds,
    *,
    takes: tuple[str, ...],
    licence: str,
    made_by: str = "",
) -> None:
    """Write a model file, atomically.

    Raises:
        ModelError: The place cannot be written.
    """
    graph = _graph(model, odds)
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
        digest=graph_digest(proto.SerializeToString()) or "",
        falls_back={rig: dict[str, str](of) for rig, of in model.falls_back.items()}
        if model.falls_back is not None
        else None,
    )
    helper.set_model_props(proto, {"unvisor": msgspec.json.encode(metadata).decode()})
    onnx.checker.check_model(proto)  # pyright: ignore[reportUnknownMemberType]
    with replacing(path, ModelError) as draft:
        draft.write_bytes(proto.SerializeToString())


def _rounded(values: NDArray[np.float64]) -> list[float]:
    return [round(value, 5) for value in values.tolist()]


def _floats(values: ArrayLike) -> NDArray[np.float32]:
    return np.asarray(values, dtype=np.float32)


def _graph(model: ClosedForm, odds: EventOdds) -> onnx.GraphProto:
    channels, features, events = len(ARKIT), len(FEATURES), len(EVENTS)
    sensor_of = np.array([[n in MOUTH_28, n in LOOK_8 + BLINK_2] for n in ARKIT])
    event_of = np.array([[name in EVENT_CHANNELS[event] for name in ARKIT] for event in EVENTS])
    told = [ARKIT.index(name) for name in TOLD]
    floored = bool(model.floor.any())
    constants: dict[str, NDArray[Any]] = {
        "map_of": _floats(model.weight),
        "error_of": _floats(np.stack([model.low, model.high], axis=1)),
        "floor_power": _floats([model.floor**2 + TINY]),
        "sensor_of": _floats(sensor_of),
        "bits": _floats([[2.0], [1.0]]),
        "scalar": np.array([], dtype=np.int64),
        "hold": _floats([[HOLD]]),
        "one": _floats([[1.0]]),
        "half": _floats([[0.5]]),
        "floor": _floats([[ACTIVITY_FLOOR]]),
        "ageing": _floats([[AGEING_PER_S]]),
        "odds_of": _floats(odds.weight),
        "curve_of": _floats(np.stack([odds.slope, odds.offset], axis=1)),
        "elsewhere_told": _floats(np.where(event_of[:, told], 0.0, _NOT)),
        "told_of_each": _floats(event_of.T),
        "sure": _floats([[_SURE * np.sqrt(2.0)]]),  # Erf wants deviations over the root of 2
        "threshold": _floats([[ONSET]]),
        "not_measured": _floats([[_NOT]]),
        "elsewhere": _floats(np.where(event_of, 0.0, _NOT)),
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
        node("MatMul", ["mask", "sensor_of"], ["seen_of_each"]),
        node("Sign", ["seen_of_each"], ["present"]),
        node("MatMul", ["present", "bits"], ["rig_number"]),
        node("Cast", ["rig_number"], ["rig_integer"], to=TensorProto.INT64),
        node("Reshape", ["rig_integer", "scalar"], ["rig"]),
        node("Gather", ["map_of", "rig"], ["map"], axis=0),
        node("Gather", ["error_of", "rig"], ["error_rates"], axis=0),
        # The guess; an observed channel is itself.
        node("MatMul", ["state_seen_next", "map"], ["guess"]),
        *(_above_floor() if floored else []),
        node("Mul", ["guess_above" if floored else "guess", "unseen"], ["guess_hidden"]),
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
        node("Mul", ["error_rates", "scale"], ["errors"]),
        node("Split", ["errors"], ["below", "above"], axis=0),
        node("Add", ["median", "below"], ["low"]),
        node("Add", ["median", "above"], ["high"]),
        # An event by its hidden channels: a logistic curve over the largest of the event map's guesses.
        node("Gather", ["odds_of", "rig"], ["odds_map"], axis=0),
        node("Gather", ["curve_of", "rig"], ["curve"], axis=0),
        node("Split", ["curve"], ["slope", "offset"], axis=0),
        node("MatMul", ["state_seen_next", "odds_map"], ["told"]),
        node("Add", ["told", "elsewhere_told"], ["told_per_event"]),
        node("ReduceMax", ["told_per_event"], ["score_column"], axes=[1], keepdims=1),
        node("Transpose", ["score_column"], ["score"]),
        node("Mul", ["score", "slope"], ["steepness"]),
        node("Add", ["steepness", "offset"], ["log_odds"]),
        node("Sigmoid", ["log_odds"], ["chance_if_hidden"]),
        node("MatMul", ["unseen", "told_of_each"], ["hidden_of_each"]),
        node("Sign", ["hidden_of_each"], ["any_hidden"]),
        node("Mul", ["chance_if_hidden", "any_hidden"], ["chance_hidden"]),
        # By its measured channels: is the largest over the threshold, up to the sensor's noise?
        node("Sub", ["fresh", "threshold"], ["over"]),
        node("Div", ["over", "sure"], ["deviations"]),
        node("Mul", ["unseen", "not_measured"], ["only_measured"]),
        node("Add", ["deviations", "only_measured"], ["deviations_measured"]),
        node("Add", ["deviations_measured", "elsewhere"], ["per_event"]),
        node("ReduceMax", ["per_event"], ["surest_column"], axes=[1], keepdims=1),
        node("Transpose", ["surest_column"], ["surest"]),
        node("Erf", ["surest"], ["erf"]),
        node("Mul", ["erf", "half"], ["erf_half"]),
        node("Add", ["erf_half", "half"], ["chance_measured"]),
        node("Max", ["chance_hidden", "chance_measured"], ["events"]),
    ]

    used = {name for one in nodes for name in one.input}
    constants = {name: value for name, value in constants.items() if name in used}

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


def _above_floor() -> list[onnx.NodeProto]:
    """Return the nodes of `anatomy.above_floor`, from `guess` to `guess_above`."""
    node = helper.make_node
    return [
        node("Mul", ["guess", "guess"], ["power"]),
        node("Add", ["power", "floor_power"], ["power_raised"]),
        node("Div", ["power", "power_raised"], ["above_share"]),
        node("Mul", ["guess", "above_share"], ["guess_above"]),
    ]
