from __future__ import annotations

from pathlib import Path

import pytest

from unvisor.calibration.fitting import gaze_study
from unvisor.calibration.fitting.donning_study import donning_study, table
from unvisor.headset.errors import CalibrationError


@pytest.fixture(scope="module")
def found(shared: Path) -> list[gaze_study.Session]:
    folder = shared / "data" / "gaze" / "vive_pro_eye"
    return gaze_study.sessions(sorted(folder.glob("t_*_1.csv")))


@pytest.mark.shared
def test_the_sessions_are_those_of_the_study(found: list[gaze_study.Session]) -> None:
    assert len(found) == 88
    assert (
        len({session.user for session in found}) == 9
    )  # of the study's 18: those in its first tables


@pytest.mark.shared
@pytest.mark.parametrize("k", [1, 3, 5, 9])
def test_on_real_eyes_it_is_never_worse_in_the_mean(
    found: list[gaze_study.Session], k: int
) -> None:
    row = gaze_study.study(found, "both", k, draws=3)
    assert row.oracle < row.gated <= row.none
    assert row.gated < row.offset
    if k == 9:
        assert row.gated < 0.92 / 1.04 * row.none  # what SCIENCE 0.3 found a ridge to reach


def test_another_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a\tb\n1\t2\n", encoding="utf-8")
    with pytest.raises(CalibrationError, match="not the study's table"):
        gaze_study.sessions([path])
    with pytest.raises(CalibrationError, match="cannot be read"):
        gaze_study.sessions([tmp_path / "none.csv"])
    with pytest.raises(CalibrationError, match="no session"):
        gaze_study.study([], "both", 1)


def test_a_donning_is_restored() -> None:
    rows = {row.how: row for row in donning_study(1, wearers=30)}
    for row in rows.values():
        assert row.known < row.oracle < row.none
        assert row.refit < row.none
    assert rows["9 targets"].refit < 1.1 * rows["9 targets"].oracle
    use = rows["5 s of use"]
    assert use.none - use.refit > 0.25 * (use.none - use.oracle)
    assert "9 targets" in table(list(rows.values()))
