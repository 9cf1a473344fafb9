"""New motions made of old ones: rounded, cut and joined.

All results are quintic, so that position, velocity and acceleration stay continuous.
"""

from __future__ import annotations

import numpy as np

from armature.core.arrays import Array
from armature.core.trajectory.trajectory import Trajectory

# Half the time over which a step of velocity or acceleration at a point is spread [s]: a bus cycle of 100 Hz
# sees it whole.
ROUNDING = 0.005
# The longest spline that a step is spread over [s].
STEP = 2.0 * ROUNDING + 1e-4
_CLOSEST = 1e-6  # knots closer than a microsecond would make degenerate splines


def quintic(joints: tuple[str, ...], times: Array, states: tuple[Array, Array, Array]) -> Trajectory:
    """A trajectory through given positions, velocities and accelerations, each of Shape (m, n)."""
    return Trajectory.of_computed(joints, times, *states)


def round_corners(path: Trajectory) -> Trajectory:
    """The same motion with the steps of its derivatives spread over some milliseconds.

    Args:
        path: begun in a state at time 0 (`starting_from`). Straight lines begin at their own velocity.
    """
    if path.velocities is None:
        return _with_round_corners(_line(path, is_eased=False), is_eased=False)
    times = path.knots if path.is_quintic else _around(path.knots)
    position, velocity, acceleration = path.sample_many(times)
    if path.start is not None:
        velocity[0], acceleration[0] = path.start.velocity, path.start.acceleration
    velocity[-1] = path.velocities[-1]
    if path.accelerations is not None:
        acceleration[-1] = path.accelerations[-1]
    else:
        acceleration[-1] = np.where(velocity[-1] == 0.0, 0.0, acceleration[-2])
    return quintic(path.joints, times, (position, velocity, acceleration))


def ease(path: Trajectory) -> Trajectory:
    """The same with straight lines begun in the state's own velocity, whatever acceleration that takes."""
    if path.velocities is not None or path.start is None:
        return round_corners(path)
    if not path.start.velocity.any():
        return _with_round_corners(_line(path, is_eased=True), is_eased=True)
    course = round_corners(path)
    behind = course.times > path.times[0]
    states = zip(vars(path.start).values(), course.points, strict=True)
    rows = [np.vstack((first, later[behind])) for first, later in states]
    return quintic(path.joints, np.append(0.0, course.times[behind]), (rows[0], rows[1], rows[2]))


def _line(path: Trajectory, *, is_eased: bool) -> Trajectory:
    """Straight lines as points, with a moment's rest at the end, and at the beginning where they are eased."""
    times, start = path.knots, path.start
    position = path.positions if start is None else np.vstack((start.position, path.positions))
    first, last = (min(ROUNDING, length / 4.0) for length in (times[1] - times[0], times[-1] - times[-2]))
    if is_eased:
        times, position = np.insert(times, 1, times[0] + first), np.insert(position, 1, position[0], axis=0)
    times = np.insert(times, -1, times[-1] - last)
    return Trajectory(path.joints, times, np.vstack((position, position[-1])))


def _with_round_corners(line: Trajectory, *, is_eased: bool) -> Trajectory:
    times, length = line.knots, np.diff(line.knots)
    room = length / 4.0
    room[-1] = length[-1]  # the rest at an end is no longer than its corner
    if is_eased:
        room[0] = length[0]
    half = np.minimum(ROUNDING, np.minimum(room[:-1], room[1:]))
    samples = np.unique(np.concatenate(((times[0], times[-1]), times[1:-1] - half, times[1:-1] + half)))
    samples = samples[np.append(True, np.diff(samples) > _CLOSEST)]
    samples[-1] = times[-1]
    return quintic(line.joints, samples, line.sample_many(samples))


def _around(knots: Array) -> Array:
    """Times just before and after each inner knot, and inside both ends."""
    length = np.diff(knots)
    half = np.minimum(ROUNDING, length / 4.0)
    inner = np.minimum(half[:-1], half[1:])
    inside = np.concatenate((knots[1:-1] - inner, knots[1:-1] + inner))
    ends = (knots[0], knots[0] + half[0], knots[-1] - half[-1], knots[-1])
    return np.unique(np.concatenate((inside, ends)))


def cut(motion: Trajectory, begin: float, end: float) -> Trajectory:
    """The part of a quintic motion between two times [s], its own times beginning at 0."""
    knots = motion.knots
    inside = knots[(knots > begin + _CLOSEST) & (knots < end - _CLOSEST)]
    times = np.concatenate(([begin], inside, [end])) if end - begin > _CLOSEST else np.array([begin])
    return quintic(motion.joints, times - begin, motion.sample_many(times))


def stretch(motion: Trajectory, factor: float) -> Trajectory:
    """A quintic motion that takes so many times as long."""
    position, velocity, acceleration = motion.points
    return quintic(motion.joints, motion.times * factor, (position, velocity / factor, acceleration / factor**2))


def join(first: Trajectory, second: Trajectory) -> Trajectory:
    """One motion after the other; the second begins where the first ends."""
    if len(first.times) < 2:
        return second
    times = np.concatenate((first.times[:-1], first.duration + second.times))
    a, b = first.points, second.points
    states = (np.vstack((a[0][:-1], b[0])), np.vstack((a[1][:-1], b[1])), np.vstack((a[2][:-1], b[2])))
    return quintic(first.joints, times, states)


def lay_over(motion: Trajectory, other: Trajectory) -> Trajectory:
    """A quintic motion with some of its joints' columns taken from another; each rests at its own end."""
    knots = np.unique(np.concatenate((motion.times, other.times)))
    times = knots[np.append(True, np.diff(knots) > _CLOSEST)]
    columns = [motion.joints.index(joint) for joint in other.joints]
    states = motion.sample_many(times)
    for rows, laid in zip(states, other.sample_many(times), strict=True):
        rows[:, columns] = laid
    return quintic(motion.joints, times, states)
