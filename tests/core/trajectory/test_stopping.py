from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.core.trajectory.stopping import Dynamics, stop
from armature.core.trajectory.trajectory import State
from armature.errors import GoalRefused

DYNAMICS = {"a": Dynamics(4.0, 40.0), "b": Dynamics(1.0, 100.0)}
states = st.tuples(
    st.floats(-3.0, 3.0), st.floats(-3.0, 3.0), st.floats(-0.9, 0.9)
)  # position, velocity, share of the acceleration limit


def state(*joints: tuple[float, float, float]) -> State:
    accelerations = [
        share * limit.acceleration for (_, _, share), limit in zip(joints, DYNAMICS.values(), strict=True)
    ]
    return State(np.array([j[0] for j in joints]), np.array([j[1] for j in joints]), np.array(accelerations))


def derivative(values: np.ndarray, step: float) -> np.ndarray:
    return np.diff(values, axis=0) / step


@given(states, states)
def test_a_stop_begins_in_the_state_and_ends_at_rest(first, second):
    begin = state(first, second)
    motion = stop(("a", "b"), begin, DYNAMICS)
    sample = motion.sample(0.0)
    np.testing.assert_allclose(sample.position, begin.position, atol=1e-9)
    np.testing.assert_allclose(sample.velocity, begin.velocity, atol=1e-9)
    np.testing.assert_allclose(sample.acceleration, begin.acceleration, atol=1e-9)
    last = motion.sample(motion.duration - 1e-9)
    np.testing.assert_allclose(last.velocity, 0.0, atol=1e-6)
    assert motion.sample(motion.duration).is_resting


@given(states, states)
def test_a_stop_keeps_within_acceleration_and_jerk(first, second):
    motion = stop(("a", "b"), state(first, second), DYNAMICS)
    times = np.arange(0.0, motion.duration, 1e-3)
    _, velocities, accelerations = motion.sample_many(times)
    limits = np.array([[d.acceleration, d.jerk] for d in DYNAMICS.values()]).T
    assert (np.abs(accelerations) <= 1.05 * limits[0]).all()
    assert (np.abs(derivative(velocities, 1e-3)) <= 1.05 * limits[0]).all()
    # Quintics between the samples of a profile whose jerk steps: the mean over a sample keeps the bound.
    coarse = accelerations[::10]
    assert (np.abs(derivative(coarse, 1e-2)) <= 1.1 * limits[1]).all()


@given(states)
def test_a_stop_of_a_joint_is_no_longer_than_its_limits_need(first):
    begin = state(first, (0.0, 0.0, 0.0))
    motion = stop(("a", "b"), begin, DYNAMICS)
    limit = DYNAMICS["a"]
    ramp = limit.acceleration / limit.jerk
    speed = abs(begin.velocity[0]) + abs(begin.acceleration[0]) * ramp
    assert motion.duration <= speed / limit.acceleration + 4.0 * ramp + 0.02


def test_each_joint_stops_for_itself():
    quick = stop(("a", "b"), state((0.0, 1.0, 0.0), (0.0, 0.0, 0.0)), DYNAMICS)
    with_slow = stop(("a", "b"), state((0.0, 1.0, 0.0), (0.0, 1.0, 0.0)), DYNAMICS)
    assert quick.positions[-1][0] == pytest.approx(with_slow.positions[-1][0], abs=1e-6)


def test_what_rests_stays():
    motion = stop(("a", "b"), state((0.3, 0.0, 0.0), (-0.2, 0.0, 0.0)), DYNAMICS)
    np.testing.assert_allclose(motion.positions, [[0.3, -0.2]] * len(motion.times), atol=1e-12)
    assert motion.duration > 0.0


@pytest.mark.parametrize("place", ["position", "velocity", "acceleration"])
def test_a_state_that_is_no_number_has_no_stop(place):
    broken = {name: np.zeros(1) for name in ("position", "velocity", "acceleration")} | {place: np.array([np.nan])}
    with pytest.raises(GoalRefused, match="finite number"):
        stop(("a",), State(**broken), DYNAMICS)


@pytest.mark.parametrize("dynamics", [Dynamics(0.0, 1.0), Dynamics(-1.0, 1.0), Dynamics(np.nan, 1.0)])
def test_limits_that_allow_no_stop_are_an_error(dynamics):
    with pytest.raises(GoalRefused, match="finite number"):
        stop(("a",), State(*[np.ones(1)] * 3), {"a": dynamics})


def test_a_joint_without_limits_is_an_error():
    with pytest.raises(KeyError, match="c"):
        stop(("c",), State(*[np.zeros(1)] * 3), DYNAMICS)
