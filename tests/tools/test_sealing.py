"""`--encrypt` end to end: real keys, real files; who opens them, who does not, and what is said then."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import h5py
import pytest

from unvisor.calibration import profile
from unvisor.calibration.consent.context import context
from unvisor.calibration.consent.store import Store
from unvisor.datasets import store
from unvisor.datasets.performance import performance
from unvisor.datasets.simulate import simulate
from unvisor.headset.errors import CalibrationError
from unvisor.headset.files import is_sealed
from unvisor.headset.rig import RIGS
from unvisor.tools import consenting
from unvisor.tools.main import main

LEARNING = context("calibrate", retention=["profile"], synthesis=False)
FORM = ("--consent-reference", "form 1, 2026-01-01")

Said = Callable[..., str]


@pytest.fixture(autouse=True)
def folder(own_folders: Path) -> Path:
    """Where a test's consents are."""
    return Store().folder


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("played") / "take.h5"
    store.save(path, simulate(performance(), RIGS["mouth+eyes"]).first(11.0))
    return path


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """Runs a command; returns all that it told."""

    def run(*words: object, code: int = 0) -> str:
        capsys.readouterr()
        assert main([*map(str, words)]) == code
        told = capsys.readouterr()
        return told.out + told.err

    return run


@pytest.fixture
def mine(said: Said, played: Path, tmp_path: Path) -> Path:
    """A sealed profile, with a former one."""
    out = tmp_path / "me.json"
    said("calibrate", "--recording", played, "--until-s", 4, "--out", out)
    assert not is_sealed(out)
    said("calibrate", "--recording", played, "--out", out, "--encrypt", "--yes")
    return out


def run(*words: object) -> tuple[object, ...]:
    return "run", "--sensor", "babble::0", "--model", "neutral", "--duration-s", 0.2, *words


def withdraw(said: Said) -> str:
    return said("consent", "withdraw", "--yes")


