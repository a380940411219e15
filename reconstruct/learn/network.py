"""The network: the closed form, and what a recurrent residual adds to it.

    median = measured + unmeasured x (closed form + gain x residual)

- It looks at the face twice, as it is and in the mirror, with the same weights, and brings the two
  views together: mirror-equivariant exactly, while left and right stay apart.
- The residual lives in a low-rank space of expressions that all people share; what is known of the
  wearer (anchors) scales each expression.
- The residual's last layer starts at zero, so an untrained network *is* the closed form. `gain`, per
  rig and channel, is chosen on people left out when training is over, and may be zero again.
- The interval's ends are the closed form's, widened or narrowed by factors that are learnt.

Shapes below: B windows, T frames, V = 2 views, H units, K expressions.
"""

# torch types itself in part only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...headset.frame import EVENTS
from ...headset.names import ARKIT, ARKIT_MIRROR, BLINK_2, LOOK_8, MOUTH_28, UNIFIED, UNIFIED_MIRROR
from ..contract import ANCHORS
from ..events import EVENT_CHANNELS, ONSET
from ..fit.closed_form import ACTIVITY_FLOOR, MAPS, ClosedForm
from ..fit.export import AGEING_PER_S, HOLD, TINY

_FACE: Final = len(ARKIT)
_SEES: Final = 3 * _FACE + 1  # held values, mask, the closed form's guess, the oldest age
_SHUT: Final = -1.0  # the gate's first bias: open by a quarter
_SHARPNESS: Final = 10.0  # of an event's probability about its onset, at first
_LEAST_REACH: Final = 0.01  # no interval is narrower on either side where nothing moves
OLDEST_S: Final = 1.0  # an age beyond it tells no more
SCALE_SPAN: Final = 0.7  # natural logarithm: a wearer's expressions are half to twice as large
MOST_WIDENING: Final = 2.0  # natural logarithm: the ends may move by a factor of 7


class Guess(NamedTuple):
    """What the network says, with its parts.

    Attributes:
        median: Shape (..., 52).
        low: Shape (..., 52), at most the median.
        high: Shape (..., 52), at least the median.
        events: Shape (..., 6), log odds.
        base: Shape (..., 52), the closed form's share of the median, 0 where measured.
        residual: Shape (..., 52), what is added to it before the gain, 0 where measured.
        rig: Shape (...), index into `MAPS`.
    """

    median: Tensor
    low: Tensor
    high: Tensor
    events: Tensor
    base: Tensor
    residual: Tensor
    rig: Tensor


