from __future__ import annotations

import json
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import default_rng

from unvisor.datasets.importers import import_files
from unvisor.datasets.performance import performance
from unvisor.datasets.recording import Recording
from unvisor.datasets.simulate import Noise, simulate
from unvisor.datasets.streams import (
    About,
    AudioStream,
    EyesStream,
    FaceStream,
    Floats,
    HeadStream,
    Stream,
    Truth,
)
from unvisor.headset.errors import RecordingError
from unvisor.headset.expressions import arkit_from_unified, gaze_from_arkit
from unvisor.headset.names import ARKIT, ARKIT_INDEX, MOUTH_28
from unvisor.headset.rig import RIGS

BOTH = RIGS["mouth+eyes"]
NOISES: tuple[Noise, ...] = ("none", "model")


def recorded(arkit: Floats, *, rate_hz: float = 60.0, **truth: Floats) -> Recording:
    time_ns = 1_000_000_000 + np.round(np.arange(len(arkit)) * 1e9 / rate_hz).astype(np.int64)
    return Recording(
        about=About(person="p", source="s"), truth=Truth(time_ns=time_ns, arkit=arkit, **truth)
    )


def truth_of(recording: Recording) -> Truth:
    assert recording.truth is not None
    return recording.truth


def mouth_of(recording: Recording) -> FaceStream:
    stream = recording.streams["mouth"]
    assert isinstance(stream, FaceStream)
    return stream


def eyes_of(recording: Recording) -> EyesStream:
    stream = recording.streams["eyes"]
    assert isinstance(stream, EyesStream)
    return stream


def exact(stream: Stream) -> tuple[object, ...]:
    """Every array of a stream as bytes: equal only to the bit, NaN and all."""
    return tuple(
        part.tobytes() if isinstance(part, np.ndarray) else part for part in astuple(stream)
    )


def same(one: Recording, other: Recording) -> bool:
    return {k: exact(v) for k, v in one.streams.items()} == {
        k: exact(v) for k, v in other.streams.items()
    }


# --- without noise ------------------------------------------------------------------------------


def back(recording: Recording) -> Floats:
    mouth, eyes = mouth_of(recording), eyes_of(recording)
    return arkit_from_unified(mouth.weights, eyes.gaze, eyes.openness)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_without_noise_what_is_observed_comes_back(seed: int) -> None:
    arkit = default_rng(seed).uniform(0.0, 1.08, (5, 52))
    for side in ("Left", "Right"):  # an eye cannot look both ways
        for one, other in (("In", "Out"), ("Up", "Down")):
            a, b = ARKIT_INDEX[f"eyeLook{one}{side}"], ARKIT_INDEX[f"eyeLook{other}{side}"]
            first = arkit[:, a] < arkit[:, b]
            arkit[first, a], arkit[~first, b] = 0.0, 0.0
    seen = back(simulate(recorded(arkit), BOTH, noise="none"))
    observed = [ARKIT_INDEX[name] for name in BOTH.observed]
    hidden = [ARKIT_INDEX[name] for name in BOTH.hidden]
    np.testing.assert_allclose(seen[:, observed], arkit[:, observed], rtol=0, atol=1e-6)
    assert np.isnan(seen[:, hidden]).all()


def test_of_opposing_looks_the_difference_of_the_angles_is_seen() -> None:
    arkit = np.zeros((1, 52))
    arkit[0, ARKIT_INDEX["eyeLookInLeft"]] = 0.5
    arkit[0, ARKIT_INDEX["eyeLookOutLeft"]] = 0.1
    seen = back(simulate(recorded(arkit), BOTH, noise="none"))[0]
    assert seen[ARKIT_INDEX["eyeLookInLeft"]] == pytest.approx(0.5 - 0.1 * 0.73 / 0.43)
    assert seen[ARKIT_INDEX["eyeLookOutLeft"]] == 0.0


def test_without_noise_samples_have_the_truths_times_and_arrive_at_once() -> None:
    source = performance()
    made = simulate(source, BOTH, noise="none")
    for stream in made.streams.values():
        np.testing.assert_array_equal(stream.time_ns, truth_of(source).time_ns)
        np.testing.assert_array_equal(stream.received_ns, stream.time_ns)


@pytest.mark.shared
def test_a_real_capture_comes_back_without_noise(shared: Path) -> None:
    path = shared / "data" / "live_link_face" / "alexdjulin" / "csv" / "facial.csv"
    source, _ = import_files("live-link-face", [path], person="facial")
    arkit = truth_of(source).arkit
    seen = back(simulate(source, BOTH, noise="none"))
    looks = [ARKIT_INDEX[name] for name in ARKIT if name.startswith("eyeLook")]
    rest = [ARKIT_INDEX[name] for name in BOTH.observed if not name.startswith("eyeLook")]
    np.testing.assert_allclose(seen[:, rest], arkit[:, rest], rtol=0, atol=1e-6)
    # Gaze, unlike its two halves, comes back whatever the capture says of opposing looks.
    again = seen.copy()
    again[:, rest] = 0.0
    assert np.isfinite(again[:, looks]).all()
    np.testing.assert_allclose(gaze_from_arkit(again), gaze_from_arkit(arkit), rtol=0, atol=1e-6)


