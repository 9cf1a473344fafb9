"""One connection of a client, and a list of connections that wait for their clients."""

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
    """A connection; its socket never blocks, except while a thread of its own writes a stream."""

    socket: socket.socket
    address: tuple[str, int]
    received: bytearray = field(default_factory=bytearray)  # of requests that have not been dispatched
    ignored: float = 0.0  # how much of a body is still to be skipped [byte]; inf: everything that comes
    unsent: memoryview = field(default_factory=lambda: memoryview(b""))
    has_sent_request: bool = False  # at least one complete one

    @property
    def is_idle(self) -> bool:
        """Whether it rests between two requests, as a browser's connection may."""
        return self.has_sent_request and not (self.received or self.ignored or self.unsent)

    @property
    def is_ending(self) -> bool:
        """Whether its last response is sent, and it waits for the client to read it (RFC 9112, 9.6)."""
        return self.ignored == inf and not self.unsent

    def take(self, data: bytes) -> None:
        """Append received data, without the body that is to be skipped."""
        skipped = int(min(self.ignored, len(data)))
        self.ignored -= skipped
        self.received += data[skipped:]

    def next_request(self) -> Request | None:
        """Take the next request out of the received data; None while it is incomplete.

        Raises:
            HTTPException: it is too long, or not a request.
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
        """Send as much of the response as goes without blocking; returns the number of bytes."""
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
        """Shut down writing; the client may still read the last response."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)


@dataclass(frozen=True)
class Request:
    """A complete request, and the connection for its response."""

    connection: Connection
    head: Head
    data: bytes  # of head and body


class WaitingList:
    """Connections that wait, in the order in which they began, each for at most a limit."""

    def __init__(self, limit: float) -> None:
        """Args: limit: how long a connection may wait [s]."""
        self._limit = limit
        self._since: dict[Connection, float] = {}
        self._of_host: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._since)

    def __iter__(self) -> Iterator[Connection]:
        return iter(tuple(self._since))

    def begin(self, connection: Connection, now: float) -> None:
        """Begin the wait of a connection at `now` [s], even if it was waiting before."""
        self.end(connection)
        self._since[connection] = now
        self._of_host[connection.address[0]] += 1

    def end(self, connection: Connection) -> None:
        """End the wait of a connection."""
        if self._since.pop(connection, None) is not None:
            host = connection.address[0]
            self._of_host[host] -= 1
            if not self._of_host[host]:
                del self._of_host[host]

    def to_evict(self) -> list[Connection]:
        """The connection to drop first, if any: the one that has waited longest, of the host that has most."""
        busiest = max(self._of_host, key=self._of_host.__getitem__, default="")
        return list(islice((each for each in self._since if each.address[0] == busiest), 1))

    def overdue(self, now: float) -> list[Connection]:
        """Connections that have waited for longer than the limit."""
        return list(takewhile(lambda each: now - self._since[each] >= self._limit, self._since))
