"""The gripper: when its goal has been reached, and where the set-points of stopped fingers go.

A position-controlled servo gives torque in proportion to its position error. Sent on into an object, it gives full
torque, and after a second or two its overload protection drops the object.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from armature.core.arrays import Array
from armature.core.control.goal import Code, End, Outcome
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.trajectory import State

# A finger that stands still for so long, its set-point ahead of it, is stopped by something [s].
_STANDS = 0.15
# Once its set-point has been sent back, it is checked again after the way back [s].
_ANEW = 1.0
_SLACK = 1.1  # of the lead, for rounding and for a finger that yields a little


@dataclass
class GripMonitor:
    """Watches a gripper: it reached its goal, or something stopped it.

    The rules are those of ros2_controllers' parallel_gripper_action_controller, with its parameter names. The goal
    counts, not the set-point, which comes back from it where something stops the fingers (`GripForceLimit`).
    """

    target: Array  # [m] or [rad], Shape (n,)
    goal_tolerance: Array | float  # of each joint [m] or [rad], Shape (n,); a number for all
    stall_velocity_threshold: Array | float  # of each joint [m/s] or [rad/s], Shape (n,); a number for all
    stall_timeout: float  # [s]
    allow_stalling: bool
    _moved_at: float | None = None

    def check(self, time: float, end: float, desired: State, measured: State) -> Outcome | None:
        """See `GoalMonitor`."""
        is_moving = np.abs(measured.velocity) > self.stall_velocity_threshold
        if self._moved_at is None or is_moving.any():
            self._moved_at = time
        if time < end:
            return None
        error = np.abs(self.target - measured.position)
        beyond = error - self.goal_tolerance
        if (beyond <= 0.0).all():
            return Outcome(End.SUCCEEDED, Code.SUCCESSFUL, "position reached")
        if time - self._moved_at < self.stall_timeout:
            return None
        worst = int(np.argmax(beyond))
        tolerance = f"tolerance {error[worst] - beyond[worst]:g}"
        message = f"stopped by something {error[worst]:.4f} short of the goal ({tolerance})"
        ending = End.SUCCEEDED if self.allow_stalling else End.ABORTED
        code = Code.SUCCESSFUL if self.allow_stalling else Code.GOAL_TOLERANCE_VIOLATED
        return Outcome(ending, code, message, is_stalled=True)


@dataclass
class GripForceLimit:
    """Limits the force of a gripper that stands against an object."""

    limits: GroupLimits
    max_lead: (
        Array  # of set-points ahead of the fingers [m] or [rad], Shape (n,); infinite where current is limited
    )
    standing_velocity: Array | float  # below which each finger stands [m/s] or [rad/s]
    _since: float | None = None

    def set_back(self, time: float, desired: State, measured: State) -> Array | None:
        """Check one reading.

        Args:
            time: of the reading [s].
            desired: the set-points at that time.
            measured: the reading.

        Returns:
            Where the set-points shall go [m] or [rad], Shape (n,); None where they may stay.
        """
        ahead = desired.position - measured.position
        is_standing = (np.abs(measured.velocity) <= self.standing_velocity).all()
        if not (is_standing and (np.abs(ahead) > _SLACK * self.max_lead).any()):
            self._since = None
            return None
        if self._since is None:
            self._since = time
        if time - self._since < _STANDS:
            return None
        self._since = time + _ANEW
        relieved = measured.position + np.clip(ahead, -self.max_lead, self.max_lead)
        target: Array = np.clip(relieved, self.limits.lower, self.limits.upper)
        return target
