"""A client's goal as a group would follow it: checked against limits and what is in the way, and planned."""

from __future__ import annotations

from dataclasses import dataclass

from armature.core.arrays import Array
from armature.core.control.blocked import check_motion_unblocked
from armature.core.control.group_state import GroupState
from armature.core.trajectory import limits
from armature.core.trajectory.acceleration_limits import check_accelerations
from armature.core.trajectory.integration import Rates
from armature.core.trajectory.trajectory import State, Trajectory


@dataclass(frozen=True, eq=False)
class PlannedGoal:
    """A goal as it would be followed."""

    now: float  # when it was planned [s]
    begin: float  # of the goal's time 0 [s]
    motion: Trajectory  # within limits, its time 0 being the goal's
    times: Array  # of the goal's points [s]


def plan_goal(
    group: GroupState, goal: Trajectory | Rates, stamp: float | None, now: float, delay: float = 0.0
) -> PlannedGoal:
    """The goal as it would be followed now.

    Args:
        group: that shall follow it.
        goal: as the client gave it, joints in any order.
        stamp: when its time 0 is [s], None for now.
        now: [s].
        delay: by which it begins later than it could [s].

    Raises:
        GoalRefused: the goal cannot be followed from here.
        CommandRefused: the arm takes no commands now.
    """
    tracker, joints, settings = group.require_ready("trajectory", now), group.limits.joints, group.settings
    limits.check_joints(goal.joints, joints, is_partial=settings.allow_partial_joints_goal)
    goal = goal.reorder([joint for joint in joints if joint in goal.joints])
    own = group.limits.of_joints(goal.joints)
    goal = limits.settle_end(goal)
    limits.check_end(goal)
    begin = tracker.switch_time(now) + delay
    if stamp is not None:
        begin = max(begin, stamp)
        goal = limits.shift_to_now(goal, stamp, begin)
    if stamp is None:
        _check_start(group, goal, tracker.setpoint(now))
    elif stamp > now:
        _check_start(group, goal, tracker.beginning(now, begin))
    limits.check_points(goal, tracker.setpoint(now).position[_columns(group, goal)], own)
    motion = tracker.plan(goal, now, begin)
    limits.check_motion(motion, group.limits)
    check_motion_unblocked(motion, group.arm.blocks)
    # Straight lines have corners, which are rounded; one that gives velocities has accelerations of its own.
    is_smooth = isinstance(goal, Rates) or goal.velocities is not None
    if settings.checks_acceleration and is_smooth:
        check_accelerations(motion, own)
    return PlannedGoal(now, begin, motion, goal.times)


def _check_start(group: GroupState, goal: Trajectory | Rates, state: State) -> None:
    if isinstance(goal, Trajectory):
        columns = _columns(group, goal)
        tolerance = group.settings.start_tolerance[columns]
        limits.check_start(goal, state.of(columns), group.limits.of_joints(goal.joints), tolerance)


def _columns(group: GroupState, goal: Trajectory | Rates) -> list[int]:
    return [group.limits.joints.index(joint) for joint in goal.joints]
