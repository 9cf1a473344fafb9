"""Control tables: addresses and sizes from the SDK's own model files, the rest from the manual's facts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from armature.dynamixel.tables.facts import (
    BAUD_RATES,
    COMMON,
    NO_SHADOW,
    VOLTAGE_UNIT,
    WATCHDOG_TRIPPED,
    Access,
    Fact,
    OperatingMode,
)
from armature.dynamixel.tables.ratings import RATINGS
from armature.errors import ConfigError

__all__ = [
    "BAUD_RATES",
    "FULL_PWM",
    "NO_SHADOW",
    "VOLTAGE_UNIT",
    "WATCHDOG_TRIPPED",
    "OperatingMode",
    "Register",
    "ServoModel",
    "baud_index",
    "model_name",
    "servo_model",
    "servo_model_by_number",
]

# e-Manual, "PWM Limit(36)": 885 is a duty of 100 %.
FULL_PWM = 885.0
# e-Manual, "Position PID Gain(80, 82, 84)": KPP = P/128 [PWM/tick].
P_GAIN_UNIT = 128.0
# e-Manual, "Control Table": the EEPROM area ends where the RAM area begins, at Torque Enable(64).
_RAM_START = 64
# The firmware of the MX series that speaks Protocol 2.0, as the e-Manual names it; the SDK leaves it out.
_SECOND_PROTOCOL = "(2.0)"
# Names that the SDK spells in two ways.
_SPELLING = {"BUS Watchdog": "Bus Watchdog"}
_RPM = 2.0 * math.pi / 60.0


@dataclass(frozen=True)
class Register:
    """One item of a control table."""

    name: str
    address: int
    size: int  # [byte]
    signed: bool
    access: Access
    eeprom: bool  # kept without power, locked while torque is on
    minimum: int
    maximum: int
    default: int | None  # None: it starts with a measured or derived value

    @property
    def end(self) -> int:
        """First address behind the register."""
        return self.address + self.size

    def decode(self, raw: int) -> int:
        """Value of the unsigned number that stands in the register's bytes."""
        half = 1 << (8 * self.size - 1)
        return raw - 2 * half if self.signed and raw >= half else raw

    def of_block(self, data: bytes, begin: int) -> int:
        """Value in a block of bytes that begins at an address."""
        return self.decode(int.from_bytes(data[self.address - begin : self.end - begin], "little"))

    def encode(self, value: int) -> bytes:
        """Bytes that write a value, little endian.

        Raises:
            ConfigError: the value is outside the register's range.
        """
        if not self.minimum <= value <= self.maximum:
            raise ConfigError(f"register {self.name}", value, f"it takes {self.minimum} to {self.maximum}")
        return int(value).to_bytes(self.size, "little", signed=self.signed)


@dataclass(frozen=True)
class ServoModel:
    """A model of servo: its registers, units and ratings at the recommended voltage."""

    name: str
    number: int
    registers: Mapping[str, Register]  # by the SDK's Data Name, in the order of addresses
    position_unit: float  # [rad/tick]
    velocity_unit: float  # [rad/s] of one unit
    current_unit: float | None  # [A] of one unit; None where the model measures none
    resolution: int  # [tick/rev]
    stall_torque: float  # [N·m]
    no_load_speed: float  # [rad/s]
    nominal_voltage: float  # [V]
    stall_current: float  # [A]

    def stiffness(self, p_gain: int) -> float:
        """Torque of position control for being off the goal, by Position P Gain [N·m/rad]."""
        return p_gain / P_GAIN_UNIT / FULL_PWM * self.stall_torque / self.position_unit

    @property
    def damping(self) -> float:
        """Torque that speed takes, linearly, from stall to no-load speed [N·m·s/rad]."""
        return self.stall_torque / self.no_load_speed


def baud_index(where: str, baud_rate: float, written: object = None) -> int:
    """Value of Baud Rate(8) for a rate [bit/s].

    Args:
        where: name of the field, for the error.
        baud_rate: [bit/s].
        written: what the field holds, where that is not the number.

    Raises:
        ConfigError: servos do not have this rate.
    """
    if baud_rate not in BAUD_RATES:
        value = baud_rate if written is None else written
        raise ConfigError(where, value, f"servos have {', '.join(map(str, BAUD_RATES))} bit/s")
    return BAUD_RATES.index(int(baud_rate))


