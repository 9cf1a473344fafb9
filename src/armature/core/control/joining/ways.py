"""Ways onto a path and to rest behind it: what splines, streams and lines are joined by."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from armature.core.trajectory import retiming, time_scaling
from armature.core.trajectory.integration import Rates
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.ruckig_motion import fade, halt, settle_near
from armature.core.trajectory.trajectory import State, Trajectory

# A path whose own points come sooner is joined within this time, or followed as it is: it is not left by much [s].
SOON = 0.4
# What comes so soon comes at once: a stream's points, or those of a dense path [s].
AT_ONCE = 0.1
# Durations of the way onto a path that are tried: the first [s], and each after it so many times as long.
SHORTEST = 0.04
_LONGER = 1.25
# What is left of the limits to whatever slows the arm down on the way.
SHARE = 1.0 - time_scaling.SHARE
CLOSEST = 2e-5  # knots that are closer are one: rounding would add more than that does [s]
# An end that takes so many times the limit is one that goes on in truth; a planner's splines swing less.
_ABRUPT = 1.5
# How often a way onto a path is looked at, what it may take of a limit, but for rounding, and what of a limit a
# difference that fades has where the path takes all.
_LOOKS, _FULL, _LEAST = 33, 1.0 + 1e-3, 0.1


def ends_moving(goal: Trajectory | Rates) -> bool:
    """Whether a goal's last point has a velocity."""
    return goal.velocities is not None and bool(goal.velocities[-1].any())


def merge(path: Trajectory, state: State, limits: GroupLimits, longest: float) -> Trajectory | None:
    """The beginning of a path from a state beside it: the difference fades as soon as the limits allow.

    Args:
        path: quintic, from time 0 or before it on.
        state: at time 0.
        limits: that are kept where the path itself keeps them.
        longest: in which the difference must fade [s].
    """
    first = path.sample(0.0)
    looks = np.linspace(0.0, min(longest, path.duration) * (1.0 - 1e-9), _LOOKS)
    _, velocity, acceleration = path.sample_many(looks)
    own = tuple(np.abs(rows).max(axis=0) for rows in (velocity, acceleration, path.jerks(looks)))
    most = (limits.velocity, limits.acceleration, limits.jerk)
    room = [np.maximum(limit - by, _LEAST * limit) for limit, by in zip(most, own, strict=True)]
    off = State(*(row - by for row, by in zip(vars(state).values(), vars(first).values(), strict=True)))
    fading = fade(off, replace(limits, velocity=room[0], acceleration=room[1], jerk=room[2]))
    if fading is None or fading.duration > longest:
        return None
    end = fading.duration
    knots = path.knots[(path.knots > CLOSEST) & (path.knots < end - CLOSEST)]
    times = np.unique(np.concatenate((knots, fading.times)))
    times = np.append(times[:-1][np.diff(times) > CLOSEST], end)
    added, along = fading.sample_many(times), path.sample_many(times)
    way = retiming.quintic(path.joints, times, (along[0] + added[0], along[1] + added[1], along[2] + added[2]))
    looks = np.linspace(0.0, end * (1.0 - 1e-9), _LOOKS)
    pairs = zip(way.sample_many(looks)[1:], path.sample_many(looks)[1:], most, strict=False)
    is_within = all((np.abs(rows) <= np.maximum(limit, np.abs(by)) * _FULL).all() for rows, by, limit in pairs)
    return way if is_within else None


def come_to_rest(course: Trajectory, limits: GroupLimits, rate: float) -> Trajectory:
    """A motion with the shortest stop behind it, where it ends in motion."""
    position, velocity, acceleration = course.points
    if not velocity[-1].any():
        return course
    # A joint that has come to rest does not leave its place again.
    bound = limits.acceleration
    last = np.where(velocity[-1] == 0.0, 0.0, np.clip(acceleration[-1], -bound, bound))
    states = position, velocity, np.vstack((acceleration[:-1], last))
    stop = halt(limits.slow(rate), State(position[-1], velocity[-1], last))
    return retiming.join(retiming.quintic(course.joints, course.times, states), stop)


def ease_end(course: Trajectory, path: Trajectory, limits: GroupLimits) -> Trajectory:
    """A motion that comes to rest within limits, where it would come to its last point and stop at once.

    The last point is then reached at most as much after its time as the motion was left before.
    """
    if len(path.times) < 2 or course.points[1][-1].any() or not is_abrupt(course, path.times[-2], limits):
        return course
    eased = settle_near(course, course.duration, course.positions[-1], limits.times(SHARE))
    return course if eased is None else eased


def is_abrupt(course: Trajectory, last: float, limits: GroupLimits) -> bool:
    """Whether a motion takes far more than the limits from its last point but one on [s]."""
    looks = np.linspace(max(last, 0.0), course.duration * (1.0 - 1e-9), _LOOKS)
    return bool((np.abs(course.sample_many(looks)[2]) > _ABRUPT * limits.acceleration).any())


def uncrowded(goal: Trajectory | Rates, state: State, limits: GroupLimits) -> Trajectory | Rates:
    """A goal without the points that come before joints at rest can be on its path, where it begins beside them.

    They were where the joints were measured, which is not quite where they are commanded; held to them, the joints
    would move as the goal never asked for.
    """
    if not isinstance(goal, Trajectory) or goal.times[0] > 0.0 or not state.is_resting:
        return goal
    off = np.abs(goal.sample(0.0).position - state.position)
    # From rest to rest; with full jerk, or with full acceleration.
    times = np.maximum(np.cbrt(32.0 * off / limits.jerk), 2.0 * np.sqrt(off / limits.acceleration))
    early = (goal.times > 0.0) & (goal.times < min(float(times.max()), SOON))
    early[-1] = False
    if not early.any():
        return goal
    kept = {
        name: rows[~early]
        for name in ("times", "positions", "velocities", "accelerations")
        if (rows := getattr(goal, name)) is not None
    }
    return replace(goal, **kept)


def grid(last: float, first: float = SHORTEST) -> list[float]:
    """Times that are tried: each so many times as long as the one before, and the last [s]."""
    count = max(int(np.log(last / first) / np.log(_LONGER)), 0) if last > 0.0 else 0
    return [*(first * _LONGER**k for k in range(count)), last]
