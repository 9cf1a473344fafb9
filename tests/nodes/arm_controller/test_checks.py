"""Goals that the model refuses before they begin, and the payload that counts in it."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from control_msgs.action import FollowJointTrajectory
from rclpy.parameter import Parameter

from ..motion_graph import ABORTED, CANCELED, SUCCEEDED, URDF, smooth

# The arm of the other tests, with a rod on its lower link that comes to the floor at 0.4 rad, and some weight.
ROD = """<link name="lower">
<inertial><origin xyz="0.1 0 0"/><mass value="0.3"/><inertia ixx="0.001" iyy="0.001" izz="0.001"
  ixy="0" ixz="0" iyz="0"/></inertial>
<collision><origin xyz="0.13 0 0"/><geometry><box size="0.26 0.01 0.01"/></geometry></collision></link>"""
SOLID = URDF.replace('<link name="lower"/>', ROD)


@pytest.fixture
def solid(make_motion):
    return make_motion(urdf=SOLID).enable_servos()


def canceled(solid, handle):
    """Cancel a goal, and it alone; returns its answer."""
    asked = solid.done(handle.cancel_goal_async())
    assert [bytes(goal.goal_id.uuid) for goal in asked.goals_canceling] == [bytes(handle.goal_id.uuid)]
    answer = solid.answer(handle)
    assert answer.status == CANCELED, answer.result.error_string
    return answer


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
