"""Publishers of the servo interface: each topic at its own rate, from the bus process's reports."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from typing import Any

from builtin_interfaces.msg import Time
from control_msgs.msg import DynamicJointState, InterfaceValue
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool

from armature.core.rate_limit import RateLimit
from armature.core.recovery_commands import in_namespace
from armature.dynamixel.loop import link
from armature.dynamixel.loop.status import LoopStatus
from armature.nodes.common import topics
from armature.nodes.common.conversions import address, set_session, to_stamp
from armature.nodes.servo_interface import diagnostics
from armature.nodes.servo_interface.clock import CycleStamps
from armature.nodes.servo_interface.parameters import ServoConfiguration
from armature.nodes.servo_interface.subscriptions import Subscriptions

_EVERY = {topics.COMMANDED: 0.05, topics.DYNAMIC_JOINT_STATES: 0.1, topics.DIAGNOSTICS: 1.0}  # [s]
_TOPICS = (
    topics.JOINT_STATES,
    topics.DYNAMIC_JOINT_STATES,
    topics.DIAGNOSTICS,
    topics.STATE,
    topics.COMMANDED,
    topics.PROTECTIVE_STOP_STATE,
)


class Publishers:
    """Publishers, and what they published last; any thread may call its methods."""

    def __init__(self, node: Node, configuration: ServoConfiguration, subscriptions: Subscriptions) -> None:
        """Args: the node, the configuration of the arm, and the subscriptions, which count refused set-points."""
        self.status: LoopStatus | None = None
        self.readings: link.CycleReadings | None = None
        self.is_ending = False  # whether this process was asked to end
        self._published_ending = False
        self._node, self._namespace = node, node.get_namespace()
        self._configuration = configuration
        self._subscriptions = subscriptions
        self._publishers = {topic: topics.publisher(node, topic) for topic in _TOPICS}
        self._stamps = CycleStamps(lambda: node.get_clock().now().nanoseconds * 1e-9, time.monotonic)
        self._newest = -math.inf  # monotonic time of the cycle that was published last [s]
        self._lock = threading.Lock()
        self._rates = {topic: RateLimit(period) for topic, period in _EVERY.items()}

    def close(self) -> None:
        """Withdraw the publishers."""
        with self._lock:
            for publisher in self._publishers.values():
                self._node.destroy_publisher(publisher)
            self._publishers.clear()

    def publish_cycle(self, readings: link.CycleReadings) -> None:
        """Publish a cycle of the bus, unless it was published already, as after a pause."""
        with self._lock:
            if readings.time > self._newest:
                self._newest = readings.time
                self._publish_cycle(readings)

    def _publish_cycle(self, readings: link.CycleReadings) -> None:
        self.readings = readings
        joints = self._configuration.joints
        state = _joint_state(self._stamp_of(readings), joints, readings)
        if state.name:
            self._publish(topics.JOINT_STATES, state)
        if self._is_due(topics.COMMANDED):
            self._publish_commanded()
        if self._is_due(topics.DYNAMIC_JOINT_STATES):
            state = _dynamic_state(self._stamp_of(readings), joints, readings)
            self._publish(topics.DYNAMIC_JOINT_STATES, state)
        if self._is_due(topics.DIAGNOSTICS):
            self._publish_diagnostics()

    def publish_state(self, status: LoopStatus, readings: link.CycleReadings | None) -> None:
        """Publish a status of the bus process, where it has changed.

        Args:
            status: its newest.
            readings: the newest, which may be newer than the last cycle that was published.
        """
        with self._lock:
            self._publish_state(status, readings)

    def _publish_state(self, status: LoopStatus, readings: link.CycleReadings | None) -> None:
        before, self.status = self.status, status
        is_ending, was_ending = self.is_ending, self._published_ending
        is_known = before is not None and diagnostics.state_digest(before) == diagnostics.state_digest(status)
        if is_known and is_ending == was_ending:
            return
        self.readings, self._published_ending = readings, is_ending
        self._log(before, status)
        given = self._configuration
        message = diagnostics.state(
            status, time.time(), is_ending=is_ending, is_reduced=given.is_reduced, limits=given.limit_values
        )
        address([message], self._namespace)
        self._publish(topics.STATE, message)
        if before is None or before.protective_stop != status.protective_stop:
            self._publish(topics.PROTECTIVE_STOP_STATE, Bool(data=status.protective_stop))
        self._rates[topics.COMMANDED].reset()  # what the last cycle commanded may be of the session before
        self._publish_diagnostics()

    def _log(self, before: LoopStatus | None, status: LoopStatus) -> None:
        """Log the reason of the arm's state, each time it changes; not that it moves and rests.

        The end of the bus process is logged where it is detected.
        """
        if not status.servos or (before is not None and before.why == status.why):
            return
        text = in_namespace(f"{status.mode}: {status.why}", self._namespace)
        if status.faults or status.cause:
            self._node.get_logger().warning(text)
        else:
            self._node.get_logger().info(text)

    def _publish_commanded(self) -> None:
        if self.readings is not None:
            session = self.status.session if self.status is not None else ""
            stamp = self._stamp_of(self.readings)
            message = _to_commanded(stamp, self._configuration.joints, self.readings, session)
            self._publish(topics.COMMANDED, message)

    def _publish_diagnostics(self) -> None:
        if self.status is not None:
            array = diagnostics.diagnostics(
                self._stamp(), self._configuration, self.status, self.readings, self._refusals(), time.time()
            )
            address(array.status, self._namespace)
            self._publish(topics.DIAGNOSTICS, array)

    def _refusals(self) -> dict[str, object]:
        return {
            "refused_messages": self._subscriptions.refused,
            "last_refused_message": self._subscriptions.last_refusal,
        }

    def _publish(self, topic: topics.Topic, message: Any) -> None:
        publisher = self._publishers.get(topic)
        if publisher is not None:  # it is not closed
            publisher.publish(message)

    def _stamp_of(self, readings: link.CycleReadings) -> Any:
        """ROS time of a cycle; this process may have been put aside since."""
        clock = self._node.get_clock()
        if clock.ros_time_is_active:  # a simulated clock does not pass as the monotonic one does
            simulated = self._subscriptions.simulated_time(readings)
            return clock.now().to_msg() if simulated is None else to_stamp(round(simulated * 1e9))
        return to_stamp(round(self._stamps.of(readings.time) * 1e9))

    def _stamp(self) -> Any:
        return self._node.get_clock().now().to_msg()

    def _is_due(self, topic: topics.Topic) -> bool:
        return self._rates[topic].is_due(time.monotonic())


def _joint_state(stamp: Time, joints: Sequence[str], readings: link.CycleReadings) -> JointState:
    """Only joints that were read in this cycle; effort is NaN where no factor to N·m is calibrated."""
    read = [(j, a) for j, a in zip(joints, readings.joints, strict=True) if math.isfinite(a.position)]
    message = JointState()
    message.header.stamp = stamp
    message.name = [joint for joint, _ in read]
    message.position = [axis.position for _, axis in read]
    message.velocity = [axis.velocity for _, axis in read]
    message.effort = [axis.effort for _, axis in read]
    return message


def _to_commanded(stamp: Time, joints: Sequence[str], readings: link.CycleReadings, session: str) -> JointState:
    """The commanded state, with its session as the frame id, as set-points have it."""
    known = [(j, a) for j, a in zip(joints, readings.joints, strict=True) if math.isfinite(a.commanded_position)]
    message = JointState()
    message.header.stamp = stamp
    set_session(message, session)
    message.name = [joint for joint, _ in known]
    message.position = [axis.commanded_position for _, axis in known]
    message.velocity = [axis.commanded_velocity for _, axis in known]
    return message


def _dynamic_state(stamp: Time, joints: Sequence[str], readings: link.CycleReadings) -> DynamicJointState:
    """All that is known of each servo; what was not read is left out, and its age shows since when."""
    message = DynamicJointState()
    message.header.stamp = stamp
    message.joint_names = list(joints)
    message.interface_values = [_interfaces(axis) for axis in readings.joints]
    return message


def _interfaces(axis: link.JointReading) -> InterfaceValue:
    values = {
        "position": axis.position,
        "velocity": axis.velocity,
        "effort": axis.effort,
        "current": axis.current,
        "load": axis.load,
        "temperature": axis.temperature,
        "voltage": axis.voltage,
        "age": axis.age,
        "slow_age": axis.slow_age,
        "torque_enabled": _number(axis.torque),
        "hardware_error": _number(axis.hardware_error),
    }
    known = {name: value for name, value in values.items() if math.isfinite(value)}
    return InterfaceValue(interface_names=list(known), values=list(known.values()))


def _number(value: int | None) -> float:
    """A flag or a bit mask as a number, which is all that the message can hold."""
    return math.nan if value is None else float(value)
