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
    pressed = _planned(limits, start, *_toward_limits(limits, start, velocities, margin))
    held = retiming.cut(pressed, 0.0, min(lease, pressed.duration))
    stop = _planned(limits, pressed.sample(lease))
    return retiming.joined(held, stop)


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
        GoalRefused: a target outside the limits.
    """
    for index, joint in enumerate(limits.joints):
        lower, upper = limits.lower[index], limits.upper[index]
        if not lower - 1e-6 <= target[index] <= upper + 1e-6:
            unit = limits.units[index]
            raise GoalRefused(
                f"position of {joint}", float(target[index]), f"its limits are {lower:g} to {upper:g} {unit}"
            )
    return _planned(limits, start, target, np.minimum(speed, limits.velocity))


def _toward_limits(limits: GroupLimits, start: State, velocities: Array, margin: Array) -> tuple[Array, Array]:
    """The position each pressed joint makes for, NaN where it shall stop; and its speed."""
    forward = velocities > 0.0
    target = np.where(forward, limits.upper - margin, limits.lower + margin)
    # A joint without position limits makes for a place far ahead.
    target = np.where(np.isfinite(target), target, start.position + np.sign(velocities) * 1e3)
    is_free = (velocities != 0.0) & ((target > start.position) == forward)
    return np.where(is_free, target, math.nan), np.abs(velocities)


def _planned(
    limits: GroupLimits, start: State, target: Array | None = None, speed: Array | None = None
) -> Trajectory:
    count = len(limits.joints)
    target = np.full(count, math.nan) if target is None else target
    is_moving = np.isfinite(target)
    bound = limits.velocity if speed is None else np.where(is_moving, speed, limits.velocity)
    profile = _profile(limits, start, np.where(is_moving, target, 0.0), is_moving, np.maximum(bound, 1e-6))
    steps = max(math.ceil(profile.duration / _SPACING), 1)
    times = np.linspace(0.0, max(profile.duration, 1e-3), steps + 1)
    rows = [profile.at_time(time) for time in times]
    position, velocity, acceleration = (np.array([row[i] for row in rows]) for i in range(3))
    velocity[-1], acceleration[-1] = 0.0, 0.0
    return retiming.quintic(limits.joints, times, (position, velocity, acceleration))


def _profile(
    limits: GroupLimits, start: State, target: Array, is_moving: Array, speed: Array
) -> ruckig.Trajectory:
    count = len(limits.joints)
    question = ruckig.InputParameter(count)
    question.synchronization = ruckig.Synchronization.No
    question.per_dof_control_interface = [
        ruckig.ControlInterface.Position if moving else ruckig.ControlInterface.Velocity for moving in is_moving
    ]
    question.current_position = start.position.tolist()
    question.current_velocity = start.velocity.tolist()
    question.current_acceleration = start.acceleration.tolist()
    question.target_position = target.tolist()
    question.target_velocity = [0.0] * count
    question.target_acceleration = [0.0] * count
    question.max_velocity = speed.tolist()
    question.max_acceleration = limits.acceleration.tolist()
    question.max_jerk = limits.jerk.tolist()
    answer = ruckig.Trajectory(count)
    ruckig.Ruckig(count).calculate(question, answer)
    return answer
