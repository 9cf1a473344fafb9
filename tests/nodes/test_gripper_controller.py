"""The gripper controller."""

from __future__ import annotations

import math

import pytest
from sensor_msgs.msg import JointState

from .motion_graph import ABORTED, SUCCEEDED, URDF, smooth

# The wheels' lark imports a deprecated module of CPython when rclpy first needs a type.
pytestmark = pytest.mark.filterwarnings("ignore:module 'sre_:DeprecationWarning")


def test_the_gripper_reaches_a_position(motion):
    answer = motion.grip(JointState(position=[0.025]))
    assert answer.status == SUCCEEDED
    assert (answer.result.reached_goal, answer.result.stalled) == (True, False)
    motion.is_still()
    assert motion.servos.position["gripper"] == pytest.approx(0.025, abs=1e-6)
    assert answer.result.state.position[0] == pytest.approx(0.025, abs=0.003)
    assert motion.servos.position["waist"] == 0.0


def test_the_zeros_that_moveit_writes_ask_for_nothing(motion):
    answer = motion.grip(JointState(name=["gripper"], position=[0.02], velocity=[0.0], effort=[0.0]))
    assert answer.status == SUCCEEDED
    assert answer.result.reached_goal


def test_a_gripper_that_an_object_stops_has_stalled(motion):
    motion.servos.stuck["gripper"] = 0.01
    answer = motion.grip(JointState(name=["gripper"], position=[0.0], velocity=[0.05]))
    assert answer.status == SUCCEEDED
    assert (answer.result.reached_goal, answer.result.stalled) == (False, True)
    assert answer.result.state.position[0] == pytest.approx(0.01)


def test_stalling_may_be_a_failure(make_motion):
    motion = make_motion(gripper_parameters={"allow_stalling": False}).arm_servos()
    motion.servos.stuck["gripper"] = 0.01
    answer = motion.grip(JointState(position=[0.0]))
    assert answer.status == ABORTED
    assert answer.result.stalled


@pytest.mark.parametrize(
    "command",
    [
        JointState(position=[0.05]),
        JointState(position=[math.nan]),
        JointState(position=[]),
        JointState(position=[0.01], velocity=[-0.01]),
        JointState(position=[0.01], velocity=[1e-9]),
        JointState(position=[0.01], effort=[5.0]),
        JointState(name=["waist"], position=[0.01]),
    ],
)
def test_a_bad_gripper_command_is_refused_before_anything_moves(motion, command):
    answer = motion.grip(command)
    assert answer.status == ABORTED
    assert not answer.result.reached_goal
    assert motion.servos.pieces == []


def test_an_arm_without_a_gripper_works_and_refuses_gripper_commands(make_motion):
    motion = make_motion(
        urdf=URDF.replace('<mimic joint="gripper"/>', "").replace("prismatic", "fixed")
    ).arm_servos()
    assert motion.grip(JointState(position=[0.01])).status == ABORTED
    assert motion.follow(smooth(0.5, 0.2, 0.0)).status == SUCCEEDED


def test_arm_and_gripper_move_at_once(motion):
    handle = motion.send(smooth(0.8, 0.4, 0.0))
    assert motion.grip(JointState(position=[0.02])).status == SUCCEEDED
    assert motion.answer(handle).status == SUCCEEDED
