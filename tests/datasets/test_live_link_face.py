from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unvisor.datasets import live_link_face
from unvisor.datasets.take import LARGEST_BYTES, Take, counted, joined
from unvisor.headset.errors import RecordingError
from unvisor.headset.names import ARKIT, ARKIT_INDEX

HEAD = ["HeadYaw", "HeadPitch", "HeadRoll"]
EYES = [f"{side}Eye{angle}" for side in ("Left", "Right") for angle in ("Yaw", "Pitch", "Roll")]
NAMES = [name[0].upper() + name[1:] for name in ARKIT] + HEAD + EYES
HEADER = ",".join(["Timecode", "BlendShapeCount", *NAMES])


def row(code: str, **weights: float | str) -> str:
    return ",".join([code, "61", *(str(weights.get(name, "0.0")) for name in NAMES)])


def written(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "take.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def read(folder: Path, *lines: str, header: str = HEADER) -> Take:
    return live_link_face.read(written(folder, *lines, header=header))


GOOD = (row("10:00:00:00.000"), row("10:00:00:02.000"), row("10:00:00:04.000"))


# --- against an independent parse ---------------------------------------------------------------


@pytest.mark.shared
def test_every_shared_take_equals_an_independent_parse(shared: Path) -> None:
    takes = sorted((shared / "data" / "live_link_face").rglob("*.csv"))
    assert len(takes) >= 16
    for path in takes:
        seen = live_link_face.read(path)
        with path.open(newline="", encoding="utf-8") as file:
            header, *listed = csv.reader(file)
        listed = [cells for cells in listed if len(cells) > 2]
        shapes, angles = ([header.index(name) for name in names] for names in (NAMES[:52], EYES))
        weights = [[float(cells[column]) for column in shapes] for cells in listed]
        eyes = [[float(cells[column]) for column in angles] for cells in listed]
        times: list[int] = []
        for cells in listed:
            hours, minutes, seconds, frame = cells[0].split(":")
            whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
            times.append(round((whole + Fraction(frame) / 60) * 10**9))
        assert seen.truth.eyes_rad is not None, path.name
        assert seen.truth.head_rad is None, path.name
        np.testing.assert_array_equal(seen.truth.arkit, weights)
        np.testing.assert_array_equal(seen.truth.eyes_rad.reshape(-1, 6), eyes)
        np.testing.assert_allclose(seen.truth.time_ns, times, rtol=0, atol=1)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "omitted", "rate_hz"),
    [
        ("alexdjulin/anim/S88-001.csv", 277, 30),
        ("alexdjulin/csv/apfel.csv", 35, 30),
        ("alexdjulin/anim/alex_rom_3.csv", 0, 30),
        ("neurosync/Happy.csv", 0, 60),
        ("neurosync/MySlate_161_iPhone_cal.csv", 0, 60),
    ],
)
def test_omitted_rows_and_rate_of_shared_takes(
    shared: Path, name: str, omitted: int, rate_hz: int
) -> None:
    take = live_link_face.read(shared / "data" / "live_link_face" / name)
    assert take.omitted == omitted
    assert counted([take], take.truth).rate_hz == pytest.approx(rate_hz, rel=0.005)


# --- what a take holds --------------------------------------------------------------------------


def test_times_are_the_time_of_day_with_sixtieths(tmp_path: Path) -> None:
    take = read(tmp_path, row("01:02:03:30.500"), row("01:02:03:32.500"))
    assert take.truth.time_ns[0] == round((3723 + 30.5 / 60) * 1e9)
    assert np.diff(take.truth.time_ns) == pytest.approx(2e9 / 60, abs=1)


def test_midnight_goes_on(tmp_path: Path) -> None:
    take = read(tmp_path, row("23:59:59:58.000"), row("00:00:00:00.000"), row("00:00:00:02.000"))
    assert np.diff(take.truth.time_ns) == pytest.approx([2e9 / 60] * 2, abs=1)


def test_lost_rows_are_omitted_and_leave_a_gap(tmp_path: Path) -> None:
    empty = "10:00:00:04.000,0" + "," * 61
    take = read(
        tmp_path,
        GOOD[0],
        "10:00:00:02.000,0",
        empty,
        row("10:00:00:06.000"),
        row("10:00:00:08.000"),
    )
    assert take.omitted == 2
    assert np.diff(take.truth.time_ns) == pytest.approx([0.1e9, 2e9 / 60], abs=1)
    assert counted([take], joined([take])).gaps == 1


def test_nothing_is_clipped(tmp_path: Path) -> None:
    take = read(tmp_path, row("10:00:00:00.0", JawOpen=1.0758537054, LeftEyeYaw=-2.5))
    assert take.truth.arkit[0, ARKIT_INDEX["jawOpen"]] == 1.0758537054
    assert take.truth.eyes_rad is not None
    assert take.truth.eyes_rad[0, 0, 0] == -2.5


def test_head_is_kept_where_it_moves(tmp_path: Path) -> None:
    assert read(tmp_path, *GOOD).truth.head_rad is None
    take = read(tmp_path, GOOD[0], row("10:00:00:02.000", HeadPitch=-0.25))
    np.testing.assert_array_equal(take.truth.head_rad, [[0, 0, 0], [0, -0.25, 0]])


def test_weights_alone_are_a_take(tmp_path: Path) -> None:
    take = read(
        tmp_path, "10:00:00:00.0,52," + ",".join(["0.5"] * 52),
        header=",".join(["Timecode", "BlendshapeCount", *NAMES[:52]]),
    )  # fmt: skip
    assert take.truth.eyes_rad is None
    assert take.truth.head_rad is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.permutations(range(63)), st.sampled_from(["BlendShapeCount", "BlendshapeCount"]))
