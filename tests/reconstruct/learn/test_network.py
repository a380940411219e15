# torch types itself in part only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import torch

from unvisor.headset.names import ARKIT_MIRROR, UNIFIED, UNIFIED_MIRROR
from unvisor.reconstruct.contract import ANCHORS
from unvisor.reconstruct.fit.anatomy import above_floor, noise_floor
from unvisor.reconstruct.fit.closed_form import MAPS, ClosedForm
from unvisor.reconstruct.graph_digest import graph_digest
from unvisor.reconstruct.learn.losses import cost, pinball
from unvisor.reconstruct.learn.network import Guess, Network
from unvisor.reconstruct.learn.shards import FACE, WIDTH
from unvisor.reconstruct.learn.standing import as_arrays, from_arrays
from unvisor.reconstruct.learn.to_onnx import write_onnx
from unvisor.reconstruct.runtime import Model

torch.set_num_threads(1)  # a second gains nothing on eight units, and spins
BATCH, FRAMES, UNITS = 3, 25, 8
MIRROR = list(ARKIT_MIRROR)
ANCHOR_MIRROR = [*UNIFIED_MIRROR, *(len(UNIFIED) + i for i in UNIFIED_MIRROR)]


def closed_form() -> ClosedForm:
    rng = np.random.default_rng(0)
    shape = (len(MAPS), FACE)
    return ClosedForm(
        kind="anatomy",
        weight=rng.normal(0, 0.1, (*shape, FACE)),
        low=-rng.uniform(0, 1, shape),
        high=rng.uniform(0, 1, shape),
        sent_gain=np.ones(shape),
        mean=np.zeros(FACE),
        people=("somebody",),
        floor=noise_floor(),
    )


@pytest.fixture
def fresh() -> Network:
    return Network(closed_form(), units=UNITS, expressions=4, seed=1).eval()


