from __future__ import annotations

import os
import random
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import active_count

import pytest

from unvisor.headset.frame import Health, ImageSample, Reader
from unvisor.headset.sensors.camera.plug import MOUTH, MouthCameraSettings
from unvisor.headset.sensors.camera.serial import LARGEST_BYTES, Frames

from ..hostile import MANY, mutated
from .pictures import brightness, flat, jpeg, noise, read_until

JPEGS = [jpeg(flat(level)) for level in (20, 120, 220)]
HEADER = bytes.fromhex("ffa0ffa1")


def framed(picture: bytes) -> bytes:
    """As a board sends one: PROTOCOLS 3.7."""
    return HEADER + struct.pack("<H", len(picture)) + picture


STREAM = b"".join(map(framed, JPEGS))


@pytest.mark.parametrize("step", [1, 2, 5, 64, 1000, 100_000])
@pytest.mark.parametrize("stream", [STREAM, b"".join(JPEGS)], ids=["headers", "no headers"])
def test_pictures_come_whole_whatever_the_pieces(stream: bytes, step: int) -> None:
    frames = Frames()
    found: list[bytes] = []
    for at in range(0, len(stream), step):
        found += frames.feed(stream[at : at + step])
    assert found == JPEGS
    assert frames.dropped == 0


def test_words_between_pictures_are_no_pictures() -> None:
    frames = Frames()
    answer = b'{"results": ["ok"]}\r\n'
    assert frames.feed(answer.join(map(framed, JPEGS)) + answer) == JPEGS


def test_a_picture_within_a_picture_is_part_of_it_by_the_length() -> None:
    preview = b"\xff\xd8\xff\xe0preview\xff\xd9"
    outer = JPEGS[0][:-2] + preview + JPEGS[0][-2:]
    assert Frames().feed(framed(outer) + framed(JPEGS[1])) == [outer, JPEGS[1]]


@pytest.mark.parametrize("lost", [1, 3, 6, 100, 500])
@pytest.mark.parametrize("at", [0, 1, 3, 5, 9, 200])
def test_after_lost_bytes_the_next_picture_is_whole(at: int, lost: int) -> None:
    broken = framed(JPEGS[0])
    broken = broken[:at] + broken[at + lost :]
    found = Frames().feed(broken + framed(JPEGS[1]) + framed(JPEGS[2]))
    assert found[-2:] == JPEGS[1:]


@pytest.mark.parametrize("length", [0, 1, 6000, 32_768, 65_535])
def test_a_wrong_length_costs_no_picture(length: int) -> None:
    wrong = HEADER + struct.pack("<H", length) + JPEGS[0]
    found = Frames().feed(wrong + b"".join(map(framed, JPEGS[1:] * 30)))
    assert found[-59:] == (JPEGS[1:] * 30)[1:]


@pytest.mark.parametrize(
    "begun", [b"", JPEGS[0][:100], HEADER + b"\xff\xff", HEADER + b"\xf9\x7f" + JPEGS[0][:100]]
)
def test_what_never_ends_is_let_go(begun: bytes) -> None:
    frames = Frames()
    assert frames.feed(begun) == []
    for _ in range(LARGEST_BYTES // 1000 + 1):
        assert frames.feed(bytes(1000)) == []
    assert frames.dropped == bool(begun)
    assert frames.feed(STREAM) == JPEGS


def test_fuzz_streams() -> None:
    rng = random.Random(5)
    whole, frames = 0, Frames()
    for stream in mutated([STREAM, framed(JPEGS[0]), JPEGS[1]], seed=6):
        cut = rng.randrange(len(stream) + 1)
        found = frames.feed(stream[:cut]) + frames.feed(stream[cut:])
        whole += sum(picture in JPEGS for picture in found)
        assert all(one.startswith(b"\xff\xd8\xff") and one.endswith(b"\xff\xd9") for one in found)
    assert whole > MANY // 4
    assert frames.feed(bytes(LARGEST_BYTES) + STREAM)[-2:] == JPEGS[1:]


if sys.platform == "win32":
    pytest.skip("elsewhere: pseudo-terminals are POSIX's", allow_module_level=True)
assert sys.platform != "win32"  # for the type checker, which does not know that a skip ends it


class Board:
    """A board at a pseudo-terminal, under a name that stays when it is plugged in again."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self._ends = (-1, -1)

    def plug_in(self) -> None:
        self._ends = os.openpty()
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self._ends[1]))

    def send(self, sent: bytes) -> None:
        while sent:
            sent = sent[os.write(self._ends[0], sent[:2000]) :]

    def unplug(self) -> None:
        for end in self._ends:
            os.close(end)


def sending(board: Board, picture: bytes) -> Callable[[list[ImageSample], Health], bool]:
    """Send a picture over and over, until two of them came."""

    def enough(images: list[ImageSample], _: Health) -> bool:
        board.send(framed(picture))
        return len(images) >= 2

    return enough


def reader(board: Board) -> Reader:
    return MOUTH.make(MouthCameraSettings(device=f"serial:{board.link}"))


def test_a_board_at_a_port(tmp_path: Path) -> None:
    threads = active_count()
    board = Board(tmp_path / "ttyACM0")
    board.plug_in()
    with reader(board) as camera:
        images = read_until(camera, sending(board, JPEGS[1]))
        assert set(brightness(images)) == {120}
        assert images[0].camera == "mouth"
        assert images[0].time_ns == images[0].received_ns
        assert camera.health().state == "live"
    board.unplug()
    assert active_count() == threads


def test_unplugged_it_is_missing_and_it_returns_by_itself(tmp_path: Path) -> None:
    board = Board(tmp_path / "ttyACM0")
    with reader(board) as camera:
        read_until(camera, lambda _, health: "cannot be opened" in health.note)
        assert "plug it in" in camera.health().remedy
        board.plug_in()
        read_until(camera, sending(board, JPEGS[0]))
        board.unplug()
        read_until(camera, lambda _, health: "gone" in health.note or "opened" in health.note)
        board.plug_in()
        images = read_until(camera, sending(board, JPEGS[2]))
        assert brightness(images)[-1] == 220
        assert camera.health().note == ""
    board.unplug()


def test_a_board_that_says_nothing_is_awaited(tmp_path: Path) -> None:
    board = Board(tmp_path / "ttyACM0")
    board.plug_in()
    with reader(board) as camera:
        assert camera.read() == []
        assert camera.health().state == "waiting"
        images = read_until(camera, sending(board, jpeg(noise(1))))
        assert images[0].image.shape == (240, 240)
    board.unplug()


def test_a_port_that_is_anothers_names_its_owner(tmp_path: Path) -> None:
    board = Board(tmp_path / "ttyACM0")
    board.plug_in()
    program = (
        "import serial, sys; port = serial.Serial(sys.argv[1], exclusive=True);"
        "print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(board.link)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "open\n"
        with reader(board) as camera:
            read_until(camera, lambda _, health: bool(health.note))
            health = camera.health()
        assert owner.stdin is not None
        owner.stdin.close()
    if sys.platform == "linux":
        assert f"(pid {owner.pid}) has it" in health.note
        assert "close that" in health.remedy
    else:
        assert "cannot be opened" in health.note
    board.unplug()


def test_a_file_is_no_port(tmp_path: Path) -> None:
    board = Board(tmp_path / "ttyACM0")
    board.link.write_text("no terminal")
    with reader(board) as camera:
        read_until(camera, lambda _, health: "cannot be opened" in health.note)
