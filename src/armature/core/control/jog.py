"""Jerk-limited moves made on the spot: press-and-hold, and moves to a position."""

from __future__ import annotations

import math

import numpy as np
import ruckig

from armature.core.trajectory import retiming, ruckig_motion
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.spline import Array
from armature.core.trajectory.trajectory import State, Trajectory
from armature.errors import GoalRefused

# Slower than this share of a joint's limit is no motion; ruckig fails where a move takes hours.
_SLOWEST = 1e-3
# A jog that ends within what its joint does at full speed in this time has come to the position limit [s].
_CLOSE = 1e-3
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
    pressed = ruckig_motion.exact(limits.joints, _profile(limits, start, target, speed), lease)
    end = State(*(rows[-1] for rows in pressed.points))
    return retiming.joined(pressed, ruckig_motion.halt(limits, end))


def clamped(velocities: Array, limits: GroupLimits) -> tuple[Array, str]:
    """Velocities within the limits, and what was clamped, in words (empty where nothing was)."""
    kept = np.clip(velocities, -limits.velocity, limits.velocity)
    said = [
        f"{limits.joints[i]}: {velocities[i]:.3f} clamped to {kept[i]:.3f} {limits.units[i]}/s"
        for i in np.flatnonzero(kept != velocities)
    ]
    return kept, ", ".join(said)


def held_back(limits: GroupLimits, velocities: Array, margin: Array, end: Array) -> str:
    """Which joints a jog does not move as it was asked to, in words (empty where there are none).

    Args:
        limits: of the group.
        velocities: asked for [rad/s] or [m/s], Shape (n,).
        margin: kept from the position limits [rad] or [m], Shape (n,).
        end: where the jog with its stop ends [rad] or [m], Shape (n,).
    """
    room = np.where(velocities > 0.0, limits.upper - margin - end, end - limits.lower - margin)
    is_slow = np.abs(velocities) <= _SLOWEST * limits.velocity
    said = [
        f"{limits.joints[i]}: {velocities[i]:.3g} {limits.units[i]}/s is too slow to move"
        if is_slow[i]
        else f"{limits.joints[i]} comes to its limit"
        for i in np.flatnonzero((velocities != 0.0) & (is_slow | (room < _CLOSE * limits.velocity)))
    ]
    return ", ".join(said)


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
    return ruckig_motion.exact(limits.joints, _profile(limits, start, target, np.minimum(speed, limits.velocity)))


def _toward_limits(limits: GroupLimits, start: State, velocities: Array, margin: Array) -> tuple[Array, Array]:
    """The position each pressed joint makes for, NaN where it shall stop; and its speed."""
    forward = velocities > 0.0
    target = np.where(forward, limits.upper - margin, limits.lower + margin)
    target = np.where(np.isfinite(target), target, start.position + velocities * _FREE_WAY)
    is_asked = np.abs(velocities) > _SLOWEST * limits.velocity
    is_free = is_asked & ((target > start.position) == forward)
    return np.where(is_free, target, math.nan), np.where(is_free, np.abs(velocities), limits.velocity)


def _profile(limits: GroupLimits, start: State, target: Array, speed: Array) -> ruckig.Trajectory:
    """Time-optimal motion to each joint's target, or to rest where the target is NaN."""
    is_moving = np.isfinite(target)
    asked = ruckig_motion.question(limits, start, speed)
    asked.synchronization = ruckig.Synchronization.No
    position, velocity = ruckig.ControlInterface.Position, ruckig.ControlInterface.Velocity
    asked.per_dof_control_interface = [position if moving else velocity for moving in is_moving]
    asked.target_position = np.where(is_moving, target, 0.0).tolist()
    asked.target_velocity = asked.target_acceleration = [0.0] * len(limits.joints)
    found = ruckig_motion.answer(asked)
    if found is None:
        raise GoalRefused("motion to", target.tolist(), "there is none from here; stop, then try again")
    return found
