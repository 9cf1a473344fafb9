"""The power supplies of a bus: a voltage sags under the currents of all servos that share it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from armature.dynamixel.tables.roles import Role
from armature.emulator.servo.servo import Servo

# Of the supply and 2 m of cable of 0.5 mm² (0.034 Ω/m, both ways); no figure published, chosen [Ω].
_RESISTANCE = 0.1


class Supply:
    """A voltage behind a resistance."""

    def __init__(self, servos: Sequence[Servo], voltage: float) -> None:
        """Args: the servos that hang on it, and its voltage without load [V]."""
        self.voltage = voltage
        self._servos = servos

    def update(self) -> None:
        """Tell each servo what voltage stands at its plug."""
        current = sum(servo.drive.motor.supply_current for servo in self._servos)
        voltage = max(0.0, self.voltage - _RESISTANCE * current)
        for servo in self._servos:
            servo.power(voltage)


def build_supplies(servos: Iterable[Servo]) -> tuple[Supply, ...]:
    """One supply of the highest nominal voltage for all that bear it, and others for those that would burn."""
    rest, found = list(servos), []
    while rest:
        voltage = max(servo.model.nominal_voltage for servo in rest)
        fed = [servo for servo in rest if _withstands(servo, voltage)]
        found.append(Supply(fed, voltage))
        rest = [servo for servo in rest if not _withstands(servo, voltage)]
    return tuple(found)


def _withstands(servo: Servo, voltage: float) -> bool:
    """Section "Max Voltage Limit(32)": the end of its range is what the model bears."""
    model = servo.model
    if not model.has(Role.MAX_VOLTAGE_LIMIT):
        return voltage <= model.nominal_voltage
    return voltage / model[Role.MAX_VOLTAGE_LIMIT].scale <= model[Role.MAX_VOLTAGE_LIMIT].maximum
