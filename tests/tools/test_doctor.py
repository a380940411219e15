from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from unvisor.headset.errors import ConsentError, OutputError
from unvisor.headset.sensors import READERS
from unvisor.tools import bundle, logbook
from unvisor.tools.main import main

from ..headset.compositor.avatars.gltf_made import TRIANGLE, Made
from ..headset.steamvr.runtime import SteamVr


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("VR_PATHREG_OVERRIDE", str(tmp_path / "none.vrpath"))
    monkeypatch.delenv("XR_RUNTIME_JSON", raising=False)


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "unvisor" / "settings.toml"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def found(capsys: pytest.CaptureFixture[str], listen_s: float = 0.05) -> dict[str, dict[str, str]]:
    main(["doctor", "--json", "--listen-s", str(listen_s)])
    return {one["name"]: one for one in json.loads(capsys.readouterr().out)["findings"]}


def test_every_part_is_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    findings = found(capsys)
    assert {
        "python", "system", "disk", "log", "packages", "drawing", "inference", "model", "settings",
        "openxr runtime", "sensor live-link-face", "sensor steamvr", "output live-link-face",
        "output vrchat", "head beside a game", "gaze beside a game", "face beside a game",
        "worn beside a game", "overlay beside a game",
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


def manifest(path: Path, library: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = {"library_path": library, "name": name}
    write(path, json.dumps({"file_format_version": "1.0.0", "runtime": runtime}))
    monkeypatch.setenv("XR_RUNTIME_JSON", str(path))


def test_what_comes_beside_a_game_on_steamvr(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest(tmp_path / "steamxr.json", "bin/linux64/vrclient.so", "SteamVR", monkeypatch)
    findings = found(capsys)
    runtime = findings["openxr runtime"]
    assert runtime["state"] == "ok"
    assert f"SteamVR ({tmp_path / 'steamxr.json'}), not opened by itself" in runtime["found"]
    assert "may end the running game" in runtime["found"]
    assert findings["head beside a game"]["found"].startswith("would come by steamvr (OpenVR")
    for sense in ("gaze", "face"):
        finding = findings[f"{sense} beside a game"]
        assert finding["state"] == "absent"
        assert "steam-link (OSC on 9015)" in finding["found"]
        assert "openxr" not in finding["found"]
        assert "allow sharing of eye and face data" in finding["remedy"]
    assert "in VRChat's action menu, turn on OSC" in findings["worn beside a game"]["remedy"]
    assert "OpenVR overlay" in findings["overlay beside a game"]["found"]


def test_what_steamvr_gives_while_a_game_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if sys.platform != "linux":
        pytest.skip("elsewhere: the SteamVR for tests is built on Linux")
    steamvr = SteamVr(tmp_path)
    monkeypatch.setenv("VR_PATHREG_OVERRIDE", str(steamvr.registry))
    absent = found(capsys)["sensor steamvr"]
    assert absent["found"] == "works here; nothing heard (SteamVR: not running)"
    steamvr.run()
    steamvr.set(activity=1, scene_state=3, scene_process=7, key=b"k", name=b"VRChat")
    findings = found(capsys, listen_s=1.0)
    assert findings["sensor steamvr"]["state"] == "ok"
    assert "beside VRChat" in findings["sensor steamvr"]["found"]
    assert findings["game"]["found"] == "VRChat has the headset"
    for sense in ("head", "worn"):
        assert findings[f"{sense} beside a game"] == {
            "name": f"{sense} beside a game", "state": "ok", "found": "from steamvr now",
            "remedy": "", "essential": False,
        }  # fmt: skip


def test_a_broken_manifest_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "broken.json", "{")
    monkeypatch.setenv("XR_RUNTIME_JSON", str(tmp_path / "broken.json"))
    finding = found(capsys)["openxr runtime"]
    assert finding["state"] == "wrong"
    assert finding["remedy"] == "choose the runtime anew"


CAMERA = """
from pathlib import Path
from unvisor.headset.errors import SensorError
from unvisor.headset.plug import ReaderPlug, Settings

class Camera:
    def __enter__(self):
        raise SensorError("eyeball: libgl1 is missing: apt-get install libgl1")
    def __exit__(self, *_): ...
    def read(self): return []
    def health(self): ...

PLUG = ReaderPlug(name="eyeball", summary="", settings=Settings, make=lambda _settings: Camera())
"""


def test_a_camera_is_opened_only_where_it_is_named(
    tmp_path: Path,
    settings_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write(tmp_path / "eyeball.py", CAMERA)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, "eyeball", raising=False)
    monkeypatch.setitem(READERS, "eyeball", "eyeball:PLUG")
    unnamed = found(capsys)["sensor eyeball"]
    assert (unnamed["state"], unnamed["remedy"]) == ("ok", "")
    assert unnamed["found"].startswith("not opened")
    write(settings_file, "[readers.eyeball]\n")
    named = found(capsys)["sensor eyeball"]
    assert (named["state"], named["remedy"]) == ("wrong", "apt-get install libgl1")


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
    os.utime(faces[0], (0, 0))  # 1970, which a zip cannot say
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


def test_an_avatar_is_looked_at_where_one_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--json", "--listen-s", "0", "--avatar", str(tmp_path / "me.vrm")]) == 1
    finding = json.loads(capsys.readouterr().out)["findings"][-1]
    assert (finding["name"], finding["state"]) == ("avatar", "wrong")
    assert "me.vrm" in finding["found"]
    still = Made()
    still.mesh(targets=[still.accessor(TRIANGLE)], names=["Key 1"])
    still.save(tmp_path, "still.glb")
    words = ["doctor", "--json", "--listen-s", "0", "--avatar", str(tmp_path / "still.glb")]
    assert main(words) == 0  # it is drawn
    finding = json.loads(capsys.readouterr().out)["findings"][-1]
    assert (finding["name"], finding["state"]) == ("avatar", "wrong")
    assert finding["found"].endswith("the face does not move")
    assert finding["remedy"].startswith("name them as ARKit does (jawOpen")
    made = Made()
    made.mesh(targets=[made.accessor(TRIANGLE)], names=["jawOpen"])
    made.save(tmp_path, "me.glb")
    assert main(["doctor", "--json", "--listen-s", "0", "--avatar", str(tmp_path / "me.glb")]) == 0
    finding = json.loads(capsys.readouterr().out)["findings"][-1]
    assert (finding["name"], finding["state"]) == ("avatar", "ok")
    assert "me.glb: " in finding["found"]
    assert "no shape for" in finding["found"]


def test_settings_that_are_named_are_to_be_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--settings", "none.toml"]) == 1
    assert "--settings none.toml: no such file" in capsys.readouterr().err
