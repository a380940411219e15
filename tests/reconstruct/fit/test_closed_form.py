from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from unvisor.headset.expressions import mirror_arkit
from unvisor.headset.frame import EVENTS, SensorFrame
from unvisor.headset.names import ARKIT, ARKIT_INDEX, BROW_5, COUPLED_9, HIDDEN_14
from unvisor.headset.rig import RIGS
from unvisor.reconstruct.events import EVENT_CHANNELS
from unvisor.reconstruct.features import Features, Observation
from unvisor.reconstruct.fit.closed_form import MAPS, ClosedForm, activity, fit_closed_form
from unvisor.reconstruct.fit.event_odds import EventOdds, fit_event_odds
from unvisor.reconstruct.fit.export import export
from unvisor.reconstruct.fit.gains import SENT_MOST
from unvisor.reconstruct.fit.linear import Kind
from unvisor.reconstruct.fit.sheets import Sheet, sheet
from unvisor.reconstruct.guess import HIGH, LOW, MEDIAN, SENT
from unvisor.reconstruct.models import OnnxPredictor
from unvisor.reconstruct.runtime import Model

from ..faces import sensed

FOLLOWS = ("cheekSquintLeft", "eyeSquintRight", "noseSneerLeft", "eyeWideLeft")


@pytest.fixture(scope="module")
def sheets() -> list[Sheet]:
    return [sheet(sensed(seed=seed, seconds=30.0), calibration_s=10.0) for seed in (1, 2, 3)]


@pytest.fixture(scope="module", params=["ridge", "robust", "anatomy"])
def fitted(request: pytest.FixtureRequest, sheets: list[Sheet]) -> ClosedForm:
    return fit_closed_form(request.param, sheets)


@pytest.fixture(scope="module")
def odds(sheets: list[Sheet]) -> EventOdds:
    return fit_event_odds(sheets)


@pytest.fixture(scope="module")
def model(fitted: ClosedForm, odds: EventOdds, tmp_path_factory: pytest.TempPathFactory) -> Model:
    path = tmp_path_factory.mktemp("model") / f"{fitted.kind}.onnx"
    export(path, fitted, odds, takes=("0" * 64,), licence="a test's own", made_by="a test")
    return Model(path)


def error(fitted: ClosedForm, unseen: Sheet, names: Sequence[str]) -> float:
    columns = [ARKIT_INDEX[name] for name in names]
    guess = fitted.guess(unseen.observed, MAPS.index("mouth+eyes"))
    return float(
        np.abs(guess - unseen.truth)[:, columns].mean() / np.abs(unseen.truth)[:, columns].mean()
    )


def test_what_follows_the_visible_face_is_found_on_people_never_seen(fitted: ClosedForm) -> None:
    unseen = sheet(sensed(seed=9, seconds=30.0), calibration_s=10.0)
    assert error(fitted, unseen, FOLLOWS) < 0.75


def test_what_follows_nothing_is_turned_down_by_robust(sheets: list[Sheet]) -> None:
    robust = fit_closed_form("robust", sheets)
    assert (
        error(robust, sheet(sensed(seed=9, seconds=30.0), calibration_s=10.0), ["browInnerUp"])
        < 1.1
    )


def test_visible_channels_are_no_targets_and_hidden_ones_no_inputs(fitted: ClosedForm) -> None:
    for index, name in enumerate(MAPS):
        seen = [ARKIT_INDEX[channel] for channel in RIGS[name].observed]
        hidden = [ARKIT_INDEX[channel] for channel in RIGS[name].hidden]
        assert not fitted.weight[index][:, seen].any()
        assert not fitted.weight[index][hidden].any()


def test_the_map_of_a_mirrored_face_is_mirrored(fitted: ClosedForm) -> None:
    rng = np.random.default_rng(0)
    rows = rng.uniform(0, 1, (5, len(ARKIT)))
    weight = fitted.weight[-1]
    np.testing.assert_allclose(mirror_arkit(rows) @ weight, mirror_arkit(rows @ weight), atol=2e-3)


def test_intervals_hold_rest_and_cover_most_of_the_training_people(
    fitted: ClosedForm, sheets: list[Sheet]
) -> None:
    assert (fitted.low <= 0.0).all()
    assert (fitted.high >= 0.0).all()
    columns = [ARKIT_INDEX[name] for name in COUPLED_9 + BROW_5]
    rows = sheets[0]
    guess = fitted.guess(rows.observed, -1)
    scale = activity(rows.observed)[:, None]
    inside = (rows.truth >= guess + fitted.low[-1] * scale) & (
        rows.truth <= guess + fitted.high[-1] * scale
    )
    assert inside[:, columns].mean() > 0.85


def test_what_is_sent_moves_no_less_than_the_median(fitted: ClosedForm) -> None:
    assert (fitted.sent_gain >= 1.0).all()
    assert (fitted.sent_gain <= SENT_MOST).all()


def test_anatomy_says_what_ships_a_baseline_and_ships_it(sheets: list[Sheet]) -> None:
    """Lids open wide with a gaze of its own here: from the mouth nobody can tell."""
    fitted = fit_closed_form("anatomy", sheets)
    falls_back = fitted.falls_back
    assert falls_back is not None
    assert falls_back["mouth"]["eyeWideLeft"] == falls_back["mouth"]["eyeWideRight"] == "neutral"
    assert "eyeWideLeft" not in falls_back.get("mouth+eyes", {})
    for rig, channels in falls_back.items():
        for channel, baseline in channels.items():
            column = fitted.weight[MAPS.index(rig)][:, ARKIT_INDEX[channel]]
            assert column.any() == (baseline == "robust")


