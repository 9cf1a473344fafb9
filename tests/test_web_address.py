"""The address of the page: its forms, and what is refused."""

from __future__ import annotations

import pytest

from armature import web_address
from armature.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("0.0.0.0:0", ("0.0.0.0", 0)),
        ("robot.local:65535", ("robot.local", 65535)),
        ("[::]:8080", ("::", 8080)),
        ("[fe80::1]:80", ("fe80::1", 80)),
    ],
)
def test_an_address_of_the_page_is_host_and_port(text, address):
    assert web_address.web_address(text) == address


@pytest.mark.parametrize(
    "text",
    ["8080", ":8080", "127.0.0.1", "", "::1:8080", "::1", "[]:80", "[127.0.0.1]:80", "[::1:80", "http://host:80"],
)
def test_an_address_of_the_page_that_is_none_is_refused_with_the_form(text):
    with pytest.raises(ConfigError, match="write HOST:PORT"):
        web_address.web_address(text)


@pytest.mark.parametrize("port", ["notaport", "", "-1", "65536", "8O8O", "80.0", "9" * 5000, "\u0664"])
def test_a_port_that_is_none_is_refused_with_those_that_are(port):
    with pytest.raises(ConfigError, match=r"--http: .* 1 to 65535"):
        web_address.web_address(f"0.0.0.0:{port}")
    with pytest.raises(ConfigError, match=r"http_port: .* 1 to 65535"):
        web_address.web_port("http_port", port)


def test_an_ipv6_address_stands_in_brackets():
    assert web_address.page_url("::", 8080) == "http://[::]:8080/"
    assert web_address.page_url("robot.local", 80) == "http://robot.local:80/"
