"""Straight lines with corners blended within limits of acceleration and jerk."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from armature.core.trajectory.corners import blend_corners
from armature.core.trajectory.trajectory import Trajectory

from ..groups import JOINTS, group

LIMITS = group()
PLACES = st.lists(st.tuples(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0)), min_size=1, max_size=6)


def lines(times, places):
    return Trajectory.from_rows(JOINTS, times, places)


def looked_at(motion):
    """Positions, accelerations and jerks at many times, short of the end, where everything rests."""
    times = np.linspace(0.0, motion.duration * (1.0 - 1e-9), 3001)
    position, _, acceleration = motion.sample_many(times)
    return times, position, acceleration, motion.jerks(times)


@given(PLACES, st.floats(0.8, 4.0))
def test_lines_from_rest_are_followed_within_the_limits_and_between_their_points(places, step):
    rows = [(0.0, 0.0), *places]
    motion = blend_corners(lines(step * np.arange(len(rows)), rows), LIMITS, from_rest=True)
    assume(motion is not None)
    _, position, acceleration, jerk = looked_at(motion)
    assert np.abs(acceleration).max() <= LIMITS.acceleration.max() * 1.01
    assert np.abs(jerk).max() <= LIMITS.jerk.max() * 1.01
    assert (position >= np.min(rows, axis=0) - 1e-9).all()
    assert (position <= np.max(rows, axis=0) + 1e-9).all()
    assert motion.positions[-1] == pytest.approx(rows[-1])
    assert motion.sample(0.0).is_resting


def test_a_lone_line_from_rest_takes_its_time_and_full_speed_in_between():
    motion = blend_corners(lines([0.0, 2.0], [(0.0, 0.0), (1.0, -0.5)]), LIMITS, from_rest=True)
    assert motion.duration == pytest.approx(2.0)
    middle = motion.sample(1.0)
    assert middle.position == pytest.approx((0.5, -0.25))
    assert middle.acceleration == pytest.approx((0.0, 0.0), abs=1e-9)
    assert looked_at(motion)[1][:, 1] == pytest.approx(-0.5 * looked_at(motion)[1][:, 0])


def test_a_corner_is_left_by_an_eighth_of_its_change_times_its_length_at_most_and_nothing_else_is():
    path = lines([0.0, 2.0, 4.0], [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)])
    motion = blend_corners(path, LIMITS, from_rest=False)
    length = 0.5 / 4.0 + 0.1
    off = np.abs(motion.sample(2.0).position - (1.0, 0.0))
    assert (off <= 0.5 * length / 8.0).all()
    assert (off >= 0.5 * length / 12.0).all()
    for time in (1.0, 2.0 - length / 2.0, 2.0 + length / 2.0, 3.5):
        assert motion.sample(time).position == pytest.approx(path.sample(time).position, abs=1e-9)
    assert motion.duration == pytest.approx(4.0 + length / 2.0)


def test_dense_points_are_the_control_points_of_a_cubic_b_spline():
    times = np.arange(61) / 30.0
    path = lines(times, np.column_stack((0.4 * np.sin(1.5 * times), 0.2 * np.cos(times))))
    motion = blend_corners(path, LIMITS, from_rest=False)
    for index in (10, 25, 40):
        before, point, after = path.positions[index - 1 : index + 2]
        assert motion.sample(times[index]).position == pytest.approx(
            (before + 4.0 * point + after) / 6.0, abs=1e-9
        )


@pytest.mark.parametrize("is_noisy", [False, True])
@pytest.mark.parametrize("rate", [30.0, 100.0, 1000.0])
def test_however_dense_they_are_they_are_followed_within_the_limits_near_their_lines(rate, is_noisy):
    times = np.arange(1, int(3.0 * rate)) / rate
    places = np.column_stack((0.4 * np.sin(1.5 * times), 0.2 * np.cos(times)))
    if is_noisy:
        places += np.random.default_rng(1).normal(0.0, 1e-4 * 30.0 / rate, places.shape)
    motion = blend_corners(lines(times, places), LIMITS, from_rest=False)
    looks, position, acceleration, jerk = looked_at(motion)
    followed = (looks > 0.1) & (looks < times[-1] - 0.3)
    on_path = np.column_stack((0.4 * np.sin(1.5 * looks), 0.2 * np.cos(looks)))
    assert np.abs(position - on_path)[followed].max() <= 5e-3
    assert np.abs(acceleration[followed]).max() <= LIMITS.acceleration.max() * 1.01
    assert np.abs(jerk[followed]).max() <= LIMITS.jerk.max() * 1.3  # for less than a millisecond
    assert motion.positions[-1] == pytest.approx(places[-1])


@pytest.mark.parametrize(
    ("times", "places"),
    [
        ([0.0, 0.3], [(0.0, 0.0), (1.0, 0.0)]),
        ([0.0, 1.0, 1.1, 1.2], [(0.0, 0.0), (0.5, 0.0), (0.4, 0.0), (0.5, 0.0)]),
    ],
)
def test_lines_that_leave_no_room_for_their_corners_have_no_motion(times, places):
    assert blend_corners(lines(times, places), LIMITS, from_rest=True) is None
