"""The bus process's end of the link: shared memory, and the socket of its one client."""

from __future__ import annotations

import contextlib
import mmap
import os
import select
import socket
import time
from collections.abc import Callable

from armature.dynamixel.loop import link
from armature.nodes.common.device_holder import describe_process, peer_credentials

_FIRST_CLIENT = 5.0  # how long a process that failed to start waits to report that [s]


def refuse(listener: socket.socket, reason: str) -> None:
    """Report to the next client why there is no service."""
    listener.settimeout(_FIRST_CLIENT)
    with contextlib.suppress(OSError):
        client, _ = listener.accept()
        with client:
            client.send(link.pack_call(link.FAILED, {"error": reason}))


class BusLink:
    """Serves one client at a time; others are refused with the reason."""

    def __init__(self, listener: socket.socket, greeting: bytes) -> None:
        """Args: a listening socket, and the greeting that a client gets with the memory's descriptor."""
        self._listener = listener
        self._greeting = greeting
        self._client: socket.socket | None = None
        self._memory_fd = os.memfd_create("armature-bus")
        os.ftruncate(self._memory_fd, link.MEMORY_SIZE)
        self.memory = link.Memory(memoryview(mmap.mmap(self._memory_fd, link.MEMORY_SIZE)))
        self.clients = 0  # how many have come so far

    @property
    def has_client(self) -> bool:
        """Whether a client is connected."""
        return self._client is not None

    def serve_until(
        self, deadline: float, on_request: Callable[[bytes], None], on_gone: Callable[[], None]
    ) -> None:
        """Accept clients and receive their messages until a monotonic time [s]; at least one message is received.

        Args:
            deadline: when to return [s].
            on_request: called with each message.
            on_gone: called when the client has gone.
        """
        while True:
            timeout = max(0.0, deadline - time.monotonic())
            sources = [self._listener] if self._client is None else [self._listener, self._client]
            ready, _, _ = select.select(sources, [], [], timeout)
            # The client first: a new one may be the successor of one whose end has not been received yet.
            if self._client is not None and self._client in ready:
                self._receive(self._client, on_request, on_gone)
            elif self._listener in ready:
                self._accept()
            if not ready or time.monotonic() >= deadline:
                return

    def send(self, message: bytes) -> None:
        """Send to the client, if there is one."""
        if self._client is None:
            return
        # A stalled client finds the newest values in the memory; one that is gone is noticed by its end.
        with contextlib.suppress(BlockingIOError, ConnectionError):
            self._client.send(message)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        with contextlib.suppress(OSError):  # it has gone again
            refusal = self._refusal(client)
            if refusal is None:
                socket.send_fds(client, [self._greeting], [self._memory_fd])
                client.setblocking(False)
                self._client = client
                self.clients += 1
                return
            client.send(link.pack_call(link.FAILED, {"error": refusal}))
        client.close()

    def _refusal(self, client: socket.socket) -> str | None:
        if self._client is not None:
            return f"the port is served to {describe_process(peer_credentials(self._client)[0])}"
        # An address without a file has no permissions; the arm obeys its own user alone.
        _, user = peer_credentials(client)
        return None if user in (os.getuid(), 0) else f"the port is served to user {os.getuid()} alone"

    def _receive(
        self, client: socket.socket, on_request: Callable[[bytes], None], on_gone: Callable[[], None]
    ) -> None:
        try:
            message = client.recv(link.MESSAGE_SIZE)
        except (BlockingIOError, InterruptedError):
            return
        except ConnectionError:
            message = b""
        if message:
            on_request(message)
            return
        client.close()
        self._client = None
        on_gone()
