"""Faults of the bus as a whole: two servos with one id, and what connects it to the host."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import ClassVar

from armature.dynamixel.protocol.packet import Packet
from armature.dynamixel.tables.roles import Role
from armature.emulator.bus.bus import EmulatedBus
from armature.emulator.bus.disturbance import Disturbance, Transmission
from armature.emulator.bus.instructions import execute
from armature.emulator.faults.fault import Fault, Undo, parameter
from armature.emulator.servo.servo import Servo

_IDLE = 0xFF  # an idle line reads as ones


@dataclass(frozen=True)
class DuplicateId(Fault):
    """A second servo with the same id, turned elsewhere: both answer at once, and low bits win over high ones."""

    name: ClassVar[str] = "duplicate_id"
    angle: float = parameter(0.5, "rad", -6.0, 6.0, "by which the second servo stands apart")

    def _begin(self, bus: EmulatedBus) -> Undo:
        return bus.disturb(lambda: _Twins([self._twin(servo) for servo in self.servos(bus)]))

    def _twin(self, servo: Servo) -> Servo:
        twin = Servo(servo.model, servo.servo_id)
        for role in (Role.BAUD_RATE, Role.RETURN_DELAY):
            if role in twin.registers:
                twin.registers[role] = servo.registers[role]
        twin.place(servo.drive.position * servo.model.position_unit + self.angle)
        return twin


class _Twins(Disturbance):
    def __init__(self, twins: Sequence[Servo]) -> None:
        self._twins = {twin.servo_id: twin for twin in twins}

    def alter_answer(self, sent: Transmission, request: Packet, servos: Sequence[Servo]) -> Iterable[Transmission]:
        twin = self._twins.get(sent.servo_id)
        if twin is None:
            return (sent,)
        doubles = [twin if servo.servo_id == twin.servo_id else servo for servo in servos]
        for answer in execute(request, doubles):
            if answer.servo_id == twin.servo_id:
                return (replace(sent, data=_collided(sent.data, answer.data)),)
        return (sent,)


@dataclass(frozen=True)
class SlowBus(Fault):
    """The adapter of a joint's bus, or each, hands answers over late: FTDI's drivers wait for 16 ms by default."""

    name: ClassVar[str] = "slow_bus"
    latency: float = parameter(0.016, "s", 0.0, 1.0, "that the USB adapter adds")

    def _begin(self, bus: EmulatedBus) -> Undo:
        wires = [bus.wires[name] for name in bus.buses(self.joint)]
        for wire in wires:
            wire.usb_latency += self.latency

        def undo() -> None:
            for wire in wires:
                wire.usb_latency -= self.latency

        return undo


@dataclass(frozen=True)
class Unplug(Fault):
    """The adapter of a joint's bus, or each, is pulled out of the computer: the device is gone until cleared."""

    name: ClassVar[str] = "unplug"

    def _begin(self, bus: EmulatedBus) -> Undo:
        names = bus.buses(self.joint)
        bus.unplug_counts.update(names)

        def undo() -> None:
            bus.unplug_counts.subtract(names)

        return undo


def _collided(one: bytes, other: bytes) -> bytes:
    return bytes(a & b for a, b in zip_longest(one, other, fillvalue=_IDLE))
