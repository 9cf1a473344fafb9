"""One live stream for all viewers: each frame is encoded once, and each viewer gets the newest."""

from __future__ import annotations

import threading
from collections.abc import Iterator

HEARTBEAT = b": heartbeat\n\n"
# Sent at once, so that the viewer knows that it is connected; it reconnects after so long [ms].
GREETING = b"retry: 500\n\n"
# In the WSGI environment: whether an answer may have no end. Where it is absent it may.
MAY_STREAM = "armature.may_stream"


def event(data: bytes) -> bytes:
    """One server-sent event (HTML standard, section 9.2.6)."""
    return b"data: " + data + b"\n\n"


class StreamHub:
    """Hands the newest frame to every open stream; a slow viewer skips frames, it never delays another."""

    def __init__(self, capacity: int, heartbeat: float) -> None:
        """Make a hub.

        Args:
            capacity: how many streams may be open at once.
            heartbeat: longest silence on a stream [s]; only writing shows that a viewer has gone.
        """
        self.capacity = capacity
        self._heartbeat = heartbeat
        self._changed = threading.Condition()
        self._frame = b""
        self._number = 0
        self._viewers = 0
        self._closed = False

    @property
    def viewers(self) -> int:
        """How many streams are open."""
        return self._viewers

    @property
    def is_full(self) -> bool:
        """Whether no further stream may open: all places are taken, or the hub is closed."""
        return self._closed or self._viewers >= self.capacity

    def publish(self, data: bytes) -> None:
        """Make this the newest frame; data is one line."""
        with self._changed:
            self._frame = event(data)
            self._number += 1
            self._changed.notify_all()

    def open(self) -> Stream | None:
        """Open a stream; None if all places are taken or the hub is closed."""
        with self._changed:
            if self.is_full:
                return None
            self._viewers += 1
        return Stream(self)

    def close(self) -> None:
        """End every stream."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def next_after(self, number: int) -> tuple[int, bytes] | None:
        """Wait for a frame newer than `number`; None if the hub has closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._number > number, self._heartbeat)
            if self._closed:
                return None
            return self._number, self._frame if self._number > number else HEARTBEAT

    def leave(self) -> None:
        """Free a place."""
        with self._changed:
            self._viewers -= 1


class Stream:
    """One viewer's frames; the server calls close when the viewer has gone (PEP 3333)."""

    def __init__(self, hub: StreamHub) -> None:
        self._hub = hub
        self._number = 0
        self._open = True

    def __iter__(self) -> Iterator[bytes]:
        """A greeting, then the newest frames, until the hub closes."""
        yield GREETING
        while (frame := self._hub.next_after(self._number)) is not None:
            self._number, chunk = frame
            yield chunk

    def close(self) -> None:
        """Free the place; a second call does nothing."""
        if self._open:
            self._open = False
            self._hub.leave()
