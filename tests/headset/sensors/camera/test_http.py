from __future__ import annotations

import socket
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread, active_count

import pytest

from unvisor.headset.clock import now_ns
from unvisor.headset.errors import SensorError
from unvisor.headset.frame import Reader
from unvisor.headset.sensors.camera.http import pictures
from unvisor.headset.sensors.camera.plug import MOUTH, MouthCameraSettings

from .pictures import brightness, flat, jpeg, noise, read_until

KIND = "multipart/x-mixed-replace; boundary=frame"
Send = Callable[["Board"], None]


def part(picture: bytes) -> bytes:
    head = f"Content-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\nX-Timestamp: 1.5\r\n\r\n"
    return b"\r\n--frame\r\n" + head.encode() + picture


class Board(BaseHTTPRequestHandler):
    """A camera's web server; what it sends is each test's own."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        assert isinstance(self.server, Server)
        self.stop = self.server.stop
        with suppress(ConnectionError):
            self.server.send(self)
        self.close_connection = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass

    def begin(self, kind: str = KIND, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def write(self, sent: bytes) -> None:
        self.wfile.write(sent)

    def chunk(self, sent: bytes) -> None:
        self.wfile.write(f"{len(sent):x}\r\n".encode() + sent + b"\r\n")

    def until_stopped(self, pause_s: float = 0.01) -> Generator[None]:
        while not self.stop.wait(pause_s):
            yield


class Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    allow_reuse_address = True

    def __init__(self, send: Send, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Board)
        self.send = send
        self.stop = Event()


@contextmanager
def serving(send: Send, port: int = 0) -> Generator[str]:
    """Run a camera's web server; gives its address."""
    with Server(send, port) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.stop.set()
            server.shutdown()
            thread.join()


def reader(url: str) -> Reader:
    return MOUTH.make(MouthCameraSettings(device=url))


def steadily(*sent: bytes) -> Send:
    def send(board: Board) -> None:
        board.begin()
        for _ in board.until_stopped():
            for one in sent:
                board.write(part(one))

    return send


def chunked(board: Board) -> None:
    board.begin(Transfer_Encoding="chunked")
    for _ in board.until_stopped():
        whole = part(jpeg(flat(120)))
        for at in range(0, len(whole), 200):
            board.chunk(whole[at : at + 200])


@pytest.mark.parametrize("send", [steadily(jpeg(flat(120))), chunked], ids=["plain", "chunked"])
def test_a_stream_of_pictures(send: Send) -> None:
    threads = active_count()
    with serving(send) as url, reader(url) as camera:
        before_ns = now_ns()
        images = read_until(camera, lambda images, _: len(images) >= 5)
        assert set(brightness(images)) == {120}
        times = [one.received_ns for one in images]
        assert times == sorted(times)
        assert before_ns < times[-1] <= now_ns()
        assert camera.health().state == "live"
        assert camera.health().note == ""
    assert active_count() == threads


def test_of_pictures_that_come_at_once_the_newest_is_decoded() -> None:
    def send(board: Board) -> None:
        board.begin()
        board.write(b"".join(part(jpeg(flat(level))) for level in (20, 120, 220)))
        for _ in board.until_stopped():
            pass

    with serving(send) as url:
        reading = pictures(url)
        while (picture := next(reading)) is None:
            pass
        reading.close()
    assert abs(int(picture.grey()[0, 0]) - 220) <= 1
    assert picture.skipped == 2


def test_a_broken_picture_is_counted_and_the_next_is_read() -> None:
    good = jpeg(noise(1))
    with serving(steadily(good[:2000], good)) as url, reader(url) as camera:
        images = read_until(camera, lambda images, health: len(images) >= 3 and health.dropped >= 3)
        assert all(one.image.shape == (240, 240) for one in images)


