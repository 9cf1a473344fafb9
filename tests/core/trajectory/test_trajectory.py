from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.core.trajectory.trajectory import State, Trajectory
from armature.errors import GoalRefused

NUMBER = st.floats(-2.0, 2.0)
STEP = st.floats(0.05, 3.0)
ANY_ORDER = st.integers(1, 3)


@st.composite
def trajectories(draw, order=ANY_ORDER):
    """Trajectories of two joints with 2 to 5 points; order 1 to 3 = linear, cubic, quintic."""
    steps = draw(st.lists(STEP, min_size=2, max_size=5))
    rows = st.lists(st.tuples(NUMBER, NUMBER), min_size=len(steps), max_size=len(steps))
    fields = [draw(rows) for _ in range(draw(order))]
    return Trajectory.from_rows(("a", "b"), np.cumsum(steps), *fields)


def close(a, b, within=1e-6):
    return np.allclose(a, b, atol=within)


@given(trajectories())
def test_splines_pass_through_their_points(trajectory):
    for time, position in zip(trajectory.times[:-1], trajectory.positions, strict=False):
        assert close(trajectory.sample(time).position, position)


@given(trajectories(order=st.integers(2, 3)))
def test_given_velocities_hold_on_both_sides_of_a_point(trajectory):
    for time, velocity in zip(trajectory.times[1:-1], trajectory.velocities[1:], strict=False):
        assert close(trajectory.sample(time - 1e-9).velocity, velocity, 1e-4)
        assert close(trajectory.sample(time).velocity, velocity)


@given(trajectories(order=st.just(3)))
def test_given_accelerations_hold_on_both_sides_of_a_point(trajectory):
    for time, acceleration in zip(trajectory.times[1:-1], trajectory.accelerations[1:], strict=False):
        assert close(trajectory.sample(time - 1e-9).acceleration, acceleration, 1e-2)
        assert close(trajectory.sample(time).acceleration, acceleration, 1e-5)


@given(trajectories(), st.floats(0.01, 0.99))
def test_velocity_is_the_slope_of_position_and_acceleration_that_of_velocity(trajectory, share):
    begin, end = trajectory.times[0], trajectory.times[1]
    time, h = begin + share * (end - begin), 1e-5 * (end - begin)
    before, at, after = (trajectory.sample(time + d) for d in (-h, 0.0, h))
    scale = 1.0 + np.abs(at.acceleration).max()
    assert close((after.position - before.position) / (2 * h), at.velocity, 1e-4 * scale)
    assert close((after.velocity - before.velocity) / (2 * h), at.acceleration, 1e-3 * scale)


@given(trajectories(), st.floats(0.0, 100.0))
def test_from_the_end_on_it_rests_at_the_last_point(trajectory, later):
    state = trajectory.sample(trajectory.duration + later)
    assert state.is_resting
    assert close(state.position, trajectory.positions[-1])


@given(trajectories(), st.lists(st.floats(-1.0, 20.0), min_size=1, max_size=9))
def test_many_samples_are_the_single_samples(trajectory, times):
    position, velocity, acceleration = trajectory.sample_many(np.array(times))
    for row, time in enumerate(times):
        state = trajectory.sample(time)
        assert close(position[row], state.position)
        assert close(velocity[row], state.velocity)
        assert close(acceleration[row], state.acceleration)


@given(trajectories(), st.tuples(NUMBER, NUMBER), st.tuples(NUMBER, NUMBER))
def test_begun_in_a_moving_state_it_is_continuous_as_far_as_its_points_are(trajectory, position, velocity):
    state = State(np.array(position), np.array(velocity), np.zeros(2))
    begun = trajectory.starting_from(state).sample(0.0)
    assert close(begun.position, position)
    slope = (trajectory.positions[0] - position) / trajectory.times[0]
    assert close(begun.velocity, slope if trajectory.velocities is None else velocity)


def test_a_line_between_points_is_straight():
    trajectory = Trajectory.from_rows(("a",), [1.0, 3.0], [[0.0], [1.0]])
    assert trajectory.sample(1.5).position == pytest.approx([0.25])
    assert trajectory.sample(1.5).velocity == pytest.approx([0.5])
    assert trajectory.sample(1.5).acceleration == pytest.approx([0.0])


