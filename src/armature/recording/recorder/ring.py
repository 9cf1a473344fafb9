"""The last seconds of every topic, kept in memory, and the last messages of latched topics however old."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from armature.recording.bag.topic import Message, Topic

_NANOSECONDS = 1_000_000_000
# Most messages kept of one latched topic; /events has this depth.
_MOST_LATCHED = 1000


class Ring:
    """Keeps the newest messages, bounded in time and in bytes."""

    def __init__(self, seconds: float, limit: int) -> None:
        """Make an empty ring.

        Args:
            seconds: how far back it reaches [s].
            limit: total size of the messages [bytes]; beyond it the oldest are dropped.
        """
        self.bytes = 0
        self._span = round(seconds * _NANOSECONDS)
        self._limit = limit
        self._messages: deque[Message] = deque()
        self._topics: dict[str, Topic] = {}
        self._latched: dict[str, deque[Message]] = {}

    @property
    def topics(self) -> tuple[Topic, ...]:
        """Topics of which a message was received."""
        return tuple(self._topics.values())

    def add(self, topic: Topic, message: Message) -> None:
        """Keep a message, and drop those that are too old or exceed the limit."""
        self._topics[topic.name] = topic
        self._messages.append(message)
        self.bytes += len(message.data)
        self._trim(message.log_time)

    def snapshot(self, now: int) -> list[Message]:
        """The last seconds, headed by the latched messages that held when they began.

        A latched message that was received earlier takes the log time of the snapshot's beginning; its publish
        time stays what it was.

        Args:
            now: [ns since 1970].
        """
        self._trim(now)
        begin = self._messages[0].log_time if self._messages else now
        return [*_with_log_time(self._latched.values(), begin), *self._messages]

    def latched(self, now: int) -> list[Message]:
        """The messages that a late subscriber would be sent now, with `now` [ns since 1970] as log time."""
        latched = [topic for topic in self._topics.values() if topic.qos.latched]
        held = {t.name: deque(self._latched.get(t.name, ()), maxlen=_depth(t)) for t in latched}
        for message in self._messages:
            if message.topic in held:
                held[message.topic].append(message)
        return _with_log_time(held.values(), now)

    def _trim(self, now: int) -> None:
        while self._messages and (now - self._messages[0].log_time > self._span or self.bytes > self._limit):
            oldest = self._messages.popleft()
            self.bytes -= len(oldest.data)
            topic = self._topics[oldest.topic]
            if topic.qos.latched:
                self._latched.setdefault(topic.name, deque(maxlen=_depth(topic))).append(oldest)


def _depth(topic: Topic) -> int:
    return min(max(topic.qos.depth, 1), _MOST_LATCHED)


def _with_log_time(held: Iterable[Iterable[Message]], time: int) -> list[Message]:
    messages = [message for queue in held for message in queue]
    return [replace(message, log_time=time) for message in sorted(messages, key=lambda m: m.log_time)]
