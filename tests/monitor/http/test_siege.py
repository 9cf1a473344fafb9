"""STOP and the page while clients are silent, slow, greedy or many, over real connections."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from armature.bench.graph import stop_latency
from armature.monitor.app import create_app
from armature.monitor.http import event_loop, exchange
from armature.monitor.http.server import MonitorServer

STATE = b"GET /api/state HTTP/1.1\r\nHost: localhost\r\n\r\n"
STREAM = b"GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"


def post(path: str, body: bytes, **fields: object) -> bytes:
    given = {"Host": "localhost", "Content-Type": "application/json", "Content-Length": len(body), **fields}
    lines = [f"{name}: {value}" for name, value in given.items() if value is not None]
    return "\r\n".join([f"POST /api/{path} HTTP/1.1", *lines, "", ""]).encode() + body


STOP = post("protective_stop", b"{}")
BIG = b"GET /big.js HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
MORE_THAN_FITS = 20_000_000  # into the buffers of the kernel [byte]
HASTE = 0.3  # [s]
CROWD = 300  # six times as many as silenced STOP when a thread waited for each
KINDS = {
    "silent": b"",
    "one byte": b"P",
    "half a head": STOP[:60],
    "half a body": STOP.replace(b"protective_stop", b"enable")[:-1],
}


@contextlib.contextmanager
def connected(server: MonitorServer, *sent: bytes) -> Iterator[socket.socket]:
    with socket.socket() as client:
        client.settimeout(20)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)  # what it does not read is soon not sent
        client.connect(("127.0.0.1", server.port))
        for data in sent:
            client.sendall(data)
        yield client


@contextlib.contextmanager
def crowd(server: MonitorServer, number: int, data: bytes) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(connected(server, data)) for _ in range(number)]


def answer_of(client: socket.socket) -> tuple[int, dict]:
    """The next answer on a connection that has a length."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = client.recv(1)
        assert byte, f"no answer but {head!r}"
        head += byte
    (length,) = (int(line.split()[1]) for line in head.decode().splitlines() if line.startswith("Content-Length"))
    body = b""
    while len(body) < length:
        body += client.recv(length - len(body))
    return int(head.split()[1]), json.loads(body)


def asked(server: MonitorServer, *data: bytes) -> tuple[int, dict]:
    with connected(server, *data) as client:
        return answer_of(client)


