"""A client's goal as a group would follow it: checked against limits and what is in the way, and planned."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from armature.core.arrays import Array
from armature.core.control.blocked import check_motion_unblocked
from armature.core.control.group_state import GroupState
from armature.core.control.joining.join import find_end
from armature.core.control.joining.streams import find_place
from armature.core.trajectory import limits
from armature.core.trajectory.acceleration_limits import check_accelerations
from armature.core.trajectory.integration import Rates
from armature.core.trajectory.trajectory import State, Trajectory

# A stamp so little before now is meant to be now [s].
_RECENT = 0.1
# Points of a stream follow each other in this time at most, and tell its acceleration from this one on [s].
_GOES_ON, _TELLING = 0.25, 0.02


@dataclass(frozen=True, eq=False)
class PlannedGoal:
    """A goal as it would be followed."""

    now: float  # when it was planned [s]
    begin: float  # of the goal's time 0 [s]
    motion: Trajectory  # within limits, its time 0 being the goal's
    times: Array  # of the goal's points [s]
    reached_at: float  # in the goal's own time [s]: before the stop behind it where it ends in motion
    goal: Trajectory | Rates  # its time 0 being `begin`


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
    if not settings.allow_nonzero_velocity_at_trajectory_end:
        limits.check_end(goal)
    begin = tracker.switch_time(now) + delay
    if stamp is None and tracker.is_moving(now):
        state = tracker.beginning(now, begin)
        goal = goal.shift(-find_place(goal, state.of(_columns(group, goal)), own))
        _check_start(group, goal, state)
    elif stamp is None:
        _check_start(group, goal, tracker.setpoint(now))
    else:
        begin = max(begin, stamp)
        goal = limits.shift_to_now(goal, stamp, now, begin)
        if stamp > now or (stamp > now - _RECENT and not tracker.is_moving(now)):
            _check_start(group, goal, tracker.beginning(now, begin))
    goal = _go_on(goal, group.last_goal, begin, own.jerk)
    limits.check_points(goal, tracker.setpoint(now).position[_columns(group, goal)], own)
    motion = tracker.plan(goal, now, begin)
    if not settings.allow_nonzero_velocity_at_trajectory_end and isinstance(goal, Rates):
        limits.check_end(_last_of(goal, motion))
    limits.check_motion(motion, group.limits)
    check_motion_unblocked(motion, group.arm.blocks)
    # Straight lines keep to the limits by themselves; one that gives velocities has accelerations of its own.
    is_smooth = isinstance(goal, Rates) or goal.velocities is not None
    if settings.checks_acceleration and is_smooth:
        check_accelerations(motion, own)
    return PlannedGoal(now, begin, motion, goal.times, find_end(goal, motion), goal)


def _go_on(
    goal: Trajectory | Rates, last: tuple[float, Trajectory | Rates] | None, begin: float, jerk: Array
) -> Trajectory | Rates:
    """A lone point of a stream, with the acceleration that follows from the one before it.

    Args:
        goal: from its begin on.
        last: the begin of the goal before it [s], and that.
        begin: [s].
        jerk: bound of its joints [rad/s³] or [m/s³].
    """
    if last is None or not isinstance(goal, Trajectory) or len(goal.times) > 1 or goal.accelerations is not None:
        return goal
    since = begin + goal.duration - last[0] - last[1].duration
    if goal.velocities is None or last[1].velocities is None or not 0.0 < since <= _GOES_ON:
        return goal
    if goal.joints != last[1].joints:
        return goal
    before = last[1].velocities[-1:]
    mean = (goal.velocities - before) / max(since, _TELLING)
    if not isinstance(last[1], Trajectory) or since < _TELLING:
        return replace(goal, accelerations=mean)
    # Of the cubic between both points, where that is smooth, as it is not if they came unevenly.
    way = goal.positions - last[1].positions[-1:]
    rise = ((2.0 * before + 4.0 * goal.velocities) * since - 6.0 * way) / since**2
    is_smooth = np.abs(rise - mean) <= jerk * since / 2.0
    return replace(goal, accelerations=np.where(is_smooth, rise, mean))


def _check_start(group: GroupState, goal: Trajectory | Rates, state: State) -> None:
    if isinstance(goal, Trajectory):
        columns = _columns(group, goal)
        tolerance = group.settings.start_tolerance[columns]
        limits.check_start(goal, state.of(columns), group.limits.of_joints(goal.joints), tolerance)


def _last_of(goal: Rates, motion: Trajectory) -> Rates:
    """The last point of accelerations alone has a velocity that follows from them."""
    columns = [motion.joints.index(joint) for joint in goal.joints]
    return Rates(goal.joints, goal.times[-1:], motion.sample(goal.duration).velocity[columns][None])


def _columns(group: GroupState, goal: Trajectory | Rates) -> list[int]:
    return [group.limits.joints.index(joint) for joint in goal.joints]
