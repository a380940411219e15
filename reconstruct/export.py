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

from ..headset.errors import ModelError
from ..headset.files import replacing
from ..headset.frame import EVENTS
from ..headset.names import ARKIT, BLINK_2, LOOK_8, MOUTH_28
from .closed_form import ACTIVITY_FLOOR, MAPS, ClosedForm
from .contract import ANCHORS, CONTRACT, FEATURES, INPUTS, Metadata
from .events import EVENT_CHANNELS, ONSET

HOLD: Final = 0.9
"""Share of a missing channel's last value kept from frame to frame: gone in a quarter of a second
at 90 Hz."""

AGEING_PER_S: Final = 4.0
"""The interval widens by this share a second of the inputs' age and of the horizon: an expression
changes in some 0.25 s."""

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


def _floats(values: ArrayLike) -> NDArray[np.float32]:
    return np.asarray(values, dtype=np.float32)


def _graph(model: ClosedForm) -> onnx.GraphProto:
    channels, features, events = len(ARKIT), len(FEATURES), len(EVENTS)
    sensor_of = np.array([[n in MOUTH_28, n in LOOK_8 + BLINK_2] for n in ARKIT])
    event_of = np.array([[name in EVENT_CHANNELS[event] for name in ARKIT] for event in EVENTS])
    # Erf wants deviations over the square root of 2.
    spread, sure = model.spread * np.sqrt(2.0), _SURE * np.sqrt(2.0)
    constants: dict[str, NDArray[Any]] = {
        "map_of": _floats(model.weight),
        "error_of": _floats(np.stack([model.low, model.high, spread], axis=1)),
        "sensor_of": _floats(sensor_of),
        "bits": _floats([[2.0], [1.0]]),
        "scalar": np.array([], dtype=np.int64),
        "hold": _floats([[HOLD]]),
        "one": _floats([[1.0]]),
        "half": _floats([[0.5]]),
        "floor": _floats([[ACTIVITY_FLOOR]]),
        "ageing": _floats([[AGEING_PER_S]]),
        "sure": _floats([[sure]]),
        "threshold": _floats([[ONSET]]),
        "elsewhere": _floats(np.where(event_of, 0.0, -1e3)),  # a channel that does not count
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
        node("Mul", ["error_rates", "scale"], ["errors"]),
        node("Split", ["errors"], ["below", "above", "spread"], axis=0),
        node("Add", ["median", "below"], ["low"]),
        node("Add", ["median", "above"], ["high"]),
        # The chance that a channel is over its threshold, were errors Gaussian; an event has the
        # greatest of its channels' chances.
        node("Add", ["spread", "sure"], ["deviation"]),
        node("Sub", ["median", "threshold"], ["over"]),
        node("Div", ["over", "deviation"], ["deviations"]),
        node("Add", ["deviations", "elsewhere"], ["per_event"]),
        node("ReduceMax", ["per_event"], ["surest_column"], axes=[1], keepdims=1),
        node("Transpose", ["surest_column"], ["surest"]),
        node("Erf", ["surest"], ["erf"]),
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
