"""Path, goal and time tolerances by the rules of joint_trajectory_controller, and the monitor of a goal."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from armature.core.control.blocked import describe_block
from armature.core.control.goal import Code, End, Outcome
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.trajectory import State
from armature.errors import GoalRefused, apart, listed

_QUANTITIES = (("position", ""), ("velocity", "/s"), ("acceleration", "/s²"))


@dataclass(frozen=True)
class Tolerance:
    """Bounds of one joint's error; 0 means unbounded."""

    position: float = 0.0  # [rad] or [m]
    velocity: float = 0.0  # [rad/s] or [m/s]
    acceleration: float = 0.0  # [rad/s²] or [m/s²]


@dataclass(frozen=True)
class Tolerances:
    """Bounds of a group's error; tuples in the order of the joints."""

    path: tuple[Tolerance, ...]
    goal: tuple[Tolerance, ...]
    goal_time: float  # extra time at the end [s]; 0 means unbounded
    cmd_timeout: float = 0.0  # after the end, where it is above goal_time [s]; 0 means none


def override_bound(default: float, requested: float, where: str) -> float:
    """Override a default bound: above 0 replaces it, 0 keeps it, -1 lifts it.

    The source of the rule is control_msgs/JointTolerance.

    Raises:
        GoalRefused: any other number.
    """
    if requested == 0.0:
        return default
    if requested == -1.0:
        return 0.0
    if 0.0 < requested < np.inf:
        return requested
    raise GoalRefused(where, requested, "give a bound > 0, 0 for the default or -1 for no bound")


def override_tolerances(
    defaults: tuple[Tolerance, ...],
    joints: tuple[str, ...],
    asked: Mapping[str, Tolerance],
    where: str,
) -> tuple[Tolerance, ...]:
    """Override the defaults by a goal's tolerances.

    Args:
        defaults: in the order of the joints.
        joints: of the group.
        asked: by joint, as the goal writes them (0 and -1 as in `override_bound`).
        where: "path_tolerance" or "goal_tolerance", for errors.

    Raises:
        GoalRefused: an unknown joint or a number that is not allowed.
    """
    for joint in asked:
        if joint not in joints:
            raise GoalRefused(where, joint, listed("joints", joints))
    return tuple(
        _override(default, asked[joint], f"{where} of {joint}") if joint in asked else default
        for joint, default in zip(joints, defaults, strict=True)
    )


def _override(default: Tolerance, asked: Tolerance, where: str) -> Tolerance:
    return replace(
        default,
        **{
            name: override_bound(getattr(default, name), getattr(asked, name), f"{where}: {name}")
            for name, _ in _QUANTITIES
        },
    )


class Progress(enum.Enum):
    """The progress of a goal."""

    RUNNING = "running"
    REACHED = "reached"
    PATH_VIOLATED = "path tolerance violated"
    GOAL_VIOLATED = "goal tolerance violated"


_CODES = {
    Progress.PATH_VIOLATED: Code.PATH_TOLERANCE_VIOLATED,
    Progress.GOAL_VIOLATED: Code.GOAL_TOLERANCE_VIOLATED,
}


@dataclass(frozen=True)
class TrajectoryMonitor:
    """Watches a trajectory by path, goal and time tolerances."""

    tolerances: Tolerances
    limits: GroupLimits

    def check(self, time: float, end: float, desired: State, measured: State) -> Outcome | None:
        """See `GoalMonitor`."""
        error = error_of(desired, measured)
        stage, reason = find_progress(time, end, error, self.tolerances, self.limits)
        if stage is Progress.RUNNING:
            return None
        if stage is Progress.REACHED:
            return Outcome(End.SUCCEEDED, Code.SUCCESSFUL, "goal reached")
        bounds = self.tolerances.path if stage is Progress.PATH_VIOLATED else self.tolerances.goal
        joints = beyond_tolerance(error, bounds, self.limits)
        if joints:
            column = self.limits.joints.index(joints[0])
            place, sent = float(measured.position[column]), float(desired.position[column])
            reason = f"{describe_block(joints[0], place, sent, self.limits.units[column])}: {reason}"
        return Outcome(End.ABORTED, _CODES[stage], reason, not_following=joints)


def error_of(desired: State, actual: State) -> State:
    """Desired less actual."""
    return State(
        desired.position - actual.position,
        desired.velocity - actual.velocity,
        desired.acceleration - actual.acceleration,
    )


def beyond_tolerance(error: State, tolerances: tuple[Tolerance, ...], limits: GroupLimits) -> tuple[str, ...]:
    """Joints whose position is beyond its bound."""
    bounds = np.array([tolerance.position for tolerance in tolerances])
    return tuple(limits.joints[i] for i in np.flatnonzero((bounds > 0.0) & (np.abs(error.position) > bounds)))


def describe_violation(error: State, tolerances: tuple[Tolerance, ...], limits: GroupLimits) -> str | None:
    """The first bound that an error breaks, in words, or None.

    What is not measured (NaN) breaks no bound.
    """
    for index, (joint, unit) in enumerate(zip(limits.joints, limits.units, strict=True)):
        for name, per in _QUANTITIES:
            value = abs(float(getattr(error, name)[index]))
            bound = getattr(tolerances[index], name)
            if bound > 0.0 and value > bound:
                error_text = f"{apart(value, bound)} {unit}{per}"
                return f"{joint}: {name} error {error_text} exceeds the tolerance of {bound:g} {unit}{per}"
    return None


def find_progress(
    time: float, end: float, error: State, tolerances: Tolerances, limits: GroupLimits
) -> tuple[Progress, str]:
    """Check one reading.

    Before the end the path tolerance holds; after it the goal tolerance, for which the goal time is left.

    Args:
        time: of the reading [s].
        end: when the motion ends [s].
        error: desired less measured at that time.
        tolerances: of the goal.
        limits: for names and units.

    Returns:
        Its progress, and what was violated, in words.
    """
    if time < end:
        broken = describe_violation(error, tolerances.path, limits)
        return (Progress.PATH_VIOLATED, f"{broken} on the path") if broken else (Progress.RUNNING, "")
    broken = describe_violation(error, tolerances.goal, limits)
    if broken is None:
        return Progress.REACHED, ""
    for name, bound in _time_limits(tolerances):
        if time > end + bound:
            late = f"{time - end:.2f} s after the end of the trajectory ({name} {bound:g} s)"
            return Progress.GOAL_VIOLATED, f"{broken} {late}"
    return Progress.RUNNING, broken


def _time_limits(tolerances: Tolerances) -> list[tuple[str, float]]:
    """How long after the end a goal is waited for: by its goal time, else by the timeout of commands."""
    bounds = (("goal time tolerance", tolerances.goal_time), ("cmd_timeout", tolerances.cmd_timeout))
    return [(name, bound) for name, bound in bounds if bound > 0.0 and bound >= tolerances.goal_time]
