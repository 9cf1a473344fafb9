"""Streams: goals whose points come at once and that end in motion, one after the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from armature.core.control.joining.ways import (
    AT_ONCE,
    CLOSEST,
    SHARE,
    SHORTEST,
    SOON,
    come_to_rest,
    ease_end,
    ends_moving,
    grid,
    is_abrupt,
    merge,
)
from armature.core.trajectory import retiming
from armature.core.trajectory.integration import Rates
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.ruckig_motion import reach, settle
from armature.core.trajectory.trajectory import State, Trajectory

# The acceleration at the end of a stream is taken to fade in a time [s]; what a state tells of it is taken with
# caution where the point comes sooner than another time [s].
_OUTLOOK, _TELLING = 0.2, 0.06
# How long a stream goes on behind its last point: what comes then takes over so much later [s].
_GRACE = 0.05
_STOPS = 0.1  # its last part, in which it comes to rest [s]
# How much of a goal may be passed, how closely that is looked for, and how long one with slopes is at least [s].
_PASSED, _LOOK, _CHUNK = 0.3, 0.005, 0.5
# In which joints that are too far behind a stream to catch up with it may come to rest at its last point [s].
_FAR_BEHIND = 1.0


def follow_stream(goal: Trajectory, state: State, limits: GroupLimits, rate: float) -> Trajectory | None:
    """A goal whose points come at once, with what the joints are beside its path made up for on the way.

    Its path is taken to go on as it ends until that is done.
    """
    path, end = _go_on(goal, state, limits)
    if not ends_moving(goal) and is_abrupt(path, end - _STOPS, limits):
        way = settle(state, goal.positions[-1], limits)
        return way if way is not None and way.duration <= max(end, 0.0) + SOON else None
    way = merge(path, state, limits, SOON)
    if way is None:
        return None
    if ends_moving(goal):
        end += _GRACE
    if way.duration < end - CLOSEST:
        way = retiming.join(way, retiming.cut(path, way.duration, end))
    return come_to_rest(way, limits, rate)


def _go_on(goal: Trajectory, state: State, limits: GroupLimits) -> tuple[Trajectory, float]:
    """A goal's path as it would be before its first point and behind its last; and when that is reached [s]."""
    if len(goal.times) > 1:
        course = ease_end(retiming.round_corners(goal), goal, limits)
        times, (position, velocity, acceleration) = course.times, course.points
    else:
        lone = _lone(goal, state)
        times, (position, velocity, acceleration) = lone.times, lone.points
    bound, end = limits.acceleration * SHARE, float(times[-1])
    last = np.where(velocity[-1] == 0.0, 0.0, np.clip(acceleration[-1], -bound, bound))
    acceleration = np.vstack((acceleration[:-1], last))
    late = times[-1] + np.array([_OUTLOOK, _OUTLOOK + SOON])
    position = np.vstack((position, position[-1] + velocity[-1] * _OUTLOOK + last * _OUTLOOK**2 / 3.0))
    velocity = np.vstack((velocity, velocity[-1] + last * _OUTLOOK / 2.0))
    position, velocity = (
        np.vstack((position, position[-1] + velocity[-1] * SOON)),
        np.vstack((velocity, velocity[-1])),
    )
    acceleration, times = np.vstack((acceleration, 0.0 * last, 0.0 * last)), np.append(times, late)
    before = float(times[0])
    if 0.0 < before <= CLOSEST:
        times = np.append(0.0, times[1:])
    elif before > 0.0:
        first = np.clip(acceleration[0], -bound, bound)
        position = np.vstack((position[0] - velocity[0] * before + first * before**2 / 2.0, position))
        velocity = np.vstack((velocity[0] - first * before, velocity))
        acceleration, times = np.vstack((first, acceleration)), np.append(0.0, times)
    return retiming.quintic(goal.joints, times, (position, velocity, acceleration)), end


def _lone(goal: Trajectory, state: State) -> Trajectory:
    """A lone point, with the acceleration from the state to it where it has none of its own."""
    assert goal.velocities is not None  # positions alone are lines
    rise = (goal.velocities - state.velocity) / max(goal.duration, _TELLING)
    return replace(goal, accelerations=rise if goal.accelerations is None else goal.accelerations)


def follow_late(goal: Trajectory, state: State, limits: GroupLimits, rate: float) -> Trajectory | None:
    """A goal that is caught up with behind its end, as it would go on there; see `follow_stream`.

    Where a stream is too far ahead for that, its last point is made for: the next message takes over on the way.
    """
    path, end = _go_on(goal, state, limits)
    since = max(end, 0.0)
    for time in grid(since + SOON, SHORTEST / 2.0):
        if time > since and (way := reach(state, path.sample(time), time, limits)) is not None:
            return come_to_rest(way, limits, rate)
    if not ends_moving(goal) or goal.duration >= _CHUNK or goal.times[0] > AT_ONCE:
        return None
    way = settle(state, goal.positions[-1], limits.times(SHARE))
    return way if way is not None and way.duration <= since + _FAR_BEHIND else None


def find_place(goal: Trajectory | Rates, state: State, limits: GroupLimits) -> float:
    """How much of a goal's beginning joints in motion have passed already [s], where they are on its path.

    A client that plans from where the arm was when it began to plan begins behind it.

    Args:
        goal: that begins at time 0.
        state: where its joints are then.
        limits: of its joints.
    """
    if not isinstance(goal, Trajectory) or state.is_resting or not 0.0 <= goal.times[0] <= AT_ONCE:
        return 0.0
    if goal.duration <= 0.0:  # a place alone
        return 0.0
    if goal.velocities is not None and goal.duration < _CHUNK:  # a stream's own time counts
        return 0.0
    first = float(goal.times[0])
    looks = np.arange(0.0, min(first + _PASSED, goal.duration), _LOOK)
    position, velocity, _ = goal.sample_many(np.maximum(looks, first))
    position = (position + velocity * np.minimum(looks - first, 0.0)[:, None]) / limits.velocity
    velocity = velocity / limits.velocity
    there, speed = state.position / limits.velocity, state.velocity / limits.velocity
    distance = np.linalg.norm(position - there, axis=1)
    place = int(np.argmin(distance))
    along = velocity[place] @ speed
    if (
        distance[place] > distance[0] / 2.0
        or along <= np.linalg.norm(velocity[place]) * np.linalg.norm(speed) / 2.0
    ):
        return 0.0
    rest = (there - position[place]) @ velocity[place] / (velocity[place] @ velocity[place])
    return max(float(looks[place] + np.clip(rest, -_LOOK, _LOOK)), 0.0)
