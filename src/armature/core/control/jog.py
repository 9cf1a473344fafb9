"""Jerk-limited motions from any state: press-and-hold jogs, and moves to a position."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import ruckig

from armature.core.arrays import Array
from armature.core.trajectory import retiming, ruckig_motion
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.trajectory import State, Trajectory
from armature.errors import GoalRefused, bounds, listed

# Slower than this share of a joint's limit is no motion; ruckig fails where a move takes hours.
_SLOWEST = 1e-3
# A jog that ends within what its joint does at full speed in this time has come to the position limit [s].
_CLOSE = 1e-3
# How far ahead of it a joint without position limits makes for [s].
_FREE_WAY = 60.0


def jog(limits: GroupLimits, start: State, velocities: Array, *, lease: float, margin: Array) -> Trajectory:
    """Move at requested velocities for the lease, then stop; if renewed before the lease ends, go on.

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
    return retiming.join(pressed, ruckig_motion.halt(limits, end))


@dataclass(frozen=True, eq=False)
class JointJog:
    """What a joint jog asks for, within the limits; arrays of Shape (n,)."""

    limits: GroupLimits
    margin: Array  # kept from the position limits [rad] or [m]
    velocities: Array  # [rad/s] or [m/s]
    has_motion: bool  # whether any velocity is not 0
    clamped: str  # what was asked for beyond the limits, in words; empty where nothing was

    @staticmethod
    def of(velocities: Mapping[str, float], limits: GroupLimits, margin: Array, share: float) -> JointJog:
        """The jog that a client asks for.

        Args:
            velocities: by joint [rad/s] or [m/s]; joints that are left out stop.
            limits: of the group.
            margin: kept from the position limits [rad] or [m], Shape (n,).
            share: of the velocities, that is to be taken.

        Raises:
            GoalRefused: an unknown joint, or a number that is not finite.
        """
        for joint, velocity in velocities.items():
            if joint not in limits.joints:
                raise GoalRefused("joint_names", joint, listed("joints here", limits.joints))
            if not math.isfinite(velocity):
                raise GoalRefused(f"velocity of {joint}", velocity, "a finite number is needed")
        asked = np.array([velocities.get(joint, 0.0) for joint in limits.joints])
        within = np.clip(asked, -limits.velocity, limits.velocity)
        clamped = [
            f"{limits.joints[i]}: {asked[i]:.3f} clamped to {within[i]:.3f} {limits.units[i]}/s"
            for i in np.flatnonzero(within != asked)
        ]
        told = limits.explain(", ".join(clamped)) if clamped else ""
        return JointJog(limits, margin, within * share, bool(asked.any()), told)

    def build(self, state: State, lease: float, share: float) -> Trajectory:
        """The motion from a state for a lease [s], at a share of the velocities; see `jog`."""
        return jog(self.limits, state, self.velocities * share, lease=lease, margin=self.margin)

    def describe_end(self, motion: Trajectory) -> str:
        """Which joints it does not move as it was asked to, in words; empty where there are none."""
        limits, velocities, end = self.limits, self.velocities, motion.positions[-1]
        room = np.where(velocities > 0.0, limits.upper - self.margin - end, end - limits.lower - self.margin)
        is_slow = np.abs(velocities) <= _SLOWEST * limits.velocity
        held_back = np.flatnonzero((velocities != 0.0) & (is_slow | (room < _CLOSE * limits.velocity)))
        return ", ".join(
            f"{limits.joints[i]}: {velocities[i]:.3g} {limits.units[i]}/s is too slow to move"
            if is_slow[i]
            else f"{limits.joints[i]} comes to its limit"
            for i in held_back
        )


def limit_lease(asked: float, usual: float) -> float:
    """How long a jog counts [s]: as asked for, at most the usual time; 0 asks for that.

    Raises:
        GoalRefused: a negative or infinite lease.
    """
    if not 0.0 <= asked < math.inf:
        raise GoalRefused("duration", asked, f"give 0 to {usual:g} s")
    return min(asked, usual) if asked > 0.0 else usual


def move(limits: GroupLimits, start: State, target: Array, speed: Array) -> Trajectory:
    """Move to a position and rest there, jerk-limited.

    Args:
        limits: of the group.
        start: what is commanded now.
        target: [rad] or [m], Shape (n,).
        speed: bound of the velocity [rad/s] or [m/s], Shape (n,).

    Raises:
        GoalRefused: a target outside the limits, or a speed too low to end.
    """
    check_target(limits, target, speed)
    return ruckig_motion.exact(limits.joints, _profile(limits, start, target, np.minimum(speed, limits.velocity)))


def check_target(limits: GroupLimits, target: Array, speed: Array) -> None:
    """Refuse what `move` refuses; arguments and errors as there."""
    for index, joint in enumerate(limits.joints):
        lower, upper, unit = limits.lower[index], limits.upper[index], limits.units[index]
        if not lower - 1e-6 <= target[index] <= upper + 1e-6:
            position = float(target[index])
            allowed = f"its limits are {bounds(lower, upper, position, 'g')} {unit}"
            raise GoalRefused(f"position of {joint}", position, allowed)
        slowest = _SLOWEST * limits.velocity[index]
        if not speed[index] >= slowest:
            raise GoalRefused(f"velocity of {joint}", float(speed[index]), f"give at least {slowest:g} {unit}/s")


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
