"""A goal as it is followed from where the joints are: soon, and within limits where its path leaves room."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from armature.core.control import jog
from armature.core.control.joining.lines import join_lines
from armature.core.control.joining.streams import follow_late, follow_stream
from armature.core.control.joining.ways import (
    AT_ONCE,
    CLOSEST,
    SHARE,
    SOON,
    come_to_rest,
    ease_end,
    ends_moving,
    grid,
    uncrowded,
)
from armature.core.trajectory import retiming
from armature.core.trajectory.integration import Rates
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.ruckig_motion import reach
from armature.core.trajectory.trajectory import State, Trajectory, lie_ahead

_EQUAL = 1e-9
# The lowest rate at which a path is joined [share].
_SLOWEST = 0.01
# An acceleration so many times a joint's limit is a step of velocity that is spread over some milliseconds.
_BRIEF = 2.0


def join_path(
    goal: Trajectory | Rates, state: State, limits: GroupLimits, rate: float = 1.0, *, is_strict: bool = True
) -> Trajectory:
    """A goal as it is followed from a state: quintic, its time 0 being the goal's.

    The path is the goal's own by joint_trajectory_controller's rules, begun in the state. Where it asks at once
    for another velocity or acceleration than the joints have, it is joined a little later. Splines that no way
    onto them within the limits leads to are followed as they are, with the step spread over some milliseconds.
    Positions alone are straight lines, with corners within the limits. Behind a goal that ends in motion follows
    the shortest stop. A goal without a duration is reached as soon as limits allow.

    Args:
        goal: columns in the group's order.
        state: where the joints are at the goal's time 0.
        limits: of the group.
        rate: at which it is to be followed; where there is room for more than 1, it is left.
        is_strict: whether lines that leave no room for their corners are refused.

    Raises:
        GoalRefused: no point of the goal lies after time 0, and the last is not near; lines that are too quick,
            with a time that would do.
    """
    if goal.duration < -AT_ONCE:
        lie_ahead(goal.times)
    if isinstance(goal, Trajectory):
        if goal.velocities is None and goal.duration > 0.0:
            return join_lines(goal, state, limits, rate, is_strict=is_strict)
        if goal.duration <= 0.0 and not ends_moving(goal):
            return jog.move(limits, state, goal.positions[-1], limits.velocity)
    return _join_splines(goal, state, limits, rate)


def find_end(goal: Trajectory | Rates, motion: Trajectory) -> float:
    """When a goal is reached [s]: where it ends in motion, at its last point, not at rest behind it.

    Args:
        goal: some of the motion's joints.
        motion: as the goal is followed.
    """
    if not (isinstance(goal, Trajectory) and ends_moving(goal) and 0.0 < goal.duration < motion.duration):
        return motion.duration
    columns = [motion.joints.index(joint) for joint in goal.joints]
    there = motion.sample(goal.duration).position[columns]
    return goal.duration if np.allclose(there, goal.positions[-1], rtol=0.0, atol=_EQUAL) else motion.duration


def _join_splines(goal: Trajectory | Rates, state: State, limits: GroupLimits, rate: float) -> Trajectory:
    moves = isinstance(goal, Trajectory) and (ends_moving(goal) or not state.is_resting)
    stream = goal if isinstance(goal, Trajectory) and moves else None
    comes_at_once = stream is not None and stream.times[0] <= AT_ONCE
    if stream is not None and comes_at_once and (way := follow_stream(stream, state, limits, rate)) is not None:
        return way
    if stream is None or goal.duration > CLOSEST:
        path = uncrowded(goal, state, limits).starting_from(state)
        course = come_to_rest(ease_end(retiming.round_corners(path), path, limits), limits, rate)
        if _is_on(course, path, state):
            return course
        for time in _moments(path):
            if (way := reach(state, course.sample(time), time, limits.times(SHARE))) is not None:
                return retiming.join(way, retiming.cut(course, time, course.duration))
    if stream is not None and (way := follow_late(stream, state, limits, rate)) is not None:
        return way
    return come_to_rest(retiming.ease(uncrowded(goal, state, limits).starting_from(state)), limits, rate)


def _is_on(course: Trajectory, path: Trajectory, state: State) -> bool:
    first = path.sample(0.0)
    return bool(
        np.allclose(first.velocity, state.velocity, rtol=0.0, atol=_EQUAL)
        and np.allclose(first.acceleration, state.acceleration, rtol=0.0, atol=_EQUAL)
        and course.duration > 0.0
    )


def _moments(path: Trajectory) -> list[float]:
    """Times at which a smooth path may be joined [s]: before its first point, and soon after it."""
    return grid(min(max(float(path.times[0]), SOON), path.duration))


def begin_at_rate(ahead: Trajectory, state: State, speed: float, limits: GroupLimits) -> tuple[State, float]:
    """The state in which a goal begins behind what is done before it, and the rate that both are followed at.

    The rate is the one that is wanted, or higher where what is done would leave the limits at a rate of 1.

    Args:
        ahead: what is done until the goal begins, in real time.
        state: in which that ends.
        speed: that is wanted [share].
        limits: of the group.
    """
    _, velocities, accelerations = ahead.points
    shares = (
        np.abs(velocities) / limits.velocity,
        np.sqrt(np.abs(accelerations) / limits.acceleration),
    )
    rate = min(max(speed, _SLOWEST, *(float(share.max()) for share in shares)), 1.0)
    return State(state.position, state.velocity / rate, state.acceleration / rate**2), rate


def bound_acceleration(state: State, limits: GroupLimits) -> State:
    """A state to go on from: the brief acceleration of a step of velocity that is rounded is not carried on."""
    bound, asked = limits.acceleration, state.acceleration
    within = np.where(np.abs(asked) > _BRIEF * bound, np.clip(asked, -bound, bound), asked)
    return replace(state, acceleration=within)
