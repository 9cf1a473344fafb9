"""The bench's own client of the graph."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

import rclpy
from control_msgs.action import FollowJointTrajectory
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.action import ActionClient
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_srvs.srv import SetBool
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from armature.core.model import ArmModel
from armature.core.poses import read_poses
from armature.errors import ProcessError
from armature.graph import Robot
from armature.nodes import topics
from armature.nodes.conversions import to_duration, to_seconds

_ANSWER_TIME = 30.0  # [s]
_SWAY = 0.3  # [rad]
_SWAY_PERIOD = 4.0  # [s]
_NUDGE = 0.02  # [rad]


class BenchClient:
    """Arms, moves and watches, as any client would. A context manager."""

    def __init__(self, robot: Robot) -> None:
        """Args: the arm, for its joints and poses."""
        arm = ArmModel.from_urdf(robot.urdf.read_text("utf-8"), robot.urdf.name)
        self._home = read_poses(robot.poses.read_text("utf-8"), arm, robot.poses.name)["home"]
        self._joints = [joint.name for joint in arm.driven if joint.kind != "prismatic"]
        rclpy.init()
        self._node = Node("bench")
        self._stamps: list[tuple[float, float]] = []
        self._state = ""
        self._moving_at = math.inf
        self._piece_start = math.inf
        topics.subscription(self._node, topics.JOINT_STATES, self._on_joint_state)
        topics.subscription(self._node, topics.STATE, self._on_state)
        topics.subscription(self._node, topics.SETPOINTS, self._on_setpoints)
        self._arm = self._node.create_client(SetBool, topics.ARM.name)
        action = topics.FOLLOW_JOINT_TRAJECTORY
        self._action = ActionClient(self._node, action.kind, action.name)

    def __enter__(self) -> BenchClient:
        self._spin_until(self._action.server_is_ready, "the action server")
        self._spin_until(self._arm.service_is_ready, "the arm service")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._action.destroy()
        self._node.destroy_node()
        rclpy.try_shutdown()

    def watch(self, duration: float) -> list[tuple[float, float]]:
        """Joint states that arrive in a duration [s]: when they arrived, and their stamps [s]."""
        self._stamps = []
        self._spin_for(duration)
        return self._stamps

    def arm(self) -> None:
        """Torque on."""
        self._call_arm(True)

    def disarm(self) -> None:
        """Park, torque off."""
        self._call_arm(False)

    def go_home(self) -> None:
        """To the pose home, slowly."""
        self._follow([(8.0, [self._home[joint] for joint in self._joints])])

    def goal_to_cycle(self) -> float:
        """Time from sending a goal to the first bus cycle that samples it [ms].

        That cycle is not before the piece's own start, nor before the bus child has said that it moves.
        """
        self._moving_at = self._piece_start = math.inf
        target = [self._home[joint] for joint in self._joints]
        target[0] += _NUDGE
        self._spin_until(lambda: self._state == "ARMED", "rest")
        begun = time.time()
        self._follow([(0.3, target), (0.6, [self._home[joint] for joint in self._joints])])
        return 1000.0 * (max(self._moving_at, self._piece_start) - begun)

    def sway(self, duration: float) -> list[tuple[float, float]]:
        """Move all joints to and fro around home."""
        count = int(duration / _SWAY_PERIOD)
        points = []
        for index in range(1, 2 * count + 1):
            away = _SWAY if index % 2 else 0.0
            points.append((0.5 * _SWAY_PERIOD * index, [self._home[joint] + away for joint in self._joints]))
        self._follow(points)
        return []

    def _follow(self, points: list[tuple[float, list[float]]]) -> None:
        trajectory = JointTrajectory(joint_names=self._joints)
        for when, positions in points:
            still = [0.0] * len(positions)
            point = JointTrajectoryPoint(positions=positions, velocities=still, time_from_start=to_duration(when))
            trajectory.points.append(point)
        goal = FollowJointTrajectory.Goal(trajectory=trajectory)
        handle = self._await(self._action.send_goal_async(goal))
        if not handle.accepted:
            raise ProcessError(
                "arm_controller", "it refused the bench's goal", "see: armature logs arm_controller"
            )
        result = self._await(handle.get_result_async()).result
        if result.error_code:
            raise ProcessError("arm_controller", result.error_string, "free the machine and measure again")

    def _call_arm(self, on: bool) -> None:
        answer = self._await(self._arm.call_async(SetBool.Request(data=on)))
        if not answer.success:
            raise ProcessError("servo_interface", answer.message, "see: armature status")

    def _on_joint_state(self, message: JointState) -> None:
        self._stamps.append((time.perf_counter(), to_seconds(message.header.stamp)))

    def _on_state(self, message: DiagnosticStatus) -> None:
        self._state = message.message
        if self._state == "MOVING":
            self._moving_at = min(self._moving_at, time.time())

    def _on_setpoints(self, message: JointTrajectory) -> None:
        self._piece_start = min(self._piece_start, to_seconds(message.header.stamp))

    def _await(self, future: Any) -> Any:
        self._spin_until(future.done, "an answer")
        return future.result()

    def _spin_until(self, condition: Callable[[], bool], what: str) -> None:
        give_up = time.monotonic() + _ANSWER_TIME
        while not condition():
            if time.monotonic() > give_up:
                raise ProcessError("graph", f"waited {_ANSWER_TIME:.0f} s for {what}", "see: armature logs")
            rclpy.spin_once(self._node, timeout_sec=0.1)

    def _spin_for(self, duration: float) -> None:
        end = time.monotonic() + duration
        while time.monotonic() < end:
            rclpy.spin_once(self._node, timeout_sec=0.1)
