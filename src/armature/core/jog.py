"""Jerk-limited moves made on the spot: press-and-hold, and moves to a position."""

from __future__ import annotations

import math

import numpy as np
import ruckig

from armature.core import retiming
from armature.core.limits import GroupLimits
from armature.core.spline import Array
from armature.core.trajectory import State, Trajectory
from armature.errors import GoalRefused

# Spacing of the points that describe a move [s].
_SPACING = 0.02
# Slower than this share of a joint's limit is no motion; ruckig fails where a move takes hours.
_SLOWEST = 1e-3
# How far ahead of it a joint without position limits makes for [s].
_FREE_WAY = 60.0


def jog(limits: GroupLimits, start: State, velocities: Array, *, lease: float, margin: Array) -> Trajectory:
    """Move at asked velocities for the lease, then stop; renewed before the lease ends, it goes on.

    A joint slows down by itself before its position limit.

    Args:
        limits: of the group.
        start: what is commanded now.
        velocities: asked for [rad/s] or [m/s], Shape (n,); 0 lets a joint stop.
        lease: for how long [s].
        margin: distance to keep from the position limits [rad] or [m], Shape (n,).

    Returns:
        The motion, quintic, ending at rest.
    """
    target, speed = _toward_limits(limits, start, velocities, margin)
    pressed = _sampled(limits, _profile(limits, start, target, speed), lease)
    halt = np.full(len(limits.joints), math.nan)
    end = State(*(rows[-1] for rows in pressed.points))
    stop = _sampled(limits, _profile(limits, end, halt, limits.velocity))
    return retiming.joined(pressed, stop)


def clamped(velocities: Array, limits: GroupLimits) -> tuple[Array, str]:
    """Velocities within the limits, and what was clamped, in words (empty where nothing was)."""
    kept = np.clip(velocities, -limits.velocity, limits.velocity)
    said = [
        f"{limits.joints[i]}: {velocities[i]:.3f} clamped to {kept[i]:.3f} {limits.units[i]}/s"
        for i in np.flatnonzero(kept != velocities)
    ]
    return kept, ", ".join(said)


def move(limits: GroupLimits, start: State, target: Array, speed: Array) -> Trajectory:
    """Move to a position and rest there, jerk-limited.

    Args:
        limits: of the group.
        start: what is commanded now.
        target: [rad] or [m], Shape (n,).
        speed: bound of the velocity [rad/s] or [m/s], Shape (n,).

    Raises:
        GoalRefused: a target outside the limits, or a speed that would take for ever.
    """
    for index, joint in enumerate(limits.joints):
        lower, upper, unit = limits.lower[index], limits.upper[index], limits.units[index]
        if not lower - 1e-6 <= target[index] <= upper + 1e-6:
            allowed = f"its limits are {lower:g} to {upper:g} {unit}"
            raise GoalRefused(f"position of {joint}", float(target[index]), allowed)
        slowest = _SLOWEST * limits.velocity[index]
        if not speed[index] >= slowest:
            raise GoalRefused(f"velocity of {joint}", float(speed[index]), f"give at least {slowest:g} {unit}/s")
    return _sampled(limits, _profile(limits, start, target, np.minimum(speed, limits.velocity)))


def _toward_limits(limits: GroupLimits, start: State, velocities: Array, margin: Array) -> tuple[Array, Array]:
    """The position each pressed joint makes for, NaN where it shall stop; and its speed."""
    forward = velocities > 0.0
    target = np.where(forward, limits.upper - margin, limits.lower + margin)
    target = np.where(np.isfinite(target), target, start.position + velocities * _FREE_WAY)
    is_asked = np.abs(velocities) > _SLOWEST * limits.velocity
    is_free = is_asked & ((target > start.position) == forward)
    return np.where(is_free, target, math.nan), np.where(is_free, np.abs(velocities), limits.velocity)


def _sampled(limits: GroupLimits, profile: ruckig.Trajectory, until: float = math.inf) -> Trajectory:
    """Points of a profile up to a time [s], or to its end, where it rests."""
    duration = max(min(profile.duration, until), 1e-3)
    times = np.linspace(0.0, duration, math.ceil(duration / _SPACING) + 1)
    rows = [profile.at_time(time) for time in times]
    position, velocity, acceleration = (np.array([row[i] for row in rows]) for i in range(3))
    if profile.duration <= until:
        velocity[-1], acceleration[-1] = 0.0, 0.0
    return retiming.quintic(limits.joints, times, (position, velocity, acceleration))


def _profile(limits: GroupLimits, start: State, target: Array, speed: Array) -> ruckig.Trajectory:
    """Time-optimal motion to each joint's target, or to rest where the target is NaN."""
    count = len(limits.joints)
    is_moving = np.isfinite(target)
    question = ruckig.InputParameter(count)
    question.synchronization = ruckig.Synchronization.No
    position, velocity = ruckig.ControlInterface.Position, ruckig.ControlInterface.Velocity
    question.per_dof_control_interface = [position if moving else velocity for moving in is_moving]
    question.current_position = start.position.tolist()
    question.current_velocity = start.velocity.tolist()
    question.current_acceleration = start.acceleration.tolist()
    question.target_position = np.where(is_moving, target, 0.0).tolist()
    question.target_velocity = [0.0] * count
    question.target_acceleration = [0.0] * count
    question.max_velocity = speed.tolist()
    question.max_acceleration = limits.acceleration.tolist()
    question.max_jerk = limits.jerk.tolist()
    answer = ruckig.Trajectory(count)
    ruckig.Ruckig(count).calculate(question, answer)
    return answer
