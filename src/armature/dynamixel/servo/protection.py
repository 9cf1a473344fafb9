"""The bounds at which a servo protects itself, as read from it; of a silent one they are unknown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from armature.dynamixel.tables.model import ServoModel
from armature.dynamixel.tables.roles import Role

PROTECTION_ROLES = (
    *(Role.FIRMWARE_VERSION, Role.HOMING_OFFSET),
    *(Role.TEMPERATURE_LIMIT, Role.MAX_VOLTAGE_LIMIT, Role.MIN_VOLTAGE_LIMIT),
)
"""Registers that hold them, as far as a model has them; all are in the EEPROM."""


@dataclass(frozen=True)
class Protection:
    """What a servo's own EEPROM says; without values nothing is known."""

    firmware: int = 0  # 0 where it is unknown
    homing_offset: int = 0  # [tick]
    temperature: float = math.nan  # [°C]
    lowest_voltage: float = math.nan  # [V]
    highest_voltage: float = math.nan  # [V]

    @staticmethod
    def of(model: ServoModel, values: Mapping[Role, int]) -> Protection:
        """From raw values of its registers."""

        def bound(role: Role) -> float:
            return model[role].to_si(values[role]) if role in values else math.nan

        return Protection(
            firmware=values.get(Role.FIRMWARE_VERSION, 0),
            homing_offset=values.get(Role.HOMING_OFFSET, 0),
            temperature=bound(Role.TEMPERATURE_LIMIT),
            lowest_voltage=bound(Role.MIN_VOLTAGE_LIMIT),
            highest_voltage=bound(Role.MAX_VOLTAGE_LIMIT),
        )


UNKNOWN = Protection()
