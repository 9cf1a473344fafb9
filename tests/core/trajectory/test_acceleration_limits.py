"""Accelerations of goals, looked at before they start."""

from __future__ import annotations

import math
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.core.trajectory.acceleration_limits import check_accelerations
from armature.core.trajectory.integration import Rates
from armature.core.trajectory.trajectory import State, Trajectory
from armature.errors import GoalRefused

from ..commanded import Commanded
from ..groups import JOINTS, group

LIMITS = group()
BOUND = float(LIMITS.acceleration[0])
REST = State.at_rest([0.0, 0.0])


def swaying(amplitude, period, cycles=3, is_quintic=True):
    """A waist that sways, begun gently: its acceleration is amplitude · (2π / period)²."""
    points, turn = 20, math.tau / period
    times = np.arange(1, cycles * points + 1) * period / points
    phases = turn * times
    rows = [amplitude * (1.0 - np.cos(phases)), amplitude * turn * np.sin(phases)]
    rows.append(amplitude * turn**2 * np.cos(phases))
    rows[1][-1] = 0.0
    fields = [np.column_stack((row, np.zeros_like(row))) for row in rows]
    return Trajectory(JOINTS, times, *fields[: 3 if is_quintic else 2])


@pytest.mark.parametrize("is_quintic", [True, False])
def test_a_path_that_asks_for_too_much_is_refused_with_joint_time_value_bound_and_remedy(is_quintic):
    arm = Commanded()
    with pytest.raises(
        GoalRefused,
        match=r"acceleration of waist at \d\.\d+ s: -?2\d\.\d+ refused; its limit is 4 rad/s² .*at least 2\.[2-4]",
    ):
        arm.follow(swaying(0.15, 0.5, is_quintic=is_quintic))
    assert not arm.is_moving
    slower = 2.6  # somewhat more than it says
    arm.follow(swaying(0.15, 0.5 * slower, is_quintic=is_quintic))
    assert not arm.control.state.goals.are_none


@pytest.mark.parametrize("speed", [0.0, 0.8])
def test_a_change_of_velocity_and_one_back_at_once_do_not_make_up_for_each_other(speed):
    begin, off = State([0.0, 0.0], [speed, 0.0], [0.0, 0.0]), 0.01
    for place, is_refused in ((0.02 * speed + off, True), (0.02 * speed + off / 10.0, False)):
        rows = [(place, 0.0), (place + 0.98 * speed, 0.0)]
        there = Trajectory.from_rows(JOINTS, [0.02, 1.0], rows, [(speed, 0.0)] * 2)
        with pytest.raises(GoalRefused, match=r"acceleration of waist at 0\.0") if is_refused else nullcontext():
            check_accelerations(there.starting_from(begin), LIMITS)


def test_rates_and_some_joints_are_looked_at_too():
    arm = Commanded(allow_partial_joints_goal=True)
    with pytest.raises(GoalRefused, match="acceleration of elbow"):
        arm.follow(Rates.from_rows(JOINTS, [0.2, 0.4], [[0.0, 1.5], [0.0, 0.0]]))
    with pytest.raises(GoalRefused, match="acceleration of elbow"):
        arm.follow(Trajectory.from_rows(["elbow"], [0.5], [[0.5]], [[0.0]]))


def test_joints_that_a_goal_leaves_out_do_not_count():
    arm = Commanded(allow_partial_joints_goal=True, checks_acceleration=False)
    arm.follow(Trajectory.from_rows(["waist"], [0.5, 1.0, 1.5], [[0.5], [0.0], [0.5]]))  # straight lines
    arm.run(0.2)
    arm.control.state.settings = replace(arm.control.state.settings, checks_acceleration=True)
    arm.follow(Trajectory.from_rows(["elbow"], [1.0], [[0.3]], [[0.0]]))
    assert not arm.control.state.goals.are_none


def test_whoever_does_not_want_the_check_may_turn_round_at_corners_that_leave_no_room():
    arm = Commanded(checks_acceleration=False)
    arm.follow(Trajectory.from_rows(JOINTS, [1.0, 2.0], [[1.5, 0.0], [0.0, 0.0]]))
    assert not arm.control.state.goals.are_none


def test_whoever_does_not_want_the_check_leaves_it_out():
    arm = Commanded(checks_acceleration=False)
    arm.follow(swaying(0.15, 0.5))
    assert not arm.control.state.goals.are_none


@given(
    speed=st.floats(0.5, 2.0),
    way=st.floats(0.1, 2.0),
    spacing=st.sampled_from((0.1, 0.05, 0.02)),
    is_quintic=st.booleans(),
)
def test_what_a_planner_samples_from_a_time_optimal_way_at_the_limit_passes(speed, way, spacing, is_quintic):
    # MoveIt's default: full acceleration, full deceleration, a point every 0.1 s.
    speed = min(speed, math.sqrt(BOUND * way))
    ramp = speed / BOUND
    end = way / speed + ramp
    times = np.append(np.arange(spacing, end - 1e-3, spacing), end)
    velocity = np.clip(np.minimum(BOUND * times, BOUND * (end - times)), 0.0, speed)
    left, passed = end - times, np.minimum(times, ramp)
    place = np.where(
        times < end - ramp, BOUND * passed**2 / 2.0 + speed * (times - passed), way - BOUND * left**2 / 2.0
    )
    acceleration = np.where(times < ramp, BOUND, np.where(times < end - ramp, 0.0, -BOUND))
    acceleration[-1] = velocity[-1] = 0.0
    fields = [np.column_stack((row, 0.0 * row)) for row in (place, velocity, acceleration)]
    begun = Trajectory(JOINTS, times, *fields[: 3 if is_quintic else 2]).starting_from(REST)
    check_accelerations(begun, LIMITS)


@given(
    rows=st.lists(st.tuples(*[st.floats(-1.0, 1.0)] * 3), min_size=2, max_size=5),
    step=st.floats(0.1, 3.0),
)
def test_the_hull_encloses_every_acceleration(rows, step):
    times = step * np.arange(1, len(rows) + 1)
    fields = (np.column_stack((column, column)) for column in np.array(rows).T)
    path = Trajectory(JOINTS, times, *fields)
    low, high = (bound(path.acceleration_hull(), axis=1) for bound in (np.min, np.max))
    looks = np.linspace(times[0], times[-1], 101)[:-1]
    found = path.sample_many(looks)[2]
    index = np.searchsorted(path.knots, looks, side="right") - 1
    room = 1e-6 * (1.0 + np.abs(found))
    assert (found >= low[index] - room).all()
    assert (found <= high[index] + room).all()
