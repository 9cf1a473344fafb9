"""Messages to values of the core and back; the only file that spells message fields."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from math import isnan
from typing import cast

import numpy as np
from builtin_interfaces.msg import Duration, Time
from control_msgs.msg import JointTolerance
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from geometry_msgs.msg import TransformStamped
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from armature.core.arrays import Array
from armature.core.control.blocked import BlockedDirection
from armature.core.control.tolerance import Tolerance
from armature.core.kinematics.kinematics import FrameTransform
from armature.core.recovery_commands import in_namespace
from armature.core.trajectory.integration import Rates
from armature.core.trajectory.segments import RosTime, Segment
from armature.core.trajectory.trajectory import State, Trajectory, check_rows
from armature.errors import GoalRefused

_NANOSECONDS = 1_000_000_000
MOST_POINTS = 5000
"""Of a goal: to take and plan so many costs 0.1 to 0.2 s, which set-point segments reach ahead."""
_MOST_HEADER = 16_384  # names of joints and frame [bytes]
_POINT = 64  # of a point beside its numbers [bytes]


def to_seconds(stamp: Time | Duration) -> float:
    """A time or duration message in seconds."""
    return float(stamp.sec) + float(stamp.nanosec) / _NANOSECONDS


def to_stamp(nanoseconds: int) -> Time:
    """A time message of a ROS time in nanoseconds."""
    return Time(sec=nanoseconds // _NANOSECONDS, nanosec=nanoseconds % _NANOSECONDS)


def to_duration(seconds: float) -> Duration:
    """A duration message of a time in seconds."""
    nanoseconds = round(seconds * _NANOSECONDS)
    return Duration(sec=nanoseconds // _NANOSECONDS, nanosec=nanoseconds % _NANOSECONDS)


def positions_of(message: JointState) -> dict[str, float]:
    """Positions of a JointState by joint name [rad] or [m]."""
    return dict(zip(message.name, message.position, strict=False))


def diagnostic(
    name: str, level: bytes, message: str, values: Mapping[str, object], hardware_id: str = ""
) -> DiagnosticStatus:
    """A DiagnosticStatus; values are written as text."""
    return DiagnosticStatus(
        level=level,
        name=name,
        message=message,
        hardware_id=hardware_id,
        values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
    )


def address(statuses: Iterable[DiagnosticStatus], namespace: str) -> None:
    """Let the commands that statuses name mean the arm of a namespace."""
    for status in statuses if namespace.strip("/") else ():
        status.message = in_namespace(status.message, namespace)
        for pair in status.values:
            pair.value = in_namespace(pair.value, namespace)


def values_of(status: DiagnosticStatus) -> dict[str, str]:
    """Keys and values of a DiagnosticStatus."""
    return {pair.key: pair.value for pair in status.values}


def blocks_of(values: Mapping[str, str]) -> dict[str, BlockedDirection]:
    """Joints that came against something, of the state topic's values."""
    mark = "blocked."
    return {
        name.removeprefix(mark): BlockedDirection.parse(text)
        for name, text in values.items()
        if name.startswith(mark)
    }


def worst(levels: Iterable[bytes]) -> bytes:
    """The most severe of some diagnostic levels; OK where there is none."""
    return max(levels, default=DiagnosticStatus.OK)


def to_trajectory(message: JointTrajectory) -> Trajectory:
    """A JointTrajectory as a trajectory of the core; its time 0 is the header's stamp.

    Raises:
        GoalRefused: it is malformed: see `Trajectory`; or its points differ in the fields they give.
    """
    for index, point in enumerate(message.points):
        if len(point.effort):
            raise GoalRefused(
                f"points[{index}].effort", list(point.effort), "leave effort empty: it is not followed"
            )
    return _motion(message)


def to_segment(message: JointTrajectory, gripper: Collection[str]) -> Segment[RosTime]:
    """A set-point segment; the efforts of the gripper's joints are limits, those of others loads.

    Raises:
        GoalRefused: it is malformed: see `Trajectory`; or its points differ in the fields they give.
    """
    motion, begin = _motion(message), RosTime(to_seconds(message.header.stamp))
    rows = _rows([point.effort for point in message.points], "effort")
    if rows is None:
        return Segment(0, session_of(message), begin, motion)
    efforts = np.array(check_rows(rows, "effort", len(motion.times), motion.joints))
    columns = {joint: column for column, joint in enumerate(motion.joints) if joint in gripper}
    limits = {joint: float(efforts[:, column].max()) for joint, column in columns.items()}
    efforts[:, list(columns.values())] = np.nan  # what a finger carries is not known
    return Segment(0, session_of(message), begin, motion, efforts, limits)


def from_segment(segment: Segment[RosTime]) -> JointTrajectory:
    """A set-point segment, quintic, as a message; see `to_segment`."""
    motion = segment.trajectory
    message = from_trajectory(motion, round(segment.begin * 1e9))
    set_session(message, segment.session)
    for point, row in zip(message.points, () if segment.loads is None else segment.loads, strict=False):
        point.effort = _numbers(row)
    if segment.effort_limits:
        limits = array("d", [segment.effort_limits[joint] for joint in motion.joints])
        for point in message.points:
            point.effort = limits
    return message


