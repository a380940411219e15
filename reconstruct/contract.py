"""What every model file obeys: names and shapes of an ONNX graph, and what its metadata says.

Inputs, float32: `observed (1,F)`, `mask (1,F)`, `age_s (1,F)`, `anchors (1,A)`, `anchor_mask (1,A)`,
`horizon_s (1,1)`, and any number of `state_X` of fixed shape, zero at first and after a reset.
Outputs: `median (1,52)`, `low (1,52)`, `high (1,52)`, `events (1,K)`, and for each `state_X` a
`state_X_next`, fed back at the next frame. Metadata: see `Metadata`.
"""

from __future__ import annotations

from typing import Final

import msgspec

from ..headset.names import ARKIT, UNIFIED

CONTRACT: Final = 1
"""Version of the contract; a file of another is refused."""

FEATURES: Final = ARKIT
"""The features this program can give, by name; a model may ask for any of them, in any order."""

ANCHORS: Final = tuple(f"rest_{name}" for name in UNIFIED) + tuple(
    f"reach_{name}" for name in UNIFIED
)
"""What is known of the wearer: the profile's rest and reach."""

INPUTS: Final = ("observed", "mask", "age_s", "anchors", "anchor_mask", "horizon_s")
OUTPUTS: Final = ("median", "low", "high", "events")
STATE: Final = "state_"
NEXT: Final = "_next"


class Metadata(msgspec.Struct, kw_only=True):
    """The ONNX file's metadata under the key `unvisor`, as JSON.

    Attributes:
        contract: `CONTRACT`.
        kind: The model's name, e.g. `robust`.
        features: Names of the F features, in the graph's order.
        channels: Names of the 52 outputs: ARKit's own order.
        events: Names of the K events.
        rate_hz: Frames a second it was made for; 0 where any will do.
        send_gain: Per rig (`none`, `eyes`, `mouth`, `mouth+eyes`) and channel, what is sent ÷ the
            median.
        mean: The training people's mean face relative to rest, 52 channels.
        people: Whose faces it was trained on.
        takes: SHA-256 of each training take's truth: who was seen in training is known by these,
            whatever they are called.
        licence: What allows the weights to be used.
        made_by: The command that made it.
        digest: SHA-256 of the graph (`graph_digest`); empty in files of before it was kept.
        falls_back: By rig, the channels that ship a baseline (`robust` or `neutral`) because the model
            did not beat it on people left out; None (null) where nothing was compared.
    """

    contract: int
    kind: str
    features: list[str]
    channels: list[str]
    events: list[str]
    rate_hz: float
    send_gain: dict[str, list[float]]
    mean: list[float]
    people: list[str]
    takes: list[str]
    licence: str
    made_by: str = ""
    digest: str = ""
    falls_back: dict[str, dict[str, str]] | None = None
