"""A client's goal as it would be followed: where it begins, where it ends, and what is refused of it."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from armature.core.trajectory.integration import Rates
from armature.core.trajectory.trajectory import Trajectory
from armature.errors import GoalRefused

from ..groups import JOINTS
from .test_group import LIMITS, Bench

MEASURED = 0.003  # beside the set-point [rad]


@pytest.mark.parametrize("early", [3e-9, 1e-3, 0.02])
@pytest.mark.parametrize("rows", ["positions", "velocities", "accelerations"])
def test_a_goal_that_begins_beside_the_set_point_is_judged_by_its_own_path(early, rows):
    """Points where the joints were measured at once, then a way of two seconds: whatever splines join them."""
    bench = Bench()
    zeros = [(0.0, 0.0)] * 3
    given = [zeros, zeros][: ("positions", "velocities", "accelerations").index(rows)]
    positions = [(MEASURED, 0.0), (MEASURED, 0.0), (0.5, 0.0)]
    goal = Trajectory.from_rows(JOINTS, [0.0, early, 2.0], positions, *given)
    motion = bench.control.plan(goal, None, bench.now).motion
    times = np.linspace(0.0, 2.0, 2001)
    position, velocity, _ = motion.sample_many(times)
    assert position[0] == pytest.approx((0.0, 0.0))
    assert position[-1] == pytest.approx((0.5, 0.0))
    assert np.abs(velocity).max() < 0.6


def test_a_goal_that_is_too_quick_by_itself_is_refused_wherever_it_begins():
    bench, zeros = Bench(), [(0.0, 0.0)] * 3
    goal = Trajectory.from_rows(JOINTS, [0.0, 0.2, 2.0], [(0.003, 0.0), (0.9, 0.0), (0.9, 0.0)], zeros, zeros)
    with pytest.raises(GoalRefused, match="velocity of waist"):
        bench.control.plan(goal, None, bench.now)


@pytest.mark.parametrize("residue", [1e-4, -1e-4, 1e-9])
def test_what_velocity_a_planner_leaves_at_the_end_counts_as_rest(residue):
    bench = Bench()
    goal = Trajectory.from_rows(JOINTS, [1.0, 2.0], [(0.2, 0.0), (0.4, 0.0)], [(0.3, 0.0), (residue, residue)])
    motion = bench.control.plan(goal, None, bench.now).motion
    assert motion.points[1][-1] == pytest.approx((0.0, 0.0), abs=1e-12)


def strict_bench():
    """As with `allow_nonzero_velocity_at_trajectory_end: false`."""
    bench = Bench()
    state = bench.control.state
    state.settings = replace(state.settings, allow_nonzero_velocity_at_trajectory_end=False)
    return bench


def test_accelerations_alone_that_leave_a_velocity_are_refused_as_one_that_is_given():
    goal = Rates.from_rows(JOINTS, [1.0, 2.0], None, [(0.2, 0.0), (0.0, 0.0)])
    with pytest.raises(GoalRefused, match=r"velocity of waist at the last point: 0\.2"):
        strict_bench().control.plan(goal, None, 100.0)
    Bench().control.plan(goal, None, 100.0)


def test_points_before_time_0_are_left_out():
    bench = Bench()
    goal = Trajectory.from_rows(JOINTS, [-1.0, 2.0], [(0.0, 0.0), (0.1, 0.0)], [(0.0, 0.0)] * 2)
    motion = bench.control.plan(goal, None, bench.now).motion
    assert motion.sample(0.0).position == pytest.approx((0.0, 0.0))
    assert motion.sample(1.0).position == pytest.approx((0.05, 0.0), abs=1e-3)


@pytest.mark.parametrize("late", [1e-3, 0.02, 0.09])
def test_a_stamp_just_before_now_is_held_to_the_start_tolerance_as_now_is(late):
    bench = Bench()
    goal = Trajectory.from_rows(JOINTS, [0.0, 2.0], [(0.6, 0.0), (0.7, 0.0)], [(0.0, 0.0)] * 2)
    for stamp in (None, bench.now - late, bench.now + 0.5):
        with pytest.raises(GoalRefused, match=r"start of waist: 0\.6.* may differ by 0.05 rad"):
            bench.control.plan(goal, stamp, bench.now)


def test_a_velocity_at_the_end_that_is_one_is_refused_where_that_is_not_allowed():
    bench = strict_bench()
    goal = Trajectory.from_rows(JOINTS, [2.0], [(0.4, 0.0)], [(0.05, 0.0)])
    with pytest.raises(GoalRefused, match=r"velocity of waist at the last point: 0\.05"):
        bench.control.plan(goal, None, 100.0)


@pytest.mark.parametrize("beyond", [2e-6, 3e-5, 4e-4])
def test_a_refusal_has_the_digits_that_tell_a_value_from_its_limit(beyond):
    bench, limit = Bench(), float(LIMITS.upper[0])
    goal = Trajectory.from_rows(JOINTS, [5.0], [(limit + beyond, 0.0)], [(0.0, 0.0)])
    with pytest.raises(GoalRefused) as refused:
        bench.control.plan(goal, None, bench.now)
    value, upper = re.search(r": (\S+) refused; its limits are \S+ to (\S+) rad", str(refused.value)).groups()
    assert float(value) > float(upper)
