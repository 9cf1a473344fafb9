from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from armature.core.model.arm import Limit
from armature.core.planning.transfer import transfer
from armature.core.trajectory.stopping import Dynamics
from armature.errors import GoalRefused

JOINTS = ("a", "b", "c")
LIMITS = {"a": Limit(-3, 3, 2.0, 1), "b": Limit(-3, 3, 1.0, 1), "c": Limit(0, 0.03, 0.05, 1)}
DYNAMICS = {"a": Dynamics(4.0, 40.0), "b": Dynamics(2.0, 20.0), "c": Dynamics(0.5, 5.0)}
places = st.tuples(st.floats(-3, 3), st.floats(-3, 3), st.floats(0, 0.03))


def way(start, end, speed=0.3, dynamics=DYNAMICS):
    begin, last = dict(zip(JOINTS, start, strict=True)), dict(zip(JOINTS, end, strict=True))
    return transfer(JOINTS, begin, last, LIMITS, dynamics, speed)


@given(places, places, st.floats(0.05, 1.0))
def test_it_goes_from_rest_to_rest_where_it_is_told_to(start, end, speed):
    motion = way(start, end, speed)
    first, last = motion.sample(0.0), motion.sample(motion.duration - 1e-9)
    np.testing.assert_allclose(first.position, start, atol=1e-9)
    np.testing.assert_allclose(motion.positions[-1], end, atol=1e-9)
    np.testing.assert_allclose(first.velocity, 0.0, atol=1e-9)
    np.testing.assert_allclose(last.velocity, 0.0, atol=1e-5)


@given(places, places, st.floats(0.05, 1.0))
def test_it_keeps_within_the_fraction_of_the_velocities_and_within_the_accelerations(start, end, speed):
    motion = way(start, end, speed)
    times = np.linspace(0.0, motion.duration, 400)
    _, velocities, accelerations = motion.sample_many(times)
    for column, joint in enumerate(JOINTS):
        assert np.abs(velocities[:, column]).max() <= 1.02 * speed * LIMITS[joint].velocity + 1e-9
        assert np.abs(accelerations[:, column]).max() <= 1.1 * DYNAMICS[joint].acceleration + 1e-9


@given(places, places)
def test_the_joints_go_straight_and_in_step(start, end):
    motion = way(start, end)
    begin, span = np.array(start), np.array(end) - np.array(start)
    moving = np.abs(span) > 1e-3
    assume(moving.any())
    positions, _, _ = motion.sample_many(np.linspace(0.0, motion.duration, 50))
    shares = (positions - begin)[:, moving] / span[moving]
    assert np.ptp(shares, axis=1).max() < 1e-6


@given(places)
def test_no_way_at_all_is_a_rest(place):
    motion = way(place, place)
    np.testing.assert_allclose(motion.positions, [place] * len(motion.times), atol=1e-12)
    assert motion.duration > 0.0


def test_half_the_speed_takes_longer():
    assert way((0, 0, 0), (2, 0, 0), 0.2).duration > 1.5 * way((0, 0, 0), (2, 0, 0), 0.4).duration


@pytest.mark.parametrize(
    ("start", "end", "speed", "dynamics"),
    [
        ((np.nan, 0, 0), (1, 0, 0), 0.3, DYNAMICS),
        ((0, 0, 0), (np.inf, 0, 0), 0.3, DYNAMICS),
        ((0, 0, 0), (1, 0, 0), 0.0, DYNAMICS),
        ((0, 0, 0), (1, 0, 0), -0.3, DYNAMICS),
        ((0, 0, 0), (1, 0, 0), 0.3, {**DYNAMICS, "a": Dynamics(0.0, 1.0)}),
    ],
)
def test_what_cannot_be_done_is_an_error_with_the_numbers(start, end, speed, dynamics):
    with pytest.raises(GoalRefused, match="finite"):
        way(start, end, speed, dynamics)


def test_a_joint_without_a_place_is_an_error():
    with pytest.raises(KeyError, match="b"):
        transfer(JOINTS, {"a": 0.0, "c": 0.0}, dict.fromkeys(JOINTS, 0.0), LIMITS, DYNAMICS, 0.3)
