"""One joint's servo as it was last read."""

from __future__ import annotations

import math
from dataclasses import dataclass

from armature.dynamixel.bus import Answer
from armature.dynamixel.wiring import ServoWiring

# Bits of Hardware Error Status (e-Manual, "Hardware Error Status(70)").
HARDWARE_ERRORS = {
    0: "input voltage",
    2: "overheating",
    3: "encoder",
    4: "electrical shock",
    5: "overload",
}
_VOLTAGE_UNIT = 0.1  # [V] (e-Manual, "Present Input Voltage(144)")
_LOAD_UNIT = 0.1  # [%] (e-Manual, "Present Load(126)")


@dataclass(eq=False)
class Axis:
    """What is known of one servo; NaN and None stand for what was not read."""

    wiring: ServoWiring
    position: float = math.nan  # [rad] or [m], of this cycle
    velocity: float = math.nan  # [rad/s] or [m/s], of this cycle
    current: float = math.nan  # [A], of this cycle, where the model measures it
    load: float = math.nan  # [%], of this cycle, where it does not
    ticks: int | None = None  # Present Position, of this cycle
    read_at: float = -math.inf  # monotonic [s]
    misses: int = 0  # cycles without an answer, in a row
    torque: bool | None = None
    hardware_error: int = 0
    alert: bool = False
    voltage: float = math.nan  # [V]
    temperature: float = math.nan  # [°C]

    @property
    def block(self) -> tuple[int, int]:
        """Address and length of current or load, velocity and position, which are neighbours."""
        registers = self.wiring.model.registers
        first = registers.get("Present Current") or registers["Present Load"]
        return first.address, registers["Present Position"].end - first.address

    def miss(self) -> None:
        """Forget what the last cycle read; it is not of this one."""
        self.position = self.velocity = self.current = self.load = math.nan
        self.ticks = None
        self.misses += 1

    def forget(self) -> None:
        """Forget the slow values too: nobody knows how warm a servo is that stays silent."""
        self.miss()
        self.voltage = self.temperature = math.nan
        self.alert = False

    def take(self, answer: Answer, now: float) -> None:
        """Take the block that the servo answered."""
        registers = self.wiring.model.registers
        self.ticks = self._field(answer, "Present Position")
        self.position = self.wiring.to_position(self.ticks)
        self.velocity = self.wiring.to_velocity(self._field(answer, "Present Velocity"))
        if "Present Current" in registers and self.wiring.model.current_unit is not None:
            units = self._field(answer, "Present Current")
            self.current = self.wiring.direction * units * self.wiring.model.current_unit
        else:
            self.load = self.wiring.direction * self._field(answer, "Present Load") * _LOAD_UNIT
        self.alert = answer.alert
        self.read_at = now
        self.misses = 0

    def take_status(self, block: bytes) -> None:
        """Take Torque Enable to Hardware Error Status."""
        registers = self.wiring.model.registers
        first = registers["Torque Enable"].address
        self.torque = bool(block[0])
        self.hardware_error = block[registers["Hardware Error Status"].address - first]

    def take_environment(self, block: bytes) -> None:
        """Take Present Input Voltage and Present Temperature."""
        self.voltage = int.from_bytes(block[0:2], "little") * _VOLTAGE_UNIT
        self.temperature = float(block[2])

    def hardware_error_names(self) -> str:
        """The set bits of Hardware Error Status in words."""
        names = [name for bit, name in HARDWARE_ERRORS.items() if self.hardware_error & 1 << bit]
        return ", ".join(names) or "none"

    def _field(self, answer: Answer, name: str) -> int:
        register = self.wiring.model.registers[name]
        offset = register.address - self.block[0]
        return register.decode(int.from_bytes(answer.data[offset : offset + register.size], "little"))
