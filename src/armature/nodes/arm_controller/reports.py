"""Reports of a controller on its group: its state, its diagnostics, and warnings that no client gets."""

from __future__ import annotations

from collections.abc import Callable

from control_msgs.msg import JointTrajectoryControllerState
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.clock import Clock
from rclpy.node import Node

from armature.core.control.goal import End, Outcome
from armature.core.control.group_state import GroupState
from armature.core.control.tolerance import error_of
from armature.core.recovery_commands import in_namespace
from armature.core.trajectory.trajectory import State
from armature.nodes.common import topics
from armature.nodes.common.conversions import diagnostic, to_point, to_stamp

_STATE_PERIOD = 0.05  # [s]
_DIAGNOSTICS_PERIOD = 1.0  # [s]

Feedback = Callable[[float, State, State, State], None]
"""Gives a goal's client feedback: the reading's time [s], set-point, measured state, and their difference."""


class Reports:
    """Publishes them for a controller's node."""

    def __init__(self, node: Node, group: GroupState, feedback: Feedback, steady: Clock) -> None:
        """Args: the controller, its state, what else is called at each report, and a clock that never pauses."""
        self._node = node
        self._group = group
        self._feedback = feedback
        self._last_message = ""
        self._published_at = 0.0
        self._diagnostics = topics.publisher(node, topics.DIAGNOSTICS)
        self._state = topics.publisher(node, topics.of_controller(node.get_name()).state)
        node.create_timer(_STATE_PERIOD, self._publish_state)
        node.create_timer(_DIAGNOSTICS_PERIOD, self._publish_diagnostics, clock=steady)

    def report_outcome(self, outcome: Outcome) -> None:
        """Report in the log and in diagnostics how a goal has ended."""
        self._last_message = text = in_namespace(outcome.message, self._node.get_namespace())
        # rclpy's logger wants one severity a line of code.
        if outcome.end is End.SUCCEEDED:
            self._node.get_logger().info(text)
        else:
            self._node.get_logger().warning(text)
        self._publish_diagnostics()

    def warn(self, text: str) -> None:
        """Report in the log, and as the last message in diagnostics, what no client can be answered."""
        text = in_namespace(text, self._node.get_namespace())
        self._node.get_logger().warning(text, throttle_duration_sec=1.0)
        if text != self._last_message:
            self._last_message = text
            self._publish_diagnostics()

    def _publish_state(self) -> None:
        joints, arm = self._group.limits.joints, self._group.arm
        stamp, feedback = arm.read_at, arm.measured
        reference = None if feedback is None else self._group.motion.setpoint(stamp)
        if not joints or reference is None or feedback is None or stamp == self._published_at:
            return
        self._published_at = stamp
        error = error_of(reference, feedback)
        message = JointTrajectoryControllerState(joint_names=list(joints))
        message.speed_scaling_factor = self._group.rate(stamp)
        message.header.stamp = to_stamp(round(stamp * 1e9))
        time = self._group.goal_time(stamp)
        message.reference, message.feedback = to_point(reference, time), to_point(feedback, time)
        message.error, message.output = to_point(error), to_point(reference)
        self._state.publish(message)
        self._feedback(stamp, reference, feedback, error)

    def _publish_diagnostics(self) -> None:
        stamp = self._node.get_clock().now()
        motion, now = self._group.motion, float(stamp.nanoseconds) * 1e-9
        activity = "moving" if motion.is_moving(now) else "idle"
        if motion.is_paused:
            activity = "waiting" if motion.is_waiting else "paused"
        values = {"last": self._last_message, "longest_delay": f"{self._group.longest_delay:.3f}"}
        message = DiagnosticArray()
        message.status = [diagnostic(self._node.get_name(), DiagnosticStatus.OK, activity, values)]
        message.header.stamp = stamp.to_msg()
        self._diagnostics.publish(message)
