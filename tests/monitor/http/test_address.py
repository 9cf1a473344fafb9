from __future__ import annotations

import socket
from contextlib import closing

import pytest

from armature.errors import ConfigError, ProcessError
from armature.monitor.http.address import is_loopback, listen


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("robot.local", False)],
)
def test_only_this_machine_is_loopback(host, expected):
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("host", "family"),
    [
        ("127.0.0.1", socket.AF_INET),
        ("0.0.0.0", socket.AF_INET),
        ("localhost", socket.AF_INET),
        ("::1", socket.AF_INET6),
        ("::", socket.AF_INET6),
    ],
)
def test_every_kind_of_address_is_listened_to(host, family):
    with listen(host, 0, "choose another") as listener:
        assert listener.family == family
        socket.create_connection(listener.getsockname()[:2], timeout=5).close()


def test_a_name_that_has_both_is_listened_to_by_ipv4(monkeypatch):
    found = socket.getaddrinfo("::1", 0, type=socket.SOCK_STREAM) + socket.getaddrinfo(
        "127.0.0.1", 0, type=socket.SOCK_STREAM
    )
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with listen("robot", 0, "choose another") as listener:
        assert listener.family == socket.AF_INET


def test_every_address_of_ipv6_is_every_address_of_ipv4_too():
    with listen("::", 0, "choose another") as listener:
        socket.create_connection(("127.0.0.1", listener.getsockname()[1]), timeout=5).close()


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("", "[Nn]ame"),
        ("no host", "[Nn]ame"),
        ("x" * 70, "not the name of a host"),
        ("192.0.2.1", "Cannot assign"),
    ],
)
def test_an_address_that_cannot_be_had_is_told_with_the_remedy(host, told):
    with pytest.raises(ProcessError, match=told) as error:
        listen(host, 0, "choose another")
    assert str(error.value).endswith("; choose another")


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::"])
def test_a_port_in_use_is_told_whoever_has_it(host):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ProcessError, match=f":{port}: the port is in use; choose another"):
            listen(host, port, "choose another")


@pytest.mark.parametrize("port", [-1, 65536, 10**20])
def test_a_number_that_is_no_port_is_refused(port):
    with pytest.raises(ConfigError, match="1 to 65535"):
        listen("127.0.0.1", port, "choose another")
