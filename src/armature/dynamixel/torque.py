"""Torque on without a jump, torque off, and the registers that must be right before either."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

from armature.core.model import Limit
from armature.dynamixel.axis import Axis
from armature.dynamixel.bus import ServoBus
from armature.errors import BusError, CommandRefused, CorruptPacket, ServoRefused, ServoTimeout

T = TypeVar("T")

# Operating Mode 3 is position control (e-Manual, "Operating Mode(11)").
_POSITION_CONTROL = 3
# The factory's delay of 500 µs before each answer would cost a bus of seven 3.5 ms a cycle
# (e-Manual, "Return Delay Time(9)").
_EEPROM = {"Return Delay Time": 0}
_TRIES = 3
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
            wanted = dict(self._registers.get(axis.wiring.joint, {}))
            if not axis.torque:  # EEPROM is locked while torque is on
                wanted |= _EEPROM
            for name, value in wanted.items():
                if self._read(axis, name) != value:
                    self._write(axis, name, value)

    def _prepare_mode(self, axis: Axis) -> None:
        mode = self._read(axis, "Operating Mode")
        if mode == _POSITION_CONTROL:
            return
        if axis.torque:
            raise CommandRefused(
                f"start of {axis.wiring.joint}",
                f"its operating mode is {mode} with torque on",
                "support the arm, switch its power off and on, start again",
            )
        self._write(axis, "Operating Mode", _POSITION_CONTROL)

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
        return self._read(axis, "Present Position")

    def _switch_on(self, axis: Axis) -> int:
        ticks = self._measure(axis)  # just now: a limp arm may be on its way
        self._write(axis, "Goal Position", ticks)
        self._verify(axis, "Goal Position", ticks)
        axis.torque = True  # before it is sure: if the answer is lost, it must be switched off again
        self._write(axis, "Torque Enable", 1)
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
                self._write(axis, "Torque Enable", 0)
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
        return axis.wiring.to_position(self._read(axis, "Goal Position"))

    def _verify(self, axis: Axis, name: str, value: int) -> None:
        found = self._read(axis, name)
        if found != value:
            raise ServoRefused(axis.wiring.servo_id, f"{name} := {value}", f"it reads back {found}")

    def _read(self, axis: Axis, name: str) -> int:
        register = axis.wiring.model.registers[name]
        return _again(lambda: self._bus.read(axis.wiring.servo_id, register))

    def _write(self, axis: Axis, name: str, value: int) -> None:
        register = axis.wiring.model.registers[name]
        _again(lambda: self._bus.write(axis.wiring.servo_id, register, value))


def _again(request: Callable[[], T]) -> T:
    """Ask again where an answer is lost: reading twice, or writing the same twice, does no harm."""
    for _ in range(_TRIES - 1):
        with suppress(ServoTimeout, CorruptPacket):
            return request()
    return request()
