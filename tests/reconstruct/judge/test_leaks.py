from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.calibration.fit import fit
from unvisor.datasets.recording import Recording
from unvisor.datasets.simulate import simulate
from unvisor.datasets.streams import About, FaceStream, FaceTrack
from unvisor.headset.errors import RecordingError
from unvisor.headset.expressions import arkit_from_unified
from unvisor.headset.names import ARKIT, ARKIT_INDEX, HIDDEN_14
from unvisor.headset.permit import Basis
from unvisor.headset.rig import RIGS
from unvisor.reconstruct.judge.leaks import Leak, Run, causality, leaks, poison, shuffle, too_good
from unvisor.reconstruct.models import SHIPPED, reconstructor
from unvisor.reconstruct.offline import track

from .tracks import CALIBRATED_NS, as_track, moving

Floats = NDArray[np.float64]
CALIBRATED_S = 10.0
HIDDEN = [ARKIT_INDEX[name] for name in HIDDEN_14]


def wearer(seed: int, rig: str = "mouth+eyes") -> Recording:
    """A person whose cheeks and nose follow the mouth, and whose brows follow nothing."""
    truth = moving(seed)
    arkit = truth.arkit.copy()
    for side in ("Left", "Right"):
        smile = arkit[:, ARKIT_INDEX[f"mouthSmile{side}"]]
        arkit[:, ARKIT_INDEX[f"cheekSquint{side}"]] = 0.8 * smile
        arkit[:, ARKIT_INDEX[f"noseSneer{side}"]] = 0.1 + 0.5 * smile
    person = f"person-{seed}"
    about = About(person=person, basis=Basis(kind="generated", text="a test's own"), source=person)
    capture = Recording(about=about, truth=replace(truth, arkit=arkit))
    return simulate(capture, RIGS[rig], seed=seed, noise="none")


def sensed_mouth(recording: Recording) -> tuple[NDArray[np.int64], Floats]:
    mouth = recording.streams["mouth"]
    assert isinstance(mouth, FaceStream)
    count = len(mouth.time_ns)
    unsensed = np.full((count, 2, 3), np.nan), np.full((count, 2), np.nan)
    arkit = np.nan_to_num(arkit_from_unified(mouth.weights, *unsensed))
    return mouth.time_ns, arkit - np.median(arkit[mouth.time_ns <= CALIBRATED_NS], axis=0)


def honest(recording: Recording) -> FaceTrack:
    """Cheeks and nose from the mouth, each frame by itself."""
    time_ns, arkit = sensed_mouth(recording)
    for side in ("Left", "Right"):
        smile = arkit[:, ARKIT_INDEX[f"mouthSmile{side}"]]
        arkit[:, ARKIT_INDEX[f"cheekSquint{side}"]] = 0.7 * smile
        arkit[:, ARKIT_INDEX[f"noseSneer{side}"]] = 0.4 * smile
    return as_track(time_ns, arkit)


def true_hidden(recording: Recording) -> Floats:
    truth = recording.truth
    assert truth is not None
    rest = np.median(truth.arkit[truth.time_ns <= recording.span_ns[0] + CALIBRATED_NS], axis=0)
    return truth.arkit - rest


def fed_with_truth(recording: Recording) -> FaceTrack:
    """Uses the true brow of the frame before, as a history would."""
    given = honest(recording)
    if recording.truth is None:
        return given
    brow = ARKIT_INDEX["browInnerUp"]
    arkit = given.arkit.copy()
    arkit[1:, brow] = 0.1 * true_hidden(recording)[: len(arkit) - 1, brow]
    return replace(given, arkit=arkit)


def counts_truth(recording: Recording) -> FaceTrack:
    """Behaves otherwise where there is truth, without looking into it."""
    given = honest(recording)
    return given if recording.truth is not None else replace(given, arkit=given.arkit + 1e-12)


def looks_ahead(recording: Recording) -> FaceTrack:
    """Smooths with two frames that have not come yet."""
    given = honest(recording)
    kernel = np.ones(5) / 5
    smooth = np.stack([np.convolve(c, kernel, mode="same") for c in given.arkit.T], axis=1)
    return replace(given, arkit=smooth)


def knows_its_mean(recording: Recording) -> FaceTrack:
    """Centres every channel by its mean over the whole recording."""
    given = honest(recording)
    return replace(given, arkit=given.arkit - given.arkit.mean(axis=0))


def copies_truth(recording: Recording) -> FaceTrack:
    """Returns the truth, a little less of it."""
    given = honest(recording)
    arkit = given.arkit.copy()
    true = true_hidden(recording)
    arkit[:, HIDDEN] = 0.9 * true[: len(arkit)][:, HIDDEN]
    return replace(given, arkit=arkit, arkit_median=arkit)


def never_the_same(recording: Recording) -> FaceTrack:
    rng = np.random.default_rng()
    given = honest(recording)
    return replace(given, arkit=given.arkit + 1e-9 * rng.random(given.arkit.shape))


@pytest.fixture(scope="module")
def wearers() -> list[Recording]:
    return [wearer(seed) for seed in range(4)]


def test_an_honest_reconstruction_passes_every_test(wearers: list[Recording]) -> None:
    outcomes = leaks(honest, wearers, calibrated_s=CALIBRATED_S)
    assert [each for each in outcomes if not each.passed] == []
    assert [each.name for each in outcomes].count("poison") == len(wearers)
    assert {each.name for each in outcomes} == {"poison", "causality", "shuffle", "too good"}


