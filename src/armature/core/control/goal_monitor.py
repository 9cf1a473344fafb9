"""When a goal has been reached, or failed: judged at each reading of the joints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from armature.core.control.blocked import described
from armature.core.control.outcome import Code, End, Outcome
from armature.core.control.tolerance import Progress, Tolerances, astray, difference, progress
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.spline import Array
from armature.core.trajectory.trajectory import State

_CODES = {
    Progress.PATH_VIOLATED: Code.PATH_TOLERANCE_VIOLATED,
    Progress.GOAL_VIOLATED: Code.GOAL_TOLERANCE_VIOLATED,
}


class Judge(Protocol):
    """Says whether a goal has ended."""

    def judge(self, time: float, end: float, desired: State, measured: State) -> Outcome | None:
        """Judge one reading.

        Args:
            time: of the reading [s].
            end: when the commanded motion ends [s].
            desired: the set-point at that time.
            measured: the reading.

        Returns:
            The end of the goal, or None while it goes on.
        """


@dataclass(frozen=True)
class TrajectoryJudge:
    """Judges by path, goal and time tolerances."""

    tolerances: Tolerances
    limits: GroupLimits

    def judge(self, time: float, end: float, desired: State, measured: State) -> Outcome | None:
        """See `Judge`."""
        error = difference(desired, measured)
        stage, reason = progress(time, end, error, self.tolerances, self.limits)
        if stage is Progress.RUNNING:
            return None
        if stage is Progress.REACHED:
            return Outcome(End.SUCCEEDED, Code.SUCCESSFUL, "goal reached")
        bounds = self.tolerances.path if stage is Progress.PATH_VIOLATED else self.tolerances.goal
        joints = astray(error, bounds, self.limits)
        if joints:
            column = self.limits.joints.index(joints[0])
            place, sent = float(measured.position[column]), float(desired.position[column])
            reason = f"{described(joints[0], place, sent, self.limits.units[column])}: {reason}"
        return Outcome(End.ABORTED, _CODES[stage], reason, astray=joints)


@dataclass
class GripJudge:
    """Judges a gripper: it reached its goal, or something stopped it.

    The rules are those of ros2_controllers' parallel_gripper_action_controller, with its parameter names. The goal
    counts, not the set-point, which comes back from it where something stops the fingers (`grip_relief.py`).
    """

    target: Array  # [m] or [rad], Shape (n,)
    goal_tolerance: float  # [m] or [rad]
    stall_velocity_threshold: float  # [m/s] or [rad/s]
    stall_timeout: float  # [s]
    allow_stalling: bool
    _moved_at: float | None = None

    def judge(self, time: float, end: float, desired: State, measured: State) -> Outcome | None:
        """See `Judge`."""
        is_moving = float(np.abs(measured.velocity).max()) > self.stall_velocity_threshold
        if self._moved_at is None or is_moving:
            self._moved_at = time
        if time < end:
            return None
        error = float(np.abs(self.target - measured.position).max())
        if error <= self.goal_tolerance:
            return Outcome(End.SUCCEEDED, Code.SUCCESSFUL, "position reached")
        if time - self._moved_at < self.stall_timeout:
            return None
        message = f"stopped by something {error:.4f} short of the goal (tolerance {self.goal_tolerance:g})"
        ending = End.SUCCEEDED if self.allow_stalling else End.ABORTED
        code = Code.SUCCESSFUL if self.allow_stalling else Code.GOAL_TOLERANCE_VIOLATED
        return Outcome(ending, code, message, is_stalled=True)
