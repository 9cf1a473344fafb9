"""Makes the goal of an action from the options of `armature move`."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from typing import NoReturn

from control_msgs.action import FollowJointTrajectory
from geometry_msgs.msg import Quaternion, Transform, Vector3
from trajectory_msgs.msg import JointTrajectoryPoint, MultiDOFJointTrajectoryPoint

from armature.core.kinematics.kinematics import from_rpy
from armature.nodes.common import topics
from armature.nodes.common.conversions import to_duration

_WRONG_USE = 2


def move_goal(options: argparse.Namespace) -> tuple[topics.Service, FollowJointTrajectory.Goal]:
    """The action and the goal that the options ask for; wrong use exits with 2."""
    given = [name for name in ("pose", "joints", "to", "line", "arc") if getattr(options, name)]
    if len(given) != 1:
        _refuse_use("give one of: POSE ..., --joints, --to, --line, --arc")
    if not 0.0 <= options.seconds < math.inf:
        _refuse_use(f"--seconds {options.seconds:g}: give a time of 0 s or more")
    kind = given[0]
    if kind in ("pose", "joints"):
        return topics.MOVE_JOINTS, _joints_goal(options)
    steps = [options.arc[:3], options.arc[3:]] if kind == "arc" else [getattr(options, kind)]
    is_offset = kind != "to" or options.frame == "tool"
    frame = "tool" if options.frame == "tool" else "tool/base" if is_offset else ""
    action = {"to": topics.MOVE_TO, "line": topics.MOVE_LINE, "arc": topics.MOVE_ARC}[kind]
    return action, _poses_goal(steps, frame, options.seconds, is_offset)


def _joints_goal(options: argparse.Namespace) -> FollowJointTrajectory.Goal:
    goal = FollowJointTrajectory.Goal()
    if options.pose:
        goal.trajectory.joint_names = list(options.pose)
        goal.trajectory.points = [JointTrajectoryPoint(time_from_start=to_duration(options.seconds))]
        return goal
    waypoints = [_values(text) for text in options.joints]
    names = list(waypoints[0])
    if any(list(waypoint) != names for waypoint in waypoints):
        _refuse_use("--joints: name the same joints each time")
    goal.trajectory.joint_names = names
    for waypoint in waypoints:
        goal.trajectory.points.append(JointTrajectoryPoint(positions=list(waypoint.values())))
    goal.trajectory.points[-1].time_from_start = to_duration(options.seconds)
    return goal


def _values(text: str) -> dict[str, float]:
    try:
        pairs = [part.split("=") for part in text.split(",")]
        return {name.strip(): float(value) for name, value in pairs}
    except ValueError:
        _refuse_use(f"--joints {text}: write joint=radians,joint=radians")


def _poses_goal(
    steps: Sequence[Sequence[float]], frame: str, seconds: float, is_offset: bool
) -> FollowJointTrajectory.Goal:
    goal = FollowJointTrajectory.Goal()
    goal.multi_dof_trajectory.header.frame_id = frame
    for step in steps:
        if len(step) not in (3, 6):
            _refuse_use(f"{' '.join(map(str, step))}: give x y z, or x y z roll pitch yaw")
        x, y, z = step[:3]
        transform = Transform(translation=Vector3(x=x, y=y, z=z), rotation=_rotation(step[3:], is_offset))
        goal.multi_dof_trajectory.points.append(MultiDOFJointTrajectoryPoint(transforms=[transform]))
    goal.multi_dof_trajectory.points[-1].time_from_start = to_duration(seconds)
    return goal


def _rotation(rpy: Sequence[float], is_offset: bool) -> Quaternion:
    if not rpy:
        # No turn by an offset; any orientation at a place.
        return Quaternion() if is_offset else Quaternion(x=0.0, y=0.0, z=0.0, w=0.0)
    x, y, z, w = from_rpy((rpy[0], rpy[1], rpy[2]))
    return Quaternion(x=x, y=y, z=z, w=w)


def _refuse_use(text: str) -> NoReturn:
    print(f"armature move: error: {text}", file=sys.stderr)
    raise SystemExit(_WRONG_USE)
