"""Paths that are checked while they are followed: never farther than they are checked, whatever happens."""

from __future__ import annotations

import contextlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from armature.core.control.goal import End, abort_outcome
from armature.core.trajectory.trajectory import Trajectory
from armature.errors import ArmatureError, CommandRefused

from ..commanded import CYCLE, LIMITS, MONITOR, Commanded
from ..groups import JOINTS
from .test_whatever_is_asked import Cubics, often

STILL = (0.0, 0.0)
WAY = Trajectory.from_rows(JOINTS, [6.0], [(1.5, -0.75)], [STILL], [STILL])


class Checked(Commanded):
    """A goal whose path is checked as far as the test says."""

    def begin(self, until, goal=WAY, stamp=None):
        planned = self.control.plan(goal, stamp, self.now)
        tracker = self.control.prepare(planned)
        self.path, self.until = tracker.path, until
        self.control.begin(tracker, until, planned, MONITOR, self.ends.append)
        self.go()
        return self

    def check(self, until):
        self.until = max(self.until, until)
        self.control.state.motion.note_checked(self.path, self.until, self.now)

    def bound(self):
        return self.path.sample(min(self.until, self.path.duration)).position

    @property
    def place(self):
        return self.positions[-1]

    @property
    def is_waiting(self):
        return self.control.state.motion.is_waiting


@pytest.fixture
def waiting():
    """An arm that waits at rest on its path, two seconds of which are checked."""
    arm = Checked().begin(2.0).run(4.0)
    assert arm.is_waiting
    assert arm.place == pytest.approx(arm.bound(), abs=0.1)
    assert (np.array(arm.place) * (1.0, -1.0) <= arm.bound() * (1.0, -1.0)).all()
    return arm


def test_a_motion_waits_on_its_path_for_its_check_and_goes_on_by_itself(waiting):
    held = waiting.place
    assert waiting.run(2.0).place == held
    assert held[1] == pytest.approx(-0.5 * held[0], abs=1e-9)
    waiting.check(waiting.control.state.motion.tracker.reach + 0.9)
    assert waiting.run(1.0).place == held  # for so little it is not worth it
    waiting.check(math.inf)
    waiting.finish()
    assert [end.end for end in waiting.ends] == [End.SUCCEEDED]
    assert np.abs(waiting.accelerations).max() <= 4.0 * 1.01


def test_a_check_that_keeps_ahead_holds_nothing_up():
    free, checked = Checked().begin(math.inf), Checked().begin(2.0)
    for count in range(30):
        checked.check(2.0 + 0.2 * count)
        checked.run(0.2)
        free.run(0.2)
    assert np.array(checked.positions) == pytest.approx(np.array(free.positions))
    assert [end.end for end in checked.ends] == [End.SUCCEEDED]


def test_what_is_paused_while_it_waits_goes_on_only_when_it_is_resumed(waiting):
    waiting.control.pause(waiting.now)
    held = waiting.place
    waiting.check(math.inf)
    assert waiting.run(1.0).place == held
    waiting.control.resume(waiting.now)
    waiting.go()
    assert [end.end for end in waiting.finish().ends] == [End.SUCCEEDED]


def test_what_is_resumed_before_it_is_checked_waits(waiting):
    waiting.control.pause(waiting.now)
    waiting.control.resume(waiting.now)
    waiting.go()
    assert waiting.run(1.0).is_waiting


def test_a_motion_that_waits_cannot_be_resumed(waiting):
    with pytest.raises(CommandRefused, match="waits until its path is checked; it goes on by itself"):
        waiting.control.resume(waiting.now)


def test_at_speed_0_it_does_not_go_on_until_the_speed_is_raised(waiting):
    waiting.control.set_speed(0.0, waiting.now)
    waiting.check(math.inf)
    held = waiting.place
    assert waiting.run(1.0).place == held
    waiting.control.set_speed(2.0, waiting.now)
    waiting.go()
    assert [end.end for end in waiting.finish().ends] == [End.SUCCEEDED]


@pytest.mark.parametrize("ask", ["cancel", "stop"])
def test_what_ends_while_it_waits_does_not_go_on(waiting, ask):
    held = waiting.place
    waiting.control.cancel(waiting.now) if ask == "cancel" else waiting.control.stop(waiting.now, "why")
    waiting.check(math.inf)
    assert waiting.run(1.0).place == held
    assert [end.end for end in waiting.ends] == [{"cancel": End.CANCELED, "stop": End.ABORTED}[ask]]


def test_another_goal_takes_the_place_of_one_that_waits(waiting):
    waiting.begin(math.inf, Trajectory.from_rows(JOINTS, [2.0], [STILL], [STILL], [STILL]))
    assert [end.end for end in waiting.finish().ends] == [End.ABORTED, End.SUCCEEDED]
    assert waiting.place == pytest.approx(STILL, abs=1e-9)


def test_a_jog_is_free_of_the_check_of_the_goal_that_it_replaces():
    arm = Checked().begin(0.5).run(1.0)
    held = arm.place
    assert arm.is_waiting
    arm.control.jog({"waist": 2.0}, 0.25, arm.now)
    arm.go()
    assert arm.run(1.0).place[0] > held[0] + 0.1
    assert [end.end for end in arm.ends] == [End.ABORTED]


def test_a_goal_that_is_aborted_stops_on_its_path():
    arm = Checked().begin(math.inf).run(1.5)
    arm.control.abort(abort_outcome("why"), arm.now)
    arm.go()
    arm.finish()
    assert [end.message for end in arm.ends] == ["why"]
    assert np.array(arm.positions)[:, 1] == pytest.approx(-0.5 * np.array(arm.positions)[:, 0], abs=1e-6)
    with pytest.raises(CommandRefused, match="nothing is paused"):
        arm.control.resume(arm.now)


