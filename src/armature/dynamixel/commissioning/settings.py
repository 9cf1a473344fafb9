"""What the registers of a servo hold, and what they shall hold for its joint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from armature.core.model.arm import Limit
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.eeprom import RETURN_DELAY, limit_registers, too_narrow
from armature.dynamixel.servo.presence import ANSWERS_ALL
from armature.dynamixel.servo.registers import Registers
from armature.dynamixel.tables.model import ServoModel
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.wiring.arm import ServoWiring

# They weaken a servo, or keep it from protecting itself. Its own limits of current, temperature and voltage stay:
# somebody may have set them to guard it.
_FACTORY = (Role.MOVING_THRESHOLD, Role.PWM_LIMIT, Role.VELOCITY_LIMIT, Role.SHUTDOWN)


@dataclass(frozen=True)
class Setting:
    """One register of the EEPROM: what it holds, and what it will."""

    model: ServoModel
    role: Role
    now: int
    wanted: int

    @property
    def register(self) -> str:
        """What the manual calls it."""
        return self.model.name_of(self.role)

    @property
    def differs(self) -> bool:
        """Whether it must be written."""
        return self.now != self.wanted

    def keeping_place(self) -> Setting:
        """The same without a change of the way in which its servo counts, on which its joint's zero hangs."""
        if self.role is not Role.DRIVE_MODE:
            return self
        reverse = self.model.reverse
        return replace(self, wanted=(self.wanted & ~reverse) | (self.now & reverse))

    @property
    def moves_place(self) -> bool:
        """Whether writing it moves the zero or the sign of what the servo measures."""
        is_turned = self.role is Role.DRIVE_MODE and (self.now ^ self.wanted) & self.model.reverse
        return self.differs and (self.role is Role.HOMING_OFFSET or bool(is_turned))

    def meaning(self, value: int) -> str:
        """One of its values in words; empty where the number says it all."""
        return self.model.meaning(self.role, value)


def wanted_settings(servo: ServoWiring, baud_rate: int, limit: Limit) -> dict[Role, int]:
    """What a servo's registers shall hold, in the order of writing.

    Args:
        servo: what the wiring file says.
        baud_rate: of the arm's bus [bit/s].
        limit: of the joint, by the URDF.
    """
    model = servo.model
    wanted = {
        Role.STATUS_RETURN_LEVEL: ANSWERS_ALL,
        Role.RETURN_DELAY: RETURN_DELAY,
        Role.DRIVE_MODE: 0,
        Role.OPERATING_MODE: model.modes[servo.mode],
        Role.SHADOW_ID: model.default(Role.SHADOW_ID),
        Role.HOMING_OFFSET: 0,
        **{role: model.default(role) for role in _FACTORY},
        **limit_registers(servo, limit),
        Role.ID: servo.servo_id,
        Role.BAUD_RATE: model.baud_index("baud rate", baud_rate),
    }
    return {role: value for role, value in wanted.items() if model.has(role)}


def compare_settings(registers: Registers, axis: Axis, wanted: Mapping[Role, int]) -> tuple[Setting, ...]:
    """What registers hold and what they shall hold.

    Raises:
        BusError: the servo does not answer.
    """
    found = registers.read_many(axis, wanted)
    model = axis.wiring.model
    return tuple(
        Setting(model, role, found[role], _keep_if_equivalent(model, role, found[role], value))
        for role, value in wanted.items()
    )


def _keep_if_equivalent(model: ServoModel, role: Role, now: int, wanted: int) -> int:
    """Several values switch a shadow id off; EEPROM is not worn for another of them."""
    return now if role is Role.SHADOW_ID and now >= model.no_shadow else wanted


def narrow_limits(registers: Registers, servo: ServoWiring, limit: Limit) -> tuple[Setting, ...]:
    """Position limits with which a servo refuses goals that the URDF allows; empty where it takes them all.

    Raises:
        BusError: the servo does not answer.
    """
    settings = compare_settings(registers, Axis(servo), limit_registers(servo, limit))
    narrow = too_narrow(servo, servo.bound(limit), {setting.role: setting.now for setting in settings})
    return tuple(setting for setting in settings if setting.role in narrow)
