"""The power supply that all servos of a bus share: its voltage sags under their currents."""

from __future__ import annotations

from collections.abc import Sequence

from armature.emulator.servo import Servo

# Of the supply and 2 m of cable of 0.5 mm² (0.034 Ω/m, both ways); no figure published, chosen [Ω].
_RESISTANCE = 0.1


class Supply:
    """A voltage behind a resistance, and what pulls it down at single plugs."""

    def __init__(self, voltage: float, resistance: float = _RESISTANCE) -> None:
        """Args: the voltage without load [V], and the resistance up to the servos [Ω]."""
        self.voltage = voltage
        self._resistance = resistance
        self._pulls: list[tuple[Servo, float]] = []

    def feed(self, servos: Sequence[Servo]) -> None:
        """Tell each servo what voltage stands at its plug."""
        current = sum(servo.drive.motor.supply_current for servo in servos)
        voltage = max(0.0, self.voltage - self._resistance * current)
        for servo in servos:
            servo.power(min([voltage, *(pulled for other, pulled in self._pulls if other is servo)]))

    def pull_down(self, servo: Servo, voltage: float) -> None:
        """Hold the voltage at one plug at or under a value [V]."""
        self._pulls.append((servo, voltage))

    def let_go(self, servo: Servo, voltage: float) -> None:
        """End what pull_down() began."""
        self._pulls.remove((servo, voltage))
