"""Makes the goal of an action from the options of `armature move`."""

from __future__ import annotations

import argparse
import math

from control_msgs.action import FollowJointTrajectory
from geometry_msgs.msg import Twist, Vector3

from armature.cli.answers import refuse_use
from armature.client.goals import ALONG_BASE, ALONG_TOOL, joints_goal, named_goal, poses_goal
from armature.nodes.common import topics


def move_goal(options: argparse.Namespace) -> tuple[topics.Service, FollowJointTrajectory.Goal]:
    """The action and the goal that the options ask for; wrong use exits with 2."""
    given = [name for name in ("pose", "joints", "to", "line", "arc") if getattr(options, name)]
    if len(given) != 1:
        refuse_use("move", "give one of: POSE ..., --joints, --to, --line, --arc")
    if not 0.0 <= options.seconds < math.inf:
        refuse_use("move", f"--seconds {options.seconds:g}: give a time of 0 s or more")
    kind = given[0]
    if options.speed and kind not in ("line", "arc"):
        refuse_use("move", "--speed: it is the tool's on its way, of --line and --arc; others take --seconds")
    if kind in ("pose", "joints"):
        return topics.MOVE_JOINTS, _joints_goal(options)
    steps = [options.arc[:3], options.arc[3:]] if kind == "arc" else [getattr(options, kind)]
    is_offset = kind != "to" or options.frame == "tool"
    frame = ALONG_TOOL if options.frame == "tool" else ALONG_BASE if is_offset else ""
    action = {"to": topics.MOVE_TO, "line": topics.MOVE_LINE, "arc": topics.MOVE_ARC}[kind]
    for step in steps:
        if len(step) not in (3, 6):
            refuse_use("move", f"{' '.join(map(str, step))}: give x y z, or x y z roll pitch yaw")
    goal = poses_goal(steps, frame, options.seconds)
    goal.multi_dof_trajectory.points[-1].velocities = [Twist(linear=Vector3(x=options.speed))]
    return action, goal


def _joints_goal(options: argparse.Namespace) -> FollowJointTrajectory.Goal:
    if options.pose:
        return named_goal(options.pose, options.seconds)
    waypoints = [_values(text) for text in options.joints]
    names = list(waypoints[0])
    if any(list(waypoint) != names for waypoint in waypoints):
        refuse_use("move", "--joints: name the same joints each time")
    return joints_goal(waypoints, options.seconds)


def _values(text: str) -> dict[str, float]:
    try:
        pairs = [part.split("=") for part in text.split(",")]
        return {name.strip(): float(value) for name, value in pairs}
    except ValueError:
        refuse_use("move", f"--joints {text}: write joint=radians,joint=radians")
