"""All families of servos, and their models by name and number. A new family is one line here, and a package."""

from __future__ import annotations

import re

from armature.dynamixel.tables.family import Family
from armature.dynamixel.tables.model import ServoModel
from armature.dynamixel.tables.x_series.family import X_SERIES
from armature.errors import ConfigError, closest

# As in XM430-W350-T: how its bus is wired, TTL or RS-485, which its registers do not know.
_BUS_KIND = re.compile(r"-[TR]$")
FAMILIES: tuple[Family, ...] = (X_SERIES,)


def servo_model(name: str) -> ServoModel:
    """Find a model by its product name, for example "XM430-W350", or as printed on the servo: "XM430-W350-T".

    Raises:
        ConfigError: the model is unknown, with the list of those known.
    """
    for family in FAMILIES:
        for spelling in (name, _BUS_KIND.sub("", name)):
            if spelling in family.numbers():
                return family.model(spelling)
    known = sorted(name for family in FAMILIES for name in family.numbers())
    near = closest(name.upper(), known, cutoff=0.6)
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    raise ConfigError("servo model", name, f"{meant}known models are {', '.join(known)}")


def servo_model_by_number(number: int) -> ServoModel:
    """Find a model by the number that it answers to a ping, for example 1020.

    Raises:
        ConfigError: the number is unknown, with the list of those known.
    """
    for family in FAMILIES:
        for name, known in family.numbers().items():
            if known == number:
                return family.model(name)
    numbers = sorted((known, name) for family in FAMILIES for name, known in family.numbers().items())
    listed = ", ".join(f"{known} ({name})" for known, name in numbers)
    raise ConfigError("servo model number", number, f"known models are {listed}")


def model_name(number: int) -> str:
    """Name of a model, or its number where no family has it."""
    try:
        return servo_model_by_number(number).name
    except ConfigError:
        return f"model number {number}"


def baud_rates() -> tuple[int, ...]:
    """All rates that some servo has, the slowest first [bit/s]."""
    return tuple(sorted({rate for family in FAMILIES for rate in family.baud_rates}))


def require_baud_rate(where: str, baud_rate: float, written: object = None) -> int:
    """A rate that some servo has [bit/s].

    Args:
        where: name of the field, for the error.
        baud_rate: [bit/s].
        written: what the field holds, where that is not the number.

    Raises:
        ConfigError: no servo has this rate.
    """
    if baud_rate not in baud_rates():
        value = baud_rate if written is None else written
        raise ConfigError(where, value, f"servos have {', '.join(map(str, baud_rates()))} bit/s")
    return int(baud_rate)
