"""The wiring file: which servo turns which joint, and how."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from armature.core.model.arm import ArmModel, Joint, require_bounds
from armature.core.model.document import read_document
from armature.core.model.fixing import fix_joints
from armature.core.model.names import check_ros_names
from armature.core.model.units import quantity
from armature.dynamixel.tables.registry import require_baud_rate
from armature.dynamixel.tables.roles import OperatingMode
from armature.dynamixel.wiring.entry import read_fixed, read_servo, require_known_keys, require_mapping
from armature.dynamixel.wiring.servo import ServoWiring, second_name
from armature.errors import ConfigError

__all__ = ["ServoWiring", "Wiring", "second_name"]

_RATE_UNITS = ("bit/s", "kbit/s", "Mbit/s", "bps", "kbps", "Mbps")
_CONFIRMED = "confirmed"
_BUS_NAME = re.compile(r"[A-Za-z0-9_-]+")  # it stands in paths, and in lists of ports


@dataclass(frozen=True)
class Wiring:
    """All servos of one arm, and the buses on which they hang."""

    buses: Mapping[str, int]  # baud rate of each [bit/s], by its name; "" for the only one
    servos: tuple[ServoWiring, ...]  # one a joint; see all_servos
    confirmed: str = ""  # the digest of what somebody has tested by hand; "" where nobody has
    fixed: Mapping[str, float] = field(default_factory=dict)  # where joints without a servo are [rad] or [m]
    axes: tuple[str, ...] = ()  # which way the URDF turns each joint, and from where, as text

    @property
    def digest(self) -> str:
        """Of all that decides where a joint is and which way it turns; another one voids what was confirmed."""
        facts = [f"{name} {turns}" for name, turns in self.turns.items()]
        facts += [f"{joint} fixed {place:.5f}" for joint, place in self.fixed.items()]
        facts = sorted((*facts, *self.axes))
        return f"sha256-{hashlib.sha256(chr(10).join(facts).encode()).hexdigest()[:16]}"

    @property
    def turns(self) -> dict[str, str]:
        """How each servo turns its joint, and from where, as text, by the servo's name."""
        return {
            one.name: f"{one.servo_id} {one.model.name} {one.direction} {one.zero_offset:.5f} {one.reduction:.5f}"
            for one in self.all_servos
        }

    @property
    def is_confirmed(self) -> bool:
        """Whether directions and zero offsets were tested by hand as they are now."""
        return self.confirmed == self.digest

    @property
    def all_servos(self) -> tuple[ServoWiring, ...]:
        """Each joint's servo, in the order of the file, with its second one behind it where it has two."""
        return tuple(one for servo in self.servos for one in (servo, servo.second) if one is not None)

    @property
    def joints(self) -> tuple[str, ...]:
        """Joint names, in the order of the file."""
        return tuple(servo.joint for servo in self.servos)

    @property
    def ids(self) -> tuple[int, ...]:
        """Servo ids, in the order of the file."""
        return tuple(servo.servo_id for servo in self.all_servos)

    def baud_rate(self, servo: ServoWiring) -> int:
        """Of the bus on which a servo hangs [bit/s]."""
        return self.buses[servo.bus]

    def on_bus(self, name: str) -> Wiring:
        """The servos of one bus."""
        if len(self.buses) == 1:
            return self
        servos = tuple(one for one in self.all_servos if one.bus == name)
        return Wiring({name: self.buses[name]}, tuple(replace(servo, second=None) for servo in servos))

    @property
    def compliant_joints(self) -> set[str]:
        """Joints that yield to what is stronger than their current limit."""
        return {servo.joint for servo in self.servos if servo.mode is OperatingMode.CURRENT_BASED_POSITION}

    def fit(self, arm: ArmModel) -> ArmModel:
        """An arm as it is wired: joints without a servo fixed, and the gripper's as they are named.

        Args:
            arm: as its URDF describes it.
        """
        asked = {servo.joint: servo.group for servo in self.servos if servo.group}
        usual = {joint.name: "gripper" if joint.name in arm.gripper else "arm" for joint in arm.driven}
        groups = usual | asked
        grouped = replace(arm, gripper=tuple(name for name in usual if groups[name] == "gripper"))
        return fix_joints(grouped, self.fixed)

    def bound_to_reach(self, arm: ArmModel) -> ArmModel:
        """The arm whose joints go no farther than their servos reach."""
        return arm.limited({servo.joint: servo.bound(arm.limit(servo.joint)) for servo in self.servos})

    def narrow_limits(self, arm: ArmModel) -> ArmModel:
        """The arm with the limits of its joints as far as they lie in the joints' ranges and the servos' ratings.

        Raises:
            ConfigError: a joint whose speed or effort neither the URDF nor its servo's ratings bound.
        """
        servos = {servo.joint: servo for servo in self.servos}
        joints = [
            replace(joint, limit=servos[joint.name].narrow(joint.limit))
            if joint.limit is not None and joint.name in servos
            else joint
            for joint in arm.joints
        ]
        narrowed = replace(arm, joints=tuple(joints))
        require_bounds(narrowed)
        return narrowed

    @staticmethod
    def from_yaml(text: str, arm: ArmModel, source: str = "servos.yaml") -> Wiring:
        """Read a wiring file.

        Args:
            text: the file's content.
            arm: the arm whose joints it wires.
            source: the file's name, for errors.

        Raises:
            ConfigError: an unknown or missing joint or bus, a duplicate id, a missing unit, an unknown model,
                a mode that the model does not have, a limit that the servo cannot reach,
                a range of motion without any of the URDF's.
        """
        content = require_mapping(read_document(text, source), source)
        require_known_keys(content, ("bus", "buses", "joints", _CONFIRMED), source)
        buses = _buses(content, source)
        joints = require_mapping(content.get("joints"), f"{source}: joints")
        fixed = {name: read_fixed(name, entry, arm, source) for name, entry in joints.items()}
        servos = tuple(
            read_servo(name, entry, arm, tuple(buses), source)
            for name, entry in joints.items()
            if fixed[name] is None
        )
        places = {name: place for name, place in fixed.items() if place is not None}
        confirmed = str(content.get(_CONFIRMED) or "")
        axes = tuple(_describe_axis(joint) for joint in arm.driven)
        wiring = Wiring(buses=buses, servos=servos, fixed=places, axes=axes, confirmed=confirmed)
        _check_complete(wiring, arm, source)
        return wiring


