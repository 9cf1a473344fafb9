"""Detects that the controller which commands the arm has gone."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.node import Node

from armature.core.control.readiness import session_name
from armature.core.recovery_commands import ENABLE, in_namespace
from armature.errors import CommandRefused
from armature.nodes.common import topics
from armature.nodes.servo_interface.bus_process.connection import BusConnection

# The controller's state comes at 20 Hz; by promise 4 a fault is named within a second.
_CHECK_EVERY = 0.1  # [s]
SILENCE = 0.8  # until a controller counts as gone [s]
_MAX_SILENT_CHECKS = round(SILENCE / _CHECK_EVERY)


class ControllerWatch:
    """Reports to the bus process when a session's controller falls silent.

    A controller counts once it has published its state in the present session, or was the only publisher of
    set-points. Backing off begins no new session: a controller that dies just then is missed too. Time is the
    node's, since a controller is silent too while a simulation is paused.
    """

    def __init__(self, node: Node, bus: BusConnection, is_ending: Callable[[], bool]) -> None:
        """Args: whose subscription and timer it uses, the bus process, and whether the graph is being ended."""
        self._node = node
        self._bus = bus
        self._is_ending = is_ending
        self._session = ""
        self._silent_checks = -1  # since its last state; -1: it has published none in this session
        self._had_writer = False
        self._states = topics.subscription(node, topics.CONTROLLER_STATE, self._note_state, raw=True)
        self._setpoints = node.resolve_topic_name(topics.SETPOINTS.name)
        self._timer = node.create_timer(_CHECK_EVERY, self._check)

    def close(self) -> None:
        """Withdraw subscription and timer."""
        self._node.destroy_timer(self._timer)
        self._node.destroy_subscription(self._states)

    def _note_state(self, _state: bytes) -> None:
        self._silent_checks = 0

    def _check(self) -> None:
        session = session_name(self._bus.status.session)
        if session != self._session or not session:
            self._session, self._silent_checks, self._had_writer = session, -1, False
            return
        has_writer = self._node.count_publishers(self._setpoints) > 0
        if self._silent_checks >= _MAX_SILENT_CHECKS:
            self._report_gone(f"the controller has been silent for {self._silent_checks * _CHECK_EVERY:.1f} s")
        elif self._had_writer and not has_writer:
            self._report_gone("nobody publishes set-points any more")
        self._had_writer = has_writer
        self._silent_checks += self._silent_checks >= 0

    def _report_gone(self, what: str) -> None:
        why = f"controller gone: {what}; holding"  # the next step is the state's remedy
        if self._is_ending():  # all processes are asked to end at once, and this one has yet to park
            self._node.get_logger().info(f"the controller has ended first: {what}")
        else:
            # The launch file and the runner start a controller that has ended again.
            self._node.get_logger().error(in_namespace(f"{why}; run {ENABLE}", self._node.get_namespace()))
        try:
            self._bus.client.request("controller_gone", why=why)
        except CommandRefused as error:
            self._node.get_logger().error(str(error))
