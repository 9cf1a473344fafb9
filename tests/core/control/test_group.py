from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from armature.core.control.blocked import BlockedDirection
from armature.core.control.goal import Code, End
from armature.core.control.grip import GripMonitor
from armature.core.control.group import GroupControl
from armature.core.control.group_state import GroupSettings, GroupState
from armature.core.control.tolerance import Tolerance, Tolerances, TrajectoryMonitor
from armature.core.trajectory.trajectory import State, Trajectory
from armature.errors import CommandRefused, GoalRefused

from ..groups import JOINTS, group

LIMITS = group()
STILL = dict.fromkeys(JOINTS, 0.0)
MONITOR = TrajectoryMonitor(Tolerances((Tolerance(0.2),) * 2, (Tolerance(0.05),) * 2, goal_time=1.0), LIMITS)


class Bench:
    """A group with an arm that follows perfectly, in a time of its own."""

    def __init__(self, state="ENABLED", session="s1"):
        self.now = 100.0
        self.ends = []
        settings = GroupSettings(start_tolerance=np.full(2, 0.05), margin=np.full(2, 0.02))
        self.control = GroupControl(GroupState(LIMITS, settings))
        self.control.state.note_state(state, session)
        self.control.state.note_commanded(self.now, STILL, "", self.now)
        self.control.state.note_reading(self.now, STILL, STILL, self.now)

    def follow(self, at=2.0, place=(1.0, 0.0), stamp=None):
        goal = Trajectory.from_rows(JOINTS, [at], [place], [(0.0, 0.0)])
        self.control.follow(goal, stamp, MONITOR, self.ends.append, self.now)

    def run(self, seconds, step=0.02, off=0.0):
        for _ in range(round(seconds / step)):
            self.now += step
            state = self.control.state.motion.setpoint(self.now)
            if state is not None:
                self.read(state.position + off, state.velocity)
                self.commanded(state.position)
            self.control.state.update(self.now)
            self.control.state.segment(self.now)
        return self

    def read(self, position, velocity=(0.0, 0.0)):
        positions = dict(zip(JOINTS, position, strict=True))
        self.control.state.note_reading(self.now, positions, dict(zip(JOINTS, velocity, strict=True)), self.now)

    def commanded(self, position):
        positions = dict(zip(JOINTS, map(float, position), strict=True))
        self.control.state.note_commanded(self.now, positions, "", self.now)

    @property
    def waist(self):
        return float(self.control.state.motion.setpoint(self.now).position[0])


def test_a_goal_succeeds_once_it_is_reached():
    bench = Bench()
    bench.follow()
    assert not bench.control.state.goals.are_none
    bench.run(2.2)
    assert [(end.end, end.code) for end in bench.ends] == [(End.SUCCEEDED, Code.SUCCESSFUL)]
    assert bench.control.state.goals.are_none
    assert bench.control.state.segment(bench.now) is None


def test_a_goal_that_is_not_met_in_its_time_fails_though_commanded_goes_on():
    bench = Bench()
    bench.follow(at=1.0)
    bench.run(1.9, off=0.1)
    assert bench.ends == []
    bench.run(0.3, off=0.1)
    assert not bench.control.state.motion.is_moving(bench.now)
    bench.run(1.0, off=0.1)  # for the arm to back off
    assert [end.code for end in bench.ends] == [Code.GOAL_TOLERANCE_VIOLATED]
    assert "1.0" in bench.ends[0].message


@pytest.mark.parametrize("place", [2.1, 2e4, 1e6, 1e20, -1e308])
@pytest.mark.parametrize("time", [1e-9, 1.0, 1000.0])
@pytest.mark.parametrize("fields", [(), ([[0.0, 0.0]],), ([[0.0, 0.0]], [[0.0, 0.0]])])
def test_a_goal_anywhere_outside_the_limits_is_refused_whatever_its_numbers(place, time, fields):
    bench = Bench()
    with pytest.raises(GoalRefused, match=r"position of waist .*-2.0000 to 2.0000 rad"):
        bench.control.follow(
            Trajectory.from_rows(JOINTS, [time], [[place, 0.1]], *fields),
            None,
            MONITOR,
            bench.ends.append,
            bench.now,
        )
    assert bench.control.state.goals.are_none


