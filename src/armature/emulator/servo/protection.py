"""How a servo guards itself: hardware errors, and the Bus Watchdog."""

from __future__ import annotations

from enum import IntEnum

from armature.dynamixel.tables.control_table import WATCHDOG_TRIPPED
from armature.emulator.servo.registers import RegisterFile


class HardwareError(IntEnum):
    """Bits of Hardware Error Status(70) and Shutdown(63)."""

    INPUT_VOLTAGE = 0x01
    OVERHEATING = 0x04
    MOTOR_ENCODER = 0x08
    ELECTRICAL_SHOCK = 0x10
    OVERLOAD = 0x20


# Section "Shutdown(63)": a "persistent load that exceeds maximum output", without figures; these are chosen.
_OVERLOAD = 0.8  # share of the stall torque
_OVERLOAD_TIME = 1.5  # [s]
_WATCHDOG_UNIT = 20e-3  # [s], section "Bus Watchdog(98)"


class Protection:
    """Finds hardware errors."""

    def __init__(self, registers: RegisterFile) -> None:
        self.ailments: list[HardwareError] = []  # that are found again and again, whatever is measured
        self._registers = registers
        self.overloaded = 0.0  # for how long it has been [s]

    def reset(self) -> None:
        """Forget how long the motor has been overloaded."""
        self.overloaded = 0.0

    def errors(self, load: float, temperature: float, voltage: float, is_on: bool, dt: float) -> int:
        """What is wrong now, as bits of Hardware Error Status(70).

        Args:
            load: of the motor, as a share of its stall torque.
            temperature: as Present Temperature(146) tells it [°C].
            voltage: as Present Input Voltage(144) tells it [V].
            is_on: whether torque is on.
            dt: since the last call [s].
        """
        registers, found = self._registers, 0
        self.overloaded = self.overloaded + dt if is_on and load > _OVERLOAD else 0.0
        if self.overloaded > _OVERLOAD_TIME:
            found |= HardwareError.OVERLOAD
        if round(temperature) > registers["Temperature Limit"]:
            found |= HardwareError.OVERHEATING
        if not registers["Min Voltage Limit"] <= round(voltage * 10.0) <= registers["Max Voltage Limit"]:
            found |= HardwareError.INPUT_VOLTAGE
        for error in self.ailments:
            if is_on or error is not HardwareError.OVERLOAD:
                found |= error
        return found


class BusWatchdog:
    """Section "Bus Watchdog(98)": notices when no instruction packet has come for long."""

    def __init__(self, registers: RegisterFile) -> None:
        self._registers = registers
        self._silence = 0.0  # [s]

    @property
    def has_tripped(self) -> bool:
        """Whether it has, and nobody has cleared it; goals are read-only then."""
        return self._registers["Bus Watchdog"] == WATCHDOG_TRIPPED

    def hear(self) -> None:
        """An instruction packet was on the bus."""
        self._silence = 0.0

    def trips(self, dt: float) -> bool:
        """Pass dt [s] with torque on; tell whether it trips now."""
        self._silence += dt
        if not 0 < self._registers["Bus Watchdog"] * _WATCHDOG_UNIT < self._silence:
            return False
        self._registers["Bus Watchdog"] = WATCHDOG_TRIPPED
        return True
