"""The bounds at which a servo protects itself, as it has told them; of one that is silent they are unknown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from armature.dynamixel.tables.control_table import VOLTAGE_UNIT

# Registers that tell them; all stand in the EEPROM.
REGISTERS = (
    *("Firmware Version", "Homing Offset"),
    *("Temperature Limit", "Max Voltage Limit", "Min Voltage Limit"),
)


@dataclass(frozen=True)
class Protection:
    """What a servo's own EEPROM says of it; by itself, without values: nothing is known."""

    firmware: int = 0  # 0 where it is unknown
    homing_offset: int = 0  # [tick]
    temperature: float = math.nan  # [°C]
    lowest_voltage: float = math.nan  # [V]
    highest_voltage: float = math.nan  # [V]

    @staticmethod
    def of(values: Mapping[str, int]) -> Protection:
        """From registers by name."""
        return Protection(
            firmware=values["Firmware Version"],
            homing_offset=values["Homing Offset"],
            temperature=float(values["Temperature Limit"]),
            lowest_voltage=values["Min Voltage Limit"] * VOLTAGE_UNIT,
            highest_voltage=values["Max Voltage Limit"] * VOLTAGE_UNIT,
        )


UNKNOWN = Protection()
