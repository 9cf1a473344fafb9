"""Goals of actions, made from plain numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from control_msgs.action import FollowJointTrajectory, ParallelGripperCommand
from geometry_msgs.msg import Quaternion, Transform, Vector3
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint, MultiDOFJointTrajectoryPoint

from armature.core.kinematics.kinematics import from_rpy
from armature.errors import GoalRefused, listed
from armature.nodes.common.conversions import to_duration

ALONG_BASE, ALONG_TOOL = "tool/base", "tool"
"""Frames of offsets from where a move begins: along the axes of the arm's root, or of its tool."""
FRAMES = {"base": ALONG_BASE, "tool": ALONG_TOOL}
_LONGEST = 2.0**31  # of a duration message [s]
_PLACE = "give x, y, z, or x, y, z, roll, pitch, yaw"
_ONE_EACH = "give a list, one for each row"
_JOINTS = "give a list of names"
_TARGETS = (
    "give names of poses, or positions by joint, as in move('home') or move(elbow=0.5); "
    "move_to takes a place of the tool"
)
_COORDINATES = ("x", "y", "z", "roll", "pitch", "yaw")
Waypoint = Mapping[str, float]
"""Positions by joint [rad] or [m]."""


def joints_goal(waypoints: Sequence[Waypoint], seconds: float = 0.0) -> FollowJointTrajectory.Goal:
    """A goal of move_joints: positions of joints, one after the other.

    Args:
        waypoints: of the same joints each.
        seconds: shortest duration [s].

    Raises:
        GoalRefused: they name different joints, or hold what is no number.
    """
    names = list(waypoints[0])
    for index, waypoint in enumerate(waypoints):
        if set(waypoint) != set(names):
            raise GoalRefused(f"waypoint {index + 1}", list(waypoint), f"name the same joints each time: {names}")
    goal = FollowJointTrajectory.Goal()
    goal.trajectory.joint_names = names
    goal.trajectory.points = [
        JointTrajectoryPoint(positions=[number(name, waypoint[name]) for name in names]) for waypoint in waypoints
    ]
    goal.trajectory.points[-1].time_from_start = to_duration(duration(seconds))
    return goal


def named_goal(poses: Sequence[str], seconds: float = 0.0) -> FollowJointTrajectory.Goal:
    """A goal of move_joints: named poses, one after the other; arguments as `joints_goal`."""
    goal = FollowJointTrajectory.Goal()
    goal.trajectory.joint_names = list(poses)
    goal.trajectory.points = [JointTrajectoryPoint(time_from_start=to_duration(duration(seconds)))]
    return goal


def poses_goal(
    places: Sequence[Sequence[float]], frame: str = "", seconds: float = 0.0
) -> FollowJointTrajectory.Goal:
    """A goal of move_to, move_line or move_arc.

    Args:
        places: x, y, z [m] of each, or these and roll, pitch, yaw [rad]; without a rotation a place leaves the
            orientation free, and an offset turns nothing.
        frame: empty for places in the root frame; ALONG_BASE or ALONG_TOOL for offsets.
        seconds: shortest duration [s].

    Raises:
        GoalRefused: what is no number, or not 3 or 6 of them.
    """
    goal = FollowJointTrajectory.Goal()
    goal.multi_dof_trajectory.header.frame_id = frame
    for each in places:
        place = items("place", each, _PLACE)
        if len(place) not in (3, 6):
            raise GoalRefused("place", place, _PLACE)
        x, y, z, *rpy = (number(_COORDINATES[index], value) for index, value in enumerate(place))
        transform = Transform(translation=Vector3(x=x, y=y, z=z), rotation=_rotation(rpy, bool(frame)))
        goal.multi_dof_trajectory.points.append(MultiDOFJointTrajectoryPoint(transforms=[transform]))
    goal.multi_dof_trajectory.points[-1].time_from_start = to_duration(duration(seconds))
    return goal


