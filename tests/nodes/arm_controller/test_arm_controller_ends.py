"""Goals that end before their end: canceled, replaced, violated, paused, left by a dead process."""

from __future__ import annotations

import pytest
from builtin_interfaces.msg import Duration
from control_msgs.action import FollowJointTrajectory
from control_msgs.msg import JointTolerance
from std_srvs.srv import SetBool, Trigger

from ..motion_graph import ABORTED, CANCELED, SUCCEEDED, smooth

Result = FollowJointTrajectory.Result


def test_cancel_slows_down_on_the_path_and_holds(motion):
    handle = motion.send(smooth(2.0, 1.0, -0.5))
    motion.moved()
    motion.done(handle.cancel_goal_async())
    answer = motion.answer(handle)
    assert answer.status == CANCELED
    motion.is_still()
    held = dict(motion.servos.position)
    motion.spin(0.2)
    assert motion.servos.position == pytest.approx(held, abs=1e-9)
    assert 0.05 < held["waist"] < 0.9
    assert held["elbow"] == pytest.approx(-0.5 * held["waist"], abs=1e-3)
    assert motion.servos.refused == []


def test_a_newer_goal_takes_over_without_a_jump(motion):
    first = motion.send(smooth(2.0, 1.0, 0.0))
    motion.moved()
    second = motion.send(smooth(1.5, -0.2, 0.2))
    answer = motion.answer(first)
    assert answer.status == ABORTED
    assert "replaced by a newer goal" in answer.result.error_string
    assert motion.answer(second).status == SUCCEEDED
    motion.is_still()
    assert motion.waist == pytest.approx(-0.2, abs=1e-6)
    assert motion.servos.refused == []


def test_a_path_tolerance_that_is_violated_ends_the_goal_and_stops(motion):
    handle = motion.send(smooth(2.0, 1.0, 0.0))
    motion.moved()
    motion.servos.offset["elbow"] = 0.3
    answer = motion.answer(handle)
    assert answer.status == ABORTED
    assert answer.result.error_code == Result.PATH_TOLERANCE_VIOLATED
    assert "elbow: position error 0.3000 rad exceeds the tolerance of 0.2 rad" in answer.result.error_string
    assert answer.result.error_string.startswith("blocked at elbow, 0.30 rad before ")
    motion.is_still()
    assert motion.waist < 0.95


def test_what_follows_a_violated_tolerance_is_taken_at_once_unless_it_presses_on(motion):
    motion.servos.stuck["elbow"] = 0.0
    answer = motion.follow(smooth(1.0, 0.3, 0.8))
    assert answer.result.error_code == Result.PATH_TOLERANCE_VIOLATED
    pressing = motion.follow(smooth(1.0, 0.3, 0.8))
    assert pressing.status == ABORTED
    assert "motion of elbow, which is blocked above 0.0000" in pressing.result.error_string
    assert "run armature clear" in pressing.result.error_string
    del motion.servos.stuck["elbow"]
    assert motion.follow(smooth(1.0, 0.0, -0.4)).status == SUCCEEDED
    assert motion.servos.refused == []


def test_a_goals_own_path_tolerance_holds_in_place_of_the_default(motion):
    motion.servos.offset["elbow"] = 0.03
    tight = [JointTolerance(name="elbow", position=0.02)]
    answer = motion.follow(smooth(1.0, 0.5, 0.0), path_tolerance=tight)
    assert answer.result.error_code == Result.PATH_TOLERANCE_VIOLATED
    motion.servos.offset["elbow"] = 0.3
    motion.servos.be("ENABLED", "s2")
    motion.spin(0.2)
    loose = [JointTolerance(name="elbow", position=-1.0)]
    answer = motion.follow(smooth(0.5, 0.2, 0.0), path_tolerance=loose, goal_tolerance=loose)
    assert answer.status == SUCCEEDED


def test_a_goal_tolerance_that_is_not_met_in_the_goal_time_ends_the_goal(motion):
    motion.servos.offset["elbow"] = 0.1
    answer = motion.follow(smooth(0.6, 0.2, 0.0), goal_time_tolerance=Duration(nanosec=200_000_000))
    assert answer.status == ABORTED
    assert answer.result.error_code == Result.GOAL_TOLERANCE_VIOLATED
    assert "elbow: position error 0.1000 rad exceeds the tolerance of 0.05 rad" in answer.result.error_string


