"""Accepts connections, and hands each on once its request is whole.

A thread that waits for a client is a thread that a client can take away from STOP: so none does. One thread reads
and writes every connection without blocking; a worker gets a request that is all there, and leaves its answer.
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
from armature.monitor.http.connections import Connection, Request, Waiting

_WHOLE_REQUEST = 2.0  # a connection that has sent none for so long is dropped [s]
_TAKEN = 10.0  # so is one that has taken nothing of its answer for so long [s]
_MOST_WAITING = 1000  # connections
_MOST_UNSENT = 32_000_000  # of all answers together that clients have not taken [byte]
_READ = 16384  # at once [byte]
# Connections that get their turn before others are accepted, and the other way round: neither a thousand that have
# something to say at once keep a new one waiting, nor a thousand new ones those.
_TURN = 64
_ROUND = 0.25  # how often is looked for those that are late [s]


@dataclass
class Traffic:
    """What came to the door."""

    open: int = 0  # connections that wait for a request or for their client to read
    dropped: int = 0  # connections that sent no whole request in time, or made room for newer ones


class EventLoop:
    """Every connection, while no worker has its request."""

    def __init__(self, listener: socket.socket, hand_on: Callable[[Request], None], log: logging.Logger) -> None:
        """Prepare it; `start` begins.

        Args:
            listener: a socket that listens; it is closed in the end.
            hand_on: takes a request and sees to it that `give_back` is called, or raises an HTTPException.
            log: told of errors of the program itself.
        """
        self._log = log
        self.traffic = Traffic()
        self._listener = listener
        self._hand_on = hand_on
        self._asking = Waiting(_WHOLE_REQUEST)
        self._taking = Waiting(_TAKEN)
        self._most = most_waiting()
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
        """Begin to accept; requests are handed on from now on."""
        self._thread.start()

    def give_back(self, connection: Connection, answer: bytes, *, stays: bool) -> None:
        """Send an answer and see to the connection; called by the worker that had it.

        Args:
            connection: whose answer it is.
            answer: all of it.
            stays: whether another request may come.
        """
        connection.unsent = memoryview(answer)
        if not stays:
            connection.ignored = inf
        connection.send()
        self._returned.append(connection)
        with suppress(BlockingIOError):
            self._waker.send(b"\0")

    def close(self) -> None:
        """Accept and read no more; connections that come back afterwards are closed by `close_returned`."""
        self._is_closed = True
        with suppress(BlockingIOError):
            self._waker.send(b"\0")
        self._thread.join()
        for connection in (*self._asking, *self._taking):
            connection.socket.close()
        self._selector.close()
        self._listener.close()

    def close_returned(self) -> None:
        """Close what the workers have left, once they have ended."""
        for connection in self._returned:
            connection.socket.close()
        self._waker.close()
        self._woken.close()

    # The thread

    def _run(self) -> None:
        while not self._is_closed:
            sources = [key.data for key, _ in self._selector.select(_ROUND)]
            for connection in islice(filter(None, sources), _TURN):
                self._see_to(self._attend, connection)
            self._take_returned()
            self._accept()
            self._drop_late()
            self.traffic.open = len(self._asking) + len(self._taking)

    def _accept(self) -> None:
        for _ in range(_TURN):
            try:
                accepted, address = self._listener.accept()
            except BlockingIOError:
                return
            except OSError:  # it has gone again, or the system lets us open no more
                self._make_room()
                return
            accepted.setblocking(False)
            if len(self._asking) + len(self._taking) >= self._most:
                self._make_room()
            self._see_to(self._welcome, Connection(accepted, address[:2]))

    def _welcome(self, connection: Connection) -> None:
        self._listen(connection)
        self._attend(connection)

    def _see_to(self, deed: Callable[[Connection], None], connection: Connection) -> None:
        try:
            deed(connection)
        except Exception:  # noqa: BLE001 - one connection must not end the thread of all
            self._log.exception("http: a connection failed")
            self._close(connection)

    def _make_room(self) -> None:
        for waiting in (self._asking, self._taking):
            for connection in waiting.spare():
                self._drop(connection)
                return

    def _attend(self, connection: Connection) -> None:
        if connection.unsent:
            self._go_on_sending(connection)
            return
        try:
            data = connection.socket.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close(connection)
            return
        if connection.is_idle:
            self._asking.begin(connection, time.monotonic())
        connection.take(data)
        self._consider(connection)

    def _consider(self, connection: Connection) -> None:
        """Hand the next request on if it is whole."""
        try:
            request = connection.next_request()
        except HTTPException as refusal:  # where the next request begins is not known
            self._forget(connection)
            connection.received.clear()
            self.give_back(connection, failures.bare_answer(refusal, stays=False), stays=False)
            return
        if request is not None:
            self._forget(connection)
            connection.has_asked = True
            self._try_to_hand_on(request)

    def _try_to_hand_on(self, request: Request) -> None:
        try:
            self._hand_on(request)
        except HTTPException as refusal:
            self.give_back(request.connection, failures.bare_answer(refusal, stays=True), stays=True)

    def _take_returned(self) -> None:
        with suppress(BlockingIOError):
            self._woken.recv(_READ)
        for _ in range(len(self._returned)):
            self._see_to(self._take_back, self._returned.popleft())

    def _take_back(self, connection: Connection) -> None:
        if connection.unsent:
            self._taking.begin(connection, time.monotonic())
            self._selector.register(connection.socket, selectors.EVENT_WRITE, connection)
            self._keep_bounds()
        else:
            self._listen(connection)
            self._consider(connection)

    def _keep_bounds(self) -> None:
        while sum(len(connection.unsent) for connection in self._taking) > _MOST_UNSENT:
            self._drop(*self._taking.spare())

    def _go_on_sending(self, connection: Connection) -> None:
        if connection.send():
            self._taking.begin(connection, time.monotonic())
        if not connection.unsent:
            self._forget(connection)
            self._listen(connection)
            self._consider(connection)

    def _listen(self, connection: Connection) -> None:
        if connection.is_ending:
            connection.end()
        self._asking.begin(connection, time.monotonic())
        self._selector.register(connection.socket, selectors.EVENT_READ, connection)

    def _drop_late(self) -> None:
        now = time.monotonic()
        for waiting in (self._asking, self._taking):
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
        self._asking.end(connection)
        self._taking.end(connection)
        with suppress(KeyError, ValueError):
            self._selector.unregister(connection.socket)


def most_waiting() -> int:
    """How many connections may wait: half of what the system lets this process open is left to all else."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST_WAITING if allowed == resource.RLIM_INFINITY else min(_MOST_WAITING, allowed // 2)