# --- rigs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("rig", RIGS)
def test_a_rig_has_its_streams_and_no_other(rig: str, noise: Noise) -> None:
    made = simulate(performance(), RIGS[rig], noise=noise)
    has = {"mouth": RIGS[rig].mouth, "eyes": RIGS[rig].eyes, "head": RIGS[rig].audio}
    assert set(made.streams) == {name for name in has if has[name]}
    assert made.about.rig == rig


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("rig", RIGS)
def test_no_other_truth_is_read(rig: str, noise: Noise) -> None:
    source = performance()
    truth = truth_of(source)
    hidden = [ARKIT_INDEX[name] for name in RIGS[rig].hidden]
    made = simulate(source, RIGS[rig], seed=3, noise=noise)
    noisy = default_rng(0).uniform(-5.0, 5.0, (truth.time_ns.size, len(hidden)))
    for poison in (np.nan, noisy):
        arkit = truth.arkit.copy()
        arkit[:, hidden] = poison
        poisoned = Recording(
            about=source.about,
            truth=replace(truth, arkit=arkit, head_rad=truth.head_rad if RIGS[rig].audio else None),
        )
        assert same(made, simulate(poisoned, RIGS[rig], seed=3, noise=noise))


def test_sound_passes_through_where_the_rig_hears_and_other_streams_do_not() -> None:
    source = performance()
    time_ns = np.arange(10, dtype=np.int64) * 20_000_000
    sound = AudioStream(
        time_ns=time_ns,
        received_ns=time_ns,
        samples=default_rng(0).standard_normal((10, 320)).astype(np.float32),
        sample_rate_hz=16_000,
    )
    seen = simulate(source, BOTH, noise="none").streams
    mixed = Recording(about=source.about, truth=truth_of(source), streams={"mic": sound, **seen})
    heard = simulate(mixed, RIGS["audio"])
    assert set(heard.streams) == {"head", "audio"}
    assert exact(heard.streams["audio"]) == exact(sound)
    assert set(simulate(mixed, RIGS["mouth"]).streams) == {"mouth"}


def test_the_mouth_is_the_same_with_eyes_or_without() -> None:
    alone, both = (simulate(performance(), RIGS[rig]) for rig in ("mouth", "mouth+eyes"))
    assert exact(alone.streams["mouth"]) == exact(both.streams["mouth"])


def test_head_turns_are_poses_in_openxr_axes() -> None:
    quarter = np.pi / 2
    turns = np.array(
        [[quarter, 0, 0], [0, quarter, 0], [0, 0, quarter], [np.nan, 0, 0], [0.3, -0.2, 0.1]]
    )
    made = simulate(recorded(np.zeros((5, 52)), head_rad=turns), RIGS["audio"])
    head = made.streams["head"]
    assert isinstance(head, HeadStream)
    assert head.time_ns.size == 4  # the pose that is missing leaves a hole
    from scipy.spatial.transform import Rotation

    pose = Rotation.from_quat(head.orientation_xyzw)
    forward = pose.apply([0.0, 0.0, -1.0])
    np.testing.assert_allclose(forward[0], [1, 0, 0], atol=1e-12)  # yaw: to the right
    np.testing.assert_allclose(forward[1], [0, -1, 0], atol=1e-12)  # pitch: down
    np.testing.assert_allclose(pose.apply([1.0, 0, 0])[2], [0, -1, 0], atol=1e-12)  # right ear down
    expected = Rotation.from_euler("YXZ", [-0.3, 0.2, -0.1])
    assert (pose[3].inv() * expected).magnitude() < 1e-9
    np.testing.assert_array_equal(head.position_m, 0.0)


# --- with noise ---------------------------------------------------------------------------------


def test_the_seed_and_the_person_decide() -> None:
    source = performance()
    other = Recording(about=replace(source.about, person="another"), truth=truth_of(source))
    made = simulate(source, BOTH, seed=5)
    assert same(made, simulate(source, BOTH, seed=5))
    assert made.about.notes == simulate(source, BOTH, seed=5).about.notes
    assert not same(made, simulate(source, BOTH, seed=6))
    assert not same(made, simulate(other, BOTH, seed=5))


def test_what_is_drawn_is_written_down_and_independent_of_length() -> None:
    source = performance()
    short = source.first(3.0)
    whole, part = (
        json.loads(simulate(r, BOTH, seed=2).about.notes["simulation"]) for r in (source, short)
    )
    assert whole == part
    assert (whole["seed"], whole["noise"], whole["rig"]) == (2, "model", "mouth+eyes")
    assert len(whole["mouth"]["gain"]) == len(MOUTH_28)
    assert {"bias_deg", "gain", "delay_s"} <= whole["gaze"].keys()
    assert {"gain", "floor", "sd"} == whole["lids"].keys()


