"""Input of the servo interface: set-points, and the clock of their stamps."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

from rclpy.clock import JumpThreshold
from rclpy.duration import Duration
from rclpy.node import Node
from trajectory_msgs.msg import JointTrajectory

from armature.core.recovery_commands import in_namespace
from armature.core.trajectory.segments import LoopTime
from armature.dynamixel.loop import link
from armature.errors import ArmatureError, CommandRefused
from armature.nodes.common import topics
from armature.nodes.common.conversions import session_of, to_segment
from armature.nodes.servo_interface.bus_process.client import BusClient
from armature.nodes.servo_interface.bus_process.connection import BusConnection
from armature.nodes.servo_interface.clock import SimulatedClock, StampClock, SystemClock, clock_jump_refusal

_EVERY_TICK = JumpThreshold(
    min_forward=Duration(nanoseconds=1), min_backward=Duration(nanoseconds=-1), on_clock_change=True
)


class Subscriptions:
    """Passes set-points to the bus process."""

    def __init__(self, node: Node, bus: BusConnection, gripper: Collection[str]) -> None:
        """Args: the node, the bus process, and the gripper's joints, whose efforts are limits."""
        self.is_open = False  # whether set-points are taken
        self.refused = 0
        self.back_offs = 0  # how often a controller has reported that joints do not follow
        self.last_refusal = ""
        self._node = node
        self._bus = bus
        self._gripper = gripper
        self._simulated = SimulatedClock() if is_simulated(node) else None
        self._clock: StampClock = self._simulated or SystemClock(self._ros_time, time.monotonic)
        self._ticks: Any = None
        if self._simulated is not None:
            self._ticks = node.get_clock().create_jump_callback(_EVERY_TICK, post_callback=self._on_tick)
        self._setpoints = topics.subscription(node, topics.SETPOINTS, self.on_setpoints)

    def close(self) -> None:
        """Withdraw the subscription."""
        self._node.destroy_subscription(self._setpoints)
        if self._ticks is not None:
            self._ticks.unregister()

    def attach(self, client: BusClient) -> None:
        """Continue from the time of the bus loop."""
        readings = client.readings()
        if self._simulated is not None:
            self._simulated.attach(0.0 if readings is None else readings.loop_time)

    def simulated_time(self, readings: link.CycleReadings) -> float | None:
        """Simulated time of a cycle [s]; None where time is not simulated, or not known yet."""
        return None if self._simulated is None else self._simulated.to_simulated(readings.loop_time)

    def on_setpoints(self, message: JointTrajectory) -> None:
        """Pass a set-point segment on, or note why it is refused."""
        if not self.is_open:
            return
        if not message.points:  # these joints do not follow
            self._back_off(message)
            return
        try:
            segment = to_segment(message, self._gripper)
            begin = LoopTime(self._clock.to_loop(segment.begin))
            self._bus.client.send_segment(segment.begin_at(begin))
        except CommandRefused as error:
            self._refuse(error)
            self._hold(error)
        except ArmatureError as error:
            self._refuse(error)

    def _back_off(self, message: JointTrajectory) -> None:
        try:
            joints, session = list(message.joint_names), session_of(message)
            # Not awaited, since STOP would wait too; it is refused mostly where the bus process found it first.
            self._bus.client.notify("back_off", joints=joints, session=session)
            self.back_offs += 1
        except CommandRefused as error:
            self._refuse(error)

    def _refuse(self, error: ArmatureError) -> None:
        self.refused += 1
        self.last_refusal = in_namespace(str(error), self._node.get_namespace())
        self._node.get_logger().warning(f"set-points refused: {self.last_refusal}", throttle_duration_sec=1.0)

    def _hold(self, error: CommandRefused) -> None:
        try:
            self._bus.client.notify("hold", why=f"{error}; holding")
        except CommandRefused as refusal:
            self._node.get_logger().warning(str(refusal), throttle_duration_sec=1.0)

    def _on_tick(self, _jump: object) -> None:
        """Pass a new simulated time on."""
        assert self._simulated is not None
        loop_time, jump = self._simulated.tick(self._ros_time(), time.monotonic())
        try:
            client = self._bus.client
        except CommandRefused:
            return  # nothing runs on that time yet
        client.set_clock(loop_time)
        if jump:
            self._refuse(clock_jump_refusal(jump))
            self._hold(clock_jump_refusal(jump))

    def _ros_time(self) -> float:
        return float(self._node.get_clock().now().nanoseconds) * 1e-9


def is_simulated(node: Node) -> bool:
    """Whether the node's time is that of /clock."""
    return bool(node.get_parameter("use_sim_time").value)
