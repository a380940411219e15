from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from unvisor.calibration.consent.chain import Chain
from unvisor.calibration.consent.chain_check import Checked, check
from unvisor.calibration.consent.chain_lines import HEAD, Entry, Sent, files
from unvisor.calibration.consent.keys import WearerKey
from unvisor.headset.errors import ConsentError

from .conftest import NOW
from .mutations import count, mutations

KEY = WearerKey(bytes(range(32)))
MONTH = timedelta(days=31)


def entry(n: int) -> Entry:
    return Entry(
        event="going", run=f"r{n}", sent={"vrchat": Sent(faces=n)}, shares={"measured": 0.5}
    )


def chain(folder: Path, times: list[datetime], key: WearerKey = KEY) -> Chain:
    made = Chain(folder, key)
    made.begin(NOW)
    for n, at in enumerate(times):
        made.append(entry(n), at)
    return made


def checked(folder: Path) -> Checked:
    return check(folder, KEY.public, begun=True)


def test_it_is_whole_and_goes_on_from_month_to_month(tmp_path: Path) -> None:
    made = chain(tmp_path, [NOW, NOW, NOW + MONTH, NOW + MONTH])
    made.append(entry(4), NOW)  # a clock that was set back: the newest file goes on
    assert [path.name for path in files(tmp_path)] == ["2026-11.001.jsonl", "2026-12.001.jsonl"]
    found = checked(tmp_path)
    assert (len(found.lines), found.files, found.faults, found.notes) == (6, 2, (), ())
    assert [line.entry.sent["vrchat"].faces for line in found.lines[1:]] == [0, 1, 2, 3, 4]


def test_a_file_that_grew_large_is_followed_by_another(tmp_path: Path) -> None:
    made = chain(tmp_path, [NOW])
    note = Entry(event="going", path="x" * 4096, note="y" * 200)
    made = Chain(tmp_path, KEY, largest_bytes=20_000)
    for _ in range(10):
        made.append(note, NOW)
    assert [path.name[-9:] for path in files(tmp_path)] == ["001.jsonl", "002.jsonl"]
    assert not checked(tmp_path).faults


def test_every_cut_edit_and_reorder_is_found(tmp_path: Path) -> None:
    """1000 of the 10 000: 800 of the lines, 200 of the head."""
    folder = tmp_path / "audit"
    chain(folder, [NOW] * 2 + [NOW + MONTH] * 3)
    chain(tmp_path / "other", [NOW] * 3, WearerKey(bytes(32)))
    first, second = (path.read_bytes() for path in files(folder))
    head = (folder / HEAD).read_bytes()
    foreign = files(tmp_path / "other")[0].read_bytes()
    whole = checked(folder)
    assert not whole.faults
    harmless = tried = 0
    for name, content, others, times in (
        (files(folder)[0].name, first, [second, foreign], 300),
        (files(folder)[1].name, second, [first, foreign], 500),
        (HEAD, head, [(tmp_path / "other" / HEAD).read_bytes(), first], 200),
    ):
        for changed in mutations(content, others, 3, count(times)):
            (folder / name).write_bytes(changed)
            found = checked(folder)
            if not found.faults:
                # A line begun after the last: told, and nothing is lost by it.
                assert changed.startswith(second)
                assert found.lines == whole.lines
                assert "torn" in found.notes[0]
                harmless += 1
            tried += 1
            assert all(line in whole.lines for line in found.lines), (
                "only what was signed is believed"
            )
        (folder / name).write_bytes(content)
    assert harmless < tried / 10
    assert not checked(folder).faults


@pytest.mark.parametrize("gone", ["first", "last", "head", "all", "folder"])
def test_what_is_missing_is_found(tmp_path: Path, gone: str) -> None:
    folder = tmp_path / "audit"
    made = chain(folder, [NOW, NOW + MONTH])
    paths = {"first": files(folder)[:1], "last": files(folder)[1:], "head": [folder / HEAD]}
    for path in paths.get(gone, list(folder.iterdir())):
        path.unlink()
    if gone == "folder":
        shutil.rmtree(folder)
    assert checked(folder).faults
    if gone != "first":  # only reading all of it finds that
        with pytest.raises(ConsentError, match="unvisor consent audit"):
            made.append(entry(0), NOW + MONTH)


