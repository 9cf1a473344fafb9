from __future__ import annotations

import numpy as np
import pytest

from armature.core.control.blocked import BlockedDirection, check_motion_unblocked, describe_block
from armature.core.trajectory.trajectory import Trajectory
from armature.errors import GoalRefused


def motion(*places, joint="elbow"):
    rows = np.array([[float(place)] for place in places])
    return Trajectory((joint,), np.arange(len(rows), dtype=float), rows, np.zeros_like(rows))


def test_it_is_told_with_the_way_that_is_left():
    assert describe_block("elbow", 0.9, 0.7, "rad") == "blocked at elbow, 0.20 rad before 0.700 rad"


@pytest.mark.parametrize("block", [BlockedDirection(0.9, 1), BlockedDirection(-1.25, -1)])
def test_what_is_written_is_read_again(block):
    assert BlockedDirection.parse(str(block)) == block


@pytest.mark.parametrize("places", [(0.9, 1.2), (0.9, 0.905, 1.2), (0.895, 1.0)])
def test_a_motion_that_presses_on_is_refused_with_the_place_and_the_remedy(places):
    with pytest.raises(
        GoalRefused, match=r"motion of elbow, which is blocked above 0.9000.*the other way, or take"
    ):
        check_motion_unblocked(motion(*places), {"elbow": BlockedDirection(0.9, 1)})


@pytest.mark.parametrize("places", [(0.9, 0.5), (0.9, 0.9), (0.9, 0.895, 0.5), (0.9, 0.7, 1.5)])
def test_one_that_stays_or_leads_away_first_is_taken(places):
    check_motion_unblocked(motion(*places), {"elbow": BlockedDirection(0.9, 1)})


@pytest.mark.parametrize("places", [(0.95, 0.5), (0.95, 0.93), (0.95, 0.95)])
def test_from_beyond_it_the_way_back_is_taken(places):
    check_motion_unblocked(motion(*places), {"elbow": BlockedDirection(0.9, 1)})
    check_motion_unblocked(motion(*(-place for place in places)), {"elbow": BlockedDirection(-0.9, -1)})


def test_from_beyond_it_no_step_leads_on():
    with pytest.raises(GoalRefused, match="elbow"):
        check_motion_unblocked(motion(0.95, 0.951), {"elbow": BlockedDirection(0.9, 1)})


def test_slow_steps_do_not_add_up_beyond_it():
    with pytest.raises(GoalRefused, match="elbow"):
        check_motion_unblocked(motion(0.909, 0.915), {"elbow": BlockedDirection(0.9, 1)})


def test_a_path_that_bulges_into_it_is_refused_though_its_ends_lead_away():
    bulging = Trajectory(("elbow",), np.array([0.0, 1.0]), np.array([[0.9], [0.8]]), np.array([[1.5], [0.0]]))
    with pytest.raises(GoalRefused, match="elbow"):
        check_motion_unblocked(bulging, {"elbow": BlockedDirection(0.9, 1)})


def test_other_joints_are_free():
    check_motion_unblocked(motion(0.0, 1.0, joint="waist"), {"elbow": BlockedDirection(0.0, 1)})


def test_all_joints_that_press_on_are_named():
    both = Trajectory(("waist", "elbow"), np.arange(2.0), np.array([[0.0, 0.9], [-1.0, 1.2]]), np.zeros((2, 2)))
    with pytest.raises(
        GoalRefused, match=r"waist, which is blocked below 0.0000, and of elbow, which is blocked above"
    ):
        check_motion_unblocked(both, {"elbow": BlockedDirection(0.9, 1), "waist": BlockedDirection(0.0, -1)})