def test_samples_arrive_late_in_order_and_at_their_trackers_rate() -> None:
    for seed in range(10):
        made = simulate(performance(), BOTH, seed=seed)
        drawn = json.loads(made.about.notes["simulation"])
        for stream, name, rate_hz in (
            (mouth_of(made), "mouth", 60.0), (eyes_of(made), "gaze", 90.0)
        ):  # fmt: skip
            assert (np.diff(stream.time_ns) > 0).all()
            assert (np.diff(stream.received_ns) >= 0).all()
            late_s = (stream.received_ns - stream.time_ns) / 1e9
            assert late_s.min() >= 0.0
            assert np.median(late_s) == pytest.approx(drawn[name]["delay_s"], abs=0.006)
            assert np.median(np.diff(stream.time_ns)) == pytest.approx(1e9 / rate_hz, rel=1e-3)


def long_take(seconds: float) -> Recording:
    count = round(seconds * 60)
    time_s = np.arange(count) / 60
    arkit = np.zeros((count, 52))
    arkit[:, ARKIT_INDEX["jawOpen"]] = 0.4 + 0.4 * np.sin(2 * np.pi * time_s)
    return recorded(arkit)


def test_dropouts_are_holes_and_one_lost_eye_is_missing_alone() -> None:
    holes: list[float] = []
    lost: list[float] = []
    for seed in range(6):
        made = simulate(long_take(300), BOTH, seed=seed)
        mouth, eyes = mouth_of(made), eyes_of(made)
        observed = np.isfinite(mouth.weights).any(axis=0)
        assert np.isfinite(mouth.weights[:, observed]).all()  # never a row of NaN
        steps_s = np.diff(mouth.time_ns) / 1e9
        assert steps_s.max() < 4.0
        holes.append(1.0 - mouth.time_ns.size / (300 * 60))
        none = np.isnan(eyes.openness)
        assert not none.all(axis=1).any()
        np.testing.assert_array_equal(eyes.confidence, np.where(none, 0.0, 1.0))
        assert np.isnan(eyes.gaze[none]).all()
        lost.append(float(none.mean()))
    assert np.mean(holes) == pytest.approx(0.01, abs=0.004)
    assert np.mean(lost) == pytest.approx(0.01, abs=0.004)


def test_a_hole_in_the_capture_is_a_hole_to_every_sensor() -> None:
    whole = truth_of(long_take(10))
    kept = (whole.time_ns < 4_000_000_000) | (whole.time_ns > 7_000_000_000)
    cut = Recording(
        about=About(), truth=Truth(time_ns=whole.time_ns[kept], arkit=whole.arkit[kept])
    )
    for noise in NOISES:
        for stream in simulate(cut, BOTH, noise=noise).streams.values():
            inside = (stream.time_ns > 4_000_000_000) & (stream.time_ns < 7_000_000_000)
            assert not inside.any()


def test_a_blink_hides_the_gaze_but_not_itself() -> None:
    source = performance()
    made = eyes_of(simulate(source, RIGS["eyes"], seed=1))
    shut = made.openness < 0.2
    assert shut.sum() > 50
    assert np.isnan(made.gaze[shut]).all(axis=-1).mean() > 0.9
    assert np.isfinite(made.gaze[(made.openness > 0.9)]).all(axis=-1).mean() > 0.8


@pytest.mark.parametrize("channel", ["jawOpen", "mouthSmileLeft"])
def test_a_noisy_mouth_still_follows_the_face(channel: str) -> None:
    source = performance()
    truth = truth_of(source)
    for seed in range(5):
        mouth = mouth_of(simulate(source, RIGS["mouth"], seed=seed))
        nothing = np.full((mouth.time_ns.size, 2, 3), np.nan)
        seen = arkit_from_unified(mouth.weights, nothing, nothing[..., 0])[:, ARKIT_INDEX[channel]]
        true = np.interp(mouth.time_ns, truth.time_ns, truth.arkit[:, ARKIT_INDEX[channel]])
        assert np.corrcoef(seen, true)[0, 1] > 0.85


def test_channels_not_captured_stay_missing() -> None:
    arkit = np.full((120, 52), 0.2)
    arkit[:, ARKIT_INDEX["tongueOut"]] = np.nan
    arkit[:, ARKIT_INDEX["eyeLookUpLeft"]] = np.nan
    for noise in NOISES:
        made = simulate(recorded(arkit), BOTH, noise=noise)
        assert np.isnan(eyes_of(made).gaze[:, 0]).all()
        assert np.isfinite(eyes_of(made).gaze[:, 1]).any()
        assert np.isfinite(mouth_of(made).weights).any()


@pytest.mark.parametrize("noise", NOISES)
def test_a_single_face_is_enough(noise: Noise) -> None:
    made = simulate(recorded(np.zeros((1, 52))), BOTH, noise=noise)
    assert all(stream.time_ns.size <= 1 for stream in made.streams.values())


def test_what_cannot_be_simulated_is_refused() -> None:
    with pytest.raises(RecordingError, match=r"performance: has no truth.*: import"):
        simulate(performance().without_truth(), BOTH)
    times = np.array([0, 3 * 86_400 * 10**9])
    years = Recording(about=About(), truth=Truth(time_ns=times, arkit=np.zeros((2, 52))))
    with pytest.raises(RecordingError, match="over two days"):
        simulate(years, BOTH)
