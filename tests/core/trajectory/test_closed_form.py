"""Samples against the closed forms, and against the numbers that joint_trajectory_controller's own tests hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial import Polynomial

from armature.core.trajectory.integration import Rates
from armature.core.trajectory.trajectory import State, Trajectory
from armature.errors import GoalRefused

NUMBER = st.floats(-2.0, 2.0)
LENGTH = st.floats(0.5, 3.0)
SHARE = st.floats(0.0, 1.0, exclude_max=True)
WITHIN = 1e-12


def near(found, expected, within=WITHIN):
    """Within a bound, relative where the number is above 1."""
    return bool(np.all(np.abs(np.asarray(found) - expected) <= within * np.maximum(1.0, np.abs(expected))))


def through(polynomial, length, order):
    """Two points of a polynomial of one joint; order 1 to 3 = positions, velocities, accelerations too."""
    derivatives = [polynomial.deriv(k) if k else polynomial for k in range(order)]
    return Trajectory.from_rows(("a",), [0.0, length], *([[d(0.0)], [d(length)]] for d in derivatives))


@pytest.mark.parametrize("order", [1, 2, 3])
@given(st.lists(NUMBER, min_size=6, max_size=6), LENGTH, SHARE)
def test_a_polynomial_given_by_its_ends_is_sampled_as_itself(order, coefficients, length, share):
    exact = Polynomial(coefficients[: 2 * order])
    found = through(exact, length, order).sample(share * length)
    for value, expected in zip(vars(found).values(), (exact, exact.deriv(), exact.deriv(2)), strict=True):
        largest = np.abs(exact.deriv(2)(np.linspace(0.0, length, 50))).max()  # the steepest of the three
        assert abs(value[0] - expected(share * length)) <= WITHIN * max(1.0, largest)


@pytest.mark.parametrize(
    ("time", "position", "velocity"),
    [(0.0, 0.0, 1.0), (0.5, 0.5, 1.0), (1.0, 1.0, 1.0), (1.5, 1.5, 1.0), (2.5, 2.5, 1.0), (3.0, 3.0, 0.0)],
)
def test_positions_alone_give_the_lines_of_jtcs_test(time, position, velocity):
    # test_trajectory.cpp, sample_trajectory_positions: from 0 through 1, 2 and 3 at 1, 2 and 3 s.
    path = Trajectory.from_rows(("a",), [1.0, 2.0, 3.0], [[1.0], [2.0], [3.0]]).starting_from(State.at_rest([0.0]))
    found = path.sample(time)
    assert near([found.position, found.velocity, found.acceleration], [[position], [velocity], [0.0]])


@pytest.mark.parametrize("later", [3.0, 3.125, 30.0])
def test_after_the_end_it_is_at_the_last_point_as_in_jtcs_test(later):
    path = Trajectory.from_rows(("a",), [1.0, 2.0, 3.0], [[1.0], [2.0], [3.0]]).starting_from(State.at_rest([0.0]))
    assert path.sample(later).position == pytest.approx([3.0], abs=WITHIN)


@pytest.mark.parametrize(
    ("time", "expected"),
    [(0.0, (0.0, -2.0, 0.0)), (np.sqrt(2.0), (0.0, 4.0, 6.0 * np.sqrt(2.0))), (2.0 - 1e-15, (4.0, 10.0, 12.0))],
)
def test_positions_and_velocities_give_the_cubic_of_jtcs_test(time, expected):
    # interpolation_pos_vel: x³ - 2x from 0 to 2.
    path = Trajectory.from_rows(("a",), [0.0, 2.0], [[0.0], [4.0]], [[-2.0], [10.0]])
    found = path.sample(time)
    assert near([*found.position, *found.velocity, *found.acceleration], expected, 1e-11)


@pytest.mark.parametrize(
    ("time", "expected"), [(0.0, (0.0, 24.0, -100.0)), (1.0, (0.0, -6.0, 10.0)), (2.0 - 1e-15, (0.0, 4.0, 0.0))]
)
def test_accelerations_too_give_the_quintic_of_jtcs_test(time, expected):
    # interpolation_pos_vel_accel: x(x-1)(x-2)(x-3)(x-4) from 0 to 2.
    path = Trajectory.from_rows(("a",), [0.0, 2.0], [[0.0], [0.0]], [[24.0], [4.0]], [[-100.0], [0.0]])
    found = path.sample(time)
    assert near([*found.position, *found.velocity, *found.acceleration], expected, 1e-11)


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (0.0, (0.0, 0.0, 1.0)),
        (0.5, (0.125, 0.5, 1.0)),
        (1.0, (0.5, 1.0, 1.0)),
        (1.5, (1.125, 1.5, 1.0)),
        (2.0, (2.0, 2.0, -1.0)),
        (2.5, (2.875, 1.5, -1.0)),
    ],
)
def test_velocities_alone_give_the_motion_of_jtcs_test(time, expected):
    # sample_trajectory_velocity_with_interpolation: 1, 2 and 1 rad/s at 1, 2 and 3 s, from rest.
    path = Rates.from_rows(("a",), [1.0, 2.0, 3.0], [[1.0], [2.0], [1.0]]).starting_from(State.at_rest([0.0]))
    found = path.sample(time)
    assert near([*found.position, *found.velocity, *found.acceleration], expected)
    assert near(path.positions[-1], 3.5)


@pytest.mark.parametrize("point", [0, 1, 2])
def test_accelerations_alone_give_the_points_of_jtcs_test(point):
    # sample_trajectory_acceleration_with_interpolation: 1, 2 and 1 rad/s² at 1, 2 and 3 s, from rest.
    rates = Rates.from_rows(("a",), [1.0, 2.0, 3.0], None, [[1.0], [2.0], [1.0]])
    path = rates.starting_from(State.at_rest([0.0]))
    expected = ((0.25, 0.5, 1.0), (1.5, 2.0, 2.0), (4.25, 3.5, 1.0))[point]
    assert near([path.positions[point, 0], path.velocities[point, 0], path.accelerations[point, 0]], expected)


@given(st.lists(NUMBER, min_size=1, max_size=4), NUMBER, NUMBER)
def test_integrated_velocities_hold_at_their_points_and_join_without_a_step(velocities, position, velocity):
    state = State(np.array([position]), np.array([velocity]), np.zeros(1))
    times = np.arange(1.0, len(velocities) + 1.0)
    path = Rates.from_rows(("a",), times, [[v] for v in velocities]).starting_from(state)
    assert near(path.sample(0.0).velocity, velocity)
    for time, row in zip(times[:-1], velocities, strict=False):
        assert near(path.sample(time).velocity, row)
        assert near(path.sample(time - 1e-9).velocity, row, 1e-7)


def test_rates_can_be_shifted_and_reordered():
    rates = Rates.from_rows(("a", "b"), [1.0], [[1.0, 2.0]], [[3.0, 4.0]]).shift(0.5).reorder(("b", "a"))
    assert (rates.joints, rates.duration) == (("b", "a"), 1.5)
    assert rates.velocities.tolist() == [[2.0, 1.0]]
    assert rates.accelerations.tolist() == [[4.0, 3.0]]


@pytest.mark.parametrize(
    ("times", "velocities", "accelerations", "says"),
    [
        ([1.0], None, None, "points: .*positions, velocities or accelerations are needed"),
        ([1.0], [[1.0]], None, r"points\[0\].velocities: 1 .*2 numbers"),
        ([1.0], None, [[np.nan, 0.0]], r"points\[0\].accelerations of a: nan .*finite"),
        ([1.0, 1.0], [[0.0, 0.0]] * 2, None, r"points\[1\].time_from_start: 1.0"),
        ([], [], None, "at least one point"),
    ],
)
def test_malformed_rates_are_refused(times, velocities, accelerations, says):
    with pytest.raises(GoalRefused, match=says):
        Rates.from_rows(("a", "b"), times, velocities, accelerations)


def test_rates_without_a_future_cannot_be_begun():
    with pytest.raises(GoalRefused, match="> 0 s"):
        Rates.from_rows(("a",), [0.0], [[0.0]]).starting_from(State.at_rest([0.0]))