def test_a_joint_that_is_no_longer_read_ends_the_goal_by_name(motion):
    handle = motion.send(smooth(3.0, 1.0, 0.0))
    motion.moved()
    motion.servos.unread.add("elbow")
    answer = motion.answer(handle)
    assert answer.status == ABORTED
    assert "no reading of elbow for 0." in answer.result.error_string
    motion.is_still()


def test_a_joint_that_was_never_read_refuses_goals(make_motion):
    motion = make_motion(unread=["elbow"])
    motion.servos.be("ENABLED", "s1")
    state = motion.arm.control.state
    motion.until(lambda: state.arm.session == "s1" and state.motion.setpoint(0.0) is not None)
    motion.until(lambda: "waist" in motion.arm.positions)
    answer = motion.follow(smooth(0.5, 0.1, 0.0))
    assert "no reading of elbow yet" in answer.result.error_string


def test_leaving_enabled_ends_the_goal_with_the_reason_and_nothing_goes_on(motion):
    handle = motion.send(smooth(2.0, 1.0, 0.0))
    motion.moved()
    motion.servos.be("HOLDING", why="set-point: a jump")
    answer = motion.answer(handle)
    assert answer.status == ABORTED
    assert "HOLDING: set-point: a jump" in answer.result.error_string
    motion.servos.segments.clear()
    motion.enable_servos("s2")
    motion.spin(0.3)
    assert motion.servos.segments == []


def test_a_new_session_ends_the_goal(motion):
    handle = motion.send(smooth(2.0, 1.0, 0.0))
    motion.moved()
    motion.enable_servos("s2")
    assert motion.answer(handle).status == ABORTED


def test_the_stop_service_slows_down_and_holds(motion):
    handle = motion.send(smooth(2.0, 1.0, 0.0))
    motion.moved()
    said = motion.done(motion.stop_client.call_async(Trigger.Request()))
    assert said.success
    answer = motion.answer(handle)
    assert answer.status == ABORTED
    assert "stopped by arm_controller/stop" in answer.result.error_string
    motion.is_still()
    assert 0.05 < motion.waist < 0.9


def test_a_pause_keeps_the_goal_and_resuming_reaches_it(motion):
    handle = motion.send(smooth(1.5, 0.6, 0.0))
    motion.moved()
    assert motion.done(motion.pause_client.call_async(SetBool.Request(data=True))).success
    motion.is_still()
    paused = motion.waist
    assert paused < 0.55
    motion.spin(0.3)
    assert motion.waist == paused
    assert motion.done(motion.pause_client.call_async(SetBool.Request(data=False))).success
    assert motion.answer(handle).status == SUCCEEDED
    motion.is_still()
    assert motion.waist == pytest.approx(0.6, abs=1e-6)
    assert motion.servos.refused == []


def test_pause_and_resume_without_anything_to_do_are_refused(motion):
    for wanted, says in ((True, "nothing moves"), (False, "nothing is paused")):
        said = motion.done(motion.pause_client.call_async(SetBool.Request(data=wanted)))
        assert not said.success
        assert says in said.message


def test_a_controller_that_ends_slows_down_first(motion):
    handle = motion.send(smooth(2.0, 1.0, 0.0))
    motion.moved()
    assert not motion.arm.advance_stop([2])
    assert "shutting down" in motion.answer(handle).result.error_string
    motion.until(lambda: motion.arm.advance_stop([2]))
    motion.is_still()
    assert motion.waist < 0.9


def test_a_killed_controller_leaves_the_arm_to_stop_and_its_successor_begins_there(motion):
    motion.send(smooth(3.0, 1.5, 0.0))
    motion.moved(0.2)
    motion.stop_controllers()
    motion.is_still()
    held = motion.waist
    assert 0.2 < held < 1.0
    motion.start_controllers()
    motion.enable_servos()
    motion.until(motion.arm_client.server_is_ready)
    motion.servos.refused.clear()
    assert motion.follow(smooth(0.5, held + 0.1, 0.0)).status == SUCCEEDED
    assert motion.servos.refused == []