def is_closed(client: socket.socket) -> bool:
    """Whether the server has closed; to be awaited."""
    client.setblocking(False)
    try:
        return client.recv(4096) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def resident() -> int:
    """Memory of this process, and so of the server in it [byte]."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.fixture
def make_server(app, hub):
    """For a server whose bounds the test has set."""
    with contextlib.ExitStack() as stack:

        def make() -> MonitorServer:
            server = MonitorServer(app, hub, "127.0.0.1", 0)
            stack.callback(server.stop)
            return server

        yield make


# Many


@pytest.mark.parametrize("kind", KINDS)
def test_stop_is_answered_beside_any_crowd_that_asks_for_nothing(server, gateway, kind):
    with crowd(server, CROWD, KINDS[kind]):
        assert [asked(server, STOP)[0] for _ in range(20)] == [200] * 20
        assert asked(server, STATE)[0] == 200
    assert gateway.calls == [("protective_stop", True)] * 20


@pytest.mark.parametrize("kind", stop_latency.KINDS)
def test_the_crowds_of_the_bench_are_what_they_say_and_stop_is_answered_beside_them(
    server, hub, kind, monkeypatch, wait_until
):
    monkeypatch.setattr(stop_latency, "_SETTLED", 0.0)
    with stop_latency.crowd(server.port, kind, 60):
        if kind == "stalled":
            wait_until(lambda: hub.viewers == hub.capacity)
        else:
            wait_until(lambda: server.traffic.dropped >= 60)
            wait_until(lambda: server.traffic.open >= 50)  # it opens again what is dropped
        monkeypatch.setattr(stop_latency, "_STOPS", 5)
        figures = [*stop_latency._figures(kind, stop_latency._stops(server.port, os.getpid()), None)]
    assert figures[0].value == 5
    assert figures[3].value < float("inf")


def test_a_crowd_beyond_the_bound_makes_room_for_stop_by_its_oldest(make_server, monkeypatch, wait_until):
    monkeypatch.setattr(event_loop, "connection_limit", lambda: 50)
    server = make_server()
    with crowd(server, 80, b"P") as clients:
        wait_until(lambda: server.traffic.dropped >= 30)
        assert asked(server, STOP)[0] == 200
        assert server.traffic.open <= 50
        assert is_closed(clients[0])
        assert not is_closed(clients[-1])


def test_half_of_what_may_be_opened_is_left_to_the_rest_of_the_process(monkeypatch):
    monkeypatch.setattr(event_loop.resource, "getrlimit", lambda kind: (256, 4096))
    assert event_loop.connection_limit() == 128


@pytest.fixture
def hasty(make_server, monkeypatch):
    """A server that waits for a request for a shorter time."""
    monkeypatch.setattr(event_loop, "_READ_TIMEOUT", HASTE)
    return make_server()


def test_a_connection_that_asks_for_nothing_is_dropped_after_two_seconds_and_counted(server, wait_until):
    begun = time.monotonic()
    with crowd(server, 5, b"") as clients:
        wait_until(lambda: server.traffic.dropped == 5)
        assert time.monotonic() - begun > 1.9
        wait_until(lambda: all(is_closed(client) for client in clients))
    assert server.traffic.open == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_connection_without_a_whole_request_is_dropped_and_counted(hasty, kind, wait_until):
    with crowd(hasty, 5, KINDS[kind]) as clients:
        wait_until(lambda: hasty.traffic.dropped == 5)
        wait_until(lambda: all(is_closed(client) for client in clients))


def test_a_byte_now_and_then_does_not_make_a_connection_last(hasty, wait_until):
    with connected(hasty) as client:
        drip = iter(STOP.replace(b"Host", b"X" * 10000 + b": y\r\nHost"))

        def is_dropped() -> bool:
            with contextlib.suppress(ConnectionError):
                client.send(bytes([next(drip)]))
            return hasty.traffic.dropped == 1

        wait_until(is_dropped)


def test_a_browsers_connection_that_rests_between_requests_is_closed_and_not_counted(hasty, wait_until):
    with connected(hasty, STATE) as client:
        assert answer_of(client)[0] == 200
        wait_until(lambda: is_closed(client))
    assert hasty.traffic.dropped == 0


def test_a_connection_serves_one_request_after_another(server):
    with connected(server) as client:
        for request in (STATE, STOP, STATE):
            client.sendall(request)
            assert answer_of(client)[0] == 200


@pytest.fixture
def silent_robot(gateway, server):
    """It answers at the end of the test, before the server stops."""
    gateway.may_answer.clear()
    yield gateway
    gateway.may_answer.set()


def test_stop_is_asked_for_while_every_other_thread_waits_for_the_robot(server, silent_robot, wait_until):
    jog = {"velocities": {"elbow": 0.3}, "sequence": 0}
    bodies = [json.dumps({**jog, "press": press}).encode() for press in range(100)]
    with contextlib.ExitStack() as stack:
        jogs = []
        for body in bodies:  # in their order, until all threads wait: one that is overtaken is answered at once
            jogs.append(stack.enter_context(connected(server, post("jog", body))))
            wait_until(lambda: len(silent_robot.calls) == min(len(jogs), 16))
        wait_until(lambda: len(select.select(jogs, [], [], 0)[0]) >= 20)
        refused = select.select(jogs, [], [], 0)[0]
        assert answer_of(refused[0]) == (503, {"ok": False, "message": "the monitor is busy; try again"})
        with connected(server, STOP) as client:
            assert silent_robot.wait_for(lambda calls: ("protective_stop", True) in calls)
            silent_robot.may_answer.set()
            assert answer_of(client)[0] == 200
        statuses = [answer_of(client)[0] for client in jogs if client is not refused[0]]
    assert statuses.count(200) >= 64  # as many as may wait
    assert set(statuses) == {200, 503}


def test_no_stop_is_refused_for_being_one_of_many(server, silent_robot):
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connected(server, STOP)) for _ in range(100)]
        assert silent_robot.wait_for(lambda calls: ("protective_stop", True) in calls)
        silent_robot.may_answer.set()
        assert {answer_of(client)[0] for client in clients} == {200}


# Slow


def test_a_stop_whose_body_never_comes_is_acted_on_and_answered(server, gateway):
    assert asked(server, post("protective_stop", b"", **{"Content-Length": 400_000_000}))[0] == 200
    assert gateway.calls == [("protective_stop", True)]


def test_a_body_of_stop_that_comes_late_is_no_next_request(server, gateway):
    head, body = STOP[:-2], STATE[:2]
    with connected(server, head) as client:
        assert answer_of(client)[0] == 200
        client.sendall(body + STATE)
        assert answer_of(client)[0] == 200
    assert gateway.calls == [("protective_stop", True)]


def test_a_stop_in_chunks_is_acted_on_and_the_connection_ended(server, gateway, wait_until):
    chunked = post("protective_stop", b"2\r\n{}\r\n", **{"Content-Length": None, "Transfer-Encoding": "chunked"})
    with connected(server, chunked) as client:
        assert answer_of(client)[0] == 200
        wait_until(lambda: is_closed(client))
    assert gateway.calls == [("protective_stop", True)]


def test_answers_that_nobody_takes_hold_no_thread(server, gateway, page_root):
    (page_root / "big.js").write_bytes(b"/" * 4_000_000)
    with crowd(server, 30, BIG):
        assert asked(server, post("enable", b"{}"))[0] == 200
        assert asked(server, STATE)[0] == 200
        assert asked(server, STOP)[0] == 200


def test_answers_that_nobody_takes_are_bounded_in_all(make_server, page_root, monkeypatch, wait_until):
    monkeypatch.setattr(event_loop, "_MOST_UNSENT", 100_000)
    monkeypatch.setattr(event_loop, "_WRITE_TIMEOUT", 1000.0)
    (page_root / "big.js").write_bytes(b"/" * 8_000_000)
    server = make_server()
    with crowd(server, 10, BIG):
        wait_until(lambda: server.traffic.dropped == 10)


MESH = BIG.replace(b"/big.js", b"/api/meshes/0/big.stl")


@pytest.fixture
def mesh_server(gateway, hub, page_root, config, tmp_path):
    """It serves a mesh that is larger than all answers together may be."""
    with (tmp_path / "big.stl").open("wb") as file:
        file.truncate(event_loop._MOST_UNSENT + 8_000_000)
    served = replace(config, meshes={"big.stl": {"big.stl": tmp_path / "big.stl"}})
    server = MonitorServer(create_app(gateway, hub, page_root, served), hub, "127.0.0.1", 0)
    yield server
    server.stop()


def test_a_mesh_of_any_size_is_served_whole_and_little_of_it_is_in_memory(mesh_server):
    before = resident()
    with connected(mesh_server, MESH) as client:
        got, most = 0, 0
        while data := client.recv(1_000_000):
            got, most = got + len(data), max(most, resident())
    assert got > event_loop._MOST_UNSENT + 8_000_000
    assert most - before < 20_000_000


def test_meshes_that_nobody_takes_keep_neither_stop_nor_others_from_an_answer(mesh_server, monkeypatch):
    monkeypatch.setattr(exchange, "_SEND_TIMEOUT", 0.5)
    with crowd(mesh_server, 30, MESH):
        assert asked(mesh_server, STATE)[0] == 200
        assert asked(mesh_server, STOP)[0] == 200
        assert mesh_server.traffic.dropped == 0


def test_a_mesh_by_another_spelling_takes_no_memory(mesh_server):
    assert asked(mesh_server, MESH.replace(b"/api", b"/%61pi"))[0] == 404


def test_who_takes_nothing_of_an_answer_is_dropped(make_server, page_root, monkeypatch, wait_until):
    monkeypatch.setattr(event_loop, "_WRITE_TIMEOUT", 0.5)
    (page_root / "big.js").write_bytes(b"/" * 8_000_000)
    server = make_server()
    with crowd(server, 3, BIG):
        wait_until(lambda: server.traffic.dropped == 3)


def test_a_slow_reader_gets_all_of_its_answer(server, page_root):
    (page_root / "big.js").write_bytes(bytes(range(256)) * 30_000)
    with connected(server, BIG) as client:
        got = b"".join(iter(lambda: client.recv(100_000), b""))
    assert got.endswith(bytes(range(256)) * 30_000)


def test_requests_whose_answers_are_never_read_do_not_keep_stop_from_others(server, gateway):
    with crowd(server, 8, b"") as clients:
        for client in clients:
            client.settimeout(0.2)
            with contextlib.suppress(TimeoutError):  # it is read no further, once its answers are not
                client.sendall(STOP * 20_000)
        gateway.calls.clear()
        assert asked(server, STOP)[0] == 200


def test_a_stalled_viewer_costs_another_nothing(server, hub, wait_until):
    with crowd(server, hub.capacity - 1, STREAM):
        wait_until(lambda: hub.viewers == hub.capacity - 1)
        hub.publish(b"x" * MORE_THAN_FITS)
        with connected(server, STREAM) as viewer:
            wait_until(lambda: hub.viewers == hub.capacity)
            hub.publish(b"newest")
            received = b""
            while b"newest" not in received:
                received = received[-10:] + viewer.recv(65536)
            with connected(server, STREAM) as late:
                assert answer_of(late)[0] == 503
                late.sendall(STATE)  # a refusal for want of room ends nothing
                assert answer_of(late)[0] == 200


def test_a_server_with_viewers_that_do_not_read_ends(app, hub, monkeypatch, wait_until):
    monkeypatch.setattr(exchange, "_SEND_TIMEOUT", 1000.0)
    server = MonitorServer(app, hub, "127.0.0.1", 0)
    with crowd(server, hub.capacity, STREAM):
        wait_until(lambda: hub.viewers == hub.capacity)
        hub.publish(b"x" * MORE_THAN_FITS)
        ending = threading.Thread(target=server.stop)
        ending.start()
        ending.join(20)
        assert not ending.is_alive()
    assert hub.viewers == 0


def test_a_viewer_that_has_gone_does_not_keep_others_from_being_cut_off(server):
    pairs = [socket.socketpair() for _ in range(4)]
    for stalled, client in pairs[:-1]:
        client.close()
        stalled.close()
    server._open_streams = [stalled for stalled, _ in pairs]
    server._shut_down_streams()
    stalled, client = pairs[-1]
    with stalled, client:
        assert client.recv(1) == b""
    server._open_streams = set()


def test_a_last_answer_ends_the_connection_for_its_client_at_once(make_server, monkeypatch):
    monkeypatch.setattr(event_loop, "_READ_TIMEOUT", 1000.0)
    server = make_server()
    for request in (STATE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), b"rubbish\r\n\r\n"):
        with connected(server, request) as client:
            answer_of(client)
            client.sendall(STATE)
            assert client.recv(1) == b""  # no answer, but the end


# Greedy


@pytest.mark.parametrize(
    ("data", "status", "told"),
    [
        (STATE[:-2] + b"X: " + b"x" * 20_000, 431, "16384 bytes"),
        (b"GET /" + b"x" * 20_000, 431, "16384 bytes"),
        (STATE[:-2] + b"Content-Length: 400000000\r\n\r\n", 413, "4096 bytes"),
        (post("enable", b"", **{"Content-Length": 4097}), 413, "4096 bytes"),
        (post("release", b"", **{"Content-Length": "9" * 5000}), 413, "4096 bytes"),
        (post("login", b"", **{"Content-Length": 400_000_000}), 413, "4096 bytes"),
        (post("enable", b"", **{"Content-Length": None, "Transfer-Encoding": "chunked"}), 411, "not in chunks"),
        (post("enable", b"", **{"Transfer-Encoding": "chunked"}), 411, "not in chunks"),
        (post("enable", b"{}", **{"Content-Length": -1}), 400, "whole number"),
        (b"GET http://[::/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "begins with /"),
        (b"GET /api/state HTTP/1.1\r\n folded: 1\r\nHost: localhost\r\n\r\n", 400, "begins with its name"),
        (post("enable", b"{}", **{"Content-Length": "+2"}), 400, "whole number"),
        (post("enable", b"{}", **{"Content-Length": "2\r\nContent-Length: 3"}), 400, "whole number"),
        (post("protective_stop", b"{}", **{"Content-Length": "2\r\ncontent-length : 3"}), 400, "whole number"),
        (b"\x16\x03\x01\x02\x00\r\n\r\n", 400, "METHOD PATH"),
        (b"STOP\r\n\r\n", 400, "METHOD PATH"),
    ],
)
def test_what_is_too_long_or_no_request_is_refused_in_words(server, gateway, data, status, told):
    with connected(server, data) as client:
        head = client.recv(4096, socket.MSG_PEEK)
        code, message = answer_of(client)
    assert (code, message["ok"]) == (status, False)
    assert told in message["message"]
    assert b"X-Content-Type-Options: nosniff" in head
    assert gateway.calls == []


@pytest.mark.parametrize(
    "head",
    [
        post("protective_stop", b"", **{"Content-Length": 200_000_000}),
        STATE[:-2] + b"Content-Length: 200000000\r\n\r\n",
        STATE[:-2] + b"Cookie: ",
        post("protective_stop", b"", **{"Content-Length": None, "Transfer-Encoding": "chunked"}) + b"bebc200\r\n",
        b"GET /",
    ],
)
def test_hundreds_of_megabytes_leave_no_trace_in_memory(server, head):
    before, block = resident(), b"x" * 1_000_000
    with connected(server, head) as client, contextlib.suppress(ConnectionError):
        for _ in range(200):
            client.sendall(block)
    assert resident() - before < 20_000_000


def test_requests_in_one_piece_are_answered_in_turn_and_rubbish_behind_them_ends_it(server, wait_until):
    with connected(server, STATE + STOP + STATE + b"rubbish\r\n\r\n" + STATE) as client:
        assert [answer_of(client)[0] for _ in range(4)] == [200, 200, 200, 400]
        wait_until(lambda: is_closed(client))


@pytest.mark.parametrize("path", [b"/api/str%65am", b"/api/stre\tam", b"/%61pi/stream"])
def test_a_stream_by_another_spelling_takes_no_thread_for_ever(server, path):
    assert asked(server, b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")[0] == 404
