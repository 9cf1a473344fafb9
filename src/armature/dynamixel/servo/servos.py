"""The servos of an arm, and the parts that work on their registers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from armature.core.model.arm import Limit
from armature.dynamixel.protocol.base import Bus
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.multi_turn import axis_of
from armature.dynamixel.servo.pair import couple, hold_apart
from armature.dynamixel.servo.preparation import Preparation
from armature.dynamixel.servo.reader import Reader
from armature.dynamixel.servo.registers import Registers
from armature.dynamixel.servo.torque import TorqueSwitch
from armature.dynamixel.servo.watchdog import BusWatchdogs
from armature.dynamixel.wiring.arm import Wiring
from armature.errors import BusError


@dataclass(frozen=True)
class ServoSettings:
    """How servos are set up, read and enabled."""

    registers: Mapping[str, Mapping[str, int]]  # RAM values by joint
    max_missed_reads: int  # cycles without an answer before a servo counts as missing
    watchdog_time: float  # after which a servo that hears nothing stops [s]; 0: off
    encoder_mismatch: float  # how far apart the two servos of a joint may see it, as their angle [rad]


@dataclass(frozen=True)
class Servos:
    """What the loop has in its hands."""

    bus: Bus
    axes: Mapping[str, Axis]  # by the servo's name
    joints: Mapping[str, Axis]  # each joint's first servo
    seconds: tuple[Axis, ...]  # those that turn a joint beside another servo
    reader: Reader
    registers: Registers
    preparation: Preparation
    watchdogs: BusWatchdogs
    switch: TorqueSwitch

    @staticmethod
    def of(bus: Bus, wiring: Wiring, limits: Mapping[str, Limit], settings: ServoSettings) -> Servos:
        """The servos of a wiring, on a bus that is not opened yet."""
        axes = {servo.name: axis_of(servo, limits[servo.joint]) for servo in wiring.all_servos}
        seconds = tuple(axis for axis in axes.values() if axis.wiring.is_second)
        for second in seconds:
            couple(axes[second.wiring.joint], second)
        registers = Registers(bus)
        preparation = Preparation(registers, settings.registers, settings.watchdog_time)
        watchdogs = BusWatchdogs(bus, registers, settings.watchdog_time)
        return Servos(
            bus=bus,
            axes=axes,
            joints={joint: axes[joint] for joint in wiring.joints},
            seconds=seconds,
            reader=Reader(bus, axes, settings.max_missed_reads),
            registers=registers,
            preparation=preparation,
            watchdogs=watchdogs,
            switch=TorqueSwitch(registers, limits, watchdogs, settings.encoder_mismatch),
        )

    @property
    def torque(self) -> str:
        """on, off or partial, as last known."""
        on = [bool(axis.torque) for axis in self.axes.values()]
        return "on" if all(on) else "partial" if any(on) else "off"

    @property
    def torque_told(self) -> str:
        """on, off or partial, as far as every servo has told it since it last was silent; else unknown."""
        return self.torque if all(axis.is_known for axis in self.axes.values()) else "unknown"

    @property
    def eeprom_writes(self) -> int:
        """How often EEPROM was written since this process began."""
        return sum(self.registers.eeprom_writes.values())

    @property
    def can_turn(self) -> bool:
        """Whether every joint has a servo with torque."""
        return all(axis.torque or (axis.partner and axis.partner.torque) for axis in self.joints.values())

    def turning(self, joint: str) -> list[Axis]:
        """The servos of a joint, its first one first."""
        first = self.joints[joint]
        return [first] if first.partner is None else [first, first.partner]

    def obeying(self) -> list[Axis]:
        """Servos that have torque and answer."""
        return [axis for axis in self.axes.values() if axis.torque and not axis.misses]

    def set_points(self, goals: Mapping[str, int]) -> dict[str, float]:
        """Where joints hold whose servos have these goals, by joint [rad] or [m].

        Args:
            goals: of every servo of those joints that has torque and answers, by servo [tick].
        """
        points: dict[str, float] = {}
        for name, ticks in goals.items():
            axis = self.axes[name]
            joint, wiring = axis.wiring.joint, axis.wiring
            if not wiring.is_second:
                points[joint] = wiring.to_position(ticks)
            elif joint in points:
                hold_apart(axis, points[joint], ticks)
            else:
                points[joint] = wiring.to_position(ticks - axis.bias)
        return points

    def hold_of(self, joint: str) -> dict[str, float]:
        """Where a joint holds, and shall go on to hold, by its name [rad] or [m].

        Raises:
            BusError: a servo did not answer.
        """
        holding = [axis for axis in self.turning(joint) if axis.torque and not axis.misses]
        return self.set_points({axis.name: self.goal_of(axis) for axis in holding})

    def apart(self, axis: Axis) -> dict[str, float]:
        """Let two servos that disagree hold where each is, so that neither pulls; their joint's set-point."""
        second, first = axis, axis.partner
        if first is None or first.ticks is None or second.ticks is None:
            return {}
        return self.set_points({first.name: first.ticks, second.name: second.ticks})

    def goal_of(self, axis: Axis) -> int:
        """Where a servo that has its torque on holds, and shall go on to hold [tick].

        One that its Bus Watchdog has stopped gets its place as its goal; the watchdog is enabled in any case.

        Raises:
            BusError: the servo did not answer.
        """
        if self.watchdogs.is_tripped(axis):
            return self.watchdogs.recover(axis)
        goal = self.switch.goal(axis)
        self.watchdogs.enable(axis)
        return goal

    def cut(self, axes: list[Axis]) -> BusError | None:
        """Cut the torque of servos; returns what went wrong with the last that did not take it."""
        try:
            self.switch.off(axes)
        except BusError as error:
            return error
        return None
