"""New motions made of old ones: rounded, cut and joined.

All results are quintic, so that position, velocity and acceleration stay continuous.
"""

from __future__ import annotations

import numpy as np

from armature.core.spline import Array
from armature.core.trajectory import Trajectory

# Half the time over which a step of velocity or acceleration at a point is spread [s]: a bus cycle of 100 Hz
# sees it whole.
_ROUNDING = 0.005


def quintic(joints: tuple[str, ...], times: Array, states: tuple[Array, Array, Array]) -> Trajectory:
    """A trajectory through given positions, velocities and accelerations, each of Shape (m, n)."""
    return Trajectory(joints, times, *states)


def rounded(trajectory: Trajectory) -> Trajectory:
    """The same motion with the steps of its derivatives spread over some milliseconds.

    Args:
        trajectory: begun in a state at time 0 (`starting_from`).
    """
    times = trajectory.knots if trajectory.is_quintic else _around(trajectory.knots)
    position, velocity, acceleration = trajectory.sample_many(times)
    if trajectory.start is not None:
        velocity[0], acceleration[0] = trajectory.start.velocity, trajectory.start.acceleration
    if trajectory.accelerations is not None:
        acceleration[-1] = trajectory.accelerations[-1]
    return quintic(trajectory.joints, times, (position, velocity, acceleration))


def _around(knots: Array) -> Array:
    """Times just before and after each inner knot, and inside both ends."""
    length = np.diff(knots)
    half = np.minimum(_ROUNDING, length / 4.0)
    inner = np.minimum(half[:-1], half[1:])
    inside = np.concatenate((knots[1:-1] - inner, knots[1:-1] + inner))
    ends = (knots[0], knots[0] + half[0], knots[-1] - half[-1], knots[-1])
    return np.unique(np.concatenate((inside, ends)))


def cut(motion: Trajectory, begin: float, end: float) -> Trajectory:
    """The part of a quintic motion between two times [s], its own times beginning at 0."""
    knots = motion.knots
    margin = 1e-6  # knots closer than a microsecond to the cut would make degenerate splines
    inside = knots[(knots > begin + margin) & (knots < end - margin)]
    times = np.concatenate(([begin], inside, [end])) if end - begin > margin else np.array([begin])
    return quintic(motion.joints, times - begin, motion.sample_many(times))


def joined(first: Trajectory, second: Trajectory) -> Trajectory:
    """One motion after the other; the second begins where the first ends."""
    if len(first.times) < 2:
        return second
    times = np.concatenate((first.times[:-1], first.duration + second.times))
    a, b = first.points, second.points
    states = (np.vstack((a[0][:-1], b[0])), np.vstack((a[1][:-1], b[1])), np.vstack((a[2][:-1], b[2])))
    return quintic(first.joints, times, states)
