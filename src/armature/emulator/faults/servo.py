"""Faults of servos, their power and what they turn."""

from __future__ import annotations

import math
from abc import ABC
from dataclasses import dataclass
from typing import ClassVar

from armature.dynamixel.tables.roles import HardwareError
from armature.emulator.bus.bus import EmulatedBus
from armature.emulator.faults.fault import Fault, Undo, parameter
from armature.emulator.physics.plant import AdjustablePlant
from armature.emulator.servo.servo import Servo
from armature.errors import ConfigError


@dataclass(frozen=True)
class Silence(Fault):
    """The data line of a servo is broken: it receives and sends nothing, and holds as long as it has power."""

    name: ClassVar[str] = "silence"

    def _begin(self, bus: EmulatedBus) -> Undo:
        servos = self.servos(bus)
        for servo in servos:
            servo.line_breaks += 1

        def undo() -> None:
            for servo in servos:
                servo.line_breaks -= 1

        return undo


@dataclass(frozen=True)
class VoltageDip(Fault):
    """The voltage at the plug falls; far enough down the servo stops, and restarts when it returns."""

    name: ClassVar[str] = "voltage_dip"
    voltage: float = parameter(9.0, "V", 0.0, 24.0, "at the plug")

    def _begin(self, bus: EmulatedBus) -> Undo:
        servos = self.servos(bus)
        for servo in servos:
            servo.voltage_dips.append(self.voltage)

        def undo() -> None:
            for servo in servos:
                servo.voltage_dips.remove(self.voltage)

        return undo


@dataclass(frozen=True)
class BrownOut(Fault):
    """No power: limp and silent; when it returns the servo starts with its RAM at the defaults and torque off."""

    name: ClassVar[str] = "brown_out"

    def _begin(self, bus: EmulatedBus) -> Undo:
        return VoltageDip(self.joint, voltage=0.0)._begin(bus)


@dataclass(frozen=True)
class Reset(Fault):
    """The power fails for a moment: RAM at the defaults, torque off, silent while it starts."""

    name: ClassVar[str] = "reset"

    def _begin(self, bus: EmulatedBus) -> None:
        for servo in self.servos(bus):
            servo.reboot()


@dataclass(frozen=True)
class _Latched(Fault, ABC):
    """A hardware error that comes back after every reboot as long as the fault lasts."""

    error: ClassVar[HardwareError]

    def _begin(self, bus: EmulatedBus) -> Undo:
        servos = self.servos(bus)
        for servo in servos:
            servo.protection.forced_errors.append(self.error)

        def undo() -> None:
            for servo in servos:
                servo.protection.forced_errors.remove(self.error)

        return undo


@dataclass(frozen=True)
class Overload(_Latched):
    """The servo finds its motor overloaded, at once and whenever torque is on."""

    name: ClassVar[str] = "overload"
    error: ClassVar[HardwareError] = HardwareError.OVERLOAD


@dataclass(frozen=True)
class EncoderError(_Latched):
    """The servo finds its encoder at fault; Shutdown(63) does not name this error by default."""

    name: ClassVar[str] = "encoder_error"
    error: ClassVar[HardwareError] = HardwareError.MOTOR_ENCODER


@dataclass(frozen=True)
class ElectricalShock(_Latched):
    """The servo finds a shock on its circuit, or too little power for its motor."""

    name: ClassVar[str] = "electrical_shock"
    error: ClassVar[HardwareError] = HardwareError.ELECTRICAL_SHOCK


@dataclass(frozen=True)
class Overheat(Fault):
    """The servo is as hot as told, and stays so; when the fault is cleared it cools as its thermal model says."""

    name: ClassVar[str] = "overheat"
    temperature: float = parameter(85.0, "°C", -10.0, 150.0, "of the servo")

    def _begin(self, bus: EmulatedBus) -> Undo:
        servos = self.servos(bus)
        for servo in servos:
            servo.drive.motor.heat.hold(self.temperature)

        def undo() -> None:
            for servo in servos:
                servo.drive.motor.heat.release(self.temperature)

        return undo


