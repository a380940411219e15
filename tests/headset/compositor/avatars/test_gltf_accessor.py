from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unvisor.headset.compositor.avatars.gltf_accessor import Accessors
from unvisor.headset.compositor.avatars.gltf_container import Container
from unvisor.headset.errors import HeadsetError

from .gltf_made import Made


def opened(made: Made, folder: Path) -> Accessors:
    return Accessors(Container(made.save(folder)))


def test_numbers_come_as_they_are_and_normalised_where_said(tmp_path: Path) -> None:
    made = Made()
    values = [[-128, 0, 127], [1, 2, 3]]
    plain, scaled = made.accessor(values, "i1"), made.accessor(values, "i1", normalized=True)
    unsigned = made.accessor([[0, 65535]], "u2", normalized=True)
    real = made.accessor([[0.5, -2.0, 1e-9]])
    found = opened(made, tmp_path)
    np.testing.assert_array_equal(found.floats(plain, "VEC3"), values)
    # Source: glTF 2.0, 3.11: f = max(c / 127, -1).
    np.testing.assert_allclose(found.floats(scaled, "VEC3")[0], [-1.0, 0.0, 1.0])
    np.testing.assert_allclose(found.floats(unsigned, "VEC2"), [[0.0, 1.0]])
    np.testing.assert_array_equal(
        found.floats(real, "VEC3"), np.array([[0.5, -2.0, 1e-9]], np.float32)
    )


def test_interleaved_arrays_are_taken_apart(tmp_path: Path) -> None:
    made = Made()
    rows = np.arange(12, dtype="<f4").reshape(3, 4)
    view = made.view(rows.tobytes(), byteStride=16)
    for offset, kind in ((0, "VEC3"), (12, "SCALAR")):
        made.tree["accessors"].append(
            {
                "bufferView": view,
                "byteOffset": offset,
                "componentType": 5126,
                "count": 3,
                "type": kind,
            }
        )
    found = opened(made, tmp_path)
    np.testing.assert_array_equal(found.floats(0, "VEC3"), rows[:, :3])
    np.testing.assert_array_equal(found.floats(1, "SCALAR"), rows[:, 3:])


def test_sparse_arrays_stand_on_zeros_or_on_another(tmp_path: Path) -> None:
    made = Made()
    alone = made.sparse(5, [1, 4], [[1, 2, 3], [4, 5, 6]])
    over = made.accessor(np.ones((5, 3)))
    made.tree["accessors"][over]["sparse"] = made.tree["accessors"][alone]["sparse"]
    found = opened(made, tmp_path)
    expected = np.zeros((5, 3))
    expected[[1, 4]] = [[1, 2, 3], [4, 5, 6]]
    np.testing.assert_array_equal(found.floats(alone, "VEC3"), expected)
    np.testing.assert_array_equal(
        found.floats(over, "VEC3")[[0, 1, 4]], [[1] * 3, [1, 2, 3], [4, 5, 6]]
    )
    moves = found.moves(alone)
    np.testing.assert_array_equal(moves.index, [1, 4])
    np.testing.assert_array_equal(moves.delta, [[1, 2, 3], [4, 5, 6]])
    assert found.moves(over).index.size == 5


def test_a_dense_target_keeps_what_moves(tmp_path: Path) -> None:
    made = Made()
    delta = np.zeros((6, 3))
    delta[2, 1] = 0.25
    number = made.accessor(delta)
    moves = opened(made, tmp_path).moves(number)
    np.testing.assert_array_equal(moves.index, [2])
    np.testing.assert_array_equal(moves.delta, [[0.0, 0.25, 0.0]])


def test_colours_have_alpha_whether_given_or_not(tmp_path: Path) -> None:
    made = Made()
    opaque = made.accessor([[255, 0, 51]], "u1", normalized=True)
    clear = made.accessor([[1, 1, 1, 0.5]])
    found = opened(made, tmp_path)
    np.testing.assert_allclose(found.colours(opaque), [[1.0, 0.0, 0.2, 1.0]], atol=1e-6)
    np.testing.assert_allclose(found.colours(clear), [[1.0, 1.0, 1.0, 0.5]])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"byteOffset": 8}, "beyond its view"),
        ({"count": 3}, "beyond its view"),
        ({"bufferView": 9}, "does not exist"),
        ({"componentType": 5124}, "component type"),
        ({"type": "VEC2"}, "VEC2, not VEC3"),
        ({"type": "MAT3"}, "MAT3, not VEC3"),
    ],
)
def test_an_accessor_that_promises_too_much_is_refused(
    tmp_path: Path, change: dict[str, object], says: str
) -> None:
    made = Made()
    made.accessor([[1, 2, 3], [4, 5, 6]])
    made.tree["accessors"][0] |= change
    with pytest.raises(HeadsetError, match=says):
        opened(made, tmp_path).floats(0, "VEC3")


@pytest.mark.parametrize("change", [{"byteOffset": 4}, {"byteLength": 10**9}, {"byteStride": 4}])
def test_a_view_beyond_its_buffer_or_of_too_short_a_stride_is_refused(
    tmp_path: Path, change: dict[str, object]
) -> None:
    made = Made()
    made.accessor([[1, 2, 3], [4, 5, 6]])
    made.tree["bufferViews"][0] |= change
    with pytest.raises(HeadsetError, match="beyond its"):
        opened(made, tmp_path).floats(0, "VEC3")


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf, 3e38])
def test_what_is_no_measure_is_refused(tmp_path: Path, number: float) -> None:
    made = Made()
    made.accessor([[1, 2, number]])
    with pytest.raises(HeadsetError, match="no measure"):
        opened(made, tmp_path).floats(0, "VEC3")


@pytest.mark.parametrize("index", [[1, 1], [4, 1], [1, 5]])
def test_sparse_indices_rise_and_stay_within(tmp_path: Path, index: list[int]) -> None:
    made = Made()
    made.sparse(5, index, [[1, 2, 3], [4, 5, 6]])
    with pytest.raises(HeadsetError, match="do not rise"):
        opened(made, tmp_path).moves(0)


def test_indices_are_unsigned(tmp_path: Path) -> None:
    made = Made()
    short, signed = made.accessor([0, 1, 65535], "u2"), made.accessor([0, 1, 2], "i2")
    found = opened(made, tmp_path)
    np.testing.assert_array_equal(found.wholes(short, "SCALAR")[:, 0], [0, 1, 65535])
    with pytest.raises(HeadsetError, match="int16 for indices"):
        found.wholes(signed, "SCALAR")
