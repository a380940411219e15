from __future__ import annotations

from pathlib import Path

import pytest

from unvisor.headset import settings
from unvisor.headset.errors import UnvisorError
from unvisor.headset.outputs.vrchat import VRChatTarget
from unvisor.headset.plug import READER_PLUGS, SINK_PLUGS
from unvisor.headset.sensors.camera.plug import CameraSettings
from unvisor.headset.sensors.live_link_face import LiveLinkFaceSettings


def written(folder: Path, text: str) -> Path:
    path = folder / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_no_file_is_no_settings(tmp_path: Path) -> None:
    assert settings.load(tmp_path / "none.toml") == settings.Chosen()


def test_tables_become_each_plugs_own_settings(tmp_path: Path) -> None:
    chosen = settings.load(
        written(
            tmp_path,
            '[readers.live-link-face]\nhost = "0.0.0.0"\n'
            '[outputs.vrchat]\nport = 9100\nprefixes = ["FT/"]\n'
            "[outputs.live-link-face]\nenabled = false\n",
        )
    )
    assert chosen.readers == {"live-link-face": LiveLinkFaceSettings(host="0.0.0.0")}
    assert chosen.outputs == {"vrchat": VRChatTarget(port=9100, prefixes=("FT/",))}


def test_an_avatar_lies_beside_the_settings_that_name_it(tmp_path: Path) -> None:
    path = written(tmp_path, '[headset]\navatar = "faces/me.vrm"\n')
    assert settings.load(path).avatar == tmp_path / "faces" / "me.vrm"
    assert settings.load(written(tmp_path, "[headset]\n")).avatar is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[headset]\navatr = 'me.vrm'\n", r"\[headset\]: avatr is not known: did you mean avatar"),
        ("[headset]\navatar = 3\n", r"\[headset\]: .*str"),
        ("headset = 3\n", r"\[headset\]: is not a table"),
        ("[reader.live-link-face]\n", r"\[reader\] is not known: did you mean readers\?"),
        ("[readers.live-link-fac]\n", r"did you mean live-link-face\?"),
        (
            "[outputs.vrchat]\nprot = 1\n",
            r"\[outputs.vrchat\]: prot is not known: did you mean port",
        ),
        ("[outputs.vrchat]\nport = 70000\n", r"\[outputs.vrchat\]: .*65535.*port"),
        ('[outputs.vrchat]\nport = "x"\n', r"\[outputs.vrchat\]: "),
        ("outputs = 3\n", "outputs: is not a table"),
        ("[outputs]\nvrchat = 3\n", "is not a table"),
        ("[outputs.vrchat\n", "not TOML .*line 1"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UnvisorError, match=says) as caught:
        settings.load(path)
    assert str(path) in str(caught.value)


def test_files_that_are_no_settings(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UnvisorError, match="not TOML"):
        settings.load(path)
    path.write_bytes(b"#" * (2 << 20))
    with pytest.raises(UnvisorError, match="too large"):
        settings.load(path)
    with pytest.raises(UnvisorError, match="cannot be read"):
        settings.load(tmp_path)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", VRChatTarget()),
        ("192.168.1.5", VRChatTarget(host="192.168.1.5")),
        ("192.168.1.5:9100", VRChatTarget(host="192.168.1.5", port=9100)),
        (":9100", VRChatTarget(port=9100)),
        ("[::1]:9100", VRChatTarget(host="::1", port=9100)),
        ("[::1]", VRChatTarget(host="::1")),
        ("desk:9100,rate_hz=30", VRChatTarget(host="desk", port=9100, rate_hz=30.0)),
        ("port=9100,host=desk", VRChatTarget(host="desk", port=9100)),
    ],
)
def test_the_command_lines_words(words: str, expected: VRChatTarget) -> None:
    assert settings.from_words(SINK_PLUGS.load("vrchat"), words, None) == expected


def test_words_stand_on_the_file_and_who_names_it_wants_it() -> None:
    file = VRChatTarget(enabled=False, host="desk", port=9100)
    given = settings.from_words(SINK_PLUGS.load("vrchat"), ":9200", file)
    assert given == VRChatTarget(host="desk", port=9200)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("port=0x", "live-link-face: .*port"),
        (":nine", "live-link-face: .*port"),
        (":99999", "live-link-face: .*65535"),
        ("prot=1", "did you mean port"),
        ("host=a,b", "b: write key=value"),
    ],
)
def test_words_that_mean_nothing(words: str, says: str) -> None:
    with pytest.raises(UnvisorError, match=says):
        settings.from_words(READER_PLUGS.load("live-link-face"), words, None)


def test_a_camera_is_named_by_its_device_alone() -> None:
    plug = READER_PLUGS.load("mouth-camera")
    chosen = settings.from_words(plug, "http://tracker.local:81/stream,rotate=90", None)
    assert isinstance(chosen, CameraSettings)
    assert (chosen.device, chosen.rotate) == ("http://tracker.local:81/stream", 90)
    chosen = settings.from_words(plug, "http://tracker.local/?action=stream", None)
    assert isinstance(chosen, CameraSettings)
    assert chosen.device == "http://tracker.local/?action=stream"