@pytest.mark.parametrize(("kind", "people"), [("robust", 3), ("anatomy", 2)])
def test_nothing_is_compared_for_a_baseline_or_too_few_people(
    kind: Kind, people: int, sheets: list[Sheet]
) -> None:
    assert fit_closed_form(kind, sheets[:people]).falls_back is None


def test_the_file_says_what_ships_a_baseline(model: Model, fitted: ClosedForm) -> None:
    assert model.metadata.falls_back == fitted.falls_back


def observations(rig: str) -> list[Observation]:
    return [Features(None).observe(f) for f in sensed(rig, seed=4, seconds=4.0).frames()]


@pytest.mark.parametrize("rig", MAPS)
def test_the_graph_is_the_closed_form(model: Model, fitted: ClosedForm, rig: str) -> None:
    predictor = OnnxPredictor(model, None)
    hidden = [ARKIT_INDEX[name] for name in RIGS[rig].hidden]
    index = MAPS.index(rig)
    frames = observations(rig) if rig != "none" else [Observation()]
    for seen in frames:
        predictor.reset()
        faces = predictor.predict(seen, 0.0).faces
        median = fitted.guess(seen.observed, index)[hidden]
        scale = activity(seen.observed)
        np.testing.assert_allclose(faces[MEDIAN][hidden], median, atol=1e-5)
        np.testing.assert_allclose(
            faces[LOW][hidden], median + fitted.low[index][hidden] * scale, atol=1e-5
        )
        np.testing.assert_allclose(
            faces[HIGH][hidden], median + fitted.high[index][hidden] * scale, atol=1e-5
        )
        np.testing.assert_allclose(
            faces[SENT][hidden], median * fitted.sent_gain[index][hidden], atol=1e-4
        )


@pytest.mark.parametrize("rig", MAPS)
def test_the_graphs_events_are_the_odds_of_hidden_channels(
    model: Model, odds: EventOdds, rig: str
) -> None:
    predictor = OnnxPredictor(model, None)
    hides = [not set(told).isdisjoint(RIGS[rig].hidden) for told in EVENT_CHANNELS.values()]
    for seen in observations(rig) if rig != "none" else [Observation()]:
        predictor.reset()
        events = predictor.predict(seen, 0.0).events
        wanted = odds.chance(MAPS.index(rig), seen.observed[None])[0]
        np.testing.assert_allclose(events[hides], wanted[hides], atol=1e-5)


def test_a_measured_channel_tells_of_its_event_whatever_its_map_says(model: Model) -> None:
    """A tracker that sees a brow is believed, up to its noise; what it does not see stays a guess."""
    raised = EVENTS.index("brow_raise")
    columns = [ARKIT_INDEX[name] for name in EVENT_CHANNELS["brow_raise"]]
    predictor = OnnxPredictor(model, None)
    seen = observations("mouth+eyes")[0]
    unseen = predictor.predict(seen, 0.0).events[raised]

    def chance(brows: float, sighted: Sequence[int]) -> float:
        predictor.reset()
        seen.mask[columns] = seen.observed[columns] = 0.0
        seen.mask[sighted], seen.observed[sighted] = 1.0, brows
        return float(predictor.predict(seen, 0.0).events[raised])

    assert chance(0.6, columns) > 0.99
    assert chance(0.0, columns) < 1e-6
    assert chance(0.6, columns[:1]) > 0.99
    assert chance(0.0, columns[:1]) == pytest.approx(unseen, abs=1e-6)


def test_age_and_horizon_widen_the_interval(model: Model) -> None:
    seen = observations("mouth+eyes")[20]
    predictor = OnnxPredictor(model, None)

    def width(age_s: float, horizon_s: float) -> float:
        predictor.reset()
        seen.age_s[:] = age_s * seen.mask
        faces = predictor.predict(seen, horizon_s).faces
        return float((faces[HIGH] - faces[LOW])[ARKIT_INDEX["browInnerUp"]])

    assert width(0.1, 0.0) == pytest.approx(1.4 * width(0.0, 0.0), rel=1e-4)
    assert width(0.0, 0.1) == pytest.approx(width(0.1, 0.0), rel=1e-4)


def test_a_channel_missing_for_a_frame_is_held_then_forgotten(model: Model) -> None:
    smile = ARKIT_INDEX["mouthSmileLeft"]
    cheek = ARKIT_INDEX["cheekSquintLeft"]
    predictor = OnnxPredictor(model, None)
    predictor.reset()
    seen = Observation()
    seen.mask[:] = [name not in HIDDEN_14 for name in ARKIT]
    seen.observed[smile] = 0.8
    full = predictor.predict(seen, 0.0).faces[MEDIAN][cheek]
    seen.observed[smile], seen.mask[smile] = 0.0, 0.0
    missing = [predictor.predict(seen, 0.0).faces[MEDIAN][cheek] for _ in range(60)]
    assert full > 0.1
    assert 0.8 * full < missing[0] < full
    assert abs(missing[-1]) < 0.01


def test_events_rise_with_what_they_are_made_of(model: Model) -> None:
    predictor = OnnxPredictor(model, None)
    seen = observations("mouth+eyes")[0]

    def blink(closure: float) -> float:
        seen.observed[[ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]] = closure
        predictor.reset()
        return float(predictor.predict(seen, 0.0).events[EVENTS.index("blink")])

    assert blink(0.0) < 0.01
    assert blink(0.3) == pytest.approx(0.5, abs=0.01)
    assert blink(1.0) > 0.99


def test_a_frame_without_sensors_gives_rest(model: Model) -> None:
    predictor = OnnxPredictor(model, None)
    predictor.reset()
    seen = Features(None).observe(SensorFrame(time_ns=0))
    assert not predictor.predict(seen, 0.0).faces[MEDIAN].any()
