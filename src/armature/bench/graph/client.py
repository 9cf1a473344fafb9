"""The bench's own client of the graph."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

import numpy as np
import rclpy
from control_msgs.action import FollowJointTrajectory
from control_msgs.msg import JointJog
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.action import ActionClient
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_srvs.srv import SetBool
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from armature.errors import ProcessError
from armature.nodes.bus_process.report import START_DELAY
from armature.nodes.common import topics
from armature.nodes.common.conversions import to_duration, to_seconds, to_stamp, values_of
from armature.nodes.common.robot_files import read_robot
from armature.robots import Robot

_ANSWER_TIME = 30.0  # [s]
_SWAY = 0.3  # [rad]
_SWAY_PERIOD = 4.0  # [s]
_NUDGE = 0.02  # [rad]
_LONG, _LONG_SWAY = 20.0, 0.3  # [s], [rad]
_BACK = 1.0  # [s]
_JOG_SPEED = 0.1  # [rad/s]
_JOG_TIME = 0.1  # [s]
_PAUSE = 0.5  # [s]


class BenchClient:
    """Arms, moves and watches, as any client would. A context manager."""

    def __init__(self, robot: Robot) -> None:
        """Args: the arm, for its joints and poses."""
        described = read_robot(robot.urdf, robot.wiring, robot.poses)
        self._home = described.poses["home"]
        self._joints = [joint.name for joint in described.arm.arm_joints]
        rclpy.init()
        self._node = Node("bench")
        self._stamps: list[tuple[float, float]] = []
        self._state = ""
        self._bus: dict[str, str] = {}
        self._segment_start = math.inf
        topics.subscription(self._node, topics.JOINT_STATES, self._on_joint_state)
        topics.subscription(self._node, topics.STATE, self._on_state)
        topics.subscription(self._node, topics.SETPOINTS, self._on_setpoints)
        topics.subscription(self._node, topics.DIAGNOSTICS, self._on_diagnostics)
        self._jogs = topics.publisher(self._node, topics.JOINT_JOG)
        self._enable = self._node.create_client(SetBool, topics.ENABLE.name)
        action = topics.FOLLOW_JOINT_TRAJECTORY
        self._action = ActionClient(self._node, action.kind, action.name)

    def __enter__(self) -> BenchClient:
        self._spin_until(self._action.server_is_ready, "the action server")
        self._spin_until(self._enable.service_is_ready, "the enable service")
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

    def enable(self) -> None:
        """Torque on, once the bus is up."""
        self._spin_until(lambda: self._state == "DISABLED", "the bus")
        self._call_arm(True)

    def disable(self) -> None:
        """Park, torque off."""
        self._call_arm(False)

    def go_home(self) -> None:
        """To the pose home, slowly."""
        self._follow([(8.0, [self._home[joint] for joint in self._joints])])

    def bus_values(self) -> dict[str, str]:
        """Of the bus, by the next diagnostics."""
        self._bus = {}
        self._spin_until(lambda: bool(self._bus), "diagnostics")
        return self._bus

    def goal_to_cycle(self) -> tuple[float, float]:
        """Time to the first bus cycle that samples a goal, since it was sent and since it was accepted [ms]."""
        target = [self._home[joint] for joint in self._joints]
        target[0] += _NUDGE
        home = [self._home[joint] for joint in self._joints]
        return self._to_cycle(self._goal([(0.3, target), (0.6, home)]))

    def long_goal_to_cycle(self, points: int) -> tuple[float, float]:
        """The same of a goal of 20 s and so many points, which is canceled then."""
        goal = self._goal([(_LONG * share, self._swayed(share)) for share in np.arange(1, points + 1) / points])
        for share, point in zip(np.arange(1, points) / points, goal.trajectory.points, strict=False):
            speed = _LONG_SWAY * math.pi / _LONG * math.sin(2.0 * math.pi * share)
            point.velocities = [speed] * len(self._joints)
        return self._to_cycle(goal)

    def _swayed(self, share: float) -> list[float]:
        """Away from home and back, as a share of that is done [rad]."""
        away = _LONG_SWAY * (1.0 - math.cos(2.0 * math.pi * share)) / 2.0
        return [self._home[joint] + away for joint in self._joints]

    def _to_cycle(self, goal: FollowJointTrajectory.Goal) -> tuple[float, float]:
        self._rest()
        begun = time.time()
        handle = self._send(goal)
        result = handle.get_result_async()
        self._spin_until(lambda: self._segment_start < math.inf or result.done(), "the goal's set-points")
        first = math.inf if result.done() else self._first_cycle()
        self._await(handle.cancel_goal_async())
        self._end(result)
        self._follow([(_BACK, [self._home[joint] for joint in self._joints])])
        return 1000.0 * (first - begun), 1000.0 * (first - to_seconds(handle.stamp))

    def jog_to_cycle(self, way: int) -> float:
        """Time from sending a jog, one way (1) or back (-1), to the first bus cycle that samples it [ms]."""
        self._rest()
        begun = time.time()
        message = JointJog(joint_names=self._joints[:1], velocities=[way * _JOG_SPEED], duration=_JOG_TIME)
        message.header.stamp = to_stamp(time.time_ns())
        self._jogs.publish(message)
        self._spin_until(lambda: self._segment_start < math.inf, "the jog's set-points")
        return 1000.0 * (self._first_cycle() - begun)

    def _rest(self) -> None:
        self._spin_until(lambda: self._state == "ENABLED", "rest")
        self._spin_for(_PAUSE)  # until the last renewed segment is over
        self._segment_start = math.inf

    def _first_cycle(self) -> float:
        """When the last motion began: its stamp, and what it came late by [s]."""
        stamp = self._segment_start
        return stamp + float(self.bus_values()[START_DELAY]) / 1000.0

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
        """Send a goal and await its end."""
        self._end(self._send(self._goal(points)).get_result_async())

    def _end(self, future: Any) -> None:
        """Await a goal's end."""
        result = self._await(future).result
        if result.error_code:
            raise ProcessError("arm_controller", result.error_string, "free the machine and measure again")

    def _goal(self, points: list[tuple[float, list[float]]]) -> FollowJointTrajectory.Goal:
        """A goal that rests at each point: when it comes there [s], and where that is [rad]."""
        trajectory = JointTrajectory(joint_names=self._joints)
        for when, positions in points:
            still = [0.0] * len(positions)
            point = JointTrajectoryPoint(positions=positions, velocities=still, time_from_start=to_duration(when))
            trajectory.points.append(point)
        return FollowJointTrajectory.Goal(trajectory=trajectory)

    def _send(self, goal: FollowJointTrajectory.Goal) -> Any:
        """Send a goal; returns its handle, once it is accepted."""
        handle = self._await(self._action.send_goal_async(goal))
        if not handle.accepted:
            raise ProcessError(
                "arm_controller", "it refused the bench's goal", "see: armature logs arm_controller"
            )
        return handle

    def _call_arm(self, on: bool) -> None:
        answer = self._await(self._enable.call_async(SetBool.Request(data=on)))
        if not answer.success:
            raise ProcessError("servo_interface", answer.message, "see: armature status")

    def _on_joint_state(self, message: JointState) -> None:
        self._stamps.append((time.perf_counter(), to_seconds(message.header.stamp)))

    def _on_state(self, message: DiagnosticStatus) -> None:
        self._state = message.message

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name == "servo_interface: bus":
                self._bus = values_of(status)

    def _on_setpoints(self, message: JointTrajectory) -> None:
        self._segment_start = min(self._segment_start, to_seconds(message.header.stamp))

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
