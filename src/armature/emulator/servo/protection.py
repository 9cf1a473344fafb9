"""How a servo guards itself: hardware errors, and the Bus Watchdog."""

from __future__ import annotations

import math

from armature.dynamixel.tables.model import ServoModel
from armature.dynamixel.tables.roles import HardwareError, Role
from armature.emulator.servo.registers import RegisterFile

# Section "Shutdown(63)": a "persistent load that exceeds maximum output", without figures; these are chosen.
_OVERLOAD = 0.8  # share of the stall torque
_OVERLOAD_TIME = 1.5  # [s]
_ROUNDING = 1e-6  # [V]


class Protection:
    """Finds hardware errors."""

    def __init__(self, registers: RegisterFile) -> None:
        self.forced_errors: list[HardwareError] = []  # that are found again and again, whatever is measured
        self._registers = registers
        self.overloaded = 0.0  # for how long it has been [s]

    def reset(self) -> None:
        """Forget how long the motor has been overloaded."""
        self.overloaded = 0.0

    def errors(self, load: float, temperature: float, voltage: float, is_on: bool, dt: float) -> int:
        """What is wrong now, see HardwareError.

        Args:
            load: of the motor, as a share of its stall torque.
            temperature: as the servo measures it [°C].
            voltage: at the plug [V].
            is_on: whether torque is on.
            dt: since the last call [s].
        """
        registers, found = self._registers, 0
        self.overloaded = self.overloaded + dt if is_on and load > _OVERLOAD else 0.0
        if self.overloaded > _OVERLOAD_TIME:
            found |= HardwareError.OVERLOAD
        if round(temperature) > registers.measure(Role.TEMPERATURE_LIMIT, math.inf):
            found |= HardwareError.OVERHEATING
        least = registers.measure(Role.MIN_VOLTAGE_LIMIT) - _ROUNDING
        if not least <= round(voltage, 1) <= registers.measure(Role.MAX_VOLTAGE_LIMIT, math.inf) + _ROUNDING:
            found |= HardwareError.INPUT_VOLTAGE
        for error in self.forced_errors:
            if is_on or error is not HardwareError.OVERLOAD:
                found |= error
        return found


class BusWatchdog:
    """Section "Bus Watchdog(98)": notices when no instruction packet has come for long."""

    def __init__(self, model: ServoModel, registers: RegisterFile) -> None:
        self._tripped = model.watchdog_tripped
        self._registers = registers
        self._silence = 0.0  # [s]

    @property
    def has_tripped(self) -> bool:
        """Whether it has, and has not been cleared; goals are read-only then."""
        return self._registers.get(Role.BUS_WATCHDOG) == self._tripped

    def feed(self) -> None:
        """An instruction packet was on the bus."""
        self._silence = 0.0

    def advance(self, dt: float) -> bool:
        """Pass dt [s] with torque on; returns whether it trips now."""
        self._silence += dt
        if self.has_tripped or not 0.0 < self._registers.measure(Role.BUS_WATCHDOG) < self._silence:
            return False
        self._registers[Role.BUS_WATCHDOG] = self._tripped
        return True
