"""A recording under way: one thread hands messages over without ever waiting, another writes them."""

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
    """How far a recording is.

    Attributes:
        bag: its folder.
        messages: written so far.
        bytes: size of those messages.
        dropped: messages that were received and not written.
        failure: why writing ended, or "".
    """

    bag: Path
    messages: int
    bytes: int
    dropped: int
    failure: str


class Session:
    """Stands between the thread that receives and the thread that writes.

    `offer` belongs to the receiving thread; `drain`, `flush` and `close` to the writing one. Each counter has one
    writer, and a deque's ends are atomic, so there is no lock for a slow disk to hold.
    """

    def __init__(self, writer: BagWriter, limit: int) -> None:
        """Begin a recording.

        Args:
            writer: an open bag.
            limit: of the messages that wait to be written [bytes].
        """
        self._writer = writer
        self._limit = limit
        self._waiting: deque[tuple[Topic, Message]] = deque()
        self._offered = self._taken = 0
        self._dropped: Counter[str] = Counter()
        self._failure = ""
        self._kept = 0

    @property
    def bag(self) -> Path:
        """The bag's folder."""
        return self._writer.folder

    @property
    def failure(self) -> str:
        """Why writing ended, or ""."""
        return self._failure

    def offer(self, topic: Topic, message: Message) -> bool:
        """Hand a message over; False if it was dropped because the disk does not keep up or has failed."""
        if self._failure or self._offered - self._taken + len(message.data) > self._limit:
            self._dropped[topic.name] += 1
            return False
        self._offered += len(message.data)
        self._waiting.append((topic, message))
        return True

    def lose(self, topic: str, count: int) -> None:
        """Count messages that were lost before they came here."""
        self._dropped[topic] += count

    def drain(self) -> None:
        """Write what waits."""
        if self._failure:
            return
        with self._guard():
            while self._waiting:
                topic, message = self._waiting.popleft()
                self._taken += len(message.data)
                self._write(topic, message)

    def flush(self) -> None:
        """Bring to disk what was written."""
        self._writer.dropped = dict(self._dropped)
        if not self._failure:
            with self._guard():
                self._writer.flush()
                self._kept = self._writer.messages

    def close(self) -> None:
        """Write what waits and end the bag."""
        self.drain()
        self.flush()
        with self._guard():
            self._writer.close()

    def progress(self) -> Progress:
        """How far it is. After a failure, what was not flushed counts as dropped."""
        dropped, messages = sum(dict(self._dropped).values()), self._writer.messages
        if self._failure:
            dropped, messages = dropped + messages - self._kept + len(self._waiting), self._kept
        return Progress(self.bag, messages, self._writer.bytes, dropped, self._failure)

    def _write(self, topic: Topic, message: Message) -> None:
        try:
            self._writer.add_topic(topic)
            self._writer.write(message)
        except RecordingError:
            self._dropped[topic.name] += 1
            raise

    @contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            yield
        except RecordingError as error:
            self._failure = self._failure or str(error)
        except Exception as error:  # noqa: BLE001  # it would end the writing thread, and nobody would know
            traceback.print_exc()
            self._failure = self._failure or str(InternalError(error))