def session_of(message: JointTrajectory | JointState) -> str:
    """The session that set-points, and what is commanded, belong to: it travels in `header.frame_id`."""
    return str(message.header.frame_id)


def set_session(message: JointTrajectory | JointState, session: str) -> None:
    """Say what session a message belongs to; see `session_of`."""
    message.header.frame_id = session


def _motion(message: JointTrajectory) -> Trajectory:
    points = message.points
    return Trajectory.from_rows(
        message.joint_names,
        [to_seconds(point.time_from_start) for point in points],
        _table([point.positions for point in points]),
        _rows([point.velocities for point in points], "velocities"),
        _rows([point.accelerations for point in points], "accelerations"),
    )


def to_message(data: bytes, joints: Collection[str]) -> JointTrajectory:
    """A JointTrajectory as it was received, unless that is longer than any of so many joints may be.

    Raises:
        GoalRefused: it has too many points; to unpack them would take seconds.
    """
    most = _MOST_HEADER + MOST_POINTS * (_POINT + 4 * 8 * len(joints))
    if len(data) > most:
        allowed = f"a goal may have {MOST_POINTS} points, which are no more than {most}; send it in parts"
        raise GoalRefused("points", len(data), allowed, "bytes")
    return deserialize_message(data, JointTrajectory)


def to_goal(message: JointTrajectory, *, may_integrate: bool) -> Trajectory | Rates:
    """A JointTrajectory as a client's goal; without positions it is integrated, where that is allowed.

    Raises:
        GoalRefused: it is malformed (see `to_trajectory`), or has no positions or too many points.
    """
    if len(message.points) > MOST_POINTS:
        allowed = f"a goal may have {MOST_POINTS}; leave points out, which splines join, or send it in parts"
        raise GoalRefused("points", len(message.points), allowed)
    if not message.points or any(len(point.positions) for point in message.points):
        return to_trajectory(message)
    if not may_integrate:
        allowed = "give positions, or set allow_integration_in_goal_trajectories"
        raise GoalRefused("points[0].positions", [], allowed)
    return Rates.from_rows(
        message.joint_names,
        [to_seconds(point.time_from_start) for point in message.points],
        _rows([point.velocities for point in message.points], "velocities"),
        _rows([point.accelerations for point in message.points], "accelerations"),
    )


def _rows(rows: list[Sequence[float]], name: str) -> Sequence[Sequence[float]] | None:
    given = [len(row) > 0 for row in rows]
    if any(given) and not all(given):
        index = given.index(not given[0])
        raise GoalRefused(f"points[{index}].{name}", list(rows[index]), f"give {name} at every point or at none")
    return _table(rows) if any(given) else None


def _table(rows: list[Sequence[float]]) -> Sequence[Sequence[float]]:
    """Rows of one length as one array: taken row by row they would be most of what a long goal costs."""
    if len({len(row) for row in rows}) != 1 or not len(rows[0]):
        return rows
    table = np.frombuffer(b"".join(cast("list[bytes]", rows))).reshape(len(rows), -1)
    return cast("Sequence[Sequence[float]]", table)


def from_trajectory(trajectory: Trajectory, nanoseconds: int = 0, frame_id: str = "") -> JointTrajectory:
    """A quintic trajectory as a message that begins at a ROS time [ns]."""
    message = JointTrajectory(joint_names=list(trajectory.joints))
    message.header.stamp = to_stamp(nanoseconds)
    message.header.frame_id = frame_id
    rows = zip(trajectory.times.tolist(), *trajectory.points, strict=True)
    message.points = [to_point(State(*state), time) for time, *state in rows]
    return message


def to_point(state: State, time: float = 0.0) -> JointTrajectoryPoint:
    """A state as a trajectory point; fields that are not known (NaN) stay empty."""
    return JointTrajectoryPoint(
        positions=_numbers(state.position),
        velocities=_numbers(state.velocity),
        accelerations=_numbers(state.acceleration),
        time_from_start=to_duration(time),
    )


def _numbers(values: Array) -> array[float]:
    # An array of doubles is taken as it is; a list would be checked number by number.
    return array("d") if isnan(values[0]) else array("d", values.tobytes())


def to_tolerances(messages: Iterable[JointTolerance]) -> dict[str, Tolerance]:
    """Tolerances of a goal by joint, as the goal writes them."""
    return {
        message.name: Tolerance(message.position, message.velocity, message.acceleration) for message in messages
    }


def velocities_of(message: JointState) -> dict[str, float]:
    """Velocities of a JointState by joint name [rad/s] or [m/s]; empty where it has none."""
    return dict(zip(message.name, message.velocity, strict=False))


def efforts_of(message: JointState) -> dict[str, float]:
    """Efforts of a JointState by joint name [N·m] or [N], without those that are not known."""
    return {joint: value for joint, value in zip(message.name, message.effort, strict=False) if not isnan(value)}


def to_transform(frame: FrameTransform, stamp: Time) -> TransformStamped:
    """A frame as tf2 carries it."""
    message = TransformStamped(child_frame_id=frame.child)
    message.header.stamp = stamp
    message.header.frame_id = frame.parent
    moved, turned = message.transform.translation, message.transform.rotation
    moved.x, moved.y, moved.z = frame.pose.translation
    turned.x, turned.y, turned.z, turned.w = frame.pose.rotation
    return message
