"""One joint's entry of the wiring file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from armature.core.model.arm import ArmModel, Joint
from armature.core.model.units import quantity
from armature.dynamixel.tables.model import ServoModel
from armature.dynamixel.tables.registry import servo_model
from armature.dynamixel.tables.roles import OperatingMode, Role
from armature.dynamixel.wiring.fields import Fields
from armature.dynamixel.wiring.servo import FULL_TURN, ServoWiring, second_name
from armature.errors import ConfigError, apart, listed, named

_KEYS = (
    *("id", "model", "direction", "zero_offset", "reduction", "torque_constant", "mode", "current_limit"),
    *("range", "second", "bus", "group"),
)
GROUPS = ("arm", "gripper")
_SECOND_KEYS = ("id", "direction", "zero_offset", "torque_constant", "bus")
# Ids 253 to 255 are reserved (Protocol 2.0 manual, "Packet ID": 252 is the highest, 254 is broadcast).
_HIGHEST_ID = 252
_FEWEST_STEPS = 10  # of a servo, between the limits of its joint: fewer are an error of the reduction
_MODES = {
    str(mode): mode
    for mode in (
        OperatingMode.POSITION,
        OperatingMode.EXTENDED_POSITION,
        OperatingMode.CURRENT_BASED_POSITION,
    )
}


def read_servo(name: str, entry: object, arm: ArmModel, buses: tuple[str, ...], source: str) -> ServoWiring:
    """Read one joint's entry.

    Args:
        name: of the joint.
        entry: the file's content under it.
        arm: the arm whose joint it is.
        buses: names of all buses.
        source: the file's name, for errors.

    Raises:
        ConfigError: all that cannot be used; see Wiring.from_yaml.
    """
    where = f"{source}: joints.{name}"
    joint = _driven_joint(name, arm, where)
    fields = Fields(entry, where, _KEYS)
    model = fields.read("model", _model)
    values = _turning(fields, model) | {
        "reduction": fields.read("reduction", lambda value, at: _reduction(value, joint, at)),
        "range": fields.read("range", lambda value, at: _range(value, joint, at)),
        "bus": fields.read("bus", lambda value, at: _bus(value, buses, at)),
        "group": fields.read("group", _group),
    }
    if model is not None:
        mode = values["mode"] = fields.read("mode", lambda value, at: _mode(value, model, at))
        if mode is not None:
            limit = fields.read("current_limit", lambda value, at: _current_limit(value, model, mode, at))
            values |= {"current_limit": limit}
    second: dict[str, Any] = {}
    if "second" in fields.content:
        with fields.refusals.noted():
            second = _read_second(fields.content["second"], name, model, arm, buses, f"{where}.second")
    fields.refusals.raise_all()
    servo = ServoWiring(joint=name, model=model, **values)
    other = replace(servo, is_second=True, **second) if second else None
    for each, place in ((servo, where), (other, f"{where}.second")):
        with fields.refusals.noted():
            if each is not None:
                _check_reach(each, joint, place)
    fields.refusals.raise_all()
    return replace(servo, second=other)


def read_fixed(name: str, entry: object, arm: ArmModel, source: str) -> float | None:
    """Where a joint without a servo is fixed [rad] or [m]; None where it has a servo.

    Raises:
        ConfigError: an unknown joint, other keys beside it, no unit, or a place outside the URDF's limits.
    """
    if not isinstance(entry, Mapping) or "fixed" not in entry:
        return None
    where = f"{source}: joints.{name}"
    joint = _driven_joint(name, arm, where)
    fields = Fields(entry, where, ("fixed",))
    place: float = fields.read("fixed", lambda value, at: _place(value, joint, at))
    fields.refusals.raise_all()
    return place


def _place(value: object, joint: Joint, where: str) -> float:
    place, limit = quantity(where, value, _units(joint)), joint.limit
    if limit is not None and not limit.allows(place):
        raise ConfigError(where, value, f"the URDF allows {joint.bounds_beyond(place)}")
    return place


def _turning(fields: Fields, model: ServoModel | None) -> dict[str, Any]:
    """How a servo turns its joint, which each of two does in its own way."""

    def constant(value: object, where: str) -> float:
        return math.nan if model is None else _torque_constant(value, model, where)

    return {
        "servo_id": fields.read("id", _servo_id),
        "direction": fields.read("direction", _direction),
        "zero_offset": fields.read("zero_offset", lambda value, at: quantity(at, value, ("rad", "deg"))),
        "torque_constant": fields.read("torque_constant", constant),
    }


def _read_second(
    entry: object, joint: str, model: ServoModel | None, arm: ArmModel, buses: tuple[str, ...], where: str
) -> dict[str, Any]:
    """What is its own of another servo of the same model and reduction, which turns the same joint."""
    fields = Fields(entry, where, _SECOND_KEYS)
    name = second_name(joint)
    if name in (other.name for other in arm.joints):
        remedy = "the second servo has this name; rename the joint of the URDF that has it"
        fields.refusals.add([ConfigError(where, name, remedy)])
    values = _turning(fields, model)
    if "bus" in fields.content:
        values["bus"] = fields.read("bus", lambda value, at: _bus(value, buses, at))
    fields.refusals.raise_all()
    return values


def _driven_joint(name: str, arm: ArmModel, where: str) -> Joint:
    for joint in arm.driven:
        if joint.name == name:
            return joint
    raise ConfigError(where, name, listed(f"joints of {named(arm.name)}", (j.name for j in arm.driven)))


def _model(value: object, where: str) -> ServoModel:
    try:
        return servo_model(str(value))
    except ConfigError as error:
        raise ConfigError(where, value, error.allowed) from error


def _servo_id(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _HIGHEST_ID:
        raise ConfigError(where, value, f"a whole number from 0 to {_HIGHEST_ID} is needed")
    return value


def _bus(value: object, buses: tuple[str, ...], where: str) -> str:
    if value is None and len(buses) == 1:
        return buses[0]
    if value is None or str(value) not in buses:
        names = ", ".join(filter(None, buses))
        raise ConfigError(where, value, f"buses are {names}" if names else "leave it out, or name buses above")
    return str(value)


def _direction(value: object, where: str) -> int:
    if isinstance(value, bool) or value not in (1, -1):
        raise ConfigError(where, value, "write 1, or -1 where the servo turns against the joint")
    return 1 if value == 1 else -1


def _reduction(value: object, joint: Joint, where: str) -> float:
    units = ("rad/m", "rad/mm") if joint.kind == "prismatic" else ("rad/rad",)
    reduction = quantity(where, value, units)
    if reduction <= 0.0:
        raise ConfigError(where, value, "it must be positive; direction holds the sign")
    return reduction


def _torque_constant(value: object, model: ServoModel, where: str) -> float:
    if value is None:
        return math.nan
    factor = quantity(where, value, ("N·m/A", "Nm/A"))
    if model.current_unit is None:
        raise ConfigError(where, value, f"leave it out: {model.name} measures no current")
    if factor <= 0.0:
        raise ConfigError(where, value, "it must be positive; direction holds the sign")
    return factor


def _mode(value: object, model: ServoModel, where: str) -> OperatingMode:
    if value is None:
        return OperatingMode.POSITION
    modes = {name: mode for name, mode in _MODES.items() if mode in model.modes}
    if value not in modes:
        raise ConfigError(where, value, f"modes of {model.name} are {', '.join(modes)}")
    return modes[str(value)]


def _current_limit(value: object, model: ServoModel, mode: OperatingMode, where: str) -> float:
    needs_one = mode is OperatingMode.CURRENT_BASED_POSITION
    if value is None and not needs_one:
        return math.nan
    if model.current_unit is None or not needs_one:
        raise ConfigError(where, value, f"leave it out, or set mode: {OperatingMode.CURRENT_BASED_POSITION}")
    highest = model[Role.CURRENT_LIMIT].to_si(model[Role.CURRENT_LIMIT].maximum)
    limit = quantity(where, value, ("A", "mA"))
    if not model.current_unit <= limit <= highest:
        told = f"{apart(model.current_unit, limit, 'g')} to {apart(highest, limit, '.2f')} A"
        raise ConfigError(where, value, f"{model.name} takes {told}")
    return limit


def _group(value: object, where: str) -> str:
    if value is None:
        return ""
    if value not in GROUPS:
        raise ConfigError(where, value, listed("groups", GROUPS))
    return str(value)


def _units(joint: Joint) -> tuple[str, ...]:
    return ("m", "mm") if joint.kind == "prismatic" else ("rad", "deg")


def _range(value: object, joint: Joint, where: str) -> tuple[float, float] | None:
    if value is None:
        return None
    units = _units(joint)
    if not isinstance(value, list) or len(value) != 2:
        example = f"[-1.5 {units[0]}, 1.5 {units[0]}]"
        raise ConfigError(where, value, f"write it as [lower, upper], for example {example}")
    lower, upper = (quantity(where, end, units) for end in value)
    if lower >= upper:
        raise ConfigError(where, value, "lower must be less than upper")
    limit = joint.limit
    if limit is not None and (upper <= limit.lower or lower >= limit.upper):
        nearest_end = lower if lower >= limit.upper else upper
        allowed = f"some of the URDF's limits, {joint.bounds_beyond(nearest_end)}, must lie in it"
        raise ConfigError(where, value, allowed)
    return lower, upper


def _check_reach(servo: ServoWiring, joint: Joint, where: str) -> None:
    limit = joint.limit
    if limit is None or not math.isfinite(limit.upper - limit.lower):
        return
    lowest, highest = servo.reach
    lower, upper = servo.range or (limit.lower, limit.upper)
    ends = (max(lower, limit.lower), min(upper, limit.upper))
    steps = abs(servo.to_ticks(ends[1]) - servo.to_ticks(ends[0]))
    if steps < _FEWEST_STEPS:
        allowed = f"the joint's limits are {steps} steps of the servo apart; give the whole ratio"
        raise ConfigError(f"{where}.reduction", servo.reduction, allowed)
    for position in ends:
        ticks = servo.to_ticks(position)
        if not lowest - FULL_TURN <= ticks <= highest + FULL_TURN:
            more = "" if servo.mode.counts_turns else f", or set mode: {OperatingMode.EXTENDED_POSITION}"
            raise ConfigError(
                f"{where}: limit {position:.4f} of the URDF is at servo position",
                ticks,
                f"the servo reaches {lowest} to {highest}; change zero_offset, give a range{more}",
            )
