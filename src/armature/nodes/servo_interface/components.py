"""The parts of the servo interface between configure and clean-up."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from rclpy.lifecycle import LifecycleNode

from armature.core.recovery_commands import DISABLE, TORQUE_OFF, in_namespace
from armature.dynamixel.loop import link
from armature.dynamixel.loop.status import LoopStatus, status_while_starting
from armature.dynamixel.protocol.device_names import port_paths
from armature.dynamixel.status.states import Mode
from armature.errors import CommandRefused
from armature.nodes.common.exit_message import ExitMessage, reason_of
from armature.nodes.common.serial_adapter import known_names
from armature.nodes.servo_interface.bus_process.client import BusClient, describe_difference
from armature.nodes.servo_interface.bus_process.connection import BusConnection
from armature.nodes.servo_interface.controller_watch import ControllerWatch
from armature.nodes.servo_interface.disabling import Disabling
from armature.nodes.servo_interface.free_drive import FreeDriveLoads
from armature.nodes.servo_interface.parameters import ServoConfiguration
from armature.nodes.servo_interface.publishers import Publishers
from armature.nodes.servo_interface.services import ServoServices
from armature.nodes.servo_interface.stop_latch import ProtectiveStopLatch
from armature.nodes.servo_interface.subscriptions import Subscriptions, is_simulated

_DEACTIVATED = "the servo interface was deactivated; holding"
_WITHOUT_BUS = (Mode.STARTING.name, Mode.DISCONNECTED.name)


class Components:
    """Made at configure, closed at clean-up."""

    def __init__(
        self,
        node: LifecycleNode,
        configuration: ServoConfiguration,
        exit_message: ExitMessage,
        exit_message_file: str,
    ) -> None:
        self._node, self._namespace = node, node.get_namespace()
        self._exit_message = exit_message
        self._is_parking_requested = False
        self.parking_since: float | None = None  # as reported, monotonic [s]
        self._child = {
            **configuration.child,
            "simulated_time": is_simulated(node),
            "exit_message_file": exit_message_file,
        }
        paths = port_paths(str(configuration.child["port"]), configuration.wiring.buses).values()
        self.latch = ProtectiveStopLatch(configuration.state_folder, lambda: known_names(paths), self._namespace)
        self._has_port = False
        self._loss = ""  # why there is no bus
        self.bus = BusConnection(self._child_configuration, self._on_attached, self._on_cycle, self._on_status)
        self.disabling = Disabling(configuration, self.bus)
        self.free_drive_loads = FreeDriveLoads(configuration, self.bus)
        gripper = [joint.name for joint in configuration.arm.gripper_joints]
        self.subscriptions = Subscriptions(node, self.bus, gripper)
        self.watch = ControllerWatch(node, self.bus, lambda: self.publishers.is_ending)
        self.publishers = Publishers(node, configuration, self.subscriptions)
        self.services = ServoServices(
            node, configuration.joints, configuration.servos, self.bus, self.disabling, self.latch, self.publishers
        )
        self.publishers.publish_state(status_while_starting(protective_stop=self.latch.is_engaged), None)

    def activate(self, *, active: bool) -> None:
        """Take commands, or stop, hold and take none."""
        self.take_commands(active)
        with suppress(CommandRefused):  # without a bus process the servos hold by themselves
            if not active:
                self.bus.client.request("hold", why=_DEACTIVATED)
            elif self.bus.status.why == _DEACTIVATED:  # it holds for no other reason
                self.bus.client.request("hold", why="the servo interface was activated again")

    def take_commands(self, active: bool) -> None:
        """Take commands and set-points, or none from now on."""
        self.subscriptions.is_open = self.services.is_active = active

    @property
    def has_torque(self) -> bool:
        """Whether some joint has, or may have, torque that can be cut from here."""
        status = self.bus.status
        return status.torque != "off" and status.mode not in _WITHOUT_BUS

    def refuse_clean_up(self) -> None:
        """Report why in the log and in the state."""
        step = f"run {DISABLE}, which parks, or support the arm and run {TORQUE_OFF}"
        why = self._words(f"clean-up refused: torque is {self.bus.status.torque}; {step}")
        self._node.get_logger().error(why)
        with suppress(CommandRefused):  # it has gone just now
            self.bus.client.notify("hold", why=why)

    def close(self, *, quit: bool) -> None:
        """Release the bus, and withdraw topics and services."""
        self.bus.close(quit=quit)
        self.disabling.close()
        self.free_drive_loads.close()
        for part in (self.services, self.watch, self.subscriptions, self.publishers):
            part.close()

    def _words(self, text: str) -> str:
        return in_namespace(text, self._namespace)

    def _child_configuration(self) -> Mapping[str, Any]:
        return {**self._child, "protective_stop": self.latch.is_engaged, "resumes": self.bus.was_attached}

    # In the connection's thread

    def _on_attached(self, client: BusClient) -> None:
        self._exit_message.report_serving()
        self.subscriptions.attach(client)
        if self.latch.is_engaged:  # it may run without a latch
            client.notify("protective_stop", on=True)
        if client.was_found:
            self._node.get_logger().info("took over the running bus process")
        if not client.has_our_settings:
            told = "; ".join(filter(None, describe_difference(client)))
            self._node.get_logger().warning(
                self._words(told) or "the running bus process has other settings than ours"
            )

    def _on_cycle(self, readings: link.CycleReadings) -> None:
        self.publishers.publish_cycle(readings)

    def _on_status(self, status: LoopStatus, readings: link.CycleReadings | None) -> None:
        if status.protective_stop:
            self.latch.set(engaged=True)
        self._check_latch(status)
        self._log_loss(status)
        if status.mode != Mode.PARKING.name:
            self.parking_since = None
        elif self.parking_since is None:
            # Before it is published: whoever sees it may signal again at once.
            self.parking_since = time.monotonic()
        self.publishers.publish_state(status, readings)
        self.free_drive_loads.update(status.free)
        self._park_if_requested(requested=status.wants_park)
        if status.mode in (Mode.HOLDING.name, Mode.DISABLED.name):
            self._react_to_other_settings(status, self.bus.client)

    def _react_to_other_settings(self, status: LoopStatus, client: BusClient) -> None:
        """Say why an arm that was found with another wiring holds; once nothing needs its process, end that."""
        if client.has_our_settings or self.disabling.is_under_way:
            return
        if status.mode == Mode.DISABLED.name and client.was_found:
            self._node.get_logger().info("the running bus process ends: the next one has our settings")
            client.notify("quit")
        elif client.turned and (why := "; ".join(describe_difference(client))) != status.why:
            client.notify("hold", why=why)

    def _log_loss(self, status: LoopStatus) -> None:
        """Log each reason why there is no bus once, however often it is reported."""
        before, self._loss = self._loss, status.why if status.mode == Mode.DISCONNECTED.name else ""
        if self._loss and self._loss != before:
            self._node.get_logger().error(self._words(self._loss))

    def _check_latch(self, status: LoopStatus) -> None:
        """A port that has appeared, also again, may be latched under a name that it had not before."""
        had_port, self._has_port = self._has_port, status.mode != Mode.DISCONNECTED.name
        if self._has_port and not had_port:
            self.latch.reload()
            if self.latch.is_engaged and not status.protective_stop:
                self.bus.client.notify("protective_stop", on=True)

    def _park_if_requested(self, *, requested: bool) -> None:
        """Park where a fault's policy asks for it, if the way is free."""
        if requested and not self._is_parking_requested:
            self.disabling.begin().add_done_callback(self._log_parking)
        self._is_parking_requested = requested

    def _log_parking(self, parking: Future[str]) -> None:
        error = parking.exception()
        self._node.get_logger().warning(self._words(f"parking after a fault: {error or parking.result()}"))
        if error is not None:
            with suppress(CommandRefused):  # without a bus process nothing asks to park
                self.bus.client.notify("not_parked", why=reason_of(str(error)))
