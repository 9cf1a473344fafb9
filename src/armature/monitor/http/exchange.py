"""One request and its answer, by cheroot: from the bytes of a whole request to the bytes of the answer.

Of cheroot there is what reads a request into WSGI and writes the answer, not its connections: it gives each a
thread before its request has come, so that as many silent connections as it has threads silence it.
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

# A viewer that takes no bytes for so long has gone; its thread is needed.
_SEND_TIMEOUT = 10.0  # [s]


class Protocol(Server):
    """What every exchange of one kind shares. It is never started: it has neither port nor threads."""

    can_add_keepalive_connection = True

    def __init__(self, address: tuple[str, int], app: Flask, *, may_stream: bool) -> None:
        """Args: address: of the server; app: the application; may_stream: whether answers may have no end."""

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


class _Straight:
    """Writes to a client at once, and waits for it; for a thread that has nothing else to do."""

    def __init__(self, to: socket.socket) -> None:
        self._socket = to

    def write(self, data: bytes) -> int:
        self._socket.sendall(data)
        return len(data)


def answer(protocol: Protocol, request: Request) -> tuple[bytes, bool]:
    """Let the application answer.

    Returns:
        The answer, and whether the connection stays open.
    """
    output = BytesIO()
    stays = _exchange(protocol, request, output)
    return output.getvalue(), stays


def stream(protocol: Protocol, request: Request) -> bool:
    """Let the application answer straight to the client, for as long as that reads; whether it stays open."""
    connection = request.connection.socket
    connection.settimeout(_SEND_TIMEOUT)
    try:
        return _exchange(protocol, request, _Straight(connection))
    finally:
        connection.setblocking(False)
