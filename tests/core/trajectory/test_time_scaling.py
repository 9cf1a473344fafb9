"""How fast a path is followed: its own time as a function of time, which only goes forward."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.core.trajectory import time_scaling
from armature.core.trajectory.speed_change import changed
from armature.core.trajectory.trajectory import Trajectory

from ..groups import JOINTS, group

LIMITS = group()
MOTION = Trajectory.from_rows(JOINTS, [0.0, 4.0], [[0.0, 0.0], [1.5, -1.0]], [[0.0, 0.0]] * 2, [[0.0, 0.0]] * 2)
RATES = st.just(0.0) | st.floats(0.01, 1.0)
TIMES = st.floats(0.1, 3.9)


def followed_at(time, rate, now=0.0):
    """The pace of a path that is followed at a rate and is at a time of its own now."""
    return time_scaling.Pace(np.array([now]), np.array([[time, rate, 0.0, 0.0]]))


@given(TIMES, RATES, RATES, st.floats(0.05, 1.0), st.floats(0.0, 1.0))
def test_when_a_time_is_reached_agrees_with_where_it_is(time, old, new, share, before):
    change = changed(MOTION, followed_at(time, old, 1.0), 1.0, new, LIMITS)
    for now in (1.0 + share * (change.settled + 1.0), 1.0 - before):
        assert change.at(change.reaches(change.at(now).time)).time == pytest.approx(change.at(now).time, abs=1e-4)


def test_a_path_that_is_being_left_is_not_reached():
    change = changed(MOTION, followed_at(1.0, 1.0), 0.0, 0.0, LIMITS)
    assert change.reaches(4.0) == float("inf")


@given(TIMES, RATES, RATES, st.lists(st.floats(-1.0, 8.0), min_size=1, max_size=9))
def test_many_moments_are_each_of_them(time, old, new, times):
    change = changed(MOTION, followed_at(time, old), 0.0, new, LIMITS)
    each = [change.at(now) for now in times]
    for rows, name in zip(change.many(np.array(times)), ("time", "rate", "slope"), strict=True):
        assert rows == pytest.approx([getattr(moment, name) for moment in each], abs=1e-12)


@given(TIMES, RATES, RATES, st.floats(0.0, 3.0))
def test_what_is_over_can_be_left_out(time, old, new, now):
    change = changed(MOTION, followed_at(time, old), 0.0, new, LIMITS)
    assert change.from_(now).at(now) == change.at(now)
    assert change.later(1.5).at(now + 1.5).time == pytest.approx(change.at(now).time)


@given(st.floats(1.0, 2.0), TIMES, st.floats(1.5, 8.0))
def test_above_its_own_speed_a_path_keeps_the_limits(rate, time, duration):
    motion = Trajectory(JOINTS, MOTION.times / 4.0 * duration, *MOTION.points)
    time *= duration / 4.0
    granted = time_scaling.allowed(motion, time, rate, LIMITS)
    assert 1.0 <= granted <= rate
    looks = np.linspace(time, 0.999 * duration, 300)
    _, velocity, acceleration = motion.sample_many(looks)
    for values, power, limit in ((velocity, 1, 2.0), (acceleration, 2, 4.0), (motion.jerks(looks), 3, 40.0)):
        assert np.abs(values).max() * granted**power <= max(limit * 1.01, np.abs(values).max())


def test_a_path_that_takes_all_of_a_limit_is_not_followed_faster():
    line = Trajectory.from_rows(JOINTS, [0.0, 1.0], [[0.0, 0.0], [2.0, 0.0]])
    assert time_scaling.allowed(line, 0.0, 2.0, LIMITS) == 1.0


def test_a_path_whose_jerk_alone_leaves_no_room_is_not_followed_faster():
    gentle, sharp = (Trajectory(JOINTS, np.array([0.0, length]), *MOTION.points) for length in (9.0, 3.5))
    assert time_scaling.allowed(gentle, 0.0, 2.0, group(jerk=8.0)) == 2.0
    assert time_scaling.allowed(sharp, 0.0, 2.0, group(acceleration=40.0, jerk=8.0)) == pytest.approx(
        1.56, abs=0.01
    )
