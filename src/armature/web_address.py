"""The address of the page: HOST:PORT as a user gives it, and as a browser takes it."""

from __future__ import annotations

from armature.errors import ConfigError


def web_address(text: str) -> tuple[str, int]:
    """Host and port of the page.

    Args:
        text: HOST:PORT; an IPv6 address stands in brackets.

    Raises:
        ConfigError: it is not that.
    """
    host, _, port = text.rpartition(":")
    bare = host[1:-1] if host[:1] + host[-1:] == "[]" else host
    if not bare or (":" in bare) != (bare != host):
        raise ConfigError(
            "--http", text, "write HOST:PORT, for example 127.0.0.1:8080, 0.0.0.0:8080 or [::1]:8080"
        )
    return bare, web_port("--http", port)


def web_port(where: str, text: str) -> int:
    """The number of a port.

    Args:
        where: what it was given to.
        text: what was given.

    Raises:
        ConfigError: no port has it.
    """
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) <= 65535):
        raise ConfigError(where, text, "a port is a number from 1 to 65535, or 0 for any free one")
    return int(text)


def page_url(host: str, port: int) -> str:
    """The page's address as a browser takes it: IPv6 in brackets (RFC 3986)."""
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
