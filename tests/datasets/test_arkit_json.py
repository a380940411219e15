from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unvisor.datasets import arkit_json
from unvisor.datasets.take import Take
from unvisor.headset.errors import RecordingError
from unvisor.headset.names import ARKIT, ARKIT_INDEX


def written(folder: Path, content: Any) -> Path:
    path = folder / "take.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def read(folder: Path, content: Any) -> Take:
    return arkit_json.read(written(folder, content))


def table(*frames: dict[str, Any], names: tuple[str, ...] = ("jawOpen", "eyeBlink_L")) -> Any:
    return {"names": list(names), "frames": list(frames)}


def test_a_table_of_frames(tmp_path: Path) -> None:
    take = read(
        tmp_path,
        table(
            {"weights": [0.25, 1.08], "time": 0.0, "rotation": []},
            {"weights": [0.5, None], "time": 0.016667},
        ),
    )
    np.testing.assert_array_equal(take.truth.time_ns, [0, 16_667_000])
    seen = take.truth.arkit[:, [ARKIT_INDEX["jawOpen"], ARKIT_INDEX["eyeBlinkLeft"]]]
    np.testing.assert_array_equal(seen, [[0.25, 1.08], [0.5, np.nan]])
    assert np.isnan(take.truth.arkit).sum() == 2 * 50 + 1


@pytest.mark.parametrize("key", ["time", "timestamp"])
@pytest.mark.parametrize("shapes", ["blendShapes", "blendshapes"])
def test_a_list_of_named_shapes(tmp_path: Path, key: str, shapes: str) -> None:
    take = read(
        tmp_path,
        [
            {key: 5, shapes: {"jawOpen": 0.5, "_neutral": 0.9}},
            {key: 5.5, shapes: {"mouthSmile_R": 0.25}},
        ],
    )
    np.testing.assert_array_equal(take.truth.time_ns, [5_000_000_000, 5_500_000_000])
    assert take.truth.arkit[0, ARKIT_INDEX["jawOpen"]] == 0.5
    assert take.truth.arkit[1, ARKIT_INDEX["mouthSmileRight"]] == 0.25
    assert np.isfinite(take.truth.arkit).sum() == 2


def short_sides(name: str) -> str:
    return re.sub("(Left|Right)$", lambda side: f"_{side[0][0]}", name)


def snake(name: str) -> str:
    return re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", name)


def pascal(name: str) -> str:
    return name[0].upper() + name[1:]


@pytest.mark.parametrize("spelt", [str, pascal, str.lower, str.upper, short_sides, snake])
def test_spellings_of_a_name(tmp_path: Path, spelt: Callable[[str], str]) -> None:
    names = tuple(spelt(name) for name in ARKIT)
    weights = [i / 100 for i in range(52)]
    take = read(tmp_path, table({"weights": weights, "time": 1}, names=names))
    np.testing.assert_array_equal(take.truth.arkit[0], weights)


def test_frames_without_a_face_are_omitted(tmp_path: Path) -> None:
    take = read(
        tmp_path,
        table({"weights": [], "time": 0}, {"weights": [0.1, 0.2], "time": 1}),
    )
    assert take.omitted == 1
    np.testing.assert_array_equal(take.truth.time_ns, [1_000_000_000])


WRONG: list[tuple[Any, str]] = [
    ("", "is empty"),
    ("{", "truncated"),
    ("[" * 100_000, "Expected `object`"),
    ('[{"x":' + "[" * 100_000, "recursion"),
    ('{"frames": []}', "missing required field `names`"),
    (table(), "has no frames"),
    ("[]", "has no frames"),
    (table({"weights": [0.1], "time": 0}), "frame 0: 1 weights for 2 names"),
    (table({"weights": [0.1, "x"], "time": 0}), r"weights.*\[1\]|weights\[\.\.\.\]"),
    ('{"names": ["jawOpen"], "frames": [{"weights": [NaN], "time": 0}]}', "malformed"),
    (table({"weights": [0.1, 55], "time": 0}), "frame 0, channel eyeBlinkLeft: 55 is no weight"),
    (table({"weights": [-0.1, 0], "time": 0}), "frame 0, channel jawOpen: -0.1 is no weight"),
    (table({"weights": [0, 0]}), "frame 0: no time"),
    (table({"weights": [0, 0], "time": -1}), "frame 0: time -1 s"),
    (table({"weights": [0, 0], "time": 1e12}), r"frame 0: time 1e\+12 s"),
    (table(*[{"weights": [0, 0], "time": 3}] * 2), "frame 1: not later"),
    (table({"weights": [0], "time": 0}, names=("jawOpn",)), "channel 'jawOpn' is not one of"),
    (table({"weights": [0, 0], "time": 0}, names=("jawOpen", "JAW_OPEN")), "named twice"),
    ([{"time": 0}], "frame 0: no blendShapes"),
    ([{"time": 0, "blendShapes": {}}], "no frame has weights"),
    ([{"time": 0, "blendShapes": {"jawOpen": "x"}}], "Expected `float"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "says"), WRONG)
def test_what_is_wrong_is_named(tmp_path: Path, content: Any, says: str) -> None:
    with pytest.raises(RecordingError, match=rf"take\.json: .*({says})"):
        read(tmp_path, content)


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "latin.json"
    path.write_bytes(b'[{"time": 0, "blendShapes": {"\xe9": 1}}]')
    with pytest.raises(RecordingError, match=r"latin\.json"):
        arkit_json.read(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.data())
def test_damage_is_refused_or_harmless(tmp_path: Path, data: st.DataObject) -> None:
    whole = json.dumps(table(*({"weights": [0.1, 0.2], "time": t} for t in range(4))))
    content = bytearray(whole.encode())
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.json"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        truth = arkit_json.read(path).truth
    except RecordingError as refused:
        said = str(refused)
    else:
        said = path.name
        assert (np.diff(truth.time_ns) > 0).all()
    assert path.name in said
