"""How the joints come from where they are onto a path: soon, and within limits where the path leaves room."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from armature.core.control import jog
from armature.core.trajectory import retiming, ruckig_motion, time_scaling
from armature.core.trajectory.integration import Rates
from armature.core.trajectory.limits import GroupLimits, check_end
from armature.core.trajectory.trajectory import State, Trajectory

# A path whose own points come sooner is joined within this time, or followed as it is: it is not left by much [s].
_SOON = 0.4
# Durations of the way onto a path that are tried: the first [s], and each after it so many times as long.
_SHORTEST = 0.04
_LONGER = 1.25
_EQUAL = 1e-9
# The lowest rate at which a path is joined [share].
_SLOWEST = 0.01
# An acceleration so many times a joint's limit is a step of velocity that is spread over some milliseconds.
_BRIEF = 2.0
# What is left of the limits to whatever slows the arm down on the way.
_SHARE = 1.0 - time_scaling.SHARE


def join_path(goal: Trajectory | Rates, state: State, limits: GroupLimits) -> Trajectory:
    """A goal as it is followed from a state: quintic, its time 0 being the goal's.

    The path is the goal's own by joint_trajectory_controller's rules, begun in the state. Where it asks at once
    for another velocity (straight lines) or acceleration (cubics) than the joints have, it is joined a little
    later. If no way onto it keeps the limits, the step is spread over some milliseconds. A goal without a
    duration is reached as soon as limits allow.

    Args:
        goal: columns in the group's order.
        state: where the joints are at the goal's time 0.
        limits: of the group.

    Raises:
        GoalRefused: no point of the goal lies after time 0, it does not end at rest, or it has no duration and is
            out of reach.
    """
    if goal.duration == 0.0 and isinstance(goal, Trajectory):
        return jog.move(limits, state, goal.positions[-1], limits.velocity)
    path = _uncrowded(goal, state, limits).starting_from(state)
    check_end(path)
    course = retiming.round_corners(path)
    if _is_on(course, path, state):
        return course
    for time in _moments(path, course):
        if (way := _way(state, course.sample(time), time, limits)) is not None:
            return retiming.join(way, retiming.cut(course, time, course.duration))
    return retiming.ease(path)


def _uncrowded(goal: Trajectory | Rates, state: State, limits: GroupLimits) -> Trajectory | Rates:
    """A goal without the points that come before joints at rest can be on its path, where it begins beside them.

    They were where the joints were measured, which is not quite where they are commanded; held to them, the joints
    would move as the goal never asked for.
    """
    if not isinstance(goal, Trajectory) or goal.times[0] > 0.0 or not state.is_resting:
        return goal
    off = np.abs(goal.sample(0.0).position - state.position)
    # From rest to rest; with full jerk, or with full acceleration.
    times = np.maximum(np.cbrt(32.0 * off / limits.jerk), 2.0 * np.sqrt(off / limits.acceleration))
    early = (goal.times > 0.0) & (goal.times < min(float(times.max()), _SOON))
    early[-1] = False
    if not early.any():
        return goal
    kept = {
        name: rows[~early]
        for name in ("times", "positions", "velocities", "accelerations")
        if (rows := getattr(goal, name)) is not None
    }
    return replace(goal, **kept)


def _is_on(course: Trajectory, path: Trajectory, state: State) -> bool:
    first = path.sample(0.0)
    return bool(
        np.allclose(first.velocity, state.velocity, rtol=0.0, atol=_EQUAL)
        and np.allclose(first.acceleration, state.acceleration, rtol=0.0, atol=_EQUAL)
        and course.duration > 0.0
    )


def _moments(path: Trajectory, course: Trajectory) -> list[float]:
    """Times at which the path may be joined [s]: before its first point, a smooth one soon after it too."""
    first = float(path.times[0])
    if path.velocities is None:
        last = min(first + retiming.ROUNDING, course.duration)
    else:
        last = min(max(first, _SOON), course.duration)
    count = max(int(np.log(last / _SHORTEST) / np.log(_LONGER)), 0) if last > 0.0 else 0
    return [*(_SHORTEST * _LONGER**k for k in range(count)), last]


def _way(state: State, target: State, time: float, limits: GroupLimits) -> Trajectory | None:
    """The motion into a state that takes exactly so long, if the limits allow one."""
    asked = ruckig_motion.question(limits.times(_SHARE), state, limits.velocity)
    asked.target_position = target.position.tolist()
    asked.target_velocity = target.velocity.tolist()
    asked.target_acceleration = target.acceleration.tolist()
    asked.minimum_duration = time
    found = ruckig_motion.answer(asked)
    if found is None or abs(found.duration - time) > _EQUAL:
        return None
    lower, upper = np.minimum(limits.lower, state.position), np.maximum(limits.upper, state.position)
    reach = found.position_extrema
    is_within = all(
        low <= span.min and span.max <= high for low, span, high in zip(lower, reach, upper, strict=True)
    )
    return ruckig_motion.exact(limits.joints, found) if is_within else None


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