def test_a_torn_line_is_told_apart_from_a_cut(tmp_path: Path) -> None:
    made = chain(tmp_path, [NOW, NOW])
    place = files(tmp_path)[0]
    whole = place.read_bytes()
    place.write_bytes(whole + b'{"n":3,"at_u')  # a power cut while the next line was written
    found = checked(tmp_path)
    assert not found.faults
    assert "torn" in found.notes[0]
    made.append(entry(3), NOW)
    found = checked(tmp_path)
    assert not found.faults
    assert found.lines[-1].torn == 12
    assert "was cut off before it" in found.notes[0]
    place.write_bytes(whole[:-12])  # somebody cut what the head vouches for
    assert "cut" in checked(tmp_path).faults[-1]
    with pytest.raises(ConsentError, match="was cut"):
        made.append(entry(4), NOW)


def test_killed_between_a_line_and_the_head(tmp_path: Path) -> None:
    made = chain(tmp_path, [NOW])
    before = (tmp_path / HEAD).read_bytes()
    made.append(entry(1), NOW + MONTH)
    (tmp_path / HEAD).write_bytes(before)
    found = checked(tmp_path)
    assert not found.faults
    assert "killed after its last line" in found.notes[0]
    made.append(entry(2), NOW + MONTH)
    found = checked(tmp_path)
    assert (found.faults, found.notes, len(found.lines)) == ((), (), 4)


@pytest.mark.parametrize("path", ["x" * 5000, "\udcff.h5"])
def test_nothing_is_written_that_could_not_be_read_back(tmp_path: Path, path: str) -> None:
    made = chain(tmp_path, [NOW])
    with pytest.raises(ConsentError, match=r"too long|not Unicode"):
        made.append(Entry(event="made", path=path), NOW)
    assert not checked(tmp_path).faults
    made.append(entry(1), NOW)
    assert checked(tmp_path).count == 3


def test_a_line_too_many_is_not_taken(tmp_path: Path) -> None:
    made = chain(tmp_path, [NOW])
    place = files(tmp_path)[0]
    lines = place.read_bytes().splitlines(keepends=True)
    place.write_bytes(b"".join((*lines, lines[-1])))
    with pytest.raises(ConsentError, match="does not follow"):
        made.append(entry(1), NOW)
    assert checked(tmp_path).faults


PROGRAM = """
    import sys
    from datetime import UTC, datetime
    from pathlib import Path
    from unvisor.calibration.consent.chain import Chain
    from unvisor.calibration.consent.chain_lines import Entry
    from unvisor.calibration.consent.keys import WearerKey

    chain = Chain(Path(sys.argv[1]), WearerKey(bytes(range(32))))
    for n in range(int(sys.argv[2])):
        chain.append(Entry(event="going", run=sys.argv[3]), datetime(2026, 11, 25, 20, tzinfo=UTC))
        print(n, flush=True)
"""


def program(folder: Path, lines: int, run: str) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", textwrap.dedent(PROGRAM), str(folder), str(lines), run]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def test_two_programs_write_one_log(tmp_path: Path) -> None:
    chain(tmp_path, [])
    both = [program(tmp_path, 25, run) for run in ("a", "b")]
    for one in both:
        one.communicate(timeout=60)
        assert one.returncode == 0
    found = checked(tmp_path)
    assert (found.faults, found.count) == ((), 51)
    assert {line.entry.run for line in found.lines[1:]} == {"a", "b"}


def test_a_program_that_is_killed_leaves_a_log_that_is_whole(tmp_path: Path) -> None:
    chain(tmp_path, [])
    for run in range(4):
        killed = program(tmp_path, 1_000_000, str(run))
        assert killed.stdout is not None
        for _ in range(5 + run):
            killed.stdout.readline()
        killed.kill()
        killed.communicate(timeout=60)
        assert not checked(tmp_path).faults
    Chain(tmp_path, KEY).append(entry(0), NOW)
    assert not checked(tmp_path).faults
    assert checked(tmp_path).count >= 2 + 5 + 6 + 7 + 8
