from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from armature.core.model.urdf import read_urdf
from armature.core.trajectory import limits
from armature.core.trajectory.integration import Rates
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.trajectory import State, Trajectory
from armature.errors import ConfigError, GoalRefused

from ..groups import JOINTS, group

LIMITS = group()
REST = State.at_rest([0.0, 0.0])
URDF = """<robot name="r"><link name="a"/><link name="b"/><link name="c"/>
<joint name="elbow" type="revolute"><parent link="a"/><child link="b"/>
  <limit lower="-1" upper="2" velocity="3" effort="1"/></joint>
<joint name="slide" type="prismatic"><parent link="b"/><child link="c"/>
  <limit lower="0" upper="0.03" velocity="0.1" effort="1"/></joint></robot>"""


def goal(times, *fields):
    return Trajectory.from_rows(JOINTS, times, *fields)


def test_positions_and_velocities_come_from_the_urdf():
    arm = read_urdf(URDF)
    found = GroupLimits.of(arm, ("elbow", "slide"), {"elbow": 4.0, "slide": 0.2}, {"elbow": 40.0, "slide": 2.0})
    assert found.lower.tolist() == [-1.0, 0.0]
    assert found.upper.tolist() == [2.0, 0.03]
    assert found.velocity.tolist() == [3.0, 0.1]
    assert found.units == ("rad", "m")


@pytest.mark.parametrize("bad", [0.0, -4.0, math.nan, math.inf])
def test_an_acceleration_or_jerk_that_cannot_be_is_refused(bad):
    arm = read_urdf(URDF)
    with pytest.raises(ConfigError, match=r"limits.elbow.acceleration: .*> 0"):
        GroupLimits.of(arm, ("elbow",), {"elbow": bad}, {"elbow": 40.0})
    with pytest.raises(ConfigError, match=r"limits.elbow.jerk: .*> 0"):
        GroupLimits.of(arm, ("elbow",), {"elbow": 4.0}, {"elbow": bad})


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (
            ["waist", "tail"],
            "'tail' refused; it is not a joint of this controller; name each of waist, elbow once",
        ),
        (["waist", "waist"], "'waist' refused; it stands more than once"),
        (["waist"], "elbow is missing"),
        ([], "waist is missing"),
    ],
)
def test_joints_that_are_not_the_groups_are_refused(names, says):
    with pytest.raises(GoalRefused, match=f"joint_names: .*{says}"):
        limits.check_joints(names, JOINTS)


def test_joints_may_come_in_any_order():
    limits.check_joints(("elbow", "waist"), JOINTS)


def test_a_point_outside_a_position_limit_is_refused_with_joint_value_and_bound():
    begun = goal([3.0], [[0.0, 2.5]]).starting_from(REST)
    with pytest.raises(GoalRefused, match=r"position of elbow at .* s: 2\.\d+ refused; .*-2.0000 to 2.0000 rad"):
        limits.check_motion(begun, LIMITS)


def test_a_spline_that_leaves_the_limits_between_its_points_is_refused():
    # Both points are inside, but at 1.5 rad/s the cubic overshoots the first.
    begun = goal([1.5, 3.0], [[0.0, 1.9], [0.0, 1.9]], [[0.0, 1.5], [0.0, 0.0]]).starting_from(REST)
    with pytest.raises(GoalRefused, match=r"position of elbow at (1\.[5-9]|2\.)\d+ s"):
        limits.check_motion(begun, LIMITS)


def test_a_velocity_above_its_limit_is_refused_with_what_would_work():
    begun = goal([0.5], [[1.5, 0.0]]).starting_from(REST)
    with pytest.raises(
        GoalRefused, match=r"velocity of waist .*3.0 refused; .*2.0000 rad/s; .*1.50 times as long"
    ):
        limits.check_motion(begun, LIMITS)


def test_a_far_start_in_too_short_a_time_is_refused():
    begun = goal([0.1, 5.0], [[1.0, 0.0], [1.1, 0.0]]).starting_from(REST)
    with pytest.raises(GoalRefused, match=r"velocity of waist at 0.0"):
        limits.check_motion(begun, LIMITS)


def test_a_motion_at_its_limits_is_taken():
    limits.check_motion(goal([1.0], [[2.0, -2.0]]).starting_from(REST), LIMITS)


