"""What a servo's firmware allows: instructions by its version, and values that depend on other registers."""

from __future__ import annotations

from collections.abc import Iterable

from armature.dynamixel.protocol.packet import Error, Instruction
from armature.dynamixel.tables.control_table import WATCHDOG_TRIPPED, OperatingMode, Register, ServoModel
from armature.emulator.servo.registers import Change, RegisterFile

GOALS = ("Goal PWM", "Goal Current", "Goal Velocity", "Goal Position")
# Protocol 2.0, "Clear" and "Fast Sync Read": the first firmware that has them.
_SINCE_FIRMWARE: dict[int, int] = {
    Instruction.CLEAR: 42,
    Instruction.FAST_SYNC_READ: 45,
    Instruction.FAST_BULK_READ: 45,
}
_SINCE_FIRMWARE_330: dict[int, int] = {Instruction.FAST_SYNC_READ: 46, Instruction.FAST_BULK_READ: 46}
_FAST = tuple(_SINCE_FIRMWARE_330)
_WITHOUT_FAST = ("MX-", "2X")  # of any firmware
_WATCHDOG_FIRMWARE = 38  # section "Bus Watchdog(98)"
_NEED_CURRENT = (OperatingMode.CURRENT, OperatingMode.CURRENT_BASED_POSITION)


def is_of_size_330(model: ServoModel) -> bool:
    """Whether it is an XL330, XC330 or XM335, whose firmware is another."""
    return model.name[2:4] == "33"


def knows(model: ServoModel, firmware: int, instruction: int) -> bool:
    """Whether a firmware has an instruction."""
    if instruction in _FAST and model.name.startswith(_WITHOUT_FAST):
        return False
    newer = _SINCE_FIRMWARE_330 if is_of_size_330(model) else _SINCE_FIRMWARE
    return firmware >= newer.get(instruction, 0)


def refusal(changes: Iterable[Change], registers: RegisterFile) -> Error:
    """Why writes that fit their registers are refused all the same; Error.NONE if they are not."""
    for register, value in changes:
        error = _range_error(register.name, value, registers)
        if error is Error.NONE and not _is_within_limits(register, value, registers):
            error = Error.DATA_LIMIT
        if error is not Error.NONE:
            return error
    return Error.NONE


def _range_error(name: str, value: int, registers: RegisterFile) -> Error:
    if name == "Bus Watchdog" and registers["Firmware Version"] < _WATCHDOG_FIRMWARE:
        return Error.ACCESS
    if name == "Operating Mode" and value not in _modes(registers):
        return Error.DATA_RANGE
    # Section "Bus Watchdog(98)": goals are read-only once it has tripped, with a data range error.
    is_locked = name in GOALS and registers["Bus Watchdog"] == WATCHDOG_TRIPPED
    return Error.DATA_RANGE if is_locked else Error.NONE


def _modes(registers: RegisterFile) -> list[OperatingMode]:
    """Section "Operating Mode(11)": a model that measures no current controls none."""
    return [mode for mode in OperatingMode if "Goal Current" in registers or mode not in _NEED_CURRENT]


def _is_within_limits(register: Register, value: int, registers: RegisterFile) -> bool:
    if register.name == "Goal Position":
        lowest, highest = registers["Min Position Limit"], registers["Max Position Limit"]
        return registers["Operating Mode"] != OperatingMode.POSITION or lowest <= value <= highest
    if register.name in GOALS:
        return abs(value) <= registers[register.name.replace("Goal ", "") + " Limit"]
    return True
