"""How fast a path is followed: rates change within limits, and time on the path only goes forward."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.core import pace
from armature.core.pace import Moment
from armature.core.trajectory import Trajectory

from .groups import JOINTS, group

LIMITS = group()
MOTION = Trajectory.from_rows(JOINTS, [0.0, 4.0], [[0.0, 0.0], [1.5, -1.0]], [[0.0, 0.0]] * 2, [[0.0, 0.0]] * 2)
RATES = st.floats(0.0, 1.0)
TIMES = st.floats(0.1, 3.9)


@given(TIMES, RATES, RATES)
def test_a_change_keeps_acceleration_and_jerk_within_the_limits(time, old, new):
    change = pace.changed(MOTION, Moment(time, old), 7.0, new, LIMITS)
    times = np.linspace(7.0, change.settled, 300)
    _, velocity, acceleration = pace.followed(MOTION, [change.at(now) for now in times])
    own = np.abs(MOTION.sample_many(np.linspace(0.0, 4.0, 300))[2]).max(axis=0)
    assert (np.abs(acceleration) <= np.maximum(4.0, own + 1.0) * 1.02).all()
    assert change.at(change.settled).rate == pytest.approx(new)
    if change.settled > 7.0:
        steps = np.abs(np.diff(velocity, axis=0)) / (times[1] - times[0])
        assert (steps <= np.maximum(4.0, own + 1.0) * 1.05).all()


@given(TIMES, RATES, RATES, st.floats(0.0, 2.0))
def test_the_path_is_never_followed_backwards(time, old, new, again):
    first = pace.changed(MOTION, Moment(time, old), 0.0, new, LIMITS)
    now = again * max(first.settled, 0.1) / 2.0
    second = pace.changed(MOTION, first.at(now), now, 1.0 - new, LIMITS)
    moments = [second.at(at).time for at in np.linspace(now, second.settled + 0.5, 200)]
    assert (np.diff(moments) >= -1e-9).all()


@given(TIMES, RATES, RATES, st.floats(0.0, 20.0))
def test_a_rate_that_was_rising_steeply_does_not_take_the_path_beyond_its_limits(time, old, new, slope):
    fast = Trajectory.from_rows(JOINTS, [0.0, 4.0], [[0.0, 0.0], [4.0, -4.0]], [[0.0, 0.0]] * 2, [[0.0, 0.0]] * 2)
    change = pace.changed(fast, Moment(time, 0.9 * old, slope), 7.0, new, LIMITS)
    moments = [change.at(now) for now in np.linspace(7.0, change.settled, 200)]
    _, velocity, _ = pace.followed(fast, moments)
    assert (np.abs(velocity) <= 2.0 * 1.02).all()


@given(TIMES, RATES, st.floats(0.05, 1.0), st.floats(0.0, 1.0))
def test_when_a_time_is_reached_agrees_with_where_it_is(time, old, new, share):
    change = pace.changed(MOTION, Moment(time, old), 1.0, new, LIMITS)
    now = 1.0 + share * (change.settled + 1.0)
    assert change.at(change.reaches(change.at(now).time)).time == pytest.approx(change.at(now).time, abs=1e-4)


def test_a_path_that_is_being_left_is_not_reached():
    change = pace.changed(MOTION, Moment(1.0, 1.0), 0.0, 0.0, LIMITS)
    assert change.reaches(4.0) == float("inf")


def test_a_change_from_a_change_keeps_the_rate_and_its_slope():
    first = pace.changed(MOTION, Moment(2.0, 1.0), 0.0, 0.0, LIMITS)
    halfway = first.at(first.settled / 2.0)
    second = pace.changed(MOTION, halfway, 0.1, 1.0, LIMITS)
    begun = second.at(0.1)
    assert (begun.time, begun.rate, begun.slope) == pytest.approx((halfway.time, halfway.rate, halfway.slope))


@given(st.floats(1.0, 2.0), TIMES)
def test_above_its_own_speed_a_path_keeps_the_limits(rate, time):
    granted = pace.allowed(MOTION, time, rate, LIMITS)
    assert 1.0 <= granted <= rate
    moments = [Moment(at, granted) for at in np.linspace(time, 4.0, 200)]
    _, velocity, acceleration = pace.followed(MOTION, moments)
    assert (np.abs(velocity) <= 2.0 * 1.01).all()
    assert (np.abs(acceleration) <= 4.0 * 1.05).all()


def test_a_path_that_takes_all_of_a_limit_is_not_followed_faster():
    line = Trajectory.from_rows(JOINTS, [0.0, 1.0], [[0.0, 0.0], [2.0, 0.0]])
    assert pace.allowed(line, 0.0, 2.0, LIMITS) == 1.0
