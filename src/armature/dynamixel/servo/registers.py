"""Registers of servos by role: requests are repeated where an answer is lost, EEPROM writes are counted."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TypeVar

from armature.dynamixel.protocol.base import Bus
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.tables.roles import Role
from armature.errors import CorruptPacket, ServoRefused, ServoTimeout

T = TypeVar("T")

_TRIES = 3


class Registers:
    """Reads and writes single servos between the cycles."""

    def __init__(self, bus: Bus) -> None:
        """Args: the bus, open when registers are used."""
        self.eeprom_writes: dict[str, int] = {}  # by servo, since this process began
        self._bus = bus

    def read(self, axis: Axis, role: Role) -> int:
        """Raw value of a register.

        Raises:
            BusError: the servo did not answer, or refused.
        """
        register = axis.wiring.model[role]
        return with_retries(lambda: self._bus.read(axis.wiring.servo_id, register))

    def measure(self, axis: Axis, role: Role) -> float:
        """Value of a register in the unit that its role names; NaN where the servo has none.

        Raises:
            BusError: the servo did not answer, or refused.
        """
        model = axis.wiring.model
        return model[role].to_si(self.read(axis, role)) if model.has(role) else math.nan

    def read_many(self, axis: Axis, roles: Iterable[Role]) -> dict[Role, int]:
        """Raw values of registers, as far as the servo has them, by one read from the first to the last of them.

        Raises:
            BusError: the servo did not answer, or refused.
        """
        block = axis.wiring.model.block(tuple(roles))
        if block is None:
            return {}
        return block.values(
            with_retries(lambda: self._bus.read_block(axis.wiring.servo_id, block.address, block.length))
        )

    def read_each(self, axes: Sequence[Axis], roles: tuple[Role, ...]) -> dict[str, dict[Role, int]]:
        """The same of several servos, by name; one that does not answer is absent.

        Together where they have the registers at one place, since an adapter delays each request.

        Raises:
            ServoRefused: one of them refused.
            PortError: no port is left.
        """
        blocks = {axis.wiring.servo_id: (axis, b) for axis in axes if (b := axis.wiring.model.block(roles))}
        found: dict[str, dict[Role, int]] = {}
        for place in {(block.address, block.length) for _, block in blocks.values()}:
            ids = [number for number, (_, block) in blocks.items() if (block.address, block.length) == place]
            for number, answer in self._bus.sync_read(ids, *place).items():
                axis, block = blocks[number]
                found[axis.name] = block.values(answer.data)
        for axis in (axis for axis in axes if axis.name not in found):
            with suppress(ServoTimeout, CorruptPacket):
                found[axis.name] = self.read_many(axis, roles)
        return found

    def write(self, axis: Axis, role: Role, value: int) -> None:
        """Write a raw value to a register; the servo's answer says that it took it.

        Raises:
            BusError: the servo did not answer, or refused.
        """
        register = axis.wiring.model[role]
        with_retries(lambda: self._bus.write(axis.wiring.servo_id, register, value))
        if register.eeprom:
            name = axis.name
            self.eeprom_writes[name] = self.eeprom_writes.get(name, 0) + 1

    def write_verified(self, axis: Axis, role: Role, value: int) -> None:
        """Write a raw value to a register and read it back.

        Raises:
            ServoRefused: it reads back something else.
            BusError: the servo did not answer, or refused.
        """
        self.write(axis, role, value)
        found = self.read(axis, role)
        if found != value:
            name = axis.wiring.model.name_of(role)
            raise ServoRefused(axis.wiring.servo_id, f"{name} := {value}", f"it reads back {found}")

    def reboot(self, axis: Axis) -> None:
        """Reboot a servo: torque off, RAM at its defaults.

        Raises:
            BusError: the servo did not answer, or refused.
        """
        if axis.wiring.model.has(Role.REBOOT):
            self._bus.write(axis.wiring.servo_id, axis.wiring.model[Role.REBOOT], 1)
        else:
            self._bus.reboot(axis.wiring.servo_id)


def with_retries(request: Callable[[], T]) -> T:
    """Repeat a request whose answer is lost: reading or writing the same twice does no harm."""
    for _ in range(_TRIES - 1):
        with suppress(ServoTimeout, CorruptPacket):
            return request()
    return request()