class TestProfiles:
    def test_all_of_it_is_sealed_for_its_owner_and_reads_as_before(self, mine: Path) -> None:
        (former,) = profile.former(mine)
        for path in (mine, former):
            assert is_sealed(path)
            assert b"unvisor-profile" not in path.read_bytes()
            if sys.platform != "win32":
                assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with pytest.raises(CalibrationError, match="is sealed: `unvisor consent open`"):
            profile.load(mine)

    def test_run_and_reconstruct_open_it(
        self, said: Said, mine: Path, played: Path, tmp_path: Path
    ) -> None:
        assert f"; profile {mine}" in said(*run("--profile", mine, *FORM))
        out = tmp_path / "z.h5"
        assert "no --profile" not in said(
            "reconstruct", played, "--profile", mine, "--out", out, "--model", "neutral"
        )
        assert out.exists()

    def test_it_is_undone_and_stays_sealed_when_made_anew(
        self, said: Said, mine: Path, played: Path
    ) -> None:
        assert "from 4.0 s" in said("calibrate", "--undo", "--out", mine)
        assert is_sealed(mine)
        said("calibrate", "--recording", played, "--until-s", 8, "--out", mine)
        assert is_sealed(mine)
        assert "from 4.0 s" in said("calibrate", "--undo", "--out", mine)

    def test_a_plain_copy_of_it_is_ordinary_and_goes_with_the_consent(
        self, said: Said, mine: Path, tmp_path: Path
    ) -> None:
        plain = tmp_path / "plain.json"
        told = json.loads(said("consent", "open", mine, "--out", plain, "--json"))
        assert told == {"out": str(plain), "kind": "profile"}
        assert profile.load(plain).quality == 1.0
        told = withdraw(said)
        for path in (mine, plain, tmp_path / ".history" / "me.000001.json"):
            assert f"deleted {path}" in told
            assert not path.exists()

    def test_no_copy_opens_after_a_withdrawal(self, said: Said, mine: Path, tmp_path: Path) -> None:
        elsewhere = shutil.copy(mine, tmp_path / "stick.json")
        withdraw(said)
        told = said(*run("--profile", elsewhere, *FORM), code=1)
        assert f"{elsewhere}: is sealed, and its consent was withdrawn on 20" in told
        assert told.count("\n") == 1
        said("consent", "give", *LEARNING.command.split()[3:], "--yes")
        told = said(*run("--profile", elsewhere, *FORM), code=1)
        assert "its consent was withdrawn and given again" in told

    def test_after_its_end_the_command_that_it_names_opens_it(
        self, said: Said, played: Path, tmp_path: Path
    ) -> None:
        out, now = tmp_path / "me.json", consenting.utc()
        Store().give(LEARNING, now=now - timedelta(days=364), how="test")
        told = said("calibrate", "--recording", played, "--out", out, "--encrypt")
        assert "ends in" not in told  # it was written, and not yet opened
        assert "ends in 23 hours: renew it with" in said(*run("--profile", out, *FORM))
        (path,) = (Store().folder / "records").glob("*.json")
        Store().give(LEARNING, now=now - timedelta(days=400), how="test")
        path.unlink()
        told = said(*run("--profile", out, *FORM), code=1)
        assert "is sealed, and its consent ended on 20" in told
        said(*told.split("`")[1].split()[1:], "--yes")
        said(*run("--profile", out, *FORM))

    def test_another_wearer_cannot(
        self, said: Said, mine: Path, played: Path, folder: Path, tmp_path: Path
    ) -> None:
        folder.rename(tmp_path / "theirs")
        told = said("calibrate", "--undo", "--out", mine, code=1)
        assert "is sealed by another wearer's key: open it where it was made" in told
        Store().give(LEARNING, now=consenting.utc(), how="test")  # the very same use
        assert "another wearer's key" in said(
            "reconstruct", played, "--profile", mine, "--out", tmp_path / "z.h5", code=1
        )
        assert is_sealed(mine), "and nothing was undone"

    def test_a_use_that_is_not_known_is_told(self, said: Said, mine: Path, folder: Path) -> None:
        for path in (folder / "records").glob("*.json"):
            path.unlink()
        told = said(*run("--profile", mine, *FORM), code=1)
        assert f"is sealed, for a use that {folder} does not know: restore that folder" in told

    def test_a_run_goes_on_without_one_that_stays_shut(self, said: Said, played: Path) -> None:
        said("calibrate", "--recording", played, "--encrypt", "--yes")
        place = profile.profile_place()
        assert f"; profile {place}" in said(*run())
        (record,) = [one.record for one in Store().all() if one.record]
        Store().withdraw(record, now=consenting.utc(), how="test")
        assert f"no profile, for {place}: is sealed, and its consent was withdrawn" in said(*run())

    def test_a_plain_one_is_sealed_later(self, said: Said, played: Path, tmp_path: Path) -> None:
        out = tmp_path / "me.json"
        for until_s in (4, 8):
            said("calibrate", "--recording", played, "--until-s", until_s, "--out", out)
        told = said("consent", "seal", out, code=1)
        assert "nobody has agreed to it yet: run `unvisor consent give --for calibrate" in told
        said(*told.split("`")[1].split()[1:], "--yes")
        said("consent", "seal", out)
        assert all(is_sealed(path) for path in (*profile.former(out), out))
        assert "is sealed already" in said("consent", "seal", out, code=1)

    def test_there_is_no_sealing_without_the_wearers_own_consent(
        self, said: Said, played: Path, tmp_path: Path
    ) -> None:
        out = tmp_path / "me.json"
        told = said("calibrate", "--recording", played, "--out", out, "--encrypt", code=1)
        assert "nobody has agreed to it yet" in told
        told = said("calibrate", "--sensor", "babble::0", "--out", out, "--encrypt", *FORM, code=1)
        assert "rests on another ground (reference): leave --encrypt out" in told
        assert not out.exists()


