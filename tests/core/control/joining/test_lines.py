"""Positions alone: straight lines, with corners within the limits, or refused with the time that would do."""

from __future__ import annotations

import re

import numpy as np
import pytest

from armature.core.control.goal import End
from armature.core.trajectory.trajectory import Trajectory
from armature.errors import GoalRefused

from ...commanded import CYCLE, LIMITS, Commanded
from ...groups import JOINTS
from .streams import Stream, path

CASES = 1_000


def lines(times, *places):
    return Trajectory.from_rows(JOINTS, times, places)


def takes(arm):
    """Shares of the limits of acceleration and jerk that were taken."""
    accelerations = np.array(arm.accelerations)
    jerk = np.abs(np.diff(accelerations, axis=0)).max() / CYCLE
    return np.abs(accelerations).max() / LIMITS.acceleration.max(), jerk / LIMITS.jerk.max()


def test_a_lone_point_is_reached_in_its_time_within_the_limits():
    arm = Commanded()
    arm.follow(lines([2.0], (1.0, 0.0)))
    arm.run(1.0)
    assert arm.positions[-1][0] == pytest.approx(0.5, abs=0.02)
    arm.run(1.02)
    assert arm.positions[-1] == pytest.approx([1.0, 0.0])
    assert max(takes(arm)) <= 1.01
    assert [end.end for end in arm.ends] == [End.SUCCEEDED]


def test_a_lone_point_that_comes_too_soon_is_refused_with_the_time_that_would_do():
    arm = Commanded()
    says = (
        r"time_from_start of the last point: 0.7 s refused; waist may have 4 rad/s² and 40 rad/s³; give at least "
    )
    with pytest.raises(GoalRefused, match=f"{says}1.1\\d s$"):
        arm.follow(lines([0.7], (1.0, 0.0)))
    assert not arm.is_moving
    arm.follow(lines([1.17], (1.0, 0.0)))


def test_lines_are_left_at_their_corners_alone_and_by_as_much_as_is_written():
    arm, goal = Commanded(), lines([2.0, 4.0], (0.4, 0.0), (1.4, -0.4))
    arm.follow(goal)
    arm.run(4.5)
    times = CYCLE * np.arange(len(arm.positions))
    places = np.array(arm.positions)
    on_time = np.stack([np.interp(times, [2.0, 4.0], column) for column in goal.positions.T], axis=1)
    corner = 0.32  # for 0.3 rad/s [s], at most
    on_second = (times > 2.0 + corner / 2.0) & (times < 4.0 - corner)
    assert np.abs(places - on_time)[on_second].max() < 1e-9
    assert np.abs(places[np.abs(times - 2.0) < 1e-9] - goal.positions[0]).max() <= 0.3 * corner / 8.0
    assert np.abs(places[times > 4.0 + corner / 2.0 + CYCLE] - goal.positions[1]).max() < 1e-9
    assert max(takes(arm)) <= 1.01


def test_nothing_goes_beyond_the_points_not_even_at_a_limit():
    arm = Commanded()
    arm.follow(lines([3.0, 6.0, 9.0], (2.0, -2.0), (-2.0, 2.0), (0.0, 0.0)))
    arm.finish()
    assert np.abs(arm.positions).max() <= 2.0
    assert max(takes(arm)) <= 1.01


def test_several_points_that_are_too_quick_are_refused_with_the_time_that_would_do():
    arm = Commanded()
    with pytest.raises(GoalRefused) as refused:
        arm.follow(lines([0.5, 1.0], (0.6, 0.0), (0.0, 0.0)))
    factor = float(
        re.search(r"give at least [\d.]+ s, ([\d.]+) times as long to every point", str(refused.value))[1]
    )
    assert 1.0 < factor < 3.0
    arm.follow(lines([0.5 * factor, factor], (0.6, 0.0), (0.0, 0.0)))


def test_whoever_does_not_want_the_check_gets_what_is_asked_for():
    arm = Commanded(checks_acceleration=False)
    arm.follow(lines([0.5, 1.0], (0.6, 0.0), (0.0, 0.0)))
    assert not arm.control.state.goals.are_none


