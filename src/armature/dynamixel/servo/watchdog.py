"""The servos' own Bus Watchdog: a servo that hears nothing stops by itself, and says nothing about it.

Source: e-Manual, "Bus Watchdog(98)": unit 20 ms; when the time is over the servo stops, the register reads -1 and
goals cannot be written until 0 is. It is RAM, so it is enabled with torque and disabled with it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from contextlib import suppress

from armature.dynamixel.protocol.base import Bus
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.registers import Registers
from armature.dynamixel.tables.control_table import P_GAIN_UNIT, WATCHDOG_TRIPPED, OperatingMode
from armature.errors import BusError

_NAME = "Bus Watchdog"
_UNIT = 0.02  # [s]
_OFF = 0
# The first firmware with a Bus Watchdog (e-Manual, same section); servos of the series X330 had it from the start.
_FIRST_FIRMWARE = 38
_SINCE_EVER = "330"
_LEAN = math.radians(0.5)  # of the servo's horn; promise 2 counts half a degree as a jump
_FARTHEST = 0.15  # [rad] of the servo's horn, as no load leans a goal further in dynamixel/motion/feedforward.py
_HOLDING = ("Position I Gain", "Position P Gain", "Goal Position", "Present PWM", "Present Position")


class BusWatchdogs:
    """Arms, disables and recovers the watchdogs; the cycle's own traffic feeds them.

    In current control a tripped servo goes limp, so there it is never the only guard: this loop refuses that mode.
    """

    def __init__(self, bus: Bus, registers: Registers, time: float) -> None:
        """Args: the open bus, its registers, and the time [s], 0 to leave it off."""
        self.states: dict[str, str] = {}  # in words, by servo
        self.trips = 0  # that were found
        self._bus = bus
        self._registers = registers
        self._units = round(time / _UNIT)

    @property
    def time(self) -> float:
        """After which a servo that hears nothing stops [s]; 0 where it is off."""
        return self._units * _UNIT

    def enable(self, axis: Axis) -> None:
        """Let a servo whose torque is on stop by itself when it hears nothing.

        Raises:
            BusError: the servo did not take it.
        """
        why_not = self._why_not(axis)
        if why_not:
            self.disable(axis)  # somebody before us may have enabled it
        else:
            self._registers.write(axis, _NAME, self._units)
            axis.watchdog = self._units
        self.states[axis.name] = why_not or f"enabled, {1000.0 * self.time:.0f} ms"

    def disable(self, axis: Axis) -> None:
        """Let a servo be silent for as long as it may be; this also releases one that has tripped.

        Raises:
            BusError: the servo did not take it.
        """
        if self._has(axis):
            self._registers.write(axis, _NAME, _OFF)
        axis.watchdog = _OFF
        self.states[axis.name] = "off"

    def is_tripped(self, axis: Axis) -> bool:
        """Whether a servo has stopped by itself.

        Raises:
            BusError: the servo did not answer.
        """
        return self._has(axis) and self._registers.read(axis, _NAME) == WATCHDOG_TRIPPED

    def tripped(self, axes: Iterable[Axis]) -> list[Axis]:
        """Those of the servos that have stopped by themselves, by one read of all; silent ones are left out.

        Raises:
            PortError: the port is gone.
        """
        asked = {axis.wiring.servo_id: axis for axis in axes if self._has(axis)}
        if not asked or not self._units:
            return []
        register = next(iter(asked.values())).wiring.model.registers[_NAME]
        answers = self._bus.sync_read(list(asked), register.address, register.size)
        return [
            asked[servo_id]
            for servo_id, answer in answers.items()
            if register.decode(answer.data[0]) == WATCHDOG_TRIPPED
        ]

    def recover(self, axis: Axis) -> int:
        """Take a servo back that has stopped by itself: goal := measured, verified, and enabled again.

        A loaded joint is off its goal, by which its servo holds it, and would creep by that at every recovery: so
        the new goal is as far off.

        Returns:
            The goal [tick].

        Raises:
            BusError: the servo did not take it.
        """
        self.trips += 1
        found = self._registers.read_many(axis, _HOLDING)
        ticks = found["Present Position"] + _lean(axis, found)
        self._registers.write_verified(axis, _NAME, _OFF)  # before the goal, which is locked until then
        self._registers.write_verified(axis, "Goal Position", ticks)
        self.enable(axis)
        return ticks

    def leave(self, axes: Iterable[Axis]) -> None:
        """Let servos go on holding without a host that feeds them; a silent one will stop where it is."""
        for axis in axes:
            with suppress(BusError):
                self.disable(axis)

    def _has(self, axis: Axis) -> bool:
        return _SINCE_EVER in axis.wiring.model.name or self._firmware(axis) >= _FIRST_FIRMWARE

    def _firmware(self, axis: Axis) -> int:
        """Asked of a servo that has not told it yet; guessing would leave one that has tripped as it is."""
        return axis.firmware or self._registers.read(axis, "Firmware Version")

    def _why_not(self, axis: Axis) -> str:
        if not self._units:
            return "off by setting"
        if not self._has(axis):
            return f"off: firmware {self._firmware(axis)} is older than {_FIRST_FIRMWARE}"
        return ""


def _lean(axis: Axis, found: Mapping[str, int]) -> int:
    """How far off its place a goal must be for a servo to go on holding as it does [tick].

    In position control its PWM is K_P · error, with K_P = Position P Gain / 128 (e-Manual, "Position PID
    Gain(80, 82, 84)"). Where another loop or an integral stands between, it leans to the goal it had, a little.
    """
    gain, unit = found["Position P Gain"], axis.wiring.model.position_unit
    if axis.wiring.mode is OperatingMode.CURRENT_BASED_POSITION or found["Position I Gain"] or not gain:
        bound, error = _LEAN, float(found["Goal Position"] - found["Present Position"])
    else:
        bound, error = _FARTHEST, found["Present PWM"] * P_GAIN_UNIT / gain
    return round(max(-bound / unit, min(bound / unit, error)))
