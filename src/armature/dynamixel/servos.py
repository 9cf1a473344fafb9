"""The servos of an arm, and the parts that work on their registers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from armature.core.model import Limit
from armature.dynamixel.axis import Axis
from armature.dynamixel.bus import ServoBus
from armature.dynamixel.multi_turn import axis_of
from armature.dynamixel.preparation import Preparation
from armature.dynamixel.reader import Reader
from armature.dynamixel.registers import Registers
from armature.dynamixel.settings import LoopSettings
from armature.dynamixel.torque import TorqueSwitch
from armature.dynamixel.watchdog import BusWatchdogs
from armature.dynamixel.wiring import Wiring
from armature.errors import BusError


@dataclass(frozen=True)
class Servos:
    """What the loop has in its hands."""

    bus: ServoBus
    axes: Mapping[str, Axis]  # by joint
    reader: Reader
    registers: Registers
    preparation: Preparation
    watchdogs: BusWatchdogs
    switch: TorqueSwitch

    @staticmethod
    def of(bus: ServoBus, wiring: Wiring, limits: Mapping[str, Limit], settings: LoopSettings) -> Servos:
        """The servos of a wiring, on a bus that is not opened yet."""
        axes = {servo.joint: axis_of(servo, limits[servo.joint]) for servo in wiring.servos}
        registers = Registers(bus)
        preparation = Preparation(registers, settings.registers, settings.policy.watchdog_time)
        watchdogs = BusWatchdogs(bus, registers, preparation, settings.policy.watchdog_time)
        return Servos(
            bus=bus,
            axes=axes,
            reader=Reader(bus, axes, settings.misses_allowed),
            registers=registers,
            preparation=preparation,
            watchdogs=watchdogs,
            switch=TorqueSwitch(registers, limits, watchdogs),
        )

    @property
    def torque(self) -> str:
        """on, off or partial, as last known."""
        on = [bool(axis.torque) for axis in self.axes.values()]
        return "on" if all(on) else "partial" if any(on) else "off"

    def obeying(self) -> list[Axis]:
        """Servos that have torque and answer."""
        return [axis for axis in self.axes.values() if axis.torque and not axis.misses]

    def goal_of(self, axis: Axis) -> float:
        """Where a servo that has its torque on holds, and shall go on to hold [rad] or [m].

        One that its Bus Watchdog has stopped gets its place as its goal; the watchdog is armed in any case.

        Raises:
            BusError: the servo did not answer.
        """
        if self.watchdogs.is_tripped(axis):
            return self.watchdogs.recover(axis)
        goal = self.switch.goal(axis)
        self.watchdogs.arm(axis)
        return goal

    def cut(self, axes: list[Axis]) -> BusError | None:
        """Cut the torque of servos; returns what went wrong with the last that did not take it."""
        try:
            self.switch.off(axes)
        except BusError as error:
            return error
        return None