@pytest.mark.parametrize("place", [1e3, 2e4, 1e9])
def test_a_joint_without_limits_goes_as_far_as_it_has_time_for(place):
    bench = Bench()
    free = replace(LIMITS, lower=np.full(2, -np.inf), upper=np.full(2, np.inf))
    bench.control.state.limits = free
    goal = Trajectory.from_rows(JOINTS, [place], [[place, 0.1]])
    assert bench.control.plan(goal, None, bench.now).motion.positions[-1][0] == place
    with pytest.raises(GoalRefused, match="velocity of waist"):
        bench.control.plan(Trajectory.from_rows(JOINTS, [place / 3], [[place, 0.1]]), None, bench.now)


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("", "not known; wait for its first state; start it if it does not run"),
        ("HOLDING", "HOLDING; run armature enable"),
        ("FAULT", "FAULT; clear it, then run armature enable"),
    ],
)
def test_each_state_that_takes_no_commands_has_its_remedy(state, says):
    bench = Bench(state)
    bench.control.state.arm.remedy = {"HOLDING": "run armature enable", "FAULT": "clear it"}.get(state, "")
    for command in (
        bench.follow,
        lambda: bench.control.jog({"waist": 1.0}, 0.0, bench.now),
        lambda: bench.control.resume(bench.now),
    ):
        with pytest.raises(CommandRefused, match=f"the servo interface is .*{says}"):
            command()
    assert bench.control.state.segment(bench.now) is None


def test_a_silent_servo_interface_refuses_goals():
    bench = Bench()
    bench.now += 0.6
    with pytest.raises(CommandRefused, match="silent on /servo_interface/commanded; check that it runs"):
        bench.follow()


def test_what_was_commanded_before_a_new_session_is_forgotten():
    bench = Bench()
    bench.control.state.note_state("ENABLED", "s2")
    with pytest.raises(CommandRefused, match="what is being commanded is not known"):
        bench.follow()
    bench.control.state.note_commanded(bench.now, {"waist": 0.5, "elbow": 0.0}, "s1", bench.now)
    with pytest.raises(CommandRefused, match="what is being commanded is not known"):
        bench.follow()
    bench.control.state.note_commanded(bench.now, {"waist": 0.5, "elbow": 0.0}, "s2", bench.now)
    bench.follow()
    assert bench.waist == pytest.approx(0.5)


def test_a_joint_that_is_not_commanded_leaves_the_setpoint_unknown():
    bench = Bench(session="")
    bench.control.state.note_state("ENABLED", "s2")
    bench.control.state.note_commanded(bench.now, {"waist": 0.5}, "", bench.now)
    with pytest.raises(CommandRefused, match="what is being commanded is not known"):
        bench.follow()


def test_at_rest_the_setpoint_is_what_is_commanded():
    bench = Bench()
    bench.now += 0.1
    bench.commanded((0.3, -0.2))
    assert bench.waist == pytest.approx(0.3)


def test_what_was_commanded_during_a_motion_does_not_move_the_setpoint():
    bench = Bench()
    bench.follow()
    bench.run(1.0)
    before = bench.waist
    bench.commanded((0.9, 0.9))
    assert bench.waist == before
    bench.run(1.5)
    end = bench.waist
    bench.control.state.note_commanded(bench.now - 0.6, {"waist": 0.9, "elbow": 0.0}, "", bench.now)
    assert bench.waist == end


def test_a_refused_goal_leaves_the_running_one():
    bench = Bench()
    bench.follow()
    bench.run(0.5)
    with pytest.raises(GoalRefused, match="position of waist"):
        bench.follow(place=(3.0, 0.0))
    bench.run(2.0)
    assert [end.end for end in bench.ends] == [End.SUCCEEDED]


