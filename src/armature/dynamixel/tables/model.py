"""A model of servo: its registers by role, raw values and SI units, and how it differs from others."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from armature.dynamixel.tables.roles import Feature, HardwareError, OperatingMode, Role
from armature.errors import ConfigError

Access = Literal["R", "RW"]

# By no more than this is a goal led for a load, whatever a model of the arm says [rad] of the servo's own angle.
MAX_DEFLECTION = 0.15
_LETTERS = {1: "b", 2: "h", 4: "i"}  # of the module struct, by size [byte]


@dataclass(frozen=True)
class Register:
    """One item of a control table."""

    name: str  # in the manual, for people
    address: int
    size: int  # [byte]
    signed: bool
    access: Access
    eeprom: bool  # kept without power, locked while torque is on
    minimum: int
    maximum: int
    default: int | None  # None: it starts with a measured or derived value
    role: Role | None = None  # None: only the emulator's bytes have a use for it
    scale: float = 1.0  # of one raw unit, in the unit that the role names
    pointer: int | None = None  # address of what says where its byte really lies, of an indirect one

    @property
    def key(self) -> str:
        """Its role, or its name where it has none."""
        return self.role or self.name

    def has_same_layout(self, other: Register) -> bool:
        """Whether the same bytes write both."""
        mine, its = ((r.address, r.size, r.signed, r.minimum, r.maximum) for r in (self, other))
        return mine == its

    @property
    def end(self) -> int:
        """First address behind the register."""
        return self.address + self.size

    @property
    def format(self) -> str:
        """Its letter in the module struct."""
        letter = _LETTERS[self.size]
        return letter if self.signed else letter.upper()

    @property
    def bounds(self) -> tuple[int, int]:
        """The least and the greatest number that its bytes can hold."""
        span = 1 << 8 * self.size
        return (-span // 2, span // 2 - 1) if self.signed else (0, span - 1)

    def to_si(self, raw: float) -> float:
        """A raw value in the unit of the role."""
        return raw * self.scale

    def to_raw(self, value: float) -> int:
        """The raw value nearest to one in the unit of the role."""
        return round(value / self.scale)

    def decode(self, raw: int) -> int:
        """Value of the unsigned number that stands in the register's bytes."""
        half = 1 << (8 * self.size - 1)
        return raw - 2 * half if self.signed and raw >= half else raw

    def decode_from_block(self, data: bytes, begin: int) -> int:
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


def _address(register: Register) -> int:
    return register.address


@dataclass(frozen=True)
class RegisterBlock:
    """Registers that are read in one request, with whatever lies between them."""

    registers: tuple[Register, ...]  # in the order of addresses

    @property
    def address(self) -> int:
        """Of the first byte."""
        return self.registers[0].address

    @property
    def length(self) -> int:
        """How many bytes [byte]."""
        return max(register.end for register in self.registers) - self.address

    def values(self, data: bytes) -> dict[Role, int]:
        """Raw values in the bytes that were read, by role."""
        begin = self.address
        return {item.role: item.decode_from_block(data, begin) for item in self.registers if item.role}


