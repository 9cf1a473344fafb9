"""Registers of servos by name: asked again where an answer is lost, EEPROM spared and counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TypeVar

from armature.dynamixel.protocol.base import Bus
from armature.dynamixel.servo.axis import Axis
from armature.errors import CorruptPacket, ServoRefused, ServoTimeout

T = TypeVar("T")

_TRIES = 3


class Registers:
    """Reads and writes single servos between the cycles."""

    def __init__(self, bus: Bus) -> None:
        """Args: the bus, open when registers are used."""
        self.eeprom_writes: dict[str, int] = {}  # by servo, since this process began
        self._bus = bus

    def read(self, axis: Axis, name: str) -> int:
        """Value of a register.

        Raises:
            BusError: the servo did not answer, or refused.
        """
        register = axis.wiring.model.registers[name]
        return again(lambda: self._bus.read(axis.wiring.servo_id, register))

    def read_many(self, axis: Axis, names: Iterable[str]) -> dict[str, int]:
        """Values of registers, by one read of all bytes from the first to the last of them.

        Raises:
            BusError: the servo did not answer, or refused.
        """
        wanted = [axis.wiring.model.registers[name] for name in names]
        if not wanted:
            return {}
        start, end = min(item.address for item in wanted), max(item.end for item in wanted)
        data = again(lambda: self._bus.read_block(axis.wiring.servo_id, start, end - start))
        return {item.name: item.of_block(data, start) for item in wanted}

    def write(self, axis: Axis, name: str, value: int) -> None:
        """Write a register; the servo's answer says that it took it.

        Raises:
            BusError: the servo did not answer, or refused.
        """
        register = axis.wiring.model.registers[name]
        again(lambda: self._bus.write(axis.wiring.servo_id, register, value))
        if register.eeprom:
            name = axis.name
            self.eeprom_writes[name] = self.eeprom_writes.get(name, 0) + 1

    def write_verified(self, axis: Axis, name: str, value: int) -> None:
        """Write a register and read it back.

        Raises:
            ServoRefused: it reads back something else.
            BusError: the servo did not answer, or refused.
        """
        self.write(axis, name, value)
        found = self.read(axis, name)
        if found != value:
            raise ServoRefused(axis.wiring.servo_id, f"{name} := {value}", f"it reads back {found}")

    def reboot(self, axis: Axis) -> None:
        """Start a servo anew: torque off, RAM at its defaults.

        Raises:
            BusError: the servo did not answer, or refused.
        """
        self._bus.reboot(axis.wiring.servo_id)


def again(request: Callable[[], T]) -> T:
    """Ask again where an answer is lost: reading twice, or writing the same twice, does no harm."""
    for _ in range(_TRIES - 1):
        with suppress(ServoTimeout, CorruptPacket):
            return request()
    return request()
