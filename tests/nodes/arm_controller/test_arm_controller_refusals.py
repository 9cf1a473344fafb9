"""What the arm controller refuses: with code, numbers and remedy, before anything moves."""

from __future__ import annotations

import math
import re

import pytest
from control_msgs.action import FollowJointTrajectory
from control_msgs.msg import JointComponentTolerance, JointTolerance
from std_srvs.srv import SetBool
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint, MultiDOFJointTrajectoryPoint

from armature.nodes.common import topics

from ..motion_graph import ABORTED, SUCCEEDED, smooth, trajectory
from .test_checks_ahead import long_goal

Result = FollowJointTrajectory.Result


def refusals():
    far = trajectory([0.0, 1.0], [[0.5, 0.0], [0.6, 0.0]])
    old = smooth(0.5, 0.1, 0.0)
    old.header.stamp.sec = 1000
    effort = smooth(0.5, 0.1, 0.0)
    effort.points[0].effort = [1.0, 1.0]
    mixed = trajectory([0.5, 1.0], [[0.1, 0.0], [0.2, 0.0]])
    mixed.points[0].velocities = [0.0, 0.0]
    invalid, joints = Result.INVALID_GOAL, Result.INVALID_JOINTS
    return {
        "unknown joint": (trajectory([1.0], [[0.0] * 2], joints=("waist", "tail")), joints, "tail.*waist, elbow"),
        "missing joint": (trajectory([1.0], [[0.0]], joints=("waist",)), joints, "elbow is missing"),
        "repeated joint": (trajectory([1.0], [[0.0] * 2], joints=("waist", "waist")), joints, "more than once"),
        "no points": (JointTrajectory(joint_names=["waist", "elbow"]), invalid, "at least one point"),
        "wrong length": (trajectory([1.0], [[0.1]]), invalid, r"points\[0\].positions: 1.*2 numbers"),
        "NaN": (trajectory([1.0], [[0.1, math.nan]]), invalid, r"points\[0\].positions of elbow: nan.*finite"),
        "times": (
            trajectory([1.0, 1.0], [[0.0] * 2] * 2),
            invalid,
            r"points\[1\].time_from_start: 1.0.*more than",
        ),
        "outside": (smooth(5.0, 0.0, 1.7), invalid, r"position of elbow at 5.000 s: 1\.7 .*-1.5000 to 1.5000 rad"),
        "far outside": (
            trajectory([1.0], [[0.0, -1e308]]),
            invalid,
            "position of elbow at 1.000 s: -1e.308 refused",
        ),
        "too many points": (
            long_goal(5001),
            invalid,
            "points: 5001 refused; a goal may have 5000; leave",
        ),
        "too fast": (smooth(0.2, 1.0, 0.0), invalid, r"velocity of waist at .*2.0000 rad/s.*times as long"),
        "far start": (far, invalid, r"start of waist: 0.5.*set-point is at 0.0000 rad.*0.05 rad"),
        "effort": (effort, invalid, r"points\[0\].effort"),
        "mixed": (mixed, invalid, "velocities at every point or at none"),
        "old": (old, Result.OLD_HEADER_TIMESTAMP, r"header.stamp: 1000.0 .*ago"),
    }


@pytest.mark.parametrize("case", refusals())
def test_a_bad_goal_is_refused_with_its_numbers_before_anything_moves(motion, case):
    message, code, says = refusals()[case]
    answer = motion.follow(message)
    assert answer.status == ABORTED
    assert answer.result.error_code == code
    assert re.search(says, answer.result.error_string), answer.result.error_string
    assert motion.servos.segments == []


def test_bad_tolerances_are_refused(motion):
    unknown = motion.follow(smooth(0.5, 0.1, 0.0), path_tolerance=[JointTolerance(name="tail", position=0.1)])
    assert "path_tolerance: 'tail'" in unknown.result.error_string
    negative = motion.follow(smooth(0.5, 0.1, 0.0), goal_tolerance=[JointTolerance(name="waist", position=-0.5)])
    assert "-0.5" in negative.result.error_string
    assert {unknown.status, negative.status} == {ABORTED}