def test_a_reading_that_is_not_whole_ends_nothing_and_its_silence_ends_the_goal():
    bench = Bench()
    bench.follow()
    bench.run(0.5)
    for _ in range(40):
        bench.now += 0.02
        bench.control.state.note_reading(bench.now, {"waist": 99.0}, {}, bench.now)
        bench.control.state.update(bench.now)
        bench.control.state.segment(bench.now)
    (end,) = bench.ends
    assert end.end is End.ABORTED
    assert end.message.startswith("no reading of elbow for 0.5")


def test_a_controller_held_up_for_a_moment_goes_on_where_the_arm_is():
    bench = Bench()
    bench.follow()
    bench.run(1.0)
    segment = bench.control.state.segment(bench.now)
    bench.now += 0.4
    bench.control.state.update(bench.now)
    assert bench.ends == []
    assert bench.waist == pytest.approx(segment.setpoint(bench.now).position[0])
    assert bench.control.state.longest_delay == pytest.approx(0.2)
    bench.run(2.5)
    assert [end.end for end in bench.ends] == [End.SUCCEEDED]
    assert bench.waist == pytest.approx(1.0)


def test_a_controller_held_up_for_long_ends_its_goal_and_the_arm_stands_where_the_segment_ends():
    bench = Bench()
    bench.follow()
    bench.run(1.0)
    segment = bench.control.state.segment(bench.now)
    bench.now += 1.5
    bench.control.state.update(bench.now)
    (end,) = bench.ends
    assert "the controller was delayed by 1.30 s" in end.message
    assert bench.control.state.segment(bench.now) is None
    assert bench.waist == pytest.approx(segment.trajectory.positions[-1][0])


@pytest.mark.parametrize("what", ["goal", "jog", "reading", "stop", "cancel", "pause"])
def test_whatever_comes_first_after_a_delay_begins_where_the_arm_is(what):
    bench = Bench()
    bench.follow()
    bench.run(1.0)
    segment = bench.control.state.segment(bench.now)
    bench.now += 0.45
    promised = segment.setpoint(bench.now)
    deeds = {
        "goal": lambda: bench.follow(place=(0.0, 0.0)),
        "jog": lambda: bench.control.jog({"waist": 0.5}, 0.0, bench.now),
        "reading": lambda: bench.read((9.0, 9.0)),
        "stop": lambda: bench.control.stop(bench.now, "why"),
        "cancel": lambda: bench.control.cancel(bench.now),
        "pause": lambda: bench.control.pause(bench.now),
    }
    deeds[what]()
    newer = bench.control.state.segment(bench.now)
    assert np.allclose(newer.setpoint(bench.now).position, promised.position, atol=1e-9)
    assert np.allclose(newer.setpoint(bench.now).velocity, promised.velocity, atol=1e-6)


def test_a_jog_is_not_gone_on_with_after_a_delay():
    bench = Bench()
    bench.control.jog({"waist": 1.0}, 0.0, bench.now)
    segment = bench.control.state.segment(bench.now)
    bench.now += 0.4
    bench.control.state.update(bench.now)
    bench.now += 1.0
    assert bench.waist == pytest.approx(segment.trajectory.positions[-1][0])


def test_a_cancel_ends_as_canceled_even_if_something_else_ends_it_first():
    bench = Bench()
    bench.follow()
    bench.run(0.5)
    bench.control.cancel(bench.now)
    assert bench.ends == []
    bench.control.state.note_state("HOLDING", "", "a cable")
    (end,) = bench.ends
    assert end.end is End.CANCELED
    assert "a cable" in end.message


def test_a_canceled_goal_is_not_checked_while_it_slows_down():
    bench = Bench()
    bench.follow()
    bench.run(0.5)
    bench.control.cancel(bench.now)
    bench.read((9.0, 9.0))
    assert bench.ends == []
    bench.run(1.0)
    assert [end.end for end in bench.ends] == [End.CANCELED]


