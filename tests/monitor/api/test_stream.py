from __future__ import annotations

import json
import socket
import threading
import urllib.request
from collections.abc import Iterator

import pytest

from armature.errors import ProcessError
from armature.monitor.app import create_app
from armature.monitor.http.server import MonitorServer
from armature.monitor.hub import GREETING, HEARTBEAT, StreamHub


def _frames(hub: StreamHub) -> Iterator[bytes]:
    frames = iter(hub.open())
    assert next(frames) == GREETING
    return frames


def test_a_viewer_gets_the_newest_frame_and_skips_the_ones_between():
    hub = StreamHub(capacity=1, heartbeat=5)
    stream = _frames(hub)
    hub.publish(b"1")
    hub.publish(b"2")
    assert next(stream) == b"data: 2\n\n"
    hub.publish(b"3")
    hub.publish(b"4")
    assert next(stream) == b"data: 4\n\n"


def test_all_viewers_get_the_very_same_bytes():
    hub = StreamHub(capacity=2, heartbeat=5)
    first, second = _frames(hub), _frames(hub)
    hub.publish(b"x")
    assert next(first) is next(second)


def test_a_silent_stream_beats():
    assert next(_frames(StreamHub(capacity=1, heartbeat=0.01))) == HEARTBEAT


def test_no_more_streams_than_places_and_a_place_comes_back_once():
    hub = StreamHub(capacity=1, heartbeat=5)
    stream = hub.open()
    assert hub.is_full
    assert hub.open() is None
    stream.close()
    assert not hub.is_full
    stream.close()
    assert hub.viewers == 0
    assert hub.open() is not None
    assert hub.open() is None


def test_a_closed_hub_ends_its_streams_and_opens_none():
    hub = StreamHub(capacity=1, heartbeat=60)
    stream = hub.open()
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.extend(stream))
    reader.start()
    hub.close()
    reader.join(5)
    assert not reader.is_alive()
    assert hub.open() is None


def test_a_full_house_is_told_with_when_to_try_again(client, hub):
    taken = [hub.open() for _ in range(hub.capacity)]
    response = client.get("/api/stream")
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "places" in response.json["message"]
    for stream in taken:
        stream.close()


def _open_stream(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(b"GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert connection.recv(12) == b"HTTP/1.1 200"
    return connection


def test_frames_travel_over_a_real_connection(server, hub):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/api/stream", timeout=10) as response:
        assert response.headers["Content-Type"].startswith("text/event-stream")
        hub.publish(b'{"n":1}')
        lines = iter(response.readline, b"")
        assert next(line for line in lines if line.startswith(b"data")) == b'data: {"n":1}\n'


def test_stop_is_answered_while_every_stream_is_taken_and_stalled(server, hub, gateway):
    stalled = [_open_stream(server.port) for _ in range(hub.capacity)]
    # More than the kernel buffers hold, so that every stream's thread hangs in its send.
    hub.publish(b"x" * 20_000_000)
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}/api/protective_stop", b"{}", {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=1) as response:
        assert json.load(response) == {"ok": True, "message": "done"}
    assert gateway.calls == [("protective_stop", True)]
    for connection in stalled:
        connection.close()


def test_a_viewer_that_left_gives_its_place_back(server, hub):
    _open_stream(server.port).close()
    places = threading.Event()
    while hub.viewers and not places.wait(0.01):
        hub.publish(b"anyone?")
    assert hub.viewers == 0


def test_a_port_in_use_is_told_with_the_remedy(server, app):
    with pytest.raises(ProcessError, match=rf"127.0.0.1:{server.port}: the port is in use; choose another"):
        MonitorServer(app, StreamHub(1, 1), "127.0.0.1", server.port)


def test_an_address_of_another_machine_is_refused(app):
    with pytest.raises(ProcessError, match=r"192\.0\.2\.1"):
        MonitorServer(app, StreamHub(1, 1), "192.0.2.1", 0)


def test_stopping_ends_open_streams(gateway, page_root, config):
    hub = StreamHub(capacity=2, heartbeat=30)
    server = MonitorServer(create_app(gateway, hub, page_root, config), hub, "127.0.0.1", 0)
    connection = _open_stream(server.port)
    server.stop()
    while connection.recv(4096):
        pass
    connection.close()
    assert hub.viewers == 0
