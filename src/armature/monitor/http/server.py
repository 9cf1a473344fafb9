"""The HTTP server: the one place that owns a port and threads.

STOP, its release, the streams and the meshes have threads of their own: nothing else delays STOP.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

from flask import Flask
from werkzeug.exceptions import ServiceUnavailable

from armature.monitor.api import failures
from armature.monitor.http import exchange
from armature.monitor.http.address import listen
from armature.monitor.http.connections import Request
from armature.monitor.http.event_loop import EventLoop, Traffic, connection_limit
from armature.monitor.http.workers import Workers
from armature.monitor.hub import StreamHub

_STOP_THREADS = 6
_RELEASE_THREADS = 2
_COMMAND_THREADS = 16
_MESH_THREADS = 6  # as many connections as a browser opens
# Beside the streams, to answer that all places are taken.
_STREAM_THREADS = 2
_QUEUED = 64  # requests that may wait for a thread; STOPs are never too many
_STOP_TIMEOUT = 2.0  # [s]
# Connections that wait to be accepted: with fewer, the kernel delays STOP by a second in a rush.
_BACKLOG = 1024
_REMEDY = "choose another with the parameters host and port, or end the program that uses it"


class MonitorServer:
    """Serves a web application until stop() is called."""

    def __init__(self, app: Flask, hub: StreamHub, host: str, port: int, *, remedy: str = _REMEDY) -> None:
        """Take the port.

        Args:
            app: the application.
            hub: its streams, which are ended when the server stops.
            host: address to bind to.
            port: port to bind to; 0 for any free one.
            remedy: what the user can do if the port is not available.

        Raises:
            ConfigError: no port has this number.
            ProcessError: the port is in use or may not be used.
        """
        listener = listen(host, port, remedy, _BACKLOG)
        self.port = int(listener.getsockname()[1])
        self._hub = hub
        self._log = app.logger
        self._plain = exchange.Protocol((host, self.port), app, may_stream=False)
        self._streaming = exchange.Protocol((host, self.port), app, may_stream=True)
        self._open_streams: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._stops = Workers("http-stop", _STOP_THREADS, connection_limit(), self._answer)
        self._releases = Workers("http-release", _RELEASE_THREADS, _QUEUED, self._answer)
        self._streams = Workers("http-stream", hub.capacity + _STREAM_THREADS, _QUEUED, self._stream)
        self._meshes = Workers("http-mesh", _MESH_THREADS, _QUEUED, self._stream)
        self._others = Workers("http", _COMMAND_THREADS, _QUEUED, self._answer)
        self._event_loop = EventLoop(listener, self._dispatch, app.logger)
        self._event_loop.start()  # last, since after a restart requests are waiting already

    @property
    def traffic(self) -> Traffic:
        """Counters of the connections."""
        return self._event_loop.traffic

    def stop(self) -> None:
        """End the streams, then the server; waits for both."""
        self._hub.close()
        self._event_loop.close()
        workers = (self._stops, self._releases, self._streams, self._meshes, self._others)
        for each in workers:
            each.end()
        give_up = time.monotonic() + _STOP_TIMEOUT
        if not all(each.join(give_up) for each in workers):
            self._shut_down_streams()
        for each in workers:
            each.join()
        self._event_loop.close_returned()

    def _dispatch(self, request: Request) -> None:
        """Give a request to the workers for its kind.

        Raises:
            ServiceUnavailable: all are busy and their queue is full.
        """
        workers = self._others
        if request.head.is_protective_stop:
            workers = self._stops
        elif request.head.is_release:
            workers = self._releases
        elif request.head.is_stream:
            workers = self._streams
            if self._hub.is_full:  # refused here, since a crowd may ask for it
                raise failures.no_place(self._hub.capacity)
        elif request.head.is_mesh:
            workers = self._meshes
        if not workers.put(request):
            raise ServiceUnavailable("the monitor is busy; try again", retry_after=1)

    def _answer(self, request: Request) -> None:
        answer, stays = b"", False
        try:
            answer, stays = exchange.answer(self._plain, request)
        except Exception:  # noqa: BLE001 - a worker outlives every request
            self._log.exception("http: a request failed")
        self._event_loop.respond(request.connection, answer, stays=stays)

    def _stream(self, request: Request) -> None:
        with self._lock:
            self._open_streams.add(request.connection.socket)
        stays = False
        try:
            stays = exchange.stream(self._streaming, request)
        except Exception:  # noqa: BLE001 - as above
            self._log.exception("http: a stream failed")
        with self._lock:
            self._open_streams.discard(request.connection.socket)
        self._event_loop.respond(request.connection, b"", stays=stays)

    def _shut_down_streams(self) -> None:
        """Shut down the streams whose viewers do not read, so that their threads can end."""
        with self._lock:
            for stalled in self._open_streams:
                with suppress(OSError):  # the viewer has gone
                    stalled.shutdown(socket.SHUT_RDWR)
