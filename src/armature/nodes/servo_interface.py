"""The ROS half of the servo interface: a managed node between the graph and the bus child.

Reads set-points; writes joint states at the rate of the bus, state, what is commanded, and diagnostics.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from armature.dynamixel import link
from armature.dynamixel.mode import Mode
from armature.dynamixel.ports import port_paths
from armature.errors import ArmatureError, CommandRefused
from armature.nodes.bus_client import BusClient
from armature.nodes.bus_keeper import BusKeeper
from armature.nodes.controller_watch import ControllerWatch
from armature.nodes.disarming import Disarming
from armature.nodes.last_words import Voice, leaves_torque_on, not_parked
from armature.nodes.parameters import read, refuse_unknown
from armature.nodes.port_names import known_names
from armature.nodes.protective_latch import ProtectiveLatch
from armature.nodes.run import run_nodes
from armature.nodes.servo_guiding import Guiding
from armature.nodes.servo_inlet import Inlet, is_simulated
from armature.nodes.servo_outlet import Outlet
from armature.nodes.servo_parameters import ServoConfiguration
from armature.nodes.servo_services import ServoServices
from armature.signals import Signals

_WITHOUT_BUS = (Mode.STARTING.name, Mode.DISCONNECTED.name)


@dataclass(frozen=True)
class StartParameters:
    """What is known before the node is configured."""

    autostart: bool = True  # configure and activate at start; false leaves it to a lifecycle manager
    last_words: str = ""  # file that keeps how the arm was left; "" for the log alone


class ServoInterface(LifecycleNode):
    """Managed node /servo_interface."""

    def __init__(self) -> None:
        super().__init__("servo_interface")
        self._refusal: Exception | None = None
        self._parts: _Parts | None = None
        self._leaving: Future[str] | None = None
        self._has_left = False
        given = read(self, StartParameters)
        self._last_words = given.last_words
        self._voice = Voice(Path(given.last_words) if given.last_words else None)
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
        """Why this process has to end: there is no bus to serve."""
        return None if self._parts is None else self._parts.keeper.failure

    # Transitions

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Read the files, announce topics and services, begin to look for a bus child."""
        try:
            configuration = ServoConfiguration.of(self)
            refuse_unknown(self)
            self._parts = _Parts(self, configuration, self._voice, self._last_words)
        except Exception as error:  # noqa: BLE001  # rclpy would swallow it; `start` raises it again
            self._refusal = error
            self.get_logger().error(str(error))
            return TransitionCallbackReturn.FAILURE
        self._refusal = None
        self._parts.keeper.open()
        return TransitionCallbackReturn.SUCCESS

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Take commands."""
        if self._parts is not None:
            self._parts.activate(active=True)
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop within limits, hold, and take no commands."""
        if self._parts is not None:
            self._parts.activate(active=False)
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Let the bus go; refused while there is torque, since STOP and torque_off would vanish."""
        if self._parts is not None and self._parts.has_torque:
            self._parts.refuse_clean_up()
            return TransitionCallbackReturn.FAILURE
        self._let_go("cleaned up")
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """As clean-up, but ROS lets nobody refuse it: with torque the arm is parked, and its services stay."""
        if self._parts is not None and self._parts.has_torque:
            self._parts.activate(active=False)
            self._parts.services.way_back = "it was shut down; end its process, then start it again"
            self._leaving = self._parts.disarming.begin(is_leaving=True)
            self._leaving.add_done_callback(self._tell_how_it_shut_down)
        else:
            self._let_go("shut down")
        return TransitionCallbackReturn.SUCCESS

    def _let_go(self, why: str) -> None:
        if self._parts is not None:
            self._voice.rest(not_parked(why, self._parts.keeper.status))
        self._close()

    def _tell_how_it_shut_down(self, parking: Future[str]) -> None:
        if error := parking.exception():
            how_on = "it still answers: disarm, torque_off and protective_stop; or end the process"
            self.get_logger().error(f"shut down, but not parked: {error}; {how_on}")

    def destroy_node(self) -> None:
        """Let the bus go, then the node."""
        self._close()
        super().destroy_node()

    def _close(self) -> None:
        parts, self._parts = self._parts, None
        if parts is not None:
            parts.close(quit=self._leaving is not None)

    # Leaving

    def stopping(self, signals: Signals) -> bool:
        """First asked: stop, park if that may be, end. Asked again: hold at once, end."""
        if self._parts is None or self._has_left:
            return True
        self._parts.outlet.is_ending = True
        if self._leaving is None:
            if not self._parts.services.is_active:
                return self._leave(not_parked("the servo interface is not active", self._parts.keeper.status))
            self._leaving = self._parts.disarming.begin(is_leaving=True)
        if self._leaving.done():
            return self._leave(self._how_it_left(self._leaving, self._parts.keeper))
        if signals.asks_again(self._parts.parking_since):
            return self._leave(self._hold_at_once(self._parts))
        return False

    def _leave(self, words: str) -> bool:
        self._voice.leave(words)
        self.leaves_torque_on = leaves_torque_on(words)
        self._has_left = True
        return True

    @staticmethod
    def _how_it_left(leaving: Future[str], keeper: BusKeeper) -> str:
        try:
            return leaving.result()
        except ArmatureError as error:
            return not_parked(str(error), keeper.status)

    @staticmethod
    def _hold_at_once(parts: _Parts) -> str:
        why = "asked twice to end; holding"
        with suppress(CommandRefused):  # without a bus process the servos hold by themselves
            parts.disarming.call_off(why)
        return not_parked(why, parts.keeper.status)


class _Parts:
    """What there is between configure and clean-up."""

    def __init__(
        self, node: LifecycleNode, configuration: ServoConfiguration, voice: Voice, last_words: str
    ) -> None:
        self._node = node
        self._voice = voice
        self._is_parking_wanted = False
        self.parking_since: float | None = None  # told, monotonic [s]
        self._child = {**configuration.child, "simulated_time": is_simulated(node), "last_words": last_words}
        paths = port_paths(str(configuration.child["port"]), configuration.wiring.buses).values()
        self.latch = ProtectiveLatch(configuration.state_folder, lambda: known_names(paths))
        self._has_port = False
        self._loss = ""  # why there is no bus
        self.keeper = BusKeeper(self._child_now, self._attached, self._cycle, self._status)
        self.disarming = Disarming(configuration, self.keeper)
        self.guiding = Guiding(configuration, self.keeper)
        self.inlet = Inlet(node, self.keeper)
        self.watch = ControllerWatch(node, self.keeper)
        self.outlet = Outlet(node, configuration, self.inlet)
        self.services = ServoServices(
            node, configuration.joints, configuration.servos, self.keeper, self.disarming, self.latch, self.outlet
        )
        self.outlet.state(link.starting(protective_stop=self.latch.is_engaged), None)

    def activate(self, *, active: bool) -> None:
        """Take commands, or stop, hold and take none."""
        self.inlet.is_open = self.services.is_active = active
        if not active:
            with suppress(CommandRefused):  # without a bus process the servos hold by themselves
                self.keeper.client.request("hold", why="the servo interface was deactivated; holding")

    @property
    def has_torque(self) -> bool:
        """Whether some joint has, or may have, torque that can be cut from here."""
        status = self.keeper.status
        return status.torque != "off" and status.mode not in _WITHOUT_BUS

    def refuse_clean_up(self) -> None:
        """Say why in the log and in the state."""
        step = "disarm first (/servo_interface/arm false), which parks, or call torque_off"
        why = f"clean-up refused: torque is {self.keeper.status.torque}; {step}"
        self._node.get_logger().error(why)
        with suppress(CommandRefused):  # it has gone just now
            self.keeper.client.tell("hold", why=why)

    def close(self, *, quit: bool) -> None:
        """Let the bus go, and withdraw what was announced."""
        self.keeper.close(quit=quit)
        self.disarming.close()
        self.guiding.close()
        for part in (self.services, self.watch, self.inlet, self.outlet):
            part.close()

    def _child_now(self) -> Mapping[str, Any]:
        return {**self._child, "protective_stop": self.latch.is_engaged, "resumes": self.keeper.was_attached}

    # In the keeper's thread

    def _attached(self, client: BusClient) -> None:
        self._voice.serve()
        self.inlet.attach(client)
        if self.latch.is_engaged:  # it may be one that knows of no latch
            client.tell("protective_stop", on=True)
        if client.was_found:
            self._node.get_logger().info("took over the running bus process")
        if not client.has_our_settings:
            self._node.get_logger().warning(
                "the bus process works with other settings than ours; disarm and start again to change them"
            )

    def _cycle(self, readings: link.Readings) -> None:
        self.outlet.cycle(readings)

    def _status(self, status: link.Status, readings: link.Readings | None) -> None:
        if status.protective_stop:
            self.latch.keep(engaged=True)
        self._look_at_latch(status)
        self._log_loss(status)
        self.outlet.state(status, readings)
        if status.mode != Mode.PARKING.name:
            self.parking_since = None
        elif self.parking_since is None:
            self.parking_since = time.monotonic()
        self.guiding.see(status.free)
        self._park_if_wanted(wanted=status.wants_park)

    def _log_loss(self, status: link.Status) -> None:
        """One line for each reason why there is no bus, however often it is told."""
        before, self._loss = self._loss, status.why if status.mode == Mode.DISCONNECTED.name else ""
        if self._loss and self._loss != before:
            self._node.get_logger().error(self._loss)

    def _look_at_latch(self, status: link.Status) -> None:
        """A port that has come, or has come back, may be latched by a name that it had not before."""
        had_port, self._has_port = self._has_port, status.mode != Mode.DISCONNECTED.name
        if self._has_port and not had_port:
            self.latch.look()
            if self.latch.is_engaged and not status.protective_stop:
                self.keeper.client.tell("protective_stop", on=True)

    def _park_if_wanted(self, *, wanted: bool) -> None:
        """A fault's policy may be to park, which takes a free way; that is looked for here."""
        if wanted and not self._is_parking_wanted:
            self.disarming.begin().add_done_callback(self._tell_how_it_parked)
        self._is_parking_wanted = wanted

    def _tell_how_it_parked(self, parking: Future[str]) -> None:
        error = parking.exception()
        self._node.get_logger().warning(f"parking after a fault: {error or parking.result()}")
        if error is not None:
            with suppress(CommandRefused):  # without a bus process nobody asks to park
                self.keeper.client.tell("not_parked", why=str(error))


def main() -> int:
    """Run the servo interface."""
    return run_nodes(lambda: ServoInterface().start(), is_urgent=True)


if __name__ == "__main__":
    sys.exit(main())
