"""The payload of a running arm controller: set while the arm rests, taken at once, and kept over a restart."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from rcl_interfaces.msg import SetParametersResult
from rclpy.parameter import Parameter

from armature.core.payload import Payload
from armature.core.planning.goal_checks import GoalChecks
from armature.core.planning.payload import require_held
from armature.errors import ArmatureError, CommandRefused, ConfigError, InternalError
from armature.nodes.arm_controller.group_node import GroupNode
from armature.nodes.common.parameters.parameters import read
from armature.nodes.common.parameters.payload import PAYLOAD_NAMES, Carried, KeptPayload, PayloadParameters


class PayloadChanges:
    """Lets the parameters of the payload change while the arm rests, as after a grasp.

    Args:
        node: whose parameters they are.
        checks: of its goals; they and the loads of set-points take the new one.
        pending: what is being prepared with the present one, in words; empty where nothing is.
        publish_loads: has the servos take up what the arm at rest carries now.
    """

    def __init__(
        self,
        node: GroupNode,
        checks: GoalChecks,
        pending: Callable[[], str],
        publish_loads: Callable[[], object],
    ) -> None:
        self._node = node
        self._checks = checks
        self._pending = pending
        self._publish_loads = publish_loads
        self._why = ""  # a change is made, behind what it is in the log
        read(node, PayloadParameters)
        self._file = read(node, KeptPayload).payload_file
        self._take(self._merged(()))
        node.add_on_set_parameters_callback(node.guard(self._check, _unchanged))
        node.add_post_set_parameters_callback(node.guard(self._apply))
        self._restore()
        self._keep()

    def _check(self, changes: list[Parameter]) -> SetParametersResult:
        wanted = self._merged(changes)
        try:
            if wanted != self._present:
                self._require(wanted)
        except ArmatureError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _apply(self, changes: list[Parameter]) -> None:
        wanted = self._merged(changes)
        if wanted != self._present:
            self._take(wanted)
            self._publish_loads()
            self._keep()
            self._node.get_logger().info(f"{wanted}{self._why}")

    def _take(self, payload: Payload) -> None:
        self._present = payload
        self._checks.mechanics.set_payload(payload.mass, payload.at)

    def _require(self, payload: Payload) -> None:
        control = self._node.control.state
        if control.motion.is_moving(self._node.now()):
            raise CommandRefused(str(payload), "the arm moves", "set it when the arm rests")
        if pending := self._pending():
            raise CommandRefused(str(payload), pending, "set it when that has ended and the arm rests")
        if control.arm.measured is not None and self._checks.settings.torque:
            require_held(self._checks, payload, control.arm.measured.position)

    def _merged(self, changes: Iterable[Parameter]) -> Payload:
        """The payload with changes."""
        values = {name: self._node.get_parameter(name).value for name in PAYLOAD_NAMES}
        values |= {change.name: change.value for change in changes if change.name in PAYLOAD_NAMES}
        mass, x, y, z = (float(values[name]) for name in PAYLOAD_NAMES)
        return Payload(mass, (x, y, z))

    # Over a restart

    def _keep(self) -> None:
        """Write the payload down, for other processes and for the node that is started in place of this one."""
        if self._file:
            try:
                Carried(self._present, self._checks.mechanics.tool).write(Path(self._file))
            except OSError as error:
                why = f"no other process knows it, and a restart would lose it: {self._file} ({error.strerror})"
                self._node.reports.warn(f"{self._present}: it is in force here, but {why}")

    def _restore(self) -> None:
        """Take up what was set before a restart, and say so."""
        try:
            before = Carried.read(self._file)
        except ConfigError as error:
            self._node.reports.warn(f"what was set before the restart is lost: {error}")
            return
        if before is None or before.payload == self._present:
            return
        values = (before.payload.mass, *before.payload.at)
        pairs = zip(PAYLOAD_NAMES, values, strict=True)
        self._why = ", as it was set before the restart"
        result = self._node.set_parameters_atomically([Parameter(name, value=value) for name, value in pairs])
        self._why = ""
        if not result.successful:
            self._node.reports.warn(f"what was set before the restart is not in force: {result.reason}")


def _unchanged(error: InternalError, _changes: list[Parameter]) -> SetParametersResult:
    return SetParametersResult(successful=False, reason=str(error))
