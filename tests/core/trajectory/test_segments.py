"""Segments of motions: near enough to them, with few points."""

from __future__ import annotations

import numpy as np
import pytest

from armature.core.trajectory import retiming, time_scaling
from armature.core.trajectory.segments import ScaledMotion
from armature.core.trajectory.speed_change import change_rate
from armature.core.trajectory.trajectory import State, Trajectory

from ..groups import JOINTS, group

LIMITS = group()


def dense(points, fields=2, noise=0.0):
    """A way of 20 s with so many points; noise of their velocities [rad/s]."""
    times = np.linspace(0.0, 20.0, points + 1)[1:]
    turn, chance = 0.6, np.random.default_rng(0)
    rows = [
        0.5 * (1.0 - np.cos(turn * times)),
        0.5 * turn * np.sin(turn * times),
        0.5 * turn**2 * np.cos(turn * times),
    ]
    rows[1] = rows[1] + chance.uniform(-noise, noise, points)
    table = [np.column_stack((row, -row)) for row in rows[:fields]]
    path = Trajectory(JOINTS, times, *table).starting_from(State.at_rest((0.0, 0.0)))
    return ScaledMotion(retiming.round_corners(path), time_scaling.constant(100.0, 1.0))


@pytest.mark.parametrize(
    ("points", "noise"), [(10, 0.0), (1000, 0.0), (5000, 0.0), (5000, 0.005), (20_000, 0.005)]
)
@pytest.mark.parametrize("fields", [1, 2])
def test_a_segment_has_few_points_however_dense_the_path_is_and_stays_on_it(points, noise, fields):
    motion = dense(points, fields, noise)
    tail = change_rate(motion.motion, motion.scaling, 105.2, 0.0, LIMITS)
    ended = motion.scaled(tail)
    segment = ended.segment(105.0, ended.end)
    assert len(segment.trajectory.times) < 120
    at = np.linspace(105.0, ended.end, 500)
    commanded = segment.trajectory.sample_many(at - 105.0)[0]
    followed = time_scaling.sample(ended.motion, tail.many(at))[0]
    assert np.abs(commanded - followed).max() < 5e-5


def test_a_path_with_few_points_is_its_own_spline_in_a_segment():
    motion = dense(10)
    segment = motion.segment(105.0, 108.0)
    at = np.linspace(105.0, 107.9, 300)
    followed = motion.motion.sample_many(at - 100.0)[0]
    assert np.abs(segment.trajectory.sample_many(at - 105.0)[0] - followed).max() < 1e-9


@pytest.mark.parametrize(("rate", "until"), [(1.0, 20.0), (0.0, 5.0)])
def test_a_motion_reaches_its_end_or_the_place_of_its_stop(rate, until):
    motion = dense(10)
    ended = motion if rate else motion.scaled(motion.scaling.then(105.0, [(105.0, 5.0, 0.0, 0.0, 0.0)]))
    assert ended.reach == pytest.approx(until)
