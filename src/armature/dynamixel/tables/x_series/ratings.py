"""What the ROBOTIS e-Manual says of each model: its ratings, and the registers in which it differs.

Ratings are the "Specifications" of the model's page (emanual.robotis.com, /docs/en/dxl/x/<model>/ or
/docs/en/dxl/mx/<model>-2/) at the recommended voltage; rows are those of its "Control Table". A model of two axes
(2XL, 2XC) answers as two servos, each with an id and a table of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from armature.dynamixel.tables.x_series.facts import COMMON, Fact, gain


@dataclass(frozen=True)
class Ratings:
    """One model's specifications, and the rows in which it differs from the common table."""

    current_unit: float | None  # [A] of Present Current; None where the model measures none
    stall_torque: float  # [N·m]
    no_load_speed: float  # [rev/min]
    nominal_voltage: float  # [V]
    stall_current: float  # [A]
    rows: Mapping[str, Fact] = field(default_factory=dict)


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
        "Velocity I Gain": gain(velocity_i),
        "Velocity P Gain": gain(velocity_p),
        "Position D Gain": gain(position_d),
        "Position I Gain": gain(position_i),
        "Position P Gain": gain(position_p),
    }


# XL330 and XC330: 4 Mbit/s at most, Protocol Type 2, 20 to 22, 20 indirect bytes.
_SMALL = {
    "Baud Rate": Fact("RW", 0, 6, 1),
    "Protocol Type": Fact("RW", 2, 22, 2),
    "Temperature Limit": Fact("RW", 0, 100, 70),
}

_HIGH_VOLTAGE = _voltage(110, 300, 110, 300)
_MX = {"Position P Gain": gain(850)}

# current unit, stall torque, no-load speed, voltage, stall current, differing rows
# fmt: off
RATINGS: Mapping[str, Ratings] = {
    "XL430-W250": Ratings(
        None, 1.4, 57.0, 11.1, 1.3,
        _voltage(60, 140, 60, 140) | _velocity(265) | _limit("Temperature Limit", 72, 100)
        | _gains(1_000, 100, 4_000, 0, 640),
    ),
    "2XL430-W250": Ratings(
        None, 1.4, 57.0, 11.1, 1.3,
        _voltage(60, 140, 60, 140) | _velocity(250) | _limit("Temperature Limit", 72, 100)
        | _gains(1_800, 100, 2_000, 0, 640),
    ),
    "XM430-W350": Ratings(2.69e-3, 4.1, 46.0, 12.0, 2.3),
    "XM430-W210": Ratings(2.69e-3, 3.0, 77.0, 12.0, 2.3, _velocity(330)),
    "XM540-W150": Ratings(2.69e-3, 7.3, 53.0, 12.0, 4.4, _current(2_047) | _velocity(230)),
    "XM540-W270": Ratings(2.69e-3, 10.6, 30.0, 12.0, 4.4, _current(2_047) | _velocity(128)),
    "XH430-W350": Ratings(
        2.69e-3, 3.4, 30.0, 12.0, 1.3, _current(648) | _velocity(130) | {"Position P Gain": gain(900)}
    ),
    "XH430-W210": Ratings(
        2.69e-3, 2.5, 50.0, 12.0, 1.3, _current(648) | _velocity(210) | {"Position P Gain": gain(900)}
    ),
    "XH430-V350": Ratings(1.34e-3, 3.3, 31.0, 24.0, 0.7, _HIGH_VOLTAGE | _current(689) | _velocity(135)),
    "XH540-W270": Ratings(2.69e-3, 9.9, 39.0, 12.0, 4.9, _current(2_047) | _velocity(167)),
    "XH540-W150": Ratings(2.69e-3, 7.1, 70.0, 12.0, 4.9, _current(2_047) | _velocity(300)),
    "XH540-V270": Ratings(2.69e-3, 9.2, 34.0, 24.0, 2.4, _HIGH_VOLTAGE | _current(2_047) | _velocity(128)),
    "XH540-V150": Ratings(2.69e-3, 6.4, 60.0, 24.0, 2.4, _HIGH_VOLTAGE | _current(2_047) | _velocity(230)),
    "XW540-T260": Ratings(2.69e-3, 9.5, 40.0, 12.0, 4.9, _current(2_047) | _velocity(167)),
    "XW540-T140": Ratings(2.69e-3, 6.9, 72.0, 12.0, 4.9, _current(2_047) | _velocity(304)),
    "XC430-W150": Ratings(
        None, 1.6, 106.0, 12.0, 1.4,
        _voltage(60, 160, 60, 160) | _velocity(460) | {"Position P Gain": gain(460)},
    ),
    "XC430-W240": Ratings(
        None, 1.9, 70.0, 12.0, 1.4,
        _voltage(60, 160, 60, 160) | _velocity(306) | {"Position P Gain": gain(700)},
    ),
    "2XC430-W250": Ratings(
        None, 1.8, 64.0, 12.0, 1.4,
        _voltage(60, 160, 60, 160) | _velocity(275) | {"Position P Gain": gain(700)},
    ),
    "MX-28(2.0)": Ratings(None, 2.5, 55.0, 12.0, 1.4, _velocity(230) | _MX),
    "MX-64(2.0)": Ratings(3.36e-3, 6.0, 63.0, 12.0, 4.1, _current(1_941) | _velocity(285) | _MX),
    "MX-106(2.0)": Ratings(3.36e-3, 8.4, 45.0, 12.0, 5.2, _current(2_047) | _velocity(210) | _MX),
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
    "XC330-M181": Ratings(
        1e-3, 0.60, 129.0, 5.0, 1.80,
        _SMALL | _voltage(31, 70, 35, 70) | _current(2_352) | _velocity(545, 2_047)
        | _gains(1_400, 100, 500, 0, 1_200),
    ),
    "XC330-T181": Ratings(
        1e-3, 0.76, 104.0, 11.1, 0.80,
        _SMALL | _voltage(55, 140, 55, 140) | _current(910) | _velocity(510, 2_047)
        | _limit("PWM Slope", 255) | _gains(1_200, 40, 0, 0, 900),
    ),
    "XC330-T288": Ratings(
        1e-3, 0.92, 65.0, 11.1, 0.80,
        _SMALL | _voltage(55, 140, 55, 140) | _current(910) | _velocity(320, 2_047)
        | _limit("PWM Slope", 255) | _gains(1_200, 40, 0, 0, 900),
    ),
}
# fmt: on
