"""Accepts connections, and dispatches each request once it is complete.

A client could keep a thread that waits for it from serving STOP, so no thread waits for a client. One thread reads
and writes every connection without blocking; a worker gets a complete request and returns the response.
"""

from __future__ import annotations

import logging
import resource
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from math import inf

from werkzeug.exceptions import HTTPException

from armature.monitor.api import failures
from armature.monitor.http.connections import Connection, Request, WaitingList

_READ_TIMEOUT = 2.0  # a connection that has sent no complete request for so long is dropped [s]
_WRITE_TIMEOUT = 10.0  # so is one whose client has read nothing of its response for so long [s]
_MOST_CONNECTIONS = 1000  # connections
_MOST_UNSENT = 32_000_000  # of all responses together that clients have not read [byte]
_READ_SIZE = 16384  # [byte]
# Connections that are served before new ones are accepted, and the other way round: neither a thousand that send
# at once keep a new one waiting, nor a thousand new ones those.
_BATCH = 64
_POLL = 0.25  # how often overdue connections are looked for [s]


@dataclass
class Traffic:
    """Counters of the connections."""

    open: int = 0  # connections that wait for a request, or for their client to read
    dropped: int = 0  # connections that sent no complete request in time, or made room for newer ones


class EventLoop:
    """Owns every connection while no worker handles its request."""

    def __init__(
        self, listener: socket.socket, on_request: Callable[[Request], None], log: logging.Logger
    ) -> None:
        """Prepare it; `start` begins.

        Args:
            listener: a listening socket; `close` closes it.
            on_request: passes a request to whoever will call `respond`, or raises an HTTPException.
            log: for errors of the program itself.
        """
        self._log = log
        self.traffic = Traffic()
        self._listener = listener
        self._on_request = on_request
        self._reading = WaitingList(_READ_TIMEOUT)
        self._writing = WaitingList(_WRITE_TIMEOUT)
        self._limit = connection_limit()
        self._returned: deque[Connection] = deque()
        self._is_closed = False
        self._waker, self._woken = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        for source in (listener, self._waker, self._woken):
            source.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="http-events")

    def start(self) -> None:
        """Begin to accept connections and to dispatch requests."""
        self._thread.start()

    def respond(self, connection: Connection, answer: bytes, *, stays: bool) -> None:
        """Send a response and take the connection back; called by the worker that had its request.

        Args:
            connection: where the response goes.
            answer: the whole response.
            stays: whether the connection stays open for another request.
        """
        connection.unsent = memoryview(answer)
        if not stays:
            connection.ignored = inf
        connection.send()
        self._returned.append(connection)
        with suppress(BlockingIOError):
            self._waker.send(b"\0")

    def close(self) -> None:
        """Stop accepting and reading; `close_returned` closes what workers return afterwards."""
        self._is_closed = True
        with suppress(BlockingIOError):
            self._waker.send(b"\0")
        self._thread.join()
        for connection in (*self._reading, *self._writing):
            connection.socket.close()
        self._selector.close()
        self._listener.close()

    def close_returned(self) -> None:
        """Close the connections that workers have returned; call it once the workers have ended."""
        for connection in self._returned:
            connection.socket.close()
        self._waker.close()
        self._woken.close()

    # The thread

    def _run(self) -> None:
        while not self._is_closed:
            sources = [key.data for key, _ in self._selector.select(_POLL)]
            for connection in islice(filter(None, sources), _BATCH):
                self._guard(self._handle, connection)
            self._process_returned()
            self._accept()
            self._drop_late()
            self.traffic.open = len(self._reading) + len(self._writing)

    def _accept(self) -> None:
        for _ in range(_BATCH):
            try:
                accepted, address = self._listener.accept()
            except BlockingIOError:
                return
            except OSError:  # the client has gone, or the process may open no more files
                self._make_room()
                return
            accepted.setblocking(False)
            if len(self._reading) + len(self._writing) >= self._limit:
                self._make_room()
            self._guard(self._admit, Connection(accepted, address[:2]))

    def _admit(self, connection: Connection) -> None:
        self._listen(connection)
        self._handle(connection)

    def _guard(self, handler: Callable[[Connection], None], connection: Connection) -> None:
        try:
            handler(connection)
        except Exception:  # noqa: BLE001 - one connection must not end the thread of all
            self._log.exception("http: a connection failed")
            self._close(connection)

    def _make_room(self) -> None:
        for waiting in (self._reading, self._writing):
            for connection in waiting.to_evict():
                self._drop(connection)
                return

    def _handle(self, connection: Connection) -> None:
        if connection.unsent:
            self._send_more(connection)
            return
        try:
            data = connection.socket.recv(_READ_SIZE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close(connection)
            return
        if connection.is_idle:
            self._reading.begin(connection, time.monotonic())
        connection.take(data)
        self._dispatch(connection)

    def _dispatch(self, connection: Connection) -> None:
        """Submit the next request if it is complete."""
        try:
            request = connection.next_request()
        except HTTPException as refusal:  # where the next request begins is unknown
            self._forget(connection)
            connection.received.clear()
            self.respond(connection, failures.bare_answer(refusal, stays=False), stays=False)
            return
        if request is not None:
            self._forget(connection)
            connection.has_sent_request = True
            self._submit(request)

    def _submit(self, request: Request) -> None:
        try:
            self._on_request(request)
        except HTTPException as refusal:
            self.respond(request.connection, failures.bare_answer(refusal, stays=True), stays=True)

    def _process_returned(self) -> None:
        with suppress(BlockingIOError):
            self._woken.recv(_READ_SIZE)
        for _ in range(len(self._returned)):
            self._guard(self._resume, self._returned.popleft())

    def _resume(self, connection: Connection) -> None:
        if connection.unsent:
            self._writing.begin(connection, time.monotonic())
            self._selector.register(connection.socket, selectors.EVENT_WRITE, connection)
            self._keep_bounds()
        else:
            self._listen(connection)
            self._dispatch(connection)

    def _keep_bounds(self) -> None:
        while sum(len(connection.unsent) for connection in self._writing) > _MOST_UNSENT:
            self._drop(*self._writing.to_evict())

    def _send_more(self, connection: Connection) -> None:
        if connection.send():
            self._writing.begin(connection, time.monotonic())
        if not connection.unsent:
            self._forget(connection)
            self._listen(connection)
            self._dispatch(connection)

    def _listen(self, connection: Connection) -> None:
        if connection.is_ending:
            connection.end()
        self._reading.begin(connection, time.monotonic())
        self._selector.register(connection.socket, selectors.EVENT_READ, connection)

    def _drop_late(self) -> None:
        now = time.monotonic()
        for waiting in (self._reading, self._writing):
            for connection in waiting.overdue(now):
                self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        if not (connection.is_idle or connection.is_ending):
            self.traffic.dropped += 1
        self._close(connection)

    def _close(self, connection: Connection) -> None:
        self._forget(connection)
        connection.socket.close()

    def _forget(self, connection: Connection) -> None:
        self._reading.end(connection)
        self._writing.end(connection)
        with suppress(KeyError, ValueError):
            self._selector.unregister(connection.socket)


def connection_limit() -> int:
    """How many connections may be open: at most half of the files that the process may open."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST_CONNECTIONS if allowed == resource.RLIM_INFINITY else min(_MOST_CONNECTIONS, allowed // 2)
