"""Goals that the model refuses, and long ones that are checked while something else moves."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from control_msgs.action import FollowJointTrajectory
from rclpy.action import ActionClient
from rclpy.parameter import Parameter
from std_srvs.srv import Trigger

from armature.nodes.common import topics

from ..motion_graph import ABORTED, CANCELED, SUCCEEDED, URDF, smooth, trajectory

# The arm of the other tests, with a rod on its lower link that comes to the floor at 0.4 rad, and some weight.
ROD = """<link name="lower">
<inertial><origin xyz="0.1 0 0"/><mass value="0.3"/><inertia ixx="0.001" iyy="0.001" izz="0.001"
  ixy="0" ixz="0" iyz="0"/></inertial>
<collision><origin xyz="0.13 0 0"/><geometry><box size="0.26 0.01 0.01"/></geometry></collision></link>"""
SOLID = URDF.replace('<link name="lower"/>', ROD)


@pytest.fixture
def solid(make_motion):
    return make_motion(urdf=SOLID).enable_servos()


def long_goal(points=60):
    """A goal whose check takes many slices: it sways within what is free, for minutes."""
    times = [4.0 * (k + 1) for k in range(points)]
    return trajectory(times, [[0.3 * math.sin(k), 0.1 * math.sin(k)] for k in range(points)])


def test_a_goal_into_the_floor_is_refused_before_anything_moves(solid):
    answer = solid.follow(smooth(2.0, 0.0, 1.0))
    assert answer.status == ABORTED
    assert answer.result.error_code == FollowJointTrajectory.Result.INVALID_GOAL
    text = answer.result.error_string
    assert re.search(
        r"distance of lower to floor at \d\.\d+ s: -?[0-9.]+ m refused; .* 0\.005 m at least; go around", text
    ), text
    assert solid.servos.segments == []


def test_a_goal_that_its_servos_cannot_give_is_refused(make_motion):
    weak = SOLID.replace('effort="4"', 'effort="0.34"')
    motion = make_motion(urdf=weak, arm_parameters={"checks.acceleration": False}).enable_servos()
    answer = motion.follow(smooth(0.6, 0.0, -0.6))
    assert re.search(r"torque of elbow at .* N·m .*carry less", answer.result.error_string), answer.result
    assert motion.servos.segments == []


def test_a_long_goal_is_checked_while_another_is_followed_without_a_gap(solid):
    first = solid.send(smooth(30.0, 0.8, 0.0))
    solid.moved()
    last = solid.send(long_goal())
    assert solid.arm._goals._waiting is not None
    solid.until(lambda: solid.arm._goals._waiting is None)
    assert solid.answer(first).status == ABORTED
    assert solid.servos.refused == []
    solid.done(last.cancel_goal_async())
    assert solid.answer(last).status == CANCELED


def test_a_long_goal_that_is_canceled_or_stopped_before_it_starts_moves_nothing(solid):
    canceled = solid.send(long_goal())
    solid.done(canceled.cancel_goal_async())
    assert solid.answer(canceled).status == CANCELED
    stopped = solid.send(long_goal())
    solid.done(solid.stop_client.call_async(Trigger.Request()))
    answer = solid.answer(stopped)
    assert answer.status == ABORTED
    assert "stopped by arm_controller/stop" in answer.result.error_string
    assert solid.servos.segments == []


def moving_and_waiting(solid, goal):
    """Handles of a goal that moves and of one that is being checked meanwhile."""
    moving = solid.send(smooth(6.0, 1.5, 0.0))
    solid.moved(0.02)
    waiting = solid.send(goal)
    assert solid.arm._goals._waiting is not None
    return moving, waiting


def canceled(solid, handle):
    """Cancel a goal, and it alone; returns its answer."""
    asked = solid.done(handle.cancel_goal_async())
    assert [bytes(goal.goal_id.uuid) for goal in asked.goals_canceling] == [bytes(handle.goal_id.uuid)]
    answer = solid.answer(handle)
    assert answer.status == CANCELED, answer.result.error_string
    return answer


def test_a_cancel_of_the_goal_that_moves_stops_it_and_leaves_the_waiting_one(solid):
    moving, waiting = moving_and_waiting(solid, long_goal(400))
    ended = waiting.get_result_async()
    assert "the arm stands and holds" in canceled(solid, moving).result.error_string
    assert solid.waist < 1.0
    assert not ended.done()
    canceled(solid, waiting)


def test_a_cancel_of_the_waiting_goal_leaves_the_one_that_moves(solid):
    moving, waiting = moving_and_waiting(solid, long_goal())
    assert "before it started" in canceled(solid, waiting).result.error_string
    told = len(solid.feedback)
    solid.until(lambda: len(solid.feedback) > told + 3)
    canceled(solid, moving)
    assert 0.02 < solid.waist < 1.0


def test_after_a_waiting_goal_is_refused_the_one_that_moves_is_told_of_and_can_be_canceled(solid):
    into_the_floor = long_goal()
    into_the_floor.points[-1].positions = [0.0, 1.0]
    moving, waiting = moving_and_waiting(solid, into_the_floor)
    assert "distance of lower to floor" in solid.answer(waiting).result.error_string
    told = len(solid.feedback)
    solid.until(lambda: len(solid.feedback) > told + 3)
    canceled(solid, moving)


def test_a_cancel_reaches_the_goal_that_moves_while_one_of_the_topic_is_checked(solid):
    goals = topics.publisher(solid.node, topics.JOINT_TRAJECTORY)
    solid.until(lambda: goals.get_subscription_count() > 0)
    moving = solid.send(smooth(6.0, 1.5, 0.0))
    solid.moved(0.02)
    goals.publish(long_goal(400))
    solid.until(lambda: solid.arm._goals._waiting is not None)
    canceled(solid, moving)
    assert solid.waist < 1.0


def test_a_cancel_of_a_move_does_not_reach_a_trajectory_that_waits(solid):
    moves = ActionClient(solid.node, topics.MOVE_JOINTS.kind, topics.MOVE_JOINTS.name)
    solid.until(moves.server_is_ready)
    goal = FollowJointTrajectory.Goal(trajectory=smooth(6.0, 1.5, 0.0))
    told = []
    moving = solid.done(moves.send_goal_async(goal, feedback_callback=told.append))
    solid.moved(0.02)
    waiting = solid.send(long_goal(400))
    begun = len(told)
    solid.until(lambda: len(told) > begun + 3)
    assert solid.feedback == []
    canceled(solid, moving)
    canceled(solid, waiting)
    moves.destroy()


def test_a_newer_goal_that_is_refused_leaves_the_waiting_one(solid):
    waiting = solid.send(long_goal())
    assert solid.follow(smooth(2.0, 0.0, 1.0)).status == ABORTED
    assert solid.arm._goals._waiting is not None
    canceled(solid, waiting)


def test_a_newer_goal_replaces_one_that_is_still_checked(solid):
    waiting = solid.send(long_goal())
    assert solid.follow(smooth(0.5, 0.2, 0.0)).status == SUCCEEDED
    answer = solid.answer(waiting)
    assert answer.status == ABORTED
    assert "replaced by a newer goal" in answer.result.error_string


def test_a_long_goal_ends_when_the_arm_is_disabled_meanwhile(solid):
    waiting = solid.send(long_goal(400))
    solid.servos.be("DISABLED")
    answer = solid.answer(waiting)
    assert answer.status == ABORTED
    assert "DISABLED" in answer.result.error_string


@pytest.mark.parametrize("between", [("PROTECTIVE_STOP", "HOLDING"), ("HOLDING",), ()])
def test_a_waiting_goal_does_not_outlive_its_enabling_session(solid, between):
    waiting = solid.send(long_goal(100))
    ended = waiting.get_result_async()
    assert solid.arm._goals._waiting is not None
    for state in between:
        solid.servos.be(state, why="STOP")
        solid.spin(0.05)
    solid.enable_servos("s2")
    solid.until(ended.done)
    answer = ended.result()
    assert answer.status == ABORTED
    assert f"the servo interface went to {(*between, 'ENABLED')[0]}" in answer.result.error_string
    solid.spin(1.0)  # in which its check would be done
    assert solid.servos.segments == []


def test_a_goal_starts_only_in_the_session_in_which_it_was_asked_for(solid):
    waiting = solid.send(long_goal())
    solid.arm._goals._waiting.session = "s0"
    answer = solid.answer(waiting)
    assert answer.status == ABORTED
    assert "an earlier session; send it again" in answer.result.error_string
    assert solid.servos.segments == []


def test_checks_can_be_switched_off(make_motion):
    motion = make_motion(urdf=SOLID, arm_parameters={"checks.collision": False}).enable_servos()
    handle = motion.send(smooth(2.5, 0.0, 0.6))
    motion.until(lambda: motion.servos.segments)
    motion.done(handle.cancel_goal_async())
    assert motion.answer(handle).status == CANCELED


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("payload", -1.0, "payload.*within 0 and 100 kg"),
        ("checks.margin", 5.0, "checks.margin.*within"),
        ("checks.allowed_pairs", ["lower"], "two links"),
        ("checks.allowed_pairs", ["lower hand"], "'hand'.*links are"),
        ("wiring", "/nowhere/servos.yaml", "readable text file"),
    ],
)
def test_parameters_that_cannot_be_used_are_refused_at_start(make_motion, name, value, says):
    motion = make_motion()
    with pytest.raises(ValueError, match=says):
        motion.make(type(motion.arm), {"urdf": str(motion.urdf), name: value})


def test_a_goal_whose_first_point_is_a_long_check_away_starts_where_the_arm_has_rested(make_motion):
    motion = make_motion(urdf=SOLID, arm_parameters={"checks.turn": 0.001}).enable_servos()
    answer = motion.follow(smooth(1.4, 1.2, 0.0))
    assert answer.status == SUCCEEDED, answer.result.error_string


# The payload, which may change


def set_payload(motion, mass):
    (result,) = motion.arm.set_parameters([Parameter("payload", value=mass)])
    return result


def loads(motion):
    return motion.arm._checks.torques.loads(np.zeros((1, 2)))[0]


def test_a_payload_that_is_set_while_the_arm_rests_counts_as_one_that_is_given_at_the_start(solid):
    before = loads(solid)
    assert set_payload(solid, 0.5).successful
    assert solid.arm.get_parameter("payload").value == 0.5
    assert loads(solid)[1] - before[1] == pytest.approx(-0.5 * 9.81 * 0.1, rel=1e-3)
    assert set_payload(solid, 0.0).successful
    assert loads(solid) == pytest.approx(before, abs=1e-6)


def test_a_goal_is_checked_with_the_payload_that_was_set(make_motion):
    motion = make_motion(urdf=SOLID, arm_parameters={"checks.acceleration": False}).enable_servos()
    assert set_payload(motion, 3.3).successful
    answer = motion.follow(smooth(0.6, 0.0, -0.6))
    assert re.search(r"torque of elbow at .* N·m .*carry less", answer.result.error_string), answer.result


@pytest.mark.parametrize(
    ("mass", "told"),
    [
        (
            10.0,
            r"payload of 10 kg refused: elbow would carry 10\.\d+ N·m here, its servo shall give 3.600 N·m; carry",
        ),
        (-0.1, "range|within"),
        (101.0, "range|within"),
        (math.nan, "range|within"),
    ],
)
def test_a_payload_that_cannot_be_held_is_refused_and_the_one_before_it_stays(solid, mass, told):
    assert set_payload(solid, 0.2).successful
    before = loads(solid)
    result = set_payload(solid, mass)
    assert not result.successful
    assert re.search(told, result.reason), result.reason
    assert solid.arm.get_parameter("payload").value == 0.2
    assert (loads(solid) == before).all()


def test_a_payload_is_refused_while_the_arm_moves(solid):
    moving = solid.send(smooth(6.0, 1.5, 0.0))
    solid.moved(0.02)
    assert "the arm moves; set it when the arm rests" in set_payload(solid, 0.2).reason
    canceled(solid, moving)