def test_what_was_checked_of_another_path_counts_for_nothing(waiting):
    waiting.control.state.motion.note_checked(WAY, math.inf, waiting.now)
    assert waiting.run(1.0).is_waiting


def test_joints_that_a_goal_leaves_out_wait_too():
    arm = Checked(allow_partial_joints_goal=True).begin(math.inf).run(1.0)
    arm.begin(1.5, Trajectory.from_rows(JOINTS[1:], [6.0], [(0.5,)], [(0.0,)], [(0.0,)])).run(4.0)
    assert arm.is_waiting
    held = arm.place
    assert arm.run(1.0).place == held
    assert held[0] < 1.0


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(("check", "check", "pause", "resume", "set_speed", "bound_speed", "hold_up", "cancel")),
        st.floats(0.0, 0.7),
        st.sampled_from((0.0, 0.5, 1.0, 2.0)),
    ),
    max_size=14,
)


@pytest.mark.soak
def test_whatever_happens_no_more_of_the_path_is_followed_than_is_checked(soak):
    speeds = st.sampled_from((0.5, 1.0, 2.0))
    often(soak)(given(EVENTS, st.floats(1.6, 2.5), speeds)(follow_as_far_as_is_checked))()


def follow_as_far_as_is_checked(events, until, speed):
    arm = Checked()
    arm.control.set_speed(speed, arm.now)
    arm.begin(until)
    for name, seconds, factor in events:
        if name == "check":
            arm.check(arm.until + factor)
        elif name in ("set_speed", "bound_speed"):
            getattr(arm.control, name)(factor if name == "set_speed" else max(min(factor, 1.0), 0.3), arm.now)
        elif name != "hold_up":
            with contextlib.suppress(ArmatureError):
                getattr(arm.control, name)(arm.now)
        if name != "hold_up":
            arm.go()
        arm.run(seconds, held_up=name == "hold_up")
        assert arm.place[0] <= arm.bound()[0] + 1e-6
    arm.run(3.0)
    assert arm.place[0] <= arm.bound()[0] + 1e-6
    assert np.array(arm.positions)[:, 1] == pytest.approx(-0.5 * np.array(arm.positions)[:, 0], abs=1e-4)
    assert (np.abs(arm.velocities) <= LIMITS.velocity * 1.011).all()
    finish(arm)


def finish(arm):
    """Once all of it is checked and nothing holds it, the goal ends."""
    arm.check(math.inf)
    arm.control.set_speed(1.0, arm.now)
    arm.control.bound_speed(1.0, arm.now)
    with contextlib.suppress(ArmatureError):
        arm.control.resume(arm.now)
    arm.go()
    arm.finish().run(1.5)
    assert [end.end for end in arm.ends] in ([End.SUCCEEDED], [End.CANCELED], [End.ABORTED])


def test_a_goal_that_is_aborted_stays_on_a_path_that_leaves_no_room_for_it():
    """A stop that need not stay on it leaves it: see the tracker's tests."""
    arm = Checked()
    arm.control.move(np.array([1.5, -0.4]), LIMITS.velocity, MONITOR, arm.ends.append, arm.now)
    arm.go()
    tracker = arm.control.state.motion.tracker
    course = np.array([tracker.setpoint(t).position for t in np.linspace(arm.now, tracker.end, 4000)])
    arm.run(0.3)
    arm.control.abort(abort_outcome("why"), arm.now)
    arm.go()
    arm.finish()
    assert np.abs(course - np.array(arm.place)).max(axis=1).min() < 1e-3


def test_what_is_paused_stays_so_though_its_stop_would_lead_beyond_what_is_checked():
    arm = Checked().begin(2.5).run(1.5)
    arm.control.state.motion.note_checked(arm.path, 0.5, arm.now)
    arm.control.pause(arm.now)
    arm.go()
    arm.run(1.5)
    held = arm.place
    arm.check(math.inf)
    assert arm.run(1.0).place == held


class SlowlyChecked(Commanded):
    """Each goal is checked at first as far as its first segment leads, then more slowly than it is followed."""

    checked = None  # the path, and up to which time of it [s]

    @property
    def is_moving(self):
        """Whether anything is still to be done."""
        return super().is_moving or self.control.state.motion.is_waiting

    def follow(self, goal, stamp=None):
        planned = self.control.plan(goal, stamp, self.now)
        tracker = self.control.prepare(planned)
        tracker.segment(self.now)
        self.checked = tracker.path, tracker.reach
        self.control.begin(tracker, tracker.reach, planned, MONITOR, self.ends.append)
        self.go()

    def go(self):
        super().go()
        tracker = self.control.state.motion.tracker
        if self.checked is not None and tracker.path is self.checked[0]:
            assert tracker.reach <= self.checked[1]

    def _cycle(self, *, held_up=False):
        if self.checked is not None and not held_up:
            path, until = self.checked
            self.checked = path, until + 0.5 * CYCLE
            self.control.state.motion.note_checked(*self.checked, self.now)
        super()._cycle(held_up=held_up)


class CheckedCubics(Cubics):
    """Goals that wait for their checks again and again."""

    def __init__(self):
        super().__init__()
        self.arm = SlowlyChecked(allow_partial_joints_goal=True)


@pytest.mark.soak
def test_whatever_is_asked_of_goals_that_wait_for_their_checks_what_is_commanded_is_smooth(soak):
    run_state_machine_as_test(CheckedCubics, settings=often(soak, stateful_step_count=10))
