"""The command that moves the arm of a running graph."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import rclpy
from action_msgs.msg import GoalStatus
from control_msgs.action import FollowJointTrajectory
from geometry_msgs.msg import Quaternion, Transform, Vector3
from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from trajectory_msgs.msg import JointTrajectoryPoint, MultiDOFJointTrajectoryPoint

from armature.core.kinematics.kinematics import from_rpy
from armature.environment import graph_environment
from armature.errors import CommandRefused, ProcessError
from armature.graph import share_folder
from armature.nodes.arm_controller.moves import PREVIEW
from armature.nodes.common import topics
from armature.nodes.common.conversions import to_duration, to_seconds
from armature.signals import received_signals

_TIMEOUT = 10.0  # for an answer [s]
_POLL = 0.05  # [s]
_WRONG_USE = 2
_SEE = "see: armature status; start the graph with: armature up"


def move(options: argparse.Namespace) -> int:
    """Plan, tell what the move will be, and follow it until it ends; Ctrl-C stops the arm within its limits."""
    service, goal = asked(options)
    os.environ.update(graph_environment(os.environ, share_folder() / "config" / "fastdds_loopback.xml"))
    with received_signals() as signals:
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        node = Node("armature_move", namespace=options.namespace)
        mover = _Mover(node, service, signals)
        try:
            return _run(mover, goal, options)
        finally:
            mover.destroy()
            node.destroy_node()
            rclpy.try_shutdown()


def _run(mover: _Mover, goal: FollowJointTrajectory.Goal, options: argparse.Namespace) -> int:
    goal.trajectory.header.frame_id = PREVIEW
    status, told = mover.follow(goal, lambda _time: None)
    if status != GoalStatus.STATUS_SUCCEEDED:
        return _ended(False, told, {}, options)
    figures: dict[str, Any] = json.loads(told)
    if not options.json:
        print("\n".join(_lines(figures)), flush=True)
    if options.preview:
        return _ended(True, "nothing was moved", figures, options)
    goal.trajectory.header.frame_id = ""
    is_shown = not options.json and sys.stdout.isatty()
    status, told = mover.follow(goal, lambda done: _show(done / figures["duration"]) if is_shown else None)
    return _ended(status == GoalStatus.STATUS_SUCCEEDED, told, figures, options)


def _ended(is_done: bool, told: str, figures: dict[str, Any], options: argparse.Namespace) -> int:
    if options.json:
        print(json.dumps({"done": is_done, "message": told, **figures}))
    elif is_done:
        print(told)
    else:
        print(f"error: {told}", file=sys.stderr)
    return 0 if is_done else 1


def _lines(figures: dict[str, Any]) -> list[str]:
    return [
        f"duration      {figures['duration']:.2f} s",
        f"reach         {figures['reach']:.3f} m from the base",
        f"joint limits  {math.degrees(figures['limit_margin']):.1f} deg left at {figures['limit_joint']}",
        f"clearance     {1e3 * figures['clearance']:.0f} mm"
        + (" or more" if figures["clearance"] >= 0.05 else ""),
        f"torque        {figures['torque']:.0%} of what the servos give",
        f"singularity   {figures['singularity']:.4f} m/rad (0: in one)",
    ]


def _show(share: float) -> None:
    print(f"\r{min(share, 1.0):4.0%}\r", end="", flush=True)


class _Mover:
    """A client of one move."""

    def __init__(self, node: Node, service: topics.Service, signals: list[int]) -> None:
        self._node = node
        self._signals = signals
        self._client = ActionClient(node, service.kind, service.name)

    def destroy(self) -> None:
        """Close the client."""
        self._client.destroy()

    def follow(self, goal: FollowJointTrajectory.Goal, at: Callable[[float], None]) -> tuple[int, str]:
        """Send a goal, and wait for its end; a signal cancels it.

        Args:
            goal: of the move.
            at: told the time of the move that is reached [s].

        Returns:
            The goal's status, and what is said of its end.

        Raises:
            CommandRefused: it was interrupted before the goal was sent, or a second time.
            ProcessError: the controller does not answer, or is gone.
        """
        self._await(lambda: bool(self._signals) or self._client.server_is_ready(), "it does not answer")
        if self._signals:
            raise CommandRefused("move", "interrupted", "nothing was moved")
        feedback = lambda message: at(to_seconds(message.feedback.desired.time_from_start))  # noqa: E731
        sent = self._client.send_goal_async(goal, feedback_callback=feedback)
        # Who went now would leave a goal behind that nobody can cancel.
        self._await(sent.done, "it does not take the goal")
        answer = self._ended(sent.result())
        return int(answer.status), str(answer.result.error_string)

    def _ended(self, handle: Any) -> Any:
        ended, cancel = handle.get_result_async(), None
        while not ended.done():
            rclpy.spin_once(self._node, timeout_sec=_POLL)
            if len(self._signals) > 1:
                raise CommandRefused("move", "interrupted twice", "whether it stopped, tells: armature status")
            if self._signals and cancel is None:
                cancel = handle.cancel_goal_async()
            if not self._client.server_is_ready():
                raise ProcessError("arm_controller", "it is gone, so the arm stops", _SEE)
        return ended.result()

    def _await(self, condition: Callable[[], bool], why: str) -> None:
        give_up = time.monotonic() + _TIMEOUT
        while not condition():
            if time.monotonic() > give_up:
                raise ProcessError("arm_controller", why, _SEE)
            rclpy.spin_once(self._node, timeout_sec=_POLL)


def asked(options: argparse.Namespace) -> tuple[topics.Service, FollowJointTrajectory.Goal]:
    """The action and the goal that a command line asks for; wrong use ends the program with 2."""
    given = [name for name in ("pose", "joints", "to", "line", "arc") if getattr(options, name)]
    if len(given) != 1:
        _wrong("give one of: POSE ..., --joints, --to, --line, --arc")
    if not 0.0 <= options.seconds < math.inf:
        _wrong(f"--seconds {options.seconds:g}: give a time of 0 s or more")
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
        _wrong("--joints: name the same joints each time")
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
        _wrong(f"--joints {text}: write joint=radians,joint=radians")


def _poses_goal(
    steps: Sequence[Sequence[float]], frame: str, seconds: float, is_offset: bool
) -> FollowJointTrajectory.Goal:
    goal = FollowJointTrajectory.Goal()
    goal.multi_dof_trajectory.header.frame_id = frame
    for step in steps:
        if len(step) not in (3, 6):
            _wrong(f"{' '.join(map(str, step))}: give x y z, or x y z roll pitch yaw")
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


def _wrong(text: str) -> NoReturn:
    print(f"armature move: error: {text}", file=sys.stderr)
    raise SystemExit(_WRONG_USE)