@pytest.mark.parametrize("far", [2.1, 2e4, 1e100, -1e308])
@pytest.mark.parametrize("fields", [(), ([[0.0, 0.0]],), ([[0.0, 0.0]], [[0.0, 0.0]])])
def test_a_point_outside_a_position_limit_is_refused_before_a_motion_is_planned(far, fields):
    with pytest.raises(GoalRefused, match=r"position of elbow at 1.000 s: .*-2.0000 to 2.0000 rad"):
        limits.check_points(goal([1.0], [[0.0, far]], *fields), REST.position, LIMITS)


@pytest.mark.parametrize("fast", [2.1, -1e308])
def test_a_point_above_a_velocity_limit_is_refused_before_a_motion_is_planned(fast):
    points = [[0.0, 0.0]] * 2, [[0.0, fast], [0.0, 0.0]]
    for asked in (goal([1.0, 2.0], *points), Rates.from_rows(JOINTS, [1.0, 2.0], points[1])):
        with pytest.raises(GoalRefused, match=r"velocity of elbow at 1.000 s: .*2.0000 rad/s"):
            limits.check_points(asked, REST.position, LIMITS)


def test_points_that_a_goal_leaves_behind_may_be_anywhere():
    limits.check_points(goal([-1.0, 1.0], [[9.0, 0.0], [1.0, 0.0]]), REST.position, LIMITS)
    limits.check_points(goal([1.0], [[2.1, 0.0]]), np.array([2.2, 0.0]), LIMITS)


@np.errstate(all="ignore")
def test_a_motion_that_is_no_number_somewhere_is_refused():
    begun = goal([1.0, 2.0], [[1e308, 0.0], [-1e308, 0.0]], [[0.0, 0.0]] * 2).starting_from(REST)
    free = replace(LIMITS, lower=np.full(2, -math.inf), upper=np.full(2, math.inf))
    for bounds in (LIMITS, free):
        with pytest.raises(GoalRefused, match=r"(position|velocity) of waist"):
            limits.check_motion(begun, bounds)


def test_a_joint_outside_its_limits_may_move_in_but_not_further_out():
    outside = State.at_rest([2.2, 0.0])
    limits.check_motion(goal([2.0], [[1.0, 0.0]]).starting_from(outside), LIMITS)
    with pytest.raises(GoalRefused, match="position of waist"):
        limits.check_motion(goal([2.0], [[2.3, 0.0]]).starting_from(outside), LIMITS)


def test_a_joint_without_position_limits_has_none():
    free = replace(LIMITS, lower=np.full(2, -math.inf), upper=np.full(2, math.inf))
    limits.check_motion(goal([100.0], [[50.0, 0.0]]).starting_from(REST), free)


def test_a_first_point_at_time_zero_far_from_the_setpoint_is_refused_with_the_numbers():
    far = goal([0.0, 1.0], [[0.3, 0.0], [0.5, 0.0]])
    with pytest.raises(
        GoalRefused, match=r"start of waist: 0.3 refused; the set-point is at 0.0000 rad .*0.05 rad"
    ):
        limits.check_start(far, REST, LIMITS, np.full(2, 0.05))


def test_a_first_point_at_time_zero_near_the_setpoint_or_a_later_one_anywhere_is_taken():
    limits.check_start(goal([0.0, 1.0], [[0.04, 0.0], [0.5, 0.0]]), REST, LIMITS, np.full(2, 0.05))
    limits.check_start(goal([1.0], [[1.3, 0.0]]), REST, LIMITS, np.full(2, 0.05))


def test_a_trajectory_that_ends_in_motion_is_refused():
    with pytest.raises(GoalRefused, match=r"velocity of elbow at the last point: 0.5 refused; .*ends at rest"):
        limits.check_end(goal([1.0], [[0.0, 0.0]], [[0.0, 0.5]]))


def test_a_stamp_moves_the_trajectory():
    assert limits.shift_to_now(goal([1.0], [[0.0, 0.0]]), 10.0, 7.0).times.tolist() == [4.0]
    assert limits.shift_to_now(goal([1.0], [[0.0, 0.0]]), 10.0, 10.4).times.tolist() == pytest.approx([0.6])


def test_a_trajectory_that_is_over_is_refused():
    with pytest.raises(GoalRefused, match=r"header.stamp: 10.0 refused; its last point was 2.000 s ago"):
        limits.shift_to_now(goal([1.0], [[0.0, 0.0]]), 10.0, 13.0)