@dataclass(frozen=True)
class ServoModel:
    """A model of servo: its registers, units and ratings at the recommended voltage."""

    name: str
    number: int
    registers: Mapping[str, Register]  # by the manual's name, in the order of addresses
    resolution: int  # [tick/rev]
    full_pwm: float  # PWM of a duty of 100 %
    stall_torque: float  # [N·m]
    no_load_speed: float  # [rad/s]
    nominal_voltage: float  # [V]
    stall_current: float  # [A]
    modes: Mapping[OperatingMode, int]  # raw, of those that it has
    errors: Mapping[HardwareError, int]  # raw bits, of those that it reports
    baud_rates: Mapping[int, int]  # raw, by rate [bit/s]
    since: Mapping[Feature, int] = field(
        default_factory=dict
    )  # first firmware that has it; what is absent none has
    watchdog_tripped: int = -1  # raw, what the bus watchdog reads then
    no_shadow: int = 253  # raw, from which on the shadow id is off
    reverse: int = 0x01  # bit of the drive mode: turn against the joint
    torque_by_goal: int = 0x08  # bit of the drive mode: a goal alone turns torque on
    largest_homing: int | None = None  # that position control heeds [tick]; None: any
    # What follows from the registers, kept as plain values since every cycle needs it.
    roles: Mapping[Role, Register] = field(init=False, repr=False, compare=False)
    position_unit: float = field(init=False)  # of Role.PRESENT_POSITION [rad/tick]
    velocity_unit: float = field(init=False)  # of Role.PRESENT_VELOCITY [rad/s]; NaN where it has none
    current_unit: float | None = field(init=False)  # of Role.PRESENT_CURRENT [A]; None where it measures none
    _blocks: dict[tuple[Role, ...], RegisterBlock | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        roles = {register.role: register for register in self.registers.values() if register.role}
        scales = {role: register.scale for role, register in roles.items()}
        keep = object.__setattr__
        keep(self, "roles", roles)
        keep(self, "position_unit", scales[Role.PRESENT_POSITION])
        keep(self, "velocity_unit", scales.get(Role.PRESENT_VELOCITY, math.nan))
        keep(self, "current_unit", scales.get(Role.PRESENT_CURRENT))
        keep(self, "_blocks", {})

    def has(self, role: Role) -> bool:
        """Whether it has a register of a role."""
        return role in self.roles

    def __getitem__(self, role: Role) -> Register:
        """Its register of a role.

        Raises:
            ConfigError: it has none.
        """
        try:
            return self.roles[role]
        except KeyError:
            raise ConfigError("register", str(role), f"{self.name} has none for it") from None

    def block(self, roles: tuple[Role, ...]) -> RegisterBlock | None:
        """Those of the roles that it has, to be read together; None where it has none of them."""
        if roles not in self._blocks:
            found = sorted({role: self.roles[role] for role in roles if self.has(role)}.values(), key=_address)
            self._blocks[roles] = RegisterBlock(tuple(found)) if found else None
        return self._blocks[roles]

    def default(self, role: Role) -> int:
        """What a register holds as the factory delivers it; 0 where it has none."""
        return self[role].default or 0 if self.has(role) else 0

    def name_of(self, role: Role) -> str:
        """What its manual calls the register of a role; the role in words where it has none."""
        return self[role].name if self.has(role) else role.value.replace("_", " ")

    def supports(self, feature: Feature, firmware: int) -> bool:
        """Whether a firmware of it has a feature."""
        first = self.since.get(feature)
        return first is not None and firmware >= first

    # What raw values mean

    def errors_of(self, raw: int) -> HardwareError:
        """The hardware errors of raw bits."""
        found = HardwareError(0)
        for error, bits in self.errors.items() if raw else ():
            if raw & bits:
                found |= error
        return found

    def error_bits(self, errors: int) -> int:
        """The raw bits of hardware errors."""
        return sum(bits for error, bits in self.errors.items() if errors & error) if errors else 0

    def mode_of(self, raw: int) -> OperatingMode | None:
        """The operating mode that a register names; None where no mode is known by it."""
        return next((mode for mode, number in self.modes.items() if number == raw), None)

    def baud_rate_of(self, raw: int) -> int | None:
        """The rate that a register names [bit/s]."""
        return next((rate for rate, number in self.baud_rates.items() if number == raw), None)

    def baud_index(self, where: str, baud_rate: int) -> int:
        """Raw value for a rate [bit/s].

        Raises:
            ConfigError: it does not have this rate, or one that cannot be chosen.
        """
        if baud_rate not in self.baud_rates:
            rates = ", ".join(map(str, self.baud_rates))
            raise ConfigError(where, baud_rate, f"{self.name} servos have {rates} bit/s")
        return self.baud_rates[baud_rate]

    def meaning(self, role: Role, raw: int) -> str:
        """A raw value in words; empty where the number says it all."""
        if role is Role.BAUD_RATE:
            rate = self.baud_rate_of(raw)
            return "unknown" if rate is None else f"{rate} bit/s"
        if role is Role.RETURN_DELAY:
            return f"{1e6 * self[role].to_si(raw):.0f} µs"
        if role is Role.OPERATING_MODE:
            mode = self.mode_of(raw)
            return "unknown" if mode is None else str(mode)
        if role is Role.SHADOW_ID:
            return "off" if raw >= self.no_shadow else ""
        return ""

    # Ratings

    def stiffness(self, p_gain: int) -> float:
        """Torque of position control for being off the goal, by the position P gain [N·m/rad]."""
        duty = p_gain * self[Role.POSITION_P_GAIN].scale / self.full_pwm  # for each tick
        return duty * self.stall_torque / self.position_unit

    @property
    def damping(self) -> float:
        """Torque that speed takes, linearly, from stall to no-load speed [N·m·s/rad]."""
        return self.stall_torque / self.no_load_speed
