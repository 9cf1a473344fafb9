"""Goals that are prepared in slices: how much is done at a time, and how they end."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from armature.core.control.goal import End
from armature.errors import GoalRefused
from armature.nodes.arm_controller.action_server import ActiveGoal
from armature.nodes.arm_controller.background_planning import BackgroundPlanning

A_STEP = 0.001  # that each look at the clock takes [s]


class Bench:
    """A node whose timer is called by the test, on a clock that goes on by a step with each look at it."""

    def __init__(self):
        self.now, self.ends, self.begun, self.done = 0.0, [], [], 0
        self.active = ActiveGoal(lambda: None)
        logger = SimpleNamespace(warning=lambda _text: None)
        node = SimpleNamespace(
            steady=None, get_logger=lambda: logger, create_timer=self.keep, attempt=lambda plan: plan()
        )
        self.slices = BackgroundPlanning(node, self.clock)

    def beginning(self, on_end):
        self.begun.append(on_end)
        return self.active

    def keep(self, _period, callback, clock):
        self.tick = callback
        return SimpleNamespace(reset=lambda: None, cancel=lambda: None)

    def clock(self):
        self.now += A_STEP
        return self.now

    def work(self, steps, error=None):
        for _ in range(steps):
            self.done += 1
            yield
        if error is not None:
            raise error
        return self.beginning

    def ask(self, steps, action="move_to", error=None):
        begin = self.slices.prepare(action, self.work(steps, error))
        return begin(self.ends.append)


@pytest.fixture
def bench():
    return Bench()


def test_what_takes_little_begins_at_once(bench):
    bench.ask(5)
    assert len(bench.begun) == 1


def test_what_takes_long_is_done_a_little_at_a_time(bench):
    bench.ask(1000)
    work = []
    while not bench.begun:
        before = bench.done
        bench.tick()
        work.append(bench.done - before)
    assert bench.done == 1000
    assert max(work) <= 5  # steps of 1 ms


def test_two_actions_share_the_time_and_a_newer_goal_of_one_replaces_the_older(bench):
    bench.ask(1000)
    bench.ask(30, action="move_line")
    for _ in range(20):
        bench.tick()
    assert len(bench.begun) == 1
    bench.ask(1000)
    assert [end.message for end in bench.ends] == ["replaced by a newer goal"]


def test_a_goal_is_canceled_before_it_begins_and_others_are_not(bench):
    bench.ask(1000).cancel()
    other = bench.ask(30, action="move_line")
    assert bench.ends == []  # the call that cancels returns first
    for _ in range(20):
        bench.tick()
    assert [end.end for end in bench.ends] == [End.CANCELED]
    assert len(bench.begun) == 1
    assert other.is_followed


def test_a_goal_that_was_prepared_is_canceled_as_what_it_has_become(bench):
    stopped = []
    bench.active = ActiveGoal(lambda: stopped.append(True))
    goal = bench.ask(50)
    assert not goal.is_followed
    while not bench.begun:
        bench.tick()
    assert goal.is_followed
    goal.cancel()
    assert stopped == [True]


def test_an_error_of_what_begins_it_loses_no_goal(bench):
    def failing(_on_end):
        raise ZeroDivisionError

    bench.beginning = failing
    bench.ask(50)
    while bench.done < 50:
        bench.tick()
    with pytest.raises(ZeroDivisionError):
        bench.tick()
    bench.slices.drop("internal error")  # as the node does then
    assert [end.message for end in bench.ends] == ["internal error"]


def test_what_is_refused_ends_with_the_reason_whenever_that_shows(bench):
    with pytest.raises(GoalRefused, match="the way"):
        bench.ask(5, error=GoalRefused("the way", 1.0, "take another"))
    bench.ask(50, error=GoalRefused("the way", 1.0, "take another"))
    for _ in range(20):
        bench.tick()
    assert "the way: 1.0 refused" in bench.ends[0].message


def test_a_stop_ends_what_is_being_prepared(bench):
    bench.ask(1000)
    bench.slices.drop("stopped")
    bench.tick()
    assert [(end.end, end.message) for end in bench.ends] == [(End.ABORTED, "stopped")]
    assert bench.begun == []