class Network(nn.Module):
    """Weights, and the closed form they stand on."""

    weight: Tensor
    low: Tensor
    high: Tensor
    floor_power: Tensor
    gain: Tensor
    sensor_of: Tensor
    event_of: Tensor
    face_mirror: Tensor
    anchor_mirror: Tensor

    def __init__(self, closed: ClosedForm, *, units: int, expressions: int, seed: int) -> None:
        """Stand on a closed form.

        Args:
            closed: The linear skip.
            units: H.
            expressions: K.
            seed: Of the first weights.
        """
        super().__init__()
        mirror = np.array(ARKIT_MIRROR)
        for name, values in _stood_on(closed).items():
            self._keep(name, values)
        self._keep("gain", np.ones((len(MAPS), _FACE)))
        eyes = LOOK_8 + BLINK_2
        self._keep("sensor_of", np.array([[name in MOUTH_28, name in eyes] for name in ARKIT]))
        # What an event is not told by lies too low to be its strongest channel.
        told = [[name in EVENT_CHANNELS[event] for name in ARKIT] for event in EVENTS]
        self._keep("event_of", np.where(told, 0.0, -1e3))
        halves = np.array(UNIFIED_MIRROR)
        self.register_buffer("face_mirror", torch.as_tensor(mirror), persistent=False)
        self.register_buffer(
            "anchor_mirror",
            torch.as_tensor(np.concatenate([halves, halves + len(UNIFIED)])),
            persistent=False,
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)  # pyright: ignore[reportUnknownMemberType]
            self.recurrent = nn.GRU(_SEES, units, batch_first=True)
            self.wearer = nn.Linear(2 * len(ANCHORS), expressions)
            self.express = nn.Linear(units, expressions)
            self.face = nn.Linear(expressions, _FACE, bias=False)
            self.gate = nn.Linear(units, _FACE)
            self.reach = nn.Linear(units, 2 * _FACE)
            self.happens = nn.Linear(units, len(EVENTS))
        self.sharpness = nn.Parameter(torch.full((len(EVENTS),), _SHARPNESS))
        for layer in (self.wearer, self.face, self.reach, self.happens):
            nn.init.zeros_(layer.weight)
        for layer in (self.wearer, self.reach, self.happens):
            nn.init.zeros_(layer.bias)
        nn.init.constant_(self.gate.bias, _SHUT)

    def stand_on(self, closed: ClosedForm) -> None:
        """Take another closed form under what has been learnt."""
        for name, values in _stood_on(closed).items():
            self.get_buffer(name).copy_(torch.as_tensor(values))

    def _keep(self, name: str, values: NDArray[np.float64] | NDArray[np.bool_]) -> None:
        self.register_buffer(name, torch.as_tensor(values, dtype=torch.float32))

    def forward(self, seen: Tensor, anchors: Tensor, anchor_mask: Tensor) -> Guess:
        """Return the guess for windows that start from rest.

        Args:
            seen: Shape (B, T, 3, 52): observed, mask, age_s.
            anchors: Shape (B, 176).
            anchor_mask: Shape (B, 176).
        """
        observed, mask, age_s = seen.unbind(dim=2)
        fresh, unseen = observed * mask, 1.0 - mask
        last = torch.zeros_like(fresh[:, 0])
        frames: list[Tensor] = []
        for now, missing in zip(fresh.unbind(1), unseen.unbind(1), strict=True):
            last = now + HOLD * last * missing
            frames.append(last)
        held = torch.stack(frames, dim=1)
        rig = self._rig(mask)
        # Every rig's map at once: a map a frame would be 52 times the memory.
        every = torch.einsum("btc,rcd->btrd", held, self.weight)
        base = self._above_floor(_chosen(every, rig)) * unseen
        stale_s = age_s.amax(dim=-1, keepdim=True)
        views = self._views(held, mask, base, stale_s)
        hidden, _ = self.recurrent(views.flatten(0, 1))
        hidden = hidden.unflatten(0, views.shape[:2])
        scale = self._scale(anchors, anchor_mask).unsqueeze(2)
        return self._guess(hidden, scale, fresh, unseen, base, stale_s, rig)

    def step(
        self,
        seen: tuple[Tensor, Tensor, Tensor],
        anchors: Tensor,
        anchor_mask: Tensor,
        horizon_s: Tensor,
        state: tuple[Tensor, Tensor],
    ) -> tuple[Guess, tuple[Tensor, Tensor]]:
        """Return the guess for one frame, and the state after it: `forward`, a frame at a time.

        Args:
            seen: observed, mask and age_s, each (1, 52).
            anchors: Shape (1, 176).
            anchor_mask: Shape (1, 176).
            horizon_s: Shape (1, 1), how far ahead of the newest sample the face is wanted.
            state: What was seen, (1, 52), and both views' recurrent state, (2, H).
        """
        observed, mask, age_s = seen
        last, hidden = state
        fresh, unseen = observed * mask, 1.0 - mask
        held = fresh + HOLD * last * unseen
        rig = self._rig(mask)
        base = self._above_floor(held @ self.weight[rig][0]) * unseen
        stale_s = torch.maximum(age_s.amax(dim=-1, keepdim=True), horizon_s)
        hidden = self._recur(self._views(held, mask, base, stale_s)[:, 0], hidden)
        scale = self._scale(anchors, anchor_mask)
        guess = self._guess(hidden.unsqueeze(1), scale, fresh, unseen, base, stale_s, rig)
        return guess, (held, hidden)

    def _rig(self, mask: Tensor) -> Tensor:
        """Return which of `MAPS` senses what is observed: 2 x mouth + eyes."""
        present = torch.sign(mask @ self.sensor_of)
        return (2.0 * present[..., 0] + present[..., 1]).long()

    def _above_floor(self, guess: Tensor) -> Tensor:
        """Return what `anatomy.above_floor` makes of the closed form's guess."""
        power = guess * guess
        return guess * (power / (power + self.floor_power))

    def _views(self, held: Tensor, mask: Tensor, base: Tensor, stale_s: Tensor) -> Tensor:
        """Return what the recurrent layer sees of the face and of its mirror: (V, ..., sees)."""
        age = stale_s.clamp(max=OLDEST_S)
        parts = (held, mask, base)
        reflected = [part[..., self.face_mirror] for part in parts]
        return torch.stack([torch.cat([*parts, age], dim=-1), torch.cat([*reflected, age], dim=-1)])

    def _scale(self, anchors: Tensor, anchor_mask: Tensor) -> Tensor:
        """Return how large this wearer's expressions are, (V, B, K); 1 where nothing is known."""
        known = torch.stack(
            [anchors * anchor_mask, (anchors * anchor_mask)[..., self.anchor_mirror]]
        )
        which = torch.stack([anchor_mask, anchor_mask[..., self.anchor_mirror]])
        return torch.exp(SCALE_SPAN * torch.tanh(self.wearer(torch.cat([known, which], dim=-1))))

    def _recur(self, views: Tensor, hidden: Tensor) -> Tensor:
        """Return the next state (V, H): the recurrent layer's own law, written out for one step."""
        weight_given, weight_known, bias_given, bias_known = self.recurrent.all_weights[0]
        given = views @ weight_given.T + bias_given
        known = hidden @ weight_known.T + bias_known
        reset, update, new = given.chunk(3, dim=-1)
        reset_known, update_known, new_known = known.chunk(3, dim=-1)
        update = torch.sigmoid(update + update_known)
        new = torch.tanh(new + torch.sigmoid(reset + reset_known) * new_known)
        return (1.0 - update) * new + update * hidden

    def _together(self, views: Tensor) -> Tensor:
        """Bring the two views of a face (V, ..., 52) together: the mirror's is turned back."""
        return 0.5 * (views[0] + views[1][..., self.face_mirror])

    def _guess(
        self,
        hidden: Tensor,
        scale: Tensor,
        fresh: Tensor,
        unseen: Tensor,
        base: Tensor,
        stale_s: Tensor,
        rig: Tensor,
    ) -> Guess:
        """Read the face off both views' states (V, ..., H)."""
        expression = torch.tanh(self.express(hidden)) * scale
        residual = self._together(self.face(expression) * torch.sigmoid(self.gate(hidden))) * unseen
        median = fresh + base + self.gain[rig] * residual
        active = fresh.abs().mean(dim=-1, keepdim=True) + ACTIVITY_FLOOR
        spread = active * (1.0 + AGEING_PER_S * stale_s) * unseen
        wider = torch.tanh(self.reach(hidden)) * MOST_WIDENING
        below, above = (self._together(part) for part in wider.chunk(2, dim=-1))
        strongest = (median.unsqueeze(-2) + self.event_of).amax(dim=-1)
        events = self.sharpness * (strongest - ONSET) + self.happens(hidden).mean(dim=0)
        return Guess(
            median=median,
            low=median + self.low[rig] * spread * torch.exp(below),
            high=median + self.high[rig] * spread * torch.exp(above),
            events=events,
            base=base,
            residual=residual,
            rig=rig,
        )


def _stood_on(closed: ClosedForm) -> dict[str, NDArray[np.float64]]:
    """Return what the network takes of a closed form, made even: its mirror image is itself."""
    mirror = np.array(ARKIT_MIRROR)
    return {
        "weight": (closed.weight + closed.weight[:, mirror][:, :, mirror]) / 2,
        "low": np.minimum(closed.low, closed.low[:, mirror]) - _LEAST_REACH,
        "high": np.maximum(closed.high, closed.high[:, mirror]) + _LEAST_REACH,
        "floor_power": np.maximum(closed.floor, closed.floor[mirror]) ** 2 + TINY,
    }


def _chosen(every: Tensor, rig: Tensor) -> Tensor:
    """Return of (B, T, 4, 52) the rig that holds at each frame, (B, T, 52)."""
    index = rig[..., None, None].expand(*rig.shape, 1, every.shape[-1])
    return every.gather(2, index).squeeze(2)