class TestRecordings:
    def test_it_is_sealed_at_its_end_and_opens_for_its_wearer(
        self, said: Said, tmp_path: Path
    ) -> None:
        take, plain = tmp_path / "x.h5", tmp_path / "plain.h5"
        said(*run("--record", take, "--encrypt", "--yes"))
        assert is_sealed(take)
        assert b"\x89HDF" not in take.read_bytes()
        assert sorted(path.name for path in tmp_path.glob("*x*")) == ["x.h5"], (
            "no draft, no journal"
        )
        if sys.platform != "win32":
            assert stat.S_IMODE(take.stat().st_mode) == 0o600
        for words in (
            ("evaluate", take),
            ("calibrate", "--recording", take),
            ("run", "--source", take),
            ("reconstruct", take, "--out", tmp_path / "z.h5"),
        ):
            told = said(*words, code=1)
            assert f"{take}: is sealed: `unvisor consent open {take} --out PLAIN.h5`" in told
            assert told.count("\n") == 1
        said("consent", "open", take, "--out", plain)
        with h5py.File(plain) as file:
            assert "face" in file
        assert store.load(plain).about.basis.kind == "consent"
        told = withdraw(said)
        assert f"deleted {take}" in told
        assert f"deleted {plain}" in told

    def test_a_plain_one_is_sealed_later(self, said: Said, tmp_path: Path) -> None:
        take = tmp_path / "x.h5"
        said(*run("--record", take, "--yes"))
        said("consent", "seal", take)
        assert is_sealed(take)
        assert f"deleted {take}" in withdraw(said)

    def test_one_of_a_form_or_of_nobody_is_not(
        self, said: Said, played: Path, tmp_path: Path
    ) -> None:
        before = played.read_bytes()
        assert "rests on no consent that was given here" in said("consent", "seal", played, code=1)
        assert played.read_bytes() == before
        sealing = "--record", tmp_path / "x.h5", "--encrypt"
        for command in (run(*FORM), ("run", "--source", "demo", "--duration-s", 0.2)):
            told = said(*command, *sealing, code=1)
            assert "needs a consent of the wearer's own" in told
        assert not list(tmp_path.glob("x*"))

    def test_one_that_is_cut_off_is_recovered_plain_and_says_so(
        self, said: Said, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        take, journal = tmp_path / "x.h5", tmp_path / "x.journal"
        words = map(str, run("--record", take, "--encrypt", "--yes", "--duration-s", 60))
        program = subprocess.Popen(
            [sys.executable, "-m", "unvisor.tools.main", *words], stdout=subprocess.DEVNULL
        )
        try:
            ends_s = time.monotonic() + 60
            while not journal.exists() or journal.stat().st_size < 4096:
                assert program.poll() is None
                assert time.monotonic() < ends_s
                time.sleep(0.02)
        finally:
            program.kill()
            program.wait()
        assert not take.exists()
        assert store.load(take).face is not None
        assert (
            f"is plain, for its recorder was cut off before sealing it: `unvisor consent seal {take}"
            in (caplog.text)
        )
        said("consent", "seal", take)
        assert is_sealed(take)
        assert not journal.exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (run("--encrypt"), "--encrypt: seals a recording: add --record X.h5"),
        (run("--encrypt", "--record", "x.h5", "--bundle", "x.zip"), "a --bundle is not sealed"),
        (("calibrate", "--undo", "--encrypt"), "--undo: calibrates nothing"),
        (("consent", "open", "none.h5", "--out", "y.h5"), "none.h5: cannot be read"),
        (("consent", "seal", "none.h5"), "none.h5: no such file"),
    ],
)
def test_what_does_not_go_together_is_refused(
    words: tuple[object, ...],
    says: str,
    said: Said,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    told = said(*words, code=1)
    assert says in told
    assert told.count("\n") == 1
