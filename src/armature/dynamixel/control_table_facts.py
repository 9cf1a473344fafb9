"""What the ROBOTIS e-Manual says of the X series and the SDK's files do not: access, range, default, ratings.

Every row is the row of the same name in "Control Table of EEPROM Area" or "Control Table of RAM Area" of the
model's page (emanual.robotis.com, /docs/en/dxl/x/<model>/); ratings are its "Specifications" at the
recommended voltage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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


@dataclass(frozen=True)
class Ratings:
    """One model's specifications, and the rows in which it differs from the common table."""

    current_unit: float | None  # [A] of Present Current; None where the model measures none
    stall_torque: float  # [N·m]
    no_load_speed: float  # [rev/min]
    nominal_voltage: float  # [V]
    stall_current: float  # [A]
    rows: Mapping[str, Fact] = field(default_factory=dict)


def _gain(default: int) -> Fact:
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
    "Velocity I Gain": _gain(1_920),
    "Velocity P Gain": _gain(100),
    "Position D Gain": _gain(0),
    "Position I Gain": _gain(0),
    "Position P Gain": _gain(800),
    "Feedforward 2nd Gain": _gain(0),
    "Feedforward 1st Gain": _gain(0),
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


def _limit(name: str, value: int, maximum: int | None = None) -> dict[str, Fact]:
    """A limit register whose range ends at its default, or at the maximum given."""
    return {name: replace(COMMON[name], default=value, maximum=value if maximum is None else maximum)}


def _current(limit: int) -> dict[str, Fact]:
    return _limit("Current Limit", limit) | {
        "Goal Current": replace(COMMON["Goal Current"], minimum=-limit, maximum=limit)
    }


def _velocity(limit: int, maximum: int = 1_023) -> dict[str, Fact]:
    return _limit("Velocity Limit", limit, maximum) | {
        "Goal Velocity": replace(COMMON["Goal Velocity"], minimum=-maximum, maximum=maximum)
    }


def _voltage(lowest: int, highest: int, low_default: int, high_default: int) -> dict[str, Fact]:
    return {
        "Min Voltage Limit": Fact("RW", lowest, highest, low_default),
        "Max Voltage Limit": Fact("RW", lowest, highest, high_default),
    }


def _gains(velocity_i: int, velocity_p: int, position_d: int, position_i: int, position_p: int) -> dict[str, Fact]:
    return {
        "Velocity I Gain": _gain(velocity_i),
        "Velocity P Gain": _gain(velocity_p),
        "Position D Gain": _gain(position_d),
        "Position I Gain": _gain(position_i),
        "Position P Gain": _gain(position_p),
    }


# XL330 and XC330: 4 Mbit/s at most, Protocol Type 2, 20 to 22, 20 indirect bytes.
_SMALL = {
    "Baud Rate": Fact("RW", 0, 6, 1),
    "Protocol Type": Fact("RW", 2, 22, 2),
    "Temperature Limit": Fact("RW", 0, 100, 70),
}

# current unit, stall torque, no-load speed, voltage, stall current, differing rows
# fmt: off
RATINGS: Mapping[str, Ratings] = {
    "XL430-W250": Ratings(
        None, 1.4, 57.0, 11.1, 1.3,
        _voltage(60, 140, 60, 140) | _velocity(265) | _limit("Temperature Limit", 72, 100)
        | _gains(1_000, 100, 4_000, 0, 640),
    ),
    "XM430-W350": Ratings(2.69e-3, 4.1, 46.0, 12.0, 2.3),
    "XM430-W210": Ratings(2.69e-3, 3.0, 77.0, 12.0, 2.3, _velocity(330)),
    "XM540-W150": Ratings(2.69e-3, 7.3, 53.0, 12.0, 4.4, _current(2_047) | _velocity(230)),
    "XM540-W270": Ratings(2.69e-3, 10.6, 30.0, 12.0, 4.4, _current(2_047) | _velocity(128)),
    "XH430-W350": Ratings(
        2.69e-3, 3.4, 30.0, 12.0, 1.3, _current(648) | _velocity(130) | {"Position P Gain": _gain(900)}
    ),
    "XH540-W270": Ratings(2.69e-3, 9.9, 39.0, 12.0, 4.9, _current(2_047) | _velocity(167)),
    "XC430-W150": Ratings(
        None, 1.6, 106.0, 12.0, 1.4,
        _voltage(60, 160, 60, 160) | _velocity(460) | {"Position P Gain": _gain(460)},
    ),
    "XL330-M077": Ratings(
        1e-3, 0.215, 383.0, 5.0, 1.47,
        _SMALL | _voltage(31, 70, 35, 70) | _current(1_750) | _velocity(1_620, 2_047)
        | {"Shutdown": Fact("RW", 0, 63, 53)} | _gains(400, 40, 0, 400, 400),
    ),
    "XL330-M288": Ratings(
        1e-3, 0.52, 103.0, 5.0, 1.47,
        _SMALL | _voltage(31, 70, 35, 70) | _current(1_750) | _velocity(445, 2_047)
        | {"Shutdown": Fact("RW", 0, 63, 53)} | _gains(1_600, 180, 0, 0, 400),
    ),
    "XC330-M288": Ratings(
        1e-3, 0.93, 81.0, 5.0, 1.80,
        _SMALL | _voltage(31, 70, 35, 70) | _current(2_352) | _velocity(350, 2_047)
        | _gains(1_600, 50, 500, 0, 1_100),
    ),
    "XC330-T288": Ratings(
        1e-3, 0.92, 65.0, 11.1, 0.80,
        _SMALL | _voltage(55, 140, 55, 140) | _current(910) | _velocity(320, 2_047)
        | _limit("PWM Slope", 255) | _gains(1_200, 40, 0, 0, 900),
    ),
}
# fmt: on
