"""Which connection waits how long, on a clock of the test's own."""

from __future__ import annotations

import socket

import pytest

from armature.monitor.http.connections import Connection, WaitingList


@pytest.fixture
def connection():
    made = []

    def make(host="10.0.0.1"):
        made.append(Connection(socket.socket(), (host, 1000 + len(made))))
        return made[-1]

    yield make
    for each in made:
        each.socket.close()


def test_those_that_have_waited_for_too_long_are_told_the_first_before_the_others(connection):
    waiting = WaitingList(2.0)
    first, second, third = connection(), connection(), connection()
    for now, each in ((0.0, first), (0.5, second), (1.5, third)):
        waiting.begin(each, now)
    assert waiting.overdue(1.9) == []
    assert waiting.overdue(2.5) == [first, second]
    waiting.begin(first, 2.5)
    waiting.end(second)
    assert waiting.overdue(3.5) == [third]
    assert list(waiting) == [third, first]


def test_room_is_made_by_the_host_that_has_most_however_old_another_is(connection):
    waiting = WaitingList(2.0)
    operator = connection("10.0.0.7")
    crowd = [connection("10.0.0.9") for _ in range(3)]
    for each in (operator, *crowd):
        waiting.begin(each, 0.0)
    for each in crowd[:2]:
        assert waiting.to_evict() == [each]
        waiting.end(each)
    assert waiting.to_evict() == [operator]  # as many of each: the oldest


def test_a_connection_that_begins_anew_is_counted_once(connection):
    waiting = WaitingList(2.0)
    once, twice = connection("10.0.0.7"), connection("10.0.0.9")
    waiting.begin(once, 0.0)
    for now in (1.0, 2.0):
        waiting.begin(twice, now)
    assert waiting.to_evict() == [once]
    for each in (once, twice, once):
        waiting.end(each)
    assert waiting.to_evict() == []
    assert not waiting._of_host  # hosts that have gone are forgotten


def test_a_body_that_nobody_reads_is_skipped_and_what_follows_is_not(connection):
    each = connection()
    each.ignored = 5
    each.take(b"abc")
    assert (each.ignored, each.received) == (2, b"")
    each.take(b"deGET")
    assert (each.ignored, each.received) == (0, b"GET")
    each.ignored = float("inf")
    each.take(b"x" * 100)
    assert each.received == b"GET"
