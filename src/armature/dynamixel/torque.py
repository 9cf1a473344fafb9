"""Torque on without a jump, torque off, and the registers that must be right before either."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from armature.core.model import Limit
from armature.dynamixel.axis import Axis
from armature.dynamixel.bus import ServoBus
from armature.errors import BusError, CommandRefused, ServoRefused

# Operating Mode 3 is position control (e-Manual, "Operating Mode(11)").
_POSITION_CONTROL = 3
# A joint that rests on its stop may read a little beyond its limit.
_LIMIT_MARGIN = 0.02  # of the joint's span


class TorqueSwitch:
    """Switches torque so that nothing moves by it."""

    def __init__(
        self, bus: ServoBus, limits: Mapping[str, Limit], registers: Mapping[str, Mapping[str, int]]
    ) -> None:
        """Args: the open bus, limits by joint, and the RAM values that each joint's servo shall hold."""
        self._bus = bus
        self._limits = limits
        self._registers = registers

    def prepare(self, axes: Iterable[Axis]) -> None:
        """Bring mode and RAM to what is wanted, writing only what differs.

        Raises:
            CommandRefused: the operating mode differs and torque is on, so it cannot be changed.
            BusError: a servo did not answer or refused.
        """
        for axis in axes:
            self._prepare_mode(axis)
            for name, value in self._registers.get(axis.wiring.joint, {}).items():
                register = axis.wiring.model.registers[name]
                if self._bus.read(axis.wiring.servo_id, register) != value:
                    self._bus.write(axis.wiring.servo_id, register, value)

    def _prepare_mode(self, axis: Axis) -> None:
        register = axis.wiring.model.registers["Operating Mode"]
        mode = self._bus.read(axis.wiring.servo_id, register)
        if mode == _POSITION_CONTROL:
            return
        if axis.torque:
            raise CommandRefused(
                f"start of {axis.wiring.joint}",
                f"its operating mode is {mode} with torque on",
                "support the arm, switch its power off and on, start again",
            )
        self._bus.write(axis.wiring.servo_id, register, _POSITION_CONTROL)

    def on(self, axes: Sequence[Axis]) -> dict[str, float]:
        """Goal := measured, then torque on, each verified by reading it back.

        Returns:
            The goals, by joint [rad] or [m].

        Raises:
            CommandRefused: a joint is beyond its limit; nothing was written.
            BusError: a servo did not take it; those switched on are off again.
        """
        for axis in axes:
            self._require_within_limit(axis)
        try:
            return {axis.wiring.joint: axis.wiring.to_position(self._switch_on(axis)) for axis in axes}
        except BusError:
            with suppress(BusError):  # the first error is the one to tell; the cycle finds torque left on
                self.off([axis for axis in axes if axis.torque])
            raise

    def _require_within_limit(self, axis: Axis) -> None:
        position, limit = axis.wiring.to_position(self._measure(axis)), self._limits[axis.wiring.joint]
        margin = _LIMIT_MARGIN * (limit.upper - limit.lower)
        if not limit.lower - margin <= position <= limit.upper + margin:
            raise CommandRefused(
                "arm",
                f"{axis.wiring.joint} is at {position:.4f}, its limits are {limit.lower:.4f} to {limit.upper:.4f}",
                "move it by hand into its range",
            )

    def _measure(self, axis: Axis) -> int:
        return self._bus.read(axis.wiring.servo_id, axis.wiring.model.registers["Present Position"])

    def _switch_on(self, axis: Axis) -> int:
        servo_id, registers = axis.wiring.servo_id, axis.wiring.model.registers
        ticks = self._measure(axis)  # just now: a limp arm may be on its way
        self._bus.write(servo_id, registers["Goal Position"], ticks)
        self._verify(axis, "Goal Position", ticks)
        axis.torque = True  # before it is sure: if the answer is lost, it must be switched off again
        self._bus.write(servo_id, registers["Torque Enable"], 1)
        self._verify(axis, "Torque Enable", 1)
        return ticks

    def off(self, axes: Iterable[Axis]) -> None:
        """Cut torque at once, of all that can be reached.

        Raises:
            BusError: the last servo that did not take it.
        """
        failed: BusError | None = None
        for axis in axes:
            try:
                self._bus.write(axis.wiring.servo_id, axis.wiring.model.registers["Torque Enable"], 0)
                self._verify(axis, "Torque Enable", 0)
                axis.torque = False
            except BusError as error:
                failed = error
        if failed is not None:
            raise failed

    def goal(self, axis: Axis) -> float:
        """Joint position of the Goal Position register [rad] or [m].

        Raises:
            BusError: the servo did not answer.
        """
        register = axis.wiring.model.registers["Goal Position"]
        return axis.wiring.to_position(self._bus.read(axis.wiring.servo_id, register))

    def _verify(self, axis: Axis, name: str, value: int) -> None:
        found = self._bus.read(axis.wiring.servo_id, axis.wiring.model.registers[name])
        if found != value:
            raise ServoRefused(axis.wiring.servo_id, f"{name} := {value}", f"it reads back {found}")
