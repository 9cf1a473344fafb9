"""From plain numbers to goals of actions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from armature.client import goals
from armature.errors import GoalRefused
from armature.nodes.common.conversions import to_seconds


def test_names_of_poses_go_in_their_order():
    goal = goals.targets_goal(["up", ["home", "park"]], 3.0)
    assert list(goal.trajectory.joint_names) == ["up", "home", "park"]
    assert to_seconds(goal.trajectory.points[-1].time_from_start) == 3.0


def test_positions_may_come_in_any_order_and_as_any_number():
    goal = goals.targets_goal([{"elbow": 1, "waist": 0.5}, [{"waist": np.float32(0.25), "elbow": 2}]], 0.0)
    assert list(goal.trajectory.joint_names) == ["elbow", "waist"]
    assert [list(point.positions) for point in goal.trajectory.points] == [[1.0, 0.5], [2.0, 0.25]]


def test_a_place_leaves_the_orientation_free_and_an_offset_turns_nothing():
    place, offset = (goals.poses_goal([(1, 2, 3)], frame) for frame in ("", goals.ALONG_TOOL))
    assert place.multi_dof_trajectory.points[0].transforms[0].rotation.w == 0.0
    assert offset.multi_dof_trajectory.points[0].transforms[0].rotation.w == 1.0
    assert offset.multi_dof_trajectory.header.frame_id == "tool"
    turned = goals.poses_goal([(0, 0, 0, *goals.rotation(None, math.pi / 2.0, None))])
    rotation = turned.multi_dof_trajectory.points[0].transforms[0].rotation
    assert (rotation.y, rotation.w) == pytest.approx((math.sqrt(0.5), math.sqrt(0.5)))


def test_rows_of_a_trajectory_may_name_their_joints():
    rows = [{"waist": 0.1, "elbow": 0.2}, {"elbow": 0.4, "waist": 0.3}]
    goal = goals.trajectory_goal(goals.joints_of(rows), [1, 2.5], rows)
    assert list(goal.trajectory.joint_names) == ["waist", "elbow"]
    assert [list(point.positions) for point in goal.trajectory.points] == [[0.1, 0.2], [0.3, 0.4]]
    assert [to_seconds(point.time_from_start) for point in goal.trajectory.points] == [1.0, 2.5]
    with_velocities = goals.trajectory_goal(["waist"], [1.0], np.array([[0.5]]), np.array([[0.0]]))
    assert list(with_velocities.trajectory.points[0].velocities) == [0.0]


def test_joints_that_a_trajectory_leaves_out_are_held():
    goal = goals.trajectory_goal(["elbow"], [1.0], [[0.5]], [[0.2]])
    goals.hold_others(goal, {"waist": 0.3, "elbow": 0.1})
    assert list(goal.trajectory.joint_names) == ["elbow", "waist"]
    [point] = goal.trajectory.points
    assert (list(point.positions), list(point.velocities)) == ([0.5, 0.3], [0.2, 0.0])
    without_velocities = goals.trajectory_goal(["elbow"], [1.0], [[0.5]])
    goals.hold_others(without_velocities, {"waist": 0.3})
    assert not len(without_velocities.trajectory.points[0].velocities)


def test_a_gripper_may_be_told_for_each_joint():
    assert list(goals.gripper_goal(0.02).command.position) == [0.02]
    command = goals.gripper_goal({"left": 0.01, "right": 0.02}, 5).command
    assert (list(command.name), list(command.position), list(command.effort)) == (
        ["left", "right"],
        [0.01, 0.02],
        [5.0, 5.0],
    )


def test_a_wait_may_be_as_long_as_one_likes():
    assert [goals.patience(each) for each in (None, math.inf, 1e300, 2)] == [math.inf, math.inf, 1e300, 2.0]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: goals.targets_goal([], 0.0), "give names of poses, or positions"),
        (lambda: goals.targets_goal(["home", {"elbow": 0.5}], 0.0), "give names of poses, or positions"),
        (lambda: goals.targets_goal([{}], 0.0), "give names of poses, or positions"),
        (lambda: goals.targets_goal([{"elbow": 0.5}, {"waist": 0.5}], 0.0), "name the same joints each time"),
        (lambda: goals.targets_goal([{"elbow": "much"}], 0.0), "elbow: 'much' refused; a finite number"),
        (lambda: goals.targets_goal([{"elbow": math.nan}], 0.0), "a finite number is needed"),
        (lambda: goals.targets_goal(["home"], -1.0), "seconds: -1.0 refused; give a time of 0 s or more"),
        (lambda: goals.targets_goal(["home"], math.inf), "a finite number is needed"),
        (lambda: goals.targets_goal([{"elbow": 10**400}], 0.0), "a finite number is needed"),
        (lambda: goals.targets_goal([5], 0.0), "give names of poses, or positions"),
        (lambda: goals.targets_goal([None], 0.0), "give names of poses, or positions"),
        (lambda: goals.targets_goal(["\ud800"], 0.0), "give names of poses, or positions"),
        (lambda: goals.targets_goal([{"\ud800": 0.1}], 0.0), "give names of poses, or positions"),
        (lambda: goals.targets_goal([{1: 0.1}], 0.0), "give names of poses, or positions"),
        (
            lambda: goals.targets_goal(["home"], 2**32),
            "seconds: 4294967296 refused; give a time below 2147483648 s",
        ),
        (lambda: goals.patience("5 s"), "timeout: '5 s' refused; a finite number is needed"),
        (lambda: goals.patience(math.nan), "timeout: nan refused; a finite number is needed"),
        (lambda: goals.patience(10**400), "a finite number is needed"),
        (lambda: goals.poses_goal([(1, 2)]), "give x, y, z, or x, y, z, roll, pitch, yaw"),
        (lambda: goals.poses_goal([(1, None, 2)]), "y: nothing is given; a finite number is needed"),
        (lambda: goals.along("world"), "frames are base, tool"),
        (lambda: goals.trajectory_goal(["elbow"], [1.0], [[0.1], [0.2]]), "times: 1 refused; 2 are needed"),
        (lambda: goals.trajectory_goal(["elbow"], [1.0], [[0.1]], [[0.0]] * 2), "velocities: 2 refused; 1 are"),
        (lambda: goals.trajectory_goal(["elbow"], [1.0], [{"waist": 0.1}]), "each row needs 'elbow' too"),
        (lambda: goals.gripper_goal("open"), "position: 'open' refused"),
        (lambda: goals.targets_goal([0.1, 0.2, 0.3], 0.0), "move_to takes a place of the tool"),
        (lambda: goals.targets_goal([[0.1, 0.2, 0.3]], 0.0), "move_to takes a place of the tool"),
        (lambda: goals.targets_goal([np.array(0.1)], 0.0), "move_to takes a place of the tool"),
        (lambda: goals.targets_goal([None], 0.0), "move_to takes a place of the tool"),
        (lambda: goals.trajectory_goal(["elbow"], 1.0, [[0.1]]), "times: 1.0 refused; give a list"),
        (lambda: goals.trajectory_goal(["elbow"], [1.0], 0.1), "rows: 0.1 refused; give a list"),
        (lambda: goals.trajectory_goal(["elbow"], [1.0], [0.1]), "row: 0.1 refused; give a list of numbers"),
        (lambda: goals.trajectory_goal("elbow", [1.0], [[0.1]]), "joints: 'elbow' refused; give a list of names"),
        (lambda: goals.trajectory_goal(["elbow"], [1.0], [[0.1]], 0.5), "velocities: 0.5 refused; give a list"),
        (lambda: goals.trajectory_goal(["elbow"], [1.0], [[0.1, 0.2]]), "a list of numbers, of elbow"),
        (lambda: goals.trajectory_goal([1], [1.0], [[0.1]]), "joints: [1] refused; give a list of names"),
        (lambda: goals.along(["base"]), "frames are base, tool"),
        (lambda: goals.rows_of_arm(0.1, dict), "rows: 0.1 refused; give a list"),
        (lambda: goals.poses_goal([0.1, 0.2]), "place: 0.1 refused; give x, y, z"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_would(make, says):
    with pytest.raises(GoalRefused) as refused:
        make()
    assert says in str(refused.value)
