"""The HTTP server: the one place that owns a port and threads.

cheroot, because it runs inside the node's process, stops cleanly and speaks TLS. flask-sock would need werkzeug's
development server or gunicorn's own processes; server-sent events and POST need neither.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
import threading
from contextlib import suppress
from typing import Any

from cheroot.server import HTTPConnection
from cheroot.wsgi import Server
from flask import Flask

from armature.errors import ProcessError
from armature.monitor.hub import StreamHub

# Beyond the streams, so that a command always finds a thread.
_COMMAND_THREADS = 16
# A viewer that takes no bytes for so long has gone; its thread is needed.
_SEND_TIMEOUT = 10  # [s]
_STOP_TIMEOUT = 2  # [s]
# Connections that wait to be accepted; with cheroot's five a busy moment would delay STOP by a second.
_BACKLOG = 128
_REMEDY = "choose another with the parameter port, or end the program that holds it"


class _Connection(HTTPConnection):
    """Closes its writer too: left to be collected, CPython 3.13 complains of bytes that a viewer did not take."""

    def close(self) -> None:
        super().close()
        with suppress(OSError):
            self.wfile.close()


class _Server(Server):
    """Writes cheroot's messages to the application's log, and closes a socket that it cannot bind."""

    ConnectionClass = _Connection

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        self.wsgi_app.logger.log(level, "http: %s", msg, exc_info=traceback)

    @staticmethod
    def bind_socket(socket_: socket.socket, bind_addr: tuple[str, int]) -> socket.socket:
        try:
            socket_.bind(bind_addr)
        except OSError:
            socket_.close()
            raise
        return socket_


class MonitorServer:
    """Serves a web application until stop() is called."""

    def __init__(self, app: Flask, hub: StreamHub, host: str, port: int) -> None:
        """Take the port.

        Args:
            app: the application.
            hub: its streams, which are ended when the server stops.
            host: address to bind to.
            port: port to bind to; 0 for any free one.

        Raises:
            ProcessError: the port is in use or may not be used.
        """
        self._hub = hub
        self._server: Any = _Server(
            (host, port),
            app,
            numthreads=hub.capacity + _COMMAND_THREADS,
            request_queue_size=_BACKLOG,
            timeout=_SEND_TIMEOUT,
            shutdown_timeout=_STOP_TIMEOUT,
        )
        try:
            self._server.prepare()
        except OSError as error:
            raise ProcessError("monitor", f"{host}:{port}: {_reason(error)}", _REMEDY) from error
        self._thread = threading.Thread(target=self._server.serve, name="http")
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that is listened to."""
        return int(self._server.bind_addr[1])

    def stop(self) -> None:
        """End the streams, then the server; waits for both."""
        self._hub.close()
        self._server.stop()
        self._thread.join()


def _reason(error: OSError) -> str:
    # cheroot raises an error of its own that carries the system's text, but not its number.
    return "the port is in use" if os.strerror(errno.EADDRINUSE) in str(error) else str(error)
