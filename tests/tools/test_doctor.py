from __future__ import annotations

import json
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from unvisor.headset.errors import ConsentError, OutputError
from unvisor.tools import bundle, logbook
from unvisor.tools.main import main


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "unvisor" / "settings.toml"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def found(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, str]]:
    main(["doctor", "--json", "--listen-s", "0.05"])
    return {one["name"]: one for one in json.loads(capsys.readouterr().out)["findings"]}


def test_every_part_is_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    findings = found(capsys)
    assert {
        "python", "system", "disk", "log", "packages", "drawing", "inference", "model", "settings",
        "sensor live-link-face", "output live-link-face", "output vrchat",
    } <= findings.keys()  # fmt: skip
    assert findings["python"]["state"] == "ok"
    assert "numpy" in findings["packages"]["found"]
    assert "torch" not in findings["packages"]["found"]
    assert findings["settings"]["state"] == "absent"
    assert all(one["remedy"] for one in findings.values() if one["state"] == "wrong")


def test_lines_tell_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--listen-s", "0"]) in (0, 1)
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("ok     python: 3.") for line in lines)
    assert any("sensor live-link-face: works here" in line for line in lines)


def test_a_port_that_another_program_has(
    settings_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = (
        "import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.bind(('127.0.0.1', 0));"
        "print(s.getsockname()[1], flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        port = int(other.stdout.readline())
        write(settings_file, f"[readers.live-link-face]\nport = {port}\n")
        finding = found(capsys)["sensor live-link-face"]
        other.communicate("\n")
    assert finding["state"] == "wrong"
    assert f"(pid {other.pid}) has this port" in finding["found"]
    assert finding["remedy"] == "close it, or set another port"


def test_whether_anybody_listens(settings_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as vrchat:
        vrchat.bind(("127.0.0.1", 0))
        write(settings_file, f"[outputs.vrchat]\nport = {vrchat.getsockname()[1]}\n")
        heard = found(capsys)["output vrchat"]
    silent = found(capsys)["output vrchat"]
    assert heard["state"] == "ok"
    assert silent["state"] == "absent"
    assert "nobody listens" in silent["found"]
    assert silent["remedy"]


def test_settings_that_are_wrong_do_not_stop_it(
    settings_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(settings_file, "[outputs.vrchat]\nprot = 1\n")
    findings = found(capsys)
    assert findings["settings"]["state"] == "wrong"
    assert findings["settings"]["remedy"] == "did you mean port?"
    assert "output vrchat" in findings


def test_the_bundle_has_all_but_faces(settings_file: Path, tmp_path: Path) -> None:
    write(settings_file, "[outputs.vrchat]\n")
    write(logbook.log_path(), "first\n" * (bundle.LARGEST_TEXT_BYTES // 3) + "last\n")
    write(tmp_path / "profile.json", "{}")
    path = tmp_path / "help.zip"
    path.write_text("an older one")
    main(["doctor", "--json", "--listen-s", "0", "--bundle", str(path)])
    with zipfile.ZipFile(path) as archive:
        assert set(archive.namelist()) == {
            "doctor.json", "versions.json", "settings.toml", "log.txt",
        }  # fmt: skip
        assert json.loads(archive.read("doctor.json"))["findings"]
        assert json.loads(archive.read("versions.json"))["numpy"]
        log = archive.read("log.txt")
    assert log.endswith(b"last\n")
    assert len(log) == bundle.LARGEST_TEXT_BYTES


def test_a_face_goes_in_only_after_a_yes(tmp_path: Path) -> None:
    face, path = tmp_path / "profile.json", tmp_path / "help.zip"
    face.write_text("{}")
    asked: list[str] = []

    def answer(yes: bool) -> None:
        def ask(question: str) -> bool:
            asked.append(question)
            return yes

        bundle.write(
            path, findings={}, versions={}, settings_file=tmp_path / "none", faces=[face], ask=ask
        )

    with pytest.raises(ConsentError, match=r"profile.json: nobody said yes"):
        answer(False)
    assert not path.exists()
    answer(True)
    with zipfile.ZipFile(path) as archive:
        assert "face/profile.json" in archive.namelist()
    assert "profile.json: this is of a face" in asked[0]


def test_faces_of_one_name_all_go_in(tmp_path: Path) -> None:
    faces = [tmp_path / place for place in ("a/p.json", "b/p.json", "c/P.json", "p-2.json")]
    for face in faces:
        write(face, face.parent.name)
    path = tmp_path / "help.zip"
    bundle.write(
        path, findings={}, versions={}, settings_file=tmp_path / "none", faces=faces,
        ask=lambda _: True,
    )  # fmt: skip
    with zipfile.ZipFile(path) as archive:
        found = {name: archive.read(name).decode() for name in archive.namelist() if "/" in name}
    assert len({name.casefold() for name in found}) == 4
    assert sorted(found.values()) == sorted(face.parent.name for face in faces)


def test_without_a_terminal_the_answer_is_no(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    face, path = tmp_path / "profile.json", tmp_path / "help.zip"
    face.write_text("{}")
    words = [
        "doctor",
        "--json",
        "--listen-s",
        "0",
        "--bundle",
        str(path),
        "--include-face",
        str(face),
    ]
    assert main(words) == 1
    assert "nobody said yes on a terminal" in capsys.readouterr().err
    assert not path.exists()


def test_faces_are_bounded_and_must_be_there(tmp_path: Path) -> None:
    large = tmp_path / "evening.h5"
    with large.open("wb") as file:
        file.truncate(bundle.LARGEST_FACE_BYTES + 1)
    for face, says in ((large, "at most 64"), (tmp_path / "none.h5", "no such file")):
        with pytest.raises(OutputError, match=says):
            bundle.write(
                tmp_path / "help.zip", findings={}, versions={}, settings_file=tmp_path / "none",
                faces=[face], ask=lambda _: True,
            )  # fmt: skip