@pytest.mark.parametrize("name", ["component_path_tolerance", "component_goal_tolerance"])
def test_tolerances_of_components_are_refused_since_no_joint_has_any(motion, name):
    given = {name: [JointComponentTolerance(joint_name="waist", position=0.1)]}
    answer = motion.follow(smooth(0.5, 0.1, 0.0), **given)
    assert answer.status == ABORTED
    assert f"{name}: [waist] refused; leave it empty" in answer.result.error_string
    assert f"give {name.removeprefix('component_')}" in answer.result.error_string
    assert motion.servos.segments == []


def test_tolerances_of_accelerations_are_taken_and_count_for_nothing_as_none_is_measured(motion):
    tight = [JointTolerance(name="waist", acceleration=1e-9)]
    assert motion.follow(smooth(0.5, 0.1, 0.0), path_tolerance=tight, goal_tolerance=tight).status == SUCCEEDED


def test_a_multi_dof_trajectory_is_refused(motion):
    goal = FollowJointTrajectory.Goal(trajectory=smooth(0.5, 0.1, 0.0))
    goal.multi_dof_trajectory.points.append(MultiDOFJointTrajectoryPoint())
    answer = motion.answer(motion.done(motion.arm_client.send_goal_async(goal)))
    assert answer.result.error_code == Result.INVALID_GOAL
    assert "multi_dof_trajectory" in answer.result.error_string


@pytest.mark.parametrize(
    ("state", "remedy"), [("DISABLED", "run armature enable"), ("FAULT", "clear it, then run armature enable")]
)
def test_a_goal_is_refused_unless_enabled_with_state_and_remedy(make_motion, state, remedy):
    motion = make_motion()
    motion.servos.be(state, why="because", remedy="clear it" if state == "FAULT" else "run armature enable")
    motion.until(lambda: motion.arm.control.state.arm.measured is not None)
    motion.spin(0.1)
    answer = motion.follow(smooth(0.5, 0.1, 0.0))
    assert answer.status == ABORTED
    assert state in answer.result.error_string
    assert "because" in answer.result.error_string
    assert remedy in answer.result.error_string
    assert motion.servos.segments == []


def test_a_bad_goal_leaves_the_running_one_alone(motion):
    running = motion.send(smooth(0.8, 0.4, 0.0))
    assert motion.follow(smooth(0.1, 1.9, 0.0)).status == ABORTED
    assert motion.answer(running).status == SUCCEEDED


@pytest.mark.parametrize("fields", [1, 3])
def test_a_trajectory_of_the_topic_that_is_far_too_long_is_refused_unread(motion, monkeypatch, fields):
    told = []
    monkeypatch.setattr(motion.arm.reports, "warn", told.append)
    goals = topics.publisher(motion.node, topics.JOINT_TRAJECTORY)
    motion.until(lambda: goals.get_subscription_count() > 0)
    point = JointTrajectoryPoint(positions=[0.1, 0.0])
    if fields == 3:
        point.velocities = point.accelerations = [0.0, 0.0]
    message = JointTrajectory(joint_names=["waist", "elbow"], points=[point] * 20_000)
    goals.publish(message)
    motion.until(lambda: told)
    assert re.search(r"joint_trajectory: points: \d+ bytes refused; a goal may have 5000 points", told[0]), told
    assert motion.servos.segments == []


def test_a_controller_of_an_arm_with_a_namespace_names_commands_for_this_arm(make_motion):
    motion = make_motion()
    motion.servos.be("DISABLED", remedy="run armature enable --namespace left")
    motion.until(lambda: motion.arm.control.state.arm.measured is not None)
    motion.spin(0.1)
    motion.arm.get_namespace = lambda: "/left"
    motion.arm.control.state.arm.remedy = ""  # of a servo interface that names none
    answer = motion.follow(smooth(0.5, 0.1, 0.0))
    assert answer.result.error_string.endswith("; run armature enable --namespace left")
    assert motion.arm.reports._last_message.endswith("; run armature enable --namespace left")
    resumed = motion.done(motion.pause_client.call_async(SetBool.Request(data=False)))
    assert resumed.message.endswith("; run armature enable --namespace left")
