"""Positions alone: straight lines with corners within the limits, and the ways onto them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from armature.core.control.joining.ways import AT_ONCE, SHARE, SOON, grid, merge, uncrowded
from armature.core.trajectory import retiming
from armature.core.trajectory.corners import blend_corners
from armature.core.trajectory.limits import GroupLimits, check_motion
from armature.core.trajectory.ruckig_motion import reach, settle
from armature.core.trajectory.trajectory import State, Trajectory
from armature.errors import GoalRefused, apart

_LONG = 60.0  # ruckig fails where a motion takes hours [s]
_DENSE = 0.2  # three points so close are dense [s]
# How many times are tried for lines that are too quick, each so many times the one before; fewer for many points.
_MOST_TRIED, _SLOWER, _FEW_TRIED, _MANY = 12, 1.3, 4, 200


def join_lines(goal: Trajectory, state: State, limits: GroupLimits, rate: float, *, is_strict: bool) -> Trajectory:
    """A goal of positions alone as it is followed; arguments and errors as `join_path`."""
    own = limits.times(SHARE)
    for within in ([own.slow(rate)] if rate > 1.0 else []) + [own, limits]:
        if (motion := _blend(goal, state, within)) is not None:
            return motion
    if not is_strict:
        return retiming.ease(uncrowded(goal, state, limits).starting_from(state))
    raise _refuse_lines(goal, state, limits, lambda slower: _blend(slower, state, limits) is not None)


def _blend(goal: Trajectory, state: State, limits: GroupLimits) -> Trajectory | None:
    """Lines with their corners, and a way onto them, where there are some within the limits."""
    places = np.vstack((state.position, goal.positions))
    lower, upper = np.minimum(limits.lower, places.min(axis=0)), np.maximum(limits.upper, places.max(axis=0))
    for motion in _blends(goal, state, limits):
        try:
            check_motion(motion, replace(limits, lower=lower, upper=upper))
        except GoalRefused:
            continue
        return motion
    return None


def _blends(goal: Trajectory, state: State, limits: GroupLimits) -> Iterator[Trajectory]:
    """What may be followed, the nearest to what is asked for first."""
    if state.is_resting:
        points = uncrowded(goal, state, limits)
        assert isinstance(points, Trajectory)  # as the goal
        if (motion := blend_corners(_lines_from(state, points), limits, from_rest=True)) is not None:
            yield motion
    is_lone = (goal.times > 0.0).sum() == 1
    rest = State.at_rest(goal.positions[-1])
    if is_lone and (way := reach(state, rest, goal.duration, limits)) is not None:
        yield way
    if not is_lone or goal.duration > _LONG:
        yield from _ways_onto(goal, state, limits)
    if (
        goal.times[0] <= AT_ONCE and goal.duration <= SOON
    ):  # a stream's, whose last point is reached as soon as can be
        way = settle(state, goal.positions[-1], limits)
        if way is not None and way.duration <= goal.duration + SOON:
            yield way


def _ways_onto(goal: Trajectory, state: State, limits: GroupLimits) -> Iterator[Trajectory]:
    """The lines, joined on the way: as soon as possible first."""
    course = blend_corners(_lines_to_join(goal, state, limits), limits, from_rest=False)
    if course is None:
        return
    first = float(goal.times[goal.times > 0.0][0])
    latest = course.duration if goal.times[0] <= AT_ONCE else min(max(first, SOON), course.duration)
    if (way := merge(course, state, limits, latest)) is not None:
        yield retiming.join(way, retiming.cut(course, way.duration, course.duration))
    for time in grid(latest):
        if (way := reach(state, course.sample(time), time, limits)) is not None:
            yield retiming.join(way, retiming.cut(course, time, course.duration))


def _lines_to_join(goal: Trajectory, state: State, limits: GroupLimits) -> Trajectory:
    """Lines to be joined on the way: those of the goal, and one from the state where it has none at time 0.

    Not where its first point comes at once: what that is beside the state would make the line a wild one.
    """
    passed = int((goal.times <= 0.0).sum())
    if passed or (len(goal.times) > 1 and goal.times[0] < SOON):
        kept = slice(max(passed - 3, 0), None)
        return _go_back(Trajectory(goal.joints, goal.times[kept], goal.positions[kept]), limits)
    return _lines_from(state, goal)


def _lines_from(state: State, goal: Trajectory) -> Trajectory:
    """Lines from a state at time 0 through a goal's points behind it."""
    ahead = goal.times > 0.0
    positions = np.vstack((state.position, goal.positions[ahead]))
    return Trajectory(goal.joints, np.append(0.0, goal.times[ahead]), positions)


