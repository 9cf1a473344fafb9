"""What the ROBOTIS e-Manual says of registers and the SDK's files do not: access, range, default.

Every row is the row of the same name in "Control Table of EEPROM Area" or "Control Table of RAM Area" of the
model's page (emanual.robotis.com, /docs/en/dxl/x/<model>/ or /docs/en/dxl/mx/<model>-2/).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

Access = Literal["R", "RW"]

# Section "Baud Rate(8)": the register's value is the index [bit/s].
BAUD_RATES = (9_600, 57_600, 115_200, 1_000_000, 2_000_000, 3_000_000, 4_000_000, 4_500_000)

VOLTAGE_UNIT = 0.1  # [V], sections "Min Voltage Limit(34)" and "Present Input Voltage(144)"
NO_SHADOW = 253  # from which on Secondary(Shadow) ID(12) names nobody
WATCHDOG_TRIPPED = -1  # what Bus Watchdog(98) reads once it has

# Section "Goal Position(116)", extended position control: 256 turns each way [tick].
_EXTENDED_RANGE = 1_048_575
# Section "Homing Offset(20)" [tick].
_HOMING_RANGE = 1_044_479


class OperatingMode(IntEnum):
    """Section "Operating Mode(11)"."""

    CURRENT = 0
    VELOCITY = 1
    POSITION = 3
    EXTENDED_POSITION = 4
    CURRENT_BASED_POSITION = 5
    PWM = 16

    def __str__(self) -> str:
        """As the wiring file says it."""
        return _MODE_NAMES[self]

    @property
    def counts_turns(self) -> bool:
        """Whether positions go beyond one turn, which a servo that starts anew forgets."""
        return self in (OperatingMode.EXTENDED_POSITION, OperatingMode.CURRENT_BASED_POSITION)


_MODE_NAMES = {
    OperatingMode.CURRENT: "current",
    OperatingMode.VELOCITY: "velocity",
    OperatingMode.POSITION: "position",
    OperatingMode.EXTENDED_POSITION: "extended position",
    OperatingMode.CURRENT_BASED_POSITION: "current-based position",
    OperatingMode.PWM: "PWM",
}


@dataclass(frozen=True)
class Fact:
    """One row of the manual; a bound of None means that the manual names none."""

    access: Access
    minimum: int | None = None
    maximum: int | None = None
    default: int | None = None
    signed: bool = False


def gain(default: int) -> Fact:
    """A gain register."""
    return Fact("RW", 0, 16_383, default)


# The XM430-W350's page; other models name their differences below.
COMMON: Mapping[str, Fact] = {
    "Model Number": Fact("R"),
    "Model Information": Fact("R", default=0),
    "Firmware Version": Fact("R"),
    "ID": Fact("RW", 0, 252, 1),
    "Baud Rate": Fact("RW", 0, 7, 1),
    "Return Delay Time": Fact("RW", 0, 254, 250),  # unit 2 µs
    "Drive Mode": Fact("RW", 0, 13, 0),
    "Operating Mode": Fact("RW", 0, 16, 3),
    "Secondary(Shadow) ID": Fact("RW", 0, 255, 255),  # 253 and above switch it off
    "Protocol Type": Fact("RW", 1, 2, 2),
    "Homing Offset": Fact("RW", -_HOMING_RANGE, _HOMING_RANGE, 0, signed=True),
    "Moving Threshold": Fact("RW", 0, 1_023, 10),
    "Temperature Limit": Fact("RW", 0, 100, 80),  # [°C]
    "Max Voltage Limit": Fact("RW", 95, 160, 160),  # unit 0.1 V
    "Min Voltage Limit": Fact("RW", 95, 160, 95),
    "PWM Limit": Fact("RW", 0, 885, 885),  # unit 0.113 %
    "Current Limit": Fact("RW", 0, 1_193, 1_193),
    "Acceleration Limit": Fact("RW", 0, 32_767, 32_767),  # unit 214.577 rev/min²
    "Velocity Limit": Fact("RW", 0, 1_023, 200),
    "Max Position Limit": Fact("RW", 0, 4_095, 4_095),
    "Min Position Limit": Fact("RW", 0, 4_095, 0),
    "External Port Mode 1": Fact("RW", 0, 3, 3),
    "External Port Mode 2": Fact("RW", 0, 3, 3),
    "External Port Mode 3": Fact("RW", 0, 3, 3),
    "PWM Slope": Fact("RW", 1, 255, 140),
    "Shutdown": Fact("RW", 0, 63, 52),
    "Torque Enable": Fact("RW", 0, 1, 0),
    "LED": Fact("RW", 0, 1, 0),
    "Status Return Level": Fact("RW", 0, 2, 2),
    "Registered Instruction": Fact("R", 0, 1, 0),
    "Hardware Error Status": Fact("R", default=0),
    "Velocity I Gain": gain(1_920),
    "Velocity P Gain": gain(100),
    "Position D Gain": gain(0),
    "Position I Gain": gain(0),
    "Position P Gain": gain(800),
    "Feedforward 2nd Gain": gain(0),
    "Feedforward 1st Gain": gain(0),
    "Bus Watchdog": Fact("RW", 0, 127, 0, signed=True),  # unit 20 ms; reads -1 after it has tripped
    "Goal PWM": Fact("RW", -885, 885, signed=True),
    "Goal Current": Fact("RW", -1_193, 1_193, signed=True),
    "Goal Velocity": Fact("RW", -1_023, 1_023, signed=True),
    "Profile Acceleration": Fact("RW", 0, 32_767, 0),  # unit 214.577 rev/min²
    "Profile Velocity": Fact("RW", 0, 32_767, 0),
    "Goal Position": Fact("RW", -_EXTENDED_RANGE, _EXTENDED_RANGE, signed=True),
    "Realtime Tick": Fact("R", 0, 32_767),  # [ms]
    "Moving": Fact("R", 0, 1, 0),
    "Moving Status": Fact("R", default=0),
    "Present PWM": Fact("R", signed=True),
    "Present Current": Fact("R", signed=True),
    "Present Load": Fact("R", -1_000, 1_000, signed=True),  # unit 0.1 %
    "Present Velocity": Fact("R", signed=True),
    "Present Position": Fact("R", signed=True),
    "Velocity Trajectory": Fact("R", signed=True),
    "Position Trajectory": Fact("R", signed=True),
    "Present Input Voltage": Fact("R"),  # unit 0.1 V
    "Present Temperature": Fact("R"),  # [°C]
    "External Port Data 1": Fact("RW"),
    "External Port Data 2": Fact("RW"),
    "External Port Data 3": Fact("RW"),
    "Indirect Address": Fact("RW", 64, 661),
    "Indirect Data": Fact("RW", 0, 255, 0),
}
