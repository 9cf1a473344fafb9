"""Numbers with a unit, as they stand in configuration files: "180 deg", "0.012 m"."""

from __future__ import annotations

import math

from armature.core.model.numbers import decimal
from armature.errors import ConfigError

# Factors to SI, by unit (REP-103: radian, metre, second, newton, kilogram).
_FACTORS = {
    "rad": 1.0,
    "deg": math.pi / 180.0,
    "m": 1.0,
    "mm": 1e-3,
    "rad/rad": 1.0,
    "rad/m": 1.0,
    "rad/mm": 1e3,
    "bit/s": 1.0,
    "kbit/s": 1e3,
    "Mbit/s": 1e6,
    "bps": 1.0,
    "kbps": 1e3,
    "Mbps": 1e6,
    "A": 1.0,
    "mA": 1e-3,
    "N·m/A": 1.0,
    "Nm/A": 1.0,
}
_DIGITS = {"deg": 3, "rad": 5, "mm": 3, "m": 6}


def quantity(where: str, value: object, units: tuple[str, ...]) -> float:
    """Read "number unit".

    Args:
        where: name of the field, for the error.
        value: what the file holds.
        units: units that fit the field, the usual one first.

    Returns:
        The number in SI units.

    Raises:
        ConfigError: no unit, a unit that does not fit, or not a finite number.
    """
    allowed = f"write a number and a unit, for example '1.5 {units[0]}' (units: {', '.join(units)})"
    parts = value.split() if isinstance(value, str) else []
    if len(parts) != 2 or parts[1] not in units:
        raise ConfigError(where, value, allowed)
    try:
        return decimal(parts[0]) * _FACTORS[parts[1]]
    except ValueError as error:
        raise ConfigError(where, value, allowed) from error


def resolution(unit: str) -> float:
    """The step in which numbers with a unit are written, in SI units: a hundredth of a servo's tick and less."""
    return float(10.0 ** -_DIGITS[unit] * _FACTORS[unit])


def written(value: float, unit: str) -> str:
    """A number in SI units as a file has it, in one of the units rad, deg, m and mm."""
    number = f"{value / _FACTORS[unit]:.{_DIGITS[unit]}f}".rstrip("0").rstrip(".")
    return f"{'0' if number == '-0' else number} {unit}"