def test_columns_are_matched_by_name(tmp_path: Path, order: list[int], spelling: str) -> None:
    names = ["Timecode", spelling, *NAMES]
    cells = ["10:00:00:00.000", "61", *(f"{i / 100:.10f}" for i in range(61))]
    take = read(
        tmp_path, ",".join(cells[i] for i in order), header=",".join(names[i] for i in order)
    )
    np.testing.assert_allclose(take.truth.arkit[0], np.arange(52) / 100)
    assert take.truth.head_rad is not None
    assert take.truth.eyes_rad is not None
    np.testing.assert_allclose(take.truth.head_rad[0], np.arange(52, 55) / 100)
    np.testing.assert_allclose(take.truth.eyes_rad[0].ravel(), np.arange(55, 61) / 100)


def test_windows_line_ends_a_mark_and_blank_lines_are_read(tmp_path: Path) -> None:
    path = tmp_path / "take.csv"
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join([HEADER, GOOD[0], "", GOOD[1], ""]).encode())
    assert live_link_face.read(path).truth.time_ns.size == 2


# --- what is refused, and how -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (row("10:00:00:02.000", JawOpen="nan"), r"line 3, column JawOpen: nan is not finite"),
        (row("10:00:00:02.000", JawOpen="inf"), r"line 3, column JawOpen: inf is not finite"),
        (row("10:00:00:02.000", JawOpen="1e999"), r"line 3, column JawOpen: inf is not finite"),
        (row("10:00:00:02.000", JawOpen="-0.1"), r"line 3, column JawOpen: -0.1 is negative"),
        (row("10:00:00:02.000", JawOpen="57"), r"line 3, column JawOpen: 57 is no weight"),
        (row("10:00:00:02.000", JawOpen="wide"), r"line 3, column JawOpen: 'wide' is not a number"),
        (row("10:00:00:02.000", JawOpen=""), r"line 3, column JawOpen: '' is not a number"),
        (row("10:00:00:02.000", LeftEyeYaw="nan"), r"line 3, column LeftEyeYaw: nan is not finite"),
        (row("10:00:00:02.000")[:-20], r"line 3: is cut short"),
        (row("10:00:00:02.000") + ",0.1", r"line 3: has too many cells"),
        ("10:00", r"line 3: is cut short"),
        (row("10:00:00:02.000").replace(",61,", ",60,"), r"line 3, column BlendShapeCount: says '60'"),
        (row("10:00:00:02.000").replace(",61,", ",0,"), r"line 3: has weights though"),
        (row("10:00:00:61.000"), r"line 3, column Timecode: '10:00:00:61.000' is not HH"),
        (row("25:00:00:00.000"), r"line 3, column Timecode"),
        (row("noon"), r"line 3, column Timecode: 'noon'"),
        (row("10:00:00:00.000"), r"line 3, column Timecode: not later"),
        (row("09:59:59:00.000"), r"line 3, column Timecode: not later"),
    ],
)  # fmt: skip
def test_a_bad_line_is_named(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(RecordingError, match=rf"take\.csv: {says}.*: "):
        read(tmp_path, GOOD[0], line)


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (HEADER.replace("JawOpen", "JawOpn"), "line 1: no column jawOpen"),
        (HEADER.replace("JawOpen", "jawLeft"), "line 1: column 'jawLeft' stands twice"),
        (HEADER.replace("HeadYaw,", ""), "line 1: no column HeadYaw"),
        (HEADER.replace("Timecode", "Time"), "line 1: no column Timecode"),
        (HEADER + ",Mood", "line 1: unknown column 'Mood'"),
        ("some other text", "line 1: no column Timecode"),
        (HEADER.replace(",", ";"), "line 1: no column Timecode"),
    ],
)
def test_a_bad_header_is_named(tmp_path: Path, header: str, says: str) -> None:
    with pytest.raises(RecordingError, match=f"{says}.*: "):
        read(tmp_path, *GOOD, header=header)


def test_files_that_are_no_take_are_refused(tmp_path: Path) -> None:
    def refused(path: Path, says: str) -> None:
        with pytest.raises(RecordingError, match=says):
            live_link_face.read(path)

    refused(tmp_path / "nothing.csv", "nothing.csv: no such file")
    refused(tmp_path, "not a file")
    empty = tmp_path / "empty.csv"
    empty.touch()
    refused(empty, "empty.csv: is empty")
    refused(written(tmp_path), "a header and no rows")
    refused(written(tmp_path, "10:00:00:00.0,0"), "no row has weights")
    latin = tmp_path / "latin.csv"
    latin.write_bytes(HEADER.encode() + b"\n10:00:00:00.0,61,\xe9")
    refused(latin, "latin.csv: line 2: not UTF-8")
    huge = tmp_path / "huge.csv"
    with huge.open("wb") as file:
        file.truncate(LARGEST_BYTES + 1)  # a hole: takes no space
    refused(huge, "huge.csv: larger than 512 MiB")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.data())
def test_damage_is_refused_or_harmless(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray("\n".join([HEADER, *GOOD]).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.csv"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        truth = live_link_face.read(path).truth
    except RecordingError as refused:
        said = str(refused)
    else:
        said = path.name
        assert (np.diff(truth.time_ns) > 0).all()
        assert np.isfinite(truth.arkit).all()
    assert path.name in said
