"""The ROS half of the servo interface: a managed node between the graph and the bus process.

Reads set-points; writes joint states at the rate of the bus, state, what is commanded, and diagnostics.
"""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from armature.core.recovery_commands import DISABLE, RESTART_SERVO_INTERFACE, TORQUE_OFF, in_namespace
from armature.errors import ArmatureError, CommandRefused
from armature.nodes.common.exit_message import ExitMessage, leaves_torque_on, not_parked, reason_of
from armature.nodes.common.parameters.parameters import read, refuse_unknown
from armature.nodes.servo_interface.bus_process.connection import BusConnection
from armature.nodes.servo_interface.components import Components
from armature.nodes.servo_interface.parameters import ServoConfiguration, StartParameters
from armature.signals import Signals


class ServoInterface(LifecycleNode):
    """Managed node /servo_interface."""

    def __init__(self) -> None:
        super().__init__("servo_interface")
        self._refusal: Exception | None = None
        self._components: Components | None = None
        self._leaving: Future[str] | None = None
        self._has_left = False
        given = read(self, StartParameters)
        self._exit_message_file = given.exit_message_file
        self._exit_message = ExitMessage(Path(given.exit_message_file) if given.exit_message_file else None)
        self._autostart = given.autostart
        self.leaves_torque_on = False

    def start(self) -> ServoInterface:
        """Configure and activate at once, unless a lifecycle manager does.

        Raises:
            ArmatureError: why it could not be configured.
        """
        if not self._autostart:
            return self
        self.trigger_configure()
        if self._refusal is not None:
            self.destroy_node()
            raise self._refusal
        self.trigger_activate()
        return self

    @property
    def failure(self) -> ArmatureError | None:
        """Why this process has to end: there is no bus process to connect to."""
        return None if self._components is None else self._components.bus.failure

    # Transitions

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Read the files, announce topics and services, begin to connect to a bus process."""
        try:
            configuration = ServoConfiguration.of(self)
            refuse_unknown(self)
            self._components = Components(self, configuration, self._exit_message, self._exit_message_file)
        except Exception as error:  # noqa: BLE001  # rclpy would swallow it; `start` raises it again
            self._refusal = error
            self.get_logger().error(str(error))
            return TransitionCallbackReturn.FAILURE
        self._refusal = None
        self._components.bus.open()
        return TransitionCallbackReturn.SUCCESS

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Take commands."""
        if self._components is not None:
            self._components.activate(active=True)
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop within limits, hold, and take no commands."""
        if self._components is not None:
            self._components.activate(active=False)
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release the bus; refused while there is torque, since STOP and torque_off would vanish."""
        if self._components is not None and self._components.has_torque:
            self._components.refuse_clean_up()
            return TransitionCallbackReturn.FAILURE
        self._clean_up("cleaned up")
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """As clean-up, but ROS allows no refusal: with torque the arm is parked, and its services stay."""
        if self._components is not None and self._components.has_torque:
            self._components.take_commands(False)  # without a stop: it may be parking already
            self._components.services.inactive_remedy = (
                f"it was shut down; start it again: {RESTART_SERVO_INTERFACE}"
            )
            self._leaving = self._components.disabling.begin(is_leaving=True)
            self._leaving.add_done_callback(self._log_shutdown)
        else:
            self._clean_up("shut down")
        return TransitionCallbackReturn.SUCCESS

    def _clean_up(self, why: str) -> None:
        if self._components is not None:
            self._exit_message.report_idle(not_parked(why, self._components.bus.status))
        self._close(quit=True)

    def _log_shutdown(self, parking: Future[str]) -> None:
        if error := parking.exception():
            next_step = f"{DISABLE}, {TORQUE_OFF} and the protective stop still work; or end the process"
            text = f"shut down, but not parked: {reason_of(str(error))}; {next_step}"
            self.get_logger().error(in_namespace(text, self.get_namespace()))

    def destroy_node(self) -> None:
        """Release the bus, then destroy the node."""
        self._close(quit=self._has_left)
        super().destroy_node()

    def _close(self, *, quit: bool) -> None:
        components, self._components = self._components, None
        if components is not None:
            components.close(quit=quit)

    # End

    def advance_stop(self, signals: Signals) -> bool:
        """At the first signal stop, park if possible, end; at a second one hold at once, end."""
        if self._components is None or self._has_left:
            return True
        self._components.publishers.is_ending = True
        if self._leaving is None:
            if not self._components.services.is_active:
                return self._leave(not_parked("the servo interface is not active", self._components.bus.status))
            self._leaving = self._components.disabling.begin(is_leaving=True)
        if self._leaving.done():
            return self._leave(self._final_message(self._leaving, self._components.bus))
        if signals.asks_again(self._components.parking_since):
            return self._leave(self._hold_at_once(self._components))
        return False

    def _leave(self, words: str) -> bool:
        self._exit_message.report_end(in_namespace(words, self.get_namespace()))
        self.leaves_torque_on = leaves_torque_on(words)
        self._has_left = True
        return True

    @staticmethod
    def _final_message(leaving: Future[str], bus: BusConnection) -> str:
        try:
            return leaving.result()
        except ArmatureError as error:
            return not_parked(str(error), bus.status)

    @staticmethod
    def _hold_at_once(components: Components) -> str:
        why = "asked twice to end; holding"
        with suppress(CommandRefused):  # without a bus process the servos hold by themselves
            components.disabling.cancel(why)
        return not_parked(why, components.bus.status)
