"""New motions made of old ones: rounded, cut, joined, and slowed to a stop on the same path.

All results are quintic, so that position, velocity and acceleration stay continuous.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from armature.core.limits import GroupLimits
from armature.core.spline import Array
from armature.core.trajectory import Trajectory

# Half the time over which a step of velocity or acceleration at a point is spread [s]: a bus cycle of 100 Hz
# sees it whole.
_ROUNDING = 0.005
# Spacing of the points that describe a stop, and its shortest duration [s].
_SPACING = 0.04
_SHORTEST = 0.06
# Peaks of slope and curvature of the ramp 1 - 3x² + 2x³ over x in 0..1.
_RAMP_SLOPE = 1.5
_RAMP_CURVATURE = 6.0
# A ramp that breaks a limit is tried again this much longer, up to a duration [s] that no path needs.
_STRETCH = 1.25
_LONGEST = 30.0

_Ramp = Callable[[Array], tuple[Array, Array, Array]]


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


def stopping(motion: Trajectory, time: float, limits: GroupLimits) -> tuple[Trajectory, float]:
    """Slow down to rest on the path of a motion.

    Args:
        motion: quintic.
        time: of the motion at which to begin [s].
        limits: slowing down adds no more acceleration and jerk to a joint than these.

    Returns:
        The stop, its times beginning at 0, and the motion's time at which it ends [s].
    """
    stop = _ramped(motion, time, limits, _falling)
    return stop, time + stop.duration / 2.0


def resuming(motion: Trajectory, time: float, limits: GroupLimits) -> Trajectory:
    """Speed up from rest on the path of a motion at a time of it [s], and go on to its end."""
    start = _ramped(motion, time, limits, _rising)
    reached = time + start.duration / 2.0
    if reached >= motion.duration:
        return start
    return joined(start, cut(motion, reached, motion.duration))


def _falling(x: Array) -> tuple[Array, Array, Array]:
    """Path time over duration, rate of the path time and slope of the rate, at x = t / duration in 0..1."""
    return x - x**3 + x**4 / 2.0, 1.0 - 3.0 * x**2 + 2.0 * x**3, -6.0 * x + 6.0 * x**2


def _rising(x: Array) -> tuple[Array, Array, Array]:
    share, rate, slope = _falling(1.0 - x)
    return 0.5 - share, rate, -slope


def _ramped(motion: Trajectory, time: float, limits: GroupLimits, ramp: _Ramp) -> Trajectory:
    """The shortest ramp that keeps within the limits.

    Where the motion itself takes nearly all of a limit, or more, the ramp adds a quarter of it.
    """
    speed = np.abs(motion.sample(time).velocity)
    shortest = np.maximum(
        _RAMP_SLOPE * speed / limits.acceleration, np.sqrt(_RAMP_CURVATURE * speed / limits.jerk)
    )
    duration = max(float(shortest.max()), _SHORTEST)
    while True:
        times = np.linspace(0.0, 1.0, max(int(np.ceil(duration / _SPACING)), 4) + 1)
        states, is_within = _slowed(motion, time, duration, ramp(times), limits)
        if is_within or duration > _LONGEST:
            return quintic(motion.joints, times * duration, states)
        duration *= _STRETCH


def _slowed(
    motion: Trajectory, time: float, duration: float, ramp: tuple[Array, Array, Array], limits: GroupLimits
) -> tuple[tuple[Array, Array, Array], bool]:
    """States along the path at a changing rate r: velocity = q' r, acceleration = q'' r² + q' dr/dt."""
    share, rate, slope = ramp[0], ramp[1][:, None], ramp[2][:, None] / duration
    position, velocity, own = motion.sample_many(time + duration * share)
    acceleration = own * rate**2 + velocity * slope
    allowed = np.maximum(limits.acceleration, np.abs(own).max(axis=0) + limits.acceleration / 4.0)
    jerk = _RAMP_CURVATURE / duration**2 * np.abs(velocity).max(axis=0)
    is_within = bool((np.abs(acceleration) <= allowed * 1.01).all() and (jerk <= limits.jerk * 1.01).all())
    return (position, velocity * rate, acceleration), is_within
