"""The wiring file: which servo turns which joint, and how."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from armature.core.document import read_document
from armature.core.model import ArmModel, Joint
from armature.core.units import quantity
from armature.dynamixel.control_table import BAUD_RATES, ServoModel, baud_index, servo_model
from armature.errors import ConfigError

_JOINT_KEYS = ("id", "model", "direction", "zero_offset", "reduction", "torque_constant")
# Ids 253 to 255 are reserved (Protocol 2.0 manual, "Packet ID": 252 is the highest, 254 is broadcast).
_HIGHEST_ID = 252


@dataclass(frozen=True)
class ServoWiring:
    """One servo and the joint that it turns: servo angle = direction · reduction · joint + zero_offset."""

    joint: str
    servo_id: int
    model: ServoModel
    direction: int  # +1 or -1
    zero_offset: float  # servo angle at joint position 0 [rad]
    reduction: float  # servo angle for one unit of the joint [rad/rad] or [rad/m]
    torque_constant: float = math.nan  # measured on this very servo [N·m/A]; NaN where nobody has

    def to_ticks(self, position: float) -> int:
        """Register value of a joint position [rad] or [m]."""
        angle = self.direction * self.reduction * position + self.zero_offset
        return round(angle / self.model.position_unit)

    def to_position(self, ticks: float) -> float:
        """Joint position [rad] or [m] of a register value."""
        angle = ticks * self.model.position_unit - self.zero_offset
        return self.direction * angle / self.reduction

    def to_velocity(self, units: float) -> float:
        """Joint velocity [rad/s] or [m/s] of a velocity register value."""
        return self.direction * units * self.model.velocity_unit / self.reduction

    def to_effort(self, current: float) -> float:
        """Joint torque [N·m] or force [N] of a current [A] in the joint's direction; NaN without a factor."""
        return self.torque_constant * self.reduction * current

    @property
    def step(self) -> float:
        """Joint position of one encoder tick [rad] or [m]."""
        return self.model.position_unit / self.reduction


@dataclass(frozen=True)
class Wiring:
    """All servos of one arm on one bus."""

    baud_rate: int  # [bit/s]
    servos: tuple[ServoWiring, ...]

    @property
    def joints(self) -> tuple[str, ...]:
        """Joint names, in the order of the file."""
        return tuple(servo.joint for servo in self.servos)

    @property
    def ids(self) -> tuple[int, ...]:
        """Servo ids, in the order of the file."""
        return tuple(servo.servo_id for servo in self.servos)

    @staticmethod
    def from_yaml(text: str, arm: ArmModel, source: str = "servos.yaml") -> Wiring:
        """Read a wiring file.

        Args:
            text: the file's content.
            arm: the arm whose joints it wires.
            source: the file's name, for errors.

        Raises:
            ConfigError: an unknown or missing joint, a duplicate id, a missing unit, an unknown model,
                a limit that the servo cannot reach.
        """
        content = _mapping(read_document(text, source), source)
        _only(content, ("bus", "joints"), source)
        bus = _mapping(content.get("bus"), f"{source}: bus")
        _only(bus, ("baud_rate",), f"{source}: bus")
        baud = quantity(f"{source}: bus.baud_rate", bus.get("baud_rate"), ("bit/s",))
        rate = BAUD_RATES[baud_index(f"{source}: bus.baud_rate", baud, bus["baud_rate"])]
        joints = _mapping(content.get("joints"), f"{source}: joints")
        servos = tuple(_read_servo(name, entry, arm, source) for name, entry in joints.items())
        _check_complete(servos, arm, source)
        return Wiring(baud_rate=rate, servos=servos)


def _mapping(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(where, value, "names with values are needed here")
    return value


def _only(content: Mapping[str, Any], allowed: tuple[str, ...], where: str) -> None:
    for key in content:
        if key not in allowed:
            raise ConfigError(where, key, f"keys are {', '.join(allowed)}")


def _read_servo(name: str, entry: object, arm: ArmModel, source: str) -> ServoWiring:
    where = f"{source}: joints.{name}"
    fields = _mapping(entry, where)
    _only(fields, _JOINT_KEYS, where)
    joint = _driven_joint(name, arm, where)
    model = _model(fields.get("model"), f"{where}.model")
    servo = ServoWiring(
        joint=name,
        servo_id=_servo_id(fields.get("id"), f"{where}.id"),
        model=model,
        direction=_direction(fields.get("direction"), f"{where}.direction"),
        zero_offset=quantity(f"{where}.zero_offset", fields.get("zero_offset"), ("rad", "deg")),
        reduction=_reduction(fields.get("reduction"), joint, f"{where}.reduction"),
        torque_constant=_torque_constant(fields.get("torque_constant"), model, f"{where}.torque_constant"),
    )
    _check_reach(servo, joint, where)
    return servo


def _driven_joint(name: str, arm: ArmModel, where: str) -> Joint:
    for joint in arm.driven:
        if joint.name == name:
            return joint
    raise ConfigError(where, name, f"joints of {arm.name} are {', '.join(j.name for j in arm.driven)}")


def _model(value: object, where: str) -> ServoModel:
    try:
        return servo_model(str(value))
    except ConfigError as error:
        raise ConfigError(where, value, error.allowed) from error


def _servo_id(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _HIGHEST_ID:
        raise ConfigError(where, value, f"a whole number from 0 to {_HIGHEST_ID} is needed")
    return value


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


def _check_reach(servo: ServoWiring, joint: Joint, where: str) -> None:
    limit = joint.limit
    if limit is None or not math.isfinite(limit.upper - limit.lower):
        return
    lowest = servo.model.registers["Min Position Limit"].default
    highest = servo.model.registers["Max Position Limit"].default
    if lowest is None or highest is None:
        return
    for position in (limit.lower, limit.upper):
        ticks = servo.to_ticks(position)
        if not lowest <= ticks <= highest:
            raise ConfigError(
                f"{where}: limit {position:.4f} of the URDF is at servo position",
                ticks,
                f"the servo reaches {lowest} to {highest}; change zero_offset, direction or the limit",
            )


def _check_complete(servos: tuple[ServoWiring, ...], arm: ArmModel, source: str) -> None:
    for servo in servos:
        others = [other.joint for other in servos if other.servo_id == servo.servo_id]
        if len(others) > 1:
            raise ConfigError(f"{source}: id of {' and '.join(others)}", servo.servo_id, "ids must differ")
    missing = {joint.name for joint in arm.driven} - {servo.joint for servo in servos}
    if missing:
        raise ConfigError(f"{source}: joints", sorted(missing), "every driven joint of the URDF needs a servo")
