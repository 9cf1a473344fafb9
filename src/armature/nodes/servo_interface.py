"""The ROS half of the servo interface: a managed node between the graph and the bus child.

Reads set-points; writes joint states at the rate of the bus, state, what is commanded, and diagnostics.
"""

from __future__ import annotations

import sys
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.task import Future
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory

from armature.dynamixel import link
from armature.dynamixel.mode import Mode
from armature.errors import ArmatureError, CommandRefused, ProcessError
from armature.nodes import topics
from armature.nodes.bus_client import BusClient
from armature.nodes.conversions import to_seconds, to_trajectory
from armature.nodes.parameters import read, refuse_unknown
from armature.nodes.run import run_nodes
from armature.nodes.servo_clock import StampClock
from armature.nodes.servo_outlet import Outlet
from armature.nodes.servo_parameters import ServoConfiguration
from armature.nodes.servo_parking import way_to_park

_RESPAWN_EVERY = 0.5  # [s]
_REST_TIME = 5.0  # how long a stop may take before parking begins [s]
_MOMENT = 0.02  # between looks at what is awaited [s]
_STOPPABLE = (Mode.ARMED.name, Mode.MOVING.name, Mode.HOLDING.name, Mode.PARKING.name)


@dataclass(frozen=True)
class StartParameters:
    """What is known before the node is configured."""

    autostart: bool = True  # configure and activate at start; false leaves it to a lifecycle manager


