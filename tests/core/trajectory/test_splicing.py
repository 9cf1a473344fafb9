"""Goals with a stamp, goals of some of the joints, goals due at once."""

from __future__ import annotations

import numpy as np
import pytest

from armature.core.control.goal import End
from armature.core.trajectory.trajectory import Trajectory
from armature.errors import GoalRefused

from ..commanded import CYCLE, Commanded
from ..groups import JOINTS


def goal(at, place, joints=JOINTS, times=None):
    rows = [place] if times is None else [place] * len(times)
    still = [[0.0] * len(joints)] * len(rows)
    return Trajectory.from_rows(joints, [at] if times is None else times, rows, still, still)


def waist(arm, ago=0.0):
    return arm.positions[-1 - round(ago / CYCLE)][0]


def test_at_rest_the_hold_goes_on_until_the_stamp():
    arm = Commanded()
    arm.follow(goal(2.0, (1.0, 0.0)), arm.now + 1.0)
    arm.run(0.99)
    assert waist(arm) == 0.0
    arm.run(1.01)
    assert waist(arm) == pytest.approx(0.5, abs=1e-3)
    arm.run(1.1)
    assert waist(arm) == pytest.approx(1.0)
    assert [end.end for end in arm.ends] == [End.SUCCEEDED]


def test_in_motion_the_old_path_goes_on_until_the_stamp():
    first = goal(4.0, (1.0, 0.0))
    arm, undisturbed = Commanded(), Commanded()
    arm.follow(first)
    undisturbed.follow(first)
    arm.run(0.5).follow(goal(3.0, (-0.5, 0.5)), arm.now + 1.5)
    undisturbed.run(0.5)
    assert [end.message for end in arm.ends] == ["replaced by a newer goal"]
    arm.run(1.48)
    undisturbed.run(1.48)
    assert np.allclose(arm.positions, undisturbed.positions, atol=1e-5)
    arm.run(3.2)
    assert arm.positions[-1] == pytest.approx([-0.5, 0.5])
    assert [end.end for end in arm.ends][1:] == [End.SUCCEEDED]


def test_a_stamp_is_kept_at_half_the_speed():
    arm = Commanded()
    arm.control.set_speed(0.5, arm.now)
    arm.follow(goal(4.0, (1.0, 0.0)))
    arm.run(1.0).follow(goal(2.0, (0.0, 0.0)), arm.now + 1.0)
    before = arm.run(1.0).velocities[-1][0]
    arm.run(0.05)
    assert arm.accelerations[-1][0] < arm.accelerations[-20][0]
    assert arm.velocities[-1][0] == pytest.approx(before, abs=0.1)
    arm.run(4.2)
    assert waist(arm) == pytest.approx(0.0, abs=1e-9)


def test_points_before_now_are_left_out_and_the_rest_keeps_its_times():
    arm = Commanded()
    arm.follow(goal(0, (0.4, 0.0), times=[1.0, 3.0]), arm.now - 1.5)
    arm.run(1.5)
    assert waist(arm) == pytest.approx(0.4, abs=1e-6)


def test_a_goal_that_comes_while_the_arm_slows_down_waits_for_its_stamp_at_rest():
    arm = Commanded()
    arm.follow(goal(4.0, (1.5, 0.0)))
    arm.run(2.0)
    arm.control.pause(arm.now)
    arm.go()
    arm.run(0.05).follow(goal(2.0, (0.0, 0.0)), arm.now + 2.0)
    arm.run(1.9)
    assert arm.velocities[-1][0] == pytest.approx(0.0, abs=1e-9)
    arm.run(2.3)
    assert waist(arm) == pytest.approx(0.0, abs=1e-9)
    assert arm.ends[-1].end is End.SUCCEEDED


def test_a_first_point_at_a_future_stamp_is_checked_against_where_the_arm_will_be():
    arm = Commanded()
    arm.follow(goal(2.0, (1.0, 0.0)))
    far = goal(0, (0.0, 0.0), times=[0.0, 3.0])
    with pytest.raises(GoalRefused, match=r"start of waist: 0.0 refused; the set-point is at 1.0000 rad"):
        arm.follow(far, arm.now + 3.0)
    arm.follow(goal(0, (1.0, 0.0), times=[0.0, 3.0]), arm.now + 3.0)


