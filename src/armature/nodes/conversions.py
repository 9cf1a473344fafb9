"""Messages to values of the core and back; the only file that spells message fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from builtin_interfaces.msg import Duration, Time
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from armature.core.trajectory import Trajectory

_NANOSECONDS = 1_000_000_000


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


def values_of(status: DiagnosticStatus) -> dict[str, str]:
    """Keys and values of a DiagnosticStatus."""
    return {pair.key: pair.value for pair in status.values}


def worst(levels: Iterable[bytes]) -> bytes:
    """The most severe of some diagnostic levels; OK where there is none."""
    return max(levels, default=DiagnosticStatus.OK)


def to_trajectory(message: JointTrajectory) -> Trajectory:
    """A trajectory of its message.

    Raises:
        GoalRefused: wrong lengths, a number that is not finite, times that do not increase.
    """
    points = message.points
    return Trajectory(
        tuple(message.joint_names),
        [to_seconds(point.time_from_start) for point in points],
        [point.positions for point in points],
        [point.velocities for point in points] if any(point.velocities for point in points) else None,
        [point.accelerations for point in points] if any(point.accelerations for point in points) else None,
    )