@pytest.mark.parametrize(
    ("run", "says"),
    [
        (fed_with_truth, "replaced by NaN"),
        (copies_truth, "replaced by NaN"),
        (counts_truth, "replaced by nothing"),
        (never_the_same, "not deterministic"),
    ],
)
def test_poison_finds_truth_in_the_output(run: Run, says: str, wearers: list[Recording]) -> None:
    if run is copies_truth:
        run = _where_there_is_truth(run)
    caught = poison(run, wearers[0])
    assert not caught.passed
    assert says in caught.detail


def _where_there_is_truth(run: Run) -> Run:
    return lambda recording: honest(recording) if recording.truth is None else run(recording)


def test_poison_reaches_gaze_that_the_rig_does_not_sense() -> None:
    def reads_gaze(recording: Recording) -> FaceTrack:
        given = honest(recording)
        truth = recording.truth
        if truth is None or truth.eyes_rad is None:
            return given
        return replace(given, arkit=given.arkit + truth.eyes_rad[: len(given.arkit), 0, :1])

    recording = wearer(1, rig="mouth")
    truth = recording.truth
    assert truth is not None
    angles = np.random.default_rng(0).random((len(truth.time_ns), 2, 3))
    with_eyes = Recording(
        about=recording.about,
        streams=recording.streams,
        truth=replace(truth, eyes_rad=angles),
        span_ns=recording.span_ns,
    )
    assert not poison(reads_gaze, with_eyes).passed
    assert poison(honest, with_eyes).passed


@pytest.mark.parametrize("run", [looks_ahead, knows_its_mean])
def test_causality_finds_what_looks_ahead(run: Run, wearers: list[Recording]) -> None:
    caught = causality(run, wearers[0], calibrated_s=CALIBRATED_S)
    assert not caught.passed
    assert "received later" in caught.detail
    assert poison(run, wearers[0]).passed  # which only causality sees


@pytest.mark.parametrize("rig", ["mouth+eyes", "mouth", "mouth+eyes+audio"])
def test_causality_changes_every_stream_of_a_rig(rig: str) -> None:
    def sums(recording: Recording) -> FaceTrack:
        given = honest(recording)
        total = sum(
            float(np.nansum(getattr(stream, field)))
            for stream in recording.streams.values()
            for field in ("weights", "gaze", "openness", "orientation_xyzw", "samples")
            if hasattr(stream, field)
        )
        return replace(given, arkit=given.arkit + total)

    assert not causality(sums, wearer(1, rig=rig), calibrated_s=CALIBRATED_S).passed
    assert causality(honest, wearer(1, rig=rig), calibrated_s=CALIBRATED_S).passed


def test_shuffle_finds_who_knows_the_others_truth(wearers: list[Recording]) -> None:
    caught = shuffle(copies_truth, wearers, calibrated_s=CALIBRATED_S)
    assert not caught.passed
    assert shuffle(honest, wearers, calibrated_s=CALIBRATED_S).passed


def test_shuffle_finds_an_error_too_small_to_be_earned(wearers: list[Recording]) -> None:
    def rests_like_the_others(recording: Recording) -> FaceTrack:
        """Sends each channel's true median: constant, so r says nothing."""
        given = honest(recording)
        true = true_hidden(recording)[:, HIDDEN]
        arkit = given.arkit.copy()
        arkit[:, HIDDEN] = np.median(true[true[:, 0] > 0], axis=0)
        return replace(given, arkit=arkit, arkit_median=arkit)

    caught = shuffle(rests_like_the_others, wearers, calibrated_s=CALIBRATED_S)
    assert not caught.passed


def test_too_good_finds_truth_in_the_score(wearers: list[Recording]) -> None:
    caught = too_good(copies_truth, wearers, calibrated_s=CALIBRATED_S)
    assert not caught.passed
    assert "truth held" in caught.detail


@pytest.mark.parametrize("test", [poison, causality, too_good])
def test_a_recording_that_cannot_tell_is_refused(test: Callable[..., Leak]) -> None:
    recording = wearer(1)
    given = [recording.without_truth()] if test is too_good else recording.without_truth()
    if test is causality:
        with pytest.raises(RecordingError, match="too short"):
            test(honest, given, calibrated_s=39.5)
    else:
        with pytest.raises(RecordingError, match="no truth"):
            test(honest, given)


def test_shuffling_one_person_is_refused_and_left_out_of_all(wearers: list[Recording]) -> None:
    with pytest.raises(RecordingError, match="one person"):
        shuffle(honest, wearers[:1], calibrated_s=CALIBRATED_S)
    outcomes = leaks(honest, wearers[:1], calibrated_s=CALIBRATED_S)
    assert "shuffle" not in {each.name for each in outcomes}


@pytest.mark.parametrize("model", ["neutral", "mean", "rules", *SHIPPED])
def test_our_own_reconstructors_do_not_leak(model: str) -> None:
    def run(recording: Recording) -> FaceTrack:
        profile = fit(recording.first(CALIBRATED_S).frames())
        return track(recording.frames(), reconstructor(model, profile))

    recording = wearer(1).first(16.0)
    assert poison(run, recording).passed
    assert causality(run, recording, calibrated_s=CALIBRATED_S).passed
    assert len(run(recording).arkit[0]) == len(ARKIT)