def test_a_camera_that_ends_and_starts_again_returns_by_itself() -> None:
    def send(board: Board) -> None:
        board.begin()
        board.write(part(jpeg(flat(120))) * 3)

    with serving(steadily(jpeg(flat(20)))) as url:
        pass
    port = int(url.split(":")[2].strip("/"))
    with reader(url) as camera:
        read_until(camera, lambda _, health: "not reached" in health.note)
        assert "switch the camera on" in camera.health().remedy
        with serving(send, port):
            read_until(camera, lambda images, health: len(images) >= 2 and "ended" in health.note)
        read_until(camera, lambda _, health: "not reached" in health.note)
        with serving(steadily(jpeg(flat(220))), port):
            images = read_until(camera, lambda images, _: len(images) >= 2)
        assert brightness(images)[-1] == 220


def test_a_silent_camera_is_left_and_asked_again() -> None:
    asked: list[int] = []

    def send(board: Board) -> None:
        asked.append(now_ns())
        board.begin()
        board.write(part(jpeg(flat(120))))
        for _ in board.until_stopped():
            pass

    with serving(send) as url, reader(url) as camera:
        read_until(camera, lambda images, _: len(images) >= 1 and len(asked) >= 2)


def refusing(kind: str) -> Send:
    return lambda board: board.begin(kind, Content_Length="0")


def hanging_up(board: Board) -> None:
    pass


def other_status(board: Board) -> None:
    board.begin(status=503, Content_Length="0")


def elsewhere(board: Board) -> None:
    board.begin(status=302, Location="http://192.0.2.1/", Content_Length="0")


def junk(board: Board) -> None:
    board.begin()
    for _ in board.until_stopped(0.0):
        board.write(b"x" * 1000)


def endless_head(board: Board) -> None:
    board.write(b"HTTP/1.1 200 OK\r\n")
    for _ in board.until_stopped(0.0):
        board.write(b"A: b\r\n")


def dripping_head(board: Board) -> None:
    board.write(b"HTTP/1.1 200 OK\r\n")
    for _ in board.until_stopped(0.2):
        board.write(b"A")


def garbage(board: Board) -> None:
    board.write(b"\x00\xff not HTTP at all\r\n\r\n")


@pytest.mark.parametrize(
    ("send", "says"),
    [
        (refusing("text/html"), "sends text/html, no stream"),
        (refusing("image/jpeg"), "sends image/jpeg, no stream"),
        (refusing("multipart/x-mixed-replace"), "no stream"),
        (refusing("multipart/x-mixed-replace; boundary=--"), "no stream"),
        (other_status, "answers 503"),
        (elsewhere, r"sends us to http://192\.0\.2\.1/"),
        (junk, "no stream of pictures"),
        (endless_head, "no end of header"),
        (dripping_head, "no end of header"),
        (garbage, "not reached"),
        (hanging_up, "not reached"),
    ],
)
def test_what_is_no_camera_is_refused_in_one_line(send: Send, says: str) -> None:
    with serving(send) as url, pytest.raises(SensorError, match=says) as told:
        for _ in pictures(url):
            pass
    assert str(told.value).startswith(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "http://", "http://wearer:secret@127.0.0.1/", "http://127.0.0.1:99999/",
        "http://[::1", "http://a..b/", "http://127.0.0.1:1/\r\nHost: x", "http://127.0.0.1:1/ x",
    ],
)  # fmt: skip
def test_addresses_that_are_not_read(url: str) -> None:
    with pytest.raises(SensorError):
        next(pictures(url))


def test_a_host_that_refuses_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # not listening
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with pytest.raises(SensorError, match=r"not reached .*: switch the camera on"):
            next(pictures(url))


def test_a_flood_is_bounded() -> None:
    picture = part(jpeg(flat(120, 16, 16)))

    def send(board: Board) -> None:
        board.begin()
        for _ in board.until_stopped(0.0):
            board.write(picture * 40)

    with serving(send) as url, reader(url) as camera:
        images = read_until(camera, lambda _, health: health.dropped > 500)
        time.sleep(0.1)
        assert len(camera.read()) <= 4
        assert len(images) < 500
