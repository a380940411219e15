from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Self

import numpy as np
import pytest

from unvisor.calibration.fit import fit
from unvisor.datasets.performance import performance
from unvisor.datasets.recorder import Recorder
from unvisor.datasets.recording import Recording
from unvisor.datasets.simulate import simulate
from unvisor.datasets.store import load
from unvisor.headset.errors import SensorError
from unvisor.headset.frame import Face, Health, SensorFrame, WornSample
from unvisor.headset.permit import Basis
from unvisor.headset.rig import RIGS
from unvisor.reconstruct import pipeline
from unvisor.reconstruct.models import reconstructor
from unvisor.reconstruct.offline import track


class Open:
    """Counts how often it was entered and left."""

    entered = left = 0

    def __enter__(self) -> Self:
        self.entered += 1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self.left += 1


class Frames(Open):
    """Frames from a list, a source of the tests' own."""

    def __init__(self, frames: Sequence[SensorFrame], fails: bool = False) -> None:
        self._frames, self._fails = frames, fails

    def frames(self) -> Iterator[SensorFrame]:
        yield from self._frames
        if self._fails:
            raise SensorError("a sensor: gone: plug it in")


class Kept(Open):
    """Keeps faces."""

    def __init__(self) -> None:
        self.faces: list[Face] = []

    def put(self, frame: SensorFrame, face: Face) -> None:
        assert frame.time_ns == face.time_ns
        self.faces.append(face)

    def health(self) -> Health:
        return Health(state="live")


class Given:
    """A permit of the tests' own performance."""

    basis = Basis(kind="generated", text="a test's own")

    def refusal(self, destination: str) -> str | None:
        return None


@pytest.fixture(scope="module")
def recording() -> Recording:
    return simulate(performance(), RIGS["mouth+eyes"], seed=3)


def test_every_frame_reaches_every_sink_and_all_are_closed(recording: Recording) -> None:
    frames = list(recording.frames(30.0))
    source, sinks = Frames(frames), [Kept(), Kept()]
    counts = pipeline.run(source, reconstructor("rules", None), sinks)
    assert counts.frames == len(frames)
    assert counts.duration_ns == frames[-1].time_ns - frames[0].time_ns
    assert [len(sink.faces) for sink in sinks] == [len(frames)] * 2
    assert all((part.entered, part.left) == (1, 1) for part in (source, *sinks))


def test_sinks_are_closed_when_a_source_fails(recording: Recording) -> None:
    source, sink = Frames(list(recording.frames(30.0))[:5], fails=True), Kept()
    with pytest.raises(SensorError):
        pipeline.run(source, reconstructor("rules", None), [sink])
    assert (source.left, sink.left, len(sink.faces)) == (1, 1, 5)


def test_it_ends_at_an_instant_and_when_asked(recording: Recording) -> None:
    frames = list(recording.frames(30.0))
    sink = Kept()
    pipeline.run(Frames(frames), reconstructor("rules", None), [sink], until_ns=frames[10].time_ns)
    assert len(sink.faces) == 10
    stop = Event()
    stop.set()
    counts = pipeline.run(Frames(frames), reconstructor("rules", None), [sink], stop=stop)
    assert counts.frames == 0


def test_after_a_hole_the_past_is_forgotten(recording: Recording) -> None:
    frames = list(recording.frames(30.0))
    moving = max(frames, key=lambda f: float(np.nanmax(f.faces[0].weights)) if f.faces else 0.0)
    later = SensorFrame(time_ns=moving.time_ns + 3_000_000_000)
    sink = Kept()
    pipeline.run(Frames([moving, later]), reconstructor("rules", None), [sink])
    assert np.nanmax(np.abs(sink.faces[0].weights)) > 0.2
    assert not np.nan_to_num(sink.faces[1].weights).any()


def test_when_the_headset_goes_on_again_the_past_is_forgotten(recording: Recording) -> None:
    frames = list(recording.frames(30.0))
    moving = max(frames, key=lambda f: float(np.nanmax(f.faces[0].weights)) if f.faces else 0.0)

    def shown(*worn: bool | None) -> float:
        """The largest weight once no sensor says anything, after these reports of being worn."""
        later = [
            SensorFrame(
                time_ns=moving.time_ns + i * 10_000_000,
                worn=None
                if on is None
                else WornSample(time_ns=moving.time_ns, received_ns=moving.time_ns, worn=on),
            )
            for i, on in enumerate(worn, 1)
        ]
        sink = Kept()
        pipeline.run(Frames([moving, *later]), reconstructor("rules", None), [sink])
        assert track([moving, *later], reconstructor("rules", None)).arkit.shape[0] == len(
            sink.faces
        )
        return float(np.nanmax(np.abs(sink.faces[-1].weights)))

    assert shown(None, None) > 0.1
    assert shown(False, None) > 0.1
    assert shown(False, True) == 0.0
    assert shown(False, None, True) == 0.0


@pytest.mark.parametrize("model", ["robust", "rules"])
def test_live_stored_and_replayed_are_equal_to_the_bit(
    recording: Recording, tmp_path: Path, model: str
) -> None:
    profile = fit(recording.first(8.0).frames())
    path = tmp_path / "take.h5"
    frames = list(recording.frames(60.0))
    sink = Kept()
    recorder = Recorder(path, about=recording.about, permit=Given(), queue=len(frames) + 1)
    pipeline.run(Frames(frames), reconstructor(model, profile), [sink, recorder])
    stored = load(path)
    live = np.array([face.weights for face in sink.faces])
    offline = track(recording.frames(60.0), reconstructor(model, profile))
    np.testing.assert_array_equal(offline.unified, live)
    assert stored.face is not None
    np.testing.assert_array_equal(stored.face.unified, live)
    for name, stream in recording.streams.items():
        kept = stored.streams[name]
        used = np.isin(stream.time_ns, kept.time_ns)
        np.testing.assert_array_equal(kept.time_ns, stream.time_ns[used])
        np.testing.assert_array_equal(kept.received_ns, stream.received_ns[used])
