"""The ROS half of the servo interface: a managed node between the graph and the bus child.

Reads set-points; writes joint states at the rate of the bus, state, what is commanded, and diagnostics.
"""

from __future__ import annotations

import sys
import threading
import time
import uuid
from typing import Any

import numpy as np
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.task import Future
from std_msgs.msg import Bool
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory

from armature.core.collision import CollisionModel
from armature.core.trajectory import Trajectory
from armature.core.transfer import transfer
from armature.dynamixel import link
from armature.dynamixel.mode import Mode
from armature.errors import ArmatureError, CommandRefused, ProcessError
from armature.nodes import servo_messages as messages
from armature.nodes import topics
from armature.nodes.bus_client import BusClient
from armature.nodes.conversions import to_seconds, to_trajectory
from armature.nodes.run import run_nodes
from armature.nodes.servo_parameters import ServoConfiguration

_CLOCK_JUMP = 0.05  # [s], by design section "Set-points look ahead"
_COMMANDED_EVERY = 0.05  # [s]
_DYNAMIC_EVERY = 0.1  # [s]
_DIAGNOSTICS_EVERY = 1.0  # [s]
_RESPAWN_EVERY = 0.5  # [s]
_REST_TIME = 5.0  # how long a stop may take before parking begins [s]


class ServoInterface(LifecycleNode):
    """Managed node /servo_interface."""

    def __init__(self) -> None:
        super().__init__("servo_interface")
        self._failure: Exception | None = None
        self._configuration: ServoConfiguration
        self._client: BusClient | None = None
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._active = False
        self._status: link.Status | None = None
        self._readings: link.Readings | None = None
        self._clock_offset: float | None = None
        self._due = dict.fromkeys(("commanded", "dynamic", "diagnostics"), 0.0)
        self._changed: list[Future] = []
        self._leaving: Any = None
        self.declare_parameter("autostart", True)

    def start(self) -> ServoInterface:
        """Configure and activate at once, unless a lifecycle manager does.

        Raises:
            ArmatureError: why it could not be configured.
        """
        if not self.get_parameter("autostart").value:
            return self
        self.trigger_configure()
        if self._failure is not None:
            self.destroy_node()
            raise self._failure
        self.trigger_activate()
        return self

    # Transitions

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Read the files, take over or start the bus child, announce topics and services."""
        try:
            self._configuration = ServoConfiguration.of(self)
            self._attach()
            self._announce()
        except Exception as error:  # noqa: BLE001  # rclpy would swallow it; `start` raises it again
            self._failure = error
            self.get_logger().error(str(error))
            return TransitionCallbackReturn.FAILURE
        self._thread = threading.Thread(target=self._listen, name="bus listener")
        self._thread.start()
        return TransitionCallbackReturn.SUCCESS

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Take commands."""
        self._active = True
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop within limits, hold, and take no commands."""
        self._active = False
        self._require_client().request("hold", why="the servo interface was deactivated; holding")
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Let the bus go; an armed arm is held by its servos."""
        self._close()
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """As clean-up."""
        self._close()
        return TransitionCallbackReturn.SUCCESS

    def destroy_node(self) -> None:
        """Let the bus go, then the node."""
        self._close()
        super().destroy_node()

    def _attach(self) -> None:
        client = BusClient(self._configuration.child)
        found = client.attach()
        self._client = client
        if found:
            self.get_logger().info("took over the running bus process")

    def _announce(self) -> None:
        self._publishers_by_topic = {
            topic: topics.publisher(self, topic)
            for topic in (
                topics.JOINT_STATES,
                topics.DYNAMIC_JOINT_STATES,
                topics.DIAGNOSTICS,
                topics.STATE,
                topics.COMMANDED,
                topics.PROTECTIVE_STOP_STATE,
            )
        }
        topics.subscription(self, topics.SETPOINTS, self._on_setpoints)
        # Parking takes seconds; in a group of its own it does not keep set-points and stops waiting.
        slow = MutuallyExclusiveCallbackGroup()
        self.create_service(SetBool, topics.ARM.name, self._on_arm, callback_group=slow)
        self.create_service(SetBool, topics.PROTECTIVE_STOP.name, self._on_protective_stop)
        self.create_service(Trigger, topics.CLEAR_FAULTS.name, self._on_clear_faults)

    def _close(self) -> None:
        self._closing.set()
        client, self._client = self._client, None
        if client is not None:
            if self._leaving is not None:
                self._try_request(client, "quit")
            client.close()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if client is not None and self._leaving is not None:
            client.wait_ended(2.0)

    def _try_request(self, client: BusClient, name: str) -> None:
        try:
            client.request(name)
        except CommandRefused:
            self.get_logger().warning("the bus process has ended before")

    def _require_client(self) -> BusClient:
        if self._client is None:
            raise CommandRefused("request", "the servo interface is not configured", "configure it first")
        return self._client

    # What the child tells, in the listener's thread

    def _listen(self) -> None:
        while not self._closing.is_set():
            client = self._client
            if client is not None:
                client.listen(self._on_cycle, self._on_status)
            if not self._closing.is_set():
                self._on_lost()
                self._respawn()

    def _on_lost(self) -> None:
        self.get_logger().error("the bus process has ended; starting another")
        self._on_status(
            link.Status(
                mode=Mode.DISCONNECTED.name,
                torque=self._status.torque if self._status else "unknown",
                session="",
                why="the bus process has ended; the servos hold their last goals; it is being started anew",
                faults=(),
                bus={},
            )
        )

    def _respawn(self) -> None:
        try:
            self._attach()
        except ProcessError as error:
            self.get_logger().error(str(error), throttle_duration_sec=5.0)
            self._closing.wait(_RESPAWN_EVERY)

    def _on_cycle(self, readings: link.Readings) -> None:
        self._readings = readings
        stamp = self.get_clock().now().to_msg()
        joints = self._configuration.joints
        state = messages.joint_state(stamp, joints, readings)
        if state.name:
            self._publish(topics.JOINT_STATES, state)
        if self._is_due("commanded", _COMMANDED_EVERY):
            self._publish_commanded()
        if self._is_due("dynamic", _DYNAMIC_EVERY):
            self._publish(topics.DYNAMIC_JOINT_STATES, messages.dynamic_state(stamp, joints, readings))
        if self._is_due("diagnostics", _DIAGNOSTICS_EVERY):
            self._publish_diagnostics()

    def _on_status(self, status: link.Status) -> None:
        before, self._status = self._status, status
        if before is not None and messages.shown(before) == messages.shown(status):
            return
        self._publish(topics.STATE, messages.state(status))
        if before is None or (before.mode == "PROTECTIVE_STOP") != (status.mode == "PROTECTIVE_STOP"):
            self._publish(topics.PROTECTIVE_STOP_STATE, Bool(data=status.mode == "PROTECTIVE_STOP"))
        self._publish_commanded()
        self._publish_diagnostics()
        waiting, self._changed = self._changed, []
        for future in waiting:
            future.set_result(None)

    def _publish_commanded(self) -> None:
        readings = self._client.readings() if self._client else None
        if readings is not None:
            stamp = self.get_clock().now().to_msg()
            self._publish(topics.COMMANDED, messages.commanded(stamp, self._configuration.joints, readings))

    def _publish_diagnostics(self) -> None:
        if self._status is not None:
            stamp = self.get_clock().now().to_msg()
            array = messages.diagnostics(stamp, self._configuration, self._status, self._readings)
            self._publish(topics.DIAGNOSTICS, array)

    def _publish(self, topic: topics.Topic, message: Any) -> None:
        if not self._closing.is_set():
            self._publishers_by_topic[topic].publish(message)

    def _is_due(self, what: str, period: float) -> bool:
        now = time.monotonic()
        if now < self._due[what]:
            return False
        self._due[what] = now + period
        return True

    # What the graph asks

    def _on_setpoints(self, message: JointTrajectory) -> None:
        client = self._client
        if client is None or not self._active:
            return
        try:
            start = self._to_monotonic(to_seconds(message.header.stamp))
            client.send_piece(message.header.frame_id, start, to_trajectory(message))
        except ArmatureError as error:
            self.get_logger().warning(f"set-points refused: {error}", throttle_duration_sec=1.0)

    def _to_monotonic(self, stamp: float) -> float:
        """Monotonic time of a ROS time; both in seconds."""
        offset: float = time.monotonic() - self.get_clock().now().nanoseconds * 1e-9
        before, self._clock_offset = self._clock_offset, offset
        if before is not None and abs(offset - before) > _CLOCK_JUMP:
            self._require_client().request("hold", why=f"the clock jumped by {offset - before:.3f} s; holding")
            raise CommandRefused("set-points", "the clock jumped", "send a new goal")
        return stamp + offset

    async def _on_arm(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        try:
            self._require_active()
            if request.data:
                response.message = self._require_client().request("arm", session=uuid.uuid4().hex[:8])
            else:
                response.message = await self._disarm()
            response.success = True
        except ArmatureError as error:
            response.success, response.message = False, str(error)
        return response

    def _on_protective_stop(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        try:
            response.message = self._require_client().request("protective_stop", on=request.data)
            response.success = True
        except ArmatureError as error:
            response.success, response.message = False, str(error)
        return response

    def _on_clear_faults(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        try:
            self._require_active()
            response.message = self._require_client().request("clear_faults")
            response.success = True
        except ArmatureError as error:
            response.success, response.message = False, str(error)
        return response

    def _require_active(self) -> None:
        if not self._active:
            raise CommandRefused("request", "the servo interface is not active", "activate it first")

    # Parking

    async def _disarm(self) -> str:
        """Stop, park if the way is free, then torque off.

        Raises:
            CommandRefused: it could not; the arm holds and torque stays on.
        """
        client, status = self._require_client(), self._require_status()
        if status.mode == Mode.DISARMED.name:
            return "torque is off already"
        if status.mode not in (Mode.ARMED.name, Mode.MOVING.name, Mode.HOLDING.name):
            raise CommandRefused(
                "disarm", f"the state is {status.mode} ({status.why})", "clear that first; torque stays on"
            )
        client.request("hold", why="stopping before parking")
        serial = client.send_piece("", time.monotonic(), self._way_to_park(await self._at_rest()))
        client.request("park", serial=serial)
        while self._require_status().mode == Mode.PARKING.name:
            await self._next_status()
        if self._require_status().mode != Mode.DISARMED.name:
            raise CommandRefused("disarm", self._require_status().why, "torque stays on; look, then ask again")
        return "parked, torque off"

    async def _at_rest(self) -> dict[str, float]:
        """Commanded positions once nothing is commanded to move."""
        give_up = time.monotonic() + _REST_TIME
        while time.monotonic() < give_up:
            readings = self._require_client().readings()
            if readings is not None and not any(axis.commanded_velocity for axis in readings.axes):
                joints = self._configuration.joints
                return {j: axis.commanded_position for j, axis in zip(joints, readings.axes, strict=True)}
            await self._next_moment()
        raise CommandRefused("park", "the arm does not come to rest", "torque stays on")

    def _way_to_park(self, start: dict[str, float]) -> Trajectory:
        configuration = self._configuration
        park = {**start, **configuration.park}
        joints = configuration.joints
        contact = CollisionModel(configuration.urdf, configuration.arm).first_contact(
            joints, np.array([start[joint] for joint in joints]), np.array([park[joint] for joint in joints])
        )
        if contact is not None:
            raise CommandRefused(
                "park",
                f"{contact.first} would meet {contact.second} at {contact.fraction:.0%} of the way",
                "move the arm to where the straight way is free; torque stays on",
            )
        limits = {joint: configuration.arm.limit(joint) for joint in joints}
        return transfer(joints, start, park, limits, configuration.dynamics, configuration.park_speed)

    def _require_status(self) -> link.Status:
        if self._status is None:
            raise CommandRefused("request", "the bus process has not reported yet", "ask again")
        return self._status

    async def _next_status(self) -> None:
        future: Future = Future(executor=self.executor)
        self._changed.append(future)
        await future

    async def _next_moment(self) -> None:
        future: Future = Future(executor=self.executor)
        timer = self.create_timer(0.02, lambda: future.set_result(None) if not future.done() else None)
        await future
        self.destroy_timer(timer)

    # Leaving

    def stopping(self, signals: int) -> bool:
        """First signal: stop, park if that may be, end. Second: hold at once, end."""
        if self._leaving is None:
            self._leaving = self.executor.create_task(self._leave)
        if signals >= 2 and self._client is not None and not self._leaving.done():
            self._client.request("hold", why="asked twice to end; holding")
            self._say("holding with torque on")
            return True
        return bool(self._leaving.done())

    async def _leave(self) -> None:
        try:
            if self._client is not None and self._active:
                self._say(await self._disarm())
        except ArmatureError as error:
            self._say(f"not parked, torque stays on: {error}")

    def _say(self, text: str) -> None:
        print(f"servo_interface: {text}", file=sys.stderr, flush=True)  # noqa: T201


def main() -> int:
    """Run the servo interface."""
    return run_nodes(lambda: ServoInterface().start(), executor_factory=SingleThreadedExecutor)


if __name__ == "__main__":
    sys.exit(main())
