"""Clients that want nothing of the page: python -m armature.bench.graph.crowd PORT KIND NUMBER."""

from __future__ import annotations

import resource
import selectors
import socket
import sys
import time

KINDS = ("idle", "trickling", "stalled")
_STREAM = b"GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"
_OPENED = 50  # in one round
_ROUND = 0.05  # [s]
_PERIOD = 1.0  # of a byte that trickles [s]
_UNREAD = 4096  # that the kernel takes in for a client that does not read [byte]


class Crowd:
    """So many connections; what is dropped is opened again."""

    def __init__(self, port: int, kind: str, number: int) -> None:
        """Begin with none.

        Args:
            port: of the page on this machine.
            kind: idle sends nothing, trickling a byte of a head each second, stalled asks for the stream and takes
                nothing of it.
            number: of connections.
        """
        self._port, self._kind, self._number = port, kind, number
        self._since: dict[socket.socket, float] = {}
        self._selector = selectors.DefaultSelector()

    def stay(self) -> None:
        """Bother for ever; say so once all have been opened, though some may have been dropped again."""
        opened, trickled = 0, time.monotonic()
        while True:
            for _ in range(min(_OPENED, self._number - len(self._since))):
                self._open()
                opened += 1
                if opened == self._number:
                    print("open", flush=True)  # noqa: T201
            for key, _ in self._selector.select(_ROUND):
                self._look(key.data)
            if self._kind == "trickling" and time.monotonic() - trickled > _PERIOD:
                trickled = time.monotonic()
                self._trickle()

    def _open(self) -> None:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _UNREAD)
        client.connect(("127.0.0.1", self._port))
        if self._kind == "stalled":
            client.sendall(_STREAM)
        client.setblocking(False)
        self._since[client] = time.monotonic()
        self._selector.register(client, selectors.EVENT_READ, client)

    def _look(self, client: socket.socket) -> None:
        """Close what the server has closed; leave a stream that was granted unread."""
        try:
            if client.recv(12, socket.MSG_PEEK).endswith(b"200"):
                self._selector.unregister(client)
                return
            client.recv(_UNREAD)
            if client.recv(1, socket.MSG_PEEK):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._close(client)

    def _trickle(self) -> None:
        for client in list(self._since):
            try:
                client.send(b"x")
            except OSError:
                self._close(client)

    def _close(self, client: socket.socket) -> None:
        del self._since[client]
        self._selector.unregister(client)
        client.close()


if __name__ == "__main__":
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, allowed))
    Crowd(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])).stay()
