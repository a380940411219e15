from __future__ import annotations

import numpy as np
import pytest

from unvisor.datasets.streams import Truth
from unvisor.datasets.take import Take, counted, joined
from unvisor.headset.errors import RecordingError


def take(file: str, *times_s: float, head: bool = False) -> Take:
    time_ns = np.round(np.array(times_s) * 1e9).astype(np.int64)
    arkit = np.arange(len(times_s) * 52, dtype=np.float64).reshape(-1, 52) / 1e3
    head_rad = np.full((len(times_s), 3), 0.1) if head else None
    return Take(file=file, tracker="", truth=Truth(time_ns=time_ns, arkit=arkit, head_rad=head_rad))


def test_takes_are_put_in_order_and_their_pause_stays() -> None:
    later, earlier = take("b", 100.0, 100.1, 100.2), take("a", 0.0, 0.1)
    truth = joined([later, earlier])
    np.testing.assert_array_equal(truth.time_ns, [0, 1e8, 100e9, 100.1e9, 100.2e9])
    np.testing.assert_array_equal(truth.arkit[2:], later.truth.arkit)
    counts = counted([later, earlier], truth)
    assert (counts.files, counts.rows, counts.gaps) == (2, 5, 1)
    assert counts.rate_hz == pytest.approx(10.0)
    assert counts.minutes == pytest.approx(0.3 / 60)


def test_takes_of_the_same_time_are_refused_by_name() -> None:
    with pytest.raises(RecordingError, match=r"b: covers the same time as a.*: import each"):
        joined([take("a", 0.0, 1.0), take("b", 1.0, 2.0)])


def test_a_head_only_one_take_has_is_missing_in_the_other() -> None:
    head_rad = joined([take("a", 0.0), take("b", 1.0, head=True)]).head_rad
    np.testing.assert_array_equal(head_rad, [[np.nan] * 3, [0.1] * 3])
    assert joined([take("a", 0.0), take("b", 1.0)]).head_rad is None


def test_one_row_has_no_rate() -> None:
    only = take("a", 1.0)
    counts = counted([only], only.truth)
    assert np.isnan(counts.rate_hz)
    assert counts.minutes == 0.0
