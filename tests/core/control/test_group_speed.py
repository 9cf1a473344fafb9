"""The share of its speed that the servo interface asks an arm to keep to, while a servo is hot or loaded."""

from __future__ import annotations

import numpy as np
import pytest

from armature.core.control.goal import End
from armature.core.trajectory.trajectory import Trajectory

from ..commanded import CYCLE, LIMITS, Commanded
from ..groups import JOINTS
from .test_group import Bench


def test_a_bound_slows_the_running_goal_on_its_path_and_it_still_arrives():
    bench = Bench()
    bench.follow()
    bench.run(0.8)
    bench.control.bound_speed(0.3, bench.now)
    bench.run(0.6)
    assert bench.control.state.rate(bench.now) == pytest.approx(0.3)
    bench.run(6.0)
    assert [end.end for end in bench.ends] == [End.SUCCEEDED]


@pytest.mark.parametrize(
    ("asked", "bound", "kept"), [(0.8, 0.3, 0.3), (1.5, 0.3, 0.3), (0.1, 0.3, 0.1), (0.8, 1.0, 0.8)]
)
def test_the_lower_of_what_is_asked_for_and_of_the_bound_is_kept(asked, bound, kept):
    bench = Bench()
    bench.follow(at=4.0)
    bench.run(1.0)
    bench.control.set_speed(asked, bench.now)
    bench.control.bound_speed(bound, bench.now)
    bench.run(1.0)
    assert bench.control.state.rate(bench.now) == pytest.approx(kept)


def test_a_bound_that_is_lifted_gives_back_the_speed_that_was_asked_for():
    bench = Bench()
    bench.follow(at=4.0)
    bench.control.bound_speed(0.3, bench.now)
    bench.run(1.0)
    bench.control.bound_speed(1.0, bench.now)
    bench.run(1.0)
    assert bench.control.state.rate(bench.now) == pytest.approx(1.0)


@pytest.mark.parametrize("lines", [True, False])
def test_twice_the_speed_takes_half_the_time_where_the_limits_leave_room(lines):
    arm = Commanded()
    arm.control.set_speed(2.0, arm.now)
    arm.follow(Trajectory.from_rows(JOINTS, [4.0], [(0.6, -0.3)], *([] if lines else [[(0.0, 0.0)]])))
    arm.run(2.2)
    assert [end.end for end in arm.ends] == [End.SUCCEEDED]
    moving = np.abs(np.array(arm.velocities)).max(axis=1) > 0.0
    assert moving.sum() * CYCLE == pytest.approx(2.0, abs=0.1)
    assert np.abs(arm.accelerations).max() <= LIMITS.acceleration.max() * 1.01


@pytest.mark.parametrize("lines", [True, False])
def test_twice_the_speed_is_only_as_much_as_the_limits_leave_room_for(lines):
    arm, usual = Commanded(), Commanded()
    goal = Trajectory.from_rows(JOINTS, [1.4], [(1.0, 0.0)], *([] if lines else [[(0.0, 0.0)]]))
    arm.control.set_speed(2.0, arm.now)
    for each in (arm, usual):
        each.follow(goal)
        each.finish()
    assert np.abs(arm.velocities).max() <= LIMITS.velocity.max() * 1.01
    assert (
        np.abs(arm.accelerations).max() <= max(LIMITS.acceleration.max(), np.abs(usual.accelerations).max()) * 1.01
    )
    assert len(arm.positions) <= len(usual.positions)
    assert arm.positions[-1] == pytest.approx([1.0, 0.0])


def test_more_speed_that_is_asked_for_on_the_way_is_taken_as_far_as_there_is_room():
    arm = Commanded()
    arm.follow(Trajectory.from_rows(JOINTS, [8.0], [(1.0, 0.0)], [(0.0, 0.0)]))
    arm.run(2.0)
    arm.control.set_speed(2.0, arm.now)
    arm.go()
    arm.run(3.3)
    assert [end.end for end in arm.ends] == [End.SUCCEEDED]


def test_a_bound_holds_for_goals_to_come():
    bench = Bench()
    bench.control.bound_speed(0.5, bench.now)
    bench.follow()
    bench.run(2.2)
    assert bench.ends == []
    bench.run(3.0)
    assert [end.end for end in bench.ends] == [End.SUCCEEDED]