def trajectory_goal(
    joints: Sequence[str],
    times: Sequence[float],
    rows: Sequence[Sequence[float]] | Sequence[Waypoint],
    velocities: Sequence[Sequence[float]] = (),
) -> FollowJointTrajectory.Goal:
    """A goal of follow_joint_trajectory.

    Args:
        joints: names of the columns.
        times: of the rows, from the start [s].
        rows: positions [rad] or [m], in the order of the joints or by their names.
        velocities: of the same shape [rad/s] or [m/s]; empty for straight lines between the rows.

    Raises:
        GoalRefused: not as many times as rows, a joint is missing, or what is no number.
    """
    names = items("joints", joints, _JOINTS)
    if not all(map(_is_text, names)):
        raise GoalRefused("joints", names, _JOINTS)
    each, at = items("rows", rows, _ONE_EACH), items("times", times, _ONE_EACH)
    speeds = items("velocities", velocities, _ONE_EACH)
    for what, count in (("times", len(at)), ("velocities", len(speeds) or len(each))):
        if count != len(each):
            raise GoalRefused(what, count, f"{len(each)} are needed, one for each row")
    message = JointTrajectory(joint_names=names)
    for index, row in enumerate(each):
        point = JointTrajectoryPoint(positions=_numbers("positions", _in_order(row, names)))
        point.time_from_start = to_duration(duration(at[index], "times"))
        if speeds:
            point.velocities = _numbers("velocities", _in_order(speeds[index], names))
        message.points.append(point)
    return FollowJointTrajectory.Goal(trajectory=message)


def hold_others(goal: FollowJointTrajectory.Goal, places: Waypoint) -> None:
    """Add joints to a trajectory that stay where they are.

    Args:
        goal: of follow_joint_trajectory, which names every joint.
        places: of the others; those that the goal names already are left as they are.
    """
    named = list(goal.trajectory.joint_names)
    others = {joint: place for joint, place in places.items() if joint not in named}
    goal.trajectory.joint_names = [*named, *others]
    for point in goal.trajectory.points:
        point.positions = [*point.positions, *others.values()]
        if len(point.velocities):
            point.velocities = [*point.velocities, *(0.0 for _ in others)]


def gripper_goal(position: float | Waypoint, effort: float = 0.0) -> ParallelGripperCommand.Goal:
    """A goal of the gripper.

    Args:
        position: [m] or [rad]; by joint where its joints move differently.
        effort: the most that it may give [N] or [N·m]; 0 leaves it to the wiring file.

    Raises:
        GoalRefused: what is no number.
    """
    by_joint = position if isinstance(position, Mapping) else {}
    places = _numbers("position", by_joint.values() or [position])
    efforts = [number("effort", effort)] * len(places) if effort else []
    command = JointState(name=list(by_joint), position=places, effort=efforts)
    return ParallelGripperCommand.Goal(command=command)


def number(what: str, value: object) -> float:
    """A finite number.

    Raises:
        GoalRefused: it is none.
    """
    try:
        given = float(value)  # type: ignore[arg-type]  # whatever a program passes
    except (TypeError, ValueError, OverflowError):
        given = math.nan
    if not math.isfinite(given):
        raise GoalRefused(what, value, "a finite number is needed")
    return given


def items(what: str, value: object, allowed: str) -> list[Any]:
    """The items of a list, of an array, or of what else is one.

    Raises:
        GoalRefused: it is none.
    """
    try:
        given: list[Any] | None = None if isinstance(value, str | Mapping) else list(value)  # type: ignore[call-overload]
    except TypeError:
        given = None
    if given is None:
        raise GoalRefused(what, value, allowed)
    return given


def duration(value: object, what: str = "seconds") -> float:
    """A time [s].

    Raises:
        GoalRefused: it is negative, longer than a message can tell, or no number.
    """
    if (seconds := number(what, value)) < 0.0:
        raise GoalRefused(what, value, "give a time of 0 s or more")
    if seconds >= _LONGEST:  # it would wrap round, to a short one
        raise GoalRefused(what, value, f"give a time below {_LONGEST:.0f} s")
    return seconds


