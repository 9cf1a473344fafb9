"""A family of servos that nobody sells, unlike Dynamixel's in all that may differ.

Other addresses, sizes and units; a load in place of a current, or neither; no bus watchdog, no profile, no
operating modes, no shadow id and no delay; other bits for its errors; started anew by a register, not by an
instruction.
"""

from __future__ import annotations

import math
from dataclasses import replace

from armature.dynamixel.tables.family import Family
from armature.dynamixel.tables.model import Register, ServoModel
from armature.dynamixel.tables.roles import HardwareError, OperatingMode, Role
from armature.dynamixel.wiring.arm import ServoWiring, Wiring

_RESOLUTION = 16_384
_TICK = 2.0 * math.pi / _RESOLUTION
_SPEED = math.radians(1.0) / 4  # of one unit [rad/s]
_NUMBERS = {"TL-9": 901, "TL-2": 902}
BAUD_RATES = {1_000_000: 0, 500_000: 1, 57_600: 7}

# name, address, size, signed, writable, least, most, default, role, scale
_ROWS = (
    ("Kind", 0, 2, False, False, None, None, None, Role.MODEL_NUMBER, 1.0),
    ("Build", 3, 1, False, False, None, None, None, Role.FIRMWARE_VERSION, 1.0),
    ("Bus Address", 5, 1, False, True, 0, 252, 1, Role.ID, 1.0),
    ("Bus Speed", 6, 1, False, True, 0, 7, 7, Role.BAUD_RATE, 1.0),
    ("Lower Stop", 8, 2, False, True, 0, 16_383, 0, Role.MIN_POSITION_LIMIT, _TICK),
    ("Upper Stop", 10, 2, False, True, 0, 16_383, 16_383, Role.MAX_POSITION_LIMIT, _TICK),
    ("Hottest", 12, 1, False, True, 0, 200, 160, Role.TEMPERATURE_LIMIT, 0.5),
    ("Highest Supply", 13, 1, False, True, 20, 80, 70, Role.MAX_VOLTAGE_LIMIT, 0.2),
    ("Lowest Supply", 14, 1, False, True, 20, 80, 45, Role.MIN_VOLTAGE_LIMIT, 0.2),
    ("Drive", 40, 1, False, True, 0, 1, 0, Role.TORQUE_ENABLE, 1.0),
    ("Target", 42, 2, False, True, 0, 16_383, None, Role.GOAL_POSITION, _TICK),
    ("Firmness", 48, 1, False, True, 0, 255, 100, Role.POSITION_P_GAIN, 1.0 / 64.0),
    ("Angle", 56, 2, False, False, None, None, None, Role.PRESENT_POSITION, _TICK),
    ("Speed", 58, 2, True, False, None, None, None, Role.PRESENT_VELOCITY, _SPEED),
    ("Strain", 60, 1, True, False, None, None, None, Role.PRESENT_LOAD, 1.0),
    ("Supply", 62, 1, False, False, None, None, None, Role.PRESENT_VOLTAGE, 0.2),
    ("Heat", 63, 1, False, False, None, None, None, Role.PRESENT_TEMPERATURE, 0.5),
    ("Trouble", 65, 1, False, False, None, None, 0, Role.HARDWARE_ERROR, 1.0),
    ("Begin Anew", 70, 1, False, True, 0, 1, 0, Role.REBOOT, 1.0),
    ("Scratch", 72, 4, False, True, None, None, 0, None, 1.0),
)


def _register(row: tuple, number: int) -> Register:
    name, address, size, signed, writable, least, most, default, role, scale = row
    register = Register(
        name=name,
        address=address,
        size=size,
        signed=signed,
        access="RW" if writable else "R",
        eeprom=address < 40,
        minimum=0,
        maximum=0,
        default=number if role is Role.MODEL_NUMBER else default,
        role=role,
        scale=scale,
    )
    lowest, highest = register.bounds
    return replace(register, minimum=lowest if least is None else least, maximum=highest if most is None else most)


def _model(name: str, *, lacks: frozenset[Role] = frozenset()) -> ServoModel:
    number = _NUMBERS[name]
    registers = [_register(row, number) for row in _ROWS if row[8] not in lacks]
    return ServoModel(
        name=name,
        number=number,
        registers={register.name: register for register in registers},
        resolution=_RESOLUTION,
        full_pwm=1_000.0,
        stall_torque=10.0,
        no_load_speed=4.0,
        nominal_voltage=12.0,
        stall_current=4.0,
        modes={OperatingMode.POSITION: 0},
        errors={HardwareError.OVERLOAD: 0x01, HardwareError.OVERHEATING: 0x40, HardwareError.INPUT_VOLTAGE: 0x80},
        baud_rates=BAUD_RATES,
    )


def lacking(*roles: Role) -> ServoModel:
    """A servo of the family without some registers."""
    return _model("TL-9", lacks=frozenset(roles))


_MODELS = {"TL-9": _model("TL-9"), "TL-2": _model("TL-2", lacks=frozenset({Role.PRESENT_LOAD}))}

TILLER = Family("Tiller", tuple(BAUD_RATES), lambda: _NUMBERS, _MODELS.__getitem__)


def rewired(wiring: Wiring, kind: str | ServoModel, joints: tuple[str, ...] = ()) -> Wiring:
    """The same arm with servos of this family, in some joints or in all."""
    model = _MODELS[kind] if isinstance(kind, str) else kind

    def other(servo: ServoWiring) -> ServoWiring:
        is_other = servo.joint in joints or not joints
        return replace(servo, model=model, torque_constant=math.nan) if is_other else servo

    return replace(wiring, servos=tuple(map(other, wiring.servos)))