def _describe_axis(joint: Joint) -> str:
    """What of the URDF decides a joint's direction and zero: a few digits, so that rounding is no other robot."""
    numbers = (f"{number + 0.0:.3f}".replace("-0.000", "0.000") for number in (*joint.axis, *joint.rpy))
    return f"{joint.name} {joint.kind} {' '.join(numbers)}"


def _buses(content: Mapping[str, Any], source: str) -> dict[str, int]:
    if "buses" not in content:
        return {"": _baud_rate(content.get("bus"), f"{source}: bus")}
    if "bus" in content:
        raise ConfigError(f"{source}: bus", content["bus"], "write bus, or buses by their names, not both")
    buses = require_mapping(content["buses"], f"{source}: buses")
    for name in buses:
        if not _BUS_NAME.fullmatch(str(name)):
            raise ConfigError(f"{source}: buses", name, "name a bus by letters, digits, _ and -")
    if not buses:
        raise ConfigError(f"{source}: buses", {}, "at least one is needed")
    return {str(name): _baud_rate(entry, f"{source}: buses.{name}") for name, entry in buses.items()}


def _baud_rate(entry: object, where: str) -> int:
    bus = require_mapping(entry, where)
    require_known_keys(bus, ("baud_rate",), where)
    baud = quantity(f"{where}.baud_rate", bus.get("baud_rate"), _RATE_UNITS)
    return require_baud_rate(f"{where}.baud_rate", baud, bus["baud_rate"])


def _check_complete(wiring: Wiring, arm: ArmModel, source: str) -> None:
    for servo in wiring.all_servos:
        others = [other.name for other in wiring.all_servos if other.servo_id == servo.servo_id]
        if len(others) > 1:
            allowed = "ids must differ, on all buses together"
            raise ConfigError(f"{source}: id of {' and '.join(others)}", servo.servo_id, allowed)
    check_ros_names((servo.name for servo in wiring.all_servos), f"{source}: joints")
    missing = [joint for joint in arm.driven if joint.name not in (*wiring.joints, *wiring.fixed)]
    if missing:
        remedy = "; ".join(map(_without_servo, missing))
        allowed = f"every driven joint of the URDF needs a servo; where it has none, write {remedy}"
        raise ConfigError(f"{source}: joints", sorted(joint.name for joint in missing), allowed)
    if not wiring.servos:
        raise ConfigError(f"{source}: joints", list(wiring.fixed), "one joint at least needs a servo")
    for bus in set(wiring.buses) - {servo.bus for servo in wiring.all_servos}:
        raise ConfigError(f"{source}: buses", bus, "no servo hangs on it; leave it out")


def _without_servo(joint: Joint) -> str:
    """How the file says that a joint has no servo."""
    limit = joint.limit
    place = 0.0 if limit is None else min(max(0.0, limit.lower), limit.upper)
    text = f"{1e3 * place:.9g} mm" if joint.kind == "prismatic" else f"{math.degrees(place):.9g} deg"
    return f"{joint.name}: {{fixed: {text}}}"
