"""One connection of a client, and connections that wait for theirs."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice, takewhile
from math import inf

from armature.monitor.http.request_head import Head, read_head


@dataclass(eq=False)
class Connection:
    """A connection; its socket never blocks, but where a stream is written by a thread of its own."""

    socket: socket.socket
    address: tuple[str, int]
    received: bytearray = field(default_factory=bytearray)  # of requests that have not been handed on
    ignored: float = 0.0  # what is still to come of a body that nobody reads [byte]; inf: all that comes
    unsent: memoryview = field(default_factory=lambda: memoryview(b""))
    has_asked: bool = False  # it has sent a whole request

    @property
    def is_idle(self) -> bool:
        """Whether it rests between two requests, as a browser's may."""
        return self.has_asked and not (self.received or self.ignored or self.unsent)

    @property
    def is_ending(self) -> bool:
        """Whether its last answer is sent, and it is open only so that the client can read it (RFC 9112, 9.6)."""
        return self.ignored == inf and not self.unsent

    def take(self, data: bytes) -> None:
        """Keep what has been received, but for the body that nobody reads."""
        skipped = int(min(self.ignored, len(data)))
        self.ignored -= skipped
        self.received += data[skipped:]

    def next_request(self) -> Request | None:
        """Take the next request out of what has been received; None while it is not whole.

        Raises:
            HTTPException: it is too long, or none.
        """
        if self.ignored or not self.received:
            return None
        received = bytes(self.received)
        head = read_head(received)
        if head is None or len(received) < head.awaited:
            return None
        self.received.clear()
        if head.is_protective_stop:
            self.ignored = head.body
        self.take(received[head.awaited :])
        return Request(self, head, received[: head.awaited])

    def send(self) -> int:
        """Send of the answer what can be sent at once; returns how many bytes that was."""
        if not self.unsent:
            return 0
        try:
            sent = self.socket.send(self.unsent)
        except BlockingIOError:
            return 0
        except OSError:  # the client has gone, which the next read finds out
            sent, self.ignored = len(self.unsent), inf
        self.unsent = self.unsent[sent:]
        return sent

    def end(self) -> None:
        """Say that no more answers come; the client may still read the last one."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)


@dataclass(frozen=True)
class Request:
    """A whole request, and where its answer goes."""

    connection: Connection
    head: Head
    data: bytes  # of head and body


class Waiting:
    """Connections that wait, each for at most so long, the one that began first before the others."""

    def __init__(self, limit: float) -> None:
        """Args: limit: how long one may wait [s]."""
        self._limit = limit
        self._since: dict[Connection, float] = {}
        self._of_host: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._since)

    def __iter__(self) -> Iterator[Connection]:
        return iter(tuple(self._since))

    def begin(self, connection: Connection, now: float) -> None:
        """Let a connection wait from now on [s], though it waited before."""
        self.end(connection)
        self._since[connection] = now
        self._of_host[connection.address[0]] += 1

    def end(self, connection: Connection) -> None:
        """Let a connection wait no longer."""
        if self._since.pop(connection, None) is not None:
            host = connection.address[0]
            self._of_host[host] -= 1
            if not self._of_host[host]:
                del self._of_host[host]

    def spare(self) -> list[Connection]:
        """The one to drop first, if there is one: of the host that has most, the one that has waited longest."""
        busiest = max(self._of_host, key=self._of_host.__getitem__, default="")
        return list(islice((each for each in self._since if each.address[0] == busiest), 1))

    def overdue(self, now: float) -> list[Connection]:
        """Those that have waited for too long."""
        return list(takewhile(lambda each: now - self._since[each] >= self._limit, self._since))
