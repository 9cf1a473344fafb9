"""Commands that come by topics: when each is carried out, and what is left to everything else."""

from __future__ import annotations

from collections import deque
from itertools import pairwise

import pytest

from armature.core.control import paced_commands
from armature.core.control.paced_commands import PacedCommands

COST = 0.012  # of a command [s]
RENEWAL = 0.02  # [s]
LOOK = 0.001  # [s]
QUICK = 0.0001  # that any other event takes [s]


class Timer:
    """A timer that is called by the test."""

    def __init__(self, callback):
        self.callback = callback
        self.is_running = True

    def cancel(self):
        self.is_running = False

    def reset(self):
        self.is_running = True

    def is_canceled(self):
        return not self.is_running


class Bench:
    """An executor that does one event after the other in their order, on a clock that the commands move."""

    def __init__(self):
        self.now, self.done, self.events = 0.0, [], deque()
        self.wrong = set()
        self.paced = PacedCommands(self.make_timer, lambda: self.now)
        self.take = self.paced.taker(self.carry_out)

    def make_timer(self, _period, callback):
        self.timer = Timer(callback)
        return self.timer

    def carry_out(self, message):
        self.now += COST
        self.done.append(message)
        return message not in self.wrong

    def tick(self):
        if self.timer.is_running:
            self.timer.callback()

    def later(self):
        """All else has its turn, then the timer."""
        self.now += 2.0 * COST
        self.tick()

    def stream(self, rate, seconds):
        """Messages at a rate beside renewals and the timer; returns when there were renewals."""
        due = {
            "message": [1.0 / rate, 0.0],
            "renewal": [RENEWAL, 0.0],
            "tick": [paced_commands._PERIOD, 0.0],
        }
        renewed, number = [], 0
        while self.now < seconds:
            for kind, times in due.items():
                while times[1] <= self.now and (kind == "message" or kind not in self.events):
                    self.events.append(kind)
                    times[1] = max(times[1] + times[0], self.now) if kind != "message" else times[1] + times[0]
            if not self.events:
                self.now += LOOK
                continue
            kind = self.events.popleft()
            self.now += QUICK
            if kind == "message":
                number += 1
                self.take(number)
            elif kind == "renewal":
                renewed.append(self.now)
            else:
                self.tick()
        return renewed


@pytest.fixture
def bench():
    return Bench()


def test_a_command_that_comes_after_a_pause_is_carried_out_at_once(bench):
    for number in range(3):
        bench.take(number)
        assert bench.done[-1] == number
        bench.now += 2.0 * COST
    assert not bench.timer.is_running


def test_of_commands_that_wait_the_newest_alone_is_carried_out(bench):
    for number in range(10):
        bench.take(number)
    assert bench.done == [0]
    bench.later()
    bench.later()
    assert bench.done == [0, 9]
    assert not bench.timer.is_running


def test_a_command_waits_as_long_as_the_one_before_it_took(bench):
    bench.take("first")
    bench.take("second")
    bench.now += COST - LOOK
    bench.tick()
    assert bench.done == ["first"]
    bench.now += 2.0 * LOOK
    bench.tick()
    assert bench.done == ["first", "second"]


def test_where_the_newest_is_refused_the_one_before_it_counts(bench):
    bench.wrong = {"wrong"}
    for message in ("first", "right", "wrong"):
        bench.take(message)
    bench.later()
    bench.later()
    bench.later()
    assert bench.done == ["first", "wrong", "right"]
    assert not bench.timer.is_running


def test_what_comes_while_an_older_one_is_tried_is_not_lost(bench):
    bench.wrong = {"wrong"}
    for message in ("first", "right", "wrong"):
        bench.take(message)
    bench.later()
    bench.take("newest")
    bench.later()
    bench.later()
    assert bench.done == ["first", "wrong", "right", "newest"]
    assert not bench.timer.is_running


def test_what_is_dropped_is_not_carried_out(bench):
    bench.wrong = {"wrong"}
    for message in ("first", "right", "wrong"):
        bench.take(message)
    bench.later()
    bench.take("newest")
    bench.paced.drop()
    bench.later()
    bench.later()
    assert bench.done == ["first", "wrong"]


def test_a_command_that_raises_lets_the_others_wait_too(bench):
    def broken(_message):
        bench.now += COST
        raise ValueError("broken on purpose")

    with pytest.raises(ValueError, match="broken on purpose"):
        bench.paced.taker(broken)("first")
    bench.take("second")
    assert bench.done == []


@pytest.mark.parametrize("wrong", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("rate", [50, 100, 200, 1000])
def test_however_fast_commands_come_and_however_wrong_renewals_go_on(bench, rate, wrong):
    bench.wrong = {number for number in range(10_000) if (number * 7) % 10 < 10 * wrong}
    renewed = bench.stream(rate, 5.0)
    gaps = [after - before for before, after in pairwise(renewed)]
    assert max(gaps) <= RENEWAL + COST + 0.01
    assert COST * len(bench.done) <= 0.55 * 5.0
    latest = max(number for number in bench.done)
    assert latest >= rate * (5.0 - 0.1)  # what is carried out is new
