"""An active recording: the receiving thread never waits for the disk, another thread writes."""

from __future__ import annotations

import traceback
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from armature.errors import InternalError, RecordingError
from armature.recording.bag.bag import BagWriter
from armature.recording.bag.topic import Message, Topic


@dataclass(frozen=True)
class Progress:
    """The progress of a recording.

    Attributes:
        bag: its folder.
        messages: written so far.
        bytes: size of those messages.
        dropped: messages that were received and not written.
        failure: why writing failed, or "".
    """

    bag: Path
    messages: int
    bytes: int
    dropped: int
    failure: str


class Session:
    """The queue between the thread that receives messages and the thread that writes them.

    `offer` belongs to the receiving thread; `drain`, `flush` and `close` to the writing one. Each counter has one
    writer, and the operations on a deque's ends are atomic, so there is no lock that a slow disk could hold.
    """

    def __init__(self, writer: BagWriter, limit: int) -> None:
        """Begin a recording.

        Args:
            writer: an open bag.
            limit: of the messages in the queue [bytes].
        """
        self._writer = writer
        self._limit = limit
        self._queue: deque[tuple[Topic, Message]] = deque()
        self._offered = self._taken = 0
        self._dropped: Counter[str] = Counter()
        self._failure = ""
        self._flushed = 0

    @property
    def bag(self) -> Path:
        """The bag's folder."""
        return self._writer.folder

    @property
    def failure(self) -> str:
        """Why writing failed, or ""."""
        return self._failure

    def offer(self, topic: Topic, message: Message) -> bool:
        """Queue a message; False if it was dropped because the disk cannot keep up or has failed."""
        if self._failure or self._offered - self._taken + len(message.data) > self._limit:
            self._dropped[topic.name] += 1
            return False
        self._offered += len(message.data)
        self._queue.append((topic, message))
        return True

    def count_lost(self, topic: str, count: int) -> None:
        """Count messages that the middleware lost."""
        self._dropped[topic] += count

    def drain(self) -> None:
        """Write the queued messages."""
        if self._failure:
            return
        with self._recording_failure():
            while self._queue:
                topic, message = self._queue.popleft()
                self._taken += len(message.data)
                self._write(topic, message)

    def flush(self) -> None:
        """Flush what was written to disk."""
        self._writer.dropped = dict(self._dropped)
        if not self._failure:
            with self._recording_failure():
                self._writer.flush()
                self._flushed = self._writer.messages

    def close(self) -> None:
        """Write the queued messages and finish the bag."""
        self.drain()
        self.flush()
        with self._recording_failure():
            self._writer.close()

    def progress(self) -> Progress:
        """The progress so far. After a failure, whatever was not flushed counts as dropped."""
        dropped, messages = sum(dict(self._dropped).values()), self._writer.messages
        if self._failure:
            dropped, messages = dropped + messages - self._flushed + len(self._queue), self._flushed
        return Progress(self.bag, messages, self._writer.bytes, dropped, self._failure)

    def _write(self, topic: Topic, message: Message) -> None:
        try:
            self._writer.add_topic(topic)
            self._writer.write(message)
        except RecordingError:
            self._dropped[topic.name] += 1
            raise

    @contextmanager
    def _recording_failure(self) -> Iterator[None]:
        try:
            yield
        except RecordingError as error:
            self._failure = self._failure or str(error)
        except Exception as error:  # noqa: BLE001  # it would end the writing thread unnoticed
            traceback.print_exc()
            self._failure = self._failure or str(InternalError(error))
