"""Limits of a group of joints, and the checks that a whole goal passes before it starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from armature.core.arrays import Array
from armature.core.model.arm import ArmModel
from armature.core.trajectory.integration import Rates
from armature.core.trajectory.trajectory import State, Trajectory
from armature.errors import ConfigError, GoalRefused, apart, bounds

# Where the splines are sampled, within each segment: a peak between two samples is missed by at most
# (length / 64)² / 2 of its curvature.
_SAMPLES = np.linspace(0.0, 1.0, 33)
# Slack for rounding in the positions of a client [rad] or [m], and for splines that overshoot the velocity
# of a planner between its samples [share].
_POSITION_SLACK = 1e-6
_VELOCITY_SLACK = 0.01
# Planners leave such velocities at the end; no servo is so fine [rad/s] or [m/s].
_AT_REST = 1e-3


@dataclass(frozen=True, eq=False)
class GroupLimits:
    """Bounds of the joints that one controller moves; each array has Shape (n,)."""

    joints: tuple[str, ...]
    units: tuple[str, ...]  # "rad" or "m"
    lower: Array  # [rad] or [m]
    upper: Array  # [rad] or [m]
    velocity: Array  # [rad/s] or [m/s]
    acceleration: Array  # [rad/s²] or [m/s²]
    jerk: Array  # [rad/s³] or [m/s³]
    note: str = ""  # why motions must be as slow as they must, where that is not the arm's nature

    @staticmethod
    def of(
        arm: ArmModel,
        joints: Sequence[str],
        acceleration: Mapping[str, float],
        jerk: Mapping[str, float],
        note: str = "",
    ) -> GroupLimits:
        """Take positions and velocities from the URDF; accelerations and jerks, which it lacks, are given.

        Raises:
            ConfigError: an unknown joint, or an acceleration or jerk that is not above 0.
        """
        bounds = [arm.limit(joint) for joint in joints]
        for name, values in (("acceleration", acceleration), ("jerk", jerk)):
            for joint in joints:
                if not 0.0 < values[joint] < np.inf:
                    raise ConfigError(f"limits.{joint}.{name}", values[joint], "it must be finite and > 0")
        return GroupLimits(
            joints=tuple(joints),
            units=tuple(arm.joint(joint).unit for joint in joints),
            lower=np.array([bound.lower for bound in bounds]),
            upper=np.array([bound.upper for bound in bounds]),
            velocity=np.array([bound.velocity for bound in bounds]),
            acceleration=np.array([acceleration[joint] for joint in joints]),
            jerk=np.array([jerk[joint] for joint in joints]),
            note=note,
        )

    def explain(self, bound: str) -> str:
        """A bound of speed in a refusal, with the reason where there is one of its own."""
        return "; ".join(filter(None, (bound, self.note)))

    def of_joints(self, joints: Sequence[str]) -> GroupLimits:
        """The limits of some of the joints."""
        columns = [self.joints.index(joint) for joint in joints]
        arrays: dict[str, Any] = {
            name: rows[columns] for name, rows in vars(self).items() if isinstance(rows, np.ndarray)
        }
        units = tuple(self.units[column] for column in columns)
        return replace(self, joints=tuple(joints), units=units, **arrays)

    def times(self, share: float) -> GroupLimits:
        """The same with a share of the acceleration and the jerk."""
        return replace(self, acceleration=self.acceleration * share, jerk=self.jerk * share)

    def slow(self, rate: float) -> GroupLimits:
        """Those within which a motion can be followed at a rate above 1, as far as it is one."""
        rate = max(rate, 1.0)
        return replace(
            self,
            velocity=self.velocity / rate,
            acceleration=self.acceleration / rate**2,
            jerk=self.jerk / rate**3,
        )


def check_joints(names: Sequence[str], expected: Sequence[str], *, is_partial: bool = False) -> None:
    """Refuse names that are not exactly the group's, in any order.

    Args:
        names: that a goal gives.
        expected: of the group.
        is_partial: some of them are enough (allow_partial_joints_goal).

    Raises:
        GoalRefused: an unknown, missing or repeated joint.
    """
    allowed = f"name {'some' if is_partial else 'each'} of {', '.join(expected)} once"
    if not expected:
        raise GoalRefused("joint_names", list(names), "this controller has no joints")
    for name in names:
        if name not in expected:
            raise GoalRefused("joint_names", name, f"it is not a joint of this controller; {allowed}")
        if list(names).count(name) > 1:
            raise GoalRefused("joint_names", name, f"it stands more than once; {allowed}")
    for name in expected:
        if name not in names and not (is_partial and names):
            raise GoalRefused("joint_names", list(names), f"{name} is missing; {allowed}")


def check_start(trajectory: Trajectory, setpoint: State, limits: GroupLimits, tolerance: Array) -> None:
    """Refuse a goal that has begun at time 0, but not where the set-point is; a later first point is moved to.

    Args:
        trajectory: the goal, columns in the group's order.
        setpoint: what is commanded now.
        limits: for names and units.
        tolerance: by joint [rad] or [m], Shape (n,).

    Raises:
        GoalRefused: with the joint, where it would start, where it is and what would work.
    """
    if trajectory.times[0] > 0.0:
        return
    first = trajectory.sample(0.0).position
    off = np.abs(first - setpoint.position) - tolerance
    worst = int(np.argmax(off))
    if off[worst] > 0.0:
        unit, told = limits.units[worst], apart(setpoint.position[worst], first[worst])
        raise GoalRefused(
            f"start of {limits.joints[worst]}",
            float(first[worst]),
            f"the set-point is at {told} {unit} and may differ by {tolerance[worst]:g} "
            f"{unit}; start there, or give the first point a time_from_start > 0 to move to it",
        )


def shift_to_now(
    trajectory: Trajectory | Rates, stamp: float, now: float, begin: float | None = None
) -> Trajectory | Rates:
    """Shift a trajectory whose time 0 is a stamp, so that its time 0 is its begin.

    Args:
        trajectory: its points that lie in the past are left out when it begins.
        stamp: [s].
        now: [s].
        begin: [s], now or later; None for now.

    Raises:
        GoalRefused: it is over already.
    """
    late = now - stamp
    if late >= trajectory.duration:
        allowed = f"its last point was {late - trajectory.duration:.3f} s ago; use a stamp of 0 to start at once"
        raise GoalRefused("header.stamp", round(stamp, 3), allowed)
    return trajectory.shift(stamp - (now if begin is None else begin))


def settle_end(trajectory: Trajectory | Rates) -> Trajectory | Rates:
    """The trajectory at rest at its end, where what velocity is left there is a planner's rounding."""
    if trajectory.velocities is None:
        return trajectory
    velocities = np.array(trajectory.velocities)
    rests = np.abs(velocities[-1]) <= _AT_REST
    if not (rests & (velocities[-1] != 0.0)).any():
        return trajectory
    velocities[-1, rests] = 0.0
    return replace(trajectory, velocities=velocities)


