"""The wiring file: which servo turns which joint, and how."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from armature.core.model.arm import ArmModel, Joint, require_bounds
from armature.core.model.document import read_document
from armature.core.model.fixing import fix_joints
from armature.core.model.names import check_ros_names
from armature.core.model.units import quantity
from armature.core.refusals import Refusals
from armature.dynamixel.tables.registry import require_baud_rate
from armature.dynamixel.tables.roles import OperatingMode
from armature.dynamixel.wiring.entry import read_fixed, read_servo
from armature.dynamixel.wiring.fields import Fields, require_known_keys, require_mapping
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
            ConfigError: all that cannot be used: an unknown or missing joint or bus, a duplicate id, a missing
                unit, an unknown model, a mode that the model does not have, a limit that the servo cannot reach,
                a range of motion without any of the URDF's.
        """
        file = Fields(read_document(text, source), source, ("bus", "buses", "joints", _CONFIRMED))
        refusals, buses, joints = file.refusals, dict[str, int](), dict[str, Any]()
        with refusals.noted():
            buses = _buses(file.content, source)
        with refusals.noted():
            joints = dict(require_mapping(file.content.get("joints"), f"{source}: joints"))
            refusals.add(_missing(joints, arm, source))
        places, servos = dict[str, float](), list[ServoWiring]()
        for name, entry in joints.items():
            with refusals.noted():
                place = read_fixed(name, entry, arm, source)
                if place is None:
                    servos.append(read_servo(name, entry, arm, _bus_names(file.content), source))
                else:
                    places[name] = place
        confirmed = str(file.content.get(_CONFIRMED) or "")
        axes = tuple(_describe_axis(joint) for joint in arm.driven)
        with refusals.noted():
            _check_apart(joints, source)
        refusals.raise_all()
        wiring = Wiring(buses=buses, servos=tuple(servos), fixed=places, axes=axes, confirmed=confirmed)
        _check_used(wiring, source)
        return wiring


def _describe_axis(joint: Joint) -> str:
    """What of the URDF decides a joint's direction and zero: a few digits, so that rounding is no other robot."""
    numbers = (f"{number + 0.0:.3f}".replace("-0.000", "0.000") for number in (*joint.axis, *joint.rpy))
    return f"{joint.name} {joint.kind} {' '.join(numbers)}"


def _bus_names(content: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of all buses, also of those that cannot be used."""
    buses = content.get("buses")
    return tuple(map(str, buses)) if isinstance(buses, Mapping) else ("",)


def _buses(content: Mapping[str, Any], source: str) -> dict[str, int]:
    if "buses" not in content:
        return {"": _baud_rate(content.get("bus"), f"{source}: bus")}
    if "bus" in content:
        raise ConfigError(f"{source}: bus", content["bus"], "write bus, or buses by their names, not both")
    buses = require_mapping(content["buses"], f"{source}: buses")
    if not buses:
        raise ConfigError(f"{source}: buses", {}, "at least one is needed")
    rates, refusals = dict[str, int](), Refusals()
    for name, entry in buses.items():
        with refusals.noted():
            if not _BUS_NAME.fullmatch(str(name)):
                raise ConfigError(f"{source}: buses", name, "name a bus by letters, digits, _ and -")
            rates[str(name)] = _baud_rate(entry, f"{source}: buses.{name}")
    refusals.raise_all()
    return rates


def _baud_rate(entry: object, where: str) -> int:
    bus = require_mapping(entry, where)
    require_known_keys(bus, ("baud_rate",), where)
    baud = quantity(f"{where}.baud_rate", bus.get("baud_rate"), _RATE_UNITS)
    return require_baud_rate(f"{where}.baud_rate", baud, bus["baud_rate"])


def _check_apart(joints: Mapping[str, Any], source: str) -> None:
    """Refuse servos that share an id, or their names in ROS, whatever else of them cannot be used."""
    refusals, ids = Refusals(), list(_ids(joints))
    for _, number in ids:
        others = [name for name, other in ids if other == number]
        if len(others) > 1:
            where, allowed = f"{source}: id of {' and '.join(others)}", "ids must differ, on all buses together"
            refusals.add([ConfigError(where, number, allowed)])
    with refusals.noted():
        check_ros_names((name for name, _ in ids), f"{source}: joints")
    refusals.raise_all()


def _ids(joints: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """The servos' names and ids, as the file has them."""
    for joint, entry in joints.items():
        second = entry.get("second") if isinstance(entry, Mapping) else None
        for name, each in ((joint, entry), (second_name(joint), second)):
            number = each.get("id") if isinstance(each, Mapping) else None
            if isinstance(number, int) and not isinstance(number, bool):
                yield name, number


def _missing(joints: Collection[str], arm: ArmModel, source: str) -> Iterator[ConfigError]:
    """Driven joints that the file does not name; those that it may name by a wrong name are told by that."""
    missing = [joint for joint in arm.driven if joint.name not in joints]
    if len(missing) > len(set(joints) - {joint.name for joint in arm.driven}):
        remedy = "; ".join(map(_without_servo, missing))
        allowed = f"every driven joint of the URDF needs a servo; where it has none, write {remedy}"
        yield ConfigError(f"{source}: joints", sorted(joint.name for joint in missing), allowed)


def _check_used(wiring: Wiring, source: str) -> None:
    """Refuse an arm without servos, and buses without any."""
    if not wiring.servos:
        raise ConfigError(f"{source}: joints", list(wiring.fixed), "one joint at least needs a servo")
    unused = sorted(set(wiring.buses) - {servo.bus for servo in wiring.all_servos})
    lacking = "no servo hangs on it; leave it out"
    Refusals(ConfigError(f"{source}: buses", bus, lacking) for bus in unused).raise_all()


def _without_servo(joint: Joint) -> str:
    """How the file says that a joint has no servo."""
    limit = joint.limit
    place = 0.0 if limit is None else min(max(0.0, limit.lower), limit.upper)
    text = f"{1e3 * place:.9g} mm" if joint.kind == "prismatic" else f"{math.degrees(place):.9g} deg"
    return f"{joint.name}: {{fixed: {text}}}"
