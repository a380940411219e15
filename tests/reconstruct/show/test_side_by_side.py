from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from unvisor.datasets.performance import performance
from unvisor.datasets.simulate import simulate
from unvisor.headset.errors import HeadsetError, RecordingError
from unvisor.headset.names import ARKIT_INDEX
from unvisor.headset.rig import RIGS
from unvisor.reconstruct.judge.worst import Worst
from unvisor.reconstruct.show.showcase import FPS
from unvisor.reconstruct.show.side_by_side import Scene, film, scenes

from ..faces import sensed

WORST = Worst(
    rig="mouth+eyes", track="robust", person="person-1", take="take-1", start_s=28.0, length_s=10.0,
    mae=0.2, rest_mae=0.1, usual_mae=0.05,
)  # fmt: skip


def test_the_worst_is_shown_and_something_else_before_it() -> None:
    lively, worst = scenes(sensed(), WORST, "robust", calibration_s=10.0)
    assert worst.worst
    assert not lively.worst
    assert [len(scene.time_s) / FPS for scene in (lively, worst)] == pytest.approx(
        [10, 10], abs=0.1
    )
    assert "error 0.200, rest 0.100" in worst.caption
    assert "person-1" in lively.caption
    true, mine, rules = worst.faces
    jaw, brow = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["browInnerUp"]
    np.testing.assert_allclose(true[:, jaw], mine[:, jaw], atol=0.02)  # sensed: passes through
    assert np.abs(true[:, brow] - mine[:, brow]).max() > 0.1  # follows nothing that is sensed
    assert np.abs(mine - rules).max() > 0.1
    assert (worst.low <= worst.high).all()


def test_a_short_take_shows_the_worst_alone() -> None:
    all_of_it = replace(WORST, start_s=11.0, length_s=9.0)
    (only,) = scenes(sensed(seconds=21.0), all_of_it, "robust", calibration_s=10.0)
    assert only.worst
    with pytest.raises(RecordingError, match="no truth"):
        scenes(sensed(seconds=21.0).without_truth(), WORST, "robust", calibration_s=10.0)


@pytest.mark.gl
def test_the_film_holds_every_scene_and_marks_the_worst(tmp_path: Path) -> None:
    recording = simulate(performance(), RIGS["mouth+eyes"])
    early = replace(WORST, start_s=9.0, length_s=2.0)
    lively, worst = scenes(recording, early, "robust", calibration_s=8.0)
    short = [_cut(lively, 3), _cut(worst, 3)]
    told: list[str] = []
    try:
        path = film(short, tmp_path / "new", "take", told.append)
    except HeadsetError as error:
        pytest.skip(str(error))
    assert told == ["the liveliest"] * 3 + ["the worst"] * 3
    with av.open(str(path)) as shown:
        assert sum(1 for _ in shown.decode(video=0)) == 6
    plain = np.asarray(Image.open(tmp_path / "new" / "take-scene-1.png")).astype(int)
    marked = np.asarray(Image.open(tmp_path / "new" / "take-worst.png")).astype(int)
    assert marked[0, 640, 0] - marked[0, 640, 1] > 100  # framed in red
    assert abs(plain[0, 640, 0] - plain[0, 640, 1]) < 20
    thirds = [plain[60:480, x : x + 400] for x in (20, 440, 860)]
    assert all(third.std() > 20 for third in thirds)


def _cut(scene: Scene, frames: int) -> Scene:
    return Scene(
        time_s=scene.time_s[:frames],
        faces=tuple(face[:frames] for face in scene.faces),
        gazes=tuple(gaze[:frames] for gaze in scene.gazes),
        low=scene.low[:frames],
        high=scene.high[:frames],
        caption=scene.caption,
        worst=scene.worst,
    )