def test_a_paused_goal_outlives_its_time():
    bench = Bench()
    bench.follow()
    bench.run(0.5)
    bench.control.pause(bench.now)
    bench.run(5.0)
    assert bench.control.state.motion.is_paused
    assert bench.ends == []
    bench.control.resume(bench.now)
    bench.run(2.5)
    assert [end.end for end in bench.ends] == [End.SUCCEEDED]


def test_a_jog_of_an_unknown_joint_is_refused():
    with pytest.raises(GoalRefused, match="joint_names: 'gripper' refused; joints here are waist, elbow"):
        Bench().control.jog({"gripper": 0.1}, 0.0, 100.0)


@pytest.mark.parametrize("lease", [-1.0, float("nan"), float("inf")])
def test_a_jog_with_a_bad_duration_is_refused(lease):
    with pytest.raises(GoalRefused, match=r"duration: .*give 0 to 0.25 s"):
        Bench().control.jog({"waist": 0.1}, lease, 100.0)


def test_a_jog_says_what_it_clamped():
    bench = Bench()
    assert bench.control.jog({"waist": 5.0}, 0.0, bench.now) == "waist: 5.000 clamped to 2.000 rad/s"


def test_a_jog_says_what_it_does_not_do():
    bench = Bench()
    assert bench.control.jog({"waist": 0.5}, 0.0, bench.now) == ""
    bench.control.state.hooks.scale_jog = lambda build: (build(0.5), "slowed to 50%: a table is near")
    assert bench.control.jog({"waist": 0.5}, 0.0, bench.now) == "slowed to 50%: a table is near"
    assert "waist: 0.001 rad/s is too slow" in bench.control.jog({"waist": 0.001}, 0.0, bench.now)


@pytest.mark.parametrize(
    ("slow", "why"),
    [
        (lambda control, now: control.set_speed(0.0, now), "speed scaling factor is 0; give a higher one"),
        (lambda control, now: control.bound_speed(0.0, now), "servo interface asks for speed 0"),
    ],
)
def test_a_jog_at_speed_0_is_refused_and_its_release_is_not(slow, why):
    bench = Bench()
    slow(bench.control, bench.now)
    with pytest.raises(CommandRefused, match=why):
        bench.control.jog({"waist": 0.5}, 0.0, bench.now)
    assert bench.control.jog({"waist": 0.0}, 0.0, bench.now) == ""


def test_a_jog_ends_with_its_lease():
    bench = Bench()
    bench.control.jog({"waist": 1.0}, 0.0, bench.now)
    bench.run(0.25)
    speed = float(bench.control.state.motion.setpoint(bench.now).velocity[0])
    bench.run(0.5)
    assert speed > 0.3
    assert not bench.control.state.motion.is_moving(bench.now)


def grip(**options):
    return GripMonitor(
        **{
            "target": np.zeros(1),
            "goal_tolerance": 0.003,
            "stall_velocity_threshold": 0.002,
            "stall_timeout": 0.5,
            "allow_stalling": True,
            **options,
        }
    )


def at(position, velocity=0.0):
    return State(np.array([position]), np.array([velocity]), np.zeros(1))


def test_a_gripper_is_checked_only_after_its_motion():
    assert grip().check(0.9, 1.0, at(0.0), at(0.0)) is None
    assert grip().check(1.0, 1.0, at(0.0), at(0.0)).message == "position reached"


def test_a_gripper_stalls_after_the_timeout_without_motion():
    monitor = grip()
    assert monitor.check(1.0, 1.0, at(0.0), at(0.02)) is None
    assert monitor.check(1.4, 1.0, at(0.0), at(0.02, 0.01)) is None
    assert monitor.check(1.8, 1.0, at(0.0), at(0.02)) is None
    end = monitor.check(1.9, 1.0, at(0.0), at(0.02))
    assert (end.end, end.is_stalled) == (End.SUCCEEDED, True)
    assert "0.0200 short of the goal" in end.message


