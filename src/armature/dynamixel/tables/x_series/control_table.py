"""Control tables: addresses and sizes from the SDK's own model files, the rest from the manual's facts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from armature.dynamixel.tables.model import Register, ServoModel
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.tables.x_series.facts import (
    BAUD_RATES,
    COMMON,
    ERROR_BITS,
    FULL_PWM,
    NO_SHADOW,
    ROLES,
    SCALES,
    WATCHDOG_TRIPPED,
    Fact,
    features,
    modes,
)
from armature.dynamixel.tables.x_series.ratings import RATINGS
from armature.errors import ConfigError

# e-Manual, "Control Table": the EEPROM area ends where the RAM area begins, at Torque Enable(64).
_RAM_START = 64
# The firmware of the MX series that speaks Protocol 2.0, as the e-Manual names it; the SDK leaves it out.
_SECOND_PROTOCOL = "(2.0)"
# Names that the SDK spells in two ways.
_SPELLING = {"BUS Watchdog": "Bus Watchdog"}
_RPM = 2.0 * math.pi / 60.0
# Section "Homing Offset(20)": position control ignores larger ones, which is a quarter of a turn.
_LARGEST_HOMING = 1_024


@cache
def model_numbers() -> Mapping[str, int]:
    """Model numbers by product name, of those whose ratings are known."""
    lines = (_folder() / "dynamixel.model").read_text("utf-8").splitlines()[1:]
    rows = [line.split() for line in lines if line.strip()]
    numbers = {_name_of(file): int(number) for number, file in rows}
    return {name: number for name, number in numbers.items() if name in RATINGS}


@cache
def load_model(name: str) -> ServoModel:
    """A model by its product name."""
    sections = _sections((_folder() / _file_of(name)).read_text("utf-8"))
    ratings, number = RATINGS[name], model_numbers()[name]
    lowest, highest = (_value(sections, f"value_of_{end}_radian_position") for end in ("min", "max"))
    resolution = int(highest - lowest) + 1
    scales = dict(SCALES)
    scales |= dict.fromkeys(_OF_POSITION, 2.0 * math.pi / resolution)
    scales |= dict.fromkeys(_OF_VELOCITY, _value(sections, "Present Velocity"))
    scales |= dict.fromkeys(_OF_CURRENT, ratings.current_unit or 0.0)
    registers = _registers(sections["control table"], dict(COMMON) | dict(ratings.rows), number, scales)
    return ServoModel(
        name=name,
        number=number,
        registers=MappingProxyType(registers),
        resolution=resolution,
        full_pwm=FULL_PWM,
        stall_torque=ratings.stall_torque,
        no_load_speed=ratings.no_load_speed * _RPM,
        nominal_voltage=ratings.nominal_voltage,
        stall_current=ratings.stall_current,
        modes=modes(ratings.current_unit is not None),
        errors=ERROR_BITS,
        baud_rates={rate: index for index, rate in enumerate(BAUD_RATES)},
        since=features(name),
        watchdog_tripped=WATCHDOG_TRIPPED,
        no_shadow=NO_SHADOW,
        largest_homing=_LARGEST_HOMING,
    )


_OF_POSITION = (
    *(Role.GOAL_POSITION, Role.PRESENT_POSITION, Role.POSITION_TRAJECTORY, Role.HOMING_OFFSET),
    *(Role.MIN_POSITION_LIMIT, Role.MAX_POSITION_LIMIT),
)
_OF_VELOCITY = (
    *(Role.GOAL_VELOCITY, Role.PRESENT_VELOCITY, Role.VELOCITY_TRAJECTORY, Role.PROFILE_VELOCITY),
    *(Role.VELOCITY_LIMIT, Role.MOVING_THRESHOLD),
)
_OF_CURRENT = (Role.GOAL_CURRENT, Role.PRESENT_CURRENT, Role.CURRENT_LIMIT)


def _folder() -> Path:
    spec = find_spec("dynamixel_easy_sdk")
    if spec is None or spec.origin is None:
        raise ConfigError("dynamixel_easy_sdk", "its absence", "the package dynamixel-sdk 4.1 or newer is needed")
    return Path(spec.origin).parent / "control_table"


def _file_of(name: str) -> str:
    return name.lower().removesuffix(_SECOND_PROTOCOL).replace("-", "_") + ".model"


def _name_of(file: str) -> str:
    name = file.removesuffix(".model").upper().replace("_", "-")
    return name + _SECOND_PROTOCOL if name.startswith("MX-") else name


def _sections(text: str) -> dict[str, list[list[str]]]:
    """Rows of each [section] of a model file, without its line of headings."""
    sections: dict[str, list[list[str]]] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("["):
            rows = sections.setdefault(line.strip("[]"), [])
        else:
            rows.append(line.split("\t"))
    return {name: rows[1:] for name, rows in sections.items()}


def _value(sections: Mapping[str, list[list[str]]], name: str) -> float:
    rows = sections["type info"] + sections["unit info"]
    return next(float(row[1]) for row in rows if row[0] == name)


def _registers(
    rows: list[list[str]], facts: Mapping[str, Fact], number: int, scales: Mapping[Role, float]
) -> dict[str, Register]:
    items = [(_SPELLING.get(name, name), int(address), int(size)) for address, size, name in rows]
    plain = [item for item in items if not item[0].startswith("Indirect")]
    registers = [_register(item, facts[item[0]], number, scales) for item in plain]
    registers += _indirect({name: address for name, address, _ in items}, facts)
    return {register.name: register for register in sorted(registers, key=lambda item: item.address)}


def _register(item: tuple[str, int, int], fact: Fact, number: int, scales: Mapping[Role, float]) -> Register:
    name, address, size = item
    lowest, highest = (-(1 << 8 * size - 1), (1 << 8 * size - 1) - 1) if fact.signed else (0, (1 << 8 * size) - 1)
    role = ROLES.get(name)
    return Register(
        name=name,
        address=address,
        size=size,
        signed=fact.signed,
        access=fact.access,
        eeprom=address < _RAM_START,
        minimum=lowest if fact.minimum is None else fact.minimum,
        maximum=highest if fact.maximum is None else fact.maximum,
        default=number if name == "Model Number" else fact.default,
        role=role,
        scale=scales.get(role, 1.0) if role else 1.0,
    )


def _indirect(addresses: Mapping[str, int], facts: Mapping[str, Fact]) -> Iterator[Register]:
    """All indirect registers; the SDK lists the first of each bank.

    e-Manual, "Indirect Address": pointers of 2 bytes stand directly before the bank's data bytes, so their
    number follows from the two addresses; by default pointer k points at data byte k.
    """
    banks = [(addresses["Indirect Address 1"], addresses["Indirect Data 1"])]
    second = (addresses["Indirect Address Read"], addresses["Indirect Data Read"])
    if second[0] > banks[0][1]:
        banks.append(second)
    number = 0
    for address, data in banks:
        for index in range((data - address) // 2):
            number += 1
            pointer = Fact(
                "RW", facts["Indirect Address"].minimum, facts["Indirect Address"].maximum, data + index
            )
            yield _register((f"Indirect Address {number}", address + 2 * index, 2), pointer, 0, {})
            byte = _register((f"Indirect Data {number}", data + index, 1), facts["Indirect Data"], 0, {})
            yield replace(byte, pointer=address + 2 * index)
