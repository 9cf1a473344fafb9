"""What a servo's firmware allows: instructions by its version, and values that depend on other registers."""

from __future__ import annotations

from collections.abc import Iterable

from armature.dynamixel.protocol.packet import Error, Instruction
from armature.dynamixel.tables.model import ServoModel
from armature.dynamixel.tables.roles import Feature, OperatingMode, Role
from armature.emulator.servo.registers import Change, RegisterFile

GOALS = (Role.GOAL_PWM, Role.GOAL_CURRENT, Role.GOAL_VELOCITY, Role.GOAL_POSITION)
_LIMITS = {
    Role.GOAL_PWM: Role.PWM_LIMIT,
    Role.GOAL_CURRENT: Role.CURRENT_LIMIT,
    Role.GOAL_VELOCITY: Role.VELOCITY_LIMIT,
}
_FEATURES: dict[int, Feature] = {
    Instruction.CLEAR: Feature.CLEAR,
    Instruction.FAST_SYNC_READ: Feature.FAST_READ,
    Instruction.FAST_BULK_READ: Feature.FAST_READ,
    Instruction.REBOOT: Feature.REBOOT,
}


def is_of_size_330(model: ServoModel) -> bool:
    """Whether it is an XL330, XC330 or XM335, whose firmware is another."""
    return model.name[2:4] == "33"


def knows(model: ServoModel, firmware: int, instruction: int) -> bool:
    """Whether a firmware has an instruction."""
    feature = _FEATURES.get(instruction)
    return feature is None or model.supports(feature, firmware)


def check_write(changes: Iterable[Change], model: ServoModel, registers: RegisterFile) -> Error:
    """Why writes that fit their registers are refused all the same; Error.NONE if they are not."""
    for register, value in changes:
        if register.role is None:
            continue
        error = _range_error(register.role, value, model, registers)
        if error is Error.NONE and not _is_within_limits(register.role, value, model, registers):
            error = Error.DATA_LIMIT
        if error is not Error.NONE:
            return error
    return Error.NONE


def _range_error(role: Role, value: int, model: ServoModel, registers: RegisterFile) -> Error:
    firmware = registers.get(Role.FIRMWARE_VERSION)
    if role is Role.BUS_WATCHDOG and not model.supports(Feature.BUS_WATCHDOG, firmware):
        return Error.ACCESS
    if role is Role.OPERATING_MODE and model.mode_of(value) is None:
        return Error.DATA_RANGE
    # Section "Bus Watchdog(98)": goals are read-only once it has tripped, with a data range error.
    is_locked = role in GOALS and registers.get(Role.BUS_WATCHDOG) == model.watchdog_tripped
    return Error.DATA_RANGE if is_locked else Error.NONE


def _is_within_limits(role: Role, value: int, model: ServoModel, registers: RegisterFile) -> bool:
    if role is Role.GOAL_POSITION and Role.MAX_POSITION_LIMIT in registers:
        lowest, highest = registers[Role.MIN_POSITION_LIMIT], registers[Role.MAX_POSITION_LIMIT]
        is_limited = mode_of(model, registers) is OperatingMode.POSITION
        return not is_limited or lowest <= value <= highest
    limit = _LIMITS.get(role)
    return limit is None or limit not in registers or abs(value) <= registers[limit]


def mode_of(model: ServoModel, registers: RegisterFile) -> OperatingMode:
    """What a servo controls now; its position where it has no register that says it."""
    if Role.OPERATING_MODE not in registers:
        return OperatingMode.POSITION
    mode = model.mode_of(registers[Role.OPERATING_MODE])
    return OperatingMode.POSITION if mode is None else mode
