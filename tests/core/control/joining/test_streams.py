"""Goals that end in motion, alone and as the streams of MoveIt Servo."""

from __future__ import annotations

import numpy as np
import pytest

from armature.core.control.goal import End
from armature.core.control.tracker import SWITCH_DELAY
from armature.core.trajectory.trajectory import Trajectory
from armature.errors import GoalRefused

from ...commanded import CYCLE, LIMITS, Commanded
from ...groups import JOINTS
from .streams import Stream

COUNT = 200
WITHIN = 1e-3  # [rad]


def messages(shape, period):
    """For each message when it comes, its points' times, the path's time at its time 0, and its stamp [s]."""
    for number in range(COUNT if period < 0.05 else COUNT // 4):
        now = number * period
        if shape == "one point, no stamp":
            yield now, [period], now, None
        elif shape == "one point, stamped now":
            yield now, [period], now, now
        elif shape == "some points, no stamp":
            yield now, [period, 2.0 * period, 3.0 * period], now, None
        elif shape == "a window that begins in the past":  # as MoveIt Servo 2.5 and newer compose it
            begin = max(now - 3.0 * period, 0.0)
            yield now, np.arange(0.0, now + 2.5 * period - begin, period), begin, begin


@pytest.mark.parametrize(
    ("shape", "period"),
    [
        ("one point, no stamp", 0.03),
        ("one point, stamped now", 0.03),
        ("one point, stamped now", 0.1),
        ("some points, no stamp", 0.1),
        ("some points, no stamp", 0.01),
        ("a window that begins in the past", 0.03),
    ],
)
def test_every_message_of_moveit_servos_shape_is_taken_and_its_path_followed(shape, period):
    stream = Stream()
    for due, times, at, stamp in messages(shape, period):
        stream.send(due, times, at, stamp)
    assert stream.refused == []
    # Without a stamp a message begins once it can be with the servo interface.
    assert stream.off(0.0 if "stamped" in shape or "past" in shape else SWITCH_DELAY, since=0.5) <= WITHIN
    acceleration, jerk = stream.takes()
    assert acceleration <= LIMITS.acceleration.max() * 1.01
    assert jerk <= LIMITS.jerk.max() * 1.01


@pytest.mark.parametrize("stamped", [True, False])
def test_messages_that_come_unevenly_are_taken_and_leave_their_path_by_as_much_as_they_are_late(stamped):
    stream, late = Stream(), np.random.default_rng(5).uniform(0.0, 0.01, COUNT // 2)
    for number, wait in enumerate(late):
        now = 0.03 * number
        stream.send(now + wait, [0.03], now, now if stamped else None)
    assert stream.refused == []
    assert stream.off(since=0.5) <= (WITHIN if stamped else 0.63 * (SWITCH_DELAY + 0.01 + CYCLE))
    assert stream.takes()[0] <= LIMITS.acceleration.max() * 1.01


def test_a_stream_that_ends_comes_to_rest_by_the_stop_behind_its_last_message():
    stream = Stream()
    for number in range(25):
        stream.send(0.03 * number, [0.03], 0.03 * number)
    speed = abs(stream.arm.velocities[-1][0])
    stream.arm.run(0.6)
    assert speed > 0.3
    assert np.abs(stream.arm.velocities[-1]).max() == 0.0
    assert stream.takes()[0] <= LIMITS.acceleration.max() * 1.01


def ends_moving(velocity=0.5, at=2.0, place=0.6, acceleration=None):
    fields = [[(velocity, 0.0)], *([] if acceleration is None else [[(acceleration, 0.0)]])]
    return Trajectory.from_rows(JOINTS, [at], [(place, 0.0)], *fields)


@pytest.mark.parametrize("acceleration", [None, 0.5, -0.5])
@pytest.mark.parametrize("velocity", [0.5, -0.4])
def test_behind_an_end_in_motion_the_shortest_stop_follows_within_the_limits(velocity, acceleration):
    arm = Commanded()
    arm.follow(ends_moving(velocity, acceleration=acceleration))
    arm.run(2.0)
    place, begun = arm.positions[-1][0], len(arm.positions)
    assert place == pytest.approx(0.6, abs=0.02)
    assert arm.velocities[-1][0] == pytest.approx(velocity, abs=0.02)
    arm.finish()
    accelerations = np.array(arm.accelerations)[begun:]
    assert np.abs(accelerations).max() <= LIMITS.acceleration.max() * 1.01
    assert np.abs(np.diff(accelerations, axis=0)).max() <= LIMITS.jerk.max() * CYCLE * 1.01
    gone = (arm.positions[-1][0] - place) * np.sign(velocity)
    assert 0.0 < gone < 0.1
    assert np.abs(arm.velocities[-1]).max() == 0.0


def test_a_goal_that_ends_in_motion_succeeds_at_its_last_points_time_and_its_stop_goes_on():
    arm = Commanded()
    arm.follow(ends_moving())
    arm.run(1.97)
    assert arm.ends == []
    arm.run(0.05)
    assert [end.end for end in arm.ends] == [End.SUCCEEDED]
    assert arm.velocities[-1][0] > 0.4
    arm.finish()
    assert arm.positions[-1][0] > 0.6


def test_an_end_whose_stop_would_leave_a_limit_is_refused_and_the_stream_before_it_stops_within_it():
    arm = Commanded()
    arm.follow(ends_moving(0.6, place=1.9))
    arm.run(1.9)
    with pytest.raises(GoalRefused, match=r"position of waist at .* s: 2\.0\d+ refused; .*-2.0000 to 2.0000 rad"):
        arm.follow(ends_moving(0.6, at=0.1, place=1.97))
    arm.finish()
    assert 1.9 < max(position[0] for position in arm.positions) <= 2.0


def test_a_joint_that_ends_at_rest_stays_there_while_another_stops():
    arm = Commanded()
    goal = Trajectory.from_rows(JOINTS, [1.0, 2.0], [(0.3, 0.2), (0.6, 0.3)], [(0.3, 0.1), (0.4, 0.0)])
    arm.follow(goal)
    arm.finish()
    assert arm.positions[-1][1] == pytest.approx(0.3, abs=1e-9)
    assert arm.positions[-1][0] > 0.61


def test_a_stop_of_the_stop_behind_a_goal_is_one():
    arm = Commanded()
    arm.follow(ends_moving())
    arm.run(2.05)
    arm.control.stop(arm.now, "why")
    arm.go()
    arm.finish()
    assert np.abs(np.array(arm.accelerations)).max() <= LIMITS.acceleration.max() * 1.01


@pytest.mark.parametrize("slopes", [True, False])
def test_a_place_alone_that_is_due_at_once_is_gone_to_while_the_arm_moves(slopes):
    arm = Commanded()
    arm.follow(ends_moving())
    arm.run(1.5)
    place = (arm.positions[-1][0] + 0.02, 0.01)
    arm.follow(Trajectory.from_rows(JOINTS, [0.0], [place], *([[(0.0, 0.0)]] if slopes else [])))
    arm.finish()
    assert arm.positions[-1] == pytest.approx(place, abs=1e-6)
    assert np.abs(np.array(arm.accelerations)).max() <= LIMITS.acceleration.max() * 1.01


@pytest.mark.parametrize("ahead", [0.5, 0.9])
def test_a_stream_that_is_far_ahead_from_its_beginning_is_caught_up_with(ahead):
    stream, period = Stream(), 0.02
    for number in range(COUNT):
        now = number * period
        stream.send(now, [period, 2.0 * period, 3.0 * period], ahead + now)
    assert stream.refused == []
    assert stream.off(SWITCH_DELAY - ahead, since=1.5) <= WITHIN
    acceleration, jerk = stream.takes()
    assert acceleration <= LIMITS.acceleration.max() * 1.01
    assert jerk <= LIMITS.jerk.max() * 1.01


def test_a_lone_message_far_ahead_is_come_to_rest_at_without_passing_it():
    arm = Commanded()
    arm.follow(Trajectory.from_rows(JOINTS, [0.01], [(0.3, 0.0)], [(0.5, 0.0)]))
    arm.finish()
    assert arm.positions[-1][0] == pytest.approx(0.3, abs=1e-6)


def test_a_message_too_far_ahead_is_refused_with_the_numbers():
    arm = Commanded()
    with pytest.raises(GoalRefused, match=r"velocity of waist at .* s: \d+.* refused; its limit is 2\.0000 rad/s"):
        arm.follow(Trajectory.from_rows(JOINTS, [0.01], [(1.5, 0.0)], [(0.5, 0.0)]))
