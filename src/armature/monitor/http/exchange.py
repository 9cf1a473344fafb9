"""One request and its response, by cheroot: from the bytes of the one to the bytes of the other.

Only what cheroot reads into WSGI and writes as a response is used, not its connections: it gives each a thread
before its request has come, so that as many silent connections as it has threads block it.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterable
from io import BytesIO
from typing import Any

from cheroot.server import HTTPConnection
from cheroot.wsgi import Server
from flask import Flask

from armature.monitor.http.connections import Request
from armature.monitor.hub import MAY_STREAM

# A viewer that reads nothing for so long has gone; its thread is needed.
_SEND_TIMEOUT = 10.0  # [s]


class Protocol(Server):
    """What all exchanges of one kind share. It is never started: it has neither port nor threads."""

    can_add_keepalive_connection = True

    def __init__(self, address: tuple[str, int], app: Flask, *, may_stream: bool) -> None:
        """Args: address: of the server; app: the application; may_stream: whether responses may be endless."""

        def respond(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            return app({**environ, MAY_STREAM: may_stream}, start_response)

        super().__init__(address, respond, server_name="Armature")
        self.software = self.server_name
        self._log = app.logger

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """Write cheroot's messages to the application's log."""
        self._log.log(level, "http: %s", msg, exc_info=traceback)


def _exchange(protocol: Protocol, request: Request, output: Any) -> bool:
    files = {"rb": BytesIO(request.data), "wb": output}
    exchange: Any = HTTPConnection(protocol, request.connection.socket, lambda _, mode, size: files[mode])
    exchange.remote_addr, exchange.remote_port = request.connection.address
    return bool(exchange.communicate())


class _SocketWriter:
    """Writes to a client's socket and waits for it; for a thread that serves this client alone."""

    def __init__(self, to: socket.socket) -> None:
        self._socket = to

    def write(self, data: bytes) -> int:
        self._socket.sendall(data)
        return len(data)


def answer(protocol: Protocol, request: Request) -> tuple[bytes, bool]:
    """Let the application answer.

    Returns:
        The response, and whether the connection stays open.
    """
    output = BytesIO()
    stays = _exchange(protocol, request, output)
    return output.getvalue(), stays


def stream(protocol: Protocol, request: Request) -> bool:
    """Let the application write to the client as long as it reads; returns whether the connection stays open."""
    connection = request.connection.socket
    connection.settimeout(_SEND_TIMEOUT)
    try:
        return _exchange(protocol, request, _SocketWriter(connection))
    finally:
        connection.setblocking(False)