@pytest.fixture
def trained(fresh: Network) -> Network:
    """Any numbers at all in every layer."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in fresh.parameters():
            parameter += 0.4 * torch.randn(parameter.shape, generator=generator)
        fresh.gain.uniform_(0.2, 1.0, generator=generator)
        fresh.gain.copy_((fresh.gain + fresh.gain[:, MIRROR]) / 2)
    return fresh


def seen() -> torch.Tensor:
    """Faces of which sensors and single channels come and go, (B, T, 3, 52)."""
    rng = np.random.default_rng(5)
    mask = (rng.random((BATCH, FRAMES, FACE)) < 0.6).astype(np.float32)
    mask[0, 5:15] = 0.0
    observed = mask * rng.uniform(-0.2, 1.0, mask.shape)
    age_s = mask * rng.uniform(0, 0.1, mask.shape)
    return torch.tensor(np.stack([observed, mask, age_s], axis=2), dtype=torch.float32)


def anchors() -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(6)
    mask = (rng.random((BATCH, len(ANCHORS))) < 0.7).astype(np.float32)
    return torch.tensor(rng.random(mask.shape) * mask, dtype=torch.float32), torch.tensor(mask)


def test_an_untrained_network_is_its_closed_form(fresh: Network) -> None:
    rows = seen()
    rows[:, :, 1, 0] = 1.0  # an eye is sensed on every frame, so that one map serves all
    guess: Guess = fresh(rows, *anchors())
    observed, mask = rows[:, 0, 0].numpy(), rows[:, 0, 1].numpy()
    closed = closed_form()
    weight = (closed.weight + closed.weight[:, MIRROR][:, :, MIRROR]) / 2
    for row in range(BATCH):
        rig = int(guess.rig[row, 0])
        guessed = above_floor(observed[row] @ weight[rig], closed.floor)
        expected = np.where(mask[row] > 0, observed[row], guessed)
        np.testing.assert_allclose(guess.median[row, 0].detach(), expected, atol=1e-5)
    assert not guess.residual.any()


def test_what_is_measured_passes_through(trained: Network) -> None:
    rows = seen()
    guess: Guess = trained(rows, *anchors())
    measured = rows[:, :, 1] > 0
    for part in (guess.median, guess.low, guess.high):
        torch.testing.assert_close(part[measured], rows[:, :, 0][measured])
    assert guess.residual.abs().max() > 0.05


def test_the_interval_holds_the_median(trained: Network) -> None:
    guess: Guess = trained(seen(), *anchors())
    assert (guess.low <= guess.median).all()
    assert (guess.median <= guess.high).all()


def test_a_mirrored_face_gives_the_mirrored_guess(trained: Network) -> None:
    values, mask = anchors()
    guess: Guess = trained(seen(), values, mask)
    mirrored: Guess = trained(seen()[..., MIRROR], values[:, ANCHOR_MIRROR], mask[:, ANCHOR_MIRROR])
    for name in ("median", "low", "high"):
        torch.testing.assert_close(
            getattr(mirrored, name), getattr(guess, name)[..., MIRROR], atol=1e-5, rtol=1e-4
        )
    torch.testing.assert_close(mirrored.events, guess.events, atol=1e-5, rtol=1e-4)
    assert (guess.median - guess.median[..., MIRROR]).abs().max() > 0.1  # no face is made even


def test_a_frame_at_a_time_is_the_whole_window(trained: Network) -> None:
    rows, (values, mask) = seen(), anchors()
    whole: Guess = trained(rows, values, mask)
    for row in range(BATCH):
        state = (torch.zeros(1, FACE), torch.zeros(2, UNITS))
        for frame in range(FRAMES):
            observed, seen_mask, age_s = rows[row, frame].unsqueeze(1)
            guess, state = trained.step(
                (observed, seen_mask, age_s),
                values[row : row + 1],
                mask[row : row + 1],
                torch.zeros(1, 1),
                state,
            )
            for name in ("median", "low", "high", "events"):
                torch.testing.assert_close(
                    getattr(guess, name)[0], getattr(whole, name)[row, frame], atol=1e-5, rtol=1e-4
                )


def test_nothing_later_is_known(trained: Network) -> None:
    rows = seen()
    before: Guess = trained(rows, *anchors())
    rows[:, 12:] = 0.0
    after: Guess = trained(rows, *anchors())
    torch.testing.assert_close(after.median[:, :12], before.median[:, :12])
    assert (after.median[:, 12:] - before.median[:, 12:]).abs().max() > 0.1


def test_the_wearers_anchors_scale_the_residual(trained: Network) -> None:
    values, mask = anchors()
    one: Guess = trained(seen(), values, mask)
    other: Guess = trained(seen(), 0.2 * values, mask)
    torch.testing.assert_close(one.base, other.base)
    assert (one.residual - other.residual).abs().max() > 0.01


def rows_with(truth: torch.Tensor, given: torch.Tensor) -> torch.Tensor:
    rows = torch.zeros(BATCH, FRAMES, WIDTH)
    rows[..., : 3 * FACE] = given.flatten(2)
    rows[..., 3 * FACE : 4 * FACE] = truth
    return rows


def test_truth_that_is_missing_or_measured_is_no_target(trained: Network) -> None:
    given = seen()
    judged = torch.ones(BATCH, FRAMES, dtype=torch.bool)
    truth = torch.rand(BATCH, FRAMES, FACE, generator=torch.Generator().manual_seed(1))
    hole = (given[:, :, 1] == 0) & (torch.arange(FACE) % 3 == 0)
    with_holes = torch.where(hole, torch.nan, truth)
    guess: Guess = trained(given, *anchors())
    each = cost(guess, rows_with(with_holes, given), judged)
    elsewhere = torch.where(given[:, :, 1] > 0, truth + 5.0, with_holes)
    torch.testing.assert_close(cost(guess, rows_with(elsewhere, given), judged), each)
    assert not torch.isclose(cost(guess, rows_with(truth, given), judged), each).any()
    each.sum().backward()
    slopes = [p.grad for p in trained.parameters() if p.grad is not None]
    assert slopes
    assert all(slope.isfinite().all() for slope in slopes)


def test_nothing_to_judge_costs_nothing(trained: Network) -> None:
    given = seen()
    nothing = torch.full((BATCH, FRAMES, FACE), torch.nan)
    rows = rows_with(nothing, given)
    rows[..., 4 * FACE :] = torch.nan
    judged = torch.ones(BATCH, FRAMES, dtype=torch.bool)
    assert cost(trained(given, *anchors()), rows, judged).tolist() == [0.0] * BATCH


def test_pinball_is_least_at_its_quantile() -> None:
    truth = torch.arange(101, dtype=torch.float32)
    costs = [float(pinball(truth - guess, 0.05).sum()) for guess in range(101)]
    assert int(np.argmin(costs)) == 5


def test_a_closed_form_survives_its_arrays() -> None:
    closed = closed_form()
    again = from_arrays(as_arrays(closed), closed.people)
    for field in fields(closed):
        mine, kept = getattr(closed, field.name), getattr(again, field.name)
        if isinstance(mine, np.ndarray):
            np.testing.assert_allclose(kept, mine, atol=1e-6, err_msg=field.name)
        else:
            assert kept == mine


def test_the_file_gives_what_the_network_gives(trained: Network, tmp_path: Path) -> None:
    rows, (values, mask) = seen(), anchors()
    guess: Guess = trained(rows, values, mask)
    path = tmp_path / "net.onnx"
    write_onnx(path, trained, closed_form(), takes=("0" * 64,), people=("p",), licence="ours")
    model = Model(path)
    assert model.metadata.digest == graph_digest(path.read_bytes())
    for row in range(BATCH):
        model.reset()
        model.inputs["anchors"][:], model.inputs["anchor_mask"][:] = values[row], mask[row]
        for frame in range(FRAMES):
            model.seen[:] = rows[row, frame].numpy()
            model.run()
            for name in ("median", "low", "high"):
                np.testing.assert_allclose(
                    model.outputs[name][0], getattr(guess, name)[row, frame].detach(), atol=1e-4
                )
            chance = torch.sigmoid(guess.events[row, frame]).detach()
            np.testing.assert_allclose(model.outputs["events"][0], chance, atol=1e-4)
    assert 0.5 < guess.median.abs().max() < 50.0
