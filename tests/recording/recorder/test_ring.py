from __future__ import annotations

import pytest

from armature.recording.bag.topic import Message, Qos, Topic
from armature.recording.recorder.ring import Ring

SECOND = 1_000_000_000
FAST = Topic("/joint_states", "a/msg/A", "")
STATE = Topic("/state", "a/msg/A", "", qos=Qos(durability="transient_local", depth=1))
EVENTS = Topic("/events", "a/msg/A", "", qos=Qos(durability="transient_local", depth=3))


def message(topic: Topic, seconds: float, data: bytes = b"x") -> Message:
    time = round(seconds * SECOND)
    return Message(topic.name, time, time - 5, data)


def filled(ring: Ring, topic: Topic, *times: float) -> Ring:
    for time in times:
        ring.add(topic, message(topic, time, b"%f" % time))
    return ring


def times(messages: list[Message]) -> list[float]:
    return [message.log_time / SECOND for message in messages]


def test_it_holds_the_last_seconds_and_no_more():
    ring = filled(Ring(2.0, 1000), FAST, 1, 2, 3, 4)
    assert times(ring.snapshot(4 * SECOND)) == [2, 3, 4]
    assert times(ring.snapshot(5 * SECOND)) == [3, 4]


def test_it_lets_go_of_the_oldest_when_the_bytes_are_too_many():
    ring = Ring(100.0, 10)
    for time in range(5):
        ring.add(FAST, message(FAST, time, b"four"))
    assert times(ring.snapshot(4 * SECOND)) == [3, 4]
    assert ring.bytes == 8


def test_a_message_above_the_limit_is_not_kept():
    ring = Ring(100.0, 10)
    ring.add(FAST, message(FAST, 1, b"x" * 11))
    assert ring.snapshot(SECOND) == []
    assert ring.bytes == 0


def test_a_latched_message_outlives_the_span_and_heads_the_snapshot():
    ring = filled(filled(Ring(2.0, 1000), STATE, 1), FAST, 8, 9, 10)
    first, *rest = ring.snapshot(10 * SECOND)
    assert (first.topic, first.log_time, first.publish_time) == ("/state", 8 * SECOND, SECOND - 5)
    assert times(rest) == [8, 9, 10]


def test_only_as_many_latched_messages_are_kept_as_a_late_subscriber_would_get():
    ring = filled(filled(Ring(1.0, 1000), EVENTS, 1, 2, 3, 4, 5), STATE, 6, 7)
    held = ring.latched(50 * SECOND)
    assert [m.data for m in held] == [b"3.000000", b"4.000000", b"5.000000", b"7.000000"]
    assert times(held) == [50] * 4


def test_a_topic_that_is_not_latched_is_not_repeated():
    assert filled(Ring(10.0, 1000), FAST, 1, 2).latched(2 * SECOND) == []


@pytest.mark.parametrize("depth", [0, 1])
def test_an_unknown_depth_counts_as_one(depth):
    topic = Topic("/t", "a/msg/A", "", qos=Qos(durability="transient_local", depth=depth))
    assert len(filled(Ring(10.0, 1000), topic, 1, 2, 3).latched(3 * SECOND)) == 1
