"""The monitor's subscriptions, which update its board."""

from __future__ import annotations

import time

from control_msgs.msg import DynamicJointState, JointTrajectoryControllerState
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool

from armature.monitor.board import Board, Diagnostic
from armature.monitor.gateway import Recording
from armature.nodes.common import conversions, topics

OWN_STATUS = "monitor"  # name of its own status in the diagnostics
LONGEST_SILENCE = {  # [s], by topic; the page marks a topic that is silent for longer
    topics.JOINT_STATES.name: 0.5,
    topics.DYNAMIC_JOINT_STATES.name: 1.0,
    topics.COMMANDED.name: 0.5,
    topics.CONTROLLER_STATE.name: 1.0,
    topics.DIAGNOSTICS.name: 2.5,
}


class Subscriptions:
    """Subscribes to what the page shows; every method runs in the executor's thread."""

    def __init__(self, node: Node, board: Board) -> None:
        """Args: owner of the subscriptions, and the board that they update."""
        self.is_arm_ending = False  # whether the servo interface is ending
        self._board = board
        self._joint_states: bytes | None = None
        # Joint states come five times as often as they are shown: only the newest is deserialized.
        topics.subscription(node, topics.JOINT_STATES, self._on_joint_states, raw=True)
        topics.subscription(node, topics.DYNAMIC_JOINT_STATES, self._on_dynamic)
        topics.subscription(node, topics.COMMANDED, self._on_commanded)
        topics.subscription(node, topics.STATE, self._on_state)
        topics.subscription(node, topics.PROTECTIVE_STOP_STATE, self._on_protective_stop)
        topics.subscription(node, topics.DIAGNOSTICS, self._on_diagnostics)
        topics.subscription(node, topics.CONTROLLER_STATE, self._on_controller)

    def _on_joint_states(self, message: bytes) -> None:
        self._joint_states = message
        self._board.note_message(topics.JOINT_STATES.name, time.monotonic(), servo_interface=True)

    def read_joint_states(self) -> None:
        """Update the board with the newest joint states."""
        if self._joint_states is None:
            return
        message = deserialize_message(self._joint_states, JointState)
        self._joint_states = None
        self._board.readings.update_joint_states(time.monotonic(), _by_joint(message))

    def _on_dynamic(self, message: DynamicJointState) -> None:
        now = time.monotonic()
        self._board.note_message(topics.DYNAMIC_JOINT_STATES.name, now, servo_interface=True)
        values = (dict(zip(item.interface_names, item.values, strict=False)) for item in message.interface_values)
        self._board.readings.update_dynamic_joint_states(now, dict(zip(message.joint_names, values, strict=False)))

    def _on_commanded(self, message: JointState) -> None:
        now = time.monotonic()
        self._board.note_message(topics.COMMANDED.name, now, servo_interface=True)
        self._board.readings.update_commanded(now, conversions.positions_of(message))

    def _on_state(self, message: DiagnosticStatus) -> None:
        values = conversions.values_of(message)
        self.is_arm_ending = "ending" in values
        self._board.update_state(time.monotonic(), message.message, values)

    def _on_protective_stop(self, message: Bool) -> None:
        self._board.protective_stop = bool(message.data)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        now = time.monotonic()
        statuses = [_diagnostic_of(status) for status in message.status]
        if any(status.name != OWN_STATUS for status in statuses):
            self._board.note_message(topics.DIAGNOSTICS.name, now)
        is_from_servo_interface = any(status.name.startswith("servo_interface") for status in statuses)
        self._board.update_diagnostics(now, statuses, servo_interface=is_from_servo_interface)
        for status in statuses:
            if status.name.startswith("recorder"):
                self._board.update_recording(now, _recording_of(status))

    def _on_controller(self, message: JointTrajectoryControllerState) -> None:
        now = time.monotonic()
        self._board.note_message(topics.CONTROLLER_STATE.name, now)
        self._board.update_following_errors(
            now, dict(zip(message.joint_names, message.error.positions, strict=False))
        )


def _by_joint(message: JointState) -> dict[str, dict[str, float]]:
    columns = {"position": message.position, "velocity": message.velocity, "effort": message.effort}
    complete = {name: column for name, column in columns.items() if len(column) == len(message.name)}
    return {
        joint: {name: column[index] for name, column in complete.items()}
        for index, joint in enumerate(message.name)
    }


def _diagnostic_of(status: DiagnosticStatus) -> Diagnostic:
    # rclpy gives the level, a byte in the definition, as bytes of length one.
    return Diagnostic(status.name, status.level[0], status.message, conversions.values_of(status))


def _recording_of(status: Diagnostic) -> Recording:
    path = status.values.get("path", "")
    return Recording(active=bool(path), path=path, message=status.message, values=status.values)
