"""Jerk-limited motions by ruckig, as trajectories that are exact between the steps of jerk."""

from __future__ import annotations

import math
from itertools import accumulate, chain

import numpy as np
import ruckig

from armature.core.arrays import Array
from armature.core.trajectory import retiming
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.trajectory import State, Trajectory

# Steps of jerk closer than this are one, which adds 5e-5 of a limit of acceleration; in nearer knots rounding
# would add more [s].
_CLOSEST = 2e-5
_EQUAL = 1e-9  # durations that are the same [s]
# How long before its end a course is left at the latest and at the soonest, and the steps between [s].
_LATEST, _SOONEST, _SOONER = 0.02, 1.0, 1.15
_REST = 1e-9  # what ruckig's rounding leaves of a standstill


def question(limits: GroupLimits, start: State, speed: Array) -> ruckig.InputParameter:
    """What ruckig is asked: from a state, within limits; the target is the caller's to add.

    Args:
        limits: of the group.
        start: what is commanded now.
        speed: bound of the velocity [rad/s] or [m/s], Shape (n,).
    """
    asked = ruckig.InputParameter(len(limits.joints))
    asked.current_position = start.position.tolist()
    asked.current_velocity = start.velocity.tolist()
    asked.current_acceleration = start.acceleration.tolist()
    asked.max_velocity = speed.tolist()
    asked.max_acceleration = limits.acceleration.tolist()
    asked.max_jerk = limits.jerk.tolist()
    return asked


def answer(asked: ruckig.InputParameter) -> ruckig.Trajectory | None:
    """The fastest motion, or None where there is none."""
    found = ruckig.Trajectory(asked.degrees_of_freedom)
    try:
        result = ruckig.Ruckig(asked.degrees_of_freedom).calculate(asked, found)
    except (ruckig.RuckigError, ValueError):  # its binding does not know all of its results
        return None
    return found if result in (ruckig.Result.Working, ruckig.Result.Finished) else None


def halt(limits: GroupLimits, start: State) -> Trajectory:
    """The shortest stop of every joint, each for itself."""
    asked = question(limits, start, limits.velocity)
    asked.control_interface = ruckig.ControlInterface.Velocity
    asked.synchronization = ruckig.Synchronization.No
    asked.target_velocity = asked.target_acceleration = [0.0] * len(limits.joints)
    found = answer(asked)
    assert found is not None  # a stop exists from every finite state
    return exact(limits.joints, found)


def reach(state: State, target: State, time: float, limits: GroupLimits) -> Trajectory | None:
    """The motion from one state into another that takes exactly so long [s], if the limits allow one."""
    found = _between(state, target, time, limits)
    if found is None or abs(found.duration - time) > _EQUAL:
        return None
    return exact(limits.joints, found)


def settle(state: State, position: Array, limits: GroupLimits) -> Trajectory | None:
    """The shortest motion from a state to rest at a position [rad] or [m], if the limits allow one."""
    found = _between(state, State.at_rest(position), 0.0, limits)
    return None if found is None else exact(limits.joints, found)


def settle_near(course: Trajectory, end: float, position: Array, limits: GroupLimits) -> Trajectory | None:
    """A course that is left as late as can be, and comes to rest at a position.

    Args:
        course: from time 0 on.
        end: when it passes the position, about [s]; at most as much after that it rests as it is left before.
        position: [rad] or [m], Shape (n,).
        limits: of the motion to the position.
    """
    before = _LATEST
    while before <= min(_SOONEST, end):
        way = settle(course.sample(end - before), position, limits)
        if way is not None and way.duration <= 2.0 * before:
            return retiming.join(retiming.cut(course, 0.0, end - before), way)
        before *= _SOONER
    return None


def fade(off: State, limits: GroupLimits) -> Trajectory | None:
    """The shortest motion of every joint from a state to rest at 0, each for itself, wherever that leads."""
    asked = question(limits, off, limits.velocity)
    asked.synchronization = ruckig.Synchronization.No
    asked.target_position = asked.target_velocity = asked.target_acceleration = [0.0] * len(limits.joints)
    found = answer(asked)
    return None if found is None else exact(limits.joints, found)


def _between(state: State, target: State, least: float, limits: GroupLimits) -> ruckig.Trajectory | None:
    """The shortest motion between two states that takes so long at least [s], within the positions too."""
    asked = question(limits, state, limits.velocity)
    asked.target_position = target.position.tolist()
    asked.target_velocity = target.velocity.tolist()
    asked.target_acceleration = target.acceleration.tolist()
    if least > 0.0:
        asked.minimum_duration = least
    found = answer(asked)
    if found is None:
        return None
    lower, upper = np.minimum(limits.lower, state.position), np.maximum(limits.upper, state.position)
    reach = found.position_extrema
    is_within = all(
        low <= span.min and span.max <= high for low, span, high in zip(lower, reach, upper, strict=True)
    )
    return found if is_within else None


def exact(joints: tuple[str, ...], profile: ruckig.Trajectory, until: float = math.inf) -> Trajectory:
    """A profile up to a time [s], or to its end: a quintic between two steps of jerk is its cubic."""
    duration = max(min(profile.duration, until), 1e-3)
    times = _steps(profile, duration)
    rows = [profile.at_time(min(time, profile.duration)) for time in times]
    position, velocity, acceleration = (np.array([row[i] for row in rows]) for i in range(3))
    for last in (velocity[-1], acceleration[-1]):
        last[np.abs(last) < _REST] = 0.0
    return retiming.quintic(joints, times, (position, velocity, acceleration))


def _steps(profile: ruckig.Trajectory, duration: float) -> Array:
    """Times at which some joint's jerk may step, from 0 to the duration [s]."""
    steps = (accumulate((*joint.brake.t, *joint.t, *joint.accel.t)) for joint in profile.profiles[0])
    kept = [0.0]  # in a list: for so few numbers numpy takes ten times as long
    for time in sorted(chain.from_iterable(steps)):
        if time - kept[-1] > _CLOSEST and time < duration - _CLOSEST:
            kept.append(time)
    return np.array([*kept, duration])