def patience(timeout: object) -> float:
    """How long to wait [s]; infinite where nothing bounds it.

    Raises:
        GoalRefused: it is no number.
    """
    return math.inf if timeout is None or timeout == math.inf else number("timeout", timeout)


def _in_order(row: Sequence[float] | Waypoint, joints: Sequence[str]) -> Iterable[object]:
    if not isinstance(row, Mapping):
        allowed = f"give a list of numbers, of {', '.join(joints)}"
        if len(given := items("row", row, allowed)) != len(joints):
            raise GoalRefused("row", given, allowed)
        return given
    if missing := [joint for joint in joints if joint not in row]:
        raise GoalRefused("rows", list(row), f"each row needs {missing[0]!r} too")
    return [row[joint] for joint in joints]


def _numbers(what: str, values: Iterable[object]) -> list[float]:
    return [number(what, value) for value in values]


def _rotation(rpy: Sequence[float], is_offset: bool) -> Quaternion:
    if not rpy:
        # No turn by an offset; any orientation at a place.
        return Quaternion() if is_offset else Quaternion(x=0.0, y=0.0, z=0.0, w=0.0)
    x, y, z, w = from_rpy((rpy[0], rpy[1], rpy[2]))
    return Quaternion(x=x, y=y, z=z, w=w)


def targets_goal(
    targets: Sequence[str | Waypoint | Sequence[str] | Sequence[Waypoint]],
    seconds: float,
    of_arm: Callable[[Waypoint], Waypoint] = dict,
) -> FollowJointTrajectory.Goal:
    """A goal of move_joints, of poses by their names or of positions by joint; see `named_goal`, `joints_goal`.

    Args:
        targets: names or positions.
        seconds: shortest duration [s].
        of_arm: what is to be moved of positions.

    Raises:
        GoalRefused: there are none, or both kinds, or what is neither.
    """
    each: list[object] = []
    for target in targets:
        each += items("move", target, _TARGETS) if _is_list(target) else [target]
    names = [one for one in each if isinstance(one, str)]
    waypoints = [one for one in each if isinstance(one, Mapping) and one]
    texts = [*names, *(joint for waypoint in waypoints for joint in waypoint)]
    all_fit = len(names) + len(waypoints) == len(each) and all(map(_is_text, texts))
    if not all_fit or bool(names) == bool(waypoints):
        raise GoalRefused("move", each or None, _TARGETS)
    waypoints = [of_arm(waypoint) for waypoint in waypoints]
    return named_goal(names, seconds) if names else joints_goal(waypoints, seconds)


def _is_list(target: object) -> bool:
    return isinstance(target, Iterable) and not isinstance(target, str | Mapping)


def _is_text(name: object) -> bool:
    """Whether a message can hold a name."""
    return isinstance(name, str) and name.isprintable()  # surrogates are not


def joints_of(rows: Sequence[object]) -> list[str]:
    """The joints of rows that name them; else none."""
    return list(rows[0]) if len(rows) and isinstance(rows[0], Mapping) else []


def rows_of_arm(rows: Sequence[object], of_arm: Callable[[Waypoint], Waypoint]) -> list[Any]:
    """Rows of a trajectory, without what is not to be moved of those that name their joints.

    Raises:
        GoalRefused: they are no list.
    """
    return [of_arm(row) if isinstance(row, Mapping) else row for row in items("rows", rows, _ONE_EACH)]


def rotation(roll: float | None, pitch: float | None, yaw: float | None) -> list[float]:
    """Roll, pitch and yaw [rad] where any of them is given, the others being 0; else none."""
    return [] if roll is pitch is yaw is None else [angle or 0.0 for angle in (roll, pitch, yaw)]


def along(frame: str) -> str:
    """The frame of offsets along the axes of base or tool.

    Raises:
        GoalRefused: of another one.
    """
    if not isinstance(frame, str) or frame not in FRAMES:
        raise GoalRefused("frame", frame, listed("frames", FRAMES))
    return FRAMES[frame]