def test_a_goal_that_is_over_is_refused_and_the_old_one_goes_on():
    arm = Commanded()
    arm.follow(goal(1.0, (0.4, 0.0)))
    with pytest.raises(GoalRefused, match=r"header.stamp: .*its last point was 2\.\d+ s ago"):
        arm.follow(goal(1.0, (1.0, 0.0)), arm.now - 3.0)
    arm.run(1.2)
    assert [end.end for end in arm.ends] == [End.SUCCEEDED]
    assert waist(arm) == pytest.approx(0.4)


def test_joints_that_a_goal_leaves_out_hold_where_they_were_at_rest():
    arm = Commanded(allow_partial_joints_goal=True)
    arm.follow(goal(2.0, (0.5, -0.4)))
    arm.run(2.2).follow(goal(2.0, (1.0,), ("waist",)))
    arm.run(2.2)
    assert arm.positions[-1] == pytest.approx([1.0, -0.4])
    assert [end.end for end in arm.ends] == [End.SUCCEEDED] * 2


def test_joints_that_a_goal_leaves_out_go_on_with_their_path():
    arm, undisturbed = Commanded(allow_partial_joints_goal=True), Commanded()
    for each in (arm, undisturbed):
        each.follow(goal(3.0, (1.0, -0.8)))
        each.run(1.0)
    arm.follow(goal(1.0, (0.2,), ("waist",)))
    arm.run(2.5)
    undisturbed.run(2.5)
    elbow = [np.array(each.positions)[:, 1] for each in (arm, undisturbed)]
    assert np.allclose(elbow[0], elbow[1], atol=1e-5)
    assert arm.positions[-1] == pytest.approx([0.2, -0.8])


def test_joints_that_a_goal_leaves_out_stop_where_the_arm_was_being_stopped():
    arm = Commanded(allow_partial_joints_goal=True)
    arm.follow(goal(3.0, (1.0, -0.8)))
    arm.run(1.0)
    arm.control.stop(arm.now, "why")
    arm.go()
    arm.run(0.05).follow(goal(2.0, (0.5,), ("waist",)))
    arm.run(2.3)
    assert -0.5 < arm.positions[-1][1] < -0.2
    assert arm.positions[-1][0] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("allowed", "joints", "says"),
    [
        (False, ("waist",), "elbow is missing; name each of waist, elbow once"),
        (True, (), "waist is missing; name some of waist, elbow once"),
        (True, ("waist", "tail"), "'tail' refused; it is not a joint"),
        (True, ("waist", "waist"), "it stands more than once"),
    ],
)
def test_a_goal_of_some_joints_is_refused_where_that_is_not_allowed_or_the_names_are_wrong(allowed, joints, says):
    arm = Commanded(allow_partial_joints_goal=allowed)
    with pytest.raises(GoalRefused, match=says):
        arm.follow(goal(1.0, (0.1,) * len(joints), joints))


def test_a_goal_without_a_duration_is_taken_where_the_arm_is_and_refused_elsewhere():
    arm = Commanded()
    arm.follow(goal(0.0, (0.03, 0.0)))
    arm.run(0.5)
    assert arm.positions[-1] == pytest.approx([0.03, 0.0])
    assert [end.end for end in arm.ends] == [End.SUCCEEDED]
    with pytest.raises(GoalRefused, match=r"start of waist: 0.5"):
        arm.follow(goal(0.0, (0.5, 0.0)))


def test_stops_may_be_gentler_than_the_rest():
    hard, gentle = Commanded(), Commanded(deceleration=np.full(2, 0.5))
    for arm in (hard, gentle):
        arm.follow(goal(4.0, (1.5, 0.0)))
        arm.run(2.0)
        arm.control.cancel(arm.now)
        arm.go()
        arm.finish()
    assert len(gentle.positions) > len(hard.positions) + 50
    assert [end.end for arm in (hard, gentle) for end in arm.ends] == [End.CANCELED] * 2
    assert np.abs(np.array(gentle.accelerations)[202:]).max() <= 0.5 * 1.3  # beside the path's own