def test_a_stall_is_a_failure_where_it_is_not_allowed():
    monitor = grip(allow_stalling=False, stall_timeout=0.0)
    end = monitor.check(1.0, 1.0, at(0.0), at(0.02))
    assert (end.end, end.is_stalled) == (End.ABORTED, True)


# Joints that do not follow

BLOCKED = {JOINTS[0]: BlockedDirection(0.1, 1)}
WHY = "blocked at waist, 0.30 rad before 0.400 rad; every joint stopped"


def not_following():
    """A goal whose first joint did not follow; the servo interface has not heard of it yet."""
    bench = Bench()
    bench.asked = []
    bench.control.state.hooks.report_not_following = bench.asked.append
    bench.follow()
    bench.run(0.5)
    bench.read((bench.waist - 0.25, 0.0))
    return bench


def back_off(bench, place=0.1, rests=True):
    """What the servo interface then tells."""
    bench.control.state.note_state("ENABLED", "s1.1", WHY, BLOCKED, bench.now)
    positions = dict(zip(JOINTS, (place, 0.0), strict=True))
    bench.control.state.note_commanded(bench.now, positions, "s1.1", bench.now, rests=rests)


def test_who_does_not_follow_is_told_and_the_goal_ends_once_the_arm_has_given_way():
    bench = not_following()
    assert bench.asked == [(JOINTS[0],)]
    assert not bench.control.state.goals.are_none
    assert bench.ends == []
    back_off(bench, rests=False)
    assert bench.ends == []
    back_off(bench)
    (end,) = bench.ends
    assert end.code is Code.PATH_TOLERANCE_VIOLATED
    assert end.message.startswith("blocked at waist, 0.25 rad before ")
    assert "exceeds the tolerance of 0.2" in end.message


def test_the_next_goal_is_taken_from_where_the_arm_has_gone_back_to():
    bench = not_following()
    back_off(bench)
    assert bench.waist == pytest.approx(0.1)
    bench.read((0.1, 0.0))
    bench.follow(place=(-0.5, 0.0))
    bench.run(3.0)
    assert bench.ends[-1].end is End.SUCCEEDED


def test_one_that_presses_on_is_refused_and_so_is_such_a_jog():
    bench = not_following()
    back_off(bench)
    bench.read((0.1, 0.0))
    with pytest.raises(GoalRefused, match=r"blocked above 0\.1000"):
        bench.follow(place=(0.5, 0.0))
    with pytest.raises(GoalRefused, match=r"blocked above 0\.1000"):
        bench.control.jog({JOINTS[0]: 0.3}, 0.0, bench.now)
    assert not bench.control.state.motion.is_moving(bench.now)
    bench.control.jog({JOINTS[0]: -0.3}, 0.0, bench.now)
    assert bench.control.state.motion.is_moving(bench.now)


def test_a_goal_ends_by_the_clock_where_nobody_lets_the_arm_back_off():
    bench = not_following()
    bench.run(0.9)
    assert bench.ends == []
    bench.run(0.2)
    assert [end.code for end in bench.ends] == [Code.PATH_TOLERANCE_VIOLATED]


def test_a_goal_under_way_ends_with_the_reason_where_the_servo_interface_finds_it():
    bench = Bench()
    bench.follow()
    bench.run(0.5)
    back_off(bench)
    (end,) = bench.ends
    assert (end.code, end.message) == (Code.PATH_TOLERANCE_VIOLATED, WHY)


def test_whoever_enables_anew_ends_goals_as_ever():
    bench = Bench()
    bench.follow()
    bench.run(0.5)
    bench.control.state.note_state("ENABLED", "s2", "enabled", {}, bench.now)
    (end,) = bench.ends
    assert end.message == "the servo interface went to ENABLED: enabled"


def test_a_new_goal_tells_the_end_of_the_one_before_first():
    bench = not_following()
    bench.follow(place=(-0.5, 0.0))
    assert [end.code for end in bench.ends] == [Code.PATH_TOLERANCE_VIOLATED]
    assert not bench.control.state.goals.are_none
