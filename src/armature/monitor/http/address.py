"""The address of the page: who can reach it, and the socket that listens at it."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket

from armature.errors import ConfigError, ProcessError


def is_loopback(host: str) -> bool:
    """Whether an address can only be reached from this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int, remedy: str, backlog: int = 128) -> socket.socket:
    """Open a listening socket.

    Args:
        host: address or name to bind to; "::" takes IPv4 too.
        port: 0 for any free one.
        remedy: what the user can do if the port is not available.
        backlog: connections that may wait to be accepted.

    Raises:
        ConfigError: no port has this number.
        ProcessError: the port is in use, or host and port are not this machine's or this user's.
    """
    if not 0 <= port <= 65535:
        raise ConfigError("port", port, "ports are 1 to 65535, or 0 for any free one")
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        family, *_, address = min(
            addresses, key=lambda info: info[0]
        )  # IPv4 before IPv6, for a name that has both
        listener = socket.socket(family, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ProcessError("monitor", f"{host}:{port}: {_reason(error)}", remedy) from error
    try:
        _prepare(listener, host)
        listener.bind(address)
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        raise ProcessError("monitor", f"{host}:{port}: {_reason(error)}", remedy) from error
    return listener


def _prepare(listener: socket.socket, host: str) -> None:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if host == "::":
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)


def _reason(error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError):
        return "this is not the name of a host"
    if error.errno == errno.EADDRINUSE:
        return "the port is in use"
    return error.strerror or os.strerror(error.errno or 0)