def servo_model(name: str) -> ServoModel:
    """Find a model by its product name, for example "XM430-W350".

    Raises:
        ConfigError: the model is unknown, with the list of those known.
    """
    numbers = {known: number for number, known in _model_names().items() if known in RATINGS}
    if name not in numbers:
        raise ConfigError("servo model", name, f"known models are {', '.join(sorted(numbers))}")
    return _load(name, numbers[name])


def servo_model_by_number(number: int) -> ServoModel:
    """Find a model by the number in its Model Number register, for example 1020.

    Raises:
        ConfigError: the number is unknown, with the list of those known.
    """
    names = {known: name for known, name in _model_names().items() if name in RATINGS}
    if number not in names:
        listed = ", ".join(f"{known} ({name})" for known, name in sorted(names.items()))
        raise ConfigError("servo model number", number, f"known models are {listed}")
    return _load(names[number], number)


def model_name(number: int) -> str:
    """Name of a model, or its number where no control table has it."""
    try:
        return servo_model_by_number(number).name
    except ConfigError:
        return f"model number {number}"


def _folder() -> Path:
    spec = find_spec("dynamixel_easy_sdk")
    if spec is None or spec.origin is None:
        raise ConfigError("dynamixel_easy_sdk", None, "the package dynamixel-sdk 4.1 or newer is needed")
    return Path(spec.origin).parent / "control_table"


def _file_of(name: str) -> str:
    return name.lower().removesuffix(_SECOND_PROTOCOL).replace("-", "_") + ".model"


def _name_of(file: str) -> str:
    name = file.removesuffix(".model").upper().replace("_", "-")
    return name + _SECOND_PROTOCOL if name.startswith("MX-") else name


@cache
def _model_names() -> Mapping[int, str]:
    lines = (_folder() / "dynamixel.model").read_text("utf-8").splitlines()[1:]
    rows = [line.split() for line in lines if line.strip()]
    return {int(number): _name_of(file) for number, file in rows}


@cache
def _load(name: str, number: int) -> ServoModel:
    sections = _sections((_folder() / _file_of(name)).read_text("utf-8"))
    ratings = RATINGS[name]
    lowest, highest = (_value(sections, f"value_of_{end}_radian_position") for end in ("min", "max"))
    resolution = int(highest - lowest) + 1
    registers = _registers(sections["control table"], dict(COMMON) | dict(ratings.rows), number)
    return ServoModel(
        name=name,
        number=number,
        registers=MappingProxyType(registers),
        position_unit=2.0 * math.pi / resolution,
        velocity_unit=_value(sections, "Present Velocity"),
        current_unit=ratings.current_unit,
        resolution=resolution,
        stall_torque=ratings.stall_torque,
        no_load_speed=ratings.no_load_speed * _RPM,
        nominal_voltage=ratings.nominal_voltage,
        stall_current=ratings.stall_current,
    )


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


def _registers(rows: list[list[str]], facts: Mapping[str, Fact], number: int) -> dict[str, Register]:
    items = [(_SPELLING.get(name, name), int(address), int(size)) for address, size, name in rows]
    plain = [item for item in items if not item[0].startswith("Indirect")]
    registers = [_register(item, facts[item[0]], number) for item in plain]
    registers += _indirect({name: address for name, address, _ in items}, facts)
    return {register.name: register for register in sorted(registers, key=lambda item: item.address)}


def _register(item: tuple[str, int, int], fact: Fact, number: int) -> Register:
    name, address, size = item
    lowest, highest = (-(1 << 8 * size - 1), (1 << 8 * size - 1) - 1) if fact.signed else (0, (1 << 8 * size) - 1)
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
            yield _register((f"Indirect Address {number}", address + 2 * index, 2), pointer, 0)
            yield _register((f"Indirect Data {number}", data + index, 1), facts["Indirect Data"], 0)
