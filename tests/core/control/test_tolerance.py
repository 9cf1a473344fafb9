from __future__ import annotations

import math

import numpy as np
import pytest

from armature.core.control.tolerance import (
    Progress,
    Tolerance,
    Tolerances,
    describe_violation,
    error_of,
    find_progress,
    override_bound,
    override_tolerances,
)
from armature.core.trajectory.trajectory import State
from armature.errors import GoalRefused

from ..groups import JOINTS, group

LIMITS = group()
BOUNDS = Tolerances(
    path=(Tolerance(position=0.2),) * 2, goal=(Tolerance(position=0.05, velocity=0.1),) * 2, goal_time=1.0
)


def error(position=(0.0, 0.0), velocity=(0.0, 0.0)):
    return State(np.array(position), np.array(velocity), np.full(2, math.nan))


@pytest.mark.parametrize(("asked", "holds"), [(0.0, 0.2), (0.7, 0.7), (-1.0, 0.0)])
def test_zero_keeps_the_default_minus_one_lifts_it_and_more_replaces_it(asked, holds):
    assert override_bound(0.2, asked, "x") == holds


@pytest.mark.parametrize("asked", [-0.5, -2.0, math.nan, math.inf])
def test_other_numbers_are_refused(asked):
    with pytest.raises(GoalRefused, match=r"x: .* refused; give a bound > 0, 0 for the default or -1"):
        override_bound(0.2, asked, "x")


def test_a_request_changes_only_the_joint_and_quantity_it_names():
    found = override_tolerances(BOUNDS.goal, JOINTS, {"elbow": Tolerance(position=0.3)}, "goal_tolerance")
    assert found == (Tolerance(0.05, 0.1), Tolerance(0.3, 0.1))


def test_a_request_for_an_unknown_joint_is_refused():
    with pytest.raises(GoalRefused, match="path_tolerance: 'tail' refused; joints are waist, elbow"):
        override_tolerances(BOUNDS.path, JOINTS, {"tail": Tolerance(position=0.3)}, "path_tolerance")


def test_a_request_with_a_bad_number_names_joint_and_quantity():
    with pytest.raises(GoalRefused, match="path_tolerance of elbow: velocity: -3"):
        override_tolerances(BOUNDS.path, JOINTS, {"elbow": Tolerance(velocity=-3.0)}, "path_tolerance")


def test_a_violation_names_joint_quantity_value_and_bound():
    assert describe_violation(error((0.0, -0.25)), BOUNDS.path, LIMITS) == (
        "elbow: position error 0.2500 rad exceeds the tolerance of 0.2 rad"
    )
    assert describe_violation(error(velocity=(0.2, 0.0)), BOUNDS.goal, LIMITS) == (
        "waist: velocity error 0.2000 rad/s exceeds the tolerance of 0.1 rad/s"
    )


def test_what_is_unbounded_or_not_measured_is_not_violated():
    assert describe_violation(error((9.0, 9.0)), (Tolerance(),) * 2, LIMITS) is None
    assert describe_violation(error(velocity=(math.nan, math.nan)), BOUNDS.goal, LIMITS) is None


def test_before_the_end_only_the_path_tolerance_counts():
    assert find_progress(0.5, 1.0, error((0.1, 0.0)), BOUNDS, LIMITS) == (Progress.RUNNING, "")
    stage, reason = find_progress(0.5, 1.0, error((0.3, 0.0)), BOUNDS, LIMITS)
    assert stage is Progress.PATH_VIOLATED
    assert reason.startswith("waist: position error 0.3000 rad")


def test_after_the_end_the_goal_tolerance_must_be_met_within_the_goal_time():
    assert find_progress(1.0, 1.0, error(), BOUNDS, LIMITS)[0] is Progress.REACHED
    assert find_progress(1.9, 1.0, error((0.1, 0.0)), BOUNDS, LIMITS)[0] is Progress.RUNNING
    stage, reason = find_progress(2.1, 1.0, error((0.1, 0.0)), BOUNDS, LIMITS)
    assert stage is Progress.GOAL_VIOLATED
    assert "1.10 s after the end" in reason


def test_a_goal_is_not_reached_while_a_joint_still_moves():
    assert find_progress(1.0, 1.0, error(velocity=(0.2, 0.0)), BOUNDS, LIMITS)[0] is Progress.RUNNING


def test_without_a_goal_time_it_is_waited_for():
    patient = Tolerances(BOUNDS.path, BOUNDS.goal, goal_time=0.0)
    assert find_progress(99.0, 1.0, error((0.1, 0.0)), patient, LIMITS)[0] is Progress.RUNNING


def test_the_error_of_a_joint_is_the_plain_difference():
    """A continuous joint that is a turn off is a turn off, since its servo counts turns."""
    turn = State(np.array([2.0 * math.pi, 0.0]), np.zeros(2), np.zeros(2))
    assert error_of(turn, State.at_rest([0.0, 0.0])).position == pytest.approx((2.0 * math.pi, 0.0))
