from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unvisor.calibration.fitting.sides import unmix

LEAK = np.array([[0.8, 0.2], [0.1, 0.7]])


def test_a_leak_is_undone_and_each_side_keeps_its_own_answer() -> None:
    matrix, told = unmix("cheeks", LEAK[:, 0], LEAK[:, 1])
    assert told.accepted
    np.testing.assert_allclose(matrix @ LEAK, [[0.8, 0.0], [0.0, 0.7]], atol=1e-12)


def test_what_both_sides_do_together_stays_as_it_is() -> None:
    both = LEAK @ np.array([0.5, 0.5])
    matrix, told = unmix("cheeks", LEAK[:, 0], LEAK[:, 1], both)
    assert told.accepted
    np.testing.assert_allclose(matrix @ both, both)


REFUSED = {
    "not seen": ([0.1, 0.0], [0.0, 0.7], "own side"),
    "never tracked": ([np.nan, np.nan], [0.0, 0.7], "not seen"),
    "swapped": ([0.3, 0.8], [0.8, 0.3], "swapped"),
    "no leak": ([0.8, 0.01], [0.0, 0.7], "do not leak"),
    "told apart by nothing": ([0.8, 0.75], [0.75, 0.8], "cannot be told apart"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_tells_nothing_is_refused(case: str) -> None:
    left, right, words = REFUSED[case]
    matrix, told = unmix("cheeks", np.array(left), np.array(right))
    assert not told.accepted
    assert words in told.reason
    np.testing.assert_array_equal(matrix, np.eye(2))


def test_a_lid_that_did_move_is_no_leak() -> None:
    """One lid shuts wholly and the other a little: people do; a leak would take from the one."""
    together = np.ones(2)
    matrix, told = unmix(
        "winks", np.array([1.0, 0.4]), np.array([0.4, 1.0]), together, adds_up=True
    )
    assert told.reason == "the other side moved too"
    np.testing.assert_array_equal(matrix, np.eye(2))
    _, leak = unmix("winks", np.array([0.7, 0.3]), np.array([0.3, 0.7]), together, adds_up=True)
    assert leak.accepted


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=6, max_size=6))
def test_no_numbers_give_a_wild_matrix(numbers: list[float]) -> None:
    left, right, both = np.reshape(numbers, (3, 2))
    with np.errstate(all="ignore"):
        matrix, _ = unmix("cheeks", left, right, both)
    assert np.isfinite(matrix).all()
    assert np.linalg.cond(matrix) < 10.0