def test_a_cubic_from_rest_to_rest_is_half_way_in_half_the_time_at_one_and_a_half_times_the_speed():
    trajectory = Trajectory.from_rows(("a",), [0.0, 2.0], [[0.0], [1.0]], [[0.0], [0.0]])
    middle = trajectory.sample(1.0)
    assert middle.position == pytest.approx([0.5])
    assert middle.velocity == pytest.approx([0.75])


def test_a_quintic_from_rest_to_rest_has_its_known_peak_speed():
    zero = [[0.0], [0.0]]
    trajectory = Trajectory.from_rows(("a",), [0.0, 2.0], [[0.0], [1.0]], zero, zero)
    assert trajectory.sample(1.0).velocity == pytest.approx([1.875 / 2.0])


def test_straight_lines_from_rest_start_straight():
    trajectory = Trajectory.from_rows(("a",), [2.0], [[1.0]]).starting_from(State.at_rest([0.0]))
    assert trajectory.sample(0.5).position == pytest.approx([0.25])


def test_points_at_or_before_time_zero_give_way_to_the_state():
    trajectory = Trajectory.from_rows(("a",), [0.0, 1.0], [[0.3], [1.0]]).starting_from(State.at_rest([0.0]))
    assert trajectory.times.tolist() == [1.0]
    assert trajectory.sample(0.5).position == pytest.approx([0.5])


def test_columns_follow_the_joints():
    trajectory = Trajectory.from_rows(("a", "b"), [1.0], [[1.0, 2.0]], [[3.0, 4.0]], [[5.0, 6.0]])
    turned = trajectory.reorder(("b", "a"))
    assert turned.joints == ("b", "a")
    assert [rows[0].tolist() for rows in turned.points] == [[2.0, 1.0], [4.0, 3.0], [6.0, 5.0]]


def test_arrays_are_read_only():
    trajectory = Trajectory.from_rows(("a",), [1.0], [[1.0]])
    with pytest.raises(ValueError, match="read-only"):
        trajectory.positions[0, 0] = 2.0


@pytest.mark.parametrize(
    ("times", "positions", "velocities", "accelerations", "says"),
    [
        ([], [], None, None, r"points.*at least one point"),
        ([0.0, 0.0], [[0.0, 0.0]] * 2, None, None, r"points\[1\].time_from_start: 0.0 .*more than 0 s"),
        ([1.0, 0.5], [[0.0, 0.0]] * 2, None, None, r"points\[1\].time_from_start: 0.5 .*more than 1 s"),
        ([math.nan], [[0.0, 0.0]], None, None, r"points\[0\].time_from_start: nan .*finite"),
        ([0.0, math.inf], [[0.0, 0.0]] * 2, None, None, r"points\[1\].time_from_start: inf .*finite"),
        ([1.0], [[0.0]], None, None, r"points\[0\].positions: 1 .*2 numbers are needed, for a, b"),
        ([1.0], [[0.0, 0.0, 0.0]], None, None, r"points\[0\].positions: 3 .*2 numbers"),
        ([1.0, 2.0], [[0.0, 0.0]], None, None, r"positions: 1 .*one row .* 2 points"),
        ([1.0], [[0.0, math.nan]], None, None, r"points\[0\].positions of b: nan .*finite"),
        ([1.0], [[0.0, 0.0]], [[math.inf, 0.0]], None, r"points\[0\].velocities of a: inf .*finite"),
        ([1.0], [[0.0, 0.0]], [[0.0]], None, r"points\[0\].velocities: 1 .*2 numbers"),
        ([1.0], [[0.0, 0.0]], [[0.0, 0.0]], [[0.0]], r"points\[0\].accelerations: 1 .*2 numbers"),
        ([1.0], [[0.0, 0.0]], None, [[0.0, 0.0]], r"velocities: nothing .*accelerations need velocities"),
    ],
)
def test_malformed_points_are_refused_with_field_value_and_remedy(
    times, positions, velocities, accelerations, says
):
    with pytest.raises(GoalRefused, match=says):
        Trajectory.from_rows(("a", "b"), times, positions, velocities, accelerations)


def test_a_trajectory_without_a_future_cannot_be_begun():
    with pytest.raises(GoalRefused, match=r"time_from_start: 0.0 .*> 0 s"):
        Trajectory.from_rows(("a",), [0.0], [[0.3]]).starting_from(State.at_rest([0.3]))
