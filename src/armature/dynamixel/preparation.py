"""The registers that must be right before a servo may turn its joint, and whether they still are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from armature.dynamixel.axis import Axis
from armature.dynamixel.control_table import VOLTAGE_UNIT, ServoModel
from armature.dynamixel.registers import Registers
from armature.errors import CommandRefused

# Operating Mode 3 is position control (e-Manual, "Operating Mode(11)").
_POSITION_CONTROL = 3
# The factory's delay of 500 µs before each answer would cost a bus of seven 3.5 ms a cycle
# (e-Manual, "Return Delay Time(9)").
_EEPROM = {"Operating Mode": _POSITION_CONTROL, "Return Delay Time": 0}
_OWN = (
    *("Firmware Version", "Operating Mode", "Homing Offset"),
    *("Temperature Limit", "Max Voltage Limit", "Min Voltage Limit"),
)


@dataclass(frozen=True)
class Protection:
    """The bounds at which a servo protects itself, and what decides whether its Bus Watchdog can be used."""

    firmware: int
    mode: int  # Operating Mode
    homing_offset: int  # [tick]
    temperature: float  # [°C]
    lowest_voltage: float  # [V]
    highest_voltage: float  # [V]

    @staticmethod
    def of_model(model: ServoModel) -> Protection:
        """As the factory delivers a model, for a servo that has not been read yet."""
        return Protection.of({name: model.registers[name].default or 0 for name in _OWN})

    @staticmethod
    def of(values: Mapping[str, int]) -> Protection:
        """From registers by name."""
        return Protection(
            firmware=values["Firmware Version"],
            mode=values["Operating Mode"],
            homing_offset=values["Homing Offset"],
            temperature=float(values["Temperature Limit"]),
            lowest_voltage=values["Min Voltage Limit"] * VOLTAGE_UNIT,
            highest_voltage=values["Max Voltage Limit"] * VOLTAGE_UNIT,
        )


class Preparation:
    """Compares servos with what is wanted of them and writes what differs, EEPROM only with torque off."""

    def __init__(self, registers: Registers, wanted: Mapping[str, Mapping[str, int]]) -> None:
        """Args: the servos' registers, and the RAM values that each joint's servo shall hold."""
        self._registers = registers
        self._wanted = wanted
        self._protections: dict[str, Protection] = {}

    def protection(self, axis: Axis) -> Protection:
        """The servo's own bounds, as it was read last."""
        known = self._protections.get(axis.wiring.joint)
        return known if known is not None else Protection.of_model(axis.wiring.model)

    def difference(self, axis: Axis) -> str:
        """In which register the RAM differs from what is wanted, in words; empty where it does not.

        Raises:
            BusError: the servo did not answer, or refused.
        """
        wanted = self._wanted.get(axis.wiring.joint, {})
        found = self._registers.read_many(axis, wanted)
        return next(
            (f"{name} is {found[name]}, not {wanted[name]}" for name in wanted if found[name] != wanted[name]), ""
        )

    def restore(self, axis: Axis) -> None:
        """Bring mode and RAM to what is wanted, writing only what differs.

        Raises:
            CommandRefused: the operating mode differs and torque is on, so it cannot be changed.
            BusError: the servo did not answer, or refused.
        """
        joint = axis.wiring.joint
        eeprom = self._registers.read_many(axis, (*_OWN, *_EEPROM))
        self._protections[joint] = Protection.of({**eeprom, **({} if axis.torque else _EEPROM)})
        if axis.torque and eeprom["Operating Mode"] != _POSITION_CONTROL:
            raise CommandRefused(
                f"start of {joint}",
                f"its operating mode is {eeprom['Operating Mode']} with torque on",
                "support the arm, switch its power off and on, start again",
            )
        if not axis.torque:  # EEPROM is locked while torque is on
            self._write_different(axis, _EEPROM, eeprom)
        wanted = self._wanted.get(joint, {})
        self._write_different(axis, wanted, self._registers.read_many(axis, wanted))

    def _write_different(self, axis: Axis, wanted: Mapping[str, int], found: Mapping[str, int]) -> None:
        for name, value in wanted.items():
            if found[name] != value:
                self._registers.write(axis, name, value)
