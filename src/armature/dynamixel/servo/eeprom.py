"""What a servo's EEPROM must hold before it may turn its joint, and the bounds by which it protects itself.

Set-up alone writes it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from armature.core.model.arm import Limit
from armature.dynamixel.tables.model import ServoModel
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.wiring.servo import ServoWiring

# The factory's delay of 500 µs before each answer would cost a bus of seven 3.5 ms a cycle
# (e-Manual, "Return Delay Time(9)").
RETURN_DELAY = 0
# So far beyond its limits a joint may be, as a share of its span, before that is a fault (policy.py, "limit"). Up
# to there torque may come on where the joint is, and a servo refuses a goal beyond its own limits.
_SLACK = 0.05
EEPROM_ROLES = (
    *(Role.OPERATING_MODE, Role.SHADOW_ID, Role.RETURN_DELAY, Role.DRIVE_MODE),
    *(Role.MIN_POSITION_LIMIT, Role.MAX_POSITION_LIMIT),
)
"""Registers that decide whether a servo may be used, as far as a model has them."""
APPLY = "armature setup --apply shows and writes that, with this arm's --robot and --port"


@dataclass(frozen=True)
class Difference:
    """One register that holds something else than it must."""

    model: ServoModel
    role: Role
    now: int
    wanted: int

    def __str__(self) -> str:
        """In words."""
        return f"{self.model.name_of(self.role)} is {self.now}, not {self.wanted}"


def differences(wiring: ServoWiring, limit: Limit, found: Mapping[Role, int]) -> tuple[Difference, ...]:
    """Where a servo is set up otherwise than its joint needs.

    Args:
        wiring: what the servo should be.
        limit: of its joint, by the URDF.
        found: raw values of EEPROM_ROLES, as far as the servo has them.
    """
    wanted = dict(_wanted(wiring, limit, found))
    return tuple(
        Difference(wiring.model, role, found[role], value)
        for role, value in wanted.items()
        if role in found and found[role] != value
    )


def describe(found: Iterable[tuple[str, Difference]]) -> str:
    """Differences of several servos, by their names, in words: what is the same of several stands once."""
    names: dict[str, list[str]] = {}
    for name, difference in found:
        names.setdefault(str(difference), []).append(name)
    return "; ".join(f"{', '.join(servos)}: {what}" for what, servos in names.items())


def _wanted(wiring: ServoWiring, limit: Limit, found: Mapping[Role, int]) -> Iterator[tuple[Role, int]]:
    """A shadow id first, lest its servo obey what another one is sent."""
    model = wiring.model
    if found.get(Role.SHADOW_ID, model.no_shadow) < model.no_shadow:
        yield Role.SHADOW_ID, model.default(Role.SHADOW_ID)
    yield Role.OPERATING_MODE, model.modes[wiring.mode]
    yield Role.RETURN_DELAY, RETURN_DELAY
    yield Role.DRIVE_MODE, found.get(Role.DRIVE_MODE, 0) & ~model.torque_by_goal
    limits = limit_registers(wiring, limit)
    if limits.keys() <= found.keys():
        narrow = too_narrow(wiring, wiring.narrow(limit), {role: found[role] for role in limits})
        yield from ((role, limits[role]) for role in narrow)


def too_narrow(servo: ServoWiring, limit: Limit, found: Mapping[Role, int]) -> list[Role]:
    """Position limits of a servo that exclude a part of its joint's range: it would stay behind without a word.

    Args:
        servo: any.
        limit: of the joint, as far as its servos reach.
        found: raw values of the roles of `limit_registers`.
    """
    ends = [servo.to_ticks(end) for end in (limit.lower, limit.upper) if math.isfinite(end)]
    excludes = {
        Role.MIN_POSITION_LIMIT: lambda end, bound: end < bound,
        Role.MAX_POSITION_LIMIT: lambda end, bound: end > bound,
    }
    return [role for role, bound in found.items() if any(excludes[role](end, bound) for end in ends)]


def limit_registers(servo: ServoWiring, limit: Limit) -> dict[Role, int]:
    """The position limits' registers, which position control alone heeds (e-Manual, "Max Position Limit(48)")."""
    if servo.mode.counts_turns or not servo.model.has(Role.MAX_POSITION_LIMIT):
        return {}
    ends = position_limits(servo, limit)
    return dict(zip((Role.MIN_POSITION_LIMIT, Role.MAX_POSITION_LIMIT), ends, strict=True))


def position_limits(servo: ServoWiring, limit: Limit) -> tuple[int, int]:
    """Least and greatest goal that the servo shall take [tick]: the URDF's limits and a little beyond."""
    register = servo.model[Role.MAX_POSITION_LIMIT]
    if not math.isfinite(limit.upper - limit.lower):
        return register.minimum, register.maximum
    slack = _SLACK * (limit.upper - limit.lower)
    ends = sorted((servo.to_ticks(limit.lower - slack), servo.to_ticks(limit.upper + slack)))
    lower, upper = (min(max(end, register.minimum), register.maximum) for end in ends)
    return lower, upper


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