def _go_back(lines: Trajectory, limits: GroupLimits) -> Trajectory:
    """Lines with points before their first, where they are dense: so its corner is bent as those behind it."""
    times, positions = lines.times[:3], lines.positions[:3]
    if len(times) < 3 or times[2] - times[0] > _DENSE:
        return lines
    first, second = np.diff(times)
    velocity = (positions[1] - positions[0]) / first
    bend = ((positions[2] - positions[1]) / second - velocity) / ((first + second) / 2.0)
    step = np.clip(bend, -limits.acceleration, limits.acceleration) * first
    before = positions[0] - (velocity - step) * first
    earlier = np.vstack((before - (velocity - 2.0 * step) * first, before))
    added = times[0] - first * np.array([2.0, 1.0])
    return Trajectory(lines.joints, np.append(added, lines.times), np.vstack((earlier, lines.positions)))


def _refuse_lines(
    goal: Trajectory, state: State, limits: GroupLimits, fits: Callable[[Trajectory], bool]
) -> GoalRefused:
    """The refusal of lines that leave no room for their corners.

    Args:
        goal: positions alone.
        state: from which they would be followed at time 0.
        limits: of its joints.
        fits: whether a slower one would do, so that the refusal tells the time that it needs.
    """
    ahead, end = goal.times > 0.0, goal.duration
    unit = (
        1.0 if ahead.sum() == 1 else end
    )  # of what is told: of a lone point the time, of several how much longer

    def fits_in(longer: float) -> bool:
        return fits(replace(goal, times=np.where(ahead, goal.times * (longer * unit / end), goal.times)))

    lines = _lines_from(state, goal)
    velocities = np.diff(lines.positions, axis=0) / np.diff(lines.times)[:, None]
    line, column = np.unravel_index(np.argmax(np.abs(velocities) / limits.velocity), velocities.shape)
    share = float(np.abs(velocities[line, column]) / limits.velocity[column])
    tries = _MOST_TRIED if ahead.sum() < _MANY else _FEW_TRIED
    longer = _find_least(fits_in, end / unit * max(share, 1.0), tries)
    remedy = "stop first" if longer is None else f"give at least {_hundredths(longer * unit):.2f} s"
    if longer is not None and ahead.sum() > 1:
        remedy += f", {longer:.2f} times as long to every point"
    speed = float(velocities[line, column])
    if abs(speed) > limits.velocity[column]:
        where = f"velocity of {limits.joints[column]} at {lines.times[line]:.3f} s"
        told = f"its limit is {apart(limits.velocity[column], abs(speed))} {limits.units[column]}/s"
        return GoalRefused(where, speed, limits.explain(f"{told}; {remedy}"))
    changes = np.diff(np.vstack((state.velocity, velocities, 0.0 * state.velocity)), axis=0)
    column = np.argmax((np.abs(changes) / limits.acceleration).max(axis=0))
    given, per = (limits.acceleration[column], limits.jerk[column]), limits.units[column]
    told = f"{limits.joints[column]} may have {given[0]:g} {per}/s² and {given[1]:g} {per}/s³; {remedy}"
    return GoalRefused("time_from_start of the last point", end, limits.explain(told), "s")


def _find_least(fits: Callable[[float], bool], first: float, tries: int) -> float | None:
    """About the least number above a first one that fits, in hundredths; None where none was found."""
    low, high = first, first
    for _ in range(tries):
        high = _hundredths(high * _SLOWER ** (_MOST_TRIED / tries))
        if fits(high):
            break
        low = high
    else:
        return None
    for _ in range(tries // 3):
        middle = _hundredths((low + high) / 2.0)
        if middle >= high:
            break
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


def _hundredths(number: float) -> float:
    return math.ceil(number * 100.0 - 1e-6) / 100.0