def check_end(trajectory: Trajectory | Rates) -> None:
    """Refuse a trajectory that does not end at rest.

    Raises:
        GoalRefused: the last point has a velocity.
    """
    if trajectory.velocities is None:
        return
    for joint, velocity in zip(trajectory.joints, trajectory.velocities[-1], strict=True):
        if not abs(velocity) <= _AT_REST:
            allowed = f"a trajectory ends at rest: give 0; up to {_AT_REST:g} counts as that"
            raise GoalRefused(f"velocity of {joint} at the last point", float(velocity), allowed)


def check_points(goal: Trajectory | Rates, position: Array, limits: GroupLimits) -> None:
    """Refuse points beyond the limits, before anything is planned with them.

    Args:
        goal: columns in the group's order; what lies behind its time 0 does not count.
        position: of the joints now [rad] or [m], Shape (n,); a joint outside its limits may move back in.
        limits: of the goal's joints.

    Raises:
        GoalRefused: with joint, time, value, bound and what would work.
    """
    ahead = goal.times > 0.0
    ahead[-1] = True  # of a goal without a duration its only point
    if isinstance(goal, Trajectory):
        lower, upper = _bounds(position, limits)
        _check_positions(goal.times[ahead], goal.positions[ahead], lower, upper, limits)
    if goal.velocities is not None:
        _check_velocities(goal.times[ahead], goal.velocities[ahead], limits)


def check_motion(trajectory: Trajectory, limits: GroupLimits) -> None:
    """Refuse a motion that leaves the limits anywhere along its splines.

    A joint that starts outside its limits may move back in, not further out.

    Args:
        trajectory: begun at the present set-point, columns in the group's order.
        limits: of the group.

    Raises:
        GoalRefused: with joint, time, value, bound and what would work.
    """
    lower, upper = _bounds(trajectory.sample(float(trajectory.knots[0])).position, limits)
    times = _sample_times(trajectory, lower, upper, limits.velocity * (1.0 + _VELOCITY_SLACK))
    if not len(times):
        return
    position, velocity, _ = trajectory.sample_many(times)
    _check_positions(times, position, lower, upper, limits)
    _check_velocities(times, velocity, limits)


def _bounds(first: Array, limits: GroupLimits) -> tuple[Array, Array]:
    """What positions may be, begun at a first one."""
    lower, upper = np.minimum(limits.lower, first), np.maximum(limits.upper, first)
    return lower - _POSITION_SLACK, upper + _POSITION_SLACK


def _sample_times(trajectory: Trajectory, lower: Array, upper: Array, fastest: Array) -> Array:
    """Times of samples [s]: in those segments that are not within the bounds beyond doubt."""
    knots = trajectory.knots
    if len(knots) == 1:
        return knots
    position, velocity = trajectory.hull()
    is_within = ((position >= lower) & (position <= upper)).all(axis=(1, 2))
    is_within &= (np.abs(velocity) <= fastest).all(axis=(1, 2))
    doubtful = np.flatnonzero(~is_within)
    # Up to the very end of a segment, yet not into the next: there a velocity may step.
    samples = np.minimum(_SAMPLES, np.nextafter(1.0, 0.0))
    inside: Array = knots[doubtful, None] + np.diff(knots)[doubtful, None] * samples
    return inside.ravel()


def _check_positions(times: Array, position: Array, lower: Array, upper: Array, limits: GroupLimits) -> None:
    outside = np.argwhere(~((position >= lower) & (position <= upper)))  # so that NaN is outside
    if len(outside):
        row, column = outside[0]
        unit = limits.units[column]
        raise GoalRefused(
            f"position of {limits.joints[column]} at {times[row]:.3f} s",
            float(position[row, column]),
            f"its limits are {bounds(limits.lower[column], limits.upper[column], position[row, column])} {unit}",
        )


def _check_velocities(times: Array, velocity: Array, limits: GroupLimits) -> None:
    share = np.abs(velocity) / limits.velocity
    if not (share <= 1.0 + _VELOCITY_SLACK).all():
        row, column = np.unravel_index(np.argmax(share), share.shape)
        unit = limits.units[column]
        raise GoalRefused(
            f"velocity of {limits.joints[column]} at {times[row]:.3f} s",
            float(velocity[row, column]),
            limits.explain(
                f"its limit is {apart(limits.velocity[column], abs(velocity[row, column]))} {unit}/s; "
                f"take at least {share[row, column]:.2f} times as long there"
            ),
        )