class ServoInterface(LifecycleNode):
    """Managed node /servo_interface."""

    def __init__(self) -> None:
        super().__init__("servo_interface")
        self._failure: Exception | None = None
        self._configuration: ServoConfiguration
        self._outlet: Outlet
        self._client: BusClient | None = None
        self._thread: threading.Thread | None = None
        self._entities: list[Callable[[], object]] = []  # withdraw what was announced
        self._closing = threading.Event()
        self._active = False
        self._leaving: Any = None
        self._clock_map = StampClock(lambda: self.get_clock().now().nanoseconds * 1e-9, time.monotonic)
        self._autostart = read(self, StartParameters).autostart

    def start(self) -> ServoInterface:
        """Configure and activate at once, unless a lifecycle manager does.

        Raises:
            ArmatureError: why it could not be configured.
        """
        if not self._autostart:
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
        self._closing.clear()
        try:
            self._configuration = ServoConfiguration.of(self)
            refuse_unknown(self)
            self._attach(self._configuration.child)
        except Exception as error:  # noqa: BLE001  # rclpy would swallow it; `start` raises it again
            self._failure = error
            self.get_logger().error(str(error))
            return TransitionCallbackReturn.FAILURE
        self._failure = None
        self._announce()
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

    def _attach(self, child: Any) -> None:
        client = BusClient(child)
        found = client.attach()
        self._client = client
        if found:
            self.get_logger().info("took over the running bus process")
        if not client.has_our_settings:
            self.get_logger().warning(
                "the bus process works with other settings than ours; disarm and start again to change them"
            )

    def _announce(self) -> None:
        self._outlet = Outlet(self, self._configuration)
        setpoints = topics.subscription(self, topics.SETPOINTS, self._on_setpoints)
        # Parking takes seconds; in a group of its own it does not keep set-points and stops waiting.
        slow = ReentrantCallbackGroup()
        services = (
            self.create_service(SetBool, topics.ARM.name, self._on_arm, callback_group=slow),
            self.create_service(SetBool, topics.PROTECTIVE_STOP.name, self._on_protective_stop),
            self.create_service(Trigger, topics.CLEAR_FAULTS.name, self._on_clear_faults),
        )
        self._entities = [
            self._outlet.close,
            lambda: self.destroy_subscription(setpoints),
            *(lambda service=service: self.destroy_service(service) for service in services),
        ]

    def _close(self) -> None:
        self._closing.set()
        client = self._take_client()
        if client is not None:
            if self._leaving is not None:
                self._try_request(client, "quit")
            client.close()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        late = self._take_client()
        if late is not None:  # the listener was just starting another
            late.close()
        if client is not None and self._leaving is not None:
            client.wait_ended(2.0)
        for withdraw in self._entities:
            withdraw()
        self._entities = []

    def _take_client(self) -> BusClient | None:
        client, self._client = self._client, None
        return client

    def _try_request(self, client: BusClient, name: str, **fields: Any) -> None:
        try:
            client.request(name, **fields)
        except CommandRefused as error:
            self.get_logger().warning(str(error))

    def _require_client(self) -> BusClient:
        if self._client is None:
            raise CommandRefused("request", "the servo interface is not configured", "configure it first")
        return self._client

    # What the child tells, in the listener's thread

    def _listen(self) -> None:
        while not self._closing.is_set():
            if self._client is not None:
                self._hear(self._client)
            if not self._closing.is_set():
                self._respawn()

    def _hear(self, client: BusClient) -> None:
        last_words = client.listen(self._on_cycle, lambda status: self._on_status(client, status))
        client.close()
        if not self._closing.is_set():
            self._on_lost(last_words)

    def _on_lost(self, last_words: str) -> None:
        self.get_logger().error(f"the bus process has ended; starting another {last_words}".rstrip())
        self._outlet.lost("the bus process has ended; the servos hold their last goals; it is being started anew")

    def _respawn(self) -> None:
        status = self._outlet.status
        latched = status is not None and status.protective_stop
        try:
            self._attach({**self._configuration.child, "protective_stop": latched})
        except ProcessError as error:
            self._client = None
            self.get_logger().error(str(error), throttle_duration_sec=5.0)
            self._closing.wait(_RESPAWN_EVERY)

    def _on_cycle(self, readings: link.Readings) -> None:
        if not self._closing.is_set():
            self._outlet.cycle(readings)

    def _on_status(self, client: BusClient, status: link.Status) -> None:
        if not self._closing.is_set():
            self._outlet.state(status, client.readings())

    # What the graph asks

    def _on_setpoints(self, message: JointTrajectory) -> None:
        client = self._client
        if client is None or not self._active:
            return
        try:
            start = self._clock_map.to_monotonic(to_seconds(message.header.stamp))
            client.send_piece(message.header.frame_id, start, to_trajectory(message))
        except CommandRefused as error:
            self.get_logger().warning(str(error), throttle_duration_sec=1.0)
            self._try_request(client, "hold", why=f"{error}; holding")
        except ArmatureError as error:
            self.get_logger().warning(f"set-points refused: {error}", throttle_duration_sec=1.0)

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
        return _answer(response, lambda: self._require_client().request("protective_stop", on=request.data))

    def _on_clear_faults(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        return _answer(response, self._clear_faults)

    def _clear_faults(self) -> str:
        self._require_active()
        return self._require_client().request("clear_faults")

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
        if status.mode not in _STOPPABLE:
            why = f"the state is {status.mode} ({status.why})"
            raise CommandRefused("disarm", why, "clear that first; torque stays on")
        if status.mode != Mode.PARKING.name:  # else it is under way, and its end is this one's too
            client.request("hold", why="stopping before parking")
            way = way_to_park(self._configuration, await self._at_rest())
            client.request("park", serial=client.send_piece("", time.monotonic(), way))
        while self._require_status().mode == Mode.PARKING.name:
            await self._next_moment()
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

    def _require_status(self) -> link.Status:
        if self._outlet.status is None:
            raise CommandRefused("request", "the bus process has not reported yet", "ask again")
        return self._outlet.status

    async def _next_moment(self) -> None:
        future: Future = Future(executor=self.executor)
        timer = self.create_timer(_MOMENT, lambda: future.set_result(None) if not future.done() else None)
        await future
        self.destroy_timer(timer)

    # Leaving

    def stopping(self, signals: Sequence[int]) -> bool:
        """First signal: stop, park if that may be, end. Second: hold at once, end."""
        if self._leaving is None:
            self._leaving = self.executor.create_task(self._leave)
        if len(signals) > 1 and self._client is not None and not self._leaving.done():
            self._try_request(self._client, "hold", why="asked twice to end; holding")
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


def _answer(response: Any, act: Callable[[], str]) -> Any:
    """A service's response: what was done, or why it was refused."""
    try:
        response.message = act()
        response.success = True
    except ArmatureError as error:
        response.success, response.message = False, str(error)
    return response


def main() -> int:
    """Run the servo interface."""
    return run_nodes(lambda: ServoInterface().start(), executor_factory=SingleThreadedExecutor)


if __name__ == "__main__":
    sys.exit(main())
