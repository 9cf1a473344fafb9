"""Changes of the rate: within the limits, nothing is added beyond them, and each leaves a way back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.core.trajectory import retiming, ruckig_motion, time_scaling
from armature.core.trajectory.speed_change import LONGEST_WAIT, changed
from armature.core.trajectory.trajectory import State, Trajectory

from ..groups import JOINTS, group
from ..trajectory.test_time_scaling import MOTION, followed_at

LIMITS = group()
SHARE = st.floats(0.0, 0.95)
RATE = st.floats(0.0, 1.0)
CYCLE = 0.01  # of the bus [s]
PLACE = st.tuples(st.floats(-1.5, 1.5), st.floats(-1.5, 1.5))


@st.composite
def motions(draw):
    """Smooth paths within the velocity limits; some take more than the other limits by themselves."""
    places = np.array(draw(st.lists(PLACE, min_size=2, max_size=4)))
    ways = np.maximum(np.abs(np.diff(places, axis=0)).max(axis=1), 0.8)
    times = np.cumsum([0.0, *(draw(st.floats(1.05, 2.5)) * way for way in ways)])
    still = np.zeros_like(places)
    return Trajectory(JOINTS, times, places, still, still)


def excess(motion, change, begin, end):
    """How many times the limits, or what the path takes by itself where that is more, the whole takes."""
    times = np.linspace(begin, min(end, change.reaches(motion.duration)) - 1e-6, 800)
    path, rate, _ = change.many(times)
    acceleration = time_scaling.followed(motion, change.many(times))[2]
    own = np.abs(motion.sample_many(path)[2]) * rate[:, None] ** 2
    own_jerk = np.abs(motion.jerks(path)) * rate[:, None] ** 3
    ahead = max(round(CYCLE / (times[1] - times[0])), 1)
    jerk = np.abs(acceleration[ahead:] - acceleration[:-ahead]) / (times[ahead] - times[0])
    own_jerk = np.maximum(own_jerk[ahead:], own_jerk[:-ahead])
    return (np.abs(acceleration) / np.maximum(4.0, own)).max(), (jerk / np.maximum(40.0, own_jerk)).max()


@given(motions(), SHARE, RATE, RATE)
def test_a_change_keeps_acceleration_and_jerk_within_the_limits_or_adds_nothing(motion, share, old, new):
    before = followed_at(share * motion.duration, old)
    change = changed(motion, before, 0.0, new, LIMITS)
    is_over_sooner = new == 0.0 and before.reaches(motion.duration) < LONGEST_WAIT
    assert change.rate == new or (change is before and is_over_sooner)
    if change.settled > 2.0 * CYCLE:
        acceleration, jerk = excess(motion, change, 0.0, change.settled)
        assert acceleration <= 1.01
        assert jerk <= 1.02


@given(motions(), SHARE, RATE, st.lists(st.tuples(st.floats(0.0, 1.0), RATE), min_size=1, max_size=4))
def test_a_change_that_is_taken_back_keeps_them_too_and_never_goes_backwards(motion, share, old, changes):
    change, now = followed_at(share * motion.duration, old), 0.0
    for wait, rate in changes:
        now += wait
        before = change.at(now)
        change = changed(motion, change.from_(now), now, rate, LIMITS)
        after = change.at(now)
        assert (after.time, after.rate) == pytest.approx((before.time, before.rate), abs=1e-9) or not (
            motion.sample(before.time).velocity.any()
        )
    end = max(change.settled, now + 0.1)
    assert (np.diff(change.many(np.linspace(now, end, 300))[0]) >= -1e-9).all()
    if change.reaches(motion.duration) > now + 2.0 * CYCLE:
        acceleration, jerk = excess(motion, change, now, end)
        assert acceleration <= 1.01
        assert jerk <= 1.02


@given(motions(), SHARE, RATE)
def test_a_stop_ends_within_a_bounded_time(motion, share, rate):
    stop = changed(motion, followed_at(share * motion.duration, rate), 0.0, 0.0, LIMITS)
    alone = 2.0 / 4.0 + 4.0 / 40.0
    assert stop.settled <= LONGEST_WAIT + 11.0 * alone


def test_where_the_path_brakes_with_all_that_there_is_a_stop_waits_for_its_end():
    moving = State(np.zeros(2), np.array([2.0, 0.0]), np.zeros(2))
    brakes = ruckig_motion.halt(LIMITS, moving)
    stop = changed(brakes, time_scaling.steady(0.0, 1.0), 0.02, 0.0, LIMITS)
    times = np.linspace(0.0, stop.reaches(brakes.duration), 300)
    position, _, acceleration = time_scaling.followed(brakes, stop.many(times))
    assert position[-1] == pytest.approx(brakes.positions[-1])
    assert np.abs(acceleration).max() <= 4.0 * 1.01


def test_a_step_of_a_client_does_not_hold_up_a_stop():
    corners = Trajectory.from_rows(
        JOINTS, np.arange(1, 21) * 0.2, [[0.1 * k, 0.05 * (k % 3)] for k in range(1, 21)]
    )
    lines = retiming.rounded(corners.starting_from(State.at_rest(np.zeros(2))))
    stop = changed(lines, followed_at(1.53, 1.0), 0.0, 0.0, LIMITS)
    assert stop.settled < 0.5


def test_at_a_standstill_on_the_path_a_rate_is_taken_at_once():
    assert changed(MOTION, time_scaling.steady(3.0, 0.0), 3.0, 0.7, LIMITS).at(3.0).rate == 0.7


def test_a_change_that_is_made_already_changes_nothing():
    old = followed_at(1.0, 0.5)
    assert changed(MOTION, old, 1.0, 0.5, LIMITS).at(5.0) == old.at(5.0)
