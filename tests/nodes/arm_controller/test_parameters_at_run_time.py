"""Parameters of ros2_control's names: taken where they are so, and changed while goals are followed."""

from __future__ import annotations

import pytest
import yaml
from builtin_interfaces.msg import Duration
from control_msgs.action import FollowJointTrajectory
from rclpy.parameter import Parameter
from sensor_msgs.msg import JointState

from armature.cli.parameter_check import find_refused
from armature.core.model.parameter_file import read_parameters
from armature.errors import ArmatureError
from armature.nodes.arm_controller.arm_controller import ArmController
from armature.nodes.arm_controller.gripper_controller import GripperController
from armature.robots import NODES

from ..motion_graph import ABORTED, SUCCEEDED, smooth, trajectory

Result = FollowJointTrajectory.Result


def change(node, **values):
    return node.set_parameters_atomically([Parameter(name, value=value) for name, value in values.items()])


def change_of(node, name, value):
    return change(node, **{name: value})


def test_a_tolerance_counts_for_goals_from_then_on_and_not_for_the_one_under_way(motion):
    motion.servos.offset["elbow"] = 0.04
    under_way = motion.send(smooth(1.0, 0.3, 0.0))
    motion.moved()
    assert change_of(motion.arm, "constraints.elbow.trajectory", 0.02).successful
    assert motion.answer(under_way).status == SUCCEEDED
    motion.is_still()
    answer = motion.follow(smooth(1.0, 0.0, 0.0))
    assert answer.result.error_code == Result.PATH_TOLERANCE_VIOLATED
    assert "exceeds the tolerance of 0.02 rad" in answer.result.error_string


def test_the_goal_time_may_be_an_integer_and_is_waited_for(motion):
    assert change_of(motion.arm, "constraints.goal_time", 3).successful
    motion.servos.offset["elbow"] = 0.1
    answer = motion.follow(smooth(0.3, 0.1, 0.0))
    assert answer.status == ABORTED
    assert "(goal time tolerance 3 s)" in answer.result.error_string


def test_goals_of_some_joints_are_allowed_from_then_on(motion):
    some = trajectory([0.6], [[0.2]], [[0.0]], joints=("elbow",))
    assert motion.follow(some).status == ABORTED
    assert change(motion.arm, allow_partial_joints_goal=True).successful
    assert motion.follow(some).status == SUCCEEDED
    assert change(motion.arm, allow_partial_joints_goal=False).successful
    assert motion.follow(some).status == ABORTED


def test_goals_of_velocities_alone_are_allowed_from_then_on(motion):
    goal = trajectory([1.0, 2.0], [[], []], [[0.2, 0.0], [0.0, 0.0]])
    assert change(motion.arm, allow_integration_in_goal_trajectories=True).successful
    assert motion.follow(goal).status == SUCCEEDED


def test_goals_that_end_in_motion_are_refused_from_then_on_where_that_is_asked(motion):
    goal = trajectory([1.0], [[0.2, 0.0]], [[0.1, 0.0]])
    assert change(motion.arm, allow_nonzero_velocity_at_trajectory_end=False).successful
    assert motion.follow(goal).result.error_code == Result.INVALID_GOAL
    assert change(motion.arm, allow_nonzero_velocity_at_trajectory_end=True).successful
    assert motion.follow(goal).status == SUCCEEDED


def test_a_timeout_that_has_no_effect_says_so_and_has_one_once_the_goal_time_is_lifted(motion):
    assert "counts only for goals that lift the goal time (-1)" in change(motion.arm, cmd_timeout=0.3).reason
    result = change_of(motion.arm, "constraints.goal_time", 0.0)
    assert (result.successful, result.reason) == (True, "")
    motion.servos.offset["elbow"] = 0.1
    answer = motion.follow(smooth(0.6, 0.2, 0.0), goal_time_tolerance=Duration())
    assert "cmd_timeout 0.3 s" in answer.result.error_string


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        (
            "constraints.elbow.goal",
            -1.0,
            "parameter constraints.elbow.goal: -1.0 cannot be used; it must be finite",
        ),
        ("constraints.elbow.gaol", 1.0, "did you mean constraints.elbow.goal"),
        ("cmd_timeout", "long", "a value of type DOUBLE is needed"),
        ("constraints.decelerate_on_cancel", False, "slows down within its limits; leave it true or out"),
        ("constraints.elbow.max_deceleration_on_cancel", 1.0, "armature restart arm_controller"),
        ("speed_scaling.initial_scaling_factor", 0.5, "it is read-only while the process runs"),
        ("interpolation_method", "none", "leave it 'splines' or out"),
        ("joints", ["elbow"], "leave it ['waist', 'elbow'] or out"),
        ("checks.collision", False, "it is read-only while the process runs"),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_work(motion, name, value, told):
    result = change_of(motion.arm, name, value)
    assert not result.successful
    assert told in result.reason


def test_what_a_file_of_jtcs_says_and_is_so_is_taken_and_shown(make_motion):
    given = {"joints": ["elbow", "waist"], "interpolation_method": "splines", "gains.waist.p": 100.0}
    motion = make_motion(arm_parameters=given, gripper_parameters={"joint": "gripper"})
    assert motion.arm.get_parameter("joints").value == ["elbow", "waist"]
    assert motion.arm.describe_parameter("gains.waist.p").read_only
    assert "counts for nothing" in motion.arm.describe_parameter("gains.waist.p").description
    assert motion.gripper.get_parameter("joint").value == "gripper"


def test_all_that_cannot_be_had_is_told_at_one_start(make_motion):
    motion = make_motion()
    given = {
        "joints": ["elbow"],
        "interpolation_method": "none",
        "cmd_timeout": -1.0,
        "constraints.goal_time": "x",
        "constraints.elbow.goal": -1.0,
        "constraints.waist.max_deceleration_on_cancel": 9.0,
    }
    with pytest.raises(ArmatureError) as refused:
        motion.make(ArmController, {"urdf": str(motion.urdf), **given})
    assert {part.where for part in refused.value.parts} == {f"parameter {name}" for name in given}
    with pytest.raises(ArmatureError) as refused:
        motion.make(GripperController, {"urdf": str(motion.urdf), "joint": "a", "max_effort_interface": "b"})
    assert len(refused.value.parts) == 2


def test_the_grippers_tolerance_counts_for_goals_from_then_on(motion):
    motion.servos.offset["gripper"] = 0.002
    command = JointState(name=["gripper"], position=[0.02])
    assert motion.grip(command).result.reached_goal
    assert change(motion.gripper, goal_tolerance=0.001, allow_stalling=True, stall_timeout=0.2).successful
    answer = motion.grip(JointState(name=["gripper"], position=[0.01]))
    assert answer.result.stalled
    assert not answer.result.reached_goal


def test_what_a_controller_shows_of_itself_is_a_file_that_it_takes(make_motion):
    motion = make_motion(arm_parameters={"joints": ["elbow", "waist"], "gains.waist.p": 1.0})
    shown = {
        f"/{node.get_name()}": {"ros__parameters": {name: each.value for name, each in node._parameters.items()}}
        for node in (motion.arm, motion.gripper)
    }
    given = read_parameters(yaml.safe_dump(shown), "dump.yaml", NODES)
    assert len(given) > 60
    assert list(find_refused(given, ["waist", "elbow", "gripper"])) == []