@dataclass(frozen=True)
class Slip(Fault):
    """The horn slips on its shaft: the encoder reads another angle than the joint has."""

    name: ClassVar[str] = "encoder_slip"
    angle: float = parameter(0.1, "rad", -6.0, 6.0, "of the servo, more than the joint turned")

    def _begin(self, bus: EmulatedBus) -> Undo:
        servos = self.servos(bus)
        self._slip(servos, self.angle)
        return lambda: self._slip(servos, -self.angle)

    @staticmethod
    def _slip(servos: tuple[Servo, ...], angle: float) -> None:
        for servo in servos:
            servo.drive.slip += angle


@dataclass(frozen=True)
class StuckJoint(Fault):
    """The joint is jammed: it stands still whatever the motor does."""

    name: ClassVar[str] = "stuck_joint"

    def _begin(self, bus: EmulatedBus) -> Undo:
        plant = _adjustable(bus, self.name)
        joints = (self.joint,) if self.joint else plant.joints
        for joint in joints:
            bus.servo(joint)
            plant.jam(joint)

        def undo() -> None:
            for joint in joints:
                plant.release(joint)

        return undo


@dataclass(frozen=True)
class Payload(Fault):
    """A mass hangs on the tool."""

    name: ClassVar[str] = "payload"
    of_joint: ClassVar[bool] = False
    mass: float = parameter(0.3, "kg", 0.0, 100.0, "at the tool's frame")

    def _begin(self, bus: EmulatedBus) -> Undo:
        plant = _adjustable(bus, self.name)
        plant.set_payload(plant.payload + self.mass)
        return lambda: plant.set_payload(plant.payload - self.mass)


@dataclass(frozen=True)
class Wall(Fault):
    """A wall stands in the arm's way; at elevation -1.5708 and distance 0 it is the floor."""

    name: ClassVar[str] = "wall"
    of_joint: ClassVar[bool] = False
    distance: float = parameter(0.3, "m", -5.0, 5.0, "of the wall from the base's origin")
    azimuth: float = parameter(0.0, "rad", -6.3, 6.3, "where it stands, about the base's z axis; 0 is ahead")
    elevation: float = parameter(0.0, "rad", -1.6, 1.6, "how far above the horizon it is; below 0 it is a floor")

    def _begin(self, bus: EmulatedBus) -> Undo:
        plant = _adjustable(bus, self.name)
        level = math.cos(self.elevation)
        normal = (
            -level * math.cos(self.azimuth),
            -level * math.sin(self.azimuth),
            -math.sin(self.elevation),
        )
        plant.build_wall(normal, self.distance)
        return plant.remove_wall


@dataclass(frozen=True)
class Push(Fault):
    """Something pushes the joint."""

    name: ClassVar[str] = "push"
    torque: float = parameter(1.0, "N·m", -1000.0, 1000.0, "at the joint [N·m], or force of a sliding one [N]")

    def _begin(self, bus: EmulatedBus) -> Undo:
        plant = _adjustable(bus, self.name)
        joints = (self.joint,) if self.joint else plant.joints
        for joint in joints:
            bus.servo(joint)
            plant.push(joint, self.torque)

        def undo() -> None:
            for joint in joints:
                plant.push(joint, -self.torque)

        return undo


@dataclass(frozen=True)
class Place(Fault):
    """A hand has put a limp joint somewhere and holds it there; cleared, it lets go."""

    name: ClassVar[str] = "place"
    position: float = parameter(0.0, "rad", -100.0, 100.0, "of the joint [rad], of a sliding one [m]")

    def _begin(self, bus: EmulatedBus) -> Undo:
        plant = _adjustable(bus, self.name)
        joints = (self.joint,) if self.joint else plant.joints
        for joint in joints:
            if bus.servo(joint).drive.is_on:
                raise ConfigError("fault place", joint, "its torque is on; place a limp joint")
            plant.place(joint, self.position)
        for joint in joints:
            plant.jam(joint)

        def undo() -> None:
            for joint in joints:
                plant.release(joint)

        return undo


def _adjustable(bus: EmulatedBus, fault: str) -> AdjustablePlant:
    if not isinstance(bus.plant, AdjustablePlant):
        raise ConfigError(
            "fault", fault, "this plant cannot do that; the emulator's can, which has its own physics"
        )
    return bus.plant