@pytest.mark.soak
def test_random_goals_keep_the_limits_or_are_refused_with_a_time_which_then_is_accepted(soak):
    for case in range(soak.count(CASES)):
        soak.show(case, soak.count(CASES), "goals of positions alone")
        check_random_goal(np.random.default_rng(case))


def check_random_goal(random):
    arm, count = Commanded(), random.integers(1, 6)
    times = np.cumsum(random.uniform(0.5, 1.5, count) * random.uniform(0.1, 2.0))
    places = random.uniform(-1.8, 1.8, (count, 2)) * random.choice((0.05, 0.3, 1.0))
    if random.random() < 0.5:
        arm.follow(lines([3.0], random.uniform(-1.0, 1.0, 2)))
        arm.run(random.uniform(0.1, 2.5))
    try:
        arm.follow(lines(times, *places))
    except GoalRefused as refused:
        found = re.search(r"give at least ([\d.]+) s(?:, ([\d.]+) times)?", str(refused))
        slower = float(found[2]) if found[2] else float(found[1]) / times[-1]
        arm.follow(lines(times * slower, *places))
    arm.finish().run(0.1)
    assert max(takes(arm)) <= 1.01
    assert np.abs(arm.velocities).max() <= LIMITS.velocity.max() * 1.01
    assert arm.positions[-1] == pytest.approx(places[-1])


@pytest.mark.parametrize("slopes", [False, True])
@pytest.mark.parametrize("stamped", [True, False])
def test_the_chunks_of_a_policy_are_followed_within_the_limits_and_near_their_path(stamped, slopes):
    """30 Hz, replanned at 5 Hz, 0 to 100 ms late; they end where the path goes on."""
    stream, late = Stream(), np.random.default_rng(3).uniform(0.0, 0.1, 30)
    for number, wait in enumerate(late):
        now = 0.2 * number
        stream.send(now + wait, np.arange(1, 17) / 30.0, now, now if stamped else None, slopes=slopes)
    assert stream.refused == []
    acceleration, jerk = stream.takes()
    assert acceleration <= LIMITS.acceleration.max() * 1.01
    assert jerk <= LIMITS.jerk.max() * 1.01
    assert stream.off_curve() <= 5e-3
    if stamped:
        assert stream.off(since=0.3) <= 5e-3


@pytest.mark.parametrize("points", [1, 3])
def test_targets_that_come_one_after_the_other_are_followed_with_a_lag_and_the_last_one_is_reached(points):
    stream = Stream()
    for number in range(100):
        stream.send(0.03 * number, 0.03 * np.arange(1, points + 1), 0.03 * number, slopes=False)
    assert stream.refused == []
    stream.arm.finish().run(0.1)
    last, _ = path(0.03 * (99 + points))
    assert stream.arm.positions[-1] == pytest.approx(last)
    acceleration, jerk = stream.takes()
    assert acceleration <= LIMITS.acceleration.max() * 1.01
    assert jerk <= LIMITS.jerk.max() * 1.01
    assert stream.off(since=0.5) <= 0.6 * 0.3


def test_a_chunk_with_slopes_that_stops_at_once_comes_to_rest_within_the_limits():
    """Its last point has a velocity of 0, though the path goes on there."""
    arm, times = Commanded(), np.arange(1, 31) / 30.0
    ramp = np.clip(times / 0.4, 0.0, 1.0)
    places = np.where(times < 0.4, 0.2 * 0.5 * ramp**3 * (2.0 - ramp), 0.5 * times - 0.1)
    slopes = 0.5 * ramp**2 * (3.0 - 2.0 * ramp)
    slopes[-1] = 0.0
    zero = np.zeros_like(times)
    goal = Trajectory(JOINTS, times, np.column_stack((places, zero)), np.column_stack((slopes, zero)))
    arm.follow(goal)
    arm.finish().run(0.1)
    assert takes(arm)[0] <= 1.01
    assert arm.positions[-1][0] == pytest.approx(places[-1])
    assert [end.end for end in arm.ends] == [End.SUCCEEDED]
